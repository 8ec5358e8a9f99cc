//! How a decision is explained: the demands of the rule that governs an image, and what came of each.

use std::fmt::Write as _;

use serde::Serialize;

use crate::policy::{Explanation, Governs, Lookup, Truth};
use crate::report::text::decision_text;
use crate::report::{Entry, Escaped, Style, lookup_text};
use crate::signature::Code;

/// The decision about an image in full, as lines for a person: what governs it, and what came of each demand.
pub fn explained_text(entry: &Entry<'_>, lookup: &Lookup, style: Style) -> String {
    let mut out = decision_text(entry, style);
    // Where nothing was looked for, the reason has said why.
    if !(lookup.scopes().is_empty() && lookup.rules().is_empty() && matches!(lookup.governs(), Governs::Unknown { .. }))
    {
        out.push_str(&lookup_text(lookup, style, 2));
    }
    if let Some(explanation) = entry.verdict.explanation() {
        out.push_str(&explanation_text(&explanation, style, 2));
    }
    out
}

/// The explanation as lines for a person, indented by `indent` spaces.
pub fn explanation_text(explanation: &Explanation<'_>, style: Style, indent: usize) -> String {
    let Style { good, bad, unclear, dim, end } = style;
    let color = match explanation.truth {
        Truth::Met => good,
        Truth::Unknown => unclear,
        Truth::Unmet => bad,
    };
    let (word, name, pointer) = (explanation.truth.as_str(), explanation.name, Escaped(explanation.pointer));
    // Writing to a string cannot fail.
    let mut out = String::new();
    let _ = writeln!(out, "{:indent$}{color}{word:<7}{end} {name}  {dim}{pointer}{end}", "");
    let inner = indent.saturating_add(2);
    for signature in &explanation.signatures {
        let color = if signature.code == Code::Verified { good } else { bad };
        let (code, message) = (signature.code.as_str(), Escaped(&signature.message));
        let _ = writeln!(out, "{:inner$}{color}{code:<17}{end} {message}", "");
    }
    for part in &explanation.parts {
        out.push_str(&explanation_text(part, style, inner));
    }
    for remedy in &explanation.would_satisfy {
        let _ = writeln!(out, "{:inner$}would be accepted: {}", "", Escaped(remedy));
    }
    out
}

/// The explanation for a machine.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExplanationView<'a> {
    pointer: &'a str,
    name: &'static str,
    outcome: &'static str,
    signatures: Vec<CountedView<'a>>,
    would_satisfy: Vec<String>,
    parts: Vec<Self>,
}

/// Whether a signature counts for a demand.
#[derive(Serialize)]
struct CountedView<'a> {
    name: &'a str,
    code: Code,
    message: String,
}

impl<'a> ExplanationView<'a> {
    pub(super) fn of(explanation: Explanation<'a>) -> Self {
        let counted = explanation.signatures.into_iter();
        Self {
            pointer: explanation.pointer,
            name: explanation.name,
            outcome: explanation.truth.as_str(),
            signatures: counted
                .map(|one| CountedView { name: one.name, code: one.code, message: one.message })
                .collect(),
            would_satisfy: explanation.would_satisfy,
            parts: explanation.parts.into_iter().map(Self::of).collect(),
        }
    }
}
