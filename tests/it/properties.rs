//! Laws that hold for every input, tried on mutations of the test data.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use vidimus::image::{ImageSignature, SignatureSubject, Text};
use vidimus::signature::{Rules, Trust};
use vidimus::{Carrier, Image, Keyring, KeyringBuilder, Requirement, Verifier};

use crate::fuzz_targets::laws::{Mutation, Scene};
use crate::fuzz_targets::testdata::OPENPGP;
use crate::support::raw_signature;

const KEYS: [&str; 4] = ["ed25519.asc", "p256.asc", "release.asc", "rsa2048.asc"];

struct Corpus {
    verifier: Verifier,
    keys: [Vec<u8>; 4],
    at: DateTime<Utc>,
    digest: String,
    reference: String,
    /// Signatures that verify by one of [`KEYS`].
    good: Vec<Vec<u8>>,
    /// All signatures.
    all: Vec<Vec<u8>>,
}

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let keys = KEYS.map(|key| fs::read(Path::new("testdata/keys").join(key)).unwrap());
    let mut keyring = KeyringBuilder::default();
    for key in &keys {
        keyring.add("keys", key).unwrap();
    }
    let (digest, reference) = (table["digest"].as_str().unwrap(), table["reference"].as_str().unwrap());
    let mut corpus = Corpus {
        verifier: Verifier::new(keyring.build().unwrap()),
        keys,
        at: "2026-06-01T00:00:00Z".parse().unwrap(),
        digest: digest.to_owned(),
        reference: reference.to_owned(),
        good: Vec::new(),
        all: Vec::new(),
    };
    let mut paths: Vec<_> = fs::read_dir("testdata/signatures").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    // What is larger than a record may be is of no use here, and slow.
    corpus.all = paths.iter().map(|path| fs::read(path).unwrap()).filter(|content| content.len() < 4096).collect();
    corpus.good = corpus.all.iter().filter(|content| corpus.claims(content).is_some()).cloned().collect();
    assert!(corpus.good.len() > 30, "{} signatures verify", corpus.good.len());
    corpus
});

impl Corpus {
    /// The claims of a content that verifies.
    fn claims(&self, content: &[u8]) -> Option<Vec<(String, String)>> {
        let verdict = self.verifier.verify(&raw_signature(content, &self.digest, &self.reference), self.at);
        let [evidence] = verdict.evidence() else { panic!("one signature makes one evidence") };
        assert_eq!(verdict.is_allowed(), evidence.is_verified());
        evidence.is_verified().then(|| evidence.claims().unwrap().flat())
    }

    /// All that a decision about these signatures depends on.
    fn scene(&self, contents: &[Vec<u8>]) -> Scene<'_> {
        let keys = self.keys.iter().map(Vec::as_slice).collect();
        Scene { keys, requirement: Requirement::default(), image: self.image(contents), at: self.at }
    }

    /// An image that carries these signatures.
    fn image(&self, contents: &[Vec<u8>]) -> Image<'static> {
        let mut image = raw_signature(b"", &self.digest, &self.reference);
        image.signatures = contents
            .iter()
            .map(|content| raw_signature(content, &self.digest, &self.reference).signatures.remove(0))
            .collect();
        image
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let other = select(CORPUS.good.clone());
    let place = any::<u16>().prop_map(usize::from);
    prop_oneof![
        place.clone().prop_map(Mutation::Delete),
        (place.clone(), any::<u8>()).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (place.clone(), any::<u8>()).prop_map(|(at, octet)| Mutation::Insert(at, octet)),
        (place.clone(), place.clone(), other).prop_map(|(at, from, other)| Mutation::Splice(at, from, other)),
        place.prop_map(Mutation::Truncate),
    ]
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(select(CORPUS.all.clone()), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_vouches_for_anything_else(content in select(CORPUS.good.clone()), changes in proptest::collection::vec(mutation(), 1..3)) {
        OPENPGP.try_content(&changes.iter().fold(content, |content, change| change.apply(&content)));
    }

    #[test]
    fn any_content_has_an_answer(content in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(CORPUS.claims(&content), None);
    }
}

/// Whoever may write the object may name any key in it, that of the very signer too.
#[test]
fn naming_a_key_in_the_record_never_allows() {
    for (file, key) in [("issuer-none.sig", "ed25519.asc"), ("issuer-wildcard.sig", "ed25519.asc")] {
        let content = fs::read(Path::new("testdata/signatures").join(file)).unwrap();
        let keyring = Keyring::from_bytes(key, &fs::read(Path::new("testdata/keys").join(key)).unwrap()).unwrap();
        let trust = Trust::new(keyring, Rules::default());
        let fingerprint = trust.certificates(CORPUS.at)[0].fingerprint.to_string();
        let mut image = CORPUS.image(&[content]);
        assert!(!CORPUS.verifier.verify(&image, CORPUS.at).is_allowed(), "{file}");
        let subject = SignatureSubject { public_key_id: Text::from(fingerprint), ..SignatureSubject::default() };
        image.signatures[0].issued_to = Some(subject);
        assert!(!CORPUS.verifier.verify(&image, CORPUS.at).is_allowed(), "{file} with its key named");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn one_signature_more_never_denies(contents in contents(), more in select(CORPUS.all.clone()), at in any::<Index>()) {
        let more = CORPUS.image(&[more]).signatures.remove(0);
        CORPUS.scene(&contents).a_signature_more_never_denies(at.index(contents.len().saturating_add(1)), more);
    }

    #[test]
    fn order_does_not_matter(contents in contents()) {
        CORPUS.scene(&contents).order_never_matters();
    }

    #[test]
    fn stored_conditions_decide_nothing_and_stay(contents in contents()) {
        let first = CORPUS.verifier.verify(&CORPUS.image(&contents), CORPUS.at);
        let mut again = CORPUS.image(&contents);
        for (signature, conditions) in again.signatures.iter_mut().zip(first.conditions()) {
            signature.conditions = conditions.clone();
        }
        let second = CORPUS.verifier.verify(&again, CORPUS.at);
        prop_assert_eq!(first.conditions(), second.conditions());
        prop_assert_eq!(first.is_allowed(), second.is_allowed());
        for signature in &mut again.signatures {
            forge(signature);
        }
        prop_assert_eq!(CORPUS.verifier.verify(&again, CORPUS.at).is_allowed(), first.is_allowed());
    }

    #[test]
    fn any_keyring_and_any_object_has_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        let _ = Keyring::from_bytes("arbitrary", &bytes);
        let _ = Keyring::from_bytes("arbitrary", text.as_bytes());
        let armored = format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n{text}\n-----END PGP PUBLIC KEY BLOCK-----\n");
        let _ = Keyring::from_bytes("arbitrary", armored.as_bytes());
        let _ = Carrier::read(&text);
    }

    #[test]
    fn a_damaged_key_file_loads_nothing_new(key in select(KEYS.to_vec()), change in mutation()) {
        let bytes = fs::read(Path::new("testdata/keys").join(key)).unwrap();
        let original = Keyring::from_bytes(key, &bytes).unwrap();
        if let Ok(loaded) = Keyring::from_bytes(key, &change.apply(&bytes)) {
            prop_assert_eq!(loaded.certificate_count(), original.certificate_count());
        }
    }
}

/// Conditions as a requester would write them.
fn forge(signature: &mut ImageSignature<'_>) {
    for condition in &mut signature.conditions {
        condition.status = Text::from(if condition.condition_type.as_str() == "Failed" { "False" } else { "True" });
        condition.reason = Text::from("Verified");
    }
}
