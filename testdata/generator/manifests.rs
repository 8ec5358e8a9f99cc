//! Manifests and configurations: made up, but each hashes to its name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::images::sha256;

pub(crate) const SCHEMA_2: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// An image as a registry holds it.
pub(crate) struct Manifest {
    pub(crate) manifest: String,
    pub(crate) digest: String,
    pub(crate) media_type: &'static str,
    pub(crate) config: String,
    pub(crate) config_digest: String,
    pub(crate) layers: Value,
}

/// A Docker schema 2 image, printed as Docker prints it.
pub(crate) fn schema_2(name: &str) -> Manifest {
    build(name, SCHEMA_2, CONFIG, LAYER)
}

/// An OCI image.
pub(crate) fn oci(name: &str) -> Manifest {
    build(
        name,
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    )
}

fn build(name: &str, media_type: &'static str, config_type: &str, layer_type: &str) -> Manifest {
    let diff = |index: usize| sha256(format!("{name} layer {index}, unpacked").as_bytes());
    let config = json!({
        "architecture": "amd64",
        "config": { "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": [format!("/usr/bin/{name}")], "Labels": { "name": format!("shop/{name}") } },
        "created": "2024-02-29T09:30:00Z",
        "history": [{ "created": "2024-02-29T09:30:00Z", "created_by": "COPY <app> /usr/bin & run" }],
        "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": [diff(0), diff(1), diff(2)] },
    })
    .to_string();
    let layers: Vec<Value> = [31_457_280_u64, 1_048_576, 4_194_304]
        .iter()
        .enumerate()
        .map(|(index, size)| {
            json!({ "mediaType": layer_type, "size": size, "digest": sha256(format!("{name} layer {index}").as_bytes()) })
        })
        .collect();
    let config_digest = sha256(config.as_bytes());
    let manifest = serde_json::to_string_pretty(&json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": { "mediaType": config_type, "size": config.len(), "digest": config_digest },
        "layers": layers,
    }))
    .unwrap();
    let layers = layers
        .iter()
        .map(|layer| json!({ "name": layer["digest"], "size": layer["size"], "mediaType": layer["mediaType"] }))
        .collect();
    Manifest { digest: sha256(manifest.as_bytes()), manifest, media_type, config, config_digest, layers }
}

/// A Docker schema 1 image: its name is the digest of what the signature blocks leave over. The signature is a dummy.
pub(crate) fn schema_1() -> Manifest {
    let payload = serde_json::to_string_pretty(&json!({
        "schemaVersion": 1,
        "name": "shop/legacy",
        "tag": "1.0.0",
        "architecture": "amd64",
        "fsLayers": [{ "blobSum": sha256(b"legacy layer 0") }],
        "history": [{ "v1Compatibility": r#"{"id":"0a1b2c","created":"2016-01-01T00:00:00Z"}"# }],
    }))
    .unwrap();
    let (start, tail) = payload.split_at(payload.len() - 2);
    let protected = json!({ "formatLength": start.len(), "formatTail": URL_SAFE_NO_PAD.encode(tail), "time": "2024-02-29T09:30:00Z" });
    let signatures = json!([{
        "header": { "jwk": { "crv": "P-256", "kid": "DUMM:YDUM", "kty": "EC", "x": "AA", "y": "AA" }, "alg": "ES256" },
        "signature": URL_SAFE_NO_PAD.encode([0; 64]),
        "protected": URL_SAFE_NO_PAD.encode(protected.to_string()),
    }]);
    let manifest = format!("{start},\n   \"signatures\": {signatures}\n}}");
    let layers = json!([{ "name": sha256(b"legacy layer 0"), "size": 0, "mediaType": "application/vnd.docker.container.image.rootfs.diff+x-gtar" }]);
    Manifest {
        digest: sha256(payload.as_bytes()),
        manifest,
        media_type: "application/vnd.docker.distribution.manifest.v1+prettyjws",
        config: String::new(),
        config_digest: String::new(),
        layers,
    }
}

/// A manifest list of two platforms, and what `dockerImageManifests` says of it.
pub(crate) fn list() -> (Manifest, Value) {
    let children = [("amd64", schema_2("multi-amd64")), ("arm64", schema_2("multi-arm64"))];
    let entries: Vec<Value> = children
        .iter()
        .map(|(architecture, child)| {
            json!({
                "mediaType": SCHEMA_2,
                "size": child.manifest.len(),
                "digest": child.digest,
                "platform": { "architecture": architecture, "os": "linux" },
            })
        })
        .collect();
    let media_type = "application/vnd.docker.distribution.manifest.list.v2+json";
    let manifest =
        serde_json::to_string_pretty(&json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": entries }))
            .unwrap();
    let manifests = children
        .iter()
        .map(|(architecture, child)| {
            json!({
                "digest": child.digest,
                "mediaType": SCHEMA_2,
                "manifestSize": child.manifest.len(),
                "architecture": architecture,
                "os": "linux",
            })
        })
        .collect();
    let digest = sha256(manifest.as_bytes());
    (
        Manifest {
            manifest,
            digest,
            media_type,
            config: String::new(),
            config_digest: String::new(),
            layers: Value::Null,
        },
        manifests,
    )
}
