//! The schema of the reports, held against the reports, and against the code.

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use serde_json::{Value, json};
use vidimus::Code;

use crate::support::{AT, Ran, run};

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string("docs/report.schema.json").unwrap()).unwrap()
}

/// The validator for one of the schema's definitions.
pub(crate) fn validator(definition: &str) -> Validator {
    let mut schema = schema();
    assert!(schema["$defs"][definition].is_object(), "{definition}");
    schema["$ref"] = format!("#/$defs/{definition}").into();
    jsonschema::validator_for(&schema).unwrap()
}

pub(crate) fn assert_valid(validator: &Validator, document: &Value, whose: &str) {
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{whose}:\n{}", errors.join("\n"));
}

fn verify(format: &str, key: &str, rest: &[&str]) -> Ran {
    run(&[&["verify", "--keys", key, "--at", AT, "--output", format], rest].concat())
}

/// Every file of a folder of the test data.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(format!("testdata/{folder}")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned()).collect();
    files.retain(|file| fs::metadata(file).unwrap().is_file());
    files.sort();
    files
}

const RELEASE: &str = "testdata/keys/release.asc";
/// Raw signatures, most of them by this key, and what they are held against.
const RAW: [&str; 4] = [
    "--digest",
    "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
    "--reference",
    "registry.example.com/shop/frontend:1.0.0",
];

#[test]
fn is_itself_valid() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_report_is_as_the_schema_says() {
    let report = jsonschema::validator_for(&schema()).unwrap();
    let lines = ["imageLine", "errorLine", "summaryLine"].map(validator);
    let (images, signatures) = ([files("images"), files("quickstart")].concat(), files("signatures"));
    let raw: Vec<&str> = RAW.into_iter().chain(signatures.iter().map(String::as_str)).collect();
    let runs = images.iter().map(|file| (RELEASE, vec![file.as_str()])).chain([
        ("testdata/keys/ed25519.asc", raw.clone()),
        ("testdata/keys/sha1-self-signature.asc", raw),
        (RELEASE, vec!["missing.json"]),
    ]);
    for (key, rest) in runs {
        let whose = rest[rest.len() - 1];
        let document: Value = serde_json::from_str(&verify("json", key, &rest).stdout).unwrap();
        assert_valid(&report, &document, whose);
        for line in verify("ndjson", key, &rest).stdout.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let kind = ["Image", "Error", "Summary"].iter().position(|kind| line["kind"] == *kind).unwrap();
            assert_valid(&lines[kind], &line, whose);
        }
    }
}

#[test]
fn every_keyring_report_is_as_the_schema_says() {
    let validator = validator("keyringReport");
    let mut count = 0;
    for file in files("keys") {
        let ran = run(&["keys", "--output", "json", "--at", AT, &file]);
        if ran.status == 0 {
            assert_valid(&validator, &serde_json::from_str(&ran.stdout).unwrap(), &file);
            count += 1;
        }
    }
    assert!(count > 30, "only {count} keyrings were read");
}

#[test]
fn lists_every_code() {
    let schema = schema();
    let listed: Vec<_> = schema["$defs"]["code"]["enum"].as_array().unwrap().iter().map(|code| code.as_str()).collect();
    let codes: Vec<_> = Code::ALL.iter().map(|code| Some(code.as_str())).collect();
    assert_eq!(listed, codes);
}

