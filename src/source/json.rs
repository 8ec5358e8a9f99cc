//! JSON documents: one, or several one after another.
//!
//! A document is never held as a tree: its items are slices of the text, and what is no item is skipped.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as _, Deserializer as _};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error};

use crate::source::export::{LIST_DEPTH, Shape};
use crate::source::feed::Feed;
use crate::source::resume::resume;
use crate::source::{SourceProblem, yaml};

/// Reads documents from `start` to the end of the text.
pub(super) fn read(feed: &mut Feed<'_, '_>, start: usize) -> ControlFlow<()> {
    let text = feed.text;
    let mut next = skip_space(text, start);
    let mut is_lines = false;
    while next < text.len() {
        // Behind the mark that YAML sets between documents, the rest may be either.
        if feed.has_documents() && text.get(next..).is_some_and(|rest| rest.starts_with("---")) {
            return yaml::read(feed, next);
        }
        feed.begin();
        let end = match document(feed, next)? {
            Document::Read(end) => {
                is_lines = !text.get(next..end).unwrap_or_default().contains('\n');
                end
            }
            Document::Broken { read_to } => resume(text, next, read_to, is_lines),
        };
        next = skip_space(text, end);
    }
    ControlFlow::Continue(())
}

/// How a document ended.
enum Document {
    /// It was read, up to here.
    Read(usize),
    /// A syntax error ended it. The items of a list were read up to `read_to`.
    Broken { read_to: Option<usize> },
}

/// Hands over one item, or the items of a list that stands in a list.
pub(super) fn element(feed: &mut Feed<'_, '_>, origin: usize, path: &str, raw: &str, depth: usize) -> ControlFlow<()> {
    let offset = feed.offset_of(raw).unwrap_or(origin);
    if raw.starts_with('{') && raw.contains("\"items\"") {
        let mut walk = Walk { feed, text: raw, origin, depth, prefix: path, state: State::default() };
        let result = Deserializer::from_str(raw).deserialize_any(&mut walk);
        let state = walk.state;
        return match result {
            _ if state.stopped => ControlFlow::Break(()),
            Err(_) if state.too_deep => feed.bad_item(offset, path, SourceProblem::Nesting { limit: LIST_DEPTH }, raw),
            Err(error) => {
                let (line, column) = feed.position(offset);
                let message = error.to_string();
                feed.lost(offset, path, SourceProblem::Syntax { message, line, column })
            }
            Ok(()) if state.list.is_some() => not_a_list(feed, offset, path, state),
            Ok(()) => feed.item(offset, path, raw),
        };
    }
    feed.item(offset, path, raw)
}

/// Reads the document at `start`.
fn document(feed: &mut Feed<'_, '_>, start: usize) -> ControlFlow<(), Document> {
    let text = feed.text;
    let rest = text.get(start..).unwrap_or_default();
    let mut deserializer = Deserializer::from_str(rest);
    if !rest.starts_with(['{', '[']) {
        return match <&RawValue>::deserialize(&mut deserializer) {
            Ok(raw) => {
                feed.item(start, "", raw.get())?;
                ControlFlow::Continue(Document::Read(start.saturating_add(raw.get().len())))
            }
            Err(error) => broken(feed, start, State::default(), &error),
        };
    }
    let mut walk = Walk { feed, text: rest, origin: start, depth: 0, prefix: "", state: State::default() };
    let result = deserializer.deserialize_any(&mut walk);
    let state = walk.state;
    if state.stopped {
        return ControlFlow::Break(());
    }
    if let Err(error) = result {
        return broken(feed, start, state, &error);
    }
    let next = start.saturating_add(state.end);
    if skip_space(text, next) < text.len() {
        feed.more_follows();
    }
    if let Some((open, close)) = state.list {
        feed.shape(|| Shape::List {
            before: rest.get(..open).unwrap_or_default().to_owned(),
            after: rest.get(close..state.end).unwrap_or_default().to_owned(),
        });
        not_a_list(feed, start, "", state)?;
    } else {
        feed.shape(|| Shape::Object);
        feed.item(start, "", rest.get(..state.end).unwrap_or_default())?;
    }
    ControlFlow::Continue(Document::Read(next))
}

/// Complains about a list that says that it is something else.
fn not_a_list(feed: &mut Feed<'_, '_>, offset: usize, path: &str, state: State) -> ControlFlow<()> {
    match state.kind.filter(|kind| !kind.ends_with("List")) {
        Some(kind) => feed.lost(offset, path, SourceProblem::NotAList { kind }),
        None => ControlFlow::Continue(()),
    }
}

