//! The documents of a YAML stream, taken out of the text as it comes by.
//!
//! A mark at the beginning of a line ends a document even inside a scalar, so no parser is needed to find it, and a
//! broken document does not take the next one with it.

use std::cell::Cell;
use std::io::{self, Read};

use crate::image::yaml;
use crate::source::window::Window;

/// Where the reading of one document stands.
#[derive(Clone, Copy, Debug)]
struct State {
    /// The next byte is the first of a line.
    at_line: bool,
    /// The document holds more than space and comments.
    has_content: bool,
    /// A directive stands before the document's mark.
    has_directive: bool,
    /// The mark of its end was read.
    ended: bool,
}

impl State {
    const BEGIN: Self = Self { at_line: true, has_content: false, has_directive: false, ended: false };

    /// Steps over the rest of a line that holds a comment or a directive from here on.
    fn skip(&mut self, window: &mut Window<'_>) -> bool {
        let Some(length) = one_line(window) else {
            self.has_content = true;
            return false;
        };
        window.step(length);
        self.at_line = true;
        true
    }

    /// Steps over the next piece of the document, a line at most; false where the document has ended. What stands before
    /// its content is not kept, but for directives.
    fn step(&mut self, window: &mut Window<'_>) -> bool {
        if self.ended || window.peek().is_none() {
            return false;
        }
        if std::mem::take(&mut self.at_line) {
            if after_mark(window, b"---") {
                if self.has_content {
                    // Asked again, it says the same.
                    self.at_line = true;
                    return false;
                }
                if !std::mem::take(&mut self.has_directive) {
                    window.keep();
                }
                window.step(3);
                return true;
            }
            if after_mark(window, b"...") {
                window.skip_line();
                if !self.has_content {
                    window.keep();
                }
                *self = if self.has_content { Self { ended: true, ..*self } } else { Self::BEGIN };
                return true;
            }
            if window.starts_with(b"%") && !self.has_content && self.skip(window) {
                self.has_directive = true;
                return true;
            }
        }
        let rest = window.text(window.at(), window.end());
        let line = memchr::memchr(b'\n', rest).map_or(rest, |end| rest.get(..=end).unwrap_or(rest));
        let length = line.len();
        let ends = line.ends_with(b"\n");
        match line.trim_ascii_start().first().copied() {
            Some(b'#') if !self.has_content && self.skip(window) => return true,
            Some(_) => self.has_content = true,
            None => {}
        }
        self.at_line = ends;
        window.step(length);
        true
    }
}

/// How long a line of a comment may be.
const COMMENT_LIMIT: usize = 64 << 10;

/// The length of the rest of the line, with its end, if it is one line to every reader of YAML. To some of them a line ends
/// with a carriage return alone, or with a line separator: what follows there may be a document, and is for the parser.
fn one_line(window: &mut Window<'_>) -> Option<usize> {
    loop {
        let text = window.text(window.at(), window.end());
        let (held, end) = (text.len(), memchr::memchr(b'\n', text));
        let line = text.get(..end.map_or(held, |end| end.saturating_add(1))).unwrap_or_default();
        let length = line.len();
        let is_whole = end.is_some();
        if held > COMMENT_LIMIT && !is_whole {
            return None;
        }
        if is_whole || window.ahead(held.saturating_add(1)).len() == held {
            let line = window.text(window.at(), window.at().saturating_add(length));
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
            return (!yaml::breaks(bare)).then_some(length);
        }
    }
}

/// Whether the line at which the window stands begins with a mark.
fn after_mark(window: &mut Window<'_>, mark: &[u8]) -> bool {
    let rest = window.ahead(mark.len().saturating_add(1)).strip_prefix(mark);
    rest.is_some_and(|rest| rest.first().is_none_or(|next| b" \t\r\n".contains(next)))
}

/// What comes next in a stream of documents.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing more.
    End,
    /// A document that is kept, up to where the window stands.
    Document,
    /// A document that is larger than was allowed. The window stands at its beginning.
    Large,
}

/// Steps over the next document, which is kept if it is no larger than `limit`.
pub(super) fn next(window: &mut Window<'_>, limit: usize) -> Next {
    let mut state = State::BEGIN;
    window.keep();
    while state.step(window) {
        if window.at().saturating_sub(window.kept()) > limit {
            if state.has_content || state.has_directive || !state.at_line {
                window.back();
                return Next::Large;
            }
            // So much space, or so many comments, are nothing to keep.
            window.keep();
        }
    }
    if state.has_content { Next::Document } else { Next::End }
}

/// The text of the document at which a window stands, for a reader that takes it piece by piece.
pub(super) struct Document<'w, 'r> {
    window: &'w mut Window<'r>,
    state: State,
    /// The piece that is given next begins here.
    given: usize,
    /// How many bytes were given.
    length: &'w Cell<usize>,
}

impl<'w, 'r> Document<'w, 'r> {
    pub(super) fn new(window: &'w mut Window<'r>, length: &'w Cell<usize>) -> Self {
        window.keep();
        let given = window.at();
        Self { window, state: State::BEGIN, given, length }
    }

