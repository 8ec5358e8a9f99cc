//! The bare public-key operation of a signature, to measure next to a verification that rests on it.

use std::hint::black_box;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use sequoia_openpgp::Packet;
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::parse::{PacketParser, PacketParserResult, Parse as _};
use sequoia_openpgp::types::{Curve, HashAlgorithm};

/// The operation by itself: a key that is ready, the digest, and the numbers of the signature.
pub(crate) struct Bare {
    key: ParsedPublicKey,
    digest: Octets,
    signature: Vec<u8>,
}

/// A digest as the operation takes it: Ed25519 signs it as any other message.
enum Octets {
    Digest(Digest),
    Message(Vec<u8>),
}

impl Bare {
    /// The operation that verifies the signature of `message` by `key`.
    pub(crate) fn new(key: &mpi::PublicKey, message: &[u8]) -> Self {
        let signature = signature_of(message);
        let (rsa, algorithm) = match signature.hash_algo() {
            HashAlgorithm::SHA256 => (&signature::RSA_PKCS1_2048_8192_SHA256, &digest::SHA256),
            HashAlgorithm::SHA384 => (&signature::RSA_PKCS1_2048_8192_SHA384, &digest::SHA384),
            HashAlgorithm::SHA512 => (&signature::RSA_PKCS1_2048_8192_SHA512, &digest::SHA512),
            other => panic!("{other}"),
        };
        let digest = signature.computed_digest().unwrap();
        let imported = || Octets::Digest(Digest::import_less_safe(digest, algorithm).unwrap());
        let (key, digest, signature) = match (key, signature.mpis()) {
            (mpi::PublicKey::RSA { e, n }, mpi::Signature::RSA { s }) => {
                (rsa_key(n, e, rsa), imported(), s.value_padded(n.value().len()).unwrap().into_owned())
            }
            (mpi::PublicKey::ECDSA { curve, q }, mpi::Signature::ECDSA { r, s }) => {
                let key = ParsedPublicKey::new(ecdsa(curve, signature.hash_algo()), q.value()).unwrap();
                (key, imported(), asn1(r.value(), s.value()))
            }
            (mpi::PublicKey::EdDSA { q, .. }, mpi::Signature::EdDSA { r, s }) => {
                let key = ParsedPublicKey::new(&signature::ED25519, q.value().get(1..).unwrap()).unwrap();
                let numbers = [r.value_padded(32).unwrap(), s.value_padded(32).unwrap()].concat();
                (key, Octets::Message(digest.to_vec()), numbers)
            }
            other => panic!("{other:?}"),
        };
        let bare = Self { key, digest, signature };
        bare.verify();
        bare
    }

    pub(crate) fn verify(&self) {
        let key = black_box(&self.key);
        let outcome = match &self.digest {
            Octets::Digest(digest) => key.verify_digest_sig(digest, &self.signature),
            Octets::Message(message) => key.verify_sig(message, &self.signature),
        };
        outcome.unwrap();
    }
}

fn rsa_key(n: &mpi::MPI, e: &mpi::MPI, algorithm: &'static RsaParameters) -> ParsedPublicKey {
    RsaPublicKeyComponents { n: n.value(), e: e.value() }.to_parsed_public_key(algorithm).unwrap()
}

fn ecdsa(curve: &Curve, hash: HashAlgorithm) -> &'static EcdsaVerificationAlgorithm {
    match (curve, hash) {
        (Curve::NistP256, HashAlgorithm::SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
        (Curve::NistP256, HashAlgorithm::SHA512) => &signature::ECDSA_P256_SHA512_ASN1,
        (Curve::NistP384, HashAlgorithm::SHA384) => &signature::ECDSA_P384_SHA384_ASN1,
        (Curve::NistP384, HashAlgorithm::SHA512) => &signature::ECDSA_P384_SHA512_ASN1,
        other => panic!("{other:?}"),
    }
}

fn asn1(r: &[u8], s: &[u8]) -> Vec<u8> {
    let number = |number: &[u8]| {
        let zero = if number.first().is_some_and(|first| *first >= 0x80) { &[0][..] } else { &[] };
        let number = [zero, number].concat();
        [vec![2, u8::try_from(number.len()).unwrap()], number].concat()
    };
    let body = [number(r), number(s)].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

/// The signature packet of a message, with the digest that the parser computed.
fn signature_of(message: &[u8]) -> Signature {
    let mut parsed = PacketParser::from_bytes(message).unwrap();
    while let PacketParserResult::Some(parser) = parsed {
        let (packet, next) = parser.recurse().unwrap();
        if let Packet::Signature(signature) = packet {
            return signature;
        }
        parsed = next;
    }
    panic!("a signed message has a signature");
}
