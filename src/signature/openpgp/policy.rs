//! Which algorithms may vouch for something.
//!
//! sequoia's `StandardPolicy` judges algorithms by the calendar and, left alone, asks the clock. Here it is asked
//! about one fixed day, so that a verdict depends on its inputs only, and is tightened where vidimus is stricter.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library may learn of more algorithms; what is not listed is refused"
)]

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use sequoia_openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use sequoia_openpgp::packet::{Key, Packet, Signature, key};
use sequoia_openpgp::policy::{AsymmetricAlgorithm, HashAlgoSecurity, Policy, StandardPolicy};
use sequoia_openpgp::types::{
    AEADAlgorithm, Curve, HashAlgorithm, PublicKeyAlgorithm, SignatureType, SymmetricAlgorithm,
};

use crate::signature::{Legacy, ed25519};

/// The day whose algorithm policy is in force: 2026-01-01. Raised with a release, never by the clock.
const POLICY_DAY: u64 = 1_767_225_600;

/// The most bits of an RSA modulus and of an RSA exponent that the backend computes with.
const RSA_MODULUS_BITS: usize = 4096;
const RSA_EXPONENT_BITS: usize = 33;

/// The algorithm policy for certificates and their self-signatures.
#[derive(Debug)]
pub(crate) struct AlgorithmPolicy(StandardPolicy<'static>);

impl AlgorithmPolicy {
    /// The policy, with SHA-1 in self-signatures as asked.
    pub(crate) fn new(sha1_self_signatures: Legacy) -> Self {
        let day = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(POLICY_DAY));
        let mut policy = StandardPolicy::at(day.unwrap_or(SystemTime::UNIX_EPOCH));
        policy.reject_asymmetric_algo(AsymmetricAlgorithm::DSA2048);
        policy.reject_asymmetric_algo(AsymmetricAlgorithm::DSA3072);
        policy.reject_asymmetric_algo(AsymmetricAlgorithm::DSA4096);
        if sha1_self_signatures == Legacy::Accept {
            policy.accept_hash_property(HashAlgorithm::SHA1, HashAlgoSecurity::SecondPreImageResistance);
        }
        Self(policy)
    }
}

impl Policy for AlgorithmPolicy {
    fn signature(&self, signature: &Signature, security: HashAlgoSecurity) -> sequoia_openpgp::Result<()> {
        match signature.typ() {
            // To disregard a revocation because its digest is weak would bring a key back to life.
            SignatureType::KeyRevocation | SignatureType::SubkeyRevocation | SignatureType::CertificationRevocation => {
                return Ok(());
            }
            // A signing subkey's consent to be bound is checked against an attacker who chose what it signed.
            SignatureType::PrimaryKeyBinding if signature.hash_algo() == HashAlgorithm::SHA1 => {
                return Err(sequoia_openpgp::Error::PolicyViolation("SHA-1 back-signature".into(), None).into());
            }
            _ => {}
        }
        self.0.signature(signature, security)
    }

    fn key(&self, key: &ValidErasedKeyAmalgamation<'_, key::PublicParts>) -> sequoia_openpgp::Result<()> {
        self.0.key(key)
    }

    fn symmetric_algorithm(&self, algorithm: SymmetricAlgorithm) -> sequoia_openpgp::Result<()> {
        self.0.symmetric_algorithm(algorithm)
    }

    fn aead_algorithm(&self, algorithm: AEADAlgorithm) -> sequoia_openpgp::Result<()> {
        self.0.aead_algorithm(algorithm)
    }

    fn packet(&self, packet: &Packet) -> sequoia_openpgp::Result<()> {
        self.0.packet(packet)
    }
}

/// Accepts every algorithm. Only ever asked to explain why the real policy said no.
#[derive(Debug)]
pub(crate) struct Explaining;

impl Policy for Explaining {
    fn signature(&self, _: &Signature, _: HashAlgoSecurity) -> sequoia_openpgp::Result<()> {
        Ok(())
    }

    fn key(&self, _: &ValidErasedKeyAmalgamation<'_, key::PublicParts>) -> sequoia_openpgp::Result<()> {
        Ok(())
    }
}

/// How a digest over a payload is judged: the attacker may have chosen the payload, so collisions count.
pub(crate) fn payload_hash(algorithm: HashAlgorithm) -> Strength {
    match algorithm {
        HashAlgorithm::SHA256 | HashAlgorithm::SHA384 | HashAlgorithm::SHA512 => Strength::Strong,
        HashAlgorithm::MD5 | HashAlgorithm::RipeMD | HashAlgorithm::SHA1 => Strength::Weak(algorithm.to_string()),
        _ => Strength::Unsupported(algorithm.to_string()),
    }
}

