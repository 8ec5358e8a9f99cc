//! The vectors of Wycheproof: signatures at the edges of what is one, each with the answer that is right. Both operations
//! answer each; a signature that is none is never accepted.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "counts vectors; what the format of OpenPGP has no number for is not tried"
)]

use std::collections::BTreeMap;
use std::time::SystemTime;

use sequoia_openpgp::packet::key::Key4;
use sequoia_openpgp::packet::signature::{Signature4, SignatureBuilder};
use sequoia_openpgp::types::{PublicKeyAlgorithm, SignatureType};
use wycheproof::{EllipticCurve, HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify};

use super::*;

/// A vector.
struct Vector {
    number: usize,
    flags: String,
    result: TestResult,
    digest: Vec<u8>,
    /// None where the octets do not stand for numbers.
    numbers: Option<mpi::Signature>,
    /// Whether the numbers stand for these very octets. A packet does not keep zeros before a number.
    is_exact: bool,
}

/// What the two operations said about a set.
#[derive(Default)]
struct Tally {
    tried: usize,
    invalid: usize,
    /// Vectors that no packet can hold.
    inexpressible: usize,
    /// Those that say the same as a valid one in other octets, which a packet does not keep: accepted.
    same_numbers: usize,
    /// Those that are valid and rejected, by ours and by sequoia's.
    rejected: [usize; 2],
    /// Those that may be accepted or not, and are accepted.
    acceptable: [usize; 2],
}

fn public(algorithm: PublicKeyAlgorithm, numbers: mpi::PublicKey) -> PublicKey {
    let key = Key4::<key::PublicParts, key::UnspecifiedRole>::new(SystemTime::UNIX_EPOCH, algorithm, numbers);
    Key::from(key.unwrap())
}

/// A signature packet with these numbers; nothing else of it matters to the operation.
fn packet(key: &PublicKey, hash: HashAlgorithm, numbers: &mpi::Signature) -> Signature {
    let fields = SignatureBuilder::new(SignatureType::Binary);
    let (hashed, unhashed) = (fields.hashed_area().clone(), fields.unhashed_area().clone());
    Signature4::new(fields.typ(), key.pk_algo(), hash, hashed, unhashed, [0, 0], numbers.clone()).into()
}

impl Tally {
    /// Tries the vectors of one key.
    fn try_all(&mut self, set: &str, key: &PublicKey, hash: HashAlgorithm, vectors: &[Vector]) {
        let operation = Operation::prepare(key);
        for vector in vectors {
            let what = format!("{set} {}: {}", vector.number, vector.flags);
            self.tried += 1;
            self.invalid += usize::from(vector.result.must_fail());
            let Some(numbers) = &vector.numbers else {
                assert_ne!(vector.result, TestResult::Valid, "{what}");
                self.inexpressible += 1;
                continue;
            };
            let ours = operation.made(key, &packet(key, hash, numbers), &vector.digest);
            let theirs = key.verify(numbers, hash, &vector.digest).is_ok();
            match vector.result {
                TestResult::Invalid if !vector.is_exact => {
                    assert_eq!(ours, theirs, "{what}");
                    self.same_numbers += usize::from(ours);
                }
                TestResult::Invalid => assert_eq!((ours, theirs), (false, false), "{what}: accepted"),
                TestResult::Valid => {
                    self.rejected[0] += usize::from(!ours);
                    self.rejected[1] += usize::from(!theirs);
                }
                TestResult::Acceptable => {
                    self.acceptable[0] += usize::from(ours);
                    self.acceptable[1] += usize::from(theirs);
                }
            }
        }
    }
}

/// Tells the figures, and holds them against what is known: the valid ones that are rejected, and how many are accepted
/// in other octets.
fn tell(family: &str, tallies: &BTreeMap<String, Tally>, expected: &[(&str, [usize; 2])], same_numbers: usize) {
    let mut rejected = Vec::new();
    let (mut tried, mut invalid) = (0, 0);
    assert_eq!(tallies.values().map(|tally| tally.same_numbers).sum::<usize>(), same_numbers, "{family}");
    // What is left to the verifier is left out by both.
    assert!(tallies.values().all(|tally| tally.acceptable == [0, 0]), "{family}: acceptable ones are accepted");
    for (set, tally) in tallies {
        tried += tally.tried;
        invalid += tally.invalid;
        println!(
            "assurance | vectors | {family} {set} | {} | 0 of {} invalid accepted, {} inexpressible, valid rejected: {} by ours, {} by sequoia, accepted in other octets: {}",
            tally.tried, tally.invalid, tally.inexpressible, tally.rejected[0], tally.rejected[1], tally.same_numbers,
        );
        if tally.rejected != [0, 0] {
            rejected.push((set.as_str(), tally.rejected));
        }
    }
    println!("assurance | vectors | {family} | {tried} | 0 of {invalid} invalid accepted");
    let is_ours = !cfg!(vidimus_operation = "sequoia");
    let expected =
        expected.iter().map(|(set, [ours, theirs])| (*set, [if is_ours { *ours } else { *theirs }, *theirs]));
    let expected: Vec<_> = expected.filter(|(_, rejected)| *rejected != [0, 0]).collect();
    assert_eq!(rejected, expected, "{family}: valid signatures that are rejected");
}

fn algorithm(hash: HashFunction) -> Option<HashAlgorithm> {
    match hash {
        HashFunction::Sha2_224 => Some(HashAlgorithm::SHA224),
        HashFunction::Sha2_256 => Some(HashAlgorithm::SHA256),
        HashFunction::Sha2_384 => Some(HashAlgorithm::SHA384),
        HashFunction::Sha2_512 => Some(HashAlgorithm::SHA512),
        HashFunction::Sha3_256 => Some(HashAlgorithm::SHA3_256),
        HashFunction::Sha3_512 => Some(HashAlgorithm::SHA3_512),
        _ => None,
    }
}

