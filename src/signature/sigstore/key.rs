//! The keys of sigstore signatures: public keys as such, without certificate, owner or time.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use spki::der::asn1::{ObjectIdentifier, UintRef};
use spki::der::{Decode as _, Reader as _, SliceReader};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use thiserror::Error;

use crate::image::quote::Quoted;
use crate::signature::Fingerprint;
use crate::signature::ed25519;
use crate::signature::sigstore::primitive::{Algorithm, PublicKey};

/// The most bytes of a file with a sigstore key. The PEM text of the largest key has 1.5 KiB.
pub const SIGSTORE_KEY_LIMIT: usize = 64 << 10;

/// A public key that makes sigstore signatures, prepared once. A copy of it is the same key; two are equal if their
/// encodings are.
#[derive(Clone)]
pub struct SigstoreKey(Arc<Prepared>);

struct Prepared {
    /// The `SubjectPublicKeyInfo`, in DER.
    encoded: Vec<u8>,
    fingerprint: Fingerprint,
    algorithm: String,
    key: PublicKey,
}

impl SigstoreKey {
    /// Reads a key from PEM text as `cosign public-key` and `openssl pkey -pubout` write it: one `PUBLIC KEY` block.
    /// Text may stand before the block, and nothing after it.
    ///
    /// # Errors
    ///
    /// A [`SigstoreKeyError`] when the text holds no such block or more than one, or the key is of an algorithm that is
    /// not supported, or too weak.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, SigstoreKeyError> {
        Self::from_der(block(bytes)?)
    }

    fn from_der(encoded: Vec<u8>) -> Result<Self, SigstoreKeyError> {
        let malformed = |_| SigstoreKeyError::Encoding;
        let info = SubjectPublicKeyInfoRef::from_der(&encoded).map_err(malformed)?;
        let octets = info.subject_public_key.as_bytes().ok_or(SigstoreKeyError::Encoding)?;
        let algorithm = algorithm(&info.algorithm)?;
        let name = match algorithm {
            Algorithm::Ed25519 if !ed25519::is_sound(octets) => return Err(SigstoreKeyError::Encoding),
            Algorithm::Ed25519 => "Ed25519".to_owned(),
            Algorithm::Rsa => rsa(modulus_bits(octets).map_err(malformed)?)?,
            // A compressed point is another encoding of the same key.
            _ if octets.first() != Some(&UNCOMPRESSED) => return Err(SigstoreKeyError::Encoding),
            Algorithm::EcdsaP256 => "ECDSA-P256".to_owned(),
            Algorithm::EcdsaP384 => "ECDSA-P384".to_owned(),
            Algorithm::EcdsaP521 => "ECDSA-P521".to_owned(),
        };
        let key = PublicKey::prepare(algorithm, &encoded).ok_or(SigstoreKeyError::Encoding)?;
        let fingerprint = Fingerprint::new(&Sha256::digest(&encoded));
        Ok(Self(Arc::new(Prepared { encoded, fingerprint, algorithm: name, key })))
    }

    /// The fingerprint: the SHA-256 digest of the `SubjectPublicKeyInfo` in DER.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.0.fingerprint
    }

    /// The algorithm, such as `ECDSA-P256`, `RSA-4096` or `Ed25519`.
    pub fn algorithm(&self) -> &str {
        &self.0.algorithm
    }

    /// Whether the key made `signature` over `payload`.
    pub(super) fn made(&self, payload: &[u8], signature: &[u8]) -> bool {
        self.0.key.made(payload, signature)
    }
}

impl fmt::Debug for SigstoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigstoreKey({} {})", self.algorithm(), self.fingerprint())
    }
}

impl Eq for SigstoreKey {}

impl PartialEq for SigstoreKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.encoded == other.0.encoded
    }
}

impl Ord for SigstoreKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.encoded.cmp(&other.0.encoded)
    }
}

