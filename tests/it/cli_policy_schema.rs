//! The schemas that `vidimus policy schema` prints, held against the documents, the readers and the code.

use std::fs;

use jsonschema::Validator;
use serde_json::Value;
use vidimus::Code;

use crate::support::{run, run_with_input};

/// The schemas of the folder by the names of the command, `report` aside.
fn schemas() -> Vec<(String, Value)> {
    let entries =
        fs::read_dir("policy/schemas").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.map(|name| name.strip_suffix(".schema.json").unwrap().to_owned()).collect();
    names.sort();
    let read = |name: String| {
        let text = fs::read_to_string(format!("policy/schemas/{name}.schema.json")).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    names.into_iter().map(read).collect()
}

fn validator(name: &str) -> Validator {
    let schemas = schemas();
    let (_, schema) = schemas.iter().find(|(found, _)| found == name).unwrap();
    jsonschema::validator_for(schema).unwrap()
}

#[test]
fn every_schema_is_printed_and_listed() {
    let listed = run(&["policy", "schema"]).stdout;
    let listed: Vec<_> = listed.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    let mut names: Vec<_> = schemas().into_iter().map(|(name, _)| name).collect();
    names.push("report".to_owned());
    names.sort();
    assert_eq!(listed, names);
    for (name, schema) in schemas() {
        let ran = run(&["policy", "schema", &name]);
        assert_eq!((ran.status, serde_json::from_str::<Value>(&ran.stdout).unwrap()), (0, schema), "{name}");
    }
    assert_eq!(run(&["policy", "schema", "report"]).stdout, fs::read_to_string("docs/report.schema.json").unwrap());
    assert_eq!(run(&["policy", "schema", "pod"]).status, 2);
}

#[test]
fn schemas_are_valid_and_describe_every_member() {
    fn walk(root: &Value, schema: &Value, path: &str, wrong: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let described = |schema: &Value| schema["description"].as_str().is_some_and(|text| text.ends_with('.'));
            let definition = property["$ref"].as_str().and_then(|name| root.pointer(name.strip_prefix('#')?));
            if !described(property) && !definition.is_some_and(described) {
                wrong.push(format!("{path}.{name} is not described"));
            }
        }
        match schema {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| walk(root, member, &format!("{path}.{name}"), wrong));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(root, item, path, wrong)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    for (name, schema) in schemas() {
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        let mut wrong = Vec::new();
        walk(&schema, &schema, &name, &mut wrong);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn the_schema_of_suites_lists_every_code() {
    let schemas = schemas();
    let (_, schema) = schemas.iter().find(|(name, _)| name == "policy-test").unwrap();
    let listed: Vec<_> = schema["$defs"]["code"]["enum"].as_array().unwrap().iter().map(Value::as_str).collect();
    assert_eq!(listed, Code::ALL.iter().map(|code| Some(code.as_str())).collect::<Vec<_>>());
}

/// What a schema refuses is refused by the reader as well, and what it takes only for reasons that it cannot know of.
#[test]
fn documents_are_as_their_schemas_say() {
    let (policy, signature) = (validator("containers-policy"), validator("signature-policy"));
    for (file, valid) in [
        ("shop", true),
        ("sigstore", true),
        ("both-signers", true),
        ("hostile-scope", true),
        ("broken", false),
        ("hostile", false),
    ] {
        let file = format!("testdata/policies/{file}.json");
        let document: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(policy.is_valid(&document), valid, "{file}");
        assert_eq!(run(&["policy", "check", &file]).status, if valid { 0 } else { 2 }, "{file}");
    }
    for entry in fs::read_dir("policy").unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "json" || extension == "yaml") {
            let text = fs::read_to_string(&file).unwrap();
            let document: Value = serde_saphyr::from_str(&text).unwrap();
            let schema = if document["kind"] == "SignaturePolicy" { &signature } else { &policy };
            assert!(schema.is_valid(&document), "{}", file.display());
        }
    }
    let suite = validator("policy-test");
    for (file, valid) in [("shop", true), ("rollout", true), ("failing", true), ("no-image", true), ("broken", false)] {
        let text = fs::read_to_string(format!("testdata/policies/suites/{file}.yaml")).unwrap();
        for document in text.split("\n---\n") {
            let document: Value = serde_saphyr::from_str(document).unwrap();
            assert_eq!(suite.is_valid(&document), valid, "{file}");
        }
    }
}

/// Each change of a valid document that the schema must not let pass; the reader does not either.
#[test]
fn a_broken_policy_is_not_valid() {
    let validator = validator("containers-policy");
    let key = r#""keyPath":"testdata/keys/release.asc""#;
    let fulcio = r#""fulcio":{"caData":"eA==","oidcIssuer":"i","subjectEmail":"e"}"#;
    let pki = r#""pki":{"caRootsData":"eA==","subjectEmail":"e"}"#;
    let rekor = r#""rekorPublicKeyData":"eA==""#;
    let gpg = r#""type":"signedBy","keyType":"GPGKeys""#;
    let sigstore = r#""type":"sigstoreSigned""#;
    for (requirement, valid) in [
        (format!("{gpg},{key}"), true),
        (format!("{sigstore},{fulcio},{rekor}"), true),
        (format!("{sigstore},{pki}"), true),
        (r#""type":"reject""#.to_owned(), true),
        (r#""type":"reject","keyType":"GPGKeys""#.to_owned(), false),
        (gpg.to_owned(), false),
        (format!("{gpg},{key},\"keyData\":\"eA==\""), false),
        (format!("{gpg},\"keyPaths\":[]"), false),
        (format!("{gpg},\"keyPath\":\"\""), false),
        (format!("\"type\":\"signedBy\",\"keyType\":\"PGP\",{key}"), false),
        (format!("{gpg},{key},\"signedIdentity\":{{\"type\":\"matchAny\"}}"), false),
        (format!("{gpg},{key},\"signedIdentity\":{{\"type\":\"matchExact\",\"prefix\":\"a\"}}"), false),
        (format!("{gpg},{key},\"signedIdentity\":{{\"type\":\"exactReference\"}}"), false),
        (format!("{gpg},{key},\"signedIdentity\":{{\"type\":\"remapIdentity\",\"prefix\":\"a\"}}"), false),
        (format!("{sigstore},{fulcio}"), false),
        (format!("{sigstore},{pki},{rekor}"), false),
        (format!("{sigstore},{pki},{fulcio},{rekor}"), false),
        (format!("{sigstore},{fulcio},{rekor},\"rekorPublicKeyPath\":\"x\""), false),
        (r#""type":"signedBaseLayer""#.to_owned(), false),
    ] {
        let text = format!("{{\"default\":[{{{requirement}}}]}}");
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(validator.is_valid(&document), valid, "{text}");
        let ran = run_with_input(&["policy", "check", "-"], text.as_bytes());
        assert_eq!(ran.status, if valid { 0 } else { 2 }, "{text}: {}", ran.stdout);
    }
    for text in [r#"{}"#, r#"{"default":[]}"#, r#"{"default":[{"type":"reject"}],"transport":{}}"#, "[]"] {
        assert!(!validator.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
    }
}
