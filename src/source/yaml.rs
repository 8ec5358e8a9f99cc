//! YAML documents: turned into JSON text, as `kubectl` does, so that one reader of objects serves both.

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Error;

use crate::image::yaml::{message, options, position};
use crate::source::documents::{self, Document, Next};
use crate::source::export::{ITEM_LIMIT, Shape};
use crate::source::feed::Feed;
use crate::source::transcode::{Out, ToJson};
use crate::source::window::{Place, Window};
use crate::source::{SourceProblem, json};

/// How many bytes of a document are held together, for what is repeated by aliases.
const RECORDED_LIMIT: usize = ITEM_LIMIT;

/// Reads documents from where the window stands to the end of the text.
pub(super) fn read(feed: &mut Feed<'_>, window: &mut Window<'_>) -> ControlFlow<()> {
    let mut held = String::new();
    let mut next = documents::next(window, ITEM_LIMIT);
    loop {
        let start = window.kept();
        match next {
            Next::End => return ControlFlow::Continue(()),
            Next::Document => {
                let place = window.place(start);
                let text = std::str::from_utf8(window.text(start, window.at()));
                let wrong = text.map(|text| held.push_str(text)).err();
                next = documents::next(window, ITEM_LIMIT);
                // What could not be read to its end may look complete all the same.
                if matches!(next, Next::End) && window.has_failed() {
                    feed.begin();
                    return ControlFlow::Continue(());
                }
                feed.begin();
                if !matches!(next, Next::End) {
                    feed.more_follows();
                }
                match wrong {
                    None => document(feed, place, &held)?,
                    Some(error) => {
                        let offset = start.saturating_add(error.valid_up_to());
                        feed.lost(place, "", SourceProblem::Encoding { offset })?;
                    }
                }
                held.clear();
            }
            Next::Large => {
                feed.begin();
                large_document(feed, window)?;
                next = documents::next(window, ITEM_LIMIT);
            }
        }
    }
}

/// Reads a document that is held.
fn document(feed: &mut Feed<'_>, place: Place, text: &str) -> ControlFlow<()> {
    let length = Cell::new(text.len());
    let mut walk = Walk::new(feed, place, &length);
    let result = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        Value { walk: &mut walk, name: "" }.deserialize(deserializer)
    });
    walk.finish(result)
}

/// Reads a document that is not held.
fn large_document(feed: &mut Feed<'_>, window: &mut Window<'_>) -> ControlFlow<()> {
    let place = window.place(window.at());
    let length = Cell::new(0);
    let mut document = Document::new(window, &length);
    let mut limits = options();
    if let Some(budget) = &mut limits.budget {
        budget.max_reader_input_bytes = None;
        budget.max_recorded_anchor_bytes = RECORDED_LIMIT;
    }
    let mut walk = Walk::new(feed, place, &length);
    let result = serde_saphyr::with_deserializer_from_reader_with_options(&mut document, limits, |deserializer| {
        Value { walk: &mut walk, name: "" }.deserialize(deserializer)
    });
    document.skip();
    if window.has_failed() && !walk.stopped {
        // That is told when the source ends.
        return ControlFlow::Continue(());
    }
    walk.finish(result)
}

/// What the YAML reader says, with its line counted from the beginning of the source.
fn problem(place: Place, error: &Error) -> SourceProblem {
    let (line, column) = position(error);
    let line = line.saturating_add(place.line).saturating_sub(1);
    SourceProblem::Syntax { message: message(error), line, column }
}

/// Reads one document: an object, or a list whose items are handed over one by one.
struct Walk<'w, 'v> {
    feed: &'w mut Feed<'v>,
    /// The document without the items of a list.
    out: Out<'w>,
    place: Place,
    /// Where in `out` the items belong.
    list: Option<usize>,
    kind: Option<String>,
    /// The item that is being read.
    path: String,
    stopped: bool,
}

impl<'w, 'v> Walk<'w, 'v> {
    fn new(feed: &'w mut Feed<'v>, place: Place, length: &'w Cell<usize>) -> Self {
        let out = Out::new(length);
        Self { feed, out, place, list: None, kind: None, path: String::new(), stopped: false }
    }

    /// Says what is left to say when the document was read.
    fn finish(self, result: Result<(), Error>) -> ControlFlow<()> {
        let Self { feed, mut out, place, list, kind, path, stopped } = self;
        if stopped {
            return ControlFlow::Break(());
        }
        if let Err(error) = result {
            return feed.lost(place, &path, problem(place, &error));
        }
        let Some(json) = out.take(0) else {
            return feed.lost(place, "", SourceProblem::TooLarge { limit: ITEM_LIMIT });
        };
        let Some(at) = list else {
            feed.shape(|| Shape::Object);
            return feed.item(place, "", &json);
        };
        let (before, after) = json.split_at_checked(at).unwrap_or_default();
        feed.shape(|| Shape::List { before: before.to_owned(), after: after.to_owned() });
        match kind.filter(|kind| !kind.ends_with("List")) {
            Some(kind) => feed.lost(place, "", SourceProblem::NotAList { kind }),
            None => ControlFlow::Continue(()),
        }
    }

    fn elements<'de, A: SeqAccess<'de>>(&mut self, mut seq: A, name: &str) -> Result<(), A::Error> {
        self.out.push("[")?;
        let start = self.out.len();
        for index in 0_usize.. {
            self.path = format!("{name}[{index}]");
            if seq.next_element_seed(ToJson(&mut self.out))?.is_none() {
                break;
            }
            let flow = match self.out.take(start) {
                Some(json) => json::element(self.feed, self.place, &self.path, json.as_bytes(), 1),
                None => self.feed.lost(self.place, &self.path, SourceProblem::TooLarge { limit: ITEM_LIMIT }),
            };
            if flow.is_break() {
                self.stopped = true;
                return Err(A::Error::custom("stopped"));
            }
        }
        self.path.clear();
        self.list = Some(start);
        self.out.push("]")
    }

    fn members<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        self.out.push("{")?;
        let (mut comma, mut items_are_none) = ("", false);
        while let Some(name) = map.next_key::<String>()? {
            self.out.push(comma)?;
            self.out.member(&name)?;
            comma = ",";
            let start = self.out.len();
            if name == "items" {
                map.next_value_seed(Value { walk: self, name: "items" })?;
                items_are_none |= self.list.is_none() && self.out.since(start) != "null";
            } else {
                map.next_value_seed(ToJson(&mut self.out))?;
            }
            if name == "kind" {
                self.kind = serde_json::from_str(self.out.since(start)).ok();
            }
        }
        if items_are_none && self.kind.as_ref().is_some_and(|kind| kind.ends_with("List")) {
            return Err(A::Error::custom(json::ITEMS_NO_ARRAY));
        }
        self.out.push("}")
    }
}

/// A value that may be a list of items: a document, or its member `items`.
struct Value<'i, 'w, 'v> {
    walk: &'i mut Walk<'w, 'v>,
    /// Empty for a document.
    name: &'static str,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.walk.elements(seq, self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        if self.name.is_empty() { self.walk.members(map) } else { ToJson(&mut self.walk.out).visit_map(map) }
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        ToJson(&mut self.walk.out).visit_bool(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        ToJson(&mut self.walk.out).visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        ToJson(&mut self.walk.out).visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        ToJson(&mut self.walk.out).visit_f64(value)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        ToJson(&mut self.walk.out).visit_str(text)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        ToJson(&mut self.walk.out).visit_unit()
    }
}
