//! The report that a stream processor reads: one JSON object a line, `Image`, `Error` and, last, `Summary`.

use serde::Serialize;

use crate::report::json::{API_VERSION, IMAGE, ImageView, with_json};
use crate::report::written::WrittenImage;
use crate::report::{Entry, Head, ItemError, Report, Shard, Summary};
use crate::signature::rfc3339;

/// One JSON object a line. The objects are those of the JSON report, with a `kind` that tells them apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct NdjsonReport;

impl NdjsonReport {
    /// An image that a report told before.
    pub fn retold(&self, image: &WrittenImage) -> String {
        image.line()
    }
}

impl Report for NdjsonReport {
    fn begin(&self, _: &Head) -> String {
        String::new()
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        line("Image", None, ImageView::of(entry))
    }

    fn error(&self, error: &ItemError) -> String {
        line("Error", None, error)
    }

    fn end(&self, head: &Head, summary: &Summary) -> String {
        line("Summary", Some(head), summary)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
    #[serde(flatten)]
    view: T,
}

fn line<T: Serialize>(kind: &'static str, head: Option<&Head>, view: T) -> String {
    let at = head.map(|head| rfc3339(head.at));
    let shard = head.and_then(|head| head.shard);
    let line = Line { api_version: API_VERSION, kind, at, shard, view };
    let mut line = with_json(String::with_capacity(IMAGE), &line);
    line.push('\n');
    line
}
