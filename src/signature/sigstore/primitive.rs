//! The public-key operation, by aws-lc-rs; no other file of the room knows the library.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};

/// How a signature over a payload is made. The digest is SHA-256 whatever the curve, as at the peers; Ed25519 signs the
/// payload itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Algorithm {
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    Ed25519,
    /// PKCS #1 v1.5, of 2048 to 8192 bits.
    Rsa,
}

impl Algorithm {
    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::EcdsaP256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::EcdsaP384 => &signature::ECDSA_P384_SHA256_ASN1,
            Self::EcdsaP521 => &signature::ECDSA_P521_SHA256_ASN1,
            Self::Ed25519 => &signature::ED25519,
            Self::Rsa => &signature::RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// A public key, ready for use.
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// Prepares the key in a `SubjectPublicKeyInfo`. There is none if that holds another key, or this one in another
    /// encoding than the library itself writes: two encodings of one key would pass for two signers.
    pub(super) fn prepare(algorithm: Algorithm, encoded: &[u8]) -> Option<Self> {
        let key = ParsedPublicKey::new(algorithm.verification(), encoded).ok()?;
        let written = key.as_der().ok()?;
        (written.as_ref() == encoded).then_some(Self(key))
    }

    /// Whether the key made `signature` over `payload`.
    pub(super) fn made(&self, payload: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(payload, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}