fn digest_of(hash: HashAlgorithm, message: &[u8]) -> Vec<u8> {
    let mut context = hash.context().unwrap().for_digest();
    context.update(message);
    context.into_digest().unwrap()
}

#[test]
fn no_forgery_passes_for_an_rsa_signature() {
    let mut tallies = BTreeMap::<_, Tally>::new();
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let Some(hash) = algorithm(group.hash) else { continue };
            let numbers = mpi::PublicKey::RSA { e: mpi::MPI::new(&group.key.e), n: mpi::MPI::new(&group.key.n) };
            let width = group.key_size.div_ceil(8);
            let vectors = group.tests.iter().map(|test| Vector {
                number: test.tc_id,
                flags: format!("{:?}", test.flags),
                result: test.result,
                digest: digest_of(hash, &test.msg),
                numbers: Some(mpi::Signature::RSA { s: mpi::MPI::new(&test.sig) }),
                is_exact: test.sig.len() == width,
            });
            let vectors: Vec<_> = vectors.collect();
            let set = format!("{} {hash}", group.key_size);
            let key = public(PublicKeyAlgorithm::RSAEncryptSign, numbers);
            tallies.entry(set.clone()).or_default().try_all(&set, &key, hash, &vectors);
        }
    }
    // Of SHA-3 sequoia knows no padding, and of RSA its backend no more than 4096 bits. Keyrings refuse both before.
    let expected = [
        ("2048 SHA3-256", [7, 7]),
        ("2048 SHA3-512", [7, 7]),
        ("3072 SHA3-256", [7, 7]),
        ("3072 SHA3-512", [7, 7]),
        ("8192 SHA256", [0, 7]),
        ("8192 SHA384", [0, 7]),
        ("8192 SHA512", [0, 7]),
    ];
    tell("RSA PKCS #1 v1.5", &tallies, &expected, 0);
}

#[test]
fn no_forgery_passes_for_an_ecdsa_signature() {
    let mut tallies = BTreeMap::<_, Tally>::new();
    for name in ecdsa::TestName::all().into_iter().filter(|name| format!("{name:?}").ends_with("P1363")) {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let curve = match group.key.curve {
                EllipticCurve::Secp256r1 => Curve::NistP256,
                EllipticCurve::Secp384r1 => Curve::NistP384,
                EllipticCurve::Secp521r1 => Curve::NistP521,
                _ => continue,
            };
            let Some(hash) = algorithm(group.hash) else { continue };
            let q = mpi::MPI::new(&group.key.key);
            let width = curve.bits().unwrap().div_ceil(8);
            let vectors = group.tests.iter().map(|test| {
                // The numbers stand one behind the other, in octets of the same count.
                let halves = test.sig.split_at_checked(test.sig.len() / 2).filter(|(r, s)| r.len() == s.len());
                Vector {
                    number: test.tc_id,
                    flags: format!("{:?}", test.flags),
                    result: test.result,
                    digest: digest_of(hash, &test.msg),
                    numbers: halves.map(|(r, s)| mpi::Signature::ECDSA { r: mpi::MPI::new(r), s: mpi::MPI::new(s) }),
                    is_exact: test.sig.len() == 2 * width,
                }
            });
            let vectors: Vec<_> = vectors.collect();
            let set = format!("{curve} {hash}");
            let key = public(PublicKeyAlgorithm::ECDSA, mpi::PublicKey::ECDSA { curve, q });
            tallies.entry(set.clone()).or_default().try_all(&set, &key, hash, &vectors);
        }
    }
    tell("ECDSA", &tallies, &[], 54);
}

#[test]
fn no_forgery_passes_for_an_ed25519_signature() {
    let mut tallies = BTreeMap::<_, Tally>::new();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let point = &group.key.pk;
        let legacy = mpi::MPI::new(&[&[0x40][..], point].concat());
        let keys = [
            (PublicKeyAlgorithm::EdDSA, mpi::PublicKey::EdDSA { curve: Curve::Ed25519, q: legacy }),
            (PublicKeyAlgorithm::Ed25519, mpi::PublicKey::Ed25519 { a: point[..].try_into().unwrap() }),
        ];
        for (algorithm, numbers) in keys {
            let of_test = |octets: &[u8]| match algorithm {
                PublicKeyAlgorithm::EdDSA => octets
                    .split_at_checked(32)
                    .map(|(r, s)| mpi::Signature::EdDSA { r: mpi::MPI::new(r), s: mpi::MPI::new(s) }),
                _ => octets.try_into().ok().map(|s: [u8; 64]| mpi::Signature::Ed25519 { s: Box::new(s) }),
            };
            // What is signed is taken for the digest: this kind of signature takes it as any other message.
            let vectors = group.tests.iter().map(|test| Vector {
                number: test.tc_id,
                flags: format!("{:?}", test.flags),
                result: test.result,
                digest: test.msg.to_vec(),
                numbers: of_test(&test.sig),
                is_exact: test.sig.len() == 64,
            });
            let vectors: Vec<_> = vectors.collect();
            let set = if algorithm == PublicKeyAlgorithm::EdDSA { "of RFC 4880bis" } else { "of RFC 9580" };
            let key = public(algorithm, numbers);
            tallies.entry(set.to_owned()).or_default().try_all(set, &key, HashAlgorithm::SHA512, &vectors);
        }
    }
    tell("Ed25519", &tallies, &[], 2);
}
