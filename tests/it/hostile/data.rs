//! Files of the test data, and what comes of each.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use vidimus::source::export;
use vidimus::{Carrier, Keyring, Verifier};

use crate::admission::Court;
use crate::cases;
use crate::policy_fields;
use crate::support::AT;

/// The folders whose files must have a row.
const FOLDERS: [&str; 7] =
    ["admission", "hostile/admission", "hostile/images", "hostile/policies", "images", "keys", "signatures"];

/// What lies in those folders and is no input.
const NO_INPUT: [&str; 3] = ["admission/cases.json", "admission/export.json", "admission/policy.yaml"];

/// What inputs are tried with.
#[derive(Default)]
pub(super) struct Bench {
    signatures: OnceCell<BTreeMap<String, BTreeSet<String>>>,
    court: OnceCell<Court>,
    verifier: OnceCell<Verifier>,
    /// What was tried already: a file may have several rows.
    tried: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl Bench {
    /// Every input, by its path from the folder of the test data.
    pub(super) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for folder in FOLDERS {
            for entry in fs::read_dir(Path::new("testdata").join(folder)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    files.push(format!("{folder}/{}", entry.file_name().to_str().unwrap()));
                }
            }
        }
        files.retain(|file| !NO_INPUT.contains(&file.as_str()));
        files.sort();
        files
    }

    /// What comes of a file: several outcomes where it is tried in several ways, or holds several things.
    pub(super) fn outcomes(&self, file: &str) -> BTreeSet<String> {
        if let Some(outcomes) = self.tried.borrow().get(file) {
            return outcomes.clone();
        }
        let outcomes = self.outcomes_of(file);
        self.tried.borrow_mut().insert(file.to_owned(), outcomes.clone());
        outcomes
    }

    fn outcomes_of(&self, file: &str) -> BTreeSet<String> {
        let (folder, name) = file.rsplit_once('/').unwrap();
        let bytes = fs::read(Path::new("testdata").join(file)).unwrap();
        match folder {
            "signatures" => self.signatures.get_or_init(signatures)[name].clone(),
            "images" | "hostile/images" => self.images(&bytes),
            "admission" | "hostile/admission" => BTreeSet::from([self.court.get_or_init(Court::open).ruling(&bytes)]),
            "policies" | "hostile/policies" => BTreeSet::from([policy(&bytes)]),
            "keys" => BTreeSet::from([keys(name, &bytes)]),
            other => panic!("{other} is no folder of inputs"),
        }
    }

    /// The decision about each image in a source; `error` for what cannot be read, `skipped` for what is no image.
    fn images(&self, bytes: &[u8]) -> BTreeSet<String> {
        let verifier = self.verifier.get_or_init(|| {
            let key = fs::read("testdata/keys/release.asc").unwrap();
            Verifier::new(Keyring::from_bytes("release.asc", &key).unwrap())
        });
        let mut outcomes = BTreeSet::new();
        let summary = export::read("hostile", bytes, &mut |item| {
            outcomes.insert(match item.json.map(Carrier::read) {
                Err(_) | Ok(Err(_)) => "error".to_owned(),
                Ok(Ok(Carrier::Image(carried))) => {
                    let verdict = verifier.verify(&carried.image, AT.parse().unwrap());
                    let code = verdict.decision().code();
                    format!("{}: {code}", verdict.decision().effect())
                }
                Ok(Ok(_)) => "skipped".to_owned(),
            });
            ControlFlow::Continue(())
        });
        if summary.items == 0 {
            outcomes.insert("nothing".to_owned());
        }
        outcomes
    }
}

/// Each case of each signature, as `cases.json` has it; that they come true is tried here too.
fn signatures() -> BTreeMap<String, BTreeSet<String>> {
    let table = cases::Table::read();
    let mut outcomes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for case in &table.cases {
        let (found, message) = case.found(&table);
        assert_eq!(found, case.outcome, "{}: {message}", case.file);
        outcomes.entry(case.file.clone()).or_default().insert(found);
    }
    outcomes
}

/// What becomes of an image by a policy, or why the policy is not loaded.
fn policy(bytes: &[u8]) -> String {
    policy_fields::outcome(str::from_utf8(bytes).unwrap())
}

/// Whether a key file is loaded.
fn keys(name: &str, bytes: &[u8]) -> String {
    let loaded = if name.ends_with(".pub") {
        vidimus::signature::SigstoreKey::from_pem(bytes).is_ok()
    } else {
        Keyring::from_bytes(name, bytes).is_ok()
    };
    if loaded { "loaded".to_owned() } else { "refused".to_owned() }
}
