//! How it is told what governs an image, and which scopes were looked at until that was found.

use std::fmt::Write as _;

use serde::Serialize;

use crate::image::Reference;
use crate::policy::{Exemption, Governs, Lookup, Rule};
use crate::report::demand::DemandView;
use crate::report::{Escaped, Style};
use crate::signature::rfc3339;

/// What governs an image, as lines for a person, indented by `indent` spaces.
pub fn lookup_text(lookup: &Lookup, style: Style, indent: usize) -> String {
    let Style { good, bad, unclear, dim, end } = style;
    let inner = indent.saturating_add(2);
    // Writing to a string cannot fail.
    let mut out = String::new();
    if let Some((last, others)) = lookup.scopes().split_last() {
        let _ = writeln!(out, "{:indent$}scopes looked for, the most specific first:", "");
        for scope in others {
            let _ = writeln!(out, "{:inner$}{dim}{}{end}", "", Escaped(named(scope)));
        }
        let _ = writeln!(out, "{:inner$}{}", "", Escaped(named(last)));
    }
    if let Some((first, others)) = lookup.rules().split_first() {
        let _ = writeln!(out, "{:indent$}rules for this image, in the order in which they come:", "");
        let _ = writeln!(out, "{:inner$}{}", "", Escaped(first));
        for rule in others {
            let _ = writeln!(out, "{:inner$}{dim}{}{end}", "", Escaped(rule));
        }
    }
    let _ = match lookup.governs() {
        Governs::Rule(rule) => {
            let (title, document, pointer) = (rule_title(rule), Escaped(rule.document()), Escaped(rule.pointer()));
            writeln!(out, "{:indent$}{good}governed by {title}{end}, {document} {pointer}", "")
        }
        Governs::Exemption(exemption) => writeln!(
            out,
            "{:indent$}{unclear}exempt until {}{end}, {} {}: {}",
            "",
            rfc3339(exemption.expires()),
            Escaped(exemption.document()),
            Escaped(exemption.pointer()),
            Escaped(exemption.reason())
        ),
        Governs::Nothing => {
            writeln!(out, "{:indent$}{bad}governed by nothing{end}: no rule is for this image, which is denied", "")
        }
        Governs::Unknown { code, missing } => {
            writeln!(out, "{:indent$}{unclear}{code}{end}: the policy cannot be looked up without {missing}", "")
        }
    };
    out
}

/// What a person would call a rule, fit for a terminal: by its scope, its name, or both.
pub fn rule_title(rule: &Rule) -> String {
    let (name, scope) = (Escaped(rule.name()), Escaped(rule.scope()));
    match (rule.name(), rule.scope()) {
        ("", "") => "the default".to_owned(),
        ("", _) => format!("scope {scope}"),
        (_, "") => format!("rule {name}"),
        (..) => format!("rule {name} ({scope})"),
    }
}

fn named(scope: &str) -> &str {
    if scope.is_empty() { "(the default of the transport)" } else { scope }
}

/// What governs an image, for a machine.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LookupView<'l> {
    scopes: &'l [String],
    rules: &'l [String],
    outcome: &'static str,
    /// Where nothing can be told, the code that says why.
    code: Option<&'static str>,
    rule: Option<RuleView<'l>>,
    exemption: Option<ExemptionView<'l>>,
    demand: Option<DemandView<'l>>,
}

impl<'l> LookupView<'l> {
    pub(super) fn of(lookup: &'l Lookup, reference: Option<&Reference>) -> Self {
        let mut view = Self {
            scopes: lookup.scopes(),
            rules: lookup.rules(),
            outcome: "nothing",
            code: None,
            rule: None,
            exemption: None,
            demand: None,
        };
        match lookup.governs() {
            Governs::Rule(rule) => {
                view.outcome = "rule";
                view.rule = Some(RuleView::of(rule));
                view.demand = Some(DemandView::of(rule, rule.requirement(), reference));
            }
            Governs::Exemption(exemption) => {
                view.outcome = "exemption";
                view.exemption = Some(ExemptionView::of(exemption));
            }
            Governs::Nothing => {}
            Governs::Unknown { code, .. } => {
                view.outcome = "unknown";
                view.code = Some(code.as_str());
            }
        }
        view
    }
}

/// The rule of a policy that governs an image.
#[derive(Serialize)]
pub(super) struct RuleView<'a> {
    name: Option<&'a str>,
    document: &'a str,
    pointer: &'a str,
    scope: &'a str,
    mode: &'static str,
}

impl<'a> RuleView<'a> {
    pub(super) fn of(rule: &'a Rule) -> Self {
        Self {
            name: (!rule.name().is_empty()).then(|| rule.name()),
            document: rule.document(),
            pointer: rule.pointer(),
            scope: rule.scope(),
            mode: rule.mode().as_str(),
        }
    }
}

/// Why an image may run though nobody vouches for it.
#[derive(Serialize)]
pub(super) struct ExemptionView<'a> {
    document: &'a str,
    pointer: &'a str,
    reason: &'a str,
    expires: String,
}

impl<'a> ExemptionView<'a> {
    pub(super) fn of(exemption: &'a Exemption) -> Self {
        Self {
            document: exemption.document(),
            pointer: exemption.pointer(),
            reason: exemption.reason(),
            expires: rfc3339(exemption.expires()),
        }
    }
}
