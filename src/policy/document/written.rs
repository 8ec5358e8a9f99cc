//! A policy document as it is written: its values, and where they stand.

use crate::image::json::{self, JsonError, JsonErrorKind, Limits, Path, Repeats, Step, Value};
use crate::image::yaml;
use crate::policy::document::finding::{Finding, FindingCode};
use crate::policy::document::sink::Sink;

/// The longest policy document, in bytes. Ten thousand scopes need about two million.
pub const DOCUMENT_LIMIT: usize = 16 << 20;

/// The most values of one document.
const VALUE_LIMIT: usize = 1 << 20;

/// How deep values may be nested. The deepest document that means anything has some twenty levels.
const DEPTH_LIMIT: usize = yaml::DEPTH_LIMIT;

const LIMITS: Limits = Limits { bytes: DOCUMENT_LIMIT, depth: DEPTH_LIMIT, values: VALUE_LIMIT };

/// One document: a JSON text, or one of the documents in a YAML stream.
#[derive(Debug)]
pub(crate) struct Written<'t> {
    /// What messages call it.
    pub(crate) name: &'t str,
    pub(crate) root: Value<'t>,
    text: &'t str,
    syntax: Syntax,
    /// How many lines of the file come before the document.
    lines_before: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Syntax {
    Json,
    Yaml,
}

impl<'t> Written<'t> {
    /// Reads the documents of a file. What cannot be read is told to `sink`.
    ///
    /// A text that begins with `{` or `[` is JSON; anything else is a YAML stream.
    pub(crate) fn read(name: &'t str, bytes: &'t [u8], sink: &Sink) -> Vec<Self> {
        let text = match json::text(bytes, &LIMITS) {
            Ok(text) => text,
            Err(error) => {
                sink.refuse(name, 0, &error);
                return Vec::new();
            }
        };
        if is_json(text) {
            return Self::one(name, text, Syntax::Json, 0, sink).into_iter().collect();
        }
        let ranges = yaml::split(text, 0);
        if ranges.is_empty() {
            sink.push(Finding {
                code: FindingCode::Empty,
                document: name.to_owned(),
                path: "$".to_owned(),
                line: 1,
                column: 1,
                message: "the file holds no document".to_owned(),
            });
        }
        let (mut counted, mut lines_before) = (0, 0_usize);
        let documents = ranges.into_iter().filter_map(|range| {
            lines_before = lines_before.saturating_add(text.get(counted..range.start)?.matches('\n').count());
            counted = range.start;
            Self::one(name, text.get(range)?, Syntax::Yaml, lines_before, sink)
        });
        documents.collect()
    }

    /// How many documents a file holds.
    pub(crate) fn count(bytes: &[u8]) -> usize {
        match std::str::from_utf8(bytes) {
            Ok(text) if !is_json(text) => yaml::split(text, 0).len(),
            Ok(_) | Err(_) => 1,
        }
    }

    fn one(name: &'t str, text: &'t str, syntax: Syntax, lines_before: usize, sink: &Sink) -> Option<Self> {
        let read = match syntax {
            Syntax::Json => json::values(text, &LIMITS, Repeats::Gathered),
            Syntax::Yaml => yaml::values(text, &LIMITS),
        };
        match read {
            Ok((root, repeated)) => {
                let written = Self { name, root, text, syntax, lines_before };
                for repeat in repeated {
                    if !sink.takes(FindingCode::DuplicateMember) {
                        break;
                    }
                    let mut path: Vec<_> = repeat.object.iter().map(json::OwnedStep::borrowed).collect();
                    path.push(Step::Again(&repeat.name));
                    let kind = JsonErrorKind::Duplicate { name: repeat.name.clone() };
                    sink.push(written.finding(FindingCode::DuplicateMember, &path, kind.to_string()));
                }
                Some(written)
            }
            Err(error) => {
                sink.refuse(name, lines_before, &error);
                None
            }
        }
    }

    /// A finding about the value at `path`.
    pub(crate) fn finding(&self, code: FindingCode, path: &[Step<'_>], message: String) -> Finding {
        let (line, column) = match self.syntax {
            Syntax::Json => beginning(self.text, json::locate(self.text, path)),
            Syntax::Yaml => yaml::locate(self.text, path),
        };
        Finding {
            code,
            document: self.name.to_owned(),
            path: Path(path).to_string(),
            line: line.saturating_add(self.lines_before),
            column,
            message,
        }
    }
}

/// Whether a text is read as JSON.
fn is_json(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '['])
}

/// The line and column, in characters, of the value that begins after `position`, up to which the reader has read;
/// its columns are bytes.
fn beginning(text: &str, (line, column): (usize, usize)) -> (usize, usize) {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let read = before.saturating_add(if line == 0 { 0 } else { column });
    let Some(rest) = text.get(read..) else { return (line, column) };
    let start = read.saturating_add(rest.len()).saturating_sub(rest.trim_ascii_start().len());
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (line.saturating_add(1), column.saturating_add(1))
}

/// The finding that says why a text cannot be read.
pub(super) fn unreadable(name: &str, lines_before: usize, error: &JsonError) -> Finding {
    let code = match error.kind() {
        JsonErrorKind::TooDeep { .. } | JsonErrorKind::TooLarge { .. } | JsonErrorKind::TooMany { .. } => {
            FindingCode::Limit
        }
        JsonErrorKind::Duplicate { .. } => FindingCode::DuplicateMember,
        JsonErrorKind::Encoding
        | JsonErrorKind::Expected { .. }
        | JsonErrorKind::Missing { .. }
        | JsonErrorKind::Syntax { .. }
        | JsonErrorKind::Unknown { .. }
        | JsonErrorKind::Yaml { .. } => FindingCode::Syntax,
    };
    Finding {
        code,
        document: name.to_owned(),
        path: error.path().to_owned(),
        line: error.line().saturating_add(lines_before),
        column: error.column(),
        message: error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_stands_where_its_value_begins() {
        let sink = Sink::default();
        for (text, path, place) in [
            (r#"{"a": 5}"#, &[Step::Member("a")][..], (1, 7)),
            (r#"{"ä":"ö","b":  5}"#, &[Step::Member("b")], (1, 16)),
            ("{\"a\":\n  [1, 22]}", &[Step::Member("a"), Step::Element(1)], (2, 7)),
            ("{\"a\":\n  [1, 22]}", &[Step::Member("a")], (2, 3)),
            ("\n {}", &[], (2, 2)),
            ("a:\n- 1\n- 22\n", &[Step::Member("a"), Step::Element(1)], (3, 3)),
            ("ä: ö\nb: [5]\n", &[Step::Member("b")], (2, 4)),
        ] {
            let documents = Written::read("x", text.as_bytes(), &sink);
            let finding = documents[0].finding(FindingCode::Key, path, String::new());
            assert_eq!((finding.line, finding.column), place, "{text}");
        }
    }
}
