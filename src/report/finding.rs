//! How the findings about a policy are told: the line of the document with a mark below, or JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::policy::document::{Finding, Severity};
use crate::report::{Escaped, Style};

/// The most characters of a line that are shown before and after the place of a finding.
const AROUND: usize = 60;

/// A finding as lines for a person; `text` is that of its document, where it is at hand.
///
/// ```text
/// policy.json:3:7: error: member `kyePath` is unknown here; did you mean `keyPath`? (known: …)
///     "kyePath": "release.asc"
///                ^
///   unknown-member at $.default[0].kyePath
/// ```
pub fn finding_text(finding: &Finding, text: Option<&str>, style: Style) -> String {
    let Style { bad, unclear, dim, end, .. } = style;
    let (color, word) = match finding.severity() {
        Severity::Error => (bad, "error"),
        Severity::Lint => (unclear, "lint"),
    };
    let (document, line, column) = (Escaped(finding.document()), finding.line(), finding.column());
    // Writing to a string cannot fail.
    let mut out = String::new();
    let _ = writeln!(out, "{document}:{line}:{column}: {color}{word}{end}: {}", Escaped(finding.message()));
    let source = text.and_then(|text| text.lines().nth(line.saturating_sub(1)));
    if let Some((shown, mark)) = source.and_then(|source| excerpt(source, column)) {
        let _ = writeln!(out, "    {shown}\n    {:mark$}{color}^{end}", "");
    }
    let _ = writeln!(out, "  {dim}{} at {}{end}", finding.code(), Escaped(finding.path()));
    out
}

/// The part of a line around a column, fit for a terminal, and how many characters stand before the column then.
fn excerpt(line: &str, column: usize) -> Option<(String, usize)> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    // Indentation says nothing here.
    let blank = line.len().saturating_sub(line.trim_ascii_start().len());
    let place = column.saturating_sub(1);
    let start = place.saturating_sub(AROUND).max(blank.min(place));
    let part = |from: usize, to: usize| -> String {
        line.chars().skip(from).take(to.saturating_sub(from)).map(visible).collect()
    };
    let before = part(start, place);
    let cut = if start > blank { "…" } else { "" };
    let until = place.saturating_add(AROUND);
    let rest = if line.chars().nth(until).is_some() { "…" } else { "" };
    let mark = cut.chars().count().saturating_add(before.chars().count());
    Some((format!("{cut}{before}{}{rest}", part(place, until)), mark))
}

fn visible(character: char) -> String {
    if character == '\t' { " ".to_owned() } else { Escaped(character.encode_utf8(&mut [0; 4])).to_string() }
}

/// A finding for a machine.
#[derive(Serialize)]
pub(super) struct FindingView<'f> {
    code: &'static str,
    severity: &'static str,
    document: &'f str,
    path: &'f str,
    line: usize,
    column: usize,
    message: &'f str,
}

impl<'f> FindingView<'f> {
    pub(super) fn of(finding: &'f Finding) -> Self {
        Self {
            code: finding.code().as_str(),
            severity: match finding.severity() {
                Severity::Error => "error",
                Severity::Lint => "lint",
            },
            document: finding.document(),
            path: finding.path(),
            line: finding.line(),
            column: finding.column(),
            message: finding.message(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_below_its_character() {
        for (line, column, shown, mark) in [
            ("    \"a\": 5", 10, "\"a\": 5", 5),
            ("\ta: 5", 5, "a: 5", 3),
            ("a\u{1b}: 5", 5, r"a\u{1b}: 5", 9),
            ("ö: 5", 4, "ö: 5", 3),
            ("  a: 5", 1, "  a: 5", 0),
            ("a", 9, "a", 1),
        ] {
            assert_eq!(excerpt(line, column), Some((shown.to_owned(), mark)), "{line:?}");
        }
        assert_eq!(excerpt("   ", 2), None);
    }

    #[test]
    fn of_a_long_line_only_what_is_near_is_shown() {
        let line = format!("{}x{}", "a".repeat(500), "b".repeat(500));
        let (shown, mark) = excerpt(&line, 501).unwrap();
        assert_eq!(shown.chars().nth(mark), Some('x'));
        assert!(shown.starts_with("…a") && shown.ends_with("b…") && shown.chars().count() == 2 * AROUND + 2);
    }
}