impl PartialOrd for SigstoreKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The content of the one block of a PEM text.
fn block(bytes: &[u8]) -> Result<Vec<u8>, SigstoreKeyError> {
    if bytes.len() > SIGSTORE_KEY_LIMIT {
        return Err(SigstoreKeyError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| SigstoreKeyError::NotPem)?;
    let (mut blocks, mut open, mut trailing) = (Vec::new(), None::<(&str, String)>, false);
    for line in text.lines().map(str::trim) {
        match (boundary(line), &mut open) {
            (Some(("BEGIN", label)), None) => open = Some((label, String::new())),
            (Some(("END", label)), Some((opened, _))) if label == *opened => blocks.extend(open.take()),
            (Some(_), _) => return Err(SigstoreKeyError::Unfinished),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => trailing |= !blocks.is_empty() && !line.is_empty(),
        }
    }
    if open.is_some() {
        return Err(SigstoreKeyError::Unfinished);
    }
    match blocks.as_slice() {
        [] => Err(SigstoreKeyError::NotPem),
        [(LABEL, _)] if trailing => Err(SigstoreKeyError::Trailing),
        [(LABEL, body)] => {
            STANDARD.decode(body).map_err(|error| SigstoreKeyError::Base64 { reason: error.to_string() })
        }
        [(label, _)] => Err(SigstoreKeyError::Block { found: (*label).to_owned() }),
        several => Err(SigstoreKeyError::Several { count: several.len() }),
    }
}

/// The words of a line that begins or ends a block: `BEGIN` or `END`, and the label.
fn boundary(line: &str) -> Option<(&str, &str)> {
    let (word, label) = line.strip_prefix("-----")?.strip_suffix("-----")?.split_once(' ')?;
    matches!(word, "BEGIN" | "END").then_some((word, label))
}

fn algorithm(identifier: &AlgorithmIdentifierRef<'_>) -> Result<Algorithm, SigstoreKeyError> {
    let unsupported = |found: ObjectIdentifier| {
        let name = OTHERS.iter().find(|(identifier, _)| *identifier == found).map(|(_, name)| (*name).to_owned());
        Err(SigstoreKeyError::Algorithm { found: name.unwrap_or_else(|| found.to_string()) })
    };
    if identifier.oid == ED25519 {
        return Ok(Algorithm::Ed25519);
    }
    if identifier.oid == RSA {
        return Ok(Algorithm::Rsa);
    }
    if identifier.oid != ELLIPTIC_CURVE {
        return unsupported(identifier.oid);
    }
    let curve = identifier.parameters.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
    match curve.ok_or(SigstoreKeyError::Encoding)? {
        P256 => Ok(Algorithm::EcdsaP256),
        P384 => Ok(Algorithm::EcdsaP384),
        P521 => Ok(Algorithm::EcdsaP521),
        other => unsupported(other),
    }
}

/// The size of the modulus in an `RSAPublicKey`.
fn modulus_bits(encoded: &[u8]) -> spki::der::Result<u32> {
    let mut reader = SliceReader::new(encoded)?;
    let bits = reader.sequence(|inner| {
        let modulus = UintRef::decode(inner)?;
        UintRef::decode(inner)?;
        let bytes = u32::try_from(modulus.as_bytes().len()).unwrap_or(u32::MAX);
        let unused = modulus.as_bytes().first().map_or(0, |first| first.leading_zeros());
        Ok(bytes.saturating_mul(8).saturating_sub(unused))
    })?;
    reader.finish(bits)
}

/// The name of the algorithm, with the size.
fn rsa(bits: u32) -> Result<String, SigstoreKeyError> {
    let name = format!("RSA-{bits}");
    if RSA_BITS.contains(&bits) { Ok(name) } else { Err(SigstoreKeyError::Algorithm { found: name }) }
}

/// Why a file does not hold the key that is needed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SigstoreKeyError {
    /// The key is of an algorithm, a curve or a size that is not accepted.
    #[error("the key is {found}; RSA of 2048 to 8192 bits, ECDSA over P-256, P-384 or P-521, or Ed25519 is needed")]
    Algorithm {
        /// The algorithm, with its size where that matters.
        found: String,
    },
    /// The block is not base64.
    #[error("the `{LABEL}` block is not base64: {reason}")]
    Base64 {
        /// What is wrong, and where.
        reason: String,
    },
    /// The block is of another kind.
    #[error("the file holds {} block, {}", Quoted(found), hint(found))]
    Block {
        /// The label of the block.
        found: String,
    },
    /// The block does not hold a public key.
    #[error("the `{LABEL}` block holds no public key (SubjectPublicKeyInfo) in the one encoding that is accepted")]
    Encoding,
    /// The file is not PEM text.
    #[error("the file holds no PEM block; `-----BEGIN {LABEL}-----` is needed, as `cosign public-key` writes it")]
    NotPem,
    /// There is more than one block.
    #[error("the file holds {count} PEM blocks; exactly one, `{LABEL}`, is needed")]
    Several {
        /// How many.
        count: usize,
    },
    /// The file is larger than is read.
    #[error("the file is larger than a key: at most {SIGSTORE_KEY_LIMIT} bytes are read")]
    TooLarge,
    /// Something follows the block.
    #[error("the file goes on after its `{LABEL}` block; nothing but white space may follow")]
    Trailing,
    /// A block does not end, or ends without having begun.
    #[error("a PEM block of the file is not between a `-----BEGIN …-----` and an `-----END …-----` of the same name")]
    Unfinished,
}

/// What to do about a block of another kind.
fn hint(label: &str) -> &'static str {
    if label.ends_with("PRIVATE KEY") {
        return "a private key, which must stay with the signer; the public key is needed (`openssl pkey -pubout`)";
    }
    match label {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            "a certificate; the public key alone is needed (`openssl x509 -pubkey -noout`)"
        }
        "PGP PUBLIC KEY BLOCK" => "an OpenPGP certificate, which makes no sigstore signatures; `PUBLIC KEY` is needed",
        "RSA PUBLIC KEY" => "which says nothing of its algorithm; `openssl rsa -RSAPublicKey_in -pubout` converts it",
        _ => "and `PUBLIC KEY` is needed",
    }
}

/// The label of a PEM block with a public key.
const LABEL: &str = "PUBLIC KEY";

/// The first octet of a point on a curve that is written with both its coordinates.
const UNCOMPRESSED: u8 = 4;

/// The sizes of RSA keys that are accepted.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Algorithms and curves that are known by name only.
const OTHERS: [(ObjectIdentifier, &str); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"), "DSA"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), "RSASSA-PSS"),
    (ObjectIdentifier::new_unwrap("1.3.101.110"), "X25519"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "Ed448"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), "ECDSA over secp256k1"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.33"), "ECDSA over P-224"),
];

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
