//! Sigstore keys and signatures, octet by octet: the encodings of X.509, and the frame of containers/image.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::types::HashAlgorithm;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::images;
use crate::keys::{ECDSA, Keys, SigningKey};
use crate::messages::Message;
use crate::payloads;
use crate::sheet::Sheet;

const NAMES: [&str; 7] =
    ["cosign-p256", "cosign-p384", "cosign-p521", "cosign-rsa2048", "cosign-rsa1024", "cosign-ed25519", "cosign-other"];

const MIME_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// The number of the EdDSA algorithm of GnuPG.
const EDDSA: u8 = 22;

pub(crate) fn write_keys(dir: &Path, keys: &Keys) {
    for name in NAMES {
        let encoded = STANDARD.encode(public_key_info(keys.get(name)));
        let lines: Vec<_> = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let text = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        fs::write(dir.join(format!("{name}.pub")), text).unwrap();
    }
}

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::cosign(payloads::TAGGED, &payloads::digest(), "null");
    for name in ["p256", "p384", "p521", "rsa2048", "ed25519"] {
        let key = format!("cosign-{name}");
        sheet
            .file(&format!("sigstore.good.{name}.sig"), &signed(keys.get(&key), &payload))
            .sigstore(&[&key])
            .is("verified")
            .sigstore(&["cosign-other", &key])
            .is("verified")
            .sigstore(&["cosign-other"])
            .is("bad-signature")
            .reference("registry.example.com/shop/backend:1.0.0")
            .sigstore(&[&key])
            .is("identity-mismatch")
            .keys(&["ed25519"])
            .note("OpenPGP signatures are asked for, and only those")
            .is("sigstore-signature");
    }
    attachments(sheet, keys.get("cosign-p256"), &payload);
    claims(sheet, keys.get("cosign-p256"));
    frames(sheet, keys, &payload);
}

/// Attachments that are not what they must be.
fn attachments(sheet: &mut Sheet, key: &SigningKey, payload: &str) {
    let signature = sign(key, payload);
    let encoded = STANDARD.encode(&signature);
    let mut other = signature;
    let last = other.len() - 1;
    other[last] ^= 1;
    let good = attachment(MIME_TYPE, payload, &json!({ SIGNATURE: encoded }));
    let in_text = |from: &str, to: &str| framed("sigstore-json", good.replacen(from, to, 1).as_bytes());
    let with = |annotations| framed("sigstore-json", attachment(MIME_TYPE, payload, &annotations).as_bytes());
    let member = format!("\"{SIGNATURE}\":\"{encoded}\"");
    for (name, content, outcome) in [
        ("tampered.signature", with(json!({ SIGNATURE: STANDARD.encode(other) })), "bad-signature"),
        (
            "tampered.payload",
            framed(
                "sigstore-json",
                attachment(MIME_TYPE, &payload.replace("1.0.0", "1.0.1"), &json!({ SIGNATURE: encoded })).as_bytes(),
            ),
            "bad-signature",
        ),
        ("signature-missing", with(json!({ "dev.sigstore.cosign/bundle": "{}" })), "unsigned"),
        ("signature-empty", with(json!({ SIGNATURE: "" })), "bad-signature"),
        ("signature-not-base64", with(json!({ SIGNATURE: "-_-_" })), "malformed-signature"),
        ("signature-number", with(json!({ SIGNATURE: 1 })), "malformed-signature"),
        ("signature-twice", in_text(&member, &format!("{member},{member}")), "malformed-signature"),
        ("annotations-null", with(json!(null)), "unsigned"),
        ("annotations-array", with(json!([SIGNATURE])), "malformed-signature"),
        ("other-annotations", with(json!({ SIGNATURE: encoded, "dev.sigstore.cosign/bundle": "{}" })), "verified"),
        ("unknown-member", in_text("{\"mimeType\"", "{\"future\":[],\"mimeType\""), "verified"),
        ("upper-case-member", in_text("\"mimeType\"", "\"MimeType\""), "malformed-signature"),
        ("payload-twice", in_text("\"payload\":", "\"payload\":\"\",\"payload\":"), "malformed-signature"),
        ("payload-not-base64", in_text("\"payload\":\"", "\"payload\":\"*"), "malformed-signature"),
        ("payload-missing", in_text("\"payload\":", "\"pay\":"), "malformed-signature"),
        ("mime-type", in_text("simplesigning", "attestation"), "unsupported-claims-type"),
        ("mime-type-parameter", in_text("v1+json", "v1+json; charset=utf-8"), "unsupported-claims-type"),
    ] {
        sheet.file(&format!("sigstore.{name}.sig"), &content).sigstore(&["cosign-p256"]).is(outcome);
    }
}

