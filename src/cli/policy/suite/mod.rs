//! Tests of policies: what a suite says, and what came of it.

pub(super) mod junit;
mod read;
mod run;
pub(super) mod told;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::image::Reference;
use crate::policy::Effect;
use crate::policy::document::{Finding, KeyFile};
use crate::signature::Code;

pub(super) use read::read;
pub(super) use run::run;

/// A document of the kind `PolicyTest`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Suite {
    pub(super) name: String,
    /// The file that it stands in.
    pub(super) file: String,
    /// The documents of the policy, as paths from where the command runs.
    pub(super) policy: Vec<PathBuf>,
    pub(super) at: DateTime<Utc>,
    pub(super) cases: Vec<Case>,
}

/// An image, where it is to run, and what is to be decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Case {
    pub(super) name: String,
    /// The export, as a path from where the command runs.
    pub(super) images: PathBuf,
    /// Which image of the export; the only one, if nothing is given.
    pub(super) image: Option<String>,
    /// What the image is asked for by, instead of what the object says.
    pub(super) reference: Option<Reference>,
    pub(super) namespace: Option<String>,
    pub(super) labels: Option<BTreeMap<String, String>>,
    /// Instead of the time of the suite.
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) expect: Expectation,
}

/// What is to be decided. What is not given may be anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Expectation {
    pub(super) decision: Effect,
    pub(super) code: Option<Code>,
    /// The scope of the rule that governs; empty for the default of a policy.
    pub(super) scope: Option<String>,
    /// The name of that rule.
    pub(super) rule: Option<String>,
    /// The codes of the signatures, in the order of the object.
    pub(super) signatures: Option<Vec<Code>>,
    pub(super) tolerated: Option<bool>,
}

/// What came of a suite.
#[derive(Debug)]
pub(super) struct SuiteResult {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) error: Option<SuiteError>,
    pub(super) cases: Vec<CaseResult>,
}

/// Why a suite could not be run.
#[derive(Debug, Default)]
pub(super) struct SuiteError {
    pub(super) message: String,
    /// What is wrong with the suite, or with the policy.
    pub(super) findings: Vec<Finding>,
    /// The texts that the findings are about, by the names of their files.
    pub(super) texts: BTreeMap<String, String>,
}

impl SuiteError {
    /// What is wrong with these files, as a message and in full.
    pub(super) fn new(message: String, findings: &[Finding], files: Vec<KeyFile>) -> Self {
        let texts = files.into_iter().filter_map(|file| Some((file.name, String::from_utf8(file.bytes).ok()?)));
        Self { message, findings: findings.to_vec(), texts: texts.collect() }
    }
}

/// What came of a case.
#[derive(Debug)]
pub(super) struct CaseResult {
    pub(super) name: String,
    pub(super) outcome: Outcome,
}

/// Whether a case is as expected.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It could not be run, for this reason.
    Error(String),
    /// Something is decided otherwise.
    Failed {
        differences: Vec<Difference>,
        /// The decision in full, as text without colour.
        explanation: String,
    },
    Passed,
}

/// Something that is not as expected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Difference {
    /// The member of `expect`.
    pub(super) member: &'static str,
    pub(super) expected: String,
    pub(super) got: String,
}
