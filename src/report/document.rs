//! Parts of JSON documents that several commands print, each as `docs/report.schema.json` describes it.

use serde::Serialize;
use serde_json::Value;

use crate::image::Reference;
use crate::policy::Lookup;
use crate::policy::document::Finding;
use crate::report::finding::FindingView;
use crate::report::json::ImageView;
use crate::report::lookup::LookupView;
use crate::report::{Entry, ItemError};

/// A finding about a policy.
pub fn finding_json(finding: &Finding) -> Value {
    value(&FindingView::of(finding))
}

/// What governs an image that is asked for by `reference`, and what is demanded of it.
pub fn lookup_json(lookup: &Lookup, reference: Option<&Reference>) -> Value {
    value(&LookupView::of(lookup, reference))
}

/// The verdict on an image, as in the report of a verification.
pub fn image_json(entry: &Entry<'_>) -> Value {
    value(&ImageView::of(entry))
}

/// An item of a source that cannot be read.
pub fn error_json(error: &ItemError) -> Value {
    value(error)
}

/// Strings, numbers and lists of them: what cannot fail to be JSON.
fn value<T: Serialize>(view: &T) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}
