//! Every signature of `testdata/signatures` has its outcomes in `testdata/cases.json`; each is tried.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use vidimus::signature::{Code, KeyValidity, Legacy, PayloadProfile, Rules};
use vidimus::{Keyring, KeyringBuilder, KeyringError, Requirement, Verifier};

use crate::support::{raw_signature, sigstore_signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    digest: String,
    reference: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    file: String,
    keys: Vec<String>,
    /// The keys of a demand of sigstore signatures; without any, the demand is of OpenPGP signatures.
    #[serde(default)]
    sigstore_keys: Vec<String>,
    at: String,
    #[serde(default)]
    options: Options,
    outcome: String,
    reference: Option<String>,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Options {
    key_validity: Option<String>,
    late_bindings: Option<String>,
    payload_profile: Option<String>,
    sha1_self_signatures: Option<String>,
    v3_signatures: Option<String>,
}

#[test]
fn every_signature_has_its_outcome() {
    let table: Table = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in &table.cases {
        let mut keyring = KeyringBuilder::default();
        let loaded: Result<Vec<_>, _> = case
            .keys
            .iter()
            .map(|key| keyring.add(key, &fs::read(Path::new("testdata/keys").join(key)).unwrap()))
            .collect();
        if let Err(KeyringError::Unbound { .. }) = loaded {
            // What binds nothing at any time is refused before it can be asked to vouch for anything.
            assert_eq!(case.outcome, "key-not-bound", "{}", case.file);
            continue;
        }
        loaded.unwrap();
        let (keyring, requirement) = if case.sigstore_keys.is_empty() {
            (keyring.build().unwrap(), Requirement::default())
        } else {
            assert!(case.keys.is_empty(), "{}: one kind of keys", case.file);
            (Keyring::empty(), sigstore_signed(&case.sigstore_keys))
        };
        let verifier = Verifier::with_rules(keyring, case.options.rules(), requirement);
        let content = fs::read(Path::new("testdata/signatures").join(&case.file)).unwrap();
        let reference = case.reference.as_deref().unwrap_or(&table.reference);
        let verdict = verifier.verify(&raw_signature(&content, &table.digest, reference), case.at.parse().unwrap());
        let evidence = &verdict.evidence()[0];
        if evidence.code().as_str() != case.outcome {
            let Case { file, keys, sigstore_keys, at, options, outcome, note, .. } = case;
            let found = evidence.code();
            let message = evidence.message();
            wrong.push(format!(
                "{file} {keys:?} {sigstore_keys:?} {at} {options:?}: {found} ({message}), not {outcome}; {note}"
            ));
        }
        assert_eq!(verdict.is_allowed(), evidence.code() == Code::Verified, "{}", case.file);
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), table.cases.len(), wrong.join("\n"));

    let listed: BTreeSet<_> = table.cases.iter().map(|case| case.file.clone()).collect();
    let present: BTreeSet<_> = fs::read_dir("testdata/signatures")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(present, listed, "a signature without an outcome, or the reverse");
}

impl Options {
    fn rules(&self) -> Rules {
        let legacy = |option: &Option<String>, default| match option.as_deref() {
            None => default,
            Some("accept") => Legacy::Accept,
            Some("reject") => Legacy::Reject,
            Some(other) => panic!("{other} is neither accept nor reject"),
        };
        let default = Rules::default();
        Rules {
            key_validity: match self.key_validity.as_deref() {
                None | Some("now") => KeyValidity::Now,
                Some("when-signed") => KeyValidity::WhenSigned,
                Some(other) => panic!("{other} is no key validity"),
            },
            late_bindings: legacy(&self.late_bindings, default.late_bindings),
            payload_profile: match self.payload_profile.as_deref() {
                None | Some("containers") => PayloadProfile::Containers,
                Some("release") => PayloadProfile::Release,
                Some(other) => panic!("{other} is no payload profile"),
            },
            sha1_self_signatures: legacy(&self.sha1_self_signatures, default.sha1_self_signatures),
            v3_signatures: legacy(&self.v3_signatures, default.v3_signatures),
            ..default
        }
    }
}
