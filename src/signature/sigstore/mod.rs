//! Sigstore signatures by public keys: a payload and a signature over it, as cosign makes them.
//!
//! A signature names no key, so each key that is asked for is tried. There is no certificate, no revocation and no
//! time; transparency logs and certificates of the moment (Rekor, Fulcio) are not read.

pub(crate) mod blob;
pub(crate) mod error;
pub(crate) mod key;
mod primitive;
pub(crate) mod terms;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::signature::sigstore::blob::{MIME_TYPE, SIGNATURE, SigstoreAttachment};
use crate::signature::sigstore::error::SigstoreError;
use crate::signature::{Signer, SigstoreKey, Undecided, Unfit};

/// The most sigstore keys that are tried with a signature: those of all the demands of one rule, each key once.
///
/// A policy document with a rule that names more of them does not load. For a rule that was made otherwise, the keys
/// beyond the limit are not tried, and a signature by none of the others is undecided.
pub const SIGSTORE_KEYS_PER_RULE: usize = 32;

/// Octets that a key which is asked for has vouched for, and the key. Made by [`authenticate`] only.
#[derive(Debug)]
pub(crate) struct Authenticated {
    payload: Vec<u8>,
    signer: Signer,
}

impl Authenticated {
    /// The signed octets.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Who signed.
    pub(crate) fn into_signer(self) -> Signer {
        self.signer
    }
}

/// Authenticates a sigstore attachment against `keys`. Each is tried once, until one fits: a signature has one signer.
pub(crate) fn authenticate(json: &[u8], keys: &BTreeSet<SigstoreKey>) -> Result<Authenticated, Unfit> {
    let attachment = SigstoreAttachment::read(json)?;
    if attachment.mime_type() != MIME_TYPE {
        return Err(SigstoreError::MimeType { found: attachment.mime_type().to_owned() }.into());
    }
    let signature = attachment.annotation(SIGNATURE).ok_or(SigstoreError::Unsigned)?;
    let signature = STANDARD.decode(signature).map_err(|error| SigstoreError::Base64 {
        what: "the signature",
        reason: error.to_string().trim_end_matches('.').to_owned(),
    })?;
    let mut tried = keys.iter().take(SIGSTORE_KEYS_PER_RULE);
    match tried.find(|key| key.made(attachment.payload(), &signature)) {
        Some(key) => Ok(Authenticated { signer: Signer::sigstore(key), payload: attachment.into_payload() }),
        None if keys.len() > SIGSTORE_KEYS_PER_RULE => {
            Err(Unfit::Undecided(Undecided::TooManyKeys { limit: SIGSTORE_KEYS_PER_RULE }))
        }
        None => Err(SigstoreError::NoKey { count: keys.len() }.into()),
    }
}
