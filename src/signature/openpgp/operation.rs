//! The public-key operation over the digest of a signature: the one place where signatures meet keys.
//!
//! aws-lc does it for what nearly all signatures are, RSA, ECDSA over the NIST curves and Ed25519 over SHA-2 digests, ten
//! times faster than the pure Rust backend of sequoia-openpgp; the library's own operation does the rest. Which of the
//! two it is never changes an answer: tests hold them against each other. Built with `--cfg vidimus_operation="sequoia"`
//! the library does all of it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library may learn of more algorithms; what is not listed is left to it"
)]

use std::fmt;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::packet::{Key, Signature, key};
use sequoia_openpgp::types::{Curve, HashAlgorithm};

/// A public key in the form in which the library gives it.
type PublicKey = Key<key::PublicParts, key::UnspecifiedRole>;

/// A key that is ready to verify with. It is prepared once, when a keyring is loaded.
pub(crate) struct Operation(Prepared);

enum Prepared {
    /// ECDSA, by digest: SHA-256, SHA-384 and SHA-512.
    Ecdsa(Box<[ParsedPublicKey; 3]>),
    /// RSA with PKCS #1 v1.5 padding, by digest, and the length of the modulus in octets.
    Rsa(Box<[ParsedPublicKey; 3]>, usize),
    /// Ed25519 signs the digest as any other message.
    Ed25519(Box<ParsedPublicKey>),
    /// What the library does itself.
    Library,
}

impl Operation {
    /// Prepares a key.
    pub(crate) fn prepare(key: &PublicKey) -> Self {
        let prepared = if cfg!(vidimus_operation = "sequoia") { None } else { prepare(key.mpis()) };
        Self(prepared.unwrap_or(Prepared::Library))
    }

    /// Whether `key`, which this was prepared from, made `signature` over `digest`.
    ///
    /// This does not go through the library's cache of verified signatures, which never shrinks.
    pub(crate) fn made(&self, key: &PublicKey, signature: &Signature, digest: &[u8]) -> bool {
        let by_aws_lc = match (&self.0, signature.mpis()) {
            (Prepared::Rsa(keys, modulus), mpi::Signature::RSA { s }) => {
                // As long as the modulus: a packet does not write leading zeros.
                s.value_padded(*modulus).ok().and_then(|s| by_digest(keys, signature.hash_algo(), digest, &s))
            }
            (Prepared::Ecdsa(keys), mpi::Signature::ECDSA { r, s }) => {
                sequence(r.value(), s.value()).and_then(|rs| by_digest(keys, signature.hash_algo(), digest, &rs))
            }
            (Prepared::Ed25519(key), mpi::Signature::EdDSA { r, s }) => {
                match (r.value_padded(32), s.value_padded(32)) {
                    (Ok(r), Ok(s)) => Some(key.verify_sig(digest, &[r, s].concat()).is_ok()),
                    (Err(_), _) | (_, Err(_)) => None,
                }
            }
            (Prepared::Ed25519(key), mpi::Signature::Ed25519 { s }) => Some(key.verify_sig(digest, &s[..]).is_ok()),
            _ => None,
        };
        by_aws_lc.unwrap_or_else(|| key.verify(signature.mpis(), signature.hash_algo(), digest).is_ok())
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Prepared::Ecdsa(_) | Prepared::Ed25519(_) | Prepared::Rsa(..) => "aws-lc",
            Prepared::Library => "sequoia",
        })
    }
}

/// The key in the form of aws-lc, if that knows such keys.
fn prepare(key: &mpi::PublicKey) -> Option<Prepared> {
    match key {
        // Smaller and larger ones are refused, whoever computes; aws-lc would prepare them, and then say no.
        mpi::PublicKey::RSA { e, n } if (2048..=8192).contains(&n.bits()) => {
            let components = RsaPublicKeyComponents { n: n.value(), e: e.value() };
            let algorithms = [
                &signature::RSA_PKCS1_2048_8192_SHA256,
                &signature::RSA_PKCS1_2048_8192_SHA384,
                &signature::RSA_PKCS1_2048_8192_SHA512,
            ];
            let keys = three(algorithms.map(|algorithm| components.to_parsed_public_key(algorithm).ok()))?;
            Some(Prepared::Rsa(keys, n.value().len()))
        }
        mpi::PublicKey::ECDSA { curve, q } => {
            let algorithms = match curve {
                Curve::NistP256 => [
                    &signature::ECDSA_P256_SHA256_ASN1,
                    &signature::ECDSA_P256_SHA384_ASN1,
                    &signature::ECDSA_P256_SHA512_ASN1,
                ],
                Curve::NistP384 => [
                    &signature::ECDSA_P384_SHA256_ASN1,
                    &signature::ECDSA_P384_SHA384_ASN1,
                    &signature::ECDSA_P384_SHA512_ASN1,
                ],
                Curve::NistP521 => [
                    &signature::ECDSA_P521_SHA256_ASN1,
                    &signature::ECDSA_P521_SHA384_ASN1,
                    &signature::ECDSA_P521_SHA512_ASN1,
                ],
                _ => return None,
            };
            Some(Prepared::Ecdsa(three(algorithms.map(|algorithm| ParsedPublicKey::new(algorithm, q.value()).ok()))?))
        }
        // The point stands behind an octet that says that it is compressed as its own specification has it.
        mpi::PublicKey::EdDSA { curve: Curve::Ed25519, q } => ed25519(q.value().strip_prefix(&[0x40])?),
        mpi::PublicKey::Ed25519 { a } => ed25519(a),
        _ => None,
    }
}

fn three(keys: [Option<ParsedPublicKey>; 3]) -> Option<Box<[ParsedPublicKey; 3]>> {
    let [Some(sha256), Some(sha384), Some(sha512)] = keys else { return None };
    Some(Box::new([sha256, sha384, sha512]))
}

fn ed25519(point: &[u8]) -> Option<Prepared> {
    Some(Prepared::Ed25519(Box::new(ParsedPublicKey::new(&signature::ED25519, point).ok()?)))
}

/// The answer of aws-lc; none for a digest that is left to the library.
fn by_digest(keys: &[ParsedPublicKey; 3], hash: HashAlgorithm, digest: &[u8], signature: &[u8]) -> Option<bool> {
    let [sha256, sha384, sha512] = keys;
    let (key, algorithm) = match hash {
        HashAlgorithm::SHA256 => (sha256, &digest::SHA256),
        HashAlgorithm::SHA384 => (sha384, &digest::SHA384),
        HashAlgorithm::SHA512 => (sha512, &digest::SHA512),
        _ => return None,
    };
    let digest = Digest::import_less_safe(digest, algorithm).ok()?;
    Some(key.verify_digest_sig(&digest, signature).is_ok())
}

/// Two numbers as the ASN.1 sequence that aws-lc reads. None for numbers that are too long for any curve.
fn sequence(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for number in [r, s] {
        // A number with its highest bit set would be negative; zero is one octet.
        let is_padded = number.first().is_none_or(|first| *first >= 0x80);
        body.extend([0x02, u8::try_from(number.len().checked_add(usize::from(is_padded))?).ok()?]);
        body.extend(is_padded.then_some(0));
        body.extend(number);
    }
    let length = u8::try_from(body.len()).ok()?;
    let long = (length >= 0x80).then_some(0x81);
    Some([0x30].into_iter().chain(long).chain([length]).chain(body).collect())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
