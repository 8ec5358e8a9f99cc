//! The files of `testdata/signatures/`, and what is to come of each.

use sequoia_openpgp::types::HashAlgorithm;

use crate::framing;
use crate::keys::Keys;
use crate::messages::{Message, one_pass};
use crate::payloads;
use crate::sheet::Sheet;
use crate::signers;
use crate::signing::{Signing, created_at, issuer_fingerprint, kind, version_3};
use crate::time::{self, Time};
use crate::wire::{notation, packet, sub, subpacket, tag, zip};

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    algorithms(sheet, keys);
    framing::write(sheet, keys);
    hashes(sheet, keys);
    versions(sheet, keys);
    issuers(sheet, keys);
    subpackets(sheet, keys);
    times(sheet, keys);
    signers::write(sheet, keys);
    claims(sheet, keys);
}

/// One message of each algorithm, as GnuPG would make it.
fn algorithms(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let message = |key: &str| zip(&Message::new(keys.get(key), payload.as_bytes()).bytes());
    sheet
        .file("good.rsa4096.sig", &message("release"))
        .keys(&["release"])
        .is("verified")
        .keys(&["ed25519"])
        .is("unknown-key");
    for name in ["rsa2048", "ed25519", "ed25519-rfc9580", "p256", "p384", "p521", "v6"] {
        sheet.file(&format!("good.{name}.sig"), &message(name)).keys(&[name]).is("verified");
    }
    sheet
        .file("good.ed25519.sig", &message("ed25519"))
        .keys(&["two-certs"])
        .is("verified")
        .keys(&["two-armor-blocks"])
        .is("verified")
        .keys(&["release", "ed25519", "attacker"])
        .is("verified")
        .keys(&["ed25519"])
        .reference(payloads::TAGGED)
        .is("verified")
        .reference("registry.example.com/shop/frontend:2.0.0")
        .is("identity-mismatch")
        .reference("registry.example.com/shop/backend:1.0.0")
        .is("identity-mismatch");
    sheet
        .file("good.subkey.sig", &message("subkey.signing"))
        .keys(&["subkey"])
        .is("verified")
        .keys(&["subkey", "stolen-subkey"])
        .note("who else lists the subkey does not matter")
        .is("verified")
        .keys(&["stolen-subkey"])
        .note("the subkey did not agree")
        .is("key-not-bound");
    sheet.file("weak.rsa1024.sig", &message("rsa1024")).keys(&["rsa1024"]).is("weak-key");
    sheet.file("weak.dsa2048.sig", &message("dsa2048")).keys(&["dsa2048"]).is("weak-key");
}

/// Hash algorithms over the payload.
fn hashes(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    for (name, key, hash, outcome) in [
        ("sha384", "ed25519", HashAlgorithm::SHA384, "verified"),
        ("sha512", "ed25519", HashAlgorithm::SHA512, "verified"),
        ("sha512-rsa", "rsa2048", HashAlgorithm::SHA512, "verified"),
        ("sha224", "rsa2048", HashAlgorithm::SHA224, "unsupported-algorithm"),
        ("sha3-256", "ed25519", HashAlgorithm::SHA3_256, "unsupported-algorithm"),
        ("sha1", "rsa2048", HashAlgorithm::SHA1, "weak-hash"),
        ("sha1-ed25519", "ed25519", HashAlgorithm::SHA1, "weak-hash"),
        ("md5", "rsa2048", HashAlgorithm::MD5, "weak-hash"),
        ("ripemd160", "rsa2048", HashAlgorithm::RipeMD, "weak-hash"),
    ] {
        let signing = Signing::new(keys.get(key), kind::BINARY, time::SIGNATURES).hash(hash);
        let message = Message::signed(&signing, payload.as_bytes());
        sheet.file(&format!("hash.{name}.sig"), &zip(&message.bytes())).keys(&[key]).is(outcome);
    }
}

