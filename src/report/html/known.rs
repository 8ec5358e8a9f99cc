//! The keys that a report knows from its start, so that a row can tell of them by number.

use std::collections::BTreeMap;

use crate::report::Escaped;
use crate::signature::{CertificateSummary, Fingerprint, Signer};

/// The places of certificates, and of their keys counted over all certificates.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownKeys {
    keys: BTreeMap<(Fingerprint, Fingerprint), usize>,
    /// By the fingerprint as it is written.
    certificates: BTreeMap<String, Owned>,
}

/// A certificate as sentences name it.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) place: usize,
    /// Its first user ID, as a sentence shows it.
    pub(super) owner: Option<String>,
}

impl KnownKeys {
    pub(super) fn of(certificates: &[CertificateSummary]) -> Self {
        let keys = certificates.iter().flat_map(|certificate| {
            certificate.keys.iter().map(|key| (certificate.fingerprint.clone(), key.fingerprint.clone()))
        });
        let owned = certificates.iter().enumerate().map(|(place, certificate)| {
            let owner = certificate.user_ids.first().map(|user_id| Escaped(user_id).to_string());
            (certificate.fingerprint.to_string(), Owned { place, owner })
        });
        Self { keys: keys.enumerate().map(|(place, key)| (key, place)).collect(), certificates: owned.collect() }
    }

    /// The place of the key that made a signature.
    pub(super) fn place(&self, signer: &Signer) -> Option<usize> {
        self.keys.get(&(signer.certificate().clone(), signer.key().clone())).copied()
    }

    /// The certificate whose fingerprint a text begins with, and what follows it.
    pub(super) fn certificate<'t>(&self, text: &'t str) -> Option<(&Owned, &'t str)> {
        [40, 64].into_iter().find_map(|digits| {
            let (fingerprint, after) = text.split_at_checked(digits)?;
            Some((self.certificates.get(fingerprint)?, after))
        })
    }
}
