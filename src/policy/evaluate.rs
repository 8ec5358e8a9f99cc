//! The evaluator: a requirement and what was found out about an image in, an outcome for each demand out.
//!
//! It is total. Where something could not be obtained the outcome is unknown, by Kleene's three-valued logic: a demand
//! of all is unknown unless one part fails, a demand of any is unknown unless one part is met.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::image::Digest;
use crate::policy::usefulness::usefulness;
use crate::policy::{Demand, Requirement};
use crate::signature::{Examined, Rules, Signer, Subject, Terms, Undecided, Unfit};

/// Whether a demand is met. The order is that of Kleene's logic: `all` is the least of its parts, `any` the greatest.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Truth {
    /// It is not.
    Unmet,
    /// What would decide it could not be obtained.
    Unknown,
    /// It is.
    Met,
}

impl Truth {
    /// `met`, `unknown` or `unmet`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unmet => "unmet",
            Self::Unknown => "unknown",
            Self::Met => "met",
        }
    }

    fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Unmet }
    }

    fn not(self) -> Self {
        match self {
            Self::Unmet => Self::Met,
            Self::Unknown => Self::Unknown,
            Self::Met => Self::Unmet,
        }
    }
}

/// What is known about the image that a requirement is asked of.
pub(crate) struct Case<'c> {
    pub(crate) subject: &'c Subject,
    pub(crate) examined: &'c [Examined<'c>],
    pub(crate) rules: &'c Rules,
    pub(crate) at: DateTime<Utc>,
}

/// What came of one demand, with its parts in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) truth: Truth,
    /// For a demand of a signature: what came of each one of the image.
    pub(crate) signatures: Vec<Result<(), Unfit>>,
    /// For a demand of several signers: how many there are.
    pub(crate) signers: usize,
    pub(crate) parts: Vec<Self>,
}

impl Outcome {
    /// Whether the signature at `index` counts for some demand; otherwise the most useful reason why it does not.
    pub(crate) fn judged(&self, index: usize) -> Result<(), Unfit> {
        let mut reasons = Vec::new();
        if self.counts(index, &mut reasons) {
            return Ok(());
        }
        let first = reasons.into_iter().rev().max_by_key(|unfit| usefulness(unfit.code()));
        Err(first.cloned().unwrap_or(Unfit::Undecided(Undecided::NotExamined)))
    }

    fn counts<'o>(&'o self, index: usize, reasons: &mut Vec<&'o Unfit>) -> bool {
        let own = match self.signatures.get(index) {
            None => false,
            Some(Ok(())) => true,
            Some(Err(unfit)) => {
                reasons.push(unfit);
                false
            }
        };
        self.parts.iter().fold(own, |counts, part| part.counts(index, reasons) || counts)
    }
}

/// Asks whether `requirement` is met.
pub(crate) fn evaluate(requirement: &Requirement, case: &Case<'_>) -> Outcome {
    let (mut signatures, mut signers, mut parts) = (Vec::new(), 0, Vec::new());
    let truth = match requirement.demand() {
        Demand::AcceptAnything => Truth::Met,
        Demand::Reject | Demand::Unsupported { .. } => Truth::Unmet,
        Demand::DigestIn(digests) => is_in(case, digests),
        Demand::DigestNotIn(digests) => is_in(case, digests).not(),
        Demand::SignedBy(terms) => {
            signatures = case.examined.iter().map(|examined| judge(examined, terms, case).map(|_| ())).collect();
            Truth::of(signatures.iter().any(Result::is_ok))
        }
        Demand::SigstoreSigned(terms) => {
            let judge = |examined: &Examined<'_>| examined.judge_sigstore(case.subject, terms, case.rules).map(|_| ());
            signatures = case.examined.iter().map(judge).collect();
            Truth::of(signatures.iter().any(Result::is_ok))
        }
        Demand::All(_) => {
            parts = requirement.parts().iter().map(|part| evaluate(part, case)).collect();
            parts.iter().map(|part| part.truth).min().unwrap_or(Truth::Unmet)
        }
        Demand::Any(_) => {
            parts = requirement.parts().iter().map(|part| evaluate(part, case)).collect();
            parts.iter().map(|part| part.truth).max().unwrap_or(Truth::Unmet)
        }
        Demand::AtLeast { count, .. } => {
            parts = requirement.parts().iter().map(|part| evaluate(part, case)).collect();
            let counted = parts.iter().flat_map(|part| part.signatures.iter().zip(case.examined));
            let certificates: BTreeSet<_> = counted
                .filter(|(outcome, _)| outcome.is_ok())
                .filter_map(|(_, examined)| Some(examined.signer()?.certificate()))
                .collect();
            signers = certificates.len();
            Truth::of(signers >= count.get())
        }
    };
    Outcome { truth, signatures, signers, parts }
}

fn judge<'e>(examined: &'e Examined<'_>, terms: &Terms, case: &Case<'_>) -> Result<&'e Signer, Unfit> {
    examined.judge(case.subject, terms, case.rules, case.at)
}

fn is_in(case: &Case<'_>, digests: &BTreeSet<Digest>) -> Truth {
    // An object that contradicts itself has no digest that could be looked up, and no right to run either.
    case.subject.anchor().map_or(Truth::Unknown, |anchor| Truth::of(digests.contains(anchor.digest())))
}
