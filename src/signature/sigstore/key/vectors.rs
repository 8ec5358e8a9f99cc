//! The vectors of Wycheproof against sigstore keys, whose signatures are in the encodings that the vectors are written
//! in. All of a key's vectors are tried, or the key is refused for what it is.

#![expect(clippy::arithmetic_side_effects, reason = "counts vectors")]

use std::collections::BTreeSet;

use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify};

use super::*;

/// What came of the vectors of a family.
#[derive(Default)]
struct Tally {
    tried: usize,
    invalid: usize,
    refused_keys: BTreeSet<String>,
    accepted: Vec<String>,
    rejected: BTreeSet<String>,
}

impl Tally {
    fn key(&mut self, encoded: &[u8]) -> Option<SigstoreKey> {
        let key = SigstoreKey::from_der(encoded.to_vec());
        key.inspect_err(|error| _ = self.refused_keys.insert(error.to_string())).ok()
    }

    fn vector(&mut self, key: &SigstoreKey, payload: &[u8], signature: &[u8], result: TestResult, what: String) {
        self.tried += 1;
        self.invalid += usize::from(result.must_fail());
        match (result, key.made(payload, signature)) {
            (TestResult::Invalid, true) => self.accepted.push(what),
            (TestResult::Valid, false) => _ = self.rejected.insert(what),
            _ => {}
        }
    }

    fn tell(self, family: &str) {
        println!(
            "assurance | vectors | sigstore {family} | {} | {} of {} invalid accepted, valid rejected: {:?}, keys refused: {:?}",
            self.tried,
            self.accepted.len(),
            self.invalid,
            self.rejected,
            self.refused_keys,
        );
        assert!(self.tried > 100 && self.invalid > 50, "{family}: {} say little", self.tried);
        assert!(self.accepted.is_empty(), "{family}: {:?}", self.accepted);
        assert!(self.rejected.is_empty(), "{family}: {:?}", self.rejected);
    }
}

#[test]
fn no_forgery_passes_for_a_sigstore_signature() {
    let mut tally = Tally::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        let groups = rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups;
        for group in groups.iter().filter(|group| group.hash == HashFunction::Sha2_256) {
            let Some(key) = tally.key(&group.der) else { continue };
            for test in &group.tests {
                let what = format!("RSA {} {}: {:?}", group.key_size, test.tc_id, test.flags);
                tally.vector(&key, &test.msg, &test.sig, test.result, what);
            }
        }
    }
    tally.tell("RSA");

    let mut tally = Tally::default();
    let names = ecdsa::TestName::all().into_iter().filter(|name| !format!("{name:?}").ends_with("P1363"));
    for name in names.filter(|name| format!("{name:?}").contains("r1Sha256") && format!("{name:?}").contains("Secp")) {
        let groups = ecdsa::TestSet::load(name).unwrap().test_groups;
        for group in groups.iter().filter(|group| group.hash == HashFunction::Sha2_256) {
            let Some(key) = tally.key(&group.der) else { continue };
            for test in &group.tests {
                let what = format!("{name:?} {}: {:?}", test.tc_id, test.flags);
                tally.vector(&key, &test.msg, &test.sig, test.result, what);
            }
        }
    }
    tally.tell("ECDSA");

    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let Some(key) = tally.key(&group.der) else { continue };
        for test in &group.tests {
            tally.vector(&key, &test.msg, &test.sig, test.result, format!("Ed25519 {}: {:?}", test.tc_id, test.flags));
        }
    }
    tally.tell("Ed25519");
}
