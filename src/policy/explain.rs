//! A decision in full: each demand, what came of it, each signature's reason, and what would meet what is not met.

use std::collections::BTreeSet;

use crate::image::quote::Escaped;
use crate::policy::decision::Decision;
use crate::policy::evaluate::{Outcome, Truth};
use crate::policy::{Demand, Requirement, Rule};
use crate::signature::{
    Code, Days, Evidence, Fingerprint, IdentityRule, Signers, SigstoreKey, SigstoreTerms, Subject, Terms, Unfit,
    rfc3339,
};

/// The most signers that a sentence names.
const NAMED_SIGNERS: usize = 4;

/// A demand of a policy and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation<'v> {
    /// Where the demand stands in its document: `$.default[0]`.
    pub pointer: &'v str,
    /// The name of the demand in a policy: `signedBy`.
    pub name: &'static str,
    /// Whether it is met.
    pub truth: Truth,
    /// For a demand of signatures: what came of each signature of the image, in the order of the object.
    pub signatures: Vec<Counted<'v>>,
    /// What would meet the demand, as sentences; empty where it is met, and where nothing would.
    pub would_satisfy: Vec<String>,
    /// The demands that this one is made of.
    pub parts: Vec<Self>,
}

impl Explanation<'_> {
    /// What would meet the demand or, failing that, its parts that are not met.
    pub fn remedies(&self) -> Vec<&str> {
        if !self.would_satisfy.is_empty() {
            return self.would_satisfy.iter().map(String::as_str).collect();
        }
        let unmet = self.parts.iter().filter(|part| part.truth != Truth::Met);
        unmet.flat_map(Self::remedies).collect()
    }
}

/// Whether a signature counts for a demand, and why not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted<'v> {
    /// The name of the signature record, as the object gives it.
    pub name: &'v str,
    /// [`Code::Verified`] if it counts.
    pub code: Code,
    /// The reason, as a sentence.
    pub message: String,
}

impl Decision {
    /// The decision in full, if a rule governs the image. `subject` and `evidence` are those that it was made from.
    pub(crate) fn explain<'v>(&'v self, subject: &Subject, evidence: &'v [Evidence]) -> Option<Explanation<'v>> {
        let (rule, outcome) = self.outcome()?;
        Some(explain(rule, rule.requirement(), outcome, subject, evidence))
    }
}

fn explain<'v>(
    rule: &Rule,
    requirement: &'v Requirement,
    outcome: &Outcome,
    subject: &Subject,
    evidence: &'v [Evidence],
) -> Explanation<'v> {
    let parts: Vec<_> = requirement.parts().iter().zip(&outcome.parts).collect();
    Explanation {
        pointer: requirement.pointer(),
        name: requirement.name(),
        truth: outcome.truth,
        signatures: outcome
            .signatures
            .iter()
            .zip(evidence)
            .map(|(judged, evidence)| counted(judged, evidence))
            .collect(),
        would_satisfy: if outcome.truth == Truth::Met {
            Vec::new()
        } else {
            would_satisfy(rule, requirement, outcome, subject, evidence)
        },
        parts: parts.into_iter().map(|(part, outcome)| explain(rule, part, outcome, subject, evidence)).collect(),
    }
}

fn counted<'v>(judged: &Result<(), Unfit>, evidence: &'v Evidence) -> Counted<'v> {
    let (code, message) = match judged {
        Ok(()) => (Code::Verified, evidence.message()),
        Err(unfit) => (unfit.code(), unfit.message()),
    };
    Counted { name: evidence.name(), code, message }
}

/// What would meet a demand by itself; that of its parts is told with them.
fn would_satisfy(
    rule: &Rule,
    requirement: &Requirement,
    outcome: &Outcome,
    subject: &Subject,
    evidence: &[Evidence],
) -> Vec<String> {
    match requirement.demand() {
        Demand::SignedBy(terms) => vec![signature(rule, terms, subject)],
        Demand::SigstoreSigned(terms) => vec![sigstore_signature(rule, terms, subject)],
        Demand::AtLeast { count, .. } => {
            let missing = count.get().saturating_sub(outcome.signers);
            vec![more_signers(rule, requirement, outcome, evidence, missing)]
        }
        Demand::DigestIn(_) => vec!["the digest of the image in the list".to_owned()],
        Demand::DigestNotIn(_) => vec!["an image whose digest is not in the list".to_owned()],
        Demand::AcceptAnything | Demand::All(_) | Demand::Any(_) | Demand::Reject | Demand::Unsupported { .. } => {
            Vec::new()
        }
    }
}

