//! Who made a signature.

use chrono::{DateTime, Utc};

use crate::signature::Fingerprint;
use crate::signature::keyring::Candidate;

/// The signer of an authenticated signature, from the keyring; nothing here is the signature's own word but the time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signer {
    certificate: Fingerprint,
    key: Fingerprint,
    algorithm: String,
    user_id: Option<String>,
    signed_at: DateTime<Utc>,
}

impl Signer {
    pub(crate) fn new(candidate: &Candidate<'_>, signed_at: DateTime<Utc>) -> Self {
        Self {
            certificate: candidate.certificate.fingerprint.clone(),
            key: candidate.key.fingerprint.clone(),
            algorithm: candidate.key.algorithm.clone(),
            user_id: candidate.certificate.user_ids.first().cloned(),
            signed_at,
        }
    }

    /// The fingerprint of the certificate: of its primary key.
    pub fn certificate(&self) -> &Fingerprint {
        &self.certificate
    }

    /// The fingerprint of the key that made the signature: the primary key, or a subkey.
    pub fn key(&self) -> &Fingerprint {
        &self.key
    }

    /// The key's algorithm, such as `RSA-4096`.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The certificate's first user ID, as its owner wrote it.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The time that the signature claims, in whole seconds.
    pub fn signed_at(&self) -> DateTime<Utc> {
        self.signed_at
    }
}
