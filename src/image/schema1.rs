//! Docker image manifests of version 2, schema 1: envelopes around what is hashed.
//!
//! Each of the `signatures` carries a `protected` header that says how to get the payload back from the envelope:
//! its first `formatLength` bytes, then `formatTail`. The JWS signatures themselves vouch for nobody and are not
//! verified, here as in the peers; but unlike the peers, the envelope must say what the payload says.
//!
//! Source: `docker/libtrust` `jsonsign.go`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::image::Digest;
use crate::image::json::{Document, Limits, Node, Object, Value};
use crate::image::manifest::{LIMITS, Layer, ManifestError, parse_digest};

/// How much of a protected header is read.
const HEADER: Limits = Limits { bytes: 4096, depth: 4, values: 64 };

/// The most signatures of a manifest that are read.
const SIGNATURES: usize = 16;

/// The digest of a manifest: of its payload if it is signed, of its bytes if it is not.
pub(crate) fn digest(raw: &[u8], document: &Document<'_>) -> Result<Digest, ManifestError> {
    let mut outer = document.root().object()?;
    let Some(signatures) = outer.optional("signatures") else {
        return Ok(Digest::sha256(raw));
    };
    let payload = payload(raw, &signatures)?;
    let inner = Document::read(&payload, &LIMITS)?;
    let inner = inner.root().object()?;
    let same = equal_members(
        outer.rest().map(|(name, node)| (name, node.value())),
        inner.rest().map(|(name, node)| (name, node.value())),
    );
    if !same {
        return Err(refused(&document.root(), "the envelope says something else than what its signatures describe"));
    }
    Ok(Digest::sha256(&payload))
}

/// The layers, base first: the manifest has them newest first, and OpenShift turns them round.
pub(crate) fn layers(mut manifest: Object<'_>) -> Result<Vec<Layer>, ManifestError> {
    let mut layers = Vec::new();
    for layer in manifest.required("fsLayers")?.array()?.rev() {
        let blob = layer.object()?.required("blobSum")?;
        layers.push(Layer { digest: parse_digest(blob.string()?, || blob.path())?, size: None });
    }
    Ok(layers)
}

/// The payload that all of the signatures describe.
fn payload(raw: &[u8], signatures: &Node<'_>) -> Result<Vec<u8>, ManifestError> {
    let entries = signatures.array()?;
    if entries.len() == 0 || entries.len() > SIGNATURES {
        return Err(refused(signatures, "a schema 1 manifest has from 1 to 16 signatures"));
    }
    let mut found: Option<Vec<u8>> = None;
    for entry in entries {
        let protected = entry.object()?.required("protected")?;
        let header = URL_SAFE_NO_PAD.decode(protected.string()?);
        let header = header.map_err(|_| refused(&protected, "a header is base64url without padding"))?;
        let header = Document::read(&header, &HEADER).map_err(|_| refused(&protected, "a header is a JSON object"))?;
        let payload = stripped(raw, &header.root()).ok_or_else(|| {
            refused(&protected, "a header has a `formatLength` within the manifest and a `formatTail`")
        })?;
        match &found {
            Some(other) if *other != payload => {
                return Err(refused(&entry, "the signatures are of different payloads"));
            }
            _ => found = Some(payload),
        }
    }
    found.ok_or_else(|| refused(signatures, "a schema 1 manifest has from 1 to 16 signatures"))
}

fn stripped(raw: &[u8], header: &Node<'_>) -> Option<Vec<u8>> {
    let mut header = header.object().ok()?;
    let length = header.required("formatLength").ok()?.unsigned().ok()?;
    let tail = header.required("formatTail").ok()?.string().ok()?;
    let mut payload = raw.get(..usize::try_from(length).ok()?)?.to_vec();
    payload.extend(URL_SAFE_NO_PAD.decode(tail).ok()?);
    Some(payload)
}

/// Whether two values are equal, the order of members aside. The reader has bounded their depth.
fn equal(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Number(one), Value::Number(other)) => one == other,
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => equal_members(
            one.iter().map(|(name, value)| (name.as_str(), value)),
            other.iter().map(|(name, value)| (name.as_str(), value)),
        ),
        _ => false,
    }
}

