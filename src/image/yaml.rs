//! YAML as far as the core reads it: documents of a stream, limits, and values as those of JSON.

use std::ops::Range;

use serde::de::DeserializeSeed as _;

use crate::image::json::{self, Found, JsonError, JsonErrorKind, Limits, Locate, Repeated, Repeats, Step, Value};

/// How deep values of YAML may be nested. Objects of Kubernetes are some twenty levels deep, and a level takes stack.
pub(crate) const DEPTH_LIMIT: usize = 64;

/// The value of a YAML document, and the members that are there more than once.
pub(crate) fn values<'a>(text: &'a str, limits: &Limits) -> Result<(Value<'a>, Vec<Repeated>), JsonError> {
    let read = |seed: json::ValueSeed<'_>| {
        serde_saphyr::with_deserializer_from_str_with_options(text, gathering(), |deserializer| {
            seed.deserialize(deserializer)
        })
    };
    json::drive(limits, Repeats::Gathered, read, |error| {
        let (line, column) = position(error);
        Found { line, column, message: message(error) }
    })
    .map_err(|error| {
        if let JsonErrorKind::Syntax { message } = error.kind() {
            let message = message.clone();
            return error.with_kind(JsonErrorKind::Yaml { message });
        }
        error
    })
}

/// The line and column at which the value at `path` begins, from 1.
pub(crate) fn locate(text: &str, path: &[Step<'_>]) -> (usize, usize) {
    let outcome = serde_saphyr::with_deserializer_from_str_with_options(text, gathering(), |deserializer| {
        Locate(path).deserialize(deserializer)
    });
    outcome.err().map_or((1, 1), |stop| position(&stop))
}

/// The place that an error names.
pub(crate) fn position(error: &serde_saphyr::Error) -> (usize, usize) {
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    error.location().map_or((1, 1), |at| (whole(at.line()), whole(at.column())))
}

/// The first sentence of an error, without the place.
pub(crate) fn message(error: &serde_saphyr::Error) -> String {
    if matches!(error.without_snippet(), serde_saphyr::Error::MergeKeyNotAllowed { .. }) {
        return "merge keys (`<<`) are not read here; write the members out, or use an alias for the whole value"
            .into();
    }
    let message = error.without_snippet().to_string();
    // The message may name the line within the document.
    let message = message.split(" at line ").next().unwrap_or_default();
    message.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// The limits, with members of the same name left to the reader.
fn gathering() -> serde_saphyr::Options {
    let mut options = options();
    options.duplicate_keys = serde_saphyr::DuplicateKeyPolicy::PassThrough;
    // What is merged gives way in silence: to what is beside it, and to what is merged before.
    options.merge_keys = serde_saphyr::MergeKeyPolicy::Error;
    options
}

/// Limits for one document: as deep as is sane, as long as it is, with few aliases.
///
/// The library's own limits on size are made for configuration files. The text is in memory already, so its parts
/// need no limit; what aliases make of it is limited by the limits on them.
pub(crate) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_LIMIT,
            flow_nesting_limit: DEPTH_LIMIT,
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
            max_aliases: 10_000,
            max_anchors: 10_000,
        },
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The documents of a stream, those left out that hold nothing but comments.
///
/// A mark at the beginning of a line ends a document even inside a scalar, so no parser is needed to find it, and a
/// broken document does not take the next one with it.
pub(crate) fn split(text: &str, start: usize) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let (mut begin, mut at, mut has_content, mut has_directive) = (start, start, false, false);
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let next = at.saturating_add(line.len());
        if let Some(rest) = after_mark(line, "---") {
            if has_content {
                documents.push(begin..at);
            }
            if has_content || !has_directive {
                begin = at;
            }
            (has_content, has_directive) = (is_content(rest), false);
        } else if after_mark(line, "...").is_some() {
            if has_content {
                documents.push(begin..next);
            }
            (begin, has_content, has_directive) = (next, false, false);
        } else if line.starts_with('%') && !has_content && !breaks(bare(line).as_bytes()) {
            has_directive = true;
        } else {
            has_content |= is_content(line);
        }
        at = next;
    }
    if has_content {
        documents.push(begin..at);
    }
    documents
}

/// What follows a mark at the beginning of a line.
fn after_mark<'l>(line: &'l str, mark: &str) -> Option<&'l str> {
    line.strip_prefix(mark).filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Whether a line holds more than space and a comment.
fn is_content(line: &str) -> bool {
    let line = bare(line).trim_ascii_start();
    !line.is_empty() && (!line.starts_with('#') || breaks(line.as_bytes()))
}

/// A line without its end.
fn bare(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Whether a line is more than one to some reader of YAML: version 1.2 ends lines with a carriage return alone too, and 1.1
/// with the separators of Unicode.
pub(crate) fn breaks(line: &[u8]) -> bool {
    ["\r", "\u{85}", "\u{2028}", "\u{2029}"]
        .iter()
        .any(|end| line.windows(end.len()).any(|part| part == end.as_bytes()))
}