/// The signature that would be accepted.
fn signature(rule: &Rule, terms: &Terms, subject: &Subject) -> String {
    let by = match &terms.signers {
        Signers::Any => "any trusted signer".to_owned(),
        Signers::These(signers) => one_of(rule, signers.keys()),
    };
    let wanted = match wanted(terms.identity.as_ref(), subject) {
        Ok(wanted) => wanted,
        Err(none) => return none,
    };
    let mut text = format!("a signature by {by} for {wanted}");
    if let Some(limit) = terms.max_age {
        text.push_str(&format!(", not older than {}", Days(limit)));
    }
    if let Some(after) = terms.signed_after {
        text.push_str(&format!(", made after {}", rfc3339(after)));
    }
    text
}

fn sigstore_signature(rule: &Rule, terms: &SigstoreTerms, subject: &Subject) -> String {
    match wanted(terms.identity.as_ref(), subject) {
        Ok(wanted) => {
            let keys = one_of(rule, terms.keys.iter().map(SigstoreKey::fingerprint));
            format!("a sigstore signature by the key {keys} for {wanted}")
        }
        Err(none) => none,
    }
}

/// What must be signed; an error is the sentence that nothing will do.
fn wanted(identity: Option<&IdentityRule>, subject: &Subject) -> Result<String, String> {
    match identity.map(|identity| identity.wanted(subject.reference())) {
        Some(Ok(wanted)) => Ok(wanted.to_string()),
        Some(Err(reason)) => Err(format!("no signature, as long as this is so: {reason}")),
        None => Ok("this image".to_owned()),
    }
}

/// The signers that are still missing.
fn more_signers(
    rule: &Rule,
    requirement: &Requirement,
    outcome: &Outcome,
    evidence: &[Evidence],
    missing: usize,
) -> String {
    let counted: BTreeSet<_> = outcome
        .parts
        .iter()
        .flat_map(|part| part.signatures.iter().zip(evidence))
        .filter(|(judged, _)| judged.is_ok())
        .filter_map(|(_, evidence)| Some(evidence.signer()?.certificate()))
        .collect();
    let mut any = false;
    let mut others = BTreeSet::new();
    for part in requirement.parts() {
        match part.demand() {
            Demand::SignedBy(Terms { signers: Signers::These(signers), .. }) => {
                others.extend(signers.keys().filter(|signer| !counted.contains(signer)));
            }
            Demand::SigstoreSigned(terms) => {
                others.extend(terms.keys.iter().map(SigstoreKey::fingerprint).filter(|key| !counted.contains(key)));
            }
            Demand::AcceptAnything
            | Demand::All(_)
            | Demand::Any(_)
            | Demand::AtLeast { .. }
            | Demand::DigestIn(_)
            | Demand::DigestNotIn(_)
            | Demand::Reject
            | Demand::SignedBy(_)
            | Demand::Unsupported { .. } => any = true,
        }
    }
    let signatures = if missing == 1 { "one more signature" } else { &format!("{missing} more signatures") };
    if any {
        return format!("{signatures}, by other signers that are trusted");
    }
    let each = if missing == 1 { "" } else { "each " };
    format!("{signatures}, {each}by another signer of {}", one_of(rule, others))
}

/// Names of signers, as an enumeration.
fn one_of<'f>(rule: &Rule, signers: impl IntoIterator<Item = &'f Fingerprint>) -> String {
    let signers: Vec<_> = signers.into_iter().collect();
    let named = signers.iter().take(NAMED_SIGNERS).map(|signer| match rule.user_id(signer) {
        Some(user_id) => format!("{} ({signer})", Escaped(user_id)),
        None => signer.to_string(),
    });
    let mut names: Vec<_> = named.collect();
    let more = signers.len().saturating_sub(NAMED_SIGNERS);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(" or ")
}
