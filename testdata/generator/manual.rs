//! What the manual shows: the images of a cluster with three registries, and the keys that its admin trusts.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::images::{image, json_text, sha256, signed, without_manifest};
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
    layout(&dir.join("app"), &manifests::schema_2("app"), &items[1]);
    release(&dir.join("release"), keys, &items);
    let export = json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } });
    fs::write(dir.join("images.json"), json_text(&export)).unwrap();
    for (name, key) in KEYS {
        fs::copy(keys_dir.join(key), dir.join(name)).unwrap();
    }
}

/// The same image as `skopeo copy` would write it into a directory.
fn layout(dir: &Path, of: &manifests::Manifest, object: &Value) {
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("version"), "Directory Transport Version: 1.1\n").unwrap();
    fs::write(dir.join("manifest.json"), &of.manifest).unwrap();
    fs::write(dir.join(of.config_digest.strip_prefix("sha256:").unwrap()), &of.config).unwrap();
    for (number, signature) in (1..).zip(object["signatures"].as_array().unwrap()) {
        let content = STANDARD.decode(signature["content"].as_str().unwrap()).unwrap();
        fs::write(dir.join(format!("signature-{number}")), content).unwrap();
    }
}

/// The image of a release that names `busybox` and another image, with the layer that says so, signed.
fn release(dir: &Path, keys: &Keys, items: &[Value]) {
    let name = |item: &Value| item["dockerImageReference"].clone();
    let tag = |tag: &str, name: Value| json!({ "name": tag, "from": { "kind": "DockerImage", "name": name } });
    let other = format!("registry.example.com/ocp/other@{}", sha256(b"other"));
    let references = json!({
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": { "name": "1.0.0" },
        "spec": { "tags": [tag("busybox", name(&items[3])), tag("other", other.into())] },
    });
    let layer = tar_of("release-manifests/image-references", json_text(&references).as_bytes());
    let config =
        json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [sha256(&layer)] } });
    let config = config.to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": manifests::SCHEMA_2,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": config.len(),
            "digest": sha256(config.as_bytes()),
        },
        "layers": [{
            "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
            "size": layer.len(),
            "digest": sha256(&layer),
        }],
    });
    let manifest = manifest.to_string();
    let digest = sha256(manifest.as_bytes());
    let signature = signed(keys.get("release"), &digest, "registry.example.com/ocp/release:1.0.0", &digest);
    let of = manifests::Manifest {
        manifest,
        digest,
        media_type: manifests::SCHEMA_2,
        config_digest: sha256(config.as_bytes()),
        config,
        layers: Value::Null,
    };
    layout(dir, &of, &json!({ "signatures": [signature] }));
    fs::write(dir.join(sha256(&layer).strip_prefix("sha256:").unwrap()), layer).unwrap();
}

fn tar_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len().try_into().unwrap());
    header.set_mode(0o644);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, name, content).unwrap();
    builder.into_inner().unwrap()
}
