//! The report for a spreadsheet: RFC 4180, one row a signature.
//!
//! A row tells of the image too, so that it can be filtered and counted by itself: where `signature` is 0 or 1 there is
//! one row for each image. An item that could not be read has a row with the decision `Error`, and an interrupted run a
//! last one with `Partial`, as a table that ends early looks like one that is whole.

use ::csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::policy::Rule;
use crate::report::json::of_a_document;
use crate::report::standing::{Standing, object, shown};
use crate::report::{Entry, Head, ItemError, Report, Summary};
use crate::signature::{Evidence, Outcome, rfc3339};

/// One row a signature, and one for an image without any.
#[derive(Clone, Copy, Debug, Default)]
pub struct CsvReport;

/// The columns. New ones come last.
const COLUMNS: [&str; IMAGE_COLUMNS + SIGNATURE_COLUMNS] = [
    "item",
    "place",
    "kind",
    "namespace",
    "object",
    "image",
    "reference",
    "decision",
    "standing",
    "code",
    "reason",
    "rule",
    "document",
    "pointer",
    "mode",
    "signature",
    "signature name",
    "outcome",
    "signature code",
    "message",
    "signer",
    "fingerprint",
    "key",
    "signed at",
    "signed reference",
    "signed digest",
    "notes",
];

/// The most characters of a cell: a spreadsheet takes 32,767.
const CELL_LIMIT: usize = 32_000;

/// How many columns tell of the image; those behind them tell of a signature.
const IMAGE_COLUMNS: usize = 15;
const SIGNATURE_COLUMNS: usize = 12;

impl Report for CsvReport {
    fn begin(&self, _: &Head) -> String {
        rows([COLUMNS.map(str::to_owned).to_vec()])
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let image = image(entry);
        let evidence = entry.verdict.evidence();
        if evidence.is_empty() {
            return rows([padded([&image[..], &["0".to_owned()]].concat())]);
        }
        let row = |(number, evidence)| [&image[..], &signature(number, evidence)].concat();
        rows((1_usize..).zip(evidence).map(row))
    }

    fn error(&self, error: &ItemError) -> String {
        rows([told(error.item.to_string(), error.place.clone(), "Error", error.message.clone())])
    }

    fn end(&self, _: &Head, summary: &Summary) -> String {
        if !summary.partial {
            return String::new();
        }
        let reason = "interrupted: what follows in the sources was not looked at".to_owned();
        rows([told(String::new(), String::new(), "Partial", reason)])
    }
}

/// A row that is about no image.
fn told(item: String, place: String, decision: &str, reason: String) -> Vec<String> {
    let mut row = padded(vec![item, place]);
    for (column, cell) in COLUMNS.iter().zip(&mut row) {
        match *column {
            "decision" => decision.clone_into(cell),
            "reason" => reason.clone_into(cell),
            _ => {}
        }
    }
    row
}

fn padded(mut row: Vec<String>) -> Vec<String> {
    row.resize(COLUMNS.len(), String::new());
    row
}

fn image(entry: &Entry<'_>) -> [String; IMAGE_COLUMNS] {
    let (verdict, decision) = (entry.verdict, entry.verdict.decision());
    let rule = decision.rule().filter(|_| of_a_document(verdict));
    let of_rule = |text: fn(&Rule) -> &str| rule.map(text).unwrap_or_default().to_owned();
    let [kind, namespace, name] = object(entry);
    [
        entry.item.to_string(),
        entry.place.to_owned(),
        kind.to_owned(),
        namespace.to_owned(),
        name.to_owned(),
        verdict.name().to_owned(),
        verdict.docker_image_reference().to_owned(),
        decision.effect().to_string(),
        Standing::of(entry).as_str().to_owned(),
        decision.code().to_string(),
        decision.reason().to_owned(),
        of_rule(|rule| if rule.name().is_empty() { rule.scope() } else { rule.name() }),
        of_rule(Rule::document),
        of_rule(Rule::pointer),
        of_rule(|rule| rule.mode().as_str()),
    ]
}

fn signature(number: usize, evidence: &Evidence) -> [String; SIGNATURE_COLUMNS] {
    let (signer, claims) = (evidence.signer(), evidence.claims());
    let notes: Vec<_> = evidence.notes().iter().map(|note| note.as_str()).collect();
    [
        number.to_string(),
        evidence.name().to_owned(),
        match evidence.outcome() {
            Outcome::Verified => "verified",
            Outcome::Rejected(_) => "rejected",
            Outcome::Undecided(_) => "undecided",
        }
        .to_owned(),
        evidence.code().to_string(),
        evidence.message(),
        signer.and_then(|signer| signer.user_id()).unwrap_or_default().to_owned(),
        signer.map(|signer| signer.certificate().to_string()).unwrap_or_default(),
        signer.map(|signer| signer.key().to_string()).unwrap_or_default(),
        signer.and_then(|signer| signer.signed_at()).map(rfc3339).unwrap_or_default(),
        claims.map(|claims| claims.docker_reference()).unwrap_or_default().to_owned(),
        claims.map(|claims| claims.manifest_digest().to_string()).unwrap_or_default(),
        notes.join(" "),
    ]
}

fn rows(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut builder = WriterBuilder::new();
    let builder = builder.terminator(Terminator::CRLF).quote_style(QuoteStyle::Always);
    let mut writer = builder.from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail, and all rows are of one length.
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A text that no spreadsheet takes for a formula, nor for more than one cell.
///
/// OWASP: a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe before it, and so
/// does what would begin a cell if somebody's spreadsheet divided cells at a semicolon or a comma whatever the quotes.
/// Tabs, returns and other characters that are not visible are written as escapes.
fn harmless(text: &str) -> String {
    let mut out = String::new();
    let mut begins = true;
    for character in shown(text, CELL_LIMIT).chars() {
        match character {
            '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' if begins => {
                out.push('\'');
                begins = false;
            }
            ',' | ';' => begins = true,
            ' ' | '"' => {}
            _ => begins = false,
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        for (text, expected) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", " '=1"),
            ("\"=1", "\"'=1"),
            ("\t=1", "\\t=1"),
            ("\r=1", "\\r=1"),
            ("\n=1", "\\n=1"),
            ("＝1", "'＝1"),
            ("a;=1", "a;'=1"),
            ("a,\"=1", "a,\"'=1"),
            ("a;b=1", "a;b=1"),
            ("registry.example.com/a-b@sha256:12", "registry.example.com/a-b@sha256:12"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_is_quoted_as_the_standard_says() {
        let row = told("1".into(), "a\"b".into(), "Error", "x\r\ny".into());
        let text = rows([row.clone()]);
        assert!(text.starts_with("\"1\",\"a\"\"b\",\"\"") && text.ends_with("\"\"\r\n"), "{text}");
        assert_eq!(row.len(), COLUMNS.len());
        assert_eq!(text.matches("\r\n").count(), 1);
    }

    #[test]
    fn a_cell_is_bounded() {
        assert_eq!(harmless(&"a".repeat(1 << 20)).chars().count(), CELL_LIMIT + 1);
    }
}
