//! How verdicts are told. Each format is one file; each is written as the verdicts come.

mod demand;
mod document;
mod entry;
mod explanation;
mod finding;
mod head;
mod json;
mod lookup;
pub mod merge;
mod ndjson;
mod shard;
mod summary;
mod text;
pub mod written;

pub use crate::image::quote::Escaped;

pub use demand::demand_text;
pub use document::{error_json, finding_json, image_json, lookup_json};
pub use entry::{Carrier, Entry, ItemError};
pub use explanation::{explained_text, explanation_text};
pub use finding::finding_text;
pub use head::Head;
pub use json::JsonReport;
pub use lookup::{lookup_text, rule_title};
pub use ndjson::NdjsonReport;
pub use shard::{Shard, ShardError};
pub use summary::{ERRORS_LISTED, Summary};
pub use text::{Style, TextReport, totals_text};

/// A report in some format, written piece by piece: each call returns a piece, and whoever calls puts them in order.
///
/// A report holds nothing of what it has told, so that many threads can write pieces of one.
pub trait Report: Send + Sync {
    /// The beginning, before any verdict.
    fn begin(&self, head: &Head) -> String;

    /// The verdict on one image.
    fn image(&self, entry: &Entry<'_>) -> String;

    /// What stands between the pieces of two images.
    fn between(&self) -> &'static str {
        ""
    }

    /// An item of which there is no verdict. Formats that list errors at the end take them from the [`Summary`].
    fn error(&self, error: &ItemError) -> String;

    /// The end.
    fn end(&self, head: &Head, summary: &Summary) -> String;
}
