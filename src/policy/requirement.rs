//! What is demanded of an image: the one internal form that every policy grammar is read into.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use crate::image::Digest;
use crate::signature::{Needs, SigstoreTerms, Terms};

/// A demand on the evidence about an image, and the place in a policy document that makes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirement {
    pointer: String,
    demand: Demand,
}

/// What is demanded. Lists are never empty: a demand of nothing would always be met.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Demand {
    /// Nothing: any image is accepted, signed or not.
    AcceptAnything,
    /// Each of these.
    All(NonEmpty<Requirement>),
    /// One of these at least.
    Any(NonEmpty<Requirement>),
    /// Accepted signatures by this many different signers, of those that the given `SignedBy` and `SigstoreSigned`
    /// demands accept. Two signatures by one certificate count once, whichever of its keys made them.
    AtLeast {
        /// How many signers.
        count: NonZeroUsize,
        /// Whose signatures count; demands other than [`SignedBy`](Self::SignedBy) and
        /// [`SigstoreSigned`](Self::SigstoreSigned) contribute no signer.
        of: NonEmpty<Requirement>,
    },
    /// The manifest's digest is one of these.
    DigestIn(BTreeSet<Digest>),
    /// The manifest's digest is none of these.
    DigestNotIn(BTreeSet<Digest>),
    /// Nothing meets this: every image is rejected.
    Reject,
    /// An OpenPGP signature counts under these terms.
    SignedBy(Terms),
    /// A sigstore signature counts under these terms.
    SigstoreSigned(SigstoreTerms),
    /// What a policy demands and vidimus cannot check: never met.
    Unsupported {
        /// What it is, as a noun phrase.
        what: String,
    },
}

impl Requirement {
    /// A demand that stands at `pointer`, the path of a value in a policy document.
    pub fn new(pointer: impl Into<String>, demand: Demand) -> Self {
        Self { pointer: pointer.into(), demand }
    }

    /// Where the demand stands: `$.default[0]`.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is demanded.
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// The name of the demand in a policy.
    pub fn name(&self) -> &'static str {
        match &self.demand {
            Demand::AcceptAnything => "insecureAcceptAnything",
            Demand::All(_) => "all",
            Demand::Any(_) => "any",
            Demand::AtLeast { .. } => "atLeast",
            Demand::DigestIn(_) => "digestIn",
            Demand::DigestNotIn(_) => "not digestIn",
            Demand::Reject => "reject",
            Demand::SignedBy(_) => "signedBy",
            Demand::SigstoreSigned(_) => "sigstoreSigned",
            Demand::Unsupported { .. } => "unsupported",
        }
    }

    /// The demands that this one is made of.
    pub fn parts(&self) -> &[Self] {
        match &self.demand {
            Demand::All(parts) | Demand::Any(parts) | Demand::AtLeast { of: parts, .. } => parts.as_slice(),
            Demand::AcceptAnything
            | Demand::DigestIn(_)
            | Demand::DigestNotIn(_)
            | Demand::Reject
            | Demand::SignedBy(_)
            | Demand::SigstoreSigned(_)
            | Demand::Unsupported { .. } => &[],
        }
    }

    /// How many different sigstore keys this and its parts name: not to be more than
    /// [`SIGSTORE_KEYS_PER_RULE`](crate::signature::SIGSTORE_KEYS_PER_RULE).
    pub fn sigstore_key_count(&self) -> usize {
        self.needs(Needs::default()).sigstore_keys().len()
    }

    /// What must be found out about signatures to judge this.
    pub(crate) fn needs(&self, needs: Needs) -> Needs {
        let needs = match &self.demand {
            Demand::SignedBy(terms) => needs.with(terms),
            Demand::SigstoreSigned(terms) => needs.with_sigstore(terms),
            Demand::AcceptAnything
            | Demand::All(_)
            | Demand::Any(_)
            | Demand::AtLeast { .. }
            | Demand::DigestIn(_)
            | Demand::DigestNotIn(_)
            | Demand::Reject
            | Demand::Unsupported { .. } => needs,
        };
        self.parts().iter().fold(needs, |needs, part| part.needs(needs))
    }
}

/// One signature by anybody who is trusted, under the rules of the verification.
impl Default for Requirement {
    fn default() -> Self {
        Self::new("$", Demand::SignedBy(Terms::default()))
    }
}

/// A list that holds at least one thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// The list, if there is anything in it.
    pub fn new(list: Vec<T>) -> Option<Self> {
        (!list.is_empty()).then_some(Self(list))
    }

    /// The list.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The list, by value.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

/// A list of one.
impl<T> From<T> for NonEmpty<T> {
    fn from(only: T) -> Self {
        Self(vec![only])
    }
}
