//! Whatever vidimus accepts, the stream verifier of the OpenPGP library accepts too, but for listed reasons.

mod compared;
mod mutants;
mod oracles;
mod packets;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::parse::stream::{MessageLayer, MessageStructure, VerificationHelper, VerifierBuilder};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::{Cert, KeyHandle, Result};
use serde_json::Value;

/// Files that vidimus accepts and the stream verifier does not.
const EXCEPTIONS: &[(&str, &str)] = {
    const SHORT: &str =
        "old Go code wrote first chunks under 512 octets, as the signatures of OpenShift's CI have them";
    &[
        ("frame.simple-signing.sig", "the frame is containers/image's; the library reads bare messages"),
        ("framing.short-partial.sig", SHORT),
        ("framing.short-partial.zip.sig", SHORT),
        ("framing.tiny-partial.sig", SHORT),
        ("framing.tiny-partial.zip.sig", SHORT),
        ("length.literal-one-octet-chunks.sig", SHORT),
        ("made.4-minutes-ahead.sig", "the library grants no clock skew once it is given a time"),
        ("signer.sha1-self-signature.sig", "Red Hat's release key circulates with such a self-signature"),
    ]
};

struct Helper(Vec<Cert>);

impl VerificationHelper for Helper {
    fn get_certs(&mut self, _: &[KeyHandle]) -> Result<Vec<Cert>> {
        Ok(self.0.clone())
    }

    /// Exactly one signature, and it is good. The documentation's example accepts none at all.
    fn check(&mut self, structure: MessageStructure<'_>) -> Result<()> {
        let groups: Vec<_> = structure
            .into_iter()
            .filter_map(|layer| match layer {
                MessageLayer::SignatureGroup { results } => Some(results),
                MessageLayer::Compression { .. } | MessageLayer::Encryption { .. } => None,
            })
            .collect();
        match groups.as_slice() {
            [results] if results.len() == 1 && results.iter().all(std::result::Result::is_ok) => Ok(()),
            _ => Err(sequoia_openpgp::Error::BadSignature("not one good signature".into()).into()),
        }
    }
}

fn stream_verifier_accepts(content: &[u8], keys: &[String], at: DateTime<Utc>) -> bool {
    let read = |key: &String| {
        let parser = CertParser::from_file(Path::new("testdata/keys").join(key)).unwrap();
        parser.collect::<Result<Vec<_>>>().unwrap()
    };
    // The calendar of the library would change the answer one day.
    let policy = StandardPolicy::at(std::time::SystemTime::from(at));
    let verifier = VerifierBuilder::from_bytes(content).and_then(|builder| {
        builder.with_policy(&policy, Some(at.into()), Helper(keys.iter().flat_map(read).collect()))
    });
    let mut payload = Vec::new();
    verifier.is_ok_and(|mut verifier| verifier.read_to_end(&mut payload).is_ok() && verifier.message_processed())
}

#[test]
fn what_is_accepted_is_accepted_by_the_library_too() {
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let (mut accepted, mut differing) = (0, BTreeSet::new());
    for case in table["cases"].as_array().unwrap() {
        let options = case["options"].as_object().unwrap();
        let is_openpgp = case.get("sigstoreKeys").is_none();
        if case["outcome"] != "verified" || !options.is_empty() || !is_openpgp {
            continue;
        }
        let keys: Vec<String> = serde_json::from_value(case["keys"].clone()).unwrap();
        let file = case["file"].as_str().unwrap();
        let content = fs::read(Path::new("testdata/signatures").join(file)).unwrap();
        accepted += 1;
        if !stream_verifier_accepts(&content, &keys, case["at"].as_str().unwrap().parse().unwrap()) {
            differing.insert(file.to_owned());
        }
    }
    assert!(accepted > 60, "only {accepted} cases are accepted");
    let listed: BTreeSet<_> = EXCEPTIONS.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(differing, listed, "of {accepted} accepted");
}
