//! What a rule demands, in words: before there is an image, or beside it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use crate::image::{Digest, Reference};
use crate::policy::{Demand, Requirement, Rule};
use crate::report::{Escaped, Style};
use crate::signature::{
    Days, IdentityRule, KeyValidity, PayloadProfile, Signers, SigstoreKey, SigstoreTerms, Terms, TrustWindow, rfc3339,
};

/// The most things of one kind that are listed for a person.
const LISTED: usize = 20;

/// What `rule` demands of the image that is asked for by `reference`, as lines for a person, indented by `indent`
/// spaces.
pub fn demand_text(rule: &Rule, reference: Option<&Reference>, style: Style, indent: usize) -> String {
    let mut lines = Lines { rule, reference, style, out: String::new() };
    lines.requirement(rule.requirement(), indent);
    lines.out
}

struct Lines<'r> {
    rule: &'r Rule,
    reference: Option<&'r Reference>,
    style: Style,
    out: String,
}

impl Lines<'_> {
    fn requirement(&mut self, requirement: &Requirement, indent: usize) {
        let Style { dim, end, .. } = self.style;
        let (words, pointer) = (words(requirement), Escaped(requirement.pointer()));
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{:indent$}{}  {dim}{pointer}{end}", "", Escaped(&words));
        let inner = indent.saturating_add(2);
        match requirement.demand() {
            Demand::DigestIn(digests) | Demand::DigestNotIn(digests) => {
                self.list("", digests.iter().map(Digest::to_string), digests.len(), inner);
            }
            Demand::SignedBy(terms) => self.terms(terms, inner),
            Demand::SigstoreSigned(terms) => {
                let keys = terms.keys.iter().map(|key| format!("{} key {}", key.algorithm(), key.fingerprint()));
                self.list("by", keys, terms.keys.iter().count(), inner);
                if let Some(identity) = &terms.identity {
                    self.line("for", &accepted(identity, self.reference), inner);
                }
            }
            Demand::AcceptAnything
            | Demand::All(_)
            | Demand::Any(_)
            | Demand::AtLeast { .. }
            | Demand::Reject
            | Demand::Unsupported { .. } => {}
        }
        for part in requirement.parts() {
            self.requirement(part, inner);
        }
    }

    fn terms(&mut self, terms: &Terms, indent: usize) {
        match &terms.signers {
            Signers::Any => self.line("by", "any certificate that is trusted", indent),
            Signers::These(signers) => {
                let rule = self.rule;
                let names = signers.iter().map(|(certificate, window)| {
                    let name = rule.user_id(certificate).unwrap_or("a certificate without user ID");
                    format!("{name} ({certificate}){}", trusted(window))
                });
                self.list("by", names, signers.len(), indent);
            }
        }
        if let Some(identity) = &terms.identity {
            self.line("for", &accepted(identity, self.reference), indent);
        }
        if let Some(limit) = terms.max_age {
            self.line("made", &format!("not more than {} ago", Days(limit)), indent);
        }
        if let Some(after) = terms.signed_after {
            self.line("made", &format!("after {}", rfc3339(after)), indent);
        }
        if let Some(validity) = terms.key_validity {
            let when = match validity {
                KeyValidity::Now => "that was valid when it signed, and still is",
                KeyValidity::WhenSigned => "that was valid when it signed",
            };
            self.line("key", when, indent);
        }
        match terms.payload_profile {
            Some(PayloadProfile::Release) => self.line("payload", "as OpenShift's releases are signed", indent),
            Some(PayloadProfile::Containers) | None => {}
        }
    }

    fn line(&mut self, word: &str, text: &str, indent: usize) {
        let space = if word.is_empty() { "" } else { " " };
        let _ = writeln!(self.out, "{:indent$}{word}{space}{}", "", Escaped(text));
    }

    fn list(&mut self, word: &str, texts: impl Iterator<Item = String>, count: usize, indent: usize) {
        let mut word = word.to_owned();
        for text in texts.take(LISTED) {
            self.line(&word, &text, indent);
            if !word.is_empty() {
                "or".clone_into(&mut word);
            }
        }
        let more = count.saturating_sub(LISTED);
        if more > 0 {
            self.line(&word, &format!("one of {more} more"), indent);
        }
    }
}

/// A demand in words, without its parts.
fn words(requirement: &Requirement) -> String {
    match requirement.demand() {
        Demand::AcceptAnything => "any image, signed or not".to_owned(),
        Demand::All(_) => "all of these".to_owned(),
        Demand::Any(_) => "one of these".to_owned(),
        Demand::AtLeast { count, .. } if count.get() == 1 => "a signature of these".to_owned(),
        Demand::AtLeast { count, .. } => format!("signatures by {count} different signers, of these"),
        Demand::DigestIn(_) => "a manifest with one of these digests".to_owned(),
        Demand::DigestNotIn(_) => "a manifest with none of these digests".to_owned(),
        Demand::Reject => "nothing is accepted".to_owned(),
        Demand::SignedBy(_) => "a signature".to_owned(),
        Demand::SigstoreSigned(_) => "a sigstore signature".to_owned(),
        Demand::Unsupported { what } => format!("{what}, which cannot be checked yet: nothing is accepted"),
    }
}

