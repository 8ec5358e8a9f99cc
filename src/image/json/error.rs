//! What is wrong with a JSON document, and where.

use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use crate::image::quote::{Escaped, Quoted};

/// Why a JSON document is refused, and where.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{kind} at {path} (line {line}, column {column})")]
pub struct JsonError {
    path: String,
    line: usize,
    column: usize,
    kind: JsonErrorKind,
}

impl JsonError {
    /// An error at a place whose line and column are known.
    pub(crate) fn new(path: &[Step<'_>], line: usize, column: usize, kind: JsonErrorKind) -> Self {
        Self { path: Path(path).to_string(), line: line.max(1), column: column.max(1), kind }
    }

    /// An error about the value at `path` of `text`, whose line and column are looked up.
    pub(crate) fn at(text: &str, path: &[Step<'_>], kind: JsonErrorKind) -> Self {
        let (line, column) = locate(text, path);
        Self::new(path, line, column, kind)
    }

    /// The same place, with another problem.
    pub(crate) fn with_kind(self, kind: JsonErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// The path of the value: `$` is the document, `$.critical.image` a member, `$.layers[2]` an element.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, from 1: where reading had come to when the problem was noticed.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    pub fn kind(&self) -> &JsonErrorKind {
        &self.kind
    }
}

/// What can be wrong with a JSON document.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Two members of one object have the same name.
    Duplicate {
        /// The name.
        name: String,
    },
    /// The text starts with a byte order mark, or is not UTF-8.
    Encoding,
    /// A value of another kind is needed.
    Expected {
        /// What is needed.
        expected: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// A member is missing.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// The text is not JSON, or goes on after its end.
    Syntax {
        /// What the tokenizer says.
        message: String,
    },
    /// Values are nested deeper than allowed.
    TooDeep {
        /// The greatest depth allowed.
        limit: usize,
    },
    /// The text is longer than allowed.
    TooLarge {
        /// The greatest length allowed, in bytes.
        limit: usize,
    },
    /// There are more values than allowed.
    TooMany {
        /// The greatest number allowed.
        limit: usize,
    },
    /// A member has a name that means nothing here.
    Unknown {
        /// Its name.
        name: String,
        /// The names that mean something here.
        known: Vec<&'static str>,
    },
    /// The text is not YAML.
    Yaml {
        /// What the tokenizer says.
        message: String,
    },
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { name } => write!(f, "member {} is there twice", Quoted(name)),
            Self::Encoding => f.write_str("the text is not UTF-8 without a byte order mark"),
            Self::Expected { expected, found } => write!(f, "{expected} is needed, not {found},"),
            Self::Missing { name } => write!(f, "member `{name}` is missing"),
            Self::Syntax { message } => write!(f, "the text is not valid JSON: {}", Escaped(message)),
            Self::TooDeep { limit } => write!(f, "values are nested deeper than {limit} levels"),
            Self::TooLarge { limit } => write!(f, "the text is longer than {limit} bytes"),
            Self::TooMany { limit } => write!(f, "there are more than {limit} values"),
            Self::Yaml { message } => write!(f, "the text is not valid YAML: {}", Escaped(message)),
            Self::Unknown { name, known } => {
                write!(f, "member {} is unknown; known here:", Quoted(name))?;
                let mut separator = " ";
                for name in known {
                    write!(f, "{separator}`{name}`")?;
                    separator = ", ";
                }
                Ok(())
            }
        }
    }
}

/// One step from a value to a value in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step<'a> {
    /// To a member of an object: the first of that name.
    Member(&'a str),
    /// To the second member of that name.
    Again(&'a str),
    /// To an element of an array.
    Element(usize),
}

/// Writes a path.
#[derive(Debug)]
pub(crate) struct Path<'p>(pub(crate) &'p [Step<'p>]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|step| match step {
            Step::Member(name) | Step::Again(name) if is_plain(name) => write!(f, ".{name}"),
            Step::Member(name) | Step::Again(name) => write!(f, "[\"{}\"]", Escaped(name)),
            Step::Element(index) => write!(f, "[{index}]"),
        })
    }
}

fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The line and column at which the value at `path` begins: reads the text once more, up to there.
pub(crate) fn locate(text: &str, path: &[Step<'_>]) -> (usize, usize) {
    match Locate(path).deserialize(&mut serde_json::Deserializer::from_str(text)) {
        Ok(()) => (1, 1),
        Err(stop) => (stop.line(), stop.column()),
    }
}

/// Reads up to a value, then stops with an error, to which `serde_json` gives the position.
pub(crate) struct Locate<'p>(pub(crate) &'p [Step<'p>]);

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() {
            return Err(de::Error::custom("here"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (wanted, mut others, rest) = match self.0.split_first() {
            Some((Step::Member(name), rest)) => (*name, false, rest),
            Some((Step::Again(name), rest)) => (*name, true, rest),
            Some((Step::Element(_), _)) | None => return Err(de::Error::custom("here")),
        };
        while let Some(name) = map.next_key::<String>()? {
            if name == wanted && !std::mem::take(&mut others) {
                return map.next_value_seed(Locate(rest));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Err(de::Error::custom("here"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let (wanted, rest) = match self.0.split_first() {
            Some((Step::Element(index), rest)) => (*index, rest),
            _ => return Err(de::Error::custom("here")),
        };
        for _ in 0..wanted {
            elements.next_element::<IgnoredAny>()?;
        }
        elements.next_element_seed(Locate(rest)).map(|_| ())
    }
}
