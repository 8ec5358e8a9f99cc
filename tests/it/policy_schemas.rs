//! The schemas that we ship say what the readers do, and the custom resource says what the schema says.
#![expect(clippy::arithmetic_side_effects, reason = "counts levels")]

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::support::{conformance, load, run};

/// How deep demands inside demands are checked by the custom resource.
const DEMAND_LEVELS: usize = 3;

fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string("policy/schemas/signature-policy.schema.json").unwrap()).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_loads_is_valid_and_what_is_wrong_by_itself_is_not() {
    let validator: Validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/policies/fields.json").unwrap()).unwrap();
    let cases = table["grammars"]["SignaturePolicy"]["fields"].as_array().unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for case in cases {
        for (document, outcome) in [("without", "outcomeWithout"), ("with", "outcomeWith")] {
            let (text, outcome) = (case[document].as_str().unwrap(), case[outcome].as_str().unwrap());
            // A schema does not see what two places have to do with each other, or what is in a file.
            let by_itself = !["not loaded: unknown-name", "not loaded: key"].contains(&outcome);
            let expected = !(outcome.starts_with("not loaded") && by_itself);
            assert_eq!(validator.is_valid(&yaml(text)), expected, "{outcome}: {text}");
            if expected { valid += 1 } else { invalid += 1 }
        }
    }
    assert!(valid > 40 && invalid > 10, "{valid} valid and {invalid} invalid documents say little");
}

#[test]
fn what_we_ship_is_valid_and_loads() {
    let validator = Validator::new(&schema()).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir("policy").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let document = yaml(&fs::read_to_string(&path).unwrap());
        if document["kind"] == "SignaturePolicy" {
            let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 4);
    for file in ["reject-all.json", "redhat.json"] {
        let text = fs::read_to_string(format!("policy/{file}")).unwrap();
        // The key is the user's; any other stands in for it.
        let text = text.replace("/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release", "release.asc");
        assert!(load(&[&text]).is_ok(), "{file}");
    }
}

#[test]
fn what_we_ship_decides_as_its_suites_say() {
    let ran = run(&["policy", "test", "policy/suites/shipped.yaml"]);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    let suites = fs::read_to_string("policy/suites/shipped.yaml").unwrap();
    for entry in fs::read_dir("policy").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Red Hat's key is not ours to ship; the conformance tests try its policy.
        if (name.ends_with(".json") || name.ends_with(".yaml")) && name != "redhat.json" {
            assert!(suites.contains(&format!("[../{name}]")), "{name} has no suite");
        }
    }
}

#[test]
fn the_policy_for_red_hats_images_accepts_real_ones() {
    let Some(folder) = conformance() else { return };
    let key = folder.join("redhat/keys/redhat-release-2.asc");
    let place = "/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release";
    let policy = fs::read_to_string("policy/redhat.json").unwrap().replace(place, key.to_str().unwrap());
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), policy).unwrap();
    for (object, status) in [
        ("image-albo-bundle.with-manifest.json", 0),
        ("image-albo-bundle.wrong-digest.json", 1),
        ("image-albo-bundle.mirror-reference.json", 1),
    ] {
        let object = folder.join("redhat/objects").join(object);
        let ran = run(&["verify", "--policy", file.path().to_str().unwrap(), object.to_str().unwrap()]);
        assert_eq!(ran.status, status, "{}: {}{}", object.display(), ran.stdout, ran.stderr);
    }
}

/// What a structural schema can say of this one: members are gathered from its alternatives, and nothing refers.
fn structural(schema: &Value, definitions: &Value, levels: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        let definition = &definitions[name];
        return match (name, levels) {
            ("require", 0) => json!({
                "description": definition["description"], "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }),
            ("require", _) => structural(definition, definitions, levels - 1),
            _ => structural(definition, definitions, levels),
        };
    }
    if let Some(alternatives) = schema["oneOf"].as_array() {
        return gathered(&schema["description"], alternatives, definitions, levels);
    }
    let mut out = Map::new();
    for (name, value) in schema.as_object().unwrap() {
        let inner = |value: &Value| structural(value, definitions, levels);
        let value = match (name.as_str(), value) {
            ("$schema" | "$id" | "title" | "$defs", _) | ("additionalProperties", Value::Bool(_)) => continue,
            ("required", list) if list.as_array().is_some_and(Vec::is_empty) => continue,
            ("properties", members) => {
                members.as_object().unwrap().iter().map(|(name, value)| (name.clone(), inner(value))).collect()
            }
            ("items" | "additionalProperties", value) => inner(value),
            (_, value) => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    Value::Object(out)
}

fn gathered(description: &Value, alternatives: &[Value], definitions: &Value, levels: usize) -> Value {
    let mut members = Map::new();
    let mut required = Vec::new();
    for alternative in alternatives {
        for (name, value) in alternative["properties"].as_object().unwrap() {
            let value = structural(value, definitions, levels);
            match members.get_mut(name).and_then(|known| known["enum"].as_array_mut()) {
                Some(words) => words.extend(value["enum"].as_array().unwrap().iter().cloned()),
                None => drop(members.entry(name.clone()).or_insert(value)),
            }
        }
        required.push(alternative["required"].clone());
    }
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let common = required.iter().map(names).reduce(|all, next| &all & &next).unwrap();
    let mut out = json!({ "description": description, "type": "object", "properties": members });
    if common.is_empty() {
        out["oneOf"] = required.into_iter().map(|list| json!({ "required": list })).collect();
    } else {
        out["required"] = json!(common);
    }
    out
}

/// The first place where two values differ.
fn difference(found: &Value, expected: &Value, path: &str) -> Option<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let names: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
            names.into_iter().find_map(|name| {
                let null = Value::Null;
                let values = (found.get(name).unwrap_or(&null), expected.get(name).unwrap_or(&null));
                difference(values.0, values.1, &format!("{path}.{name}"))
            })
        }
        _ if found == expected => None,
        _ => Some(format!("{path}: {found}, not {expected}")),
    }
}

#[test]
fn the_custom_resource_says_what_the_schema_says() {
    let schema = schema();
    let resource = yaml(&fs::read_to_string("policy/crd/signaturepolicies.yaml").unwrap());
    let found = &resource["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let expected = structural(&schema["properties"]["spec"], &schema["$defs"], DEMAND_LEVELS);
    assert_eq!(difference(found, &expected, "spec"), None);
}