fn equal_members<'v>(
    one: impl Iterator<Item = (&'v str, &'v Value<'v>)>,
    other: impl Iterator<Item = (&'v str, &'v Value<'v>)>,
) -> bool {
    let (one, other) = (one.collect::<BTreeMap<_, _>>(), other.collect::<BTreeMap<_, _>>());
    one.len() == other.len()
        && one.iter().zip(&other).all(|((name, one), (same, other))| name == same && equal(one, other))
}

fn refused(node: &Node<'_>, why: &'static str) -> ManifestError {
    ManifestError::Schema1 { path: node.path(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::manifest::{Manifest, Schema1};

    const TAIL: &str = "\n}";

    fn blob(byte: char) -> String {
        format!("sha256:{}", byte.to_string().repeat(64))
    }

    fn head() -> String {
        format!(
            "{{\n \"schemaVersion\": 1, \"name\": \"a\",\n \"fsLayers\": [{{\"blobSum\": \"{}\"}}, {{\"blobSum\": \"{}\"}}]",
            blob('1'),
            blob('2')
        )
    }

    fn entry(length: usize, tail: &str) -> String {
        let header =
            format!(r#"{{"formatLength":{length},"formatTail":"{}","time":"t"}}"#, URL_SAFE_NO_PAD.encode(tail));
        format!(r#"{{"header":{{}},"signature":"x","protected":"{}"}}"#, URL_SAFE_NO_PAD.encode(header))
    }

    fn signed(head: &str, entries: &[String]) -> String {
        format!("{head},\n \"signatures\": [{}]{TAIL}", entries.join(","))
    }

    fn read(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::read(text.as_bytes(), "", Schema1::PayloadOnly)
    }

    #[test]
    fn hashes_the_payload() {
        let head = head();
        let payload = format!("{head}{TAIL}");
        for entries in [vec![entry(head.len(), TAIL)], vec![entry(head.len(), TAIL), entry(head.len(), TAIL)]] {
            let text = signed(&head, &entries);
            let manifest = read(&text).unwrap();
            assert_eq!(manifest.digest, Digest::sha256(payload.as_bytes()));
            let layers: Vec<_> = manifest.layers.iter().map(|layer| (layer.digest.to_string(), layer.size)).collect();
            assert_eq!(layers, [(blob('2'), None), (blob('1'), None)]);
            let refused = Manifest::read(text.as_bytes(), "", Schema1::Refused);
            assert_eq!(refused.unwrap_err(), ManifestError::Schema1Refused);
        }
        assert_eq!(read(&payload).unwrap().digest, Digest::sha256(payload.as_bytes()));
    }

    #[test]
    fn refuses_an_envelope_that_says_something_else() {
        let head = head();
        let good = entry(head.len(), TAIL);
        // A complete foreign payload in the tail, after none of the envelope: the digest would be the victim's.
        let foreign = format!("{}{TAIL}", head.replace(&blob('1'), &blob('3')));
        for text in [
            signed(&head, &[entry(0, &foreign)]),
            signed(&head, &[good.clone(), entry(0, &foreign)]),
            signed(&head, &[entry(0, "")]),
            signed(&head, &[entry(head.len(), ",\"x\":1}")]),
            signed(&head, &[entry(head.len(), "")]),
            signed(&head, &[entry(head.len() + 10_000, TAIL)]),
            signed(&head, &[entry(head.len(), "\n,\"signatures\":[]}")]),
            signed(&head, &[]),
            signed(&head, &[r#"{"protected":"!"}"#.into()]),
            signed(&head, &[r#"{"protected":"e30"}"#.into()]),
            signed(&head, &["{}".into()]),
            signed(&head, &[good.replace("\"header\":{}", "\"protected\":\"x\"")]),
            signed(&head, &vec![good.clone(); 17]),
            signed(&head, std::slice::from_ref(&good)).replace("\n}", ", \"signatures\": []\n}"),
            signed(&head, std::slice::from_ref(&good)).replace("\n}", ", \"tag\": \"evil\"\n}"),
            format!("{head}, \"signatures\": null{TAIL}"),
        ] {
            let error = read(&text).unwrap_err();
            let fits =
                matches!(error, ManifestError::Schema1 { .. } | ManifestError::Json(_) | ManifestError::Duplicate(_));
            assert!(fits, "{text}: {error}");
        }
    }

    #[test]
    fn compares_values_not_texts() {
        for (one, other, same) in [
            (r#"{"a":1,"b":[{}]}"#, r#"{"b":[{}],"a":1}"#, true),
            (r#"{"a":"\u0061"}"#, r#"{"a":"a"}"#, true),
            (r#"{"a":1}"#, r#"{"a":1.0}"#, false),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#, false),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
            (r#"{"a":null}"#, r#"{}"#, false),
            (r#"{"a":{"b":true}}"#, r#"{"a":{"b":false}}"#, false),
        ] {
            let read = |text: &'static str| Document::read(text.as_bytes(), &HEADER).unwrap();
            assert_eq!(equal(read(one).root().value(), read(other).root().value()), same, "{one} {other}");
        }
    }
}