/// Which signed reference would be accepted for an image, by which rule.
fn accepted(identity: &IdentityRule, reference: Option<&Reference>) -> String {
    match identity.wanted(reference) {
        Ok(wanted) => format!("{wanted} ({identity})"),
        Err(reason) => format!("no reference, as long as this is so: {reason} ({identity})"),
    }
}

fn trusted(window: &TrustWindow) -> String {
    let from = window.from.map_or(String::new(), |from| format!(" from {}", rfc3339(from)));
    let until = window.until.map_or(String::new(), |until| format!(" until {}", rfc3339(until)));
    if from.is_empty() && until.is_empty() { from } else { format!(", trusted{from}{until}") }
}

/// A demand for a machine.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DemandView<'r> {
    pointer: &'r str,
    name: &'static str,
    description: String,
    /// Of `atLeast`.
    count: Option<usize>,
    /// Of `digestIn` and its opposite.
    digests: Option<Vec<String>>,
    /// Of `signedBy` and `sigstoreSigned`.
    signature: Option<TermsView<'r>>,
    parts: Vec<Self>,
}

/// Under which terms a signature counts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TermsView<'r> {
    /// `null` for every certificate that is trusted.
    signers: Option<Vec<SignerView<'r>>>,
    identity: Option<IdentityView>,
    max_age_seconds: Option<i64>,
    signed_after: Option<String>,
    key_validity: Option<&'static str>,
    payload_profile: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignerView<'r> {
    certificate: String,
    user_id: Option<&'r str>,
    trusted_from: Option<String>,
    trusted_until: Option<String>,
}

#[derive(Serialize)]
struct IdentityView {
    rule: String,
    /// Which signed reference would be accepted, in words; `null` if none would.
    accepted: Option<String>,
}

impl<'r> DemandView<'r> {
    pub(super) fn of(rule: &'r Rule, requirement: &'r Requirement, reference: Option<&Reference>) -> Self {
        let (mut count, mut digests, mut signature) = (None, None, None);
        let list = |digests: &BTreeSet<Digest>| Some(digests.iter().map(Digest::to_string).collect());
        match requirement.demand() {
            Demand::AtLeast { count: signers, .. } => count = Some(signers.get()),
            Demand::DigestIn(these) | Demand::DigestNotIn(these) => digests = list(these),
            Demand::SignedBy(terms) => signature = Some(TermsView::of(rule, terms, reference)),
            Demand::SigstoreSigned(terms) => signature = Some(TermsView::of_sigstore(terms, reference)),
            Demand::AcceptAnything | Demand::All(_) | Demand::Any(_) | Demand::Reject | Demand::Unsupported { .. } => {}
        }
        Self {
            pointer: requirement.pointer(),
            name: requirement.name(),
            description: words(requirement),
            count,
            digests,
            signature,
            parts: requirement.parts().iter().map(|part| Self::of(rule, part, reference)).collect(),
        }
    }
}

impl IdentityView {
    fn of(identity: &IdentityRule, reference: Option<&Reference>) -> Self {
        let accepted = identity.wanted(reference).ok().map(|wanted| wanted.to_string());
        Self { rule: identity.to_string(), accepted }
    }
}

impl<'r> TermsView<'r> {
    /// A key has no owner and no time.
    fn of_sigstore(terms: &SigstoreTerms, reference: Option<&Reference>) -> Self {
        let signer = |key: &SigstoreKey| SignerView {
            certificate: key.fingerprint().to_string(),
            user_id: None,
            trusted_from: None,
            trusted_until: None,
        };
        Self {
            signers: Some(terms.keys.iter().map(signer).collect()),
            identity: terms.identity.as_ref().map(|identity| IdentityView::of(identity, reference)),
            max_age_seconds: None,
            signed_after: None,
            key_validity: None,
            payload_profile: None,
        }
    }

    fn of(rule: &'r Rule, terms: &'r Terms, reference: Option<&Reference>) -> Self {
        let signers = match &terms.signers {
            Signers::Any => None,
            Signers::These(signers) => Some(signers.iter().map(|(certificate, window)| SignerView {
                certificate: certificate.to_string(),
                user_id: rule.user_id(certificate),
                trusted_from: window.from.map(rfc3339),
                trusted_until: window.until.map(rfc3339),
            })),
        };
        Self {
            signers: signers.map(Iterator::collect),
            identity: terms.identity.as_ref().map(|identity| IdentityView::of(identity, reference)),
            max_age_seconds: terms.max_age.map(|limit| limit.num_seconds()),
            signed_after: terms.signed_after.map(rfc3339),
            key_validity: terms.key_validity.map(|validity| match validity {
                KeyValidity::Now => "now",
                KeyValidity::WhenSigned => "when-signed",
            }),
            payload_profile: terms.payload_profile.map(|profile| match profile {
                PayloadProfile::Containers => "containers",
                PayloadProfile::Release => "release",
            }),
        }
    }
}
