//! The grammar of policies, held against outcomes recorded from the peer: what it accepts loads, what it rejects does
//! not.
//!
//! The peer opens key files only when it meets a signature; here a policy with broken keys does not load. The tables
//! name keys that are none, so that findings about key material do not count.
#![expect(clippy::arithmetic_side_effects, reason = "counts rows")]

use std::fs;

use serde_json::Value;
use vidimus::Policy;
use vidimus::policy::document::{FindingCode, KeyFile, PolicyFile, Severity};

use crate::support::{AT, conformance};

/// Documents that the peer accepts and vidimus does not: the document, and why.
const STRICTER: &[(&str, &str)] = &[
    (
        r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPaths":[]}]}"#,
        "no key at all: the peer rejects every image, with a message about keys",
    ),
    (r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyData":""}]}"#, "no key at all, as above"),
    (r#"{"default":[{"type":"sigstoreSigned","keyData":""}]}"#, "no key at all, as above"),
    (
        r#"{"default":[{"type":"sigstoreSigned","keyPath":"/k","rekorPublicKeyPath":""}]}"#,
        "an empty path opens no file: the peer rejects every image",
    ),
];

/// Rows about fragments that stand in no document.
const NO_DOCUMENT: &[&str] = &["*signature.PolicyTransportScopes", "*signature.untrustedSignature"];

/// The fragment of a row in the smallest document that holds it.
fn document(kind: &str, fragment: &str) -> String {
    let signed_by = |identity: &str| {
        format!(
            r#"{{"default":[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k","signedIdentity":{identity}}}]}}"#
        )
    };
    match kind.trim_start_matches("*signature.") {
        "Policy" => fragment.to_owned(),
        "PolicyRequirements" => format!(r#"{{"default":{fragment}}}"#),
        "prSigstoreSignedFulcio" => {
            format!(r#"{{"default":[{{"type":"sigstoreSigned","rekorPublicKeyPath":"/r","fulcio":{fragment}}}]}}"#)
        }
        "prSigstoreSignedPKI" => format!(r#"{{"default":[{{"type":"sigstoreSigned","pki":{fragment}}}]}}"#),
        requirement if requirement.starts_with("pr") && !requirement.starts_with("prm") => {
            format!(r#"{{"default":[{fragment}]}}"#)
        }
        identity if identity.starts_with("prm") => signed_by(fragment),
        other => panic!("no document for {other}"),
    }
}

/// Whether the grammar accepts a document: every error is about key material.
fn accepted(document: &str) -> Result<(), Vec<String>> {
    let key = fs::read("testdata/keys/release.asc").unwrap();
    let file = PolicyFile { name: "policy.json", bytes: document.as_bytes() };
    let mut read = |_: vidimus::policy::document::KeyLocation<'_>| {
        Ok(vec![KeyFile { name: "key".to_owned(), bytes: key.clone() }])
    };
    let Err(error) = Policy::load(&[file], AT.parse().unwrap(), &mut read) else { return Ok(()) };
    let errors = error.findings().iter().filter(|finding| finding.severity() == Severity::Error);
    let others: Vec<_> = errors.filter(|finding| finding.code() != FindingCode::Key).map(ToString::to_string).collect();
    if others.is_empty() { Ok(()) } else { Err(others) }
}

fn compare(table: &str, kind: impl Fn(&Value) -> String) {
    let Some(folder) = conformance() else { return };
    let text = fs::read_to_string(folder.join("containers-image").join(table)).unwrap();
    let (mut compared, mut stricter, mut failures) = (0, 0, Vec::new());
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let kind = kind(&row);
        if NO_DOCUMENT.contains(&kind.as_str()) {
            continue;
        }
        compared += 1;
        let (input, valid) = (row["input"].as_str().unwrap(), row["valid"].as_bool().unwrap());
        let ours = accepted(&document(&kind, input));
        match (valid, ours, STRICTER.iter().any(|(listed, _)| *listed == input)) {
            (true, Ok(()), false) | (false, Err(_), false) => {}
            (true, Err(_), true) => stricter += 1,
            (_, ours, listed) => failures.push(format!("{kind} {input}: valid {valid}, listed {listed}: {ours:?}")),
        }
    }
    assert!(failures.is_empty() && compared > 0, "{} of {compared}: {failures:#?}", failures.len());
    println!("{table}: {compared} rows, {stricter} intended differences");
}

#[test]
fn fragments_of_policies() {
    compare("policy-json.upstream.jsonl", |row| row["type"].as_str().unwrap().to_owned());
}

#[test]
fn whole_policies() {
    compare("policy-json.extra.jsonl", |_| "Policy".to_owned());
}

#[test]
fn what_is_stricter_is_stricter() {
    for (document, why) in STRICTER {
        assert!(accepted(document).is_err(), "{document}: {why}");
    }
}
