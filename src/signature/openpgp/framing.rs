//! What can be wrong with the framing of a message.

use thiserror::Error;

use crate::signature::Code;
use crate::signature::openpgp::message::{CONTENT_LIMIT, SIGNATURE_PACKET_LIMIT, SUBPACKET_LIMIT};

/// Why a content is not one signed message.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum FramingError {
    /// The content is text.
    #[error("the content is ASCII-armored; a stored signature is binary (`gpg --dearmor` converts it)")]
    Armored,
    /// The content is text in the cleartext framework, which container-signature(5) forbids.
    #[error("the content is a cleartext signature; a stored signature is a binary message as `gpg --sign` makes it")]
    Cleartext,
    /// A compression other than ZIP and ZLIB.
    #[error("the message is compressed by algorithm {algorithm}; only ZIP (1) and ZLIB (2) are accepted")]
    Compression {
        /// The algorithm's number in OpenPGP.
        algorithm: u8,
    },
    /// The content is over [`CONTENT_LIMIT`].
    #[error("the content has {size} bytes; at most {CONTENT_LIMIT} are looked at")]
    ContentTooLarge {
        /// The size found, in bytes.
        size: usize,
    },
    /// A signature without data.
    #[error("the content is a detached signature; a stored signature carries the payload it signs (`gpg --sign`)")]
    Detached,
    /// A signature inside a signature.
    #[error("the signature packet embeds another signature")]
    EmbeddedSignature,
    /// There is nothing.
    #[error("the content is empty: there is no signature")]
    Empty,
    /// The content is encrypted.
    #[error("the content is an encrypted message")]
    Encrypted,
    /// A length to the end of the input where it is not allowed.
    #[error("a packet inside the message has an indeterminate length")]
    IndeterminateLength,
    /// Something else that no writer produces.
    #[error("the message is malformed: {found}")]
    Malformed {
        /// What was found.
        found: &'static str,
    },
    /// A container inside a container.
    #[error("the message is compressed more than once")]
    Nested,
    /// What should be a packet is not one.
    #[error("the content is no OpenPGP message: octet 0x{octet:02x} begins no packet")]
    NoPacket {
        /// The octet found.
        octet: u8,
    },
    /// A signature before the data, as PGP 2 wrote it.
    #[error("the signature stands before the data, without a one-pass signature packet")]
    OldStyle,
    /// A version of the one-pass signature packet other than 3 and 6.
    #[error("the one-pass signature packet is of version {version}; 3 and 6 are accepted")]
    OnePassVersion {
        /// The version found.
        version: u8,
    },
    /// The payload is over [`PAYLOAD_LIMIT`](crate::signature::PAYLOAD_LIMIT), or the message over
    /// [`INFLATED_LIMIT`](crate::signature::INFLATED_LIMIT).
    #[error("the message grows beyond {limit} bytes")]
    PayloadTooLarge {
        /// The limit that was hit, in bytes.
        limit: usize,
    },
    /// More than one signature.
    #[error("the message is signed more than once; a stored signature has one signer")]
    SeveralSignatures,
    /// The signature packet is over [`SIGNATURE_PACKET_LIMIT`].
    #[error("the signature packet has {size} bytes; at most {SIGNATURE_PACKET_LIMIT} are looked at")]
    SignatureTooLarge {
        /// The size found, in bytes.
        size: usize,
    },
    /// The signature is over a container.
    #[error("the signature is over a compressed or signed message, not over literal data")]
    SignedContainer,
    /// There are more than [`SUBPACKET_LIMIT`].
    #[error("the signature packet has more than {SUBPACKET_LIMIT} subpackets")]
    Subpackets,
    /// There is more than the message.
    #[error("the message is followed by other data ({bytes} bytes); a stored signature ends with its signature packet")]
    TrailingData {
        /// How many.
        bytes: usize,
    },
    /// The content ends too early.
    #[error("the message is cut short")]
    Truncated,
    /// A packet that has no place there.
    #[error("a packet of type {tag} stands where {wanted} should be")]
    UnexpectedPacket {
        /// The type found.
        tag: u8,
        /// What should be there.
        wanted: &'static str,
    },
    /// Data that nobody signed.
    #[error("the message is not signed; anyone could have written it")]
    Unsigned,
}

impl FramingError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Armored => Code::ArmoredSignature,
            Self::Cleartext => Code::CleartextSignature,
            Self::Compression { .. } | Self::OldStyle | Self::SignedContainer => Code::UnsupportedFraming,
            Self::ContentTooLarge { .. } => Code::ContentTooLarge,
            Self::Detached => Code::DetachedSignature,
            Self::EmbeddedSignature | Self::Nested | Self::SignatureTooLarge { .. } | Self::Subpackets => {
                Code::TooComplex
            }
            Self::Empty
            | Self::IndeterminateLength
            | Self::Malformed { .. }
            | Self::NoPacket { .. }
            | Self::OnePassVersion { .. }
            | Self::Truncated
            | Self::UnexpectedPacket { .. } => Code::MalformedSignature,
            Self::Encrypted => Code::EncryptedMessage,
            Self::PayloadTooLarge { .. } => Code::PayloadTooLarge,
            Self::SeveralSignatures => Code::SignatureCount,
            Self::TrailingData { .. } => Code::TrailingData,
            Self::Unsigned => Code::Unsigned,
        }
    }
}
