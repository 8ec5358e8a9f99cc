//! `--conditions native`: what an API server accepts, and what it says.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{AT, run};

const KEY: &str = "testdata/keys/release.asc";
const TYPES: [&str; 4] = ["Trusted", "ForImage", "Complete", "Failed"];

/// The object of a source, written by these options and read again.
fn written(source: &Path, trust: &[&str]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written.json");
    let to = ["--conditions", "native", "--write-images", path.to_str().unwrap(), "--output", "json"];
    let ran = run(&[&["verify", "--at", AT, source.to_str().unwrap()], trust, &to].concat());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    serde_json::from_str(&text).unwrap()
}

fn by_key(name: &str) -> Value {
    written(&Path::new("testdata/images").join(name), &["--keys", KEY])
}

/// Every signature record of a document, wherever it stands.
fn signatures(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(signatures).collect(),
        Value::Object(members) => {
            let own = members.get("signatures").and_then(Value::as_array).into_iter().flatten();
            own.chain(members.values().flat_map(signatures)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn statuses(signature: &Value) -> Vec<&str> {
    let conditions = signature["conditions"].as_array().unwrap();
    conditions.iter().map(|condition| condition["status"].as_str().unwrap()).collect()
}

/// Whether the API server accepts a record, as `ValidateImageSignature` of openshift-apiserver says: it panics where the
/// first condition is of another type, or where a type comes again before both are there.
fn is_accepted(signature: &Value) -> bool {
    let (mut trusted, mut for_image): (Option<&Value>, Option<&Value>) = (None, None);
    let time = |condition: &Value| condition["lastProbeTime"].as_str().unwrap_or("").to_owned();
    let is_later = |condition: &Value, than: &Value| time(condition) >= time(than);
    for condition in signature["conditions"].as_array().into_iter().flatten() {
        if condition["type"] == "Trusted" && trusted.is_none_or(|trusted| is_later(condition, trusted)) {
            trusted = Some(condition);
        } else if condition["type"] == "ForImage" && for_image.is_none() {
            for_image = Some(condition);
        } else {
            let Some(there) = for_image else { return false };
            if is_later(condition, there) {
                for_image = Some(condition);
            }
        }
    }
    let is_unknown = trusted.is_none_or(|trusted| trusted["status"] == "Unknown");
    let is_set = |name: &&str| signature.get(*name).is_some_and(|value| !value.is_null());
    trusted.is_some() == for_image.is_some()
        && !(is_unknown && ["imageIdentity", "signedClaims", "issuedBy", "issuedTo"].iter().any(is_set))
}

#[test]
fn what_the_server_refuses_is_seen() {
    let condition = |name: &str, status: &str| serde_json::json!({ "type": name, "status": status });
    let (trusted, for_image) = (condition("Trusted", "True"), condition("ForImage", "True"));
    let (unknown, complete) = (condition("Trusted", "Unknown"), condition("Complete", "True"));
    let with = |conditions: &[&Value]| serde_json::json!({ "conditions": conditions, "imageIdentity": "r/i:t" });
    assert!(is_accepted(&with(&[&trusted, &for_image, &complete])));
    assert!(!is_accepted(&with(&[&complete, &trusted, &for_image])));
    assert!(!is_accepted(&with(&[&trusted])));
    assert!(!is_accepted(&with(&[&unknown, &for_image])));
    assert!(!is_accepted(&with(&[])));
}

#[test]
fn the_server_accepts_what_is_written_of_every_record() {
    let mut seen = 0;
    for entry in fs::read_dir("testdata/images").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let before = fs::read_to_string(&path).unwrap_or_default();
        let is_read = !name.starts_with("broken.") && !name.starts_with("list.") && !name.ends_with("version.json");
        if !is_read || !before.contains("signatures") {
            continue;
        }
        for signature in signatures(&written(&path, &["--keys", KEY])) {
            let types: Vec<_> =
                signature["conditions"].as_array().unwrap().iter().map(|one| one["type"].clone()).collect();
            assert_eq!(types[..4], TYPES, "{name}");
            let mut once = types.clone();
            once.sort_by_key(ToString::to_string);
            once.dedup();
            assert_eq!(once.len(), types.len(), "{name}: {types:?}");
            assert!(is_accepted(signature), "{name}: {signature}");
            let statuses = statuses(signature);
            assert_eq!(statuses[..2] == ["True", "True"], statuses[2] == "True", "{name}: {statuses:?}");
            seen += 1;
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn the_statuses_say_how_far_it_got() {
    for (file, expected, reasons) in [
        ("image.json", ["True", "True", "True", "False"], ["Verified", "Verified"]),
        ("conditions.forged.json", ["False", "Unknown", "False", "True"], ["UnknownKey", "UnknownKey"]),
        ("record.content-not-base64.json", ["False", "Unknown", "False", "True"], ["MalformedRecord"; 2]),
        ("record.type-unsupported.json", ["Unknown"; 4], ["UnsupportedType"; 2]),
        ("name.not-a-digest.json", ["True", "Unknown", "Unknown", "Unknown"], ["Verified", "NoManifestDigest"]),
        ("record.for-another-image.json", ["True", "False", "False", "True"], ["Verified", "DigestMismatch"]),
        ("reference.other-tag.json", ["True", "False", "False", "True"], ["Verified", "IdentityMismatch"]),
        ("manifest.not-its-name.json", ["True", "False", "False", "True"], ["Verified", "ManifestMismatch"]),
        ("informative.identity-differs.json", ["True", "False", "False", "True"], ["Verified", "RecordMismatch"]),
    ] {
        let image = by_key(file);
        let signature = &image["signatures"][0];
        assert_eq!(statuses(signature), expected, "{file}");
        let found = [0, 1].map(|index| &signature["conditions"][index]);
        assert_eq!(found.map(|condition| &condition["reason"]), reasons, "{file}");
        for condition in found {
            assert_eq!(condition["lastProbeTime"], AT, "{file}");
            assert!(!condition["message"].as_str().unwrap().is_empty(), "{file}: {condition}");
        }
    }
    let image = by_key("image.json");
    let messages = [0, 1].map(|index| image["signatures"][0]["conditions"][index]["message"].as_str().unwrap());
    assert!(messages[0].starts_with("signed by Example Release Key"), "{messages:?}");
    assert_eq!(messages[1], "signed for `registry.example.com/shop/frontend:1.0.0`");
}

#[test]
fn a_signer_who_is_not_accepted_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let key = |name: &str| fs::canonicalize(format!("testdata/keys/{name}")).unwrap().display().to_string();
    let signed_by =
        |name: &str| serde_json::json!([{ "type": "signedBy", "keyType": "GPGKeys", "keyPath": key(name) }]);
    let scopes = serde_json::json!({
        "registry.example.com/shop/frontend": signed_by("ed25519.asc"),
        "registry.example.com/other": signed_by("release.asc"),
    });
    let policy = serde_json::json!({ "default": [{ "type": "reject" }], "transports": { "docker": scopes } });
    let path = folder.path().join("policy.json");
    fs::write(&path, policy.to_string()).unwrap();
    let image = written(Path::new("testdata/images/image.json"), &["--policy", path.to_str().unwrap()]);
    let signature = &image["signatures"][0];
    assert_eq!(statuses(signature), ["False", "True", "False", "True"]);
    assert_eq!(signature["conditions"][0]["reason"], "SignerNotAccepted");
}

#[test]
fn what_others_said_gives_way_or_comes_last() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    let mut image: Value =
        serde_json::from_str(&fs::read_to_string("testdata/images/image.no-manifest.json").unwrap()).unwrap();
    let condition = |name: &str, status: &str, probed: Value, message: &str| {
        serde_json::json!({
            "type": name, "status": status, "message": message,
            "lastProbeTime": probed, "lastTransitionTime": "2024-03-15T00:00:00Z",
        })
    };
    let (old, new) = (Value::from("2024-01-01T00:00:00Z"), Value::from("2025-01-01T00:00:00Z"));
    image["signatures"][0]["conditions"] = Value::Array(vec![
        condition("Revoked", "False", new.clone(), "latest"),
        condition("Expired", "False", old.clone(), "first"),
        condition("Trusted", "True", old.clone(), "verified by user \"admin\""),
        condition("ForImage", "False", old.clone(), ""),
        condition("Revoked", "True", old.clone(), "earlier"),
        condition("Expired", "True", old, "later in the list"),
        condition("Revoked", "True", Value::Null, "never"),
    ]);
    fs::write(&source, image.to_string()).unwrap();
    let image = written(&source, &["--keys", KEY]);
    let conditions = image["signatures"][0]["conditions"].as_array().unwrap();
    let told = |member: &str| -> Vec<_> { conditions.iter().map(|one| one[member].as_str().unwrap()).collect() };
    assert_eq!(told("type"), ["Trusted", "ForImage", "Complete", "Failed", "Revoked", "Expired"]);
    assert_eq!(told("message")[4..], ["latest", "later in the list"]);
    // The transition is that of the status, whoever wrote it.
    assert_eq!(told("lastTransitionTime")[..2], ["2024-03-15T00:00:00Z", AT]);
}

#[test]
fn informative_members_go_only_where_the_server_refuses_them() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    let text = fs::read_to_string("testdata/images/informative.agree.json").unwrap();
    let mut image: Value = serde_json::from_str(&text).unwrap();
    let before = image["signatures"][0].clone();
    image["signatures"][0]["type"] = "x509".into();
    fs::write(&source, image.to_string()).unwrap();
    let image = written(&source, &["--keys", KEY]);
    let signature = &image["signatures"][0];
    assert_eq!(statuses(signature), ["Unknown"; 4]);
    for name in ["imageIdentity", "signedClaims", "issuedBy", "issuedTo"] {
        assert!(before.get(name).is_some(), "{name} was there");
        assert_eq!(signature.get(name), None);
    }
    assert_eq!((&signature["created"], &signature["content"]), (&before["created"], &before["content"]));
    // What is rejected keeps them, and so does what is written by default.
    let rejected = by_key("informative.identity-differs.json");
    assert!(rejected["signatures"][0].get("imageIdentity").is_some());
    let path = folder.path().join("own.json");
    let to = ["--keys", KEY, "--at", AT, "--output", "json", "--write-images", path.to_str().unwrap()];
    run(&[&["verify", source.to_str().unwrap()], &to[..]].concat());
    let own: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(own["signatures"][0]["issuedBy"], before["issuedBy"]);
}
