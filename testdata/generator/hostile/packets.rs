//! Signature packets that say of themselves what they should not: version, type, algorithms, areas.

use sequoia_openpgp::types::HashAlgorithm;

use crate::keys::{Keys, SigningKey};
use crate::messages::{Message, one_pass};
use crate::payloads;
use crate::sheet::Sheet;
use crate::signing::{Signing, kind, version_3};
use crate::time;
use crate::wire::{be16, packet, tag};

const MALFORMED: &str = "malformed-signature";

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let payload = payload.as_bytes();
    types(sheet, keys, payload);
    versions(sheet, keys, payload);
    algorithms(sheet, keys, payload);
    areas(sheet, keys, payload);
}

fn types(sheet: &mut Sheet, keys: &Keys, payload: &[u8]) {
    for kind in [0x10, 0x11, 0x12, 0x16, 0x18, 0x19, 0x1F, 0x20, 0x28, 0x30, 0x50, 0xFF] {
        let signing = Signing::new(keys.get("ed25519"), kind, time::SIGNATURES);
        sheet
            .file(&format!("type.{kind:02x}.sig"), &Message::signed(&signing, payload).bytes())
            .is("unsupported-signature-type");
    }
}

fn versions(sheet: &mut Sheet, keys: &Keys, payload: &[u8]) {
    // What version 4 hashes is what version 3 hashes of a longer document, of type 0xFF and a time that is a length.
    let rsa = keys.get("rsa2048");
    let signing = Signing::new(rsa, kind::BINARY, time::SIGNATURES);
    let body = signing.body(payload);
    let hashed = &body[..6 + signing.hashed.len()];
    let longer = [payload, hashed, &[4]].concat();
    let length = u32::try_from(hashed.len()).unwrap();
    let alias = version_3_body(0xFF, length, rsa, &numbers_of(&signing, &body), [0, 0]);
    let announced = one_pass(&signing.clone().kind(0xFF), 1);
    let message = Message::new(rsa, &longer).with_one_pass(&announced).with_signature(packet(tag::SIGNATURE, &alias));
    sheet
        .file("version-3.alias-of-4.sig", &message.bytes())
        .keys(&["rsa2048"])
        .note("the same number signs both; only the type tells them apart")
        .is("unsupported-signature-type");
    let binary = version_3_body(0, length, rsa, &numbers_of(&signing, &body), [0, 0]);
    let message = Message::new(rsa, &longer).with_signature(packet(tag::SIGNATURE, &binary));
    sheet.file("version-3.alias-of-4-as-binary.sig", &message.bytes()).keys(&["rsa2048"]).is("bad-signature");

    let three = version_3(rsa, time::SIGNATURES, payload);
    let body = &three[3..];
    assert_eq!(body[..2], [3, 5], "a version 3 packet behind a length of two octets");
    let mut changed = |name: &str, at: usize, octet: u8, outcome: &str| {
        let mut body = body.to_vec();
        body[at] = octet;
        let message = Message::new(rsa, payload).with_signature(packet(tag::SIGNATURE, &body));
        sheet.file(&format!("version-3.{name}.sig"), &message.bytes()).keys(&["rsa2048"]).is(outcome);
    };
    changed("hashed-length", 1, 6, MALFORMED);
    changed("text", 2, 1, "unsupported-signature-type");
    changed("time", 6, body[6] ^ 1, "bad-signature");
    changed("issuer", 14, body[14] ^ 1, MALFORMED);
    changed("sha1", 16, 2, "weak-hash");
    changed("md5", 16, 1, "weak-hash");

    for (name, key, version) in [("4-called-6", "ed25519", 6), ("6-called-4", "v6", 4), ("6-called-3", "v6", 3)] {
        let mut signing = Signing::new(keys.get(key), kind::BINARY, time::SIGNATURES);
        signing.version = version;
        sheet
            .file(&format!("version.{name}.sig"), &Message::signed(&signing, payload).bytes())
            .keys(&["ed25519", "v6"])
            .is(MALFORMED);
    }
    for version in [0, 1, 7, 255] {
        let mut signing = Signing::new(keys.get("ed25519"), kind::BINARY, time::SIGNATURES);
        signing.version = version;
        sheet
            .file(&format!("version-{version}.sig"), &Message::signed(&signing, payload).bytes())
            .is("unsupported-signature-version");
    }
}

/// A signature packet of version 3 that is put together, not made.
fn version_3_body(kind: u8, time: u32, key: &SigningKey, numbers: &[u8], prefix: [u8; 2]) -> Vec<u8> {
    let algorithms = [key.algorithm, HashAlgorithm::SHA256.into()];
    [&[3, 5, kind], time.to_be_bytes().as_slice(), &key.key_id, &algorithms, &prefix, numbers].concat()
}

