//! What is demanded of an image.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use crate::signature::{Evidence, Fingerprint};

/// A demand on the evidence about an image.
///
/// This is the one internal form that every policy grammar is read into.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Requirement {
    /// Trusted signers must vouch for the image.
    SignedBy(SignedBy),
}

impl Default for Requirement {
    /// One trusted signer, whoever it is.
    fn default() -> Self {
        Self::SignedBy(SignedBy { signers: None, threshold: NonZeroUsize::MIN })
    }
}

impl Requirement {
    /// Whether `evidence` meets the demand.
    pub(crate) fn is_met(&self, evidence: &[Evidence]) -> bool {
        match self {
            Self::SignedBy(signed_by) => signed_by.met_by(evidence).len() >= signed_by.threshold.get(),
        }
    }

    /// What is missing, as a sentence for a person.
    pub(crate) fn shortfall(&self, evidence: &[Evidence]) -> String {
        match self {
            Self::SignedBy(signed_by) => {
                let found = signed_by.met_by(evidence).len();
                let whom = if signed_by.signers.is_some() { "of the demanded signers" } else { "signers" };
                format!("{found} {whom} vouch for the image, {} are needed", signed_by.threshold)
            }
        }
    }
}

/// A demand for signers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedBy {
    /// The certificates whose signatures count; `None` stands for every trusted one.
    pub signers: Option<BTreeSet<Fingerprint>>,
    /// How many different certificates must have signed. Two signatures by one signer count once, whichever of its
    /// keys made them.
    pub threshold: NonZeroUsize,
}

impl SignedBy {
    /// The certificates that vouch for the image and count here.
    fn met_by<'a>(&self, evidence: &'a [Evidence]) -> BTreeSet<&'a Fingerprint> {
        evidence
            .iter()
            .filter(|evidence| evidence.is_verified())
            .filter_map(|evidence| Some(evidence.signer()?.certificate()))
            .filter(|certificate| self.signers.as_ref().is_none_or(|signers| signers.contains(*certificate)))
            .collect()
    }
}
