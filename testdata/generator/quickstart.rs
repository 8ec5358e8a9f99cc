//! The quick start: an export of five images, and the keys to trust.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::images::{MIRROR, REGISTRY, image, json_text, signed, without_manifest};
use crate::keys::Keys;
use crate::manifests;

pub(crate) fn write(dir: &Path, keys_dir: &Path, keys: &Keys) {
    let names = ["frontend", "backend", "payments", "search", "batch"];
    let [frontend, backend, payments, search, batch] = names.map(manifests::schema_2);
    let sign = |key: &str, host: &str, name: &str, image: &str, digest: &str| {
        signed(keys.get(key), image, &format!("{host}/{name}:1.0.0"), digest)
    };
    let object =
        |name: &str, of: &manifests::Manifest, signatures: &[Value]| without_manifest(image(name, of, signatures));
    let items = [
        object(
            "frontend",
            &frontend,
            &[
                sign("release", REGISTRY, "frontend", &frontend.digest, &frontend.digest),
                sign("release", MIRROR, "frontend", &frontend.digest, &frontend.digest),
            ],
        ),
        object("backend", &backend, &[sign("subkey.signing", REGISTRY, "backend", &backend.digest, &backend.digest)]),
        object("payments", &payments, &[sign("release", REGISTRY, "payments", &payments.digest, &frontend.digest)]),
        object("search", &search, &[sign("attacker", REGISTRY, "search", &search.digest, &search.digest)]),
        object("batch", &batch, &[]),
    ];
    let export = json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } });
    fs::write(dir.join("export.json"), json_text(&export)).unwrap();
    let keyring = ["release.asc", "subkey.asc"].map(|file| fs::read_to_string(keys_dir.join(file)).unwrap()).concat();
    fs::write(dir.join("keyring.asc"), keyring).unwrap();
}
