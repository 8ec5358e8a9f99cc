//! The report for systems of continuous integration: JUnit XML, a test case an image.
//!
//! A denied image is a failure, and what could not be decided or read an error. An image that the policy exempts is
//! skipped. One that is only warned of passes, as JUnit has no warnings; its output says what was found.

use std::fmt::Write as _;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::report::standing::{Standing, carrier, remedies, shown};
use crate::report::{Entry, Escaped, Head, ItemError, Report, Summary};

/// A test case an image, in one suite. The totals stand before the cases, as the format wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct JunitReport;

/// The most characters of an attribute.
const ATTRIBUTE_LIMIT: usize = 2_000;

/// The most signatures of an image that its case tells of.
const SIGNATURES_TOLD: usize = 100;

/// The class of what is no image.
const UNREADABLE: &str = "vidimus.unreadable";

impl Report for JunitReport {
    fn begin(&self, _: &Head) -> String {
        String::new()
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let decision = entry.verdict.decision();
        let result = match Standing::of(entry) {
            Standing::Allowed => None,
            Standing::Audited | Standing::Warned => Some("system-out"),
            Standing::Denied => Some("failure"),
            Standing::Exempt => Some("skipped"),
            Standing::Undecided => Some("error"),
        };
        let carrier = carrier(entry);
        let title = shown(entry.title(), ATTRIBUTE_LIMIT);
        let name = if carrier.is_empty() { title } else { format!("{title} ({})", shown(&carrier, ATTRIBUTE_LIMIT)) };
        let code = decision.code().as_str();
        case(&class(entry), &name, result, code, decision.reason(), || details(entry))
    }

    fn error(&self, error: &ItemError) -> String {
        let name = shown(&error.place, ATTRIBUTE_LIMIT);
        case(UNREADABLE, &name, Some("error"), "unreadable", &error.message, || Escaped(&error.message).to_string())
    }

    fn totals_first(&self) -> bool {
        true
    }

    fn totals(&self, head: &Head, summary: &Summary, _: u64) -> String {
        let Summary { images, denied, undecided_images, exempted, errors, partial, .. } = summary;
        let partial = u64::from(*partial);
        let tests = images.saturating_add(*errors).saturating_add(partial);
        let errors = undecided_images.saturating_add(*errors).saturating_add(partial);
        let counted = format!("tests=\"{tests}\" failures=\"{denied}\" errors=\"{errors}\"");
        let shard = head.shard.map(|shard| format!(" {shard}")).unwrap_or_default();
        let at = head.at.format("%Y-%m-%dT%H:%M:%S");
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vidimus verify\" {counted}>\n\
             <testsuite name=\"images{shard}\" {counted} skipped=\"{exempted}\" timestamp=\"{at}\">\n"
        )
    }

    fn end(&self, _: &Head, summary: &Summary) -> String {
        let mut out = String::new();
        if summary.partial {
            let reason = "interrupted: what follows in the sources was not looked at";
            out = case(UNREADABLE, "the rest of the sources", Some("error"), "partial", reason, || reason.to_owned());
        }
        out.push_str("</testsuite>\n</testsuites>\n");
        out
    }
}

/// The class by which cases are put together: the repository. Systems divide a class at its points into packages, so
/// that what is between the slashes is between points.
fn class(entry: &Entry<'_>) -> String {
    let reference = entry.verdict.subject().reference();
    reference.map_or("images".to_owned(), |reference| shown(&reference.name().replace('/', "."), ATTRIBUTE_LIMIT))
}

/// What a person wants to read of an image that did not pass.
fn details(entry: &Entry<'_>) -> String {
    let mut out = String::new();
    let decision = entry.verdict.decision();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}: {}", decision.code(), Escaped(decision.reason()));
    for evidence in entry.verdict.evidence().iter().take(SIGNATURES_TOLD) {
        let (name, message) = (shown(evidence.name(), ATTRIBUTE_LIMIT), evidence.message());
        let _ = writeln!(out, "signature {name}: {}: {}", evidence.code(), Escaped(&message));
    }
    for remedy in remedies(entry) {
        let _ = writeln!(out, "would be accepted: {}", Escaped(&remedy));
    }
    let _ = write!(out, "at {}", Escaped(entry.place));
    out
}

/// A test case; nothing in it is anything but text, and no character is one that XML cannot hold ([`Escaped`]).
fn case(
    class: &str,
    name: &str,
    result: Option<&str>,
    code: &str,
    reason: &str,
    text: impl FnOnce() -> String,
) -> String {
    let mut writer = Writer::new(Vec::new());
    let attributes = [("classname", class), ("name", name), ("time", "0")];
    let case = writer.create_element("testcase").with_attributes(attributes);
    // Writing to memory cannot fail.
    let _ = match result {
        None => case.write_empty().map(|_| ()),
        Some(result) => case
            .write_inner_content(|writer| {
                let mut element = writer.create_element(result);
                if result != "system-out" {
                    let message = shown(reason, ATTRIBUTE_LIMIT);
                    element = element.with_attributes([("type", code), ("message", message.as_str())]);
                }
                element.write_text_content(BytesText::new(&text())).map(|_| ())
            })
            .map(|_| ()),
    };
    let mut out = String::from_utf8(writer.into_inner()).unwrap_or_default();
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        let hostile = "\"/><x a='&amp;'>]]>\u{1b}[31m\u{0}\u{fffe}\u{202e}\n";
        let shown = shown(hostile, ATTRIBUTE_LIMIT);
        let text = case(&shown, &shown, Some("failure"), "code", hostile, || shown.clone());
        assert!(!text.contains("<x") && !text.contains("]]>") && !text.contains("&amp;amp;amp;"), "{text}");
        assert_eq!(text.matches('<').count(), 4, "{text}");
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text}");
        assert!(!text.contains(['\u{fffe}', '\u{202e}']), "{text}");
    }
}
