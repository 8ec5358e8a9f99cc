//! The two ways in which a signature can fail to vouch for an image.

use thiserror::Error;

use crate::image::quote::Quoted;
use crate::image::{AnchorError, Digest, ManifestError};
use crate::signature::openpgp::error::AuthenticationError;
use crate::signature::record::RecordError;
use crate::signature::{ClaimsError, Code, IdentityMismatch, SignatureKind, SigstoreError, TermsError};

/// Why a signature is rejected: the answer is no.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// The image object contradicts itself, so that there is nothing to compare with.
    #[error("the image object contradicts itself: {0}")]
    Anchor(AnchorError),
    /// No trusted key vouches for the content.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// The signed payload is no valid statement about an image.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The signed reference names another digest than the signed one.
    #[error("the signature is for manifest {signed}, but its reference names {reference}")]
    Contradiction {
        /// The digest that was signed.
        signed: Digest,
        /// The digest in the signed reference.
        reference: Digest,
    },
    /// The signature is for another manifest.
    #[error("the signature is for manifest {signed}, not for {image}")]
    Digest {
        /// The digest that was signed.
        signed: Digest,
        /// The digest of the image.
        image: Digest,
    },
    /// The signature is for another name.
    #[error(transparent)]
    Identity(#[from] IdentityMismatch),
    /// The signature is of the other kind than is demanded.
    #[error("{}", match found {
        SignatureKind::OpenPgp => "the signature is no sigstore one, and a sigstore signature is demanded",
        SignatureKind::Sigstore => "the signature is a sigstore one, and an OpenPGP signature is demanded",
    })]
    Kind {
        /// The kind found: everything that is not framed as a sigstore signature is to be an OpenPGP message.
        found: SignatureKind,
    },
    /// The record is broken, or contradicts its content.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The content is stored in a way that is not read, or no sigstore key vouches for it.
    #[error(transparent)]
    Sigstore(#[from] SigstoreError),
    /// The signature is genuine and does not count for what is demanded.
    #[error(transparent)]
    Terms(#[from] TermsError),
}

impl Rejection {
    /// The stable code of this rejection.
    pub fn code(&self) -> Code {
        match self {
            Self::Anchor(error) => anchor_code(error),
            Self::Authentication(error) => error.code(),
            Self::Claims(error) => claims_code(error),
            Self::Contradiction { .. } => Code::InvalidClaims,
            Self::Digest { .. } => Code::DigestMismatch,
            Self::Identity(_) => Code::IdentityMismatch,
            Self::Kind { found: SignatureKind::OpenPgp } => Code::NotSigstore,
            Self::Kind { found: SignatureKind::Sigstore } => Code::SigstoreSignature,
            Self::Record(error) => error.code(),
            Self::Sigstore(error) => error.code(),
            Self::Terms(error) => error.code(),
        }
    }
}

/// Why a signature could not be judged: there is no answer.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Undecided {
    /// Nothing says what the digest of the image's manifest is.
    #[error("{0}")]
    Anchor(AnchorError),
    /// The signature was not examined for what is asked.
    #[error("the signature was not examined for what is asked")]
    NotExamined,
    /// The policy asks for more sigstore keys than are tried, and none of those that were tried made the signature.
    #[error("the policy asks for more than {limit} sigstore keys; the rest is not tried")]
    TooManyKeys {
        /// How many are tried.
        limit: usize,
    },
    /// The image has more signatures than are looked at.
    #[error("the image has more than {limit} signatures; the rest is not looked at")]
    TooManySignatures {
        /// How many are looked at.
        limit: usize,
    },
    /// The record is of a type that vidimus does not know.
    #[error("the type is {}; `atomic` and `AtomicImageV1` are understood", Quoted(found))]
    Type {
        /// The type found.
        found: String,
    },
}

impl Undecided {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Anchor(error) => anchor_code(error),
            Self::TooManyKeys { .. } => Code::TooManyKeys,
            Self::NotExamined | Self::TooManySignatures { .. } => Code::TooManySignatures,
            Self::Type { .. } => Code::UnsupportedType,
        }
    }
}

/// The code of an image object that contradicts itself.
pub(crate) fn anchor_code(error: &AnchorError) -> Code {
    match error {
        AnchorError::Config { .. } => Code::ConfigMismatch,
        AnchorError::ConfigTooLarge { .. } => Code::ManifestTooLarge,
        AnchorError::LayerCount { .. } | AnchorError::LayerDigest { .. } | AnchorError::LayerSize { .. } => {
            Code::LayersMismatch
        }
        AnchorError::Manifest { .. } => Code::ManifestMismatch,
        AnchorError::ManifestCount { .. } | AnchorError::ManifestDigest { .. } => Code::ManifestListMismatch,
        AnchorError::Name { .. } => Code::NoManifestDigest,
        AnchorError::Reference { .. } => Code::ReferenceDigestMismatch,
        AnchorError::Unreadable(ManifestError::Ambiguous { .. } | ManifestError::Duplicate(_)) => {
            Code::AmbiguousManifest
        }
        AnchorError::Unreadable(
            ManifestError::Digest { .. } | ManifestError::Json(_) | ManifestError::Schema1 { .. },
        ) => Code::MalformedManifest,
        AnchorError::Unreadable(ManifestError::Schema1Refused) => Code::Schema1Refused,
        AnchorError::Unreadable(ManifestError::TooLarge { .. }) => Code::ManifestTooLarge,
    }
}

fn claims_code(error: &ClaimsError) -> Code {
    match error {
        ClaimsError::Digest { .. }
        | ClaimsError::EmptyReference { .. }
        | ClaimsError::Json(_)
        | ClaimsError::Timestamp { .. }
        | ClaimsError::TooLarge { .. } => Code::InvalidClaims,
        ClaimsError::UnsupportedType { .. } => Code::UnsupportedClaimsType,
    }
}
