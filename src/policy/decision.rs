//! The decision about an image, and the reason that a person should read first.

use std::fmt;
use std::sync::Arc;

use crate::image::AnchorError;
use crate::policy::context::Governing;
use crate::policy::evaluate::{Outcome, Truth};
use crate::policy::usefulness::usefulness;
use crate::policy::{Demand, Exemption, Mode, Requirement, Rule};
use crate::signature::{Code, Evidence, Subject, anchor_code, rfc3339};

/// Allow or deny, or no answer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Effect {
    /// The image may run.
    Allow,
    /// It may not.
    Deny,
    /// What would decide it could not be obtained; it may not run until it can be.
    Undecided,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
            Self::Undecided => "Undecided",
        })
    }
}

/// What was decided, and why. It is computed from evidence and cannot disagree with it.
#[derive(Clone, Debug)]
pub struct Decision {
    governed: Governed,
    code: Code,
    reason: String,
}

/// What a decision rests on.
#[derive(Clone, Debug)]
enum Governed {
    Exempt(Arc<Exemption>),
    Rule(Arc<Rule>, Outcome),
    Nothing,
    Unknown,
}

impl Decision {
    /// Decides about the image that `subject` stands for, by what governs it and what came of that.
    pub(crate) fn of(governing: Governing, outcome: Option<Outcome>, subject: &Subject, all: &[Evidence]) -> Self {
        match (governing, outcome) {
            (Governing::Rule(rule), Some(outcome)) => {
                let (code, reason) = headline(&rule.requirement, &outcome, subject, all);
                Self { governed: Governed::Rule(rule, outcome), code, reason }
            }
            (Governing::Exempt(exemption), _) => Self {
                code: Code::Exempted,
                reason: format!("exempt until {}: {}", rfc3339(exemption.expires()), exemption.reason()),
                governed: Governed::Exempt(exemption),
            },
            (Governing::Unknown(code, what), _) => Self {
                governed: Governed::Unknown,
                code,
                reason: format!("the policy cannot be looked up without {what}"),
            },
            (Governing::Nothing | Governing::Rule(..), _) => Self {
                governed: Governed::Nothing,
                code: Code::NoMatchingRule,
                reason: "no rule of the policy is for this image".to_owned(),
            },
        }
    }

    /// Allow or deny, or no answer.
    ///
    /// What could not be decided is never allowed, in whichever mode the rule is.
    pub fn effect(&self) -> Effect {
        match (&self.governed, self.mode()) {
            (Governed::Exempt(_), _) => Effect::Allow,
            (Governed::Nothing, _) => Effect::Deny,
            (Governed::Unknown, _) => Effect::Undecided,
            (Governed::Rule(_, outcome), mode) => match (outcome.truth, mode) {
                (Truth::Met, _) | (Truth::Unmet, Mode::Warn | Mode::Audit) => Effect::Allow,
                (Truth::Unknown, _) => Effect::Undecided,
                (Truth::Unmet, Mode::Enforce) => Effect::Deny,
            },
        }
    }

    /// Whether the image does not meet what is demanded, and is allowed only as the rule does not enforce it.
    pub fn is_tolerated(&self) -> bool {
        matches!(&self.governed, Governed::Rule(_, outcome) if outcome.truth == Truth::Unmet)
            && self.effect() == Effect::Allow
    }

    /// What becomes of images that do not meet the rule.
    pub fn mode(&self) -> Mode {
        self.rule().map_or(Mode::Enforce, Rule::mode)
    }

    /// The code of the most useful reason.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The most useful reason, as a sentence.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The rule that governs the image, if one does.
    pub fn rule(&self) -> Option<&Rule> {
        match &self.governed {
            Governed::Rule(rule, _) => Some(rule),
            Governed::Exempt(_) | Governed::Nothing | Governed::Unknown => None,
        }
    }

    /// The exemption that was used, if one was.
    pub fn exemption(&self) -> Option<&Exemption> {
        match &self.governed {
            Governed::Exempt(exemption) => Some(exemption),
            Governed::Rule(..) | Governed::Nothing | Governed::Unknown => None,
        }
    }

    pub(super) fn outcome(&self) -> Option<(&Rule, &Outcome)> {
        match &self.governed {
            Governed::Rule(rule, outcome) => Some((rule, outcome)),
            Governed::Exempt(_) | Governed::Nothing | Governed::Unknown => None,
        }
    }
}

