//! Objects of `image.openshift.io/v1`: how an image and its signatures become JSON and YAML.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

use crate::keys::{SigningKey, hex};
use crate::manifests::{self, Manifest};
use crate::messages::Message;
use crate::payloads;
use crate::wire::zip;

pub(crate) const REGISTRY: &str = "registry.example.com/shop";
pub(crate) const MIRROR: &str = "mirror.example.net/shop";

/// The image that everything in `signatures/` is about.
pub(crate) fn frontend() -> Manifest {
    manifests::schema_2("frontend")
}

/// An `Image` object with its manifest and configuration in it.
pub(crate) fn image(name: &str, of: &Manifest, signatures: &[Value]) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "Image",
        "metadata": {
            "name": of.digest,
            "uid": uid(&of.digest),
            "resourceVersion": "271828",
            "creationTimestamp": "2024-03-01T12:05:00Z",
            "annotations": { "image.openshift.io/dockerLayersOrder": "ascending" },
        },
        "dockerImageReference": format!("{REGISTRY}/{name}@{}", of.digest),
        "dockerImageMetadata": {
            "kind": "DockerImage",
            "apiVersion": "image.openshift.io/1.0",
            "Id": of.config_digest,
            "Created": "2024-02-29T09:30:00Z",
            "ContainerConfig": {},
            "Config": { "Cmd": [format!("/usr/bin/{name}")], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"] },
            "Architecture": "amd64",
            "Size": 36_700_160,
        },
        "dockerImageMetadataVersion": "1.0",
        "dockerImageManifest": of.manifest,
        "dockerImageLayers": of.layers,
        "signatures": signatures,
        "dockerImageManifestMediaType": of.media_type,
        "dockerImageConfig": of.config,
    })
}

/// The same without manifest and configuration, as most clusters keep it.
pub(crate) fn without_manifest(mut image: Value) -> Value {
    let object = image.as_object_mut().unwrap();
    object.shift_remove("dockerImageManifest");
    object.shift_remove("dockerImageConfig");
    image["metadata"]["annotations"]["image.openshift.io/manifestBlobStored"] = "true".into();
    image
}

/// A record of a signature that `key` made for `reference` and `digest`.
pub(crate) fn signed(key: &SigningKey, image: &str, reference: &str, digest: &str) -> Value {
    record(image, &zip(&Message::new(key, payloads::payload(reference, digest).as_bytes()).bytes()))
}

/// A record that holds `content`.
pub(crate) fn record(image: &str, content: &[u8]) -> Value {
    json!({
        "metadata": { "name": format!("{image}@{}", &hex(&Sha256::digest(content))[..32]), "creationTimestamp": "2024-03-01T12:06:00Z" },
        "type": "atomic",
        "content": STANDARD.encode(content),
    })
}

pub(crate) fn sha256(content: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(content)))
}

pub(crate) fn sha512(content: &[u8]) -> String {
    format!("sha512:{}", hex(&Sha512::digest(content)))
}

/// JSON as `oc get -o json` prints it.
pub(crate) fn json_text(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut out, serde_json::ser::PrettyFormatter::with_indent(b"    "));
    serde::Serialize::serialize(value, &mut serializer).unwrap();
    String::from_utf8(out).unwrap() + "\n"
}

/// YAML in block style, strings in double quotes where they could be taken for something else.
pub(crate) fn yaml_text(value: &Value) -> String {
    let mut out = String::new();
    yaml(value, 0, &mut out);
    out
}

fn yaml(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                write!(out, "{indent}{}:", scalar(name)).unwrap();
                nested(value, depth + 1, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                write!(out, "{indent}-").unwrap();
                if item.is_object() || item.is_array() {
                    let mut text = String::new();
                    yaml(item, depth + 1, &mut text);
                    writeln!(out, " {}", text.trim()).unwrap();
                } else {
                    nested(item, depth + 1, out);
                }
            }
        }
        Value::String(text) => writeln!(out, "{indent}{}", scalar(text)).unwrap(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            writeln!(out, "{indent}{value}").unwrap();
        }
    }
}

fn nested(value: &Value, depth: usize, out: &mut String) {
    let block = value.as_object().is_some_and(|members| !members.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty());
    if block {
        out.push('\n');
        yaml(value, depth, out);
    } else {
        out.push(' ');
        yaml(value, 0, out);
    }
}

fn scalar(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./@_+-".contains(&byte))
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// Fails where `text` is not JSON.
pub(crate) fn check_json(text: &str) {
    serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap();
}

fn uid(seed: &str) -> String {
    let hex = hex(&Sha256::digest(seed));
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
