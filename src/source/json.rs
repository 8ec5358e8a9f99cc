//! JSON documents: one, or several one after another.
//!
//! A document is never held: its items are taken out of the text as they come by, and what is no item is skipped. An item
//! is as long as its brackets say; whether it is JSON finds out who reads it.

mod stop;

use std::ops::ControlFlow;

use crate::source::export::{ITEM_LIMIT, LIST_DEPTH, Shape};
use crate::source::feed::Feed;
use crate::source::resume::Resume;
use crate::source::window::{Ended, Place, Window};
use crate::source::{SourceProblem, yaml};

use self::stop::{Stop, error};

/// How far a document is looked at as a whole, to see whether it is an object rather than a list.
const LOOK_AHEAD: usize = 1 << 20;

/// Reads documents to the end of the text.
pub(super) fn read(feed: &mut Feed<'_>, window: &mut Window<'_>) -> ControlFlow<()> {
    let mut resume = Resume::default();
    loop {
        window.skip_space();
        window.keep();
        if window.peek().is_none() {
            return ControlFlow::Continue(());
        }
        // Behind the mark that YAML sets between documents, the rest may be either.
        if feed.has_documents() && window.starts_with(b"---") {
            return yaml::read(feed, window);
        }
        feed.begin();
        document(feed, window, &mut resume)?;
    }
}

/// Reads the document at which the window stands.
fn document(feed: &mut Feed<'_>, window: &mut Window<'_>, resume: &mut Resume) -> ControlFlow<()> {
    let start = window.at();
    let place = window.place(start);
    let mut walk = Walk::new(feed, window, "", 0, resume.lines());
    walk.looks_ahead = resume.may_look_again();
    let read = walk.document();
    let (kind, path, in_list, looked) = (walk.kind.take(), std::mem::take(&mut walk.path), walk.in_list, walk.looked);
    match read {
        Ok(Document::List { before, after }) => {
            let end = window.at();
            resume.after(window.position(end).0 == place.line);
            follows(feed, window);
            feed.shape(|| Shape::List { before, after });
            not_a_list(feed, place, "", kind)
        }
        Ok(Document::Object { end }) => {
            resume.after(window.position(end).0 == place.line);
            follows(feed, window);
            feed.shape(|| Shape::Object);
            item(feed, place, "", window.text(start, end))
        }
        Err(Stop::Visitor) => ControlFlow::Break(()),
        Err(stop) => {
            let at = stop.at(window).max(looked);
            let problem = stop.problem(window);
            feed.lost(place, &path, problem)?;
            resume.find(window, in_list, at);
            ControlFlow::Continue(())
        }
    }
}

/// Says whether another document follows.
fn follows(feed: &mut Feed<'_>, window: &mut Window<'_>) {
    if feed.is_several() {
        // It is known, and the next one may be long in coming.
        return;
    }
    window.skip_space();
    if window.peek().is_some() {
        feed.more_follows();
    }
}

/// Hands over an item, if it is text.
fn item(feed: &mut Feed<'_>, place: Place, path: &str, bytes: &[u8]) -> ControlFlow<()> {
    match std::str::from_utf8(bytes) {
        Ok(text) => feed.item(place, path, text),
        Err(error) => {
            let offset = place.offset.saturating_add(error.valid_up_to());
            feed.lost(place, path, SourceProblem::Encoding { offset })
        }
    }
}

/// What is wrong with a list whose items are something else.
pub(super) const ITEMS_NO_ARRAY: &str = "the `items` of a list must be an array";

/// Hands over one item, or the items of a list that stands in a list.
pub(super) fn element(feed: &mut Feed<'_>, place: Place, path: &str, bytes: &[u8], depth: usize) -> ControlFlow<()> {
    if !bytes.starts_with(b"{") || !may_have_items(bytes) {
        return item(feed, place, path, bytes);
    }
    let mut reader = bytes;
    let mut window = Window::at_one_place(&mut reader, bytes.len(), place);
    let mut walk = Walk::new(feed, &mut window, path, depth, false);
    let read = walk.document();
    let kind = walk.kind.take();
    match read {
        Ok(Document::List { .. }) => not_a_list(feed, place, path, kind),
        Ok(Document::Object { .. }) => item(feed, place, path, bytes),
        Err(Stop::Visitor) => ControlFlow::Break(()),
        Err(Stop::TooDeep) => {
            let problem = SourceProblem::Nesting { limit: LIST_DEPTH };
            match std::str::from_utf8(bytes) {
                Ok(text) => feed.bad_item(place, path, problem, text),
                Err(_) => feed.lost(place, path, problem),
            }
        }
        Err(stop) => {
            let problem = stop.problem(&mut window);
            feed.lost(place, path, problem)
        }
    }
}

