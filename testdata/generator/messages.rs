//! Messages: how one-pass signature, literal and signature come together, as they should and as they should not.

use crate::keys::SigningKey;
use crate::signing::{Signing, kind};
use crate::time;
use crate::wire::{literal, packet, tag};

/// A signed message in its parts.
pub(crate) struct Message {
    pub(crate) one_pass: Vec<u8>,
    pub(crate) literal: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Message {
    /// `payload`, signed by `key` at the usual time.
    pub(crate) fn new(key: &SigningKey, payload: &[u8]) -> Self {
        Self::made_at(key, payload, time::SIGNATURES)
    }

    /// `payload`, signed by `key` at `created`.
    pub(crate) fn made_at(key: &SigningKey, payload: &[u8], created: time::Time) -> Self {
        Self::signed(&Signing::new(key, kind::BINARY, created), payload)
    }

    /// `payload`, signed as `signing` says.
    pub(crate) fn signed(signing: &Signing<'_>, payload: &[u8]) -> Self {
        Self {
            one_pass: packet(tag::ONE_PASS, &one_pass(signing, 1)),
            literal: packet(tag::LITERAL, &plain_literal(payload)),
            signature: signing.packet(payload),
        }
    }

    /// The whole message, without compression.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.one_pass.as_slice(), &self.literal, &self.signature].concat()
    }

    pub(crate) fn with_one_pass(self, one_pass: &[u8]) -> Self {
        Self { one_pass: packet(tag::ONE_PASS, one_pass), ..self }
    }

    pub(crate) fn with_literal(self, literal: Vec<u8>) -> Self {
        Self { literal, ..self }
    }

    pub(crate) fn with_signature(self, signature: Vec<u8>) -> Self {
        Self { signature, ..self }
    }
}

/// The body of a one-pass signature packet; `last` is 0 where another one over the same data follows.
pub(crate) fn one_pass(signing: &Signing<'_>, last: u8) -> Vec<u8> {
    let key = signing.key;
    let start = [signing.kind, signing.hash.into(), key.algorithm];
    match key.version {
        6 => [&[6], start.as_slice(), &[32], &signing.salt(), &key.fingerprint, &[last]].concat(),
        _ => [&[3], start.as_slice(), &key.key_id, &[last]].concat(),
    }
}

/// The body of a literal packet as containers/image makes it: binary, no file name, no date.
pub(crate) fn plain_literal(payload: &[u8]) -> Vec<u8> {
    literal(b'b', b"", 0, payload)
}
