//! What reports tell all together: images by decision and reason, by registry and repository, and by signer.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::image::Reference;
use crate::policy::Effect;
use crate::report::json::{API_VERSION, json};
use crate::report::merge::{MergeError, add, whole};
use crate::report::written::{WrittenFacts, WrittenRun};
use crate::report::{Escaped, Report as _, Style, Summary, TextReport};
use crate::signature::{Code, rfc3339};

/// The most registries, repositories and signers, of each, that are told apart. What comes behind them is counted as
/// `others`.
pub const TOLD_APART: usize = 10_000;

/// The most lines of a table for a person.
const LINES: usize = 20;

/// What images come to, counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    reasons: BTreeMap<(&'static str, Code), u64>,
    registries: Table,
    repositories: Table,
    signers: Table,
}

impl Totals {
    /// Counts an image.
    pub fn count(&mut self, image: &WrittenFacts) {
        let decision = match image.decision {
            Effect::Allow if image.tolerated => "Tolerated",
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
            Effect::Undecided => "Undecided",
        };
        increase(self.reasons.entry((decision, image.code)).or_default());
        let reference = Reference::parse_normalized(&image.docker_image_reference).ok();
        let (registry, repository) = reference.as_ref().map_or(("", ""), |found| (found.domain(), found.name()));
        self.registries.row(registry, || None).count(image);
        self.repositories.row(repository, || None).count(image);
        for signer in &image.signers {
            self.signers.row(&signer.fingerprint, || signer.user_id.clone()).count(image);
        }
    }

    /// The totals as lines for a person; `run` is what the reports tell of the whole.
    pub fn text(&self, reports: usize, run: &WrittenRun, style: Style) -> String {
        let Style { dim, end, .. } = style;
        let at = rfc3339(run.head.at);
        let mut out =
            format!("reports     {reports}, judged as of {at}{}\n", if reports == 1 { "" } else { " or later" });
        out.push_str(&TextReport::new(style).end(&run.head, &run.summary));
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(reason, count)| (Reverse(**count), **reason));
        if !reasons.is_empty() {
            out.push_str("\nreasons\n");
        }
        for ((decision, code), count) in reasons {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {count:>9}  {decision:<9}  {}", code.as_str());
        }
        for (title, empty, table) in [
            ("registries", "(no valid reference)", &self.registries),
            ("repositories", "(no valid reference)", &self.repositories),
            ("signers", "", &self.signers),
        ] {
            table.text(title, empty, &mut out, (dim, end));
        }
        out
    }

    /// The totals as a JSON document, as `docs/report.schema.json` describes it.
    pub fn json(&self, reports: usize, run: &WrittenRun) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Document<'a> {
            api_version: &'static str,
            kind: &'static str,
            reports: usize,
            at: String,
            summary: &'a Summary,
            reasons: Vec<Reason>,
            registries: Vec<NamedRow<'a>>,
            repositories: Vec<NamedRow<'a>>,
            signers: Vec<SignerRow<'a>>,
            others: Others<'a>,
        }
        #[derive(Serialize)]
        struct Reason {
            decision: &'static str,
            code: Code,
            images: u64,
        }
        #[derive(Serialize)]
        struct NamedRow<'a> {
            name: &'a str,
            #[serde(flatten)]
            counts: &'a Counts,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct SignerRow<'a> {
            fingerprint: &'a str,
            user_id: Option<&'a str>,
            images: u64,
        }
        #[derive(Serialize)]
        struct Others<'a> {
            registries: &'a Counts,
            repositories: &'a Counts,
            signers: u64,
        }
        fn named(table: &Table) -> Vec<NamedRow<'_>> {
            table.rows.iter().map(|(name, row)| NamedRow { name, counts: &row.counts }).collect()
        }
        let reason = |(&(decision, code), &images): (&(&'static str, Code), &u64)| Reason { decision, code, images };
        let document = Document {
            api_version: API_VERSION,
            kind: "ReportSummary",
            reports,
            at: rfc3339(run.head.at),
            summary: &run.summary,
            reasons: self.reasons.iter().map(reason).collect(),
            registries: named(&self.registries),
            repositories: named(&self.repositories),
            signers: self
                .signers
                .rows
                .iter()
                .map(|(fingerprint, row)| SignerRow {
                    fingerprint,
                    user_id: row.title.as_deref(),
                    images: row.counts.images,
                })
                .collect(),
            others: Others {
                registries: &self.registries.others.counts,
                repositories: &self.repositories.others.counts,
                signers: self.signers.others.counts.images,
            },
        };
        format!("{}\n", json(&document))
    }
}

/// What is told of several runs, or of the shards of one.
///
/// Reports about shards are those of one run, as in [`whole`], of which shards may be missing; otherwise each report is
/// of a run of its own, and everything is added up.
///
/// # Errors
///
/// A [`MergeError`] where shards do not belong together, or stand beside reports about all images.
pub fn together(parts: &[(&str, &WrittenRun)]) -> Result<WrittenRun, MergeError> {
    match whole(parts, true) {
        Err(MergeError::Several { first, .. }) => {
            if let Some((shard, _)) = parts.iter().find(|(_, part)| part.head.shard.is_some()) {
                return Err(MergeError::Mixed { shard: (*shard).to_owned(), whole: first });
            }
        }
        outcome => return outcome,
    }
    let Some((_, first)) = parts.first() else { return Err(MergeError::Nothing) };
    let mut run = WrittenRun { head: first.head, summary: Summary::default() };
    for (_, part) in parts {
        let Summary { errors, skipped, .. } = run.summary;
        add(&mut run.summary, &part.summary);
        run.summary.errors = errors.saturating_add(part.summary.errors);
        run.summary.skipped = skipped.saturating_add(part.summary.skipped);
        run.head.at = run.head.at.min(part.head.at);
    }
    Ok(run)
}

