//! `SignaturePolicy` (`vidimus.dev/v1alpha1`): what it says, in the form that its reader makes and others use.
//!
//! It is for what the other grammars cannot say: named keyrings whose keys are trusted for a time, any-of and k-of-n
//! signers, age limits, rules that warn before they enforce, and exemptions that end.

mod compile;
mod keyrings;
mod read;
mod require;
mod scope;

pub(crate) use compile::{compile, tell_conflicts};
pub(crate) use keyrings::beside;
pub(crate) use read::{ReadPolicy, read};

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use chrono::{DateTime, TimeDelta, Utc};

use crate::image::Digest;
use crate::policy::Mode;
use crate::policy::scope::Scope;
use crate::signature::{Fingerprint, IdentityRule, KeyValidity, PayloadProfile, TrustWindow};

/// One document.
#[derive(Clone, Debug)]
pub(crate) struct SignaturePolicy {
    /// The name of the document, as messages call it.
    pub(crate) document: String,
    /// The name that the policy has in the cluster.
    pub(crate) name: String,
    /// What becomes of images that no rule is for, where the document says so: its place, and whether they may run.
    pub(crate) no_match: Option<(String, NoMatch)>,
    pub(crate) keyrings: BTreeMap<String, NamedKeyring>,
    pub(crate) rules: Vec<WrittenRule>,
    pub(crate) exemptions: Vec<WrittenExemption>,
}

/// What becomes of an image that no rule is for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum NoMatch {
    Allow,
    #[default]
    Deny,
}

/// A set of certificates with a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedKeyring {
    pub(crate) keys: Vec<WrittenKey>,
    /// All of them together.
    pub(crate) trusted: BTreeMap<Fingerprint, TrustWindow>,
}

/// Key material and the time for which it is trusted.
#[derive(Clone, Debug)]
pub(crate) struct WrittenKey {
    pub(crate) place: KeyPlace,
    pub(crate) window: TrustWindow,
    pub(crate) certificates: BTreeSet<Fingerprint>,
}

/// Where key material lies. Paths are relative to the folder of the document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum KeyPlace {
    Directory(String),
    File(String),
    Inline(String),
}

/// A rule: where it governs, what it demands, and what becomes of images that do not meet that.
#[derive(Clone, Debug)]
pub(crate) struct WrittenRule {
    pub(crate) pointer: String,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) mode: Mode,
    pub(crate) require: Require,
}

/// Leave to run.
#[derive(Clone, Debug)]
pub(crate) struct WrittenExemption {
    pub(crate) pointer: String,
    pub(crate) scope: Scope,
    pub(crate) reason: String,
    pub(crate) expires: DateTime<Utc>,
}

/// A demand, and its place.
#[derive(Clone, Debug)]
pub(crate) struct Require {
    pub(crate) pointer: String,
    pub(crate) what: RequireWhat,
}

impl Require {
    /// The terms of a demand of a signature.
    pub(crate) fn signed_by(&self) -> Option<&WrittenTerms> {
        match &self.what {
            RequireWhat::SignedBy(terms) => Some(terms),
            RequireWhat::AcceptAnything
            | RequireWhat::All(_)
            | RequireWhat::Any(_)
            | RequireWhat::AtLeast { .. }
            | RequireWhat::DigestIn(_)
            | RequireWhat::NotDigestIn(_)
            | RequireWhat::Reject => None,
        }
    }
}

/// What is demanded. No list is empty.
#[derive(Clone, Debug)]
pub(crate) enum RequireWhat {
    AcceptAnything,
    All(Vec<Require>),
    Any(Vec<Require>),
    AtLeast { count: NonZeroUsize, of: Vec<Require> },
    DigestIn(BTreeSet<Digest>),
    NotDigestIn(BTreeSet<Digest>),
    Reject,
    SignedBy(WrittenTerms),
}

/// Under which terms a signature counts.
#[derive(Clone, Debug)]
pub(crate) struct WrittenTerms {
    /// The name of the keyring.
    pub(crate) keyring: String,
    pub(crate) identity: IdentityRule,
    pub(crate) max_signature_age: Option<TimeDelta>,
    pub(crate) signed_after: Option<DateTime<Utc>>,
    pub(crate) key_expiry: KeyValidity,
    pub(crate) payload_profile: PayloadProfile,
}
