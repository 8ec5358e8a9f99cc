//! The signatures of the test data that are accepted, each with what it says.

use std::collections::BTreeMap;
use std::fs;

use chrono::{DateTime, Utc};
use vidimus::image::Text;
use vidimus::signature::Rules;
use vidimus::{Image, Keyring, KeyringBuilder, Requirement, Verdict, Verifier};

use super::openpgp::Packets;
use crate::cases::Table;
use crate::support::{raw_signature, sigstore_signed};

/// What an accepted signature says: the octets that are signed, the claims in them, who signed them and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Says {
    /// Absent in sigstore signatures, whose payload stands beside the signature.
    payload: Option<Vec<u8>>,
    claims: Vec<(String, String)>,
    certificate: String,
    key: String,
    signed_at: Option<DateTime<Utc>>,
}

/// A signature that is accepted.
pub(super) struct Original {
    pub(super) file: String,
    pub(super) content: Vec<u8>,
    pub(super) reference: String,
    pub(super) says: Says,
    at: DateTime<Utc>,
    /// The place of its verifier.
    verifier: usize,
}

impl Original {
    /// What is said by the one signature that a verdict is about.
    pub(super) fn said(verdict: &Verdict, content: &[u8]) -> Says {
        let evidence = &verdict.evidence()[0];
        let signer = evidence.signer().unwrap();
        Says {
            payload: Packets::of(content).map(|packets| packets.payload().to_vec()),
            claims: evidence.claims().unwrap().flat(),
            certificate: signer.certificate().to_string(),
            key: signer.key().to_string(),
            signed_at: signer.signed_at(),
        }
    }
}

/// All of them, and those who verify them.
pub(super) struct Originals {
    pub(super) all: Vec<Original>,
    verifiers: Vec<Verifier>,
    digest: String,
}

impl Originals {
    /// Each accepted signature once, judged by all certificates together that the test data trusts anywhere: so that a
    /// mutant may be taken for somebody else's. Where that is not accepted, by those of its own case.
    pub(super) fn load() -> Self {
        let table = Table::read();
        let everybody = everybody(&table);
        let mut verifiers = vec![Verifier::new(everybody)];
        let mut all: BTreeMap<String, Original> = BTreeMap::new();
        let mut of_keys: BTreeMap<String, usize> = BTreeMap::new();
        for case in table.cases.iter().filter(|case| case.outcome == "verified") {
            // What is large is changed in its parts elsewhere, and would take most of the time.
            let content = fs::read(format!("testdata/signatures/{}", case.file)).unwrap();
            if content.len() > 4096 || all.contains_key(&case.file) {
                continue;
            }
            let at = case.at.parse().unwrap();
            let reference = case.reference.clone().unwrap_or_else(|| table.reference.clone());
            let image = raw_signature(&content, &table.digest, &reference);
            let mut verifier = 0;
            if !verifiers[0].verify(&image, at).is_allowed() {
                verifier = *of_keys
                    .entry(format!("{:?} {:?} {:?}", case.keys, case.sigstore_keys, case.options))
                    .or_insert_with(|| {
                        verifiers.push(if case.sigstore_keys.is_empty() {
                            Verifier::with_rules(keyring(&case.keys), case.options.rules(), Requirement::default())
                        } else {
                            Verifier::with_rules(
                                Keyring::empty(),
                                Rules::default(),
                                sigstore_signed(&case.sigstore_keys),
                            )
                        });
                        verifiers.len() - 1
                    });
            }
            let verdict = verifiers[verifier].verify(&image, at);
            assert!(verdict.is_allowed(), "{}", case.file);
            let says = Original::said(&verdict, &content);
            let file = case.file.clone();
            all.insert(file.clone(), Original { file, content, reference, says, at, verifier });
        }
        let all: Vec<_> = all.into_values().collect();
        assert!(all.len() > 70, "{} signatures are accepted", all.len());
        Self { all, verifiers, digest: table.digest }
    }

    pub(super) fn verifier(&self, original: &Original) -> &Verifier {
        &self.verifiers[original.verifier]
    }

    /// A content in the place of an original.
    pub(super) fn verify(&self, original: &Original, content: &[u8]) -> Verdict {
        let image: Image<'static> = raw_signature(content, &self.digest, &original.reference);
        debug_assert_eq!(image.metadata.name, Text::from(self.digest.as_str()));
        self.verifier(original).verify(&image, original.at)
    }
}

fn keyring(keys: &[String]) -> Keyring {
    let mut builder = KeyringBuilder::default();
    for key in keys {
        builder.add(key, &fs::read(format!("testdata/keys/{key}")).unwrap()).unwrap();
    }
    builder.build().unwrap()
}

/// Every certificate by which something is verified.
fn everybody(table: &Table) -> Keyring {
    let mut keys: Vec<_> =
        table.cases.iter().filter(|case| case.outcome == "verified").flat_map(|case| case.keys.clone()).collect();
    keys.sort();
    keys.dedup();
    keyring(&keys)
}
