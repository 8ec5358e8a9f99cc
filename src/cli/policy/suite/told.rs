//! How it is told what came of suites: for a person, and for a program.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{CaseResult, Difference, Outcome, SuiteError, SuiteResult};
use crate::report::{Escaped, Style, finding_json, finding_text};

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::cli::policy) struct Counts {
    pub(in crate::cli::policy) passed: usize,
    pub(in crate::cli::policy) failed: usize,
    /// Cases, and suites, that could not be run.
    pub(in crate::cli::policy) errors: usize,
}

impl Counts {
    pub(in crate::cli::policy) fn of<'r>(suites: impl IntoIterator<Item = &'r SuiteResult>) -> Self {
        let mut counts = Self::default();
        for suite in suites {
            counts.errors = counts.errors.saturating_add(usize::from(suite.error.is_some()));
            for case in &suite.cases {
                let count = match case.outcome {
                    Outcome::Error(_) => &mut counts.errors,
                    Outcome::Failed { .. } => &mut counts.failed,
                    Outcome::Passed => &mut counts.passed,
                };
                *count = count.saturating_add(1);
            }
        }
        counts
    }
}

/// One line a case; of those that failed, what was expected and what came, and the decision in full.
pub(in crate::cli::policy) fn text(suites: &[SuiteResult], style: Style) -> String {
    let Style { bad, end, .. } = style;
    // Writing to a string cannot fail.
    let mut out = String::new();
    for suite in suites {
        if let Some(SuiteError { message, findings, texts }) = &suite.error {
            let _ = writeln!(out, "{bad}ERROR{end}   {}: {}\n", Escaped(&suite.name), Escaped(message));
            for finding in findings {
                let text = texts.get(finding.document()).map(String::as_str);
                let _ = writeln!(out, "{}", finding_text(finding, text, style));
            }
        }
        for case in &suite.cases {
            self::case(&mut out, suite, case, style);
        }
    }
    let Counts { passed, failed, errors } = Counts::of(suites);
    let cases: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let _ = write!(out, "{cases} cases: {passed} ok, {failed} failed");
    if errors > 0 {
        let _ = write!(out, ", {errors} could not be run");
    }
    out.push('\n');
    out
}

fn case(out: &mut String, suite: &SuiteResult, case: &CaseResult, style: Style) {
    let Style { good, bad, end, .. } = style;
    let title = format!("{}: {}", Escaped(&suite.name), Escaped(&case.name));
    let _ = match &case.outcome {
        Outcome::Passed => writeln!(out, "{good}ok{end}      {title}"),
        Outcome::Error(message) => writeln!(out, "{bad}ERROR{end}   {title}\n  {}", Escaped(message)),
        Outcome::Failed { differences, explanation } => {
            let _ = writeln!(out, "{bad}FAILED{end}  {title}");
            for Difference { member, expected, got } in differences {
                let (expected, got) = (Escaped(expected), Escaped(got));
                let _ = writeln!(out, "  {member:<11} {good}expected  {expected}{end}");
                let _ = writeln!(out, "  {:<11} {bad}got       {got}{end}", "");
            }
            for line in explanation.lines() {
                let _ = writeln!(out, "    {line}");
            }
            Ok(())
        }
    };
}

/// The results for a program.
pub(in crate::cli::policy) fn json(suites: &[SuiteResult]) -> String {
    let Counts { passed, failed, errors } = Counts::of(suites);
    let suite = |suite: &SuiteResult| {
        let findings = suite.error.iter().flat_map(|error| &error.findings).map(finding_json);
        json!({
            "name": suite.name,
            "file": suite.file,
            "error": suite.error.as_ref().map(|error| &error.message),
            "findings": findings.collect::<Vec<_>>(),
            "cases": suite.cases.iter().map(case_json).collect::<Vec<_>>(),
        })
    };
    let document = json!({
        "apiVersion": "vidimus.dev/v1alpha1",
        "kind": "PolicyTestReport",
        "suites": suites.iter().map(suite).collect::<Vec<_>>(),
        "summary": { "passed": passed, "failed": failed, "errors": errors },
    });
    format!("{document:#}\n")
}

fn case_json(case: &CaseResult) -> Value {
    let (outcome, message, differences, explanation) = match &case.outcome {
        Outcome::Error(message) => ("error", Some(message), &[][..], None),
        Outcome::Failed { differences, explanation } => ("failed", None, differences.as_slice(), Some(explanation)),
        Outcome::Passed => ("passed", None, &[][..], None),
    };
    let difference = |difference: &Difference| json!({ "member": difference.member, "expected": difference.expected, "got": difference.got });
    json!({
        "name": case.name,
        "outcome": outcome,
        "message": message,
        "differences": differences.iter().map(difference).collect::<Vec<_>>(),
        "explanation": explanation,
    })
}