/// The numbers at the end of a signature packet of version 4.
fn numbers_of(signing: &Signing<'_>, body: &[u8]) -> Vec<u8> {
    body[4 + 2 + signing.hashed.len() + 2 + signing.unhashed.len() + 2..].to_vec()
}

/// Numbers of algorithms, in the packet and in its announcement alike.
fn algorithms(sheet: &mut Sheet, keys: &Keys, payload: &[u8]) {
    let mut with = |name: &str, key: &str, at: usize, octet: u8, outcome: &str| {
        let signing = Signing::new(keys.get(key), kind::BINARY, time::SIGNATURES);
        let mut announced = one_pass(&signing, 1);
        let mut body = signing.body(payload);
        // In the packet stands the key's algorithm before the hash's, in the announcement behind it.
        body[at] = octet;
        announced[if at == 2 { 3 } else { 2 }] = octet;
        let message = Message::new(keys.get(key), payload)
            .with_one_pass(&announced)
            .with_signature(packet(tag::SIGNATURE, &body));
        sheet.file(&format!("algorithm.{name}.sig"), &message.bytes()).keys(&[key]).is(outcome);
    };
    with("ed25519-called-rsa", "ed25519", 2, 1, MALFORMED);
    with("ed25519-called-ecdsa", "ed25519", 2, 19, "bad-signature");
    with("ed25519-called-dsa", "ed25519", 2, 17, "bad-signature");
    with("rsa-called-encrypt-only", "rsa2048", 2, 2, MALFORMED);
    with("rsa-called-sign-only", "rsa2048", 2, 3, "bad-signature");
    with("rsa-called-elgamal", "rsa2048", 2, 20, MALFORMED);
    with("ecdsa-called-eddsa", "p256", 2, 22, "bad-signature");
    for (name, number, outcome) in [
        ("0", 0, "bad-signature"),
        ("ed448", 28, MALFORMED),
        ("post-quantum", 30, MALFORMED),
        ("private", 100, "bad-signature"),
        ("unassigned", 99, "bad-signature"),
    ] {
        with(name, "ed25519", 2, number, outcome);
    }
    for (name, number) in [("hash-0", 0), ("hash-reserved", 4), ("hash-unassigned", 99), ("hash-private", 105)] {
        with(name, "ed25519", 3, number, "unsupported-algorithm");
    }
    with("hash-sha3-512", "ed25519", 3, 14, "unsupported-algorithm");
    with("hash-called-sha512", "ed25519", 3, 10, "bad-signature");
    with("hash-called-md5", "ed25519", 3, 1, "weak-hash");
}

/// The two areas of subpackets, and what stands behind them.
fn areas(sheet: &mut Sheet, keys: &Keys, payload: &[u8]) {
    let signing = Signing::new(keys.get("ed25519"), kind::BINARY, time::SIGNATURES);
    let body = signing.body(payload);
    let unhashed = 4 + 2 + signing.hashed.len();
    let mut with = |name: &str, body: &[u8], outcome: &str| {
        let message = Message::new(keys.get("ed25519"), payload).with_signature(packet(tag::SIGNATURE, body));
        sheet.file(&format!("area.{name}.sig"), &message.bytes()).is(outcome);
    };
    let resized = |at: usize, size: usize| {
        let mut body = body.clone();
        body[at..at + 2].copy_from_slice(&be16(size));
        body
    };
    with("hashed-beyond-end", &resized(4, 0xFFFF), MALFORMED);
    with("hashed-empty", &resized(4, 0), MALFORMED);
    with("hashed-to-the-end", &resized(4, body.len() - 6), MALFORMED);
    with("unhashed-beyond-end", &resized(unhashed, 0xFFFF), MALFORMED);
    with("unhashed-empty", &resized(unhashed, 0), MALFORMED);
    with("trailing", &[body.as_slice(), b"trailing"].concat(), MALFORMED);
    for length in [1, 3, 5, 6, unhashed, body.len() - 1] {
        with(&format!("cut-after-{length}"), &body[..length], MALFORMED);
    }
    // The unhashed area, moved under the signature: what nobody signed becomes what somebody did.
    let moved: Vec<u8> = [
        &body[..4],
        &be16(signing.hashed.len() + signing.unhashed.len()),
        &signing.hashed,
        &signing.unhashed,
        &be16(0),
        &body[unhashed + 2 + signing.unhashed.len()..],
    ]
    .concat();
    with("unhashed-moved-into-hashed", &moved, "bad-signature");
    let swapped: Vec<u8> = [
        &body[..4],
        &be16(signing.unhashed.len()),
        &signing.unhashed,
        &be16(signing.hashed.len()),
        &signing.hashed,
        &body[unhashed + 2 + signing.unhashed.len()..],
    ]
    .concat();
    with("swapped", &swapped, MALFORMED);
}