/// Versions and types of signature packets.
fn versions(sheet: &mut Sheet, keys: &Keys) {
    let (payload, key) = (payloads::good(), keys.get("ed25519"));
    let payload = payload.as_bytes();
    for name in ["release", "rsa2048"] {
        let rsa = keys.get(name);
        let message = Message::new(rsa, payload).with_signature(version_3(rsa, time::SIGNATURES, payload));
        sheet
            .file(&format!("version-3.{name}.sig"), &zip(&message.bytes()))
            .keys(&[name])
            .is("verified")
            .option("v3Signatures", "reject")
            .is("unsupported-signature-version");
    }
    let mut signing = Signing::new(key, kind::BINARY, time::SIGNATURES);
    for version in [2, 5, 23] {
        signing.version = version;
        sheet
            .file(&format!("version-{version}.sig"), &Message::signed(&signing, payload).bytes())
            .is("unsupported-signature-version");
    }
    for (name, kind) in [
        ("text", kind::TEXT),
        ("standalone", kind::STANDALONE),
        ("certification", kind::CERTIFICATION),
        ("timestamp", 0x40),
        ("unknown", 0x77),
    ] {
        let signing = Signing::new(key, kind, time::SIGNATURES);
        sheet
            .file(&format!("type.{name}.sig"), &Message::signed(&signing, payload).bytes())
            .is("unsupported-signature-type");
    }
    let mut signing = Signing::new(key, kind::BINARY, time::SIGNATURES);
    signing.right_prefix = false;
    sheet
        .file("left-16-bits-wrong.sig", &Message::signed(&signing, payload).bytes())
        .note("a hint that nobody signs")
        .is("verified");
}

/// Who the message says made it.
fn issuers(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let payload = payload.as_bytes();
    let (key, other, attacker) = (keys.get("ed25519"), keys.get("rsa2048"), keys.get("attacker"));
    let signing = Signing::new(key, kind::BINARY, time::SIGNATURES);
    let key_id = |key: &crate::keys::SigningKey| subpacket(sub::ISSUER, &key.key_id);
    let time_only = signing.clone().hashed(created_at(time::SIGNATURES));

    sheet
        .file("attacker.sig", &zip(&Message::new(attacker, payload).bytes()))
        .is("unknown-key")
        .keys(&["attacker"])
        .is("verified");
    let spoof = Signing::new(attacker, kind::BINARY, time::SIGNATURES)
        .hashed([issuer_fingerprint(key), created_at(time::SIGNATURES)].concat())
        .unhashed(key_id(key));
    let message = Message::signed(&spoof, payload).with_one_pass(&one_pass(&signing, 1));
    sheet
        .file("issuer-spoofed.sig", &message.bytes())
        .keys(&["ed25519"])
        .is("bad-signature")
        .keys(&["ed25519", "attacker"])
        .is("bad-signature");

    sheet
        .file("issuer-key-id-only.sig", &Message::signed(&time_only, payload).bytes())
        .note("as Red Hat's")
        .is("verified");
    sheet
        .file("issuer-fingerprint-only.sig", &Message::signed(&signing.clone().unhashed(Vec::new()), payload).bytes())
        .is("verified");
    let both = signing.clone().unhashed([key_id(key), key_id(other)].concat());
    sheet
        .file("issuer-other-unhashed.sig", &Message::signed(&both, payload).bytes())
        .keys(&["ed25519", "rsa2048"])
        .note("a signature has one issuer")
        .is("malformed-signature");
    let wrong = time_only.clone().unhashed(key_id(other));
    let message =
        Message::signed(&wrong, payload).with_one_pass(&one_pass(&Signing { key: other, ..signing.clone() }, 1));
    sheet.file("issuer-wrong-unhashed.sig", &message.bytes()).keys(&["ed25519"]).is("malformed-signature");
    let none = time_only.clone().unhashed(Vec::new());
    let mut wildcard = one_pass(&none, 1);
    wildcard[4..12].fill(0);
    sheet
        .file("issuer-none.sig", &Message::signed(&none, payload).with_one_pass(&wildcard).bytes())
        .note("keys are not tried in turn")
        .is("unknown-key");
    let zero = time_only.clone().unhashed(subpacket(sub::ISSUER, &[0; 8]));
    sheet
        .file("issuer-wildcard.sig", &Message::signed(&zero, payload).with_one_pass(&wildcard).bytes())
        .is("unknown-key");
    let flood = [signing.unhashed.clone(), key_id(other).repeat(6000)].concat();
    sheet
        .file("issuer-flood.sig", &zip(&Message::signed(&signing.clone().unhashed(flood), payload).bytes()))
        .is("too-complex");

    let other_id = one_pass(&Signing { key: attacker, ..signing.clone() }, 1);
    sheet
        .file("one-pass.other-key-id.sig", &Message::new(key, payload).with_one_pass(&other_id).bytes())
        .is("malformed-signature");
    let other_hash = one_pass(&signing.clone().hash(HashAlgorithm::SHA512), 1);
    sheet
        .file("one-pass.other-hash.sig", &Message::new(key, payload).with_one_pass(&other_hash).bytes())
        .is("malformed-signature");
    let mut other_algorithm = one_pass(&signing, 1);
    other_algorithm[3] = other.algorithm;
    sheet
        .file("one-pass.other-algorithm.sig", &Message::new(key, payload).with_one_pass(&other_algorithm).bytes())
        .is("malformed-signature");
    sheet
        .file(
            "one-pass.other-type.sig",
            &Message::new(key, payload).with_one_pass(&one_pass(&signing.clone().kind(kind::TEXT), 1)).bytes(),
        )
        .is("malformed-signature");
    sheet
        .file("one-pass.not-last.sig", &Message::new(key, payload).with_one_pass(&one_pass(&signing, 0)).bytes())
        .is("malformed-signature");
    let no_signature = [Message::new(key, payload).one_pass, Message::new(key, payload).literal].concat();
    sheet.file("one-pass.no-signature.sig", &no_signature).note("announced, and not there").is("unsigned");
}

