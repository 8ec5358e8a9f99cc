//! Each field of each grammar of policies has a case that shows its effect: two documents that differ in it alone, and
//! what becomes of one image under each. A field that a reader knows and that has no case fails the test.
//!
//! The cases are in `testdata/policies/fields.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;
use vidimus::policy::document::FindingCode;
use vidimus::{Rules, Verifier};

use crate::support::{AT, errors, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Table {
    #[expect(dead_code, reason = "says to a reader which image it is")]
    image: String,
    grammars: BTreeMap<String, Grammar>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Grammar {
    /// For each kind of object, a document in which one of its members is unknown.
    objects: BTreeMap<String, String>,
    fields: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    object: String,
    field: String,
    without: String,
    outcome_without: String,
    with: String,
    outcome_with: String,
}

fn table() -> Table {
    serde_json::from_str(&fs::read_to_string("testdata/policies/fields.json").unwrap()).unwrap()
}

/// What becomes of the image under a policy: `allow`, the code of the reason, or `not loaded` and the codes of errors.
pub(crate) fn outcome(document: &str) -> String {
    let Ok(policy) = load(&[document]) else {
        let codes: BTreeSet<_> = errors(&[document]).into_iter().map(|(code, _)| code.as_str()).collect();
        return format!("not loaded: {}", codes.into_iter().collect::<Vec<_>>().join(" "));
    };
    let content = fs::read("testdata/signatures/good.rsa4096.sig").unwrap();
    let verdict = Verifier::with_policy(policy, Rules::default())
        .verify(&raw_signature(&content, DIGEST, REFERENCE), AT.parse().unwrap());
    if verdict.is_allowed() { "allow".to_owned() } else { verdict.decision().code().to_string() }
}

#[test]
fn each_field_has_its_effect() {
    let mut wrong = Vec::new();
    for case in table().grammars.into_values().flat_map(|grammar| grammar.fields) {
        let Case { object, field, without, outcome_without, with, outcome_with } = case;
        assert_ne!(outcome_without, outcome_with, "{object}.{field}: the case shows no effect");
        for (document, expected) in [(without, outcome_without), (with, outcome_with)] {
            let found = outcome(&document);
            if found != expected {
                wrong.push(format!("{object}.{field}: {found}, not {expected}: {document}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The members that a reader knows in an object: it tells them when it meets one that it does not know.
fn known(document: &str, object: &str) -> BTreeSet<String> {
    let error = load(&[document]).expect_err("a member is unknown");
    let finding = error.findings().iter().find(|finding| finding.code() == FindingCode::UnknownMember);
    let message = finding.unwrap_or_else(|| panic!("{object}: {error:?}")).message().to_owned();
    let (_, list) = message.split_once("(known: ").expect("the known members are told");
    list.trim_end_matches(')').split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn no_field_is_without_a_case() {
    for (name, grammar) in table().grammars {
        let mut covered: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for case in &grammar.fields {
            covered.entry(&case.object).or_default().insert(case.field.clone());
        }
        for (object, document) in &grammar.objects {
            let known = known(document, object);
            assert_eq!(covered.remove(object.as_str()).unwrap_or_default(), known, "{name}: {object}");
        }
        assert!(covered.is_empty(), "{name}: objects of which nobody asked: {covered:?}");
    }
}
