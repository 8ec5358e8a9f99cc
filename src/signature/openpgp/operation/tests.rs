//! The two operations against each other: on every signature and key of the test data, on changed ones, and on numbers
//! at the edges of what is allowed. The same answer, always.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "small numbers; a test stops at what it does not know"
)]

use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::Index;
use sequoia_openpgp::crypto::mpi::MPI;
use sequoia_openpgp::packet::key::Key4;
use sequoia_openpgp::packet::signature::{Signature4, SignatureBuilder};
use sequoia_openpgp::types::SignatureType;

use super::*;
use crate::signature::KeyringBuilder;
use crate::signature::openpgp::message::Message;

/// A signature, its digest, and the key that may have made it.
#[derive(Clone)]
struct Sample {
    name: String,
    key: PublicKey,
    numbers: mpi::Signature,
    hash: HashAlgorithm,
    digest: Vec<u8>,
}

/// Each signature of the test data with each key of its algorithm.
fn samples() -> Vec<Sample> {
    let mut keys = Vec::new();
    for entry in fs::read_dir("testdata/keys").unwrap() {
        let path = entry.unwrap().path();
        let mut builder = KeyringBuilder::default();
        let is_key = path.is_file() && builder.add("keys", &fs::read(&path).unwrap()).is_ok();
        if let Some(keyring) = is_key.then(|| builder.build().ok()).flatten() {
            let of_file = keyring.certificates().flat_map(|certificate| &certificate.keys);
            keys.extend(of_file.map(|key| key.key.clone()));
        }
    }
    keys.sort_by_key(|key| key.fingerprint());
    keys.dedup_by_key(|key| key.fingerprint());
    let mut samples = Vec::new();
    for entry in fs::read_dir("testdata/signatures").unwrap() {
        let path = entry.unwrap().path();
        let Ok(message) = Message::parse(&fs::read(&path).unwrap()) else { continue };
        let Ok(signature) = crate::signature::openpgp::parse(&message.signature) else { continue };
        let Ok(digest) = crate::signature::openpgp::digest(&signature, &message.payload) else { continue };
        for key in keys.iter().filter(|key| key.pk_algo() == signature.pk_algo()) {
            samples.push(Sample {
                name: format!("{} by {}", path.display(), key.fingerprint()),
                key: key.clone(),
                numbers: signature.mpis().clone(),
                hash: signature.hash_algo(),
                digest: digest.clone(),
            });
        }
    }
    samples
}

/// A signature packet with these numbers; nothing else of it matters to the operation.
fn signature(key: &PublicKey, hash: HashAlgorithm, numbers: &mpi::Signature) -> Signature {
    let fields = SignatureBuilder::new(SignatureType::Binary);
    let (hashed, unhashed) = (fields.hashed_area().clone(), fields.unhashed_area().clone());
    Signature4::new(fields.typ(), key.pk_algo(), hash, hashed, unhashed, [0, 0], numbers.clone()).into()
}

/// Both answers; the first is ours.
fn answers(sample: &Sample) -> (bool, bool) {
    let signature = signature(&sample.key, sample.hash, &sample.numbers);
    let ours = Operation::prepare(&sample.key).made(&sample.key, &signature, &sample.digest);
    (ours, sample.key.verify(&sample.numbers, sample.hash, &sample.digest).is_ok())
}

#[test]
fn every_signature_of_the_test_data_has_one_answer() {
    let samples = samples();
    let good = samples.iter().filter(|sample| {
        let (ours, theirs) = answers(sample);
        assert_eq!(ours, theirs, "{}", sample.name);
        ours
    });
    let good = good.count();
    assert!(good > 100 && samples.len() > good, "{good} good of {} samples say little", samples.len());
}