/// Whether an object may have a member `items`, however its name is spelled.
fn may_have_items(bytes: &[u8]) -> bool {
    // The letters of the name, escaped. What else is escaped, as `&` and `<` often are, cannot be a part of it.
    let is_letter = |digits: &[u8]| {
        matches!(digits, [b'0', b'0', b'6', b'9' | b'5' | b'd' | b'D'] | [b'0', b'0', b'7', b'4' | b'3'])
    };
    memchr::memmem::find(bytes, b"\"items\"").is_some()
        || memchr::memmem::find_iter(bytes, b"\\u").any(|at| {
            let digits = at.saturating_add(2);
            bytes.get(digits..digits.saturating_add(4)).is_some_and(is_letter)
        })
}

/// Complains about a list that says that it is something else.
fn not_a_list(feed: &mut Feed<'_>, place: Place, path: &str, kind: Option<String>) -> ControlFlow<()> {
    match kind.filter(|kind| !kind.ends_with("List")) {
        Some(kind) => feed.lost(place, path, SourceProblem::NotAList { kind }),
        None => ControlFlow::Continue(()),
    }
}

/// A document that was read.
enum Document {
    /// It is a list, whose items were handed over.
    List { before: String, after: String },
    /// It is something else, kept up to `end`.
    Object { end: usize },
}

/// Reads one document, or an item that may be a list itself.
struct Walk<'w, 'v, 'r> {
    feed: &'w mut Feed<'v>,
    window: &'w mut Window<'r>,
    /// The path of this list within lists.
    prefix: &'w str,
    depth: usize,
    lines: bool,
    /// The item that is being read.
    path: String,
    kind: Option<String>,
    /// Items were handed over.
    in_list: bool,
    /// Whether a document is looked at as a whole before it is read member by member.
    looks_ahead: bool,
    /// How far that went.
    looked: usize,
}

impl<'w, 'v, 'r> Walk<'w, 'v, 'r> {
    fn new(feed: &'w mut Feed<'v>, window: &'w mut Window<'r>, prefix: &'w str, depth: usize, lines: bool) -> Self {
        Self {
            feed,
            window,
            prefix,
            depth,
            lines,
            path: String::new(),
            kind: None,
            in_list: false,
            looks_ahead: true,
            looked: 0,
        }
    }

    fn document(&mut self) -> Result<Document, Stop> {
        match self.window.peek() {
            Some(b'{') => match self.whole_object()? {
                Some(end) => Ok(Document::Object { end }),
                None => self.object(),
            },
            Some(b'[') => {
                let before = self.kept_up_to(self.window.at().saturating_add(1))?;
                self.elements("")?;
                Ok(Document::List { before, after: self.kept_up_to(self.window.at())? })
            }
            Some(_) => {
                let start = self.window.at();
                self.value()?;
                // A word of JSON or a number; else it is anything but a document.
                self.check(start)?;
                Ok(Document::Object { end: self.window.at() })
            }
            None => Err(Stop::CutOff),
        }
    }

    /// The end of the object, if it is not large and is no list. Most documents of a stream are such.
    fn whole_object(&mut self) -> Result<Option<usize>, Stop> {
        let start = self.window.at();
        if !self.looks_ahead {
            return Ok(None);
        }
        let ended = self.window.short_value(self.lines, LOOK_AHEAD);
        self.looked = self.window.at();
        if ended == Ended::Complete && !may_have_items(self.window.text(start, self.window.at())) {
            return Ok(Some(self.window.at()));
        }
        self.window.back();
        Ok(None)
    }

    fn object(&mut self) -> Result<Document, Stop> {
        let (mut has_items, mut has_kind, mut before) = (false, false, None);
        let mut items_are_none = false;
        self.window.step(1);
        for index in 0_usize.. {
            self.window.skip_space();
            match self.window.peek() {
                Some(b'"') => {}
                Some(b'}') if index == 0 => break,
                Some(b'}') => return Err(Stop::syntax("trailing comma", self.window.at())),
                Some(_) => return Err(Stop::syntax("key must be a string", self.window.at())),
                None => return Err(Stop::CutOff),
            }
            let name = self.name()?;
            self.expect(b':', "expected `:`")?;
            self.window.skip_space();
            // Other readers take the last of two, or the first.
            for (once, seen) in [("items", &mut has_items), ("kind", &mut has_kind)] {
                if name == once && std::mem::replace(seen, true) {
                    let message = format!("the member `{once}` occurs twice");
                    return Err(Stop::syntax(&message, self.window.at()));
                }
            }
            if name == "items" && self.window.peek() == Some(b'[') {
                before = Some(self.kept_up_to(self.window.at().saturating_add(1))?);
                self.elements("items")?;
            } else {
                items_are_none |= name == "items" && self.window.peek() != Some(b'n');
                let start = self.window.at();
                self.value()?;
                self.check(start)?;
                if name == "kind" {
                    self.kind = serde_json::from_slice(self.window.text(start, self.window.at())).ok();
                }
            }
            self.window.skip_space();
            match self.window.peek() {
                Some(b',') => self.window.step(1),
                Some(b'}') => break,
                Some(_) => return Err(Stop::syntax("expected `,` or `}`", self.window.at())),
                None => return Err(Stop::CutOff),
            }
        }
        // To take such a list for an object without an image would lose what it holds.
        if items_are_none && self.kind.as_ref().is_some_and(|kind| kind.ends_with("List")) {
            return Err(Stop::syntax(ITEMS_NO_ARRAY, self.window.at()));
        }
        self.window.step(1);
        let end = self.window.at();
        Ok(match before {
            Some(before) => Document::List { before, after: self.kept_up_to(end)? },
            None => Document::Object { end },
        })
    }

