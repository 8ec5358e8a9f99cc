//! What the manual shows: the images of a cluster with three registries, and the keys that its admin trusts.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::images::{image, json_text, signed, without_manifest};
use crate::keys::Keys;
use crate::manifests;

/// The names of key files in the manual, and whose keys stand in for them.
const KEYS: [(&str, &str); 4] = [
    ("build.asc", "ed25519.asc"),
    ("quality.asc", "rsa2048.asc"),
    ("redhat.asc", "release.asc"),
    ("security.asc", "subkey.asc"),
];

pub(crate) fn write(dir: &Path, keys_dir: &Path, keys: &Keys) {
    let object = |repository: &str, tag: &str, signers: &[&str]| {
        let name = repository.rsplit('/').next().unwrap();
        let of = manifests::schema_2(name);
        let reference = format!("{repository}:{tag}");
        let signatures: Vec<_> =
            signers.iter().map(|signer| signed(keys.get(signer), &of.digest, &reference, &of.digest)).collect();
        let mut object = without_manifest(image(name, &of, &signatures));
        object["dockerImageReference"] = format!("{repository}@{}", of.digest).into();
        object
    };
    let items: [Value; 4] = [
        object("registry.redhat.io/ubi9/ubi", "9.4", &["release"]),
        object("registry.example.com/prod/app", "1.0.0", &["ed25519", "rsa2048"]),
        object("registry.example.com/prod/web", "1.0.0", &["ed25519", "attacker"]),
        object("docker.io/library/busybox", "1.36", &[]),
    ];
    let export = json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } });
    fs::write(dir.join("images.json"), json_text(&export)).unwrap();
    for (name, key) in KEYS {
        fs::copy(keys_dir.join(key), dir.join(name)).unwrap();
    }
}