/// How a key is judged, whatever its certificate says.
pub(crate) fn key_strength<R: key::KeyRole>(key: &Key<key::PublicParts, R>) -> Strength {
    use sequoia_openpgp::crypto::mpi::PublicKey;

    let name = algorithm_name(key);
    match key.mpis() {
        PublicKey::RSA { e, n } => {
            let odd = |value: &[u8]| value.last().is_some_and(|octet| octet & 1 == 1);
            if n.bits() < 2048 || !odd(n.value()) || !odd(e.value()) || e.bits() < 2 {
                Strength::Weak(name)
            } else if n.bits() > RSA_MODULUS_BITS || e.bits() > RSA_EXPONENT_BITS {
                Strength::Unsupported(name)
            } else {
                Strength::Strong
            }
        }
        PublicKey::DSA { .. } | PublicKey::ElGamal { .. } => Strength::Weak(name),
        // For some points everybody can sign, and others are a second encoding of a key.
        PublicKey::EdDSA { curve: Curve::Ed25519, q }
            if !q.value().strip_prefix(&[0x40]).is_some_and(ed25519::is_sound) =>
        {
            Strength::Weak(name)
        }
        PublicKey::Ed25519 { a } if !ed25519::is_sound(a) => Strength::Weak(name),
        _ if key.pk_algo().is_supported() && curve_is_supported(key.mpis()) => Strength::Strong,
        _ => Strength::Unsupported(name),
    }
}

fn curve_is_supported(key: &sequoia_openpgp::crypto::mpi::PublicKey) -> bool {
    use sequoia_openpgp::crypto::mpi::PublicKey;

    match key {
        PublicKey::ECDSA { curve, .. } | PublicKey::EdDSA { curve, .. } | PublicKey::ECDH { curve, .. } => {
            curve.is_supported()
        }
        _ => true,
    }
}

/// The algorithm of a key as people name it: `RSA-4096`, `Ed25519`, `NIST P-256`.
pub(crate) fn algorithm_name<R: key::KeyRole>(key: &Key<key::PublicParts, R>) -> String {
    use sequoia_openpgp::crypto::mpi::PublicKey;

    match key.mpis() {
        PublicKey::RSA { n, .. } => format!("RSA-{}", n.bits()),
        PublicKey::DSA { p, .. } => format!("DSA-{}", p.bits()),
        PublicKey::ElGamal { p, .. } => format!("ElGamal-{}", p.bits()),
        PublicKey::EdDSA { curve, .. } if *curve == Curve::Ed25519 => "Ed25519".to_owned(),
        PublicKey::ECDSA { curve, .. } | PublicKey::EdDSA { curve, .. } | PublicKey::ECDH { curve, .. } => {
            curve.to_string()
        }
        _ if key.pk_algo() == PublicKeyAlgorithm::Ed25519 => "Ed25519".to_owned(),
        _ if key.pk_algo() == PublicKeyAlgorithm::Ed448 => "Ed448".to_owned(),
        _ => key.pk_algo().to_string(),
    }
}

/// Whether an algorithm may be relied on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Strength {
    Strong,
    /// It no longer holds; its name.
    Weak(String),
    /// Nobody is known to need it; its name.
    Unsupported(String),
}

/// A time as sequoia takes it. OpenPGP counts from 1970; what lies before becomes the beginning.
pub(crate) fn system_time(time: DateTime<Utc>) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A time as everybody else takes it, in whole seconds.
pub(crate) fn date_time(time: SystemTime) -> DateTime<Utc> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use sequoia_openpgp::packet::key::{Key4, PrimaryRole};

    use super::*;

    fn rsa(bits: usize, last: u8, exponent: &[u8]) -> Strength {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= bits.next_multiple_of(8).saturating_sub(bits);
        *modulus.last_mut().unwrap() = last;
        let key: Key4<_, PrimaryRole> = Key4::import_public_rsa(exponent, &modulus, None).unwrap();
        key_strength(&Key::from(key))
    }

    #[test]
    fn rsa_is_judged_by_its_numbers() {
        let strong = |strength| matches!(strength, Strength::Strong);
        let weak = |strength| matches!(strength, Strength::Weak(_));
        let unsupported = |strength| matches!(strength, Strength::Unsupported(_));
        let f4 = &[1, 0, 1];
        assert!(weak(rsa(1024, 1, f4)) && weak(rsa(2047, 1, f4)));
        assert!(strong(rsa(2048, 1, f4)) && strong(rsa(4096, 1, f4)) && strong(rsa(2048, 1, &[3])));
        assert!(unsupported(rsa(4097, 1, f4)) && unsupported(rsa(16384, 1, f4)));
        assert!(weak(rsa(2048, 2, f4)), "an even modulus is no product of two primes");
        assert!(weak(rsa(2048, 1, &[1])) && weak(rsa(2048, 1, &[1, 0])), "an exponent of one, or an even one");
        assert!(unsupported(rsa(2048, 1, &[3, 0, 0, 0, 1])), "an exponent of 34 bits");
    }

    #[test]
    fn points_of_ed25519_that_vouch_for_anything_are_weak() {
        let strength = |point: &[u8]| {
            let key: Key4<_, PrimaryRole> = Key4::import_public_ed25519(point, None).unwrap();
            key_strength(&Key::from(key))
        };
        // The base point, the identity, a point of order two, and the identity in numbers that are not reduced.
        let base = [vec![0x58], vec![0x66; 31]].concat();
        let identity = [vec![1], vec![0; 31]].concat();
        let order_2 = [vec![0xec], vec![0xff; 30], vec![0x7f]].concat();
        let again = [vec![0xee], vec![0xff; 30], vec![0x7f]].concat();
        assert_eq!(strength(&base), Strength::Strong);
        for point in [identity, order_2, again] {
            assert!(matches!(strength(&point), Strength::Weak(_)), "{point:02x?}");
        }
    }
}