    /// Reads the elements of an array of items; what is kept afterwards begins with its closing bracket.
    fn elements(&mut self, name: &str) -> Result<(), Stop> {
        if self.depth >= LIST_DEPTH {
            return Err(Stop::TooDeep);
        }
        let dot = if self.prefix.is_empty() || name.is_empty() { "" } else { "." };
        let depth = self.depth.saturating_add(1);
        self.window.step(1);
        self.in_list = true;
        for index in 0_usize.. {
            self.window.skip_space();
            self.window.keep();
            self.path = format!("{}{dot}{name}[{index}]", self.prefix);
            match self.window.peek() {
                None => return Err(Stop::CutOff),
                Some(b']') if index == 0 => break,
                Some(b']') => return Err(Stop::syntax("trailing comma", self.window.at())),
                Some(_) => {}
            }
            let start = self.window.at();
            let place = self.window.place(start);
            let flow = match self.value() {
                Err(Stop::TooLarge) => self.feed.lost(place, &self.path, SourceProblem::TooLarge { limit: ITEM_LIMIT }),
                Err(stop) => return Err(stop),
                Ok(()) if self.window.at() == start => {
                    return Err(Stop::syntax("expected value", start));
                }
                Ok(()) => element(self.feed, place, &self.path, self.window.text(start, self.window.at()), depth),
            };
            if flow.is_break() {
                return Err(Stop::Visitor);
            }
            self.window.skip_space();
            match self.window.peek() {
                Some(b',') => self.window.step(1),
                Some(b']') => break,
                Some(_) => return Err(Stop::syntax("expected `,` or `]`", self.window.at())),
                None => return Err(Stop::CutOff),
            }
        }
        self.window.keep();
        self.window.step(1);
        self.path.clear();
        Ok(())
    }

    /// Steps over a value, and says what is wrong where it has no end.
    fn value(&mut self) -> Result<(), Stop> {
        let start = self.window.at();
        match self.window.value(self.lines, ITEM_LIMIT) {
            Ended::Complete => Ok(()),
            Ended::TooLarge => Err(Stop::TooLarge),
            // What is no text may have hidden the end.
            Ended::CutOff => Err(self.kept_up_to(self.window.end()).err().unwrap_or(Stop::CutOff)),
            Ended::Broken(at) => {
                let start = start.max(self.window.kept());
                let text = self.window.text(start, at.saturating_add(1));
                Err(error(text, start).unwrap_or(Stop::CutOff))
            }
        }
    }

    /// Whether the value that begins at `start` and ends here is JSON.
    fn check(&mut self, start: usize) -> Result<(), Stop> {
        match error(self.window.text(start, self.window.at()), start) {
            None => Ok(()),
            // An end that comes too early is in the middle of the text.
            Some(Stop::CutOff) => Err(Stop::syntax("expected value", start)),
            Some(stop) => Err(stop),
        }
    }

    /// Reads the name of a member.
    fn name(&mut self) -> Result<String, Stop> {
        let start = self.window.at();
        self.value()?;
        self.check(start)?;
        let name = self.window.text(start, self.window.at());
        serde_json::from_slice(name).map_err(|error| Stop::syntax(&error.to_string(), start))
    }

    fn expect(&mut self, byte: u8, message: &str) -> Result<(), Stop> {
        self.window.skip_space();
        match self.window.peek() {
            Some(found) if found == byte => {
                self.window.step(1);
                Ok(())
            }
            Some(_) => Err(Stop::syntax(message, self.window.at())),
            None => Err(Stop::CutOff),
        }
    }

    /// What is kept, up to `end`, which is the document's own text.
    fn kept_up_to(&self, end: usize) -> Result<String, Stop> {
        let kept = self.window.kept();
        let text = std::str::from_utf8(self.window.text(kept, end));
        text.map(str::to_owned).map_err(|error| Stop::Encoding { at: kept.saturating_add(error.valid_up_to()) })
    }
}
