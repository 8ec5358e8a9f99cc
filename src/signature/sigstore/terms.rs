//! Under which terms a sigstore signature counts.

use std::collections::BTreeSet;

use crate::signature::{IdentityRule, Signer, SigstoreKey, TermsError};

/// What a sigstore signature must be like to count for a demand.
///
/// There is nothing about time: a cosign signature has none that the signer's key vouches for as such, and the
/// `timestamp` that some payloads carry is informative, as it is in OpenPGP signatures. A limit of age can only be set
/// for those.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigstoreTerms {
    /// The keys whose signatures count.
    pub keys: SigstoreKeys,
    /// Which images the signed reference may stand for; the verification's rules say so if nothing is given.
    pub identity: Option<IdentityRule>,
}

/// Sigstore keys: one at least, each once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigstoreKeys(BTreeSet<SigstoreKey>);

impl SigstoreKeys {
    /// The keys, if there are any.
    pub fn new(keys: impl IntoIterator<Item = SigstoreKey>) -> Option<Self> {
        let keys: BTreeSet<_> = keys.into_iter().collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The keys, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &SigstoreKey> {
        self.0.iter()
    }
}

/// The one key.
impl From<SigstoreKey> for SigstoreKeys {
    fn from(only: SigstoreKey) -> Self {
        Self(BTreeSet::from([only]))
    }
}

impl SigstoreTerms {
    /// Whether `signer` is one of the keys whose signatures count.
    pub(crate) fn accept_signer(&self, signer: &Signer) -> Result<(), TermsError> {
        if self.keys.iter().any(|key| key.fingerprint() == signer.key()) {
            return Ok(());
        }
        Err(TermsError::Key { key: signer.key().clone() })
    }
}