#[test]
fn describes_every_member_and_closes_every_object() {
    fn walk(schema: &Value, path: &str, wrong: &mut Vec<String>) {
        let Some(members) = schema.as_object() else { return };
        let properties = members.get("properties").and_then(Value::as_object);
        if let Some(properties) = properties.filter(|_| schema["type"] == "object" && members.contains_key("required"))
        {
            if members.get("additionalProperties") != Some(&Value::Bool(false)) {
                wrong.push(format!("{path} is open"));
            }
            for (name, property) in properties {
                let described = property["description"].as_str().is_some_and(|text| text.ends_with('.'))
                    || property["$ref"].as_str().is_some_and(|name| name.starts_with("#/$defs/"));
                if !described {
                    wrong.push(format!("{path}.{name} says nothing of itself"));
                }
            }
        }
        members.iter().for_each(|(name, member)| walk(member, &format!("{path}.{name}"), wrong));
    }
    let mut wrong = Vec::new();
    walk(&schema(), "$", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Nothing is defined in vain.
    let schema = schema();
    let text = schema.to_string();
    let entries = [
        "verificationReport",
        "imageLine",
        "errorLine",
        "summaryLine",
        "keyringReport",
        "policyCheckReport",
        "policyExplanation",
        "policyTestReport",
        "policyComparison",
        "reportSummary",
        "reportDifference",
    ];
    let defined: BTreeSet<_> = schema["$defs"].as_object().unwrap().keys().cloned().collect();
    for name in defined.iter().filter(|name| !entries.contains(&name.as_str())) {
        assert!(text.contains(&format!("\"#/$defs/{name}\"")), "{name} is not used");
    }
}

#[test]
fn a_broken_report_is_not_valid() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let text = verify("json", RELEASE, &["testdata/images/image.json", "missing.json"]).stdout;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_valid(&validator, &report, "the report to break");
    for (pointer, value) in [
        ("/apiVersion", json!("vidimus.dev/v1")),
        ("/kind", json!("Image")),
        ("/at", json!("2026-06-01T00:00:00+00:00")),
        ("/images", json!({})),
        ("/images/0/decision", json!("Perhaps")),
        ("/images/0/code", json!("Verified")),
        ("/images/0/code", json!(null)),
        ("/images/0/carrier", json!({ "kind": "Pod", "namespace": "", "name": "" })),
        ("/images/0/manifestDigest/from", json!("reference")),
        ("/images/0/manifestDigest/digest", json!("sha256:12")),
        ("/images/0/signatures/0/outcome", json!("accepted")),
        ("/images/0/signatures/0/outcome", json!("rejected")),
        ("/images/0/signatures/0/code", json!("digest-mismatch")),
        ("/images/0/signatures/0/signer", json!(null)),
        ("/images/0/signatures/0/claims", json!(null)),
        ("/images/0/signatures/0/signer/fingerprint", json!("C3DCF8AB90F57811")),
        ("/images/0/signatures/0/claims/timestamp", json!("1709294400")),
        ("/images/0/signatures/0/notes", json!(["v3-signature"])),
        ("/images/0/signatures/0/conditions", json!([])),
        ("/images/0/signatures/0/conditions/0/status", json!("Maybe")),
        ("/images/0/signatures/0/conditions/0/lastProbeTime", json!(null)),
        ("/images/0/signatures/1/code", json!(null)),
        ("/images/0/signatures/1/code", json!("verified")),
        ("/errors/0/message", json!(null)),
        ("/summary/denied", json!(-1)),
        ("/summary/codes", json!({ "accepted": 1 })),
        ("/summary/codes/verified", json!(0)),
    ] {
        let mut broken = report.clone();
        *broken.pointer_mut(pointer).unwrap() = value.clone();
        assert!(!validator.is_valid(&broken), "{pointer} = {value}");
    }
    // No member may be missing, and none added, at any place.
    let mut pointers = Vec::new();
    objects(&report, "", &mut pointers);
    assert!(pointers.len() > 10);
    for pointer in pointers {
        let members = report.pointer(&pointer).unwrap().as_object().unwrap();
        let open = pointer == "/summary/codes";
        for name in members.keys().filter(|_| !open) {
            let mut broken = report.clone();
            broken.pointer_mut(&pointer).unwrap().as_object_mut().unwrap().shift_remove(name).unwrap();
            assert!(!validator.is_valid(&broken), "{pointer} without {name}");
        }
        let mut broken = report.clone();
        broken.pointer_mut(&pointer).unwrap()["extra"] = 1.into();
        assert!(!validator.is_valid(&broken), "{pointer} with more");
    }
}

/// The places of all objects in a document.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(pointer.to_owned());
            members.iter().for_each(|(name, member)| objects(member, &format!("{pointer}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{pointer}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
