//! Where in the sources something stands, and what is wrong with it.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::image::ObjectError;
use crate::source::http::HttpProblem;
use crate::source::layout::LayoutProblem;

/// The place of an item.
///
/// ```text
/// export.json: items[3]
/// images.yaml: document 2 (line 57): items[0]
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Location {
    pub(super) source: Arc<str>,
    pub(super) document: usize,
    pub(super) several: bool,
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) offset: usize,
}

impl Location {
    /// The beginning of a source.
    pub fn of_source(source: &str) -> Self {
        Self { source: source.into(), document: 1, several: false, path: String::new(), line: 1, offset: 0 }
    }

    /// The name of the source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The document of the source, counted from 1.
    pub fn document(&self) -> usize {
        self.document
    }

    /// The path within the document, such as `items[3]`; empty for the document itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line at which the item begins, counted from 1; of an item of a YAML list, that of its document.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The byte at which the item begins; of an item of a YAML list, that of its document.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if self.several {
            write!(f, ": document {} (line {})", self.document, self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        Ok(())
    }
}

/// Why something in a source could not be read.
#[derive(Debug, Error)]
#[error("{location}: {problem}")]
pub struct SourceError {
    /// Where.
    pub location: Location,
    /// What is wrong.
    pub problem: SourceProblem,
}

/// What is wrong with something in a source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceProblem {
    /// The file could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The source could be read up to some byte and no further: the file failed, or what it is compressed with did.
    #[error("cannot be read further than byte {offset} of its text: {source}")]
    Stopped {
        /// How many bytes of text could be read.
        offset: usize,
        /// Why not more.
        source: std::io::Error,
    },
    /// The source holds nothing at all.
    #[error("no object found: expected JSON or YAML of `Image` objects")]
    Empty,
    /// A server gives no answer that counts.
    #[error(transparent)]
    Http(#[from] HttpProblem),
    /// An image has no reference by which its signatures could be found.
    #[error("the image has no reference, so that its signatures cannot be looked up")]
    NoReference,
    /// An object cannot be read.
    #[error("{0}")]
    Object(Box<ObjectError>),
    /// Signatures that are kept apart from their image cannot be read.
    #[error("its signatures cannot be looked up: {place}: {problem}")]
    Stored {
        /// Where they are kept.
        place: String,
        /// What is wrong.
        problem: Box<Self>,
    },
    /// A source has more signatures than are held.
    #[error("there are more than {limit} signatures")]
    TooManySignatures {
        /// The limit in force.
        limit: usize,
    },
    /// A directory is no export but a layout.
    #[error("it is a layout of an image: write `{transport}:PATH` for it")]
    IsLayout {
        /// The transport that reads it.
        transport: &'static str,
    },
    /// A link in a directory of exports leads to a directory.
    #[error("it is a link to a directory, which is not followed")]
    LinkToDirectory,
    /// A link in a directory of exports leads out of it.
    #[error("it is a link that leads out of the directory")]
    LinkOutside,
    /// A directory or a pattern stands for no file.
    #[error("no file of an export found: expected names that end in .json, .ndjson, .jsonl, .yaml or .yml")]
    NoFile,
    /// A pattern of files cannot be read.
    #[error("it is no file, and is no pattern either: {message}")]
    Pattern {
        /// What is wrong.
        message: String,
    },
    /// Directories are nested too deep.
    #[error("directories are nested more than {limit} deep")]
    TooDeep {
        /// The limit in force.
        limit: usize,
    },
    /// A directory or a pattern stands for too many files.
    #[error("there are more than {limit} files, the others are not read")]
    TooManyFiles {
        /// The limit in force.
        limit: usize,
    },
    /// The layout that holds the image is not as it must be.
    #[error(transparent)]
    Layout(#[from] LayoutProblem),
    /// The source is not text.
    #[error("not UTF-8 at byte {offset}: expected JSON or YAML text")]
    Encoding {
        /// The first byte that is wrong.
        offset: usize,
    },
    /// The document ends in the middle.
    #[error("cut off at line {line}, column {column}: expected the document to go on")]
    CutOff {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1, in bytes.
        column: usize,
    },
    /// The text is neither JSON nor YAML.
    #[error("{message} at line {line}, column {column}")]
    Syntax {
        /// What the reader says.
        message: String,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1; of JSON, in bytes.
        column: usize,
    },
    /// An item is not an object.
    #[error("expected an object, found {found}")]
    NotAnObject {
        /// What stands there.
        found: &'static str,
    },
    /// An item is larger than [`ITEM_LIMIT`](super::export::ITEM_LIMIT).
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// The limit in force.
        limit: usize,
    },
    /// Lists are nested more than [`LIST_DEPTH`](super::export::LIST_DEPTH) deep.
    #[error("lists are nested more than {limit} deep")]
    Nesting {
        /// The limit in force.
        limit: usize,
    },
    /// An object has `items` but says that it is no list.
    #[error("the `{kind}` has `items`: expected a kind that ends in `List`")]
    NotAList {
        /// The kind.
        kind: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_short_where_it_can_be() {
        let mut location = Location { line: 57, path: "items[3]".into(), ..Location::of_source("images.yaml") };
        assert_eq!(location.to_string(), "images.yaml: items[3]");
        (location.document, location.several) = (2, true);
        assert_eq!(location.to_string(), "images.yaml: document 2 (line 57): items[3]");
        location.path.clear();
        assert_eq!(location.to_string(), "images.yaml: document 2 (line 57)");
    }
}