/// Subpackets.
fn subpackets(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let key = keys.get("ed25519");
    let signing = Signing::new(key, kind::BINARY, time::SIGNATURES);
    let critical = |kind: u8| kind | sub::CRITICAL;
    let unknown = notation("approved@vidimus.example", "no");
    let recipient = [&[4], keys.get("release").fingerprint.as_slice()].concat();
    let mut file = |name: &str, signing: &Signing<'_>, outcome: &str| {
        sheet.file(&format!("subpacket.{name}.sig"), &Message::signed(signing, payload.as_bytes()).bytes()).is(outcome);
    };
    file("notation", &signing.clone().add(sub::NOTATION, &unknown), "verified");
    file("notation-critical", &signing.clone().add(critical(sub::NOTATION), &unknown), "critical-unknown");
    file("unknown", &signing.clone().add(sub::UNKNOWN, b"?"), "verified");
    file("unknown-critical", &signing.clone().add(critical(sub::UNKNOWN), b"?"), "critical-unknown");
    file("recipient-critical", &signing.clone().add(critical(sub::INTENDED_RECIPIENT), &recipient), "critical-unknown");
    let time_critical = subpacket(critical(sub::CREATED), &time::SIGNATURES.to_be_bytes());
    file("time-critical", &signing.clone().hashed([issuer_fingerprint(key), time_critical].concat()), "verified");
    let again = signing.clone().add(sub::CREATED, &time::KEYS.to_be_bytes());
    file("time-twice", &again, "malformed-signature");
    let issuer = issuer_fingerprint(key);
    file("time-none", &signing.clone().hashed(issuer.clone()), "malformed-signature");
    let unhashed = [signing.unhashed.clone(), created_at(time::SIGNATURES)].concat();
    file("time-unhashed", &signing.clone().hashed(issuer).unhashed(unhashed), "malformed-signature");
    file(
        "time-short",
        &signing.clone().hashed([issuer_fingerprint(key), subpacket(sub::CREATED, &[1, 2])].concat()),
        "malformed-signature",
    );
    let five_days = (5 * time::DAY).to_be_bytes();
    file(
        "expiry-unhashed",
        &signing.clone().unhashed([signing.unhashed.clone(), subpacket(sub::EXPIRES, &five_days)].concat()),
        "verified",
    );
    file("expiry-zero", &signing.clone().add(sub::EXPIRES, &[0; 4]), "verified");
    let overrun = signing.clone().hashed([signing.hashed.clone(), vec![200, 255, 20]].concat());
    file("overrun", &overrun, "malformed-signature");
}

