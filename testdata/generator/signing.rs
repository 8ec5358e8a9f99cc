//! Signature packets.

use sequoia_openpgp::types::HashAlgorithm;

use crate::keys::SigningKey;
use crate::time::Time;
use crate::wire::{be16, be32, packet, sub, subpacket, tag};

/// Signature types (RFC 9580, section 5.2.1).
pub(crate) mod kind {
    pub(crate) const BINARY: u8 = 0x00;
    pub(crate) const TEXT: u8 = 0x01;
    pub(crate) const STANDALONE: u8 = 0x02;
    pub(crate) const CERTIFICATION: u8 = 0x13;
    pub(crate) const SUBKEY_BINDING: u8 = 0x18;
    pub(crate) const BACK_SIGNATURE: u8 = 0x19;
    pub(crate) const DIRECT_KEY: u8 = 0x1F;
    pub(crate) const KEY_REVOCATION: u8 = 0x20;
    pub(crate) const SUBKEY_REVOCATION: u8 = 0x28;
}

/// A signature of version 4 or 6, as its key's version wants it, that is yet to be made. Every part may be bent.
#[derive(Clone)]
pub(crate) struct Signing<'a> {
    pub(crate) key: &'a SigningKey,
    pub(crate) kind: u8,
    pub(crate) hash: HashAlgorithm,
    /// The subpackets, concatenated.
    pub(crate) hashed: Vec<u8>,
    pub(crate) unhashed: Vec<u8>,
    /// What the version octet says; the signature is computed for the key's own version.
    pub(crate) version: u8,
    /// Whether the left 16 bits of the digest are right.
    pub(crate) right_prefix: bool,
}

impl<'a> Signing<'a> {
    /// What GnuPG writes: fingerprint and time under the signature, the key ID beside it.
    pub(crate) fn new(key: &'a SigningKey, kind: u8, created: Time) -> Self {
        let unhashed = if key.version == 4 { subpacket(sub::ISSUER, &key.key_id) } else { Vec::new() };
        Self {
            key,
            kind,
            hash: key.hash(),
            hashed: [issuer_fingerprint(key), created_at(created)].concat(),
            unhashed,
            version: key.version,
            right_prefix: true,
        }
    }

    /// Adds a subpacket to those that are signed.
    pub(crate) fn add(mut self, kind: u8, body: &[u8]) -> Self {
        self.hashed.extend(subpacket(kind, body));
        self
    }

    pub(crate) fn hash(self, hash: HashAlgorithm) -> Self {
        Self { hash, ..self }
    }

    pub(crate) fn kind(self, kind: u8) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn hashed(self, hashed: Vec<u8>) -> Self {
        Self { hashed, ..self }
    }

    pub(crate) fn unhashed(self, unhashed: Vec<u8>) -> Self {
        Self { unhashed, ..self }
    }

    /// The salt of a version 6 signature: fixed, so that a second run makes the same signature.
    pub(crate) fn salt(&self) -> Vec<u8> {
        vec![0x5A; if self.key.version == 6 { 32 } else { 0 }]
    }

    /// The signature packet over `data`.
    pub(crate) fn packet(&self, data: &[u8]) -> Vec<u8> {
        packet(tag::SIGNATURE, &self.body(data))
    }

    /// The body of the signature packet over `data`.
    pub(crate) fn body(&self, data: &[u8]) -> Vec<u8> {
        let size =
            |area: &[u8]| if self.key.version == 6 { be32(area.len()).to_vec() } else { be16(area.len()).to_vec() };
        let version = self.key.version;
        let algorithms = [self.kind, self.key.algorithm, self.hash.into()];
        let signed = [&[version], algorithms.as_slice(), &size(&self.hashed), &self.hashed].concat();
        let trailer = [&[version, 0xFF], be32(signed.len()).as_slice()].concat();
        let digest = digest(self.hash, &[&self.salt(), data, &signed, &trailer]);
        let mut prefix = [digest[0], digest[1]];
        if !self.right_prefix {
            prefix[0] ^= 0xFF;
        }
        let salt = if version == 6 { [vec![32], self.salt()].concat() } else { Vec::new() };
        let mut body = [
            signed,
            size(&self.unhashed),
            self.unhashed.clone(),
            prefix.to_vec(),
            salt,
            self.key.sign(self.hash, &digest),
        ]
        .concat();
        body[0] = self.version;
        body
    }
}

/// A signature packet of version 3 over `data`: what Red Hat made until 2022, and nobody makes any more.
pub(crate) fn version_3(key: &SigningKey, created: Time, data: &[u8]) -> Vec<u8> {
    let hash = HashAlgorithm::SHA256;
    let signed = [&[kind::BINARY], created.to_be_bytes().as_slice()].concat();
    let digest = digest(hash, &[data, &signed]);
    let algorithms = [key.algorithm, hash.into()];
    let body = [&[3, 5], signed.as_slice(), &key.key_id, &algorithms, &digest[..2], &key.sign(hash, &digest)].concat();
    packet(tag::SIGNATURE, &body)
}

pub(crate) fn created_at(time: Time) -> Vec<u8> {
    subpacket(sub::CREATED, &time.to_be_bytes())
}

pub(crate) fn issuer_fingerprint(key: &SigningKey) -> Vec<u8> {
    subpacket(sub::ISSUER_FINGERPRINT, &[&[key.version], key.fingerprint.as_slice()].concat())
}

fn digest(hash: HashAlgorithm, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = hash.context().unwrap().for_digest();
    parts.iter().for_each(|part| context.update(part));
    context.into_digest().unwrap()
}
