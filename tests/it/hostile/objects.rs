//! Objects that are changed: whatever of them is accepted is the image that was signed, under one of its names.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vidimus::image::{CONFIG_LIMIT, MANIFEST_LIMIT};
use vidimus::{Carrier, Code, Keyring, Reference, Verifier};

use crate::support::AT;

/// The names under which the images of the test data are signed.
const NAMES: [&str; 2] = ["registry.example.com/shop/frontend", "mirror.example.net/shop/frontend"];

/// The objects, and who verifies them.
pub(super) struct Objects {
    pub(super) texts: Vec<String>,
    digest: String,
    verifier: Verifier,
}

/// What was tried, and what came of it.
#[derive(Default)]
pub(super) struct Tally {
    tried: usize,
    accepted: usize,
    wrong: Vec<String>,
}

impl Objects {
    pub(super) fn load() -> Self {
        let key = fs::read("testdata/keys/release.asc").unwrap();
        let files = [
            "image.json",
            "image.no-manifest.json",
            "informative.agree.json",
            "imagestreamimage.json",
            "conditions.other-types.json",
        ];
        let texts: Vec<_> =
            files.iter().map(|file| fs::read_to_string(format!("testdata/images/{file}")).unwrap()).collect();
        let image: Value = serde_json::from_str(&texts[0]).unwrap();
        let digest = image["metadata"]["name"].as_str().unwrap().to_owned();
        Self { texts, digest, verifier: Verifier::new(Keyring::from_bytes("release.asc", &key).unwrap()) }
    }

    /// An object with each of its members, at any depth, taken away, exchanged for each of several values, for another
    /// member's, and with its text changed in ways that matter to digests and names.
    pub(super) fn members(&self, text: &str) -> Vec<String> {
        let object: Value = serde_json::from_str(text).unwrap();
        let mut paths = Vec::new();
        collect(&object, String::new(), &mut paths);
        let another = format!("sha256:{}", "1".repeat(64));
        let values = [
            Value::Null,
            json!(""),
            json!(0),
            json!(true),
            json!([]),
            json!({}),
            json!(another),
            json!(format!("{}@{another}", NAMES[0])),
            json!("evil.example.net/shop/frontend:1.0.0"),
        ];
        let mut mutants = Vec::new();
        for path in &paths {
            let mut without = object.clone();
            take(&mut without, path);
            mutants.push(without.to_string());
            let current = object.pointer(path).unwrap();
            let mut others = values.to_vec();
            if let Some(text) = current.as_str() {
                others.extend(
                    [
                        text.to_uppercase(),
                        format!("{text} "),
                        format!("{text}\0"),
                        text.chars().rev().collect(),
                        text.replace(&self.digest, &another),
                        text.replace("shop/frontend", "shop/backend"),
                        text.replacen("sha256:", "sha512:", 1),
                    ]
                    .map(Value::from),
                );
            }
            // What stands elsewhere in the object.
            others.extend(paths.iter().step_by(7).map(|path| object.pointer(path).unwrap().clone()));
            for other in others {
                let mut changed = object.clone();
                *changed.pointer_mut(path).unwrap() = other;
                mutants.push(changed.to_string());
            }
        }
        mutants
    }
}

impl Tally {
    pub(super) fn object(&mut self, objects: &Objects, text: &str) {
        self.tried += 1;
        let Ok(Carrier::Image(carried)) = Carrier::read(text) else { return };
        let image = &carried.image;
        let verdict = objects.verifier.verify(image, AT.parse().unwrap());
        if !verdict.is_allowed() {
            return;
        }
        self.accepted += 1;
        let manifest = image.docker_image_manifest.as_str();
        let of_manifest = || format!("sha256:{:x}", Sha256::digest(manifest.as_bytes()));
        let reference = Reference::parse_normalized(&image.docker_image_reference);
        let sound = image.metadata.name.as_str() == objects.digest
            && (manifest.is_empty() || of_manifest() == objects.digest)
            && reference.as_ref().is_ok_and(|reference| {
                NAMES.contains(&reference.name())
                    && reference.tag().is_none_or(|tag| tag == "1.0.0")
                    && reference.digest().is_none_or(|digest| digest.to_string() == objects.digest)
            });
        if !sound {
            self.wrong.push(text.to_owned());
        }
    }

    pub(super) fn told(self, what: &str) {
        println!(
            "assurance | hostile mutants | {what} | {} tried | {} accepted, each the signed image by its name; 0 false accepts, 0 panics",
            self.tried, self.accepted
        );
        assert!(self.wrong.is_empty(), "{what}: {} false accepts:\n{}", self.wrong.len(), self.wrong.join("\n"));
        assert!(self.accepted > 0, "{what}: nothing is accepted any more");
    }
}

/// The pointers to each member and element.
fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                collect(value, path.clone(), paths);
                paths.push(path);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let path = format!("{path}/{index}");
                collect(value, path.clone(), paths);
                paths.push(path);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn take(value: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.shift_remove(&name.replace("~1", "/").replace("~0", "~"))),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        other => panic!("{other} holds nothing"),
    }
}

#[test]
fn manifests_and_configurations_are_bounded() {
    let objects = Objects::load();
    let object: Value = serde_json::from_str(&objects.texts[0]).unwrap();
    for (member, limit) in [("dockerImageManifest", MANIFEST_LIMIT), ("dockerImageConfig", CONFIG_LIMIT)] {
        for (size, too_large) in [(limit, false), (limit + 1, true)] {
            let mut object = object.clone();
            object[member] = " ".repeat(size).into();
            let text = object.to_string();
            let Ok(Carrier::Image(carried)) = Carrier::read(&text) else { panic!("{member} of {size}") };
            let verdict = objects.verifier.verify(&carried.image, AT.parse().unwrap());
            assert_eq!(verdict.decision().code() == Code::ManifestTooLarge, too_large, "{member} of {size}");
            assert!(!verdict.is_allowed());
        }
    }
}
