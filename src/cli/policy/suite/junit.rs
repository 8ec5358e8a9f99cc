//! What came of suites as JUnit XML, which most systems for continuous integration show.

use std::fmt::Write as _;

use super::told::Counts;
use super::{CaseResult, Difference, Outcome, SuiteError, SuiteResult};
use crate::report::Escaped;

/// The results: a `testsuite` each, a `testcase` each. A suite that could not be run is one that holds one error.
pub(in crate::cli::policy) fn junit(suites: &[SuiteResult]) -> String {
    let all = Counts::of(suites);
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<testsuites name=\"vidimus policy test\" {}>", counted(all));
    for suite in suites {
        let name = escaped(&suite.name);
        let _ = writeln!(out, "  <testsuite name=\"{name}\" {}>", counted(Counts::of([suite])));
        if let Some(SuiteError { message, findings, .. }) = &suite.error {
            let text: Vec<_> = findings.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"{}\">", escaped(&suite.file));
            element(&mut out, "error", "not-loaded", message, &text.join("\n"));
            out.push_str("    </testcase>\n");
        }
        for case in &suite.cases {
            self::case(&mut out, &name, case);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counted(Counts { passed, failed, errors }: Counts) -> String {
    let tests = passed.saturating_add(failed).saturating_add(errors);
    format!("tests=\"{tests}\" failures=\"{failed}\" errors=\"{errors}\"")
}

fn case(out: &mut String, suite: &str, case: &CaseResult) {
    let head = format!("    <testcase classname=\"{suite}\" name=\"{}\"", escaped(&case.name));
    match &case.outcome {
        Outcome::Passed => {
            let _ = writeln!(out, "{head}/>");
            return;
        }
        Outcome::Error(message) => {
            let _ = writeln!(out, "{head}>");
            element(out, "error", "not-run", message, "");
        }
        Outcome::Failed { differences, explanation } => {
            let _ = writeln!(out, "{head}>");
            let told: Vec<_> = differences
                .iter()
                .map(|Difference { member, expected, got }| format!("{member}: expected {expected}, got {got}"))
                .collect();
            let text = format!("{}\n\n{explanation}", told.join("\n"));
            element(out, "failure", "unexpected", &told.join("; "), &text);
        }
    }
    out.push_str("    </testcase>\n");
}

fn element(out: &mut String, name: &str, kind: &str, message: &str, text: &str) {
    let lines: Vec<_> = text.lines().map(escaped).collect();
    let text = lines.join("\n");
    let _ = writeln!(out, "      <{name} type=\"{kind}\" message=\"{}\">{text}</{name}>", escaped(message));
}

/// A line of text: what a terminal would act upon is escaped first, as XML cannot hold it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in Escaped(text).to_string().chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        let hostile = "\"/><x a='&amp;'>]]>\u{1b}[31m\u{0}\u{fffe}\n";
        assert_eq!(escaped(hostile), r"&quot;/&gt;&lt;x a=&apos;&amp;amp;&apos;&gt;]]&gt;\u{1b}[31m\0\u{fffe}\n");
    }
}