/// Reports a syntax error.
fn broken(feed: &mut Feed<'_, '_>, start: usize, state: State, error: &Error) -> ControlFlow<(), Document> {
    let (first_line, first_column) = feed.position(start);
    let line = first_line.saturating_add(error.line()).saturating_sub(1);
    let column = match error.line() {
        0 | 1 => first_column.saturating_add(error.column()).saturating_sub(1),
        _ => error.column(),
    };
    let problem = if error.is_eof() {
        feed.cut_problem().unwrap_or(SourceProblem::CutOff { line, column })
    } else {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        SourceProblem::Syntax { message, line, column }
    };
    feed.lost(start, &state.path, problem)?;
    let is_list = state.in_list || state.list.is_some();
    ControlFlow::Continue(Document::Broken { read_to: is_list.then_some(start.saturating_add(state.end)) })
}

/// Reads one document, or an item that may be a list itself.
struct Walk<'w, 'v, 't, 'a> {
    feed: &'w mut Feed<'v, 't>,
    /// The text, which begins with the document but may go on behind it.
    text: &'a str,
    /// Where in the source the document is whose items these are.
    origin: usize,
    depth: usize,
    /// The path of this list within lists.
    prefix: &'w str,
    state: State,
}

/// What was seen so far.
#[derive(Default)]
struct State {
    /// Where the last value ends, and at last the document.
    end: usize,
    in_list: bool,
    /// The item that is being read.
    path: String,
    /// What lies between the brackets of the items.
    list: Option<(usize, usize)>,
    kind: Option<String>,
    stopped: bool,
    too_deep: bool,
}

impl<'a> Walk<'_, '_, '_, 'a> {
    fn end_of(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr()).saturating_add(part.len())
    }

    /// Reads the elements of an array of items; `open` is behind its bracket.
    fn elements<A: SeqAccess<'a>>(&mut self, mut seq: A, open: usize, name: &str) -> Result<(), A::Error> {
        if self.depth >= LIST_DEPTH {
            self.state.too_deep = true;
            return Err(A::Error::custom("lists are nested too deep"));
        }
        self.state.in_list = true;
        self.state.end = open;
        let dot = if self.prefix.is_empty() || name.is_empty() { "" } else { "." };
        for index in 0_usize.. {
            self.state.path = format!("{}{dot}{name}[{index}]", self.prefix);
            let Some(raw) = seq.next_element::<&RawValue>()? else { break };
            self.state.end = self.end_of(raw.get());
            let depth = self.depth.saturating_add(1);
            if element(self.feed, self.origin, &self.state.path, raw.get(), depth).is_break() {
                self.state.stopped = true;
                return Err(A::Error::custom("stopped"));
            }
        }
        self.state.in_list = false;
        self.state.path.clear();
        let close = skip_space(self.text, self.state.end);
        self.state.list = Some((open, close));
        self.state.end = close.saturating_add(1);
        Ok(())
    }
}

impl<'a> Visitor<'a> for &mut Walk<'_, '_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, seq: A) -> Result<(), A::Error> {
        self.elements(seq, 1, "")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        self.state.end = 1;
        while let Some(key) = map.next_key::<&RawValue>()? {
            let name: String = serde_json::from_str(key.get()).map_err(A::Error::custom)?;
            let colon = skip_space(self.text, self.end_of(key.get()));
            let value = skip_space(self.text, colon.saturating_add(1));
            let is_array = self.text.get(value..).is_some_and(|rest| rest.starts_with('['));
            if name == "items" && is_array {
                if self.state.list.is_some() {
                    return Err(A::Error::custom("the member `items` occurs twice"));
                }
                map.next_value_seed(Items { walk: self, open: value.saturating_add(1) })?;
            } else {
                let raw = map.next_value::<&RawValue>()?.get();
                self.state.end = self.end_of(raw);
                if name == "kind" && self.state.kind.is_none() {
                    self.state.kind = serde_json::from_str(raw).ok();
                }
            }
        }
        self.state.end = skip_space(self.text, self.state.end).saturating_add(1);
        Ok(())
    }
}

/// The array of a list.
struct Items<'i, 'w, 'v, 't, 'a> {
    walk: &'i mut Walk<'w, 'v, 't, 'a>,
    open: usize,
}

impl<'a> DeserializeSeed<'a> for Items<'_, '_, '_, '_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for Items<'_, '_, '_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, seq: A) -> Result<(), A::Error> {
        self.walk.elements(seq, self.open, "items")
    }
}

/// Where the next token begins.
fn skip_space(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    text.len().saturating_sub(rest.trim_start_matches([' ', '\t', '\r', '\n']).len())
}
