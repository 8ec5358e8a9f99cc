//! The report for a browser: one file that holds all it needs and asks nobody for anything.
//!
//! The page's style and script are files of their own in `page/`. What is told of the images is data in the file, a row
//! an image, which the script reads once; of the rows only a page at a time becomes part of the document.

mod known;
mod page;
mod row;
mod run;
mod shorthand;

use crate::report::html::known::KnownKeys;
use crate::report::html::row::row;
use crate::report::html::run::run;
use crate::report::{Entry, Head, ItemError, Report, Summary};
use crate::signature::CertificateSummary;

/// A page that opens offline: totals, charts, a table to search, and the explanation of each image.
///
/// Whatever comes from input is in the file as data only, and the page shows it as text. Its policy for content forbids
/// every request, and every style and script but its own.
#[derive(Clone, Debug, Default)]
pub struct HtmlReport {
    certificates: Vec<CertificateSummary>,
    keys: KnownKeys,
}

impl HtmlReport {
    /// A report that tells of these trusted certificates, used or not.
    pub fn new(certificates: Vec<CertificateSummary>) -> Self {
        Self { keys: KnownKeys::of(&certificates), certificates }
    }
}

impl Report for HtmlReport {
    fn begin(&self, head: &Head) -> String {
        page::begin(head)
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        format!("\n{}", page::data(&row(entry, &self.keys)))
    }

    fn between(&self) -> &'static str {
        ","
    }

    fn error(&self, _: &ItemError) -> String {
        String::new()
    }

    fn end(&self, head: &Head, summary: &Summary) -> String {
        page::end(&run(head, summary, &self.certificates))
    }
}
