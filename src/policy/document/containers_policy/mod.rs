//! The policy of containers-policy.json(5): what it says, in the form that every reader of it shares.
//!
//! OpenShift's `ImagePolicy` and `ClusterImagePolicy` are read into the same form, as OpenShift itself does: its machine
//! config operator writes them into the `policy.json` of each node.

mod compile;
mod identity;
mod read;
mod scopes;
mod sigstore;

pub(crate) use compile::{compile, rule};
pub(crate) use identity::identity;
pub(crate) use read::{check_sigstore_keys, data as base64, one_of, read};
pub(crate) use scopes::{check as check_scope, is_atomic};

use std::collections::BTreeSet;

use crate::signature::{Fingerprint, IdentityRule, SigstoreKeys};

/// A policy: what is demanded of which images.
#[derive(Clone, Debug)]
pub(crate) struct ContainersPolicy {
    /// What is demanded where no scope says otherwise.
    pub(crate) default: Demands,
    /// The scopes of each transport; the scope with the empty name is the transport's own default.
    pub(crate) transports: Vec<(String, Scopes)>,
}

/// Scopes, and what is demanded in each.
pub(crate) type Scopes = Vec<(String, Demands)>;

/// What is demanded in one scope: all of these. The list is never empty.
#[derive(Clone, Debug)]
pub(crate) struct Demands {
    /// The document that demands it.
    pub(crate) document: String,
    /// The place of the list in the document.
    pub(crate) pointer: String,
    pub(crate) all: Vec<Demanded>,
}

/// One demand.
#[derive(Clone, Debug)]
pub(crate) struct Demanded {
    /// Its place in the document.
    pub(crate) pointer: String,
    pub(crate) what: What,
}

/// What is demanded: the requirement types of the peer.
#[derive(Clone, Debug)]
pub(crate) enum What {
    AcceptAnything,
    Reject,
    SignedBaseLayer,
    SignedBy {
        keys: KeySource,
        identity: IdentityRule,
        /// The certificates that `keys` holds.
        certificates: BTreeSet<Fingerprint>,
    },
    /// `signedBy` with keys that are no OpenPGP keys: valid, and checked by nobody.
    SignedByOther {
        key_type: String,
    },
    Sigstore(Sigstore),
}

/// `sigstoreSigned`.
#[derive(Clone, Debug)]
pub(crate) struct Sigstore {
    pub(crate) root: SigstoreRoot,
    /// Whether an entry in a transparency log is demanded as well.
    pub(crate) rekor: bool,
    pub(crate) identity: IdentityRule,
}

/// Whom `sigstoreSigned` trusts.
#[derive(Clone, Debug)]
pub(crate) enum SigstoreRoot {
    /// Public keys.
    Keys(SigstoreKeys),
    Fulcio,
    Pki,
}

/// Where a policy has its keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum KeySource {
    /// One file, or several.
    Files(Vec<String>),
    /// The document itself, once or several times.
    Data(Vec<Vec<u8>>),
}