/// When the signature was made, and how long it holds.
fn times(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let payload = payload.as_bytes();
    let key = keys.get("ed25519");
    let signing = Signing::new(key, kind::BINARY, time::SIGNATURES);
    let expiring =
        |days: Time| Message::signed(&signing.clone().add(sub::EXPIRES, &(days * time::DAY).to_be_bytes()), payload);
    sheet
        .file("expires.2024-03-06.sig", &expiring(5).bytes())
        .is("signature-expired")
        .at("2024-03-05T00:00:00Z")
        .is("verified");
    sheet.file("expires.2034.sig", &expiring(3652).bytes()).is("verified");
    let made_at = |created: Time| Message::made_at(key, payload, created).bytes();
    sheet.file("made.2060.sig", &made_at(time::FAR)).is("signature-not-yet-valid");
    sheet.file("made.2106.sig", &made_at(Time::MAX)).is("signature-not-yet-valid");
    sheet
        .file("made.4-minutes-ahead.sig", &made_at(time::NOW + 240))
        .note("within the allowed skew of 300 seconds")
        .is("verified");
    sheet.file("made.6-minutes-ahead.sig", &made_at(time::NOW + 360)).is("signature-not-yet-valid");
    sheet.file("made.before-key.sig", &made_at(time::KEYS - 10 * time::DAY)).is("key-not-yet-valid");
    sheet.file("made.1970.sig", &made_at(0)).is("key-not-yet-valid");
}

/// What the payload says.
fn claims(sheet: &mut Sheet, keys: &Keys) {
    let key = keys.get("ed25519");
    for (name, payload, containers, release) in payloads::variants() {
        sheet
            .file(&format!("claims.{name}.sig"), &Message::new(key, &payload).bytes())
            .is(containers)
            .option("payloadProfile", "release")
            .is(release);
    }
    let other_tag = payloads::payload(&format!("{}:2.0.0", payloads::REPOSITORY), &payloads::digest());
    sheet
        .file("claims.other-tag.sig", &Message::new(key, other_tag.as_bytes()).bytes())
        .reference(payloads::TAGGED)
        .note("the rule matchRepoDigestOrExact compares tags where the image has one")
        .is("identity-mismatch");
    let by_digest = payloads::payload(&format!("{}@{}", payloads::REPOSITORY, payloads::digest()), &payloads::digest());
    sheet
        .file("claims.reference-by-digest.sig", &Message::new(key, by_digest.as_bytes()).bytes())
        .reference(payloads::TAGGED)
        .is("identity-mismatch");
    let huge = Message::new(key, payloads::huge().as_bytes()).bytes();
    sheet.file("claims.huge.compressed.sig", &zip(&huge)).is("payload-too-large");
    sheet.file("claims.huge.sig", &huge).is("content-too-large");
    let marker = packet(tag::MARKER, b"PGP");
    sheet
        .file("claims.attacker-not-json.sig", &[Message::new(keys.get("attacker"), b"{").bytes()].concat())
        .note("nobody's payload is looked at before its signature")
        .is("unknown-key");
    sheet
        .file("marker-first.sig", &[marker, Message::new(key, payloads::good().as_bytes()).bytes()].concat())
        .note("allowed by OpenPGP, and never part of an image signature")
        .is("malformed-signature");
}
