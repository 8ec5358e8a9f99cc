//! What a signature says, read without asking whether it is true. For `inspect` only.

use chrono::{DateTime, Utc};

use crate::image::ImageSignature;
use crate::signature::openpgp::error::AuthenticationError;
use crate::signature::openpgp::{self, SignatureFacts};
use crate::signature::sigstore::blob::Content;
use crate::signature::{
    ClaimsError, KeyId, PayloadProfile, RecordError, Rejection, SignatureKind, SigstoreAttachment, UnverifiedClaims,
    record,
};

/// The content of a signature that nobody has vouched for. No deciding function accepts it.
#[derive(Clone, Debug)]
pub struct Unverified {
    kind: SignatureKind,
    facts: Option<SignatureFacts>,
    payload: Vec<u8>,
}

impl Unverified {
    /// Takes `content` apart, with the limits of a verification.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] that a verification would end with when the content is neither one signed message nor one
    /// sigstore attachment.
    pub fn read(content: &[u8]) -> Result<Self, Box<Rejection>> {
        match Content::of(content).map_err(refused)? {
            Content::OpenPgp(message) => {
                let (payload, facts) =
                    openpgp::unverified(message).map_err(AuthenticationError::from).map_err(refused)?;
                Ok(Self { kind: SignatureKind::OpenPgp, facts, payload })
            }
            Content::Sigstore(json) => {
                let payload = SigstoreAttachment::read(json).map_err(refused)?.payload().to_vec();
                Ok(Self { kind: SignatureKind::Sigstore, facts: None, payload })
            }
        }
    }

    /// The kind of the signature.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The content of a record.
    ///
    /// # Errors
    ///
    /// A [`RecordError`] when the content is not base64, or too large.
    pub fn content(record: &ImageSignature<'_>) -> Result<Vec<u8>, RecordError> {
        record::content(record)
    }

    /// The key that is said to have signed.
    pub fn issuer(&self) -> Option<KeyId> {
        self.facts.as_ref()?.issuer
    }

    /// The time at which the signature is said to have been made.
    pub fn created(&self) -> Option<DateTime<Utc>> {
        self.facts.as_ref()?.created
    }

    /// The version of the signature packet and its algorithms, such as `version 4, RSA, SHA256`.
    pub fn packet(&self) -> Option<&str> {
        self.facts.as_ref().map(|facts| facts.packet.as_str())
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The claims in the payload.
    ///
    /// # Errors
    ///
    /// A [`ClaimsError`] when the payload is no container signature; that of an OpenPGP signature is read by `profile`.
    pub fn claims(&self, profile: PayloadProfile) -> Result<UnverifiedClaims, ClaimsError> {
        match self.kind {
            SignatureKind::OpenPgp => UnverifiedClaims::read(&self.payload, profile),
            SignatureKind::Sigstore => UnverifiedClaims::read_sigstore(&self.payload),
        }
    }
}

fn refused(error: impl Into<Rejection>) -> Box<Rejection> {
    Box::new(error.into())
}
