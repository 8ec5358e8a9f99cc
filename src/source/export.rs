//! Reading exports: `oc get images -o json`, `-o yaml`, watches, and what else holds objects.
//!
//! What a document is, is seen from its text and not from its name: JSON (one object, a list, or an array), JSON
//! documents one after another, with or without line breaks between them, YAML, and YAML of several documents.

use std::io::Read;
use std::ops::ControlFlow;

use crate::source::feed::Feed;
use crate::source::window::Window;
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
    /// The text of one object; YAML is turned into JSON. Its brackets and strings are closed; whether what stands between
    /// is JSON finds out who reads it.
    pub json: Result<&'a str, SourceError>,
    /// The item's complete text, also where it is not an acceptable object; absent where text was lost.
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
/// The text is never held: at most one item of a JSON document is, or a YAML document of up to [`ITEM_LIMIT`].
///
/// A bad item does not lose the others. What breaks the list itself ends its document: the complete items before it are
/// visited, then the error, and reading goes on with the next document if there is one. `visit` may end it at any item.
///
/// ```
/// use std::ops::ControlFlow;
/// use vidimus::source::export;
///
/// let mut found = Vec::new();
/// let summary = export::read("export.json", &br#"{"items": [{"kind": "Image"}, 5]}"#[..], &mut |item| {
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
pub fn read(name: &str, mut text: impl Read, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary {
    let mut window = Window::new(&mut text);
    let mut feed = Feed::new(name, visit);
    if window.starts_with(BYTE_ORDER_MARK) {
        window.step(BYTE_ORDER_MARK.len());
    }
    let read = if looks_like_json(&mut window) {
        json::read(&mut feed, &mut window)
    } else {
        yaml::read(&mut feed, &mut window)
    };
    feed.finish(&mut window, read)
}

/// The one of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How far is looked to see what a text is.
const BEGINNING: usize = 4096;

/// Whether the text begins as JSON does. YAML may begin with a bracket too, but then a bare word follows.
fn looks_like_json(window: &mut Window<'_>) -> bool {
    window.skip_space();
    let text = window.ahead(BEGINNING);
    let Some((b'{' | b'[', rest)) = text.split_first() else { return false };
    let rest = rest.trim_ascii_start();
    rest.first().is_none_or(|first| b"\"{[}]-0123456789".contains(first))
        || [&b"true"[..], b"false", b"null"].iter().any(|word| rest.starts_with(word))
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