/// Images by something that they have in common.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Table {
    rows: BTreeMap<String, Row>,
    others: Row,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Row {
    title: Option<String>,
    counts: Counts,
}

/// Images, and what was decided about them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
struct Counts {
    images: u64,
    allowed: u64,
    denied: u64,
    undecided: u64,
    unsigned: u64,
}

impl Row {
    fn count(&mut self, image: &WrittenFacts) {
        increase(&mut self.counts.images);
        increase(match image.decision {
            Effect::Allow => &mut self.counts.allowed,
            Effect::Deny => &mut self.counts.denied,
            Effect::Undecided => &mut self.counts.undecided,
        });
        if image.unsigned {
            increase(&mut self.counts.unsigned);
        }
    }
}

impl Table {
    fn row(&mut self, name: &str, title: impl FnOnce() -> Option<String>) -> &mut Row {
        if !self.rows.contains_key(name) {
            if self.rows.len() >= TOLD_APART {
                return &mut self.others;
            }
            self.rows.insert(name.to_owned(), Row { title: title(), ..Row::default() });
        }
        self.rows.get_mut(name).unwrap_or(&mut self.others)
    }

    /// The rows with the most that is not allowed, and of those with as many the ones with the most images.
    fn text(&self, title: &str, empty: &str, out: &mut String, (dim, end): (&str, &str)) {
        if self.rows.is_empty() {
            return;
        }
        let mut rows: Vec<_> = self.rows.iter().collect();
        let rank = |counts: &Counts| Reverse((counts.denied.saturating_add(counts.undecided), counts.images));
        rows.sort_by_key(|(name, row)| (rank(&row.counts), *name));
        let _ = writeln!(out, "\n{title:<12} {dim}   images  allowed   denied  undecided  unsigned{end}");
        for (name, row) in rows.iter().take(LINES) {
            let Counts { images, allowed, denied, undecided, unsigned } = row.counts;
            let name = if name.is_empty() { empty } else { name };
            let title = row.title.as_deref().map(|title| format!("  {}", Escaped(title))).unwrap_or_default();
            let figures = format!("{images:>9}{allowed:>9}{denied:>9}{undecided:>11}{unsigned:>10}");
            let _ = writeln!(out, "             {figures}  {}{title}", Escaped(name));
        }
        let more = rows.len().saturating_sub(LINES);
        if more > 0 {
            let _ = writeln!(out, "             and {more} more {title}: `--output json` tells of them");
        }
        if self.others.counts.images > 0 {
            let _ = writeln!(out, "             and others, with {} images", self.others.counts.images);
        }
    }
}

fn increase(count: &mut u64) {
    *count = count.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Head;

    fn image(reference: &str, decision: Effect) -> WrittenFacts {
        WrittenFacts {
            name: String::new(),
            docker_image_reference: reference.to_owned(),
            carrier: None,
            place: String::new(),
            decision,
            code: Code::Verified,
            reason: String::new(),
            tolerated: false,
            mode: None,
            unsigned: false,
            signers: Vec::new(),
        }
    }

    #[test]
    fn what_is_told_apart_is_bounded_and_nothing_is_lost() {
        let mut totals = Totals::default();
        for number in 0..TOLD_APART + 7 {
            totals.count(&image(&format!("registry.example.com/a/{number}:1"), Effect::Deny));
        }
        totals.count(&image("registry.example.com/a/3", Effect::Allow));
        assert_eq!(totals.repositories.rows.len(), TOLD_APART);
        assert_eq!(totals.repositories.others.counts.denied, 7);
        let counts = totals.repositories.rows["registry.example.com/a/3"].counts;
        assert_eq!(counts, Counts { images: 2, allowed: 1, denied: 1, ..Counts::default() });
        assert_eq!(totals.registries.rows.len(), 1);
    }

    #[test]
    fn shards_are_of_one_run_and_runs_are_added_up() {
        let run = |shard: &str, errors| WrittenRun {
            head: Head { shard: shard.parse().ok(), ..Head::new("2026-06-01T00:00:00Z".parse().unwrap()) },
            summary: Summary { images: 3, errors, ..Summary::default() },
        };
        let sums = |parts: &[&WrittenRun]| {
            let parts: Vec<_> = parts.iter().map(|part| ("name", *part)).collect();
            together(&parts).map(|run| (run.summary.images, run.summary.errors, run.summary.partial))
        };
        assert_eq!(sums(&[&run("", 1), &run("", 2)]), Ok((6, 3, false)));
        assert_eq!(sums(&[&run("0/2", 2), &run("1/2", 2)]), Ok((6, 2, false)));
        assert_eq!(sums(&[&run("0/2", 2)]), Ok((3, 2, true)));
        assert!(matches!(sums(&[&run("0/2", 2), &run("0/2", 2)]), Err(MergeError::Twice { .. })));
        assert!(matches!(sums(&[&run("0/2", 2), &run("", 2)]), Err(MergeError::Mixed { .. })));
        assert!(matches!(sums(&[&run("", 2), &run("", 2), &run("0/2", 2)]), Err(MergeError::Mixed { .. })));
        assert_eq!(sums(&[]), Err(MergeError::Nothing));
    }
}
