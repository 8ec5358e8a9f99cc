//! The report that a stream processor reads: one JSON object a line, `Image`, `Error` and, last, `Summary`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::report::json::{API_VERSION, ErrorView, ImageView, SummaryView, json};
use crate::report::{Entry, ItemError, Report, Summary};
use crate::signature::rfc3339;

/// One JSON object a line. The objects are those of the JSON report, with a `kind` that tells them apart.
#[derive(Clone, Debug, Default)]
pub struct NdjsonReport {
    at: Option<String>,
}

impl Report for NdjsonReport {
    fn begin(&mut self, at: DateTime<Utc>) -> String {
        self.at = Some(rfc3339(at));
        String::new()
    }

    fn image(&mut self, entry: &Entry<'_>) -> String {
        line("Image", None, ImageView::of(entry))
    }

    fn error(&mut self, error: &ItemError) -> String {
        line("Error", None, ErrorView::of(error))
    }

    fn end(&mut self, summary: &Summary) -> String {
        line("Summary", self.at.as_deref(), SummaryView::of(summary))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a, T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    #[serde(flatten)]
    view: T,
}

fn line<T: Serialize>(kind: &'static str, at: Option<&str>, view: T) -> String {
    let mut line = json(&Line { api_version: API_VERSION, kind, at, view });
    line.push('\n');
    line
}
