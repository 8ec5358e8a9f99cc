//! From bytes to values.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::names::Names;
use super::{JsonError, JsonErrorKind, Node, Step};
use crate::image::Text;

/// How much of a document is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The greatest length, in bytes.
    pub(crate) bytes: usize,
    /// The greatest depth: `[]` has depth 1.
    pub(crate) depth: usize,
    /// The greatest number of values, each member and element counted.
    pub(crate) values: usize,
}

/// A value. Strings are borrowed from the document unless escapes forced a copy.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Text<'a>),
    Array(Vec<Self>),
    /// The members in the document's order; no two have the same name.
    Object(Vec<(Text<'a>, Self)>),
}

/// A document that passed the reader.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    root: Value<'a>,
}

impl<'a> Document<'a> {
    /// Reads a whole document.
    pub(crate) fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, JsonError> {
        let text = text(bytes, limits)?;
        let (root, _) = values(text, limits, Repeats::Refused)?;
        Ok(Self { text, root })
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> Node<'_> {
        Node::root(self.text, &self.root)
    }
}

impl Value<'_> {
    /// Whether the value is an array.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether the value is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether the value is `true`.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// What the value is, for a message.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Writes compact JSON.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let string = |text: &Text<'_>| serde_json::Value::String(text.as_str().to_owned());
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write!(f, "{}", string(text)),
            Self::Array(elements) => {
                f.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if index == 0 { "" } else { "," }, string(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The text of a document: UTF-8 without a byte order mark, and not too long.
pub(crate) fn text<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::new(&[], 1, 1, JsonErrorKind::TooLarge { limit: limits.bytes }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::new(&[], 1, 1, JsonErrorKind::Encoding));
    }
    Ok(text)
}

/// The value of a JSON text, and the members that are there more than once if they are gathered.
pub(crate) fn values<'a>(
    text: &'a str,
    limits: &Limits,
    repeats: Repeats,
) -> Result<(Value<'a>, Vec<Repeated>), JsonError> {
    let mut tokens = serde_json::Deserializer::from_str(text);
    let read = |seed: ValueSeed<'_>| seed.deserialize(&mut tokens).and_then(|root| tokens.end().map(|()| root));
    drive(limits, repeats, read, |error| Found {
        line: error.line(),
        column: error.column(),
        message: without_position(error),
    })
}

/// What becomes of a member whose name an earlier member of the object has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Repeats {
    /// The document is refused.
    Refused,
    /// The first is kept, and the others are told of.
    Gathered,
}

/// A member whose name an earlier member of the object has.
#[derive(Debug)]
pub(crate) struct Repeated {
    /// The object.
    pub(crate) object: Vec<OwnedStep>,
    /// The name.
    pub(crate) name: String,
}

