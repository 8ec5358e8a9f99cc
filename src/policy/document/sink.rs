//! Where findings are gathered, so that all problems are told at once.

use std::cell::{Cell, RefCell};

use crate::image::json::JsonError;
use crate::policy::document::finding::{Finding, FindingCode, PolicyError, Severity};
use crate::policy::document::written::unreadable;

/// The most findings that are told. Each costs a look at the document for its place.
pub const FINDING_LIMIT: usize = 100;

/// Gathers findings while documents are read.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    findings: RefCell<Vec<Finding>>,
    has_errors: Cell<bool>,
}

impl Sink {
    pub(crate) fn push(&self, finding: Finding) {
        let is_error = finding.severity() == Severity::Error;
        let mut findings = self.findings.borrow_mut();
        // Lints make room for errors: nothing that keeps a policy from being loaded may go untold.
        if findings.len() >= FINDING_LIMIT && is_error && !self.has_errors.get() {
            findings.pop();
        }
        self.has_errors.set(self.has_errors.get() || is_error);
        if findings.len() < FINDING_LIMIT {
            findings.push(finding);
        }
    }

    /// Whether another finding of this kind would be told; to find its place is not worth it otherwise.
    pub(super) fn takes(&self, code: FindingCode) -> bool {
        self.findings.borrow().len() < FINDING_LIMIT || (code.severity() == Severity::Error && !self.has_errors.get())
    }

    /// Tells of a text that cannot be read.
    pub(super) fn refuse(&self, name: &str, lines_before: usize, error: &JsonError) {
        self.push(unreadable(name, lines_before, error));
    }

    /// Whether anything keeps the policy from being loaded.
    pub(crate) fn has_errors(&self) -> bool {
        self.has_errors.get()
    }

    /// What came of it: lints if there is no error.
    pub(crate) fn finish(self) -> Result<Vec<Finding>, PolicyError> {
        let findings = self.findings.into_inner();
        if self.has_errors.get() { Err(PolicyError { findings }) } else { Ok(findings) }
    }
}
