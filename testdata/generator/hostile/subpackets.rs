//! Subpackets: what must be understood and is not, what is said twice, and what does not end where it should.

use crate::keys::Keys;
use crate::messages::Message;
use crate::payloads;
use crate::sheet::Sheet;
use crate::signing::{Signing, created_at, issuer_fingerprint, kind};
use crate::time;
use crate::wire::{notation, sub, subpacket};

const CRITICAL: &str = "critical-unknown";
const COMPLEX: &str = "too-complex";
const MALFORMED: &str = "malformed-signature";

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let key = keys.get("ed25519");
    let signing = Signing::new(key, kind::BINARY, time::SIGNATURES);
    let mut file = |name: &str, signing: &Signing<'_>, outcome: &str| {
        sheet.file(&format!("subpacket.{name}.sig"), &Message::signed(signing, payload.as_bytes()).bytes()).is(outcome);
    };
    let critical = |kind: u8, body: &[u8]| signing.clone().add(kind | sub::CRITICAL, body);

    // Critical, and nothing that a verifier of documents acts upon.
    for (name, kind, body) in [
        ("exportable", 4, &[0_u8][..]),
        ("trust", 5, &[1, 60]),
        ("regular-expression", 6, b"<[^>]+[@.]example\\.com>$\0"),
        ("revocable", 7, &[0]),
        ("key-expires", 9, &[0, 0, 0, 1]),
        ("preferred-ciphers", 11, &[9]),
        ("key-server", 23, &[0x80]),
        ("primary-user-id", 25, &[1]),
        ("key-flags", 27, &[1]),
        ("revocation-reason", 29, &[2]),
        ("features", 30, &[1]),
        ("target", 31, &[1, 8, 0]),
        ("attested", 37, &[0; 32]),
        ("private-101", 101, b"?"),
        ("private-110", 110, b"?"),
        ("unassigned-120", 120, b"?"),
        ("type-0", 0, b"?"),
    ] {
        file(&format!("critical.{name}"), &critical(kind, body), CRITICAL);
    }
    file("critical.signer", &critical(28, b"release@example.com"), "verified");
    file("critical.policy-uri", &critical(26, b"https://example.com/policy"), "verified");
    file("critical.issuer", &critical(sub::ISSUER, &key.key_id), "verified");
    file("critical.expires-long-ago", &critical(sub::EXPIRES, &[0, 0, 0, 1]), "signature-expired");
    file("policy-uri", &signing.clone().add(26, b"https://example.com/policy"), "verified");
    file("signer-of-another-name", &signing.clone().add(28, b"release@example.com"), "verified");
    let unhashed = |extra: &[u8]| signing.clone().unhashed([signing.unhashed.as_slice(), extra].concat());
    file("critical.unhashed", &unhashed(&subpacket(99 | sub::CRITICAL, b"?")), "verified");
    file("embedded-text", &signing.clone().add(28, b"\x1b[2J\n[GNUPG:] GOODSIG"), "verified");

    // The same thing twice.
    let issuer = issuer_fingerprint(key);
    file("issuer-fingerprint-twice", &signing.clone().hashed([signing.hashed.as_slice(), &issuer].concat()), MALFORMED);
    let attacker = issuer_fingerprint(keys.get("attacker"));
    file(
        "issuer-fingerprint-of-two",
        &signing.clone().hashed([signing.hashed.as_slice(), &attacker].concat()),
        MALFORMED,
    );
    file("issuer-fingerprint-of-another-unhashed", &unhashed(&attacker), MALFORMED);
    let expiry = (30 * 365 * time::DAY).to_be_bytes();
    file("expiry-twice", &signing.clone().add(sub::EXPIRES, &[0, 0, 0, 1]).add(sub::EXPIRES, &expiry), MALFORMED);
    file("time-zero-first", &signing.clone().hashed([created_at(0), signing.hashed.clone()].concat()), MALFORMED);
    let sized = |version: u8, length: usize| {
        let body = [&[version], key.fingerprint.as_slice(), &[0; 12]].concat();
        signing
            .clone()
            .hashed([subpacket(sub::ISSUER_FINGERPRINT, &body[..=length]), created_at(time::SIGNATURES)].concat())
    };
    file("issuer-fingerprint-short", &sized(4, 8), MALFORMED);
    file("issuer-fingerprint-of-version-6", &sized(6, 32), MALFORMED);
    file("issuer-fingerprint-long", &sized(4, 32), MALFORMED);
    file("issuer-short", &time_and_unhashed(&signing, subpacket(sub::ISSUER, &key.key_id[4..])), MALFORMED);
    file("expiry-overflows", &signing.clone().add(sub::EXPIRES, &[0xFF; 4]), "verified");

    // Lengths and numbers.
    let raw = |extra: &[u8]| signing.clone().hashed([signing.hashed.as_slice(), extra].concat());
    file("length-zero", &raw(&[0]), MALFORMED);
    file("length-4-gib", &raw(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 99]), MALFORMED);
    file("length-of-five-octets", &raw(&[0xFF, 0, 0, 0, 2, 99, b'?']), "verified");
    file("length-cut", &raw(&[0xFF, 0, 0]), MALFORMED);
    let notations = |count: usize| {
        (0..count).fold(signing.clone(), |signing, _| signing.add(sub::NOTATION, &notation("n@example.com", "v")))
    };
    file("32-in-all", &notations(29), "verified");
    file("33-in-all", &notations(30), COMPLEX);
    file("10000-unhashed", &unhashed(&subpacket(99, b"").repeat(5_000)), COMPLEX);
    file("one-of-15-kib", &signing.clone().add(99, &[0; 15_000]), "verified");
    file("one-of-17-kib", &signing.clone().add(99, &[0; 17_000]), COMPLEX);
    file(
        "notation-name-beyond-end",
        &signing.clone().add(sub::NOTATION, &[0x80, 0, 0, 0, 0xFF, 0xFF, 0, 0, b'n']),
        MALFORMED,
    );
    file("notation-not-utf-8", &signing.clone().add(sub::NOTATION, &notation_bytes(b"\xFF\xFE@x")), MALFORMED);

    // Signatures in signatures.
    for (name, depth) in [("30", 30), ("300", 300), ("3000", 3000)] {
        let nested = (0..depth).fold(signing.body(b""), |inner, _| {
            let mut holder = signing.clone();
            holder.hashed = Vec::new();
            holder.unhashed = subpacket(sub::EMBEDDED_SIGNATURE, &inner);
            shell(&holder)
        });
        file(&format!("embedded-{name}-times"), &unhashed(&subpacket(sub::EMBEDDED_SIGNATURE, &nested)), COMPLEX);
    }
    file("embedded-malformed", &signing.clone().add(sub::EMBEDDED_SIGNATURE, &[4, 0, 22]), COMPLEX);
    file("embedded-empty", &signing.clone().add(sub::EMBEDDED_SIGNATURE, &[]), COMPLEX);
}

fn time_and_unhashed<'a>(signing: &Signing<'a>, unhashed: Vec<u8>) -> Signing<'a> {
    signing.clone().hashed(created_at(time::SIGNATURES)).unhashed(unhashed)
}

/// A notation whose name is no text.
fn notation_bytes(name: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 0, u8::try_from(name.len()).unwrap(), 0, 0], name].concat()
}

/// A signature packet that nobody made, with as little as a packet can have: it holds the unhashed area and a zero.
fn shell(signing: &Signing<'_>) -> Vec<u8> {
    let size = u16::try_from(signing.unhashed.len()).unwrap().to_be_bytes();
    [&[4, 0, 1, 8, 0, 0], size.as_slice(), &signing.unhashed, &[0, 0, 0, 0]].concat()
}
