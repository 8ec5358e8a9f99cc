//! How verdicts are told. Each format is one file; each is written as the verdicts come.

mod demand;
mod document;
mod entry;
mod explanation;
mod finding;
mod json;
mod lookup;
mod ndjson;
mod summary;
mod text;

use chrono::{DateTime, Utc};

pub use crate::image::quote::Escaped;

pub use demand::demand_text;
pub use document::{error_json, finding_json, image_json, lookup_json};
pub use entry::{Carrier, Entry, ItemError};
pub use explanation::{explained_text, explanation_text};
pub use finding::finding_text;
pub use json::JsonReport;
pub use lookup::{lookup_text, rule_title};
pub use ndjson::NdjsonReport;
pub use summary::Summary;
pub use text::{Style, TextReport};

/// A report in some format, written piece by piece: each call returns the next piece.
pub trait Report {
    /// The beginning, before any verdict.
    fn begin(&mut self, at: DateTime<Utc>) -> String;

    /// The verdict on one image.
    fn image(&mut self, entry: &Entry<'_>) -> String;

    /// An item of which there is no verdict.
    fn error(&mut self, error: &ItemError) -> String;

    /// The end.
    fn end(&mut self, summary: &Summary) -> String;
}
