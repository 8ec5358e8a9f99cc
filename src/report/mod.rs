//! How verdicts are told. Each format is one file; each is written as the verdicts come.

pub mod comparison;
mod csv;
mod demand;
mod document;
mod entry;
mod explanation;
mod finding;
mod head;
mod help;
mod html;
pub mod inventory;
mod json;
mod junit;
mod lookup;
mod markdown;
pub mod merge;
mod ndjson;
mod policy_report;
mod sarif;
mod shard;
mod standing;
mod summary;
mod text;
pub mod totals;
pub mod written;

pub use crate::image::quote::Escaped;

pub use csv::CsvReport;
pub use demand::demand_text;
pub use document::{error_json, finding_json, image_json, lookup_json};
pub use entry::{Carrier, Entry, ItemError};
pub use explanation::{explained_text, explanation_text};
pub use finding::finding_text;
pub use head::Head;
pub use html::HtmlReport;
pub use inventory::Inventory;
pub use json::JsonReport;
pub use junit::JunitReport;
pub use lookup::{lookup_text, rule_title};
pub use markdown::{MARKDOWN_ROOM, MarkdownReport};
pub use ndjson::NdjsonReport;
pub use policy_report::PolicyReport;
pub use sarif::SarifReport;
pub use shard::{Shard, ShardError};
pub use summary::{ERRORS_LISTED, Summary};
pub use text::{Style, TextReport, totals_text};

/// A report in some format, written piece by piece: each call returns a piece, and whoever calls puts them in order.
///
/// A report holds nothing of what it has told, so that many threads can write pieces of one.
pub trait Report: Send + Sync {
    /// The beginning, before any verdict.
    fn begin(&self, head: &Head) -> String;

    /// The verdict on one image. It is empty where the format has nothing to tell of such an image.
    fn image(&self, entry: &Entry<'_>) -> String;

    /// What stands between the pieces of two images, of those that are not empty.
    fn between(&self) -> &'static str {
        ""
    }

    /// An item of which there is no verdict. Formats that list errors at the end take them from the [`Summary`].
    fn error(&self, error: &ItemError) -> String;

    /// How many bytes the pieces about images and errors may have together, where the format has a limit. Pieces that
    /// go beyond it are left out, and counted.
    fn room(&self) -> Option<usize> {
        None
    }

    /// Whether [`totals`](Self::totals) stand before all other pieces. Whoever writes then keeps these aside until the
    /// totals are known; [`begin`](Self::begin) is empty.
    fn totals_first(&self) -> bool {
        false
    }

    /// What stands before all other pieces, in a format that begins with totals; `left_out` pieces have found no room.
    fn totals(&self, head: &Head, summary: &Summary, left_out: u64) -> String {
        let _ = (head, summary, left_out);
        String::new()
    }

    /// The end.
    fn end(&self, head: &Head, summary: &Summary) -> String;
}
