//! The report that a person reads.

use std::fmt::Write as _;

use crate::policy::{Effect, Explanation, Truth};
use crate::report::json::of_a_document;
use crate::report::{Entry, Escaped, Head, ItemError, Report, Summary, rule_title};
use crate::signature::{Evidence, Outcome};

/// What is written around words to make them stand out: terminal escapes, or nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Before what is good.
    pub good: &'static str,
    /// Before what is bad.
    pub bad: &'static str,
    /// Before what is unclear.
    pub unclear: &'static str,
    /// Before what matters less.
    pub dim: &'static str,
    /// After each of them.
    pub end: &'static str,
}

/// Per image the decision and the one most useful reason, then the signatures.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextReport {
    style: Style,
}

impl TextReport {
    /// A report in `style`.
    pub fn new(style: Style) -> Self {
        Self { style }
    }

    fn signature(&self, out: &mut String, evidence: &Evidence) {
        let Style { good, bad, unclear, dim, end } = self.style;
        let color = match evidence.outcome() {
            Outcome::Verified => good,
            Outcome::Rejected(_) => bad,
            Outcome::Undecided(_) => unclear,
        };
        let code = evidence.code().as_str();
        // What was signed tells a signature from the others; where that is not known, its message has to.
        let said = match (evidence.claims(), evidence.signer()) {
            (Some(claims), Some(signer)) => match signer.signed_at() {
                Some(time) => format!("for {}, signed {}", claims.docker_reference(), time.date_naive()),
                None => format!("for {}, by {}", claims.docker_reference(), signer.described()),
            },
            _ => evidence.message(),
        };
        let notes: String = evidence.notes().iter().map(|note| format!(" [{}]", note.as_str())).collect();
        line(out, format_args!("    {color}{code:<17}{end} {}{dim}{notes}{end}", Escaped(&said)));
    }
}

impl Report for TextReport {
    fn begin(&self, _: &Head) -> String {
        String::new()
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let Style { dim, end, .. } = self.style;
        let verdict = entry.verdict;
        let decision = verdict.decision();
        let mut out = decision_text(entry, self.style);
        if let Some(rule) = decision.rule().filter(|_| of_a_document(verdict)) {
            let (title, document, pointer) = (rule_title(rule), Escaped(rule.document()), Escaped(rule.pointer()));
            line(&mut out, format_args!("  {dim}by {title}, {document} {pointer}{end}"));
            let explanation = verdict.explanation().filter(|explanation| explanation.truth != Truth::Met);
            for remedy in explanation.iter().flat_map(Explanation::remedies) {
                line(&mut out, format_args!("  would be accepted: {}", Escaped(remedy)));
            }
        }
        for evidence in verdict.evidence() {
            self.signature(&mut out, evidence);
        }
        out.push('\n');
        out
    }

    fn error(&self, error: &ItemError) -> String {
        let Style { bad, end, .. } = self.style;
        let mut out = String::new();
        line(&mut out, format_args!("{bad}ERROR{end}  {}", Escaped(&error.place)));
        line(&mut out, format_args!("  {}", Escaped(&error.message)));
        out.push('\n');
        out
    }

    fn end(&self, head: &Head, summary: &Summary) -> String {
        let Summary {
            images,
            allowed: _,
            denied: _,
            undecided_images: _,
            tolerated: _,
            warned: _,
            exempted: _,
            unsigned: _,
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
        let mut out = String::new();
        line(&mut out, format_args!("images      {images}: {}", decisions_text(summary)));
        let judged = format_args!("{verified} verified, {rejected} rejected, {undecided} undecided");
        line(&mut out, format_args!("signatures  {signatures}: {judged}"));
        if *errors > 0 {
            line(&mut out, format_args!("unreadable  {errors}"));
        }
        if *skipped > 0 {
            line(&mut out, format_args!("skipped     {skipped} objects that carry no image"));
        }
        if let Some(shard) = head.shard {
            line(&mut out, format_args!("shard       {shard}: the images of the other shards are not in this report"));
        }
        if *partial {
            line(&mut out, format_args!("partial     interrupted: what follows in the sources was not looked at"));
        }
        out
    }
}

/// What a run came to, in one line.
pub fn totals_text(summary: &Summary) -> String {
    let mut out = format!("{} images: {}", summary.images, decisions_text(summary));
    if summary.errors > 0 {
        let _ = write!(out, ", {} unreadable", summary.errors);
    }
    if summary.partial {
        out.push_str(", interrupted");
    }
    out
}

fn decisions_text(summary: &Summary) -> String {
    let Summary { allowed, denied, undecided_images, tolerated, exempted, unsigned, .. } = summary;
    let mut out = format!("{allowed} allowed, {denied} denied ({unsigned} unsigned)");
    for (count, what) in
        [(undecided_images, "undecided"), (tolerated, "allowed without meeting the policy"), (exempted, "exempt")]
    {
        if *count > 0 {
            let _ = write!(out, ", {count} {what}");
        }
    }
    out
}

/// The decision about an image and its reason, as lines.
pub(super) fn decision_text(entry: &Entry<'_>, style: Style) -> String {
    let Style { good, bad, unclear, dim, end } = style;
    let verdict = entry.verdict;
    let decision = verdict.decision();
    let (color, word) = match decision.effect() {
        Effect::Allow if decision.is_tolerated() => (unclear, "WARN "),
        Effect::Allow => (good, "ALLOW"),
        Effect::Deny => (bad, "DENY "),
        Effect::Undecided => (unclear, "UNDECIDED"),
    };
    let mut out = String::new();
    line(&mut out, format_args!("{color}{word}{end}  {}", Escaped(entry.title())));
    if let Some(carrier) = entry.carrier {
        let slash = if carrier.namespace.is_empty() { "" } else { "/" };
        let (kind, namespace, name) = (Escaped(carrier.kind), Escaped(carrier.namespace), Escaped(carrier.name));
        line(&mut out, format_args!("  {dim}{kind} {namespace}{slash}{name}{end}"));
    }
    line(&mut out, format_args!("  {}: {}", decision.code(), Escaped(decision.reason())));
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