#[test]
fn keys_of_the_common_kinds_are_not_left_to_the_library() {
    if cfg!(vidimus_operation = "sequoia") {
        return;
    }
    for name in ["rsa2048", "release", "p256", "p384", "p521", "ed25519", "ed25519-rfc9580", "v6"] {
        let bytes = fs::read(format!("testdata/keys/{name}.asc")).unwrap();
        let mut builder = KeyringBuilder::default();
        builder.add(name, &bytes).unwrap();
        let keyring = builder.build().unwrap();
        for key in keyring.certificates().flat_map(|certificate| &certificate.keys) {
            assert_eq!(format!("{:?}", key.operation), "aws-lc", "{name}");
        }
    }
}

/// The numbers of a signature, each by itself.
fn numbers(signature: &mpi::Signature) -> Vec<Vec<u8>> {
    match signature {
        mpi::Signature::RSA { s } => vec![s.value().to_vec()],
        mpi::Signature::ECDSA { r, s } | mpi::Signature::EdDSA { r, s } => vec![r.value().to_vec(), s.value().to_vec()],
        mpi::Signature::Ed25519 { s } => vec![s[..32].to_vec(), s[32..].to_vec()],
        other => panic!("{other:?}"),
    }
}

fn with_numbers(signature: &mpi::Signature, numbers: &[Vec<u8>]) -> mpi::Signature {
    let number = |at: usize| MPI::new(&numbers[at]);
    match signature {
        mpi::Signature::RSA { .. } => mpi::Signature::RSA { s: number(0) },
        mpi::Signature::ECDSA { .. } => mpi::Signature::ECDSA { r: number(0), s: number(1) },
        mpi::Signature::EdDSA { .. } => mpi::Signature::EdDSA { r: number(0), s: number(1) },
        mpi::Signature::Ed25519 { .. } => {
            let mut s = Box::new([0; 64]);
            for (half, number) in s.chunks_mut(32).zip(numbers) {
                half.iter_mut().rev().zip(number.iter().rev()).for_each(|(to, from)| *to = *from);
            }
            mpi::Signature::Ed25519 { s }
        }
        other => panic!("{other:?}"),
    }
}

/// One good signature of each algorithm, size and digest that aws-lc computes.
fn good() -> &'static [Sample] {
    static GOOD: OnceLock<Vec<Sample>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let mut seen = BTreeSet::new();
        let is_wanted = |sample: &Sample| {
            let kind = (sample.key.pk_algo().to_string(), sample.key.mpis().bits(), sample.hash.to_string());
            format!("{:?}", Operation::prepare(&sample.key)) == "aws-lc" && answers(sample).0 && seen.insert(kind)
        };
        let mut is_wanted = is_wanted;
        let good: Vec<_> = samples().into_iter().filter(|sample| is_wanted(sample)).collect();
        assert!(good.len() >= 7 || cfg!(vidimus_operation = "sequoia"), "{}", good.len());
        good
    })
}

