//! Why no key vouches for a sigstore signature.

use thiserror::Error;

use crate::image::JsonError;
use crate::image::quote::Quoted;
use crate::signature::sigstore::blob::{MIME_TYPE, SIGNATURE};
use crate::signature::{CONTENT_LIMIT, Code};

/// Why a stored signature is not read, or no key vouches for it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SigstoreError {
    /// The payload or the signature is not base64.
    #[error("{what} is not base64: {reason}")]
    Base64 {
        /// Which of them.
        what: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// The content is stored in a format that is not read.
    #[error("the content is of the format {}; `sigstore-json` and `simple-signing` are read", Quoted(found))]
    Format {
        /// The format's name.
        found: String,
    },
    /// The content begins like a frame and is none.
    #[error("the content begins with a nul, which the name of a format and a line feed must follow")]
    Frame,
    /// The attachment is not the JSON that it must be.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The attachment is no container signature, such as an attestation.
    #[error("the attachment is of the media type {}, not `{MIME_TYPE}`", Quoted(found))]
    MimeType {
        /// The media type.
        found: String,
    },
    /// The signature is by none of the keys.
    #[error(
        "none of the {count} sigstore keys that are asked for made the signature: another key did, or the payload was changed"
    )]
    NoKey {
        /// How many keys were tried.
        count: usize,
    },
    /// The content is larger than is read.
    #[error("the content has {size} bytes; at most {CONTENT_LIMIT} are looked at")]
    TooLarge {
        /// The number of bytes.
        size: usize,
    },
    /// There is no signature over the payload.
    #[error("the attachment carries no signature: there is no annotation `{SIGNATURE}`")]
    Unsigned,
}

impl SigstoreError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Base64 { .. } | Self::Frame | Self::Json(_) => Code::MalformedSignature,
            Self::Format { .. } => Code::UnsupportedFormat,
            Self::MimeType { .. } => Code::UnsupportedClaimsType,
            Self::NoKey { .. } => Code::BadSignature,
            Self::TooLarge { .. } => Code::ContentTooLarge,
            Self::Unsigned => Code::Unsigned,
        }
    }
}
