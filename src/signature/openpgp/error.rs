//! Why a content is not authenticated.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::signature::openpgp::framing::FramingError;
use crate::signature::{Code, Fingerprint, KeyId};

/// Why no trusted key vouches for a content.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// The key belongs to two trusted certificates, so that nobody can say who signed.
    #[error("two trusted certificates hold key {key}, so that nobody can say which of them signed")]
    AmbiguousKey {
        /// The signing key.
        key: Fingerprint,
    },
    /// The signature is wrong.
    #[error("the signature does not fit the payload: one of them was changed, or another key made it")]
    BadSignature,
    /// A critical subpacket or notation is not understood.
    #[error("the signature carries the critical {name}, which is not understood")]
    Critical {
        /// What it is.
        name: String,
    },
    /// The message is not one signed message.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// The record names one key, the message another.
    #[error("`issuedTo.publicKeyID` names key {hint}, but the signature was made by key {issuer}")]
    HintMismatch {
        /// What the record says.
        hint: String,
        /// What the message says.
        issuer: KeyId,
    },
    /// The key expired before or after it signed.
    #[error("the key {key} expired on {}", expired.date_naive())]
    KeyExpired {
        /// The key.
        key: Fingerprint,
        /// When.
        expired: DateTime<Utc>,
        /// Whether it had already expired when it signed.
        when_signed: bool,
    },
    /// Nothing binds the key to its certificate.
    #[error("no acceptable self-signature binds key {key} to its certificate{}", if *.late { " as of the time of the signature; there is a newer one" } else { "" })]
    KeyNotBound {
        /// The key.
        key: Fingerprint,
        /// Whether there is a binding that is newer than the signature.
        late: bool,
    },
    /// The key is for something else.
    #[error("the key {key} is not marked for signing data")]
    KeyNotForSigning {
        /// The key.
        key: Fingerprint,
    },
    /// The signature is older than its key.
    #[error("the signature is dated {}, before its key was made on {}", signed.date_naive(), created.date_naive())]
    KeyNotYetValid {
        /// When the key was made.
        created: DateTime<Utc>,
        /// When the signature claims to have been made.
        signed: DateTime<Utc>,
    },
    /// The key is revoked.
    #[error("the key {key} was {} on {}", if *.hard { "revoked as compromised, or without a reason," } else { "retired or superseded" }, revoked.date_naive())]
    KeyRevoked {
        /// The key.
        key: Fingerprint,
        /// When.
        revoked: DateTime<Utc>,
        /// Whether the revocation voids everything that the key ever signed.
        hard: bool,
    },
    /// The message names no key.
    #[error("the signature names no key, so that there is nothing to verify it with")]
    NoIssuer,
    /// The signature has expired.
    #[error("the signature expired on {}", expired.date_naive())]
    SignatureExpired {
        /// When.
        expired: DateTime<Utc>,
    },
    /// The signature is dated in the future.
    #[error("the signature is dated {signed}, in the future of {at}")]
    SignatureNotYetValid {
        /// When it claims to have been made.
        signed: DateTime<Utc>,
        /// The time of verification.
        at: DateTime<Utc>,
    },
    /// The signature is not over binary data.
    #[error("the signature is of type {found}; one over binary data (0x00) is needed")]
    Type {
        /// The type found.
        found: String,
    },
    /// The signer is not trusted.
    #[error("no trusted certificate has key {key}")]
    UnknownKey {
        /// The key that the signature names.
        key: KeyId,
    },
    /// The digest algorithm is none that is accepted.
    #[error("the signature uses the digest algorithm {algorithm}; SHA-256, SHA-384 and SHA-512 are accepted")]
    UnsupportedHash {
        /// The algorithm.
        algorithm: String,
    },
    /// The key's algorithm is not supported.
    #[error(
        "the key is of the algorithm {algorithm}, which is not supported; RSA up to 4096 bits, NIST curves and Ed25519 are"
    )]
    UnsupportedKey {
        /// The algorithm.
        algorithm: String,
    },
    /// The version of the signature packet is not accepted.
    #[error("the signature packet is of version {version}, which is not accepted")]
    Version {
        /// The version found.
        version: u8,
    },
    /// The digest algorithm no longer holds.
    #[error("the signature is over a {algorithm} digest, for which others can find a second payload")]
    WeakHash {
        /// The algorithm.
        algorithm: String,
    },
    /// The key is too weak.
    #[error("the key is {algorithm}; RSA of 2048 to 4096 bits, a NIST curve or Ed25519 is needed")]
    WeakKey {
        /// The algorithm and size.
        algorithm: String,
    },
    /// The self-signatures no longer hold.
    #[error("certificate {certificate} is bound by self-signatures over a digest that is not accepted")]
    WeakSelfSignature {
        /// The certificate.
        certificate: Fingerprint,
    },
}

impl AuthenticationError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::AmbiguousKey { .. } => Code::AmbiguousKey,
            Self::BadSignature => Code::BadSignature,
            Self::Critical { .. } => Code::CriticalUnknown,
            Self::Framing(error) => error.code(),
            Self::HintMismatch { .. } => Code::RecordMismatch,
            Self::KeyExpired { .. } => Code::KeyExpired,
            Self::KeyNotBound { .. } => Code::KeyNotBound,
            Self::KeyNotForSigning { .. } => Code::KeyNotForSigning,
            Self::KeyNotYetValid { .. } => Code::KeyNotYetValid,
            Self::KeyRevoked { .. } => Code::KeyRevoked,
            Self::NoIssuer | Self::UnknownKey { .. } => Code::UnknownKey,
            Self::SignatureExpired { .. } => Code::SignatureExpired,
            Self::SignatureNotYetValid { .. } => Code::SignatureNotYetValid,
            Self::Type { .. } => Code::UnsupportedSignatureType,
            Self::UnsupportedHash { .. } | Self::UnsupportedKey { .. } => Code::UnsupportedAlgorithm,
            Self::Version { .. } => Code::UnsupportedSignatureVersion,
            Self::WeakHash { .. } => Code::WeakHash,
            Self::WeakKey { .. } => Code::WeakKey,
            Self::WeakSelfSignature { .. } => Code::WeakSelfSignature,
        }
    }
}