/// The order of the curve or the modulus, big-endian: a number that is added to another without changing what it stands
/// for, but for those who look.
fn order(key: &PublicKey) -> Vec<u8> {
    let hex = match key.mpis() {
        mpi::PublicKey::RSA { n, .. } => return n.value().to_vec(),
        mpi::PublicKey::ECDSA { curve: Curve::NistP256, .. } => {
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        }
        mpi::PublicKey::ECDSA { curve: Curve::NistP384, .. } => {
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
        mpi::PublicKey::ECDSA { .. } => {
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
        }
        // Little-endian, as the numbers of this curve are written.
        _ => "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
    };
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// The sum of two numbers, most significant octet first.
fn sum(one: &[u8], other: &[u8]) -> Vec<u8> {
    let length = one.len().max(other.len()) + 1;
    let padded = |number: &[u8]| [vec![0; length - number.len()], number.to_vec()].concat();
    let (one, other) = (padded(one), padded(other));
    let mut out = vec![0; length];
    let mut carry = 0;
    for at in (0..length).rev() {
        let digit = u16::from(one[at]) + u16::from(other[at]) + carry;
        out[at] = digit.to_le_bytes()[0];
        carry = digit >> 8;
    }
    out
}

fn reversed(number: &[u8]) -> Vec<u8> {
    number.iter().rev().copied().collect()
}

#[test]
fn numbers_at_the_edges_have_one_answer() {
    let mut tried = 0;
    for sample in good() {
        let (order, own) = (order(&sample.key), numbers(&sample.numbers));
        let little_endian = matches!(sample.numbers, mpi::Signature::EdDSA { .. } | mpi::Signature::Ed25519 { .. });
        let big = if little_endian { reversed(&order) } else { order.clone() };
        for at in 0..own.len() {
            let number = if little_endian { reversed(&own[at]) } else { own[at].clone() };
            let mut edges: Vec<Vec<u8>> = vec![
                vec![],
                vec![0],
                vec![1],
                big.clone(),
                sum(&number, &big),
                sum(&big, &[1]),
                vec![0xff; big.len()],
                [vec![0; 3], number.clone()].concat(),
                number[..number.len() - 1].to_vec(),
            ];
            for edge in &mut edges {
                if little_endian {
                    *edge = reversed(edge);
                    edge.resize(32, 0);
                }
                let mut changed = own.clone();
                changed[at].clone_from(edge);
                let numbers = with_numbers(&sample.numbers, &changed);
                let changed = Sample { numbers, ..sample.clone() };
                let (ours, theirs) = answers(&changed);
                assert_eq!(ours, theirs, "{} number {at}: {edge:02x?}", sample.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 100 || cfg!(vidimus_operation = "sequoia"), "{tried}");
}

#[test]
fn a_digest_of_another_length_has_one_answer() {
    for sample in good() {
        for digest in [vec![], vec![0; 20], sample.digest[1..].to_vec(), [sample.digest.clone(), vec![0]].concat()] {
            let (ours, theirs) = answers(&Sample { digest, ..sample.clone() });
            assert_eq!(ours, theirs, "{}", sample.name);
        }
    }
}

/// A key with other numbers.
fn changed_key(key: &PublicKey, at: Index, bit: u8) -> Option<PublicKey> {
    let flip = |octets: &[u8]| {
        let mut octets = octets.to_vec();
        let place = at.index(octets.len());
        octets[place] ^= 1 << bit;
        octets
    };
    let numbers = match key.mpis() {
        mpi::PublicKey::RSA { e, n } => mpi::PublicKey::RSA { e: e.clone(), n: MPI::new(&flip(n.value())) },
        mpi::PublicKey::ECDSA { curve, q } => {
            mpi::PublicKey::ECDSA { curve: curve.clone(), q: MPI::new(&flip(q.value())) }
        }
        mpi::PublicKey::EdDSA { curve, q } => {
            mpi::PublicKey::EdDSA { curve: curve.clone(), q: MPI::new(&flip(q.value())) }
        }
        _ => return None,
    };
    let changed = Key4::<key::PublicParts, key::UnspecifiedRole>::new(key.creation_time(), key.pk_algo(), numbers);
    changed.ok().map(Key::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 4096 }))]

    #[test]
    fn whatever_is_changed_there_is_one_answer(
        which in any::<Index>(),
        what in 0..3,
        at in any::<Index>(),
        bit in 0..8u8,
    ) {
        // Built with sequoia's operation alone, there is nothing to compare.
        if good().is_empty() {
            return Ok(());
        }
        let mut changed = which.get(good()).clone();
        match what {
            0 => {
                let place = at.index(changed.digest.len());
                changed.digest[place] ^= 1 << bit;
            }
            1 => {
                let mut own = numbers(&changed.numbers);
                let number = at.index(own.len());
                let place = at.index(own[number].len());
                own[number][place] ^= 1 << bit;
                changed.numbers = with_numbers(&changed.numbers, &own);
            }
            _ => {
                let Some(key) = changed_key(&changed.key, at, bit) else { return Ok(()) };
                changed.key = key;
            }
        }
        let (ours, theirs) = answers(&changed);
        prop_assert_eq!(ours, theirs, "{}", changed.name);
        prop_assert!(!ours, "{}: a change of {} does not matter", changed.name, what);
    }
}
