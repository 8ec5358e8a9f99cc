//! Finding the next document behind a broken one.

use crate::source::window::Window;

/// How many bytes are looked at again, over a whole source, for the sake of documents that begin inside broken ones.
///
/// Without a bound, lines that each begin what never ends would be read to the end over and over.
const AGAIN_LIMIT: usize = 64 << 20;

/// What is known of the documents of a source, for finding the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Resume {
    /// The last document that was read was a line.
    lines: bool,
    /// How many bytes were looked at again.
    again: usize,
}

impl Resume {
    /// Whether documents are lines.
    pub(super) fn lines(&self) -> bool {
        self.lines
    }

    /// Whether text may still be looked at more than once.
    pub(super) fn may_look_again(&self) -> bool {
        self.again < AGAIN_LIMIT
    }

    /// Says that a document was read, and whether it was a line.
    pub(super) fn after(&mut self, is_line: bool) {
        self.lines = is_line;
    }

    /// Moves the window to where the next document begins after a broken one, which was noticed to be so at `noticed`,
    /// and whose items before what is kept were read if it is a list.
    ///
    /// That is a line that begins with a bracket and follows on a line that ends with a closing one, which inside a
    /// document would need a comma. Where documents are lines, any line may begin one; and a document that is no list may
    /// be broken off within its first line.
    pub(super) fn find(&mut self, window: &mut Window<'_>, in_list: bool, noticed: usize) {
        let again = noticed.saturating_sub(window.kept());
        let may_go_back = self.may_look_again();
        self.again = self.again.saturating_add(again);
        if may_go_back {
            window.back();
        }
        let mut anywhere = self.lines || !in_list;
        while let Some(last) = window.skip_line() {
            window.keep();
            let begins = matches!(window.peek(), Some(b'{' | b'['));
            if begins && (anywhere || matches!(last, Some(b'}' | b']'))) {
                return;
            }
            anywhere = self.lines;
        }
        window.keep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resumed(text: &str, in_list: bool, lines: bool, kept: usize) -> String {
        let mut reader = text.as_bytes();
        let mut window = Window::new(&mut reader);
        window.ahead(kept);
        window.step(kept);
        window.keep();
        Resume { lines, again: 0 }.find(&mut window, in_list, kept);
        let length = text.len();
        String::from_utf8(window.ahead(length).to_vec()).unwrap()
    }

    #[test]
    fn goes_on_where_a_document_can_begin() {
        for (text, in_list, rest) in [
            ("{\"a\n{}", false, "{}"),
            ("{\"a\":1,\n{}\n", false, "{}\n"),
            ("{bad}\n{}", false, "{}"),
            ("{\n  bad\n}\n{\n}\n", false, "{\n}\n"),
            ("{\n  \"items\": [\n    {bad}\n  ]\n}\r\n{}", true, "{}"),
            ("{\"items\":[\n{bad},\n{}\n]}", true, ""),
            ("{\"items\":[\n{bad},\n{}\n]}\n[]", true, "[]"),
            ("{\"a\":\n{}", false, "{}"),
            ("{bad}", false, ""),
        ] {
            assert_eq!(resumed(text, in_list, false, 0), rest, "{text:?}");
        }
        let list = "{\"items\":[{}\n{}";
        assert_eq!(resumed(list, true, false, 12), "");
        assert_eq!(resumed(list, true, true, 12), "{}");
        assert_eq!(resumed("{\ngarbage\n{}", false, true, 0), "{}");
    }

    #[test]
    fn text_is_not_looked_at_again_without_end() {
        let mut reader = &b"{\n{}\n{}\n"[..];
        let mut window = Window::new(&mut reader);
        window.ahead(8);
        window.step(5);
        Resume { lines: false, again: AGAIN_LIMIT }.find(&mut window, false, 5);
        assert_eq!(window.ahead(10), b"");
    }
}
