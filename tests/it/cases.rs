//! Every signature of `testdata/signatures` has its outcomes in `testdata/cases.json`; each is tried.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use vidimus::signature::{Code, KeyValidity, Legacy, PayloadProfile, Rules};
use vidimus::{Image, Keyring, KeyringBuilder, KeyringError, Requirement, Verdict, Verifier};

use crate::support::{raw_signature, sigstore_signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) digest: String,
    pub(crate) reference: String,
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) keys: Vec<String>,
    /// The keys of a demand of sigstore signatures; without any, the demand is of OpenPGP signatures.
    #[serde(default)]
    pub(crate) sigstore_keys: Vec<String>,
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) options: Options,
    pub(crate) outcome: String,
    pub(crate) reference: Option<String>,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Options {
    key_validity: Option<String>,
    late_bindings: Option<String>,
    payload_profile: Option<String>,
    sha1_self_signatures: Option<String>,
    v3_signatures: Option<String>,
}

impl Table {
    pub(crate) fn read() -> Self {
        serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap()
    }
}

/// A case that is ready to be judged.
pub(crate) struct Prepared {
    verifier: Verifier,
    image: Image<'static>,
    at: DateTime<Utc>,
}

impl Prepared {
    pub(crate) fn verdict(&self) -> Verdict {
        self.verifier.verify(&self.image, self.at)
    }
}

impl Case {
    /// Whether its keys can be loaded at all.
    pub(crate) fn can_be_prepared(&self) -> bool {
        self.keyring().is_ok()
    }

    pub(crate) fn prepared(&self, table: &Table) -> Prepared {
        let (keyring, requirement) = if self.sigstore_keys.is_empty() {
            (self.keyring().unwrap(), Requirement::default())
        } else {
            assert!(self.keys.is_empty(), "{}: one kind of keys", self.file);
            (Keyring::empty(), sigstore_signed(&self.sigstore_keys))
        };
        let verifier = Verifier::with_rules(keyring, self.options.rules(), requirement);
        let content = fs::read(Path::new("testdata/signatures").join(&self.file)).unwrap();
        let reference = self.reference.as_deref().unwrap_or(&table.reference);
        let image = raw_signature(&content, &table.digest, reference);
        Prepared { verifier, image, at: self.at.parse().unwrap() }
    }

    fn keyring(&self) -> Result<Keyring, KeyringError> {
        let mut keyring = KeyringBuilder::default();
        for key in &self.keys {
            keyring.add(key, &fs::read(Path::new("testdata/keys").join(key)).unwrap())?;
        }
        if self.keys.is_empty() { Ok(Keyring::empty()) } else { keyring.build() }
    }

    /// The outcome, and what is said of it.
    pub(crate) fn found(&self, table: &Table) -> (String, String) {
        if let Err(KeyringError::Unbound { .. }) = self.keyring() {
            // What binds nothing at any time is refused before it can be asked to vouch for anything.
            return (Code::KeyNotBound.to_string(), String::new());
        }
        let verdict = self.prepared(table).verdict();
        let evidence = &verdict.evidence()[0];
        assert_eq!(verdict.is_allowed(), evidence.code() == Code::Verified, "{}", self.file);
        (evidence.code().to_string(), evidence.message())
    }
}

#[test]
fn every_signature_has_its_outcome() {
    let table = Table::read();
    let mut wrong = Vec::new();
    for case in &table.cases {
        let (found, message) = case.found(&table);
        if found != case.outcome {
            let Case { file, keys, sigstore_keys, at, options, outcome, note, .. } = case;
            wrong.push(format!(
                "{file} {keys:?} {sigstore_keys:?} {at} {options:?}: {found} ({message}), not {outcome}; {note}"
            ));
        }
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
    pub(crate) fn rules(&self) -> Rules {
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