/// The reason to read first: of what allows the image if it is allowed, else of what came nearest to that.
fn headline(requirement: &Requirement, outcome: &Outcome, subject: &Subject, all: &[Evidence]) -> (Code, String) {
    let reasons = match outcome.truth {
        Truth::Met => met(requirement, outcome, all),
        Truth::Unknown | Truth::Unmet => unmet(requirement, outcome, subject),
    };
    let first = reasons.into_iter().rev().max_by_key(|(code, _)| usefulness(*code));
    first.unwrap_or((Code::NoSignature, "the image carries no signature".to_owned()))
}

/// Why a demand is met.
fn met(requirement: &Requirement, outcome: &Outcome, all: &[Evidence]) -> Vec<(Code, String)> {
    let parts = requirement.parts().iter().zip(&outcome.parts).filter(|(_, outcome)| outcome.truth == Truth::Met);
    match requirement.demand() {
        Demand::AcceptAnything => {
            vec![(Code::AcceptAnything, "the policy accepts any image here, signed or not".to_owned())]
        }
        Demand::DigestIn(_) => vec![(Code::DigestListed, "the policy lists the digest of the image".to_owned())],
        Demand::DigestNotIn(_) => {
            vec![(Code::DigestListed, "the policy does not list the digest of the image as denied".to_owned())]
        }
        Demand::SignedBy(_) | Demand::SigstoreSigned(_) => {
            let accepted = outcome.signatures.iter().zip(all).find(|(outcome, _)| outcome.is_ok());
            accepted.map(|(_, evidence)| (Code::Verified, evidence.message())).into_iter().collect()
        }
        Demand::All(_) | Demand::Any(_) | Demand::AtLeast { .. } => {
            parts.flat_map(|(part, outcome)| met(part, outcome, all)).collect()
        }
        Demand::Reject | Demand::Unsupported { .. } => Vec::new(),
    }
}

/// Why a demand is not met.
fn unmet(requirement: &Requirement, outcome: &Outcome, subject: &Subject) -> Vec<(Code, String)> {
    let failing = || requirement.parts().iter().zip(&outcome.parts).filter(|(_, outcome)| outcome.truth != Truth::Met);
    let of_parts = || failing().flat_map(|(part, outcome)| unmet(part, outcome, subject)).collect();
    match requirement.demand() {
        Demand::AcceptAnything => Vec::new(),
        Demand::DigestIn(_) | Demand::DigestNotIn(_) if outcome.truth == Truth::Unknown => vec![no_digest(subject)],
        Demand::DigestIn(_) => {
            vec![(Code::DigestNotListed, "the digest of the image is none of those that the policy lists".to_owned())]
        }
        Demand::DigestNotIn(_) => {
            vec![(Code::DigestDenied, "the policy lists the digest of the image as denied".to_owned())]
        }
        Demand::Reject => vec![(Code::ExplicitReject, "the policy rejects every image here".to_owned())],
        Demand::Unsupported { what } => {
            vec![(Code::UnsupportedRequirement, format!("the policy demands {what}, which cannot be checked yet"))]
        }
        Demand::SignedBy(_) | Demand::SigstoreSigned(_) if outcome.signatures.is_empty() => vec![unsigned(subject)],
        Demand::SignedBy(_) | Demand::SigstoreSigned(_) => {
            let reasons = outcome.signatures.iter().filter_map(|signature| signature.as_ref().err());
            reasons.map(|unfit| (unfit.code(), unfit.message())).collect()
        }
        Demand::AtLeast { count, .. } if outcome.signers > 0 => {
            let found = outcome.signers;
            let noun = if found == 1 { "signer vouches" } else { "signers vouch" };
            vec![(Code::TooFewSigners, format!("{found} {noun} for the image, {count} are needed"))]
        }
        Demand::All(_) | Demand::Any(_) | Demand::AtLeast { .. } => of_parts(),
    }
}

/// Why an image without signatures is not accepted.
fn unsigned(subject: &Subject) -> (Code, String) {
    match subject.anchor() {
        Ok(_) | Err(AnchorError::Name { .. }) => (Code::NoSignature, "the image carries no signature".to_owned()),
        Err(_) => no_digest(subject),
    }
}

/// Why there is no digest to look up.
fn no_digest(subject: &Subject) -> (Code, String) {
    match subject.anchor() {
        Ok(_) => (Code::NoManifestDigest, "the image has no digest".to_owned()),
        Err(error) => (anchor_code(error), error.to_string()),
    }
}