    /// Steps over what was not read.
    pub(super) fn skip(mut self) {
        while self.state.step(self.window) {
            self.window.keep();
        }
        self.window.keep();
    }
}

impl Read for Document<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // As many lines as there is room for, but one at least.
        while self.window.at().saturating_sub(self.given) < into.len() {
            if !self.state.step(self.window) {
                break;
            }
            self.given = self.given.max(self.window.kept());
        }
        let text = self.window.text(self.given, self.window.at());
        if text.is_empty() {
            // The end of what could be read is not the end of the document.
            return if self.window.has_failed() { Err(io::Error::other("cut off")) } else { Ok(0) };
        }
        let count = text.len().min(into.len());
        into.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        self.given = self.given.saturating_add(count);
        self.length.set(self.length.get().saturating_add(count));
        self.window.keep_from(self.given);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn documents(text: &str, limit: usize) -> Vec<String> {
        let mut reader = text.as_bytes();
        let mut window = Window::new(&mut reader);
        let mut documents = Vec::new();
        loop {
            let bytes = match next(&mut window, limit) {
                Next::End => return documents,
                Next::Document => window.text(window.kept(), window.at()).to_vec(),
                Next::Large => {
                    let (mut bytes, length) = (Vec::new(), Cell::new(0));
                    let mut document = Document::new(&mut window, &length);
                    let mut piece = [0; 7];
                    loop {
                        match document.read(&mut piece).unwrap() {
                            0 => break,
                            count => bytes.extend_from_slice(&piece[..count]),
                        }
                    }
                    assert_eq!(length.get(), bytes.len());
                    bytes
                }
            };
            documents.push(String::from_utf8(bytes).unwrap());
        }
    }

    fn split(text: &str) -> Vec<&str> {
        yaml::split(text, 0).into_iter().map(|range| text.get(range).unwrap()).collect()
    }

    #[test]
    fn what_is_not_read_is_skipped() {
        let text = "a: 1\nb: 2\n---\nc: 3\n";
        let mut reader = text.as_bytes();
        let mut window = Window::new(&mut reader);
        assert!(matches!(next(&mut window, 1), Next::Large));
        let length = Cell::new(0);
        let mut document = Document::new(&mut window, &length);
        assert_eq!(document.read(&mut [0; 3]).unwrap(), 3);
        document.skip();
        assert!(matches!(next(&mut window, 100), Next::Document));
        assert_eq!(window.text(window.kept(), window.at()), b"---\nc: 3\n");
    }

    #[test]
    fn what_cannot_be_read_is_no_end() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let mut reader = b"- a\n- b".chain(Failing);
        let mut window = Window::new(&mut reader);
        let length = Cell::new(0);
        let mut text = Vec::new();
        let error = Document::new(&mut window, &length).read_to_end(&mut text).unwrap_err();
        assert_eq!((error.to_string().as_str(), &text[..]), ("cut off", &b"- a\n- b"[..]));
    }

    #[test]
    fn what_some_readers_take_for_a_line_is_never_skipped() {
        for end in ["\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            for begin in ["# c", "--- # c", "%YAML 1.2", "  # c"] {
                let hidden = format!("{begin}{end}b: 2");
                let text = format!("a: 1\n---\n{hidden}\n---\nc: 3\n");
                assert_eq!(documents(&text, 1000).len(), 3, "{text:?}");
                assert_eq!(split(&text).len(), 3, "{text:?}");
            }
        }
        let comment = format!("# {}\n---\na: 1\n", "c".repeat(1000));
        assert_eq!(documents(&comment, 1 << 20), ["---\na: 1\n"]);
        let long = format!("# {}\rb: 2\n", "c".repeat(2 * COMMENT_LIMIT));
        assert_eq!(documents(&long, 1 << 20), [long]);
    }

    proptest! {
        #[test]
        fn are_those_of_a_text_that_is_held(
            lines in proptest::collection::vec(
                prop_oneof![
                    Just("---"), Just("--- a"), Just("---a"), Just("--- # c"), Just("..."), Just("... x"), Just("%YAML 1.2"),
                    Just("# c"), Just(""), Just(" "), Just("a: 1"), Just("  ---"), Just("--"), Just("\t\r"), Just("...."), Just("# c\rd"), Just("\r"), Just("#\u{85}")
                ],
                0..12,
            ),
            limit in 8..60_usize,
            last in any::<bool>(),
        ) {
            let text = lines.join("\n") + if last { "\n" } else { "" };
            prop_assert_eq!(documents(&text, 1000), split(&text));
            if !text.contains('%') {
                // The beginning may be gone, if there is nothing in it.
                let bare = |document: &str| {
                    let nothing = |line: &&str| matches!(line.trim_end(), "---" | "--- # c" | "# c" | "");
                    document.split_inclusive('\n').skip_while(nothing).collect::<String>()
                };
                let mut large: Vec<_> = documents(&text, limit).iter().map(|document| bare(document)).collect();
                // Space and comments that are too long for the limit may come as a document that holds nothing.
                large.retain(|document| !document.is_empty());
                prop_assert_eq!(large, split(&text).into_iter().map(bare).collect::<Vec<_>>());
            }
        }
    }
}
