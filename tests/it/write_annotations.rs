//! `--annotate`: which images get or lose the annotation, and what of those that have one.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";
const DENY: &str = "images.openshift.io/deny-execution";

/// Writes a source's objects with these options.
fn write(source: &Path, trust: &[&str], options: &[&str]) -> (Ran, Value) {
    let path = source.with_file_name("written.json");
    let to = ["--write-images", path.to_str().unwrap(), "--output", "json"];
    let ran = run(&[&["verify", "--at", AT, source.to_str().unwrap()], trust, options, &to].concat());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran, serde_json::from_str(&text).unwrap())
}

fn read(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(format!("testdata/images/{name}")).unwrap()).unwrap()
}

#[test]
fn every_image_by_its_decision_and_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let (source, policy) = (folder.path().join("source.json"), folder.path().join("policy.json"));
    // By a policy, an image without a valid reference is undecided.
    let key = fs::canonicalize(KEY).unwrap();
    let signed_by = json!([{ "type": "signedBy", "keyType": "GPGKeys", "keyPath": key }]);
    let scopes = json!({ "docker": { "registry.example.com": signed_by } });
    fs::write(&policy, json!({ "default": [{ "type": "reject" }], "transports": scopes }).to_string()).unwrap();
    let (deny, allow) = (["--annotate", "deny-execution"], ["--annotate", "allow-execution"]);
    let both = [&deny[..], &allow[..]].concat();
    let (allowed, denied, undecided) = (("image.json", 0), ("signatures.none.json", 1), ("reference.invalid.json", 2));
    let (other, ours, lie) = (json!({ "a": "b" }), json!({ DENY: "true" }), json!({ DENY: "false", "a": "b" }));
    let set = json!({ "a": "b", DENY: "true" });
    let cases: [(_, &[&str], _, _); 19] = [
        (denied, &deny, other.clone(), set.clone()),
        (denied, &deny, json!({}), ours.clone()),
        (denied, &deny, Value::Null, ours.clone()),
        (denied, &deny, ours.clone(), ours.clone()),
        (denied, &deny, lie.clone(), set.clone()),
        (denied, &both, other.clone(), set.clone()),
        (denied, &allow, ours.clone(), ours.clone()),
        (denied, &allow, Value::Null, Value::Null),
        (denied, &[], other.clone(), other.clone()),
        (allowed, &deny, other.clone(), other.clone()),
        (allowed, &deny, ours.clone(), ours.clone()),
        (allowed, &deny, Value::Null, Value::Null),
        (allowed, &allow, set, other.clone()),
        (allowed, &allow, lie.clone(), other.clone()),
        (allowed, &both, ours.clone(), json!({})),
        (allowed, &allow, Value::Null, Value::Null),
        (undecided, &both, other.clone(), other),
        (undecided, &both, ours.clone(), ours),
        (undecided, &both, lie.clone(), lie),
    ];
    for ((file, status), options, before, expected) in cases {
        let mut object = read(file);
        object["metadata"]["annotations"] = before.clone();
        fs::write(&source, object.to_string()).unwrap();
        let (ran, written) = write(&source, &["--policy", policy.to_str().unwrap()], options);
        assert_eq!(ran.status, status, "{file}: {ran:?}");
        assert_eq!(written["metadata"]["annotations"], expected, "{file} {options:?} {before}");
        object["metadata"]["annotations"] = Value::Null;
        let mut rest = written;
        rest["metadata"]["annotations"] = Value::Null;
        assert_eq!(rest["metadata"], object["metadata"], "{file}: nothing else");
    }
}

#[test]
fn annotations_that_are_absent_are_made_or_left_absent() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    for (file, expected) in [("signatures.none.json", json!({ DENY: "true" })), ("image.json", Value::Null)] {
        let mut object = read(file);
        object["metadata"].as_object_mut().unwrap().shift_remove("annotations");
        fs::write(&source, object.to_string()).unwrap();
        let (_, written) =
            write(&source, &["--keys", KEY], &["--annotate", "deny-execution", "--annotate", "allow-execution"]);
        assert_eq!(written["metadata"]["annotations"], expected, "{file}");
        assert_eq!(written["metadata"].get("annotations").is_some(), !expected.is_null(), "{file}");
    }
}

#[test]
fn annotations_that_are_no_object_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    for annotations in [json!([]), json!("true"), json!(1), json!({ DENY: true }), json!({ "a": null, DENY: {} })] {
        let mut object = read("signatures.none.json");
        object["metadata"]["annotations"] = annotations.clone();
        fs::write(&source, object.to_string()).unwrap();
        let (ran, written) = write(&source, &["--keys", KEY], &["--annotate", "deny-execution"]);
        assert_eq!(ran.status, 2, "{annotations}: {ran:?}");
        assert!(ran.stdout.contains("metadata.annotations"), "{annotations}: {ran:?}");
        assert_eq!(written, object, "as it was");
    }
}

#[test]
fn the_image_is_annotated_and_not_what_carries_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    for file in ["imagestreamimage.json", "imagestreammapping.json"] {
        let object = read(file);
        fs::write(&source, object.to_string()).unwrap();
        // Nothing is signed by this key.
        let (ran, written) =
            write(&source, &["--keys", "testdata/keys/ed25519.asc"], &["--annotate", "deny-execution"]);
        assert_eq!(ran.status, 1, "{file}: {ran:?}");
        assert_eq!(written["image"]["metadata"]["annotations"][DENY], "true", "{file}");
        assert_eq!(written["metadata"], object["metadata"], "{file}");
    }
    let tag = folder.path().join("tag.yaml");
    fs::copy("testdata/images/imagestreamtag.yaml", &tag).unwrap();
    let (_, written) = write(&tag, &["--keys", "testdata/keys/ed25519.asc"], &["--annotate", "deny-execution"]);
    assert_eq!(written["image"]["metadata"]["annotations"][DENY], "true");
    assert_eq!(written["metadata"].get("annotations").and_then(|annotations| annotations.get(DENY)), None);
}

#[test]
fn a_warning_denies_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (source, policy) = (folder.path().join("source.json"), folder.path().join("policy.yaml"));
    fs::copy("testdata/images/signatures.none.json", &source).unwrap();
    let key = fs::canonicalize(KEY).unwrap();
    let text = |mode: &str| {
        format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec:\n  keyrings: {{k: {{keys: \
             [{{file: \"{}\"}}]}}}}\n  rules:\n  - name: r\n    mode: {mode}\n    scope: {{images: \
             [\"registry.example.com/**\"]}}\n    require: {{signedBy: {{keyring: k}}}}\n",
            key.display()
        )
    };
    for (mode, expected) in [("warn", Value::Null), ("enforce", json!("true"))] {
        fs::write(&policy, text(mode)).unwrap();
        let (ran, written) = write(&source, &["--policy", policy.to_str().unwrap()], &["--annotate", "deny-execution"]);
        assert_eq!(ran.status, i32::from(mode == "enforce"), "{ran:?}");
        assert_eq!(written["metadata"]["annotations"][DENY], expected, "{mode}");
    }
}
