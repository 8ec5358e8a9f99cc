//! Who made a signature.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::signature::keyring::Candidate;
use crate::signature::{Fingerprint, SigstoreKey};

/// The two kinds of signatures.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignatureKind {
    /// An OpenPGP message, made by a key of a certificate.
    OpenPgp,
    /// A signature beside its payload, made by a key that has no certificate, as cosign makes it.
    Sigstore,
}

impl SignatureKind {
    /// The name in reports: `openpgp` or `sigstore`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::Sigstore => "sigstore",
        }
    }
}

/// The signer of an authenticated signature, from what is trusted; nothing here is the signature's own word but the
/// time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signer {
    kind: SignatureKind,
    certificate: Fingerprint,
    key: Fingerprint,
    algorithm: String,
    user_id: Option<String>,
    signed_at: Option<DateTime<Utc>>,
}

impl Signer {
    pub(crate) fn new(candidate: &Candidate<'_>, signed_at: DateTime<Utc>) -> Self {
        Self {
            kind: SignatureKind::OpenPgp,
            certificate: candidate.certificate.fingerprint.clone(),
            key: candidate.key.fingerprint.clone(),
            algorithm: candidate.key.algorithm.clone(),
            user_id: candidate.certificate.user_ids.first().cloned(),
            signed_at: Some(signed_at),
        }
    }

    pub(crate) fn sigstore(key: &SigstoreKey) -> Self {
        Self {
            kind: SignatureKind::Sigstore,
            certificate: key.fingerprint().clone(),
            key: key.fingerprint().clone(),
            algorithm: key.algorithm().to_owned(),
            user_id: None,
            signed_at: None,
        }
    }

    /// The kind of the signature.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The fingerprint by which signers are told apart: of the certificate's primary key, or of the sigstore key.
    pub fn certificate(&self) -> &Fingerprint {
        &self.certificate
    }

    /// The fingerprint of the key that made the signature: the primary key, a subkey, or the sigstore key.
    pub fn key(&self) -> &Fingerprint {
        &self.key
    }

    /// The key's algorithm, such as `RSA-4096`.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The certificate's first user ID, as its owner wrote it. A sigstore key has none.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The time that the signature claims, in whole seconds. A sigstore signature claims none.
    pub fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.signed_at
    }

    /// The signer, for a sentence.
    pub(crate) fn described(&self) -> impl fmt::Display {
        Described(self)
    }
}

struct Described<'s>(&'s Signer);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signer { kind, key, algorithm, user_id, .. } = self.0;
        match (kind, user_id) {
            (SignatureKind::Sigstore, _) => write!(f, "the sigstore key {key}, {algorithm}"),
            (SignatureKind::OpenPgp, Some(user_id)) => write!(f, "{user_id}, key {key}"),
            (SignatureKind::OpenPgp, None) => write!(f, "a certificate without user ID, key {key}"),
        }
    }
}
