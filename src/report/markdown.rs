//! The report for the page of a pipeline, such as `$GITHUB_STEP_SUMMARY`: Markdown with totals and, below, a table of
//! what wants attention.
//!
//! Every text of an input stands in a code span, where no markup, link, mention or HTML is anything but text; the two
//! characters that could end a span or a cell, and those that are not visible, are written as escapes.

use crate::report::standing::{Standing, carrier, remedies, shown};
use crate::report::{Entry, Head, ItemError, Report, Summary};
use crate::signature::rfc3339;

/// Totals, and a row for each image that wants attention, as many as fit.
#[derive(Clone, Copy, Debug, Default)]
pub struct MarkdownReport;

/// How many bytes the rows may have: GitHub takes 1 MiB for one step, all in all.
pub const MARKDOWN_ROOM: usize = 900 << 10;

/// The most characters of a text in a cell.
const TEXT_LIMIT: usize = 400;

/// The most remedies of an image that are told.
const REMEDIES_TOLD: usize = 5;

impl Report for MarkdownReport {
    fn begin(&self, _: &Head) -> String {
        String::new()
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let standing = Standing::of(entry);
        if !standing.wants_attention() {
            return String::new();
        }
        let decision = entry.verdict.decision();
        let carrier = Some(carrier(entry)).filter(|carrier| !carrier.is_empty());
        let image = format!(
            "{}{}",
            span(entry.title()),
            carrier.map(|text| format!("<br>{}", span(&text))).unwrap_or_default()
        );
        let reason = format!("{}<br>{}", span(decision.code().as_str()), span(decision.reason()));
        let mut remedies = remedies(entry);
        let more = remedies.len().saturating_sub(REMEDIES_TOLD);
        remedies.truncate(REMEDIES_TOLD);
        let mut accepted: Vec<_> = remedies.iter().map(|remedy| span(remedy)).collect();
        if more > 0 {
            accepted.push(format!("{more} more"));
        }
        row(&[standing.as_str(), &image, &reason, &accepted.join("<br>")])
    }

    fn error(&self, error: &ItemError) -> String {
        row(&["unreadable", &span(&error.place), &span(&error.message), ""])
    }

    fn room(&self) -> Option<usize> {
        Some(MARKDOWN_ROOM)
    }

    fn totals_first(&self) -> bool {
        true
    }

    fn totals(&self, head: &Head, summary: &Summary, left_out: u64) -> String {
        let Summary {
            images,
            allowed,
            denied,
            undecided_images,
            tolerated,
            warned: _,
            exempted,
            unsigned,
            signatures,
            verified,
            rejected,
            undecided,
            errors,
            skipped,
            codes: _,
            partial,
            listed: _,
            inventory: _,
        } = summary;
        let mut out = "## Image signatures\n\n".to_owned();
        if *partial {
            out.push_str("**Interrupted: what follows in the sources was not looked at.**\n\n");
        }
        out.push_str("| images | allowed | denied | undecided | unreadable |\n| --: | --: | --: | --: | --: |\n");
        out.push_str(&format!("| {images} | {allowed} | {denied} | {undecided_images} | {errors} |\n\n"));
        let mut told = vec![
            format!("Images without a signature: {unsigned}."),
            format!(
                "Signatures: {signatures}, of which {verified} verified, {rejected} rejected, {undecided} undecided."
            ),
            format!("Judged as of {}.", rfc3339(head.at)),
        ];
        for (count, what) in [
            (tolerated, "images are allowed without meeting the policy."),
            (exempted, "images are exempt."),
            (skipped, "objects carry no image."),
        ] {
            if *count > 0 {
                told.push(format!("{count} {what}"));
            }
        }
        if let Some(shard) = head.shard {
            told.push(format!("This is shard {shard}: the images of the others are not in here."));
        }
        out.push_str(&format!("{}\n", told.join(" ")));
        let wanting = [denied, undecided_images, tolerated, errors];
        let wanting = wanting.into_iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
        if wanting == 0 {
            return out;
        }
        if left_out > 0 {
            out.push_str(&format!(
                "\n**{left_out} of the {wanting} that want attention are left out below, for want of room.**\n"
            ));
        }
        out.push_str("\n| | image | reason | would be accepted |\n| --- | --- | --- | --- |\n");
        out
    }

    fn end(&self, _: &Head, _: &Summary) -> String {
        String::new()
    }
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Somebody else's text as a code span.
fn span(text: &str) -> String {
    let mut out = "`".to_owned();
    for character in shown(text, TEXT_LIMIT).chars() {
        match character {
            '`' => out.push_str(r"\u{60}"),
            '|' => out.push_str(r"\u{7c}"),
            _ => out.push(character),
        }
    }
    if out.len() == 1 {
        out.push('–');
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_in_its_span() {
        let hostile = "`|<script>\n[a](b)\u{202e}\u{1b}";
        assert_eq!(span(hostile), r"`\u{60}\u{7c}<script>\n[a](b)\u{202e}\u{1b}`");
        assert_eq!(span(""), "`–`");
        assert_eq!(span(&"a".repeat(1 << 20)).chars().count(), TEXT_LIMIT + 3);
    }
}
