//! The strict JSON reader: for everything that decides.
//!
//! `serde` derive is not strict: arrays pass for objects, `serde_json::Value` keeps the last of two equal members.
//! Here, duplicate members at any level are refused (also when spelled with escapes), and so are trailing data, a byte
//! order mark, invalid UTF-8, too much nesting and too many values; members are taken one by one through [`Object`],
//! which refuses what nobody asked for. Every error says where: the path (`$.critical.image`), the line and the column.
//!
//! `serde_json` is the tokenizer. Its cargo feature `arbitrary_precision` would make numbers look like objects; with
//! it, documents with numbers would be refused, never misread.

mod error;
mod names;
mod node;
mod reader;

pub use error::{JsonError, JsonErrorKind};
pub(crate) use error::{Locate, Path, Step, locate};
pub(crate) use node::{Node, Object};
pub(crate) use reader::{Document, Found, Limits, OwnedStep, Repeated, Repeats, Value, ValueSeed, drive, text, values};
