//! Reading exports: `oc get images -o json`, `-o yaml`, watches, and what else holds objects.
//!
//! What a document is, is seen from its text and not from its name: JSON (one object, a list, or an array), JSON
//! documents one after another, with or without line breaks between them, YAML, and YAML of several documents.

use std::ops::ControlFlow;

use crate::source::feed::Feed;
use crate::source::{Location, SourceError, SourceProblem, json, yaml};

/// The largest object that is read: 16 MiB, ten times what etcd stores.
pub const ITEM_LIMIT: usize = 16 << 20;

/// How deep lists may stand inside lists.
pub const LIST_DEPTH: usize = 4;

/// One item of an export.
#[derive(Debug)]
pub struct Item<'a> {
    /// Where it stands.
    pub location: Location,
    /// The text of one JSON object, syntactically sound; YAML is turned into JSON.
    pub json: Result<&'a str, SourceError>,
    /// The item's complete JSON text, also where it is not an acceptable object; absent where text was lost.
    pub verbatim: Option<&'a str>,
}

/// What a source held.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// The number of items that were visited, bad ones included.
    pub items: usize,
    /// The number of items, or places in the source, that could not be read.
    pub bad: usize,
    /// The number of documents.
    pub documents: usize,
    /// The first error after which text of the source was skipped, so that it cannot be written again.
    pub lost: Option<String>,
    /// The form of the source, for writing it again.
    pub shape: Shape,
}

/// The form of a source.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Shape {
    /// Several documents, or none.
    #[default]
    Documents,
    /// One document, which is one object.
    Object,
    /// One document, which is a list.
    List {
        /// The JSON text up to and with the opening bracket of the items.
        before: String,
        /// The JSON text from the closing bracket on.
        after: String,
    },
}

/// Visits the items of an export in their order.
///
/// A bad item does not lose the others. A syntax error ends its document: the complete items before it are visited,
/// then the error, and reading goes on with the next document if there is one. `visit` may end it at any item.
///
/// ```
/// use std::ops::ControlFlow;
/// use vidimus::source::export;
///
/// let mut found = Vec::new();
/// let summary = export::read("export.json", br#"{"items": [{"kind": "Image"}, 5]}"#, &mut |item| {
///     found.push(match item.json {
///         Ok(json) => format!("{}: {json}", item.location),
///         Err(error) => error.to_string(),
///     });
///     ControlFlow::Continue(())
/// });
/// assert_eq!(found, [
///     r#"export.json: items[0]: {"kind": "Image"}"#,
///     "export.json: items[1]: expected an object, found a number",
/// ]);
/// assert_eq!((summary.items, summary.bad), (2, 1));
/// ```
pub fn read(name: &str, bytes: &[u8], visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary {
    let (text, cut) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let sound = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(sound).unwrap_or_default(), Some(error.valid_up_to()))
        }
    };
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut feed = Feed::new(name, text, cut, visit);
    // An error in the flow means that the visitor had enough.
    let _ = if looks_like_json(text.get(start..).unwrap_or_default()) {
        json::read(&mut feed, start)
    } else {
        yaml::read(&mut feed, start)
    };
    feed.finish()
}

/// Whether the text begins as JSON does. YAML may begin with a bracket too, but then a bare word follows.
fn looks_like_json(text: &str) -> bool {
    let text = text.trim_ascii_start();
    text.strip_prefix(['{', '[']).map(str::trim_ascii_start).is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with(['"', '{', '[', '}', ']', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
            || ["true", "false", "null"].iter().any(|word| rest.starts_with(word))
    })
}

/// What stands at the beginning of a JSON text, in words.
pub(super) fn describe(json: &str) -> &'static str {
    match json.bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(_) => "a number",
        None => "nothing",
    }
}

/// Checks what every item must be.
pub(super) fn check(json: &str) -> Result<(), SourceProblem> {
    if !json.starts_with('{') {
        Err(SourceProblem::NotAnObject { found: describe(json) })
    } else if json.len() > ITEM_LIMIT {
        Err(SourceProblem::TooLarge { limit: ITEM_LIMIT })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
