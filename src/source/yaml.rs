//! YAML documents: turned into JSON text, as `kubectl` does, so that one reader of objects serves both.

use std::fmt;
use std::ops::{ControlFlow, Range};

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Error;

use crate::image::yaml::{self, options};
use crate::source::export::{ITEM_LIMIT, Shape};
use crate::source::feed::Feed;
use crate::source::transcode::{Out, ToJson};
use crate::source::{SourceProblem, json};

/// How many times longer than a document its JSON may be. Escapes need up to six bytes for one; the rest is aliases.
const EXPANSION: usize = 8;

/// How many bytes a document may become in any case.
const EXPANSION_FLOOR: usize = 1 << 16;

/// Reads documents from `start` to the end of the text.
pub(super) fn read(feed: &mut Feed<'_, '_>, start: usize) -> ControlFlow<()> {
    let documents = yaml::split(feed.text, start);
    let count = documents.len();
    for (index, range) in documents.into_iter().enumerate() {
        let is_last = index.saturating_add(1) == count;
        feed.begin();
        if !is_last {
            feed.more_follows();
        }
        // What is cut off may look complete all the same.
        if let Some(problem) = feed.cut.filter(|_| is_last).and_then(|_| feed.cut_problem()) {
            feed.lost(range.start, "", problem)?;
        } else {
            document(feed, range)?;
        }
    }
    ControlFlow::Continue(())
}

fn document(feed: &mut Feed<'_, '_>, range: Range<usize>) -> ControlFlow<()> {
    let start = range.start;
    let text = feed.text.get(range).unwrap_or_default();
    let out = Out::new(text.len().saturating_mul(EXPANSION).saturating_add(EXPANSION_FLOOR));
    let mut walk = Walk { feed, out, origin: start, list: None, kind: None, path: String::new(), stopped: false };
    let result = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        Value { walk: &mut walk, name: "" }.deserialize(deserializer)
    });
    let Walk { mut out, list, kind, path, stopped, .. } = walk;
    if stopped {
        return ControlFlow::Break(());
    }
    if let Err(error) = result {
        let problem = problem(feed, start, &error);
        return feed.lost(start, &path, problem);
    }
    let Some(json) = out.take(0) else {
        return feed.lost(start, "", SourceProblem::TooLarge { limit: ITEM_LIMIT });
    };
    let Some(at) = list else {
        feed.shape(|| Shape::Object);
        return feed.item(start, "", &json);
    };
    let (before, after) = json.split_at_checked(at).unwrap_or_default();
    feed.shape(|| Shape::List { before: before.to_owned(), after: after.to_owned() });
    match kind.filter(|kind| !kind.ends_with("List")) {
        Some(kind) => feed.lost(start, "", SourceProblem::NotAList { kind }),
        None => ControlFlow::Continue(()),
    }
}

/// What the YAML reader says, with its line counted from the beginning of the source.
fn problem(feed: &mut Feed<'_, '_>, start: usize, error: &Error) -> SourceProblem {
    let (first, _) = feed.position(start);
    let (line, column) = yaml::position(error);
    let line = line.saturating_add(first).saturating_sub(1);
    SourceProblem::Syntax { message: yaml::message(error), line, column }
}

/// Reads one document: an object, or a list whose items are handed over one by one.
struct Walk<'w, 'v, 't> {
    feed: &'w mut Feed<'v, 't>,
    /// The document without the items of a list.
    out: Out,
    origin: usize,
    /// Where in `out` the items belong.
    list: Option<usize>,
    kind: Option<String>,
    /// The item that is being read.
    path: String,
    stopped: bool,
}

impl Walk<'_, '_, '_> {
    fn elements<'de, A: SeqAccess<'de>>(&mut self, mut seq: A, name: &str) -> Result<(), A::Error> {
        self.out.push("[")?;
        let start = self.out.len();
        for index in 0_usize.. {
            self.path = format!("{name}[{index}]");
            if seq.next_element_seed(ToJson(&mut self.out))?.is_none() {
                break;
            }
            let flow = match self.out.take(start) {
                Some(json) => json::element(self.feed, self.origin, &self.path, &json, 1),
                None => self.feed.lost(self.origin, &self.path, SourceProblem::TooLarge { limit: ITEM_LIMIT }),
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
        let mut comma = "";
        while let Some(name) = map.next_key::<String>()? {
            self.out.push(comma)?;
            self.out.member(&name)?;
            comma = ",";
            let start = self.out.len();
            if name == "items" {
                map.next_value_seed(Value { walk: self, name: "items" })?;
            } else {
                map.next_value_seed(ToJson(&mut self.out))?;
            }
            if name == "kind" {
                self.kind = serde_json::from_str(self.out.since(start)).ok();
            }
        }
        self.out.push("}")
    }
}

/// A value that may be a list of items: a document, or its member `items`.
struct Value<'i, 'w, 'v, 't> {
    walk: &'i mut Walk<'w, 'v, 't>,
    /// Empty for a document.
    name: &'static str,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, '_, '_> {
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
