//! Requirements: how many signers, and which.

use std::fs;
use std::num::NonZeroUsize;

use serde_json::Value;
use vidimus::signature::{Fingerprint, Rules, Signers, Terms};
use vidimus::{Code, Demand, Effect, Image, Keyring, KeyringBuilder, Requirement, Verdict, Verifier};

use crate::support::{AT, raw_signature};

const KEYS: [&str; 3] = ["ed25519.asc", "release.asc", "subkey.asc"];

/// Signatures by two certificates; two of them by one, and one that is good but by nobody who is trusted.
const ED25519: &str = "good.ed25519.sig";
const RELEASE: &str = "good.rsa4096.sig";
const SUBKEY: &str = "good.subkey.sig";
const STRANGER: &str = "good.p256.sig";

#[track_caller]
fn verify(signatures: &[&str], requirement: Requirement) -> Verdict {
    let mut keyring = KeyringBuilder::default();
    for key in KEYS {
        keyring.add(key, &fs::read(format!("testdata/keys/{key}")).unwrap()).unwrap();
    }
    let verifier = Verifier::with_rules(keyring.build().unwrap(), Rules::default(), requirement);
    verifier.verify(&image(signatures), AT.parse().unwrap())
}

/// An image that carries these files of the test data.
fn image(signatures: &[&str]) -> Image<'static> {
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let (digest, reference) = (table["digest"].as_str().unwrap(), table["reference"].as_str().unwrap());
    let one = |file: &&str| {
        let content = fs::read(format!("testdata/signatures/{file}")).unwrap();
        raw_signature(&content, digest, reference).signatures.remove(0)
    };
    let mut image = raw_signature(b"", digest, reference);
    image.signatures = signatures.iter().map(one).collect();
    image
}

fn signed_by(threshold: usize, signers: Option<&[&str]>) -> Requirement {
    let certificate = |signature: &&str| -> Fingerprint {
        let verdict = verify(&[signature], Requirement::default());
        verdict.evidence()[0].signer().unwrap().certificate().clone()
    };
    let signers = signers.map_or(Signers::Any, |signers| Signers::these(signers.iter().map(certificate)));
    let signed_by = Requirement::new("$.of[0]", Demand::SignedBy(Terms { signers, ..Terms::default() }));
    let count = NonZeroUsize::new(threshold).unwrap();
    Requirement::new("$", Demand::AtLeast { count, of: signed_by.into() })
}

#[test]
fn thresholds_count_certificates() {
    for (signatures, one, two, three) in [
        (&[][..], false, false, false),
        (&[STRANGER], false, false, false),
        (&[ED25519], true, false, false),
        (&[ED25519, ED25519], true, false, false),
        (&[ED25519, STRANGER], true, false, false),
        (&[STRANGER, ED25519, RELEASE], true, true, false),
        (&[ED25519, RELEASE, ED25519, RELEASE], true, true, false),
        (&[SUBKEY, ED25519, RELEASE], true, true, true),
    ] {
        for (threshold, expected) in [(1, one), (2, two), (3, three)] {
            let verdict = verify(signatures, signed_by(threshold, None));
            assert_eq!(verdict.is_allowed(), expected, "{signatures:?}, {threshold} needed");
        }
    }
}

#[test]
fn only_the_named_signers_count() {
    for (signatures, signers, expected) in [
        (&[ED25519][..], &[ED25519][..], true),
        (&[ED25519], &[RELEASE], false),
        (&[ED25519, RELEASE], &[RELEASE], true),
        (&[ED25519, RELEASE], &[SUBKEY], false),
        (&[ED25519], &[ED25519, RELEASE], true),
        (&[ED25519], &[], false),
    ] {
        let verdict = verify(signatures, signed_by(1, Some(signers)));
        assert_eq!(verdict.is_allowed(), expected, "{signatures:?} by {signers:?}");
    }
    assert!(!verify(&[ED25519, RELEASE], signed_by(2, Some(&[RELEASE]))).is_allowed());
}

#[test]
fn the_headline_is_the_reason_that_is_nearest_to_an_acceptance() {
    for (signatures, effect, code) in [
        (&[][..], Effect::Deny, Code::NoSignature),
        (&["armored.asc", STRANGER], Effect::Deny, Code::UnknownKey),
        (&["unsigned.literal.sig", "claims.other-repository.sig", STRANGER], Effect::Deny, Code::IdentityMismatch),
        (&["armored.asc", ED25519], Effect::Allow, Code::Verified),
    ] {
        let verdict = verify(signatures, Requirement::default());
        assert_eq!((verdict.decision().effect(), verdict.decision().code()), (effect, code), "{signatures:?}");
    }
}

#[test]
fn a_denial_for_want_of_signers_says_so() {
    let verdict = verify(&[ED25519, STRANGER], signed_by(2, None));
    assert_eq!((verdict.decision().effect(), verdict.decision().code()), (Effect::Deny, Code::TooFewSigners));
}

#[test]
fn a_keyring_is_never_empty() {
    assert!(KeyringBuilder::default().build().is_err());
    assert!(Keyring::from_bytes("empty", b"").is_err());
}