/// Payloads that are signed well, and what they say.
fn claims(sheet: &mut Sheet, key: &SigningKey) {
    let digest = payloads::digest();
    let with = |optional: &str| payloads::cosign(payloads::TAGGED, &digest, optional);
    for (name, payload, outcome) in [
        ("optional-members", with(r#"{"creator":"x","timestamp":1709294400,"note":"y"}"#), "verified"),
        ("optional-missing", with("null").replacen(r#","optional":null"#, "", 1), "invalid-claims"),
        ("optional-array", with("[]"), "invalid-claims"),
        ("optional-duplicate-member", with(r#"{"note":1,"note":2}"#), "invalid-claims"),
        ("critical-null", r#"{"critical":null,"optional":null}"#.to_owned(), "invalid-claims"),
        ("duplicate-member", with("null").replacen(r#""image":"#, r#""image":{},"image":"#, 1), "invalid-claims"),
        ("trailing-data", format!("{}{{}}", with("null")), "invalid-claims"),
        ("not-json", "critical: yes\n".to_owned(), "invalid-claims"),
        ("openpgp-type", payloads::good(), "unsupported-claims-type"),
        ("in-toto", r#"{"_type":"https://in-toto.io/Statement/v1"}"#.to_owned(), "unsupported-claims-type"),
        (
            "digest-of-other-image",
            payloads::cosign(payloads::TAGGED, &images::sha256(b"another manifest"), "null"),
            "digest-mismatch",
        ),
        (
            "other-repository",
            payloads::cosign("registry.example.com/shop/backend", &digest, "null"),
            "identity-mismatch",
        ),
        ("reference-without-tag", payloads::cosign(payloads::REPOSITORY, &digest, "null"), "identity-mismatch"),
        ("reference-empty", payloads::cosign("", &digest, "null"), "identity-mismatch"),
        (
            "contradiction",
            payloads::cosign(
                &format!("{}@{}", payloads::REPOSITORY, images::sha256(b"another manifest")),
                &digest,
                "null",
            ),
            "invalid-claims",
        ),
        ("huge", with(&format!(r#"{{"note":"{}"}}"#, "x".repeat(49 * 1024))), "content-too-large"),
    ] {
        sheet
            .file(&format!("sigstore.claims.{name}.sig"), &signed(key, &payload))
            .sigstore(&["cosign-p256"])
            .is(outcome);
    }
    let rejected = [signed(key, "{").as_slice()].concat();
    sheet
        .file("sigstore.claims.unread.sig", &rejected)
        .sigstore(&["cosign-other"])
        .note("nobody's payload is looked at before its signature")
        .is("bad-signature");
}

/// What stands around a signature.
fn frames(sheet: &mut Sheet, keys: &Keys, payload: &str) {
    let openpgp = Message::new(keys.get("ed25519"), payloads::good().as_bytes()).bytes();
    let sigstore = signed(keys.get("cosign-p256"), payload);
    let json = sigstore.strip_prefix(b"\0sigstore-json\n").unwrap();
    for (name, content, under_openpgp, under_sigstore) in [
        ("simple-signing", framed("simple-signing", &openpgp), "verified", "not-sigstore"),
        ("simple-signing-empty", framed("simple-signing", b""), "malformed-signature", "not-sigstore"),
        (
            "simple-signing-twice",
            framed("simple-signing", &framed("simple-signing", &openpgp)),
            "malformed-signature",
            "not-sigstore",
        ),
        ("sigstore-in-simple-signing", framed("simple-signing", &sigstore), "malformed-signature", "not-sigstore"),
        ("sigstore-twice", framed("sigstore-json", &sigstore), "sigstore-signature", "malformed-signature"),
        ("simple-signing-in-sigstore", framed("sigstore-json", &openpgp), "sigstore-signature", "malformed-signature"),
        ("sigstore-empty", framed("sigstore-json", b""), "sigstore-signature", "malformed-signature"),
        ("sigstore-not-framed", json.to_vec(), "malformed-signature", "not-sigstore"),
        ("nul", vec![0], "malformed-signature", "malformed-signature"),
        ("no-name", framed("", json), "malformed-signature", "malformed-signature"),
        ("no-line-feed", b"\0sigstore-json".to_vec(), "malformed-signature", "malformed-signature"),
        ("carriage-return", [&b"\0sigstore-json\r\n"[..], json].concat(), "malformed-signature", "malformed-signature"),
        ("long-name", framed(&"x".repeat(65), json), "malformed-signature", "malformed-signature"),
        ("other-format", framed("sigstore-bundle", json), "unsupported-format", "unsupported-format"),
        ("other-case", framed("Sigstore-JSON", json), "unsupported-format", "unsupported-format"),
        ("not-ascii", framed("sigstore\u{2010}json", json), "malformed-signature", "malformed-signature"),
    ] {
        sheet
            .file(&format!("frame.{name}.sig"), &content)
            .is(under_openpgp)
            .sigstore(&["cosign-p256"])
            .is(under_sigstore);
    }
}

/// A payload with its signature, as it is stored.
fn signed(key: &SigningKey, payload: &str) -> Vec<u8> {
    let annotations = json!({ SIGNATURE: STANDARD.encode(sign(key, payload)) });
    framed("sigstore-json", attachment(MIME_TYPE, payload, &annotations).as_bytes())
}

fn attachment(mime_type: &str, payload: &str, annotations: &serde_json::Value) -> String {
    json!({ "mimeType": mime_type, "payload": STANDARD.encode(payload), "annotations": annotations }).to_string()
}

fn framed(format: &str, data: &[u8]) -> Vec<u8> {
    [b"\0", format.as_bytes(), b"\n", data].concat()
}

/// The signature over a payload: of EdDSA over itself, otherwise over its SHA-256 digest, as cosign makes them.
fn sign(key: &SigningKey, payload: &str) -> Vec<u8> {
    if key.algorithm == EDDSA {
        let made = key.sign(HashAlgorithm::SHA512, payload.as_bytes());
        return integers(&made).into_iter().flat_map(|half| padded(half, 32)).collect();
    }
    let made = key.sign(HashAlgorithm::SHA256, &Sha256::digest(payload));
    let integers = integers(&made);
    match integers.as_slice() {
        [of_rsa] => padded(of_rsa, modulus(key).len()),
        of_ecdsa => der(0x30, &of_ecdsa.iter().flat_map(|integer| der_integer(integer)).collect::<Vec<_>>()),
    }
}

/// A `SubjectPublicKeyInfo`, from the body of the key's packet.
fn public_key_info(key: &SigningKey) -> Vec<u8> {
    // Behind the version, the time and the algorithm.
    let material = &key.public[6..];
    let (algorithm, octets) = match key.algorithm {
        ECDSA => {
            let (curve, point) = material[1..].split_at(material[0].into());
            let names = [der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), der(0x06, curve)];
            (names.concat(), integers(point)[0].to_vec())
        }
        EDDSA => {
            let point = integers(&material[1 + usize::from(material[0])..])[0];
            (der(0x06, &[0x2b, 0x65, 0x70]), point.strip_prefix(&[0x40]).unwrap().to_vec())
        }
        _ => {
            let names = [der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), der(0x05, &[])];
            let numbers: Vec<_> = integers(material).into_iter().flat_map(der_integer).collect();
            (names.concat(), der(0x30, &numbers))
        }
    };
    der(0x30, &[der(0x30, &algorithm), der(0x03, &[&[0][..], &octets].concat())].concat())
}

fn modulus(key: &SigningKey) -> &[u8] {
    integers(&key.public[6..])[0]
}

/// The integers of OpenPGP in a row: each with its length in bits before it.
fn integers(mut octets: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [high, low, rest @ ..] = octets {
        let length = usize::from(u16::from_be_bytes([*high, *low])).div_ceil(8);
        let (integer, others) = rest.split_at(length);
        found.push(integer);
        octets = others;
    }
    found
}

fn padded(integer: &[u8], length: usize) -> Vec<u8> {
    [vec![0; length - integer.len()], integer.to_vec()].concat()
}

/// An integer of DER, which is negative if its first bit is set.
fn der_integer(integer: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if integer[0] & 0x80 == 0 { &[] } else { &[0] };
    der(0x02, &[sign, integer].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match length {
        [0, low] if low < 0x80 => vec![low],
        [0, low] => vec![0x81, low],
        [high, low] => vec![0x82, high, low],
    };
    [vec![tag], length, content.to_vec()].concat()
}