/// What a tokenizer says of an error of its own.
pub(crate) struct Found {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// Has a deserializer, of JSON or of what reads like it, fill in values.
pub(crate) fn drive<'a, E>(
    limits: &Limits,
    repeats: Repeats,
    read: impl FnOnce(ValueSeed<'_>) -> Result<Value<'a>, E>,
    found: impl FnOnce(&E) -> Found,
) -> Result<(Value<'a>, Vec<Repeated>), JsonError> {
    let state = State {
        limits,
        repeats,
        values: Cell::new(0),
        problem: RefCell::new(None),
        repeated: RefCell::new(Vec::new()),
    };
    let seed = ValueSeed { state: &state, place: Place { above: None, step: None }, depth: 0 };
    match read(seed) {
        Ok(root) => Ok((root, state.repeated.take())),
        Err(error) => Err(state.problem.take().unwrap_or_default().into_error(found(&error))),
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> JsonError {
    let before = bytes.get(..valid).unwrap_or(bytes);
    let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count().saturating_add(1);
    JsonError::new(&[], line, column, JsonErrorKind::Encoding)
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// What the seeds of one document share.
struct State<'s> {
    limits: &'s Limits,
    repeats: Repeats,
    values: Cell<usize>,
    problem: RefCell<Option<Problem>>,
    repeated: RefCell<Vec<Repeated>>,
}

/// The first problem met: its kind, unless it is the tokenizer's, and its path.
#[derive(Default)]
struct Problem {
    kind: Option<JsonErrorKind>,
    path: Vec<OwnedStep>,
}

/// A [`Step`] that needs no document.
#[derive(Clone, Debug)]
pub(crate) enum OwnedStep {
    Member(String),
    Element(usize),
}

impl Problem {
    fn into_error(self, found: Found) -> JsonError {
        let path: Vec<_> = self.path.iter().map(OwnedStep::borrowed).collect();
        let kind = self.kind.unwrap_or(JsonErrorKind::Syntax { message: found.message });
        JsonError::new(&path, found.line, found.column, kind)
    }
}

impl OwnedStep {
    pub(crate) fn borrowed(&self) -> Step<'_> {
        match self {
            Self::Member(name) => Step::Member(name),
            Self::Element(index) => Step::Element(*index),
        }
    }
}

/// Where a seed is, as a list of the places above it.
#[derive(Clone, Copy)]
struct Place<'s> {
    above: Option<&'s Self>,
    /// Nothing at the root.
    step: Option<Step<'s>>,
}

impl<'s> Place<'s> {
    fn path(&self) -> Vec<OwnedStep> {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            steps.extend(here.step.map(|step| match step {
                Step::Member(name) | Step::Again(name) => OwnedStep::Member(name.to_owned()),
                Step::Element(index) => OwnedStep::Element(index),
            }));
            place = here.above;
        }
        steps.reverse();
        steps
    }
}

/// Reads one value, wherever a deserializer finds it.
pub(crate) struct ValueSeed<'s> {
    state: &'s State<'s>,
    place: Place<'s>,
    depth: usize,
}

impl ValueSeed<'_> {
    fn fail<E: de::Error>(&self, kind: JsonErrorKind) -> E {
        self.remember(Some(kind));
        E::custom("refused")
    }

    /// Notes the place of an error, unless one further in was noted already.
    fn remember(&self, kind: Option<JsonErrorKind>) {
        self.state.problem.borrow_mut().get_or_insert_with(|| Problem { kind, path: self.place.path() });
    }

    fn noting<T, E>(&self, result: Result<T, E>) -> Result<T, E> {
        result.inspect_err(|_| self.remember(None))
    }

    fn enter<E: de::Error>(&self) -> Result<usize, E> {
        let depth = self.depth.saturating_add(1);
        let limit = self.state.limits.depth;
        if depth > limit { Err(self.fail(JsonErrorKind::TooDeep { limit })) } else { Ok(depth) }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        let count = self.state.values.get().saturating_add(1);
        self.state.values.set(count);
        let limit = self.state.limits.values;
        if count > limit {
            return Err(self.fail(JsonErrorKind::TooMany { limit }));
        }
        let noted = ValueSeed { state: self.state, place: self.place, depth: self.depth };
        noted.noting(deserializer.deserialize_any(self))
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value<'de>, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Text::from(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Text::from(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value<'de>, A::Error> {
        let depth = self.enter()?;
        let mut elements = Vec::new();
        loop {
            let place = Place { above: Some(&self.place), step: Some(Step::Element(elements.len())) };
            match access.next_element_seed(ValueSeed { state: self.state, place, depth })? {
                Some(element) => elements.push(element),
                None => return Ok(Value::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value<'de>, A::Error> {
        let depth = self.enter()?;
        let mut members = Vec::new();
        let mut names = Names::default();
        while let Some(name) = access.next_key::<Text<'de>>()? {
            if names.has(&members, &name) {
                let name = name.as_str().to_owned();
                if self.state.repeats == Repeats::Refused {
                    return Err(self.fail(JsonErrorKind::Duplicate { name }));
                }
                access.next_value::<de::IgnoredAny>()?;
                self.state.repeated.borrow_mut().push(Repeated { object: self.place.path(), name });
                continue;
            }
            let place = Place { above: Some(&self.place), step: Some(Step::Member(&name)) };
            let value = access.next_value_seed(ValueSeed { state: self.state, place, depth })?;
            members.push((name, value));
        }
        Ok(Value::Object(members))
    }
}
