//! Real signatures and keys, and messages that the peers were run on: the tables of the conformance folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use vidimus::signature::{Code, KeyValidity, Legacy, Rules};
use vidimus::{Keyring, Requirement, Verifier};

use crate::support::{conformance, raw_signature};

const RELEASE_KEYS: [&str; 2] = ["redhat-release-2.asc", "redhat-release-2.sha1-self-signature.asc"];
const OCP_415: (&str, &str) = (
    "sha256:0da6316466d60a3a4535d5fed3589feb0391989982fba59d47d4c729912d6363",
    "quay.io/openshift-release-dev/ocp-release:4.15.0-x86_64",
);
const OCP_416: (&str, &str) = (
    "sha256:3717338045df06e31effea46761b2c7e90f543cc4f00547af8158dd6aea868c3",
    "quay.io/openshift-release-dev/ocp-release:4.16.0-x86_64",
);
const RHEL7: (&str, &str) =
    ("sha256:e3f12513a4b22a2d7c0e7c9207f52128113758d9d68c7d06b11a0ac7672966f7", "registry.access.redhat.com/rhel7:7.6");
const AT: &str = "2026-11-24T12:00:00Z";

/// Every file of `redhat/signatures` and `redhat/negatives`: the image it is held against, and the outcome.
const RED_HAT: &[(&str, (&str, &str), Code)] = &[
    ("negatives/empty.sig", OCP_415, Code::MalformedSignature),
    ("negatives/ocp-4.15.0.flipped-mpi-bit.sig", OCP_415, Code::BadSignature),
    ("negatives/ocp-4.15.0.nested-compressed-x40.sig", OCP_415, Code::TooComplex),
    ("negatives/ocp-4.15.0.sig-packet-removed.sig", OCP_415, Code::Unsigned),
    ("negatives/ocp-4.15.0.tampered-digest.sig", OCP_415, Code::BadSignature),
    ("negatives/ocp-4.15.0.tampered-reference.sig", OCP_415, Code::BadSignature),
    ("negatives/ocp-4.15.0.trailing-garbage.sig", OCP_415, Code::TrailingData),
    ("negatives/ocp-4.15.0.truncated.sig", OCP_415, Code::MalformedSignature),
    ("negatives/ocp-4.15.0.uncompressed.sig", OCP_415, Code::Verified),
    ("negatives/random-64.bin", OCP_415, Code::MalformedSignature),
    ("negatives/zipbomb-64MiB-literal.sig", OCP_415, Code::PayloadTooLarge),
    ("signatures/ocp-release-4.15.0.v4.sig", OCP_415, Code::Verified),
    ("signatures/ocp-release-4.16.0.v4.sig", OCP_416, Code::Verified),
    ("signatures/rhel7-7.6.v3.sig", RHEL7, Code::Verified),
];

#[test]
fn red_hat_signatures_have_the_outcomes_of_the_index() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let listed: Vec<_> = RED_HAT.iter().map(|(file, ..)| (*file).to_owned()).collect();
    assert_eq!(files(&folder, &["negatives", "signatures"]), listed, "a file without an outcome, or the reverse");

    for key in RELEASE_KEYS {
        for (file, image, expected) in RED_HAT {
            let found = outcome(&folder.join("keys").join(key), &folder.join(file), *image, Rules::default());
            assert_eq!(found, *expected, "{file} with {key}");
        }
    }
}

#[test]
fn genuine_signatures_are_for_one_image_and_by_one_key() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let verify = |key: &str, image, rules| {
        outcome(&folder.join("keys").join(key), &folder.join("signatures/ocp-release-4.15.0.v4.sig"), image, rules)
    };
    let release = "redhat-release-2.asc";
    assert_eq!(verify(release, (OCP_416.0, OCP_415.1), Rules::default()), Code::DigestMismatch);
    assert_eq!(verify(release, (OCP_415.0, OCP_416.1), Rules::default()), Code::IdentityMismatch);
    assert_eq!(verify("redhat-beta-2.asc", OCP_415, Rules::default()), Code::UnknownKey);
    assert_eq!(verify("openshift-ci-4.asc", OCP_415, Rules::default()), Code::UnknownKey);
    let strict = Rules { sha1_self_signatures: Legacy::Reject, ..Rules::default() };
    assert_eq!(verify(release, OCP_415, strict.clone()), Code::Verified);
    assert_eq!(verify(RELEASE_KEYS[1], OCP_415, strict), Code::WeakSelfSignature);
    let strict = Rules { v3_signatures: Legacy::Reject, ..Rules::default() };
    let v3 = folder.join("signatures/rhel7-7.6.v3.sig");
    assert_eq!(outcome(&folder.join("keys").join(release), &v3, RHEL7, strict), Code::UnsupportedSignatureVersion);
}

#[test]
fn keys_load_or_say_why_not() {
    let Some(folder) = conformance() else { return };
    let keys = folder.join("redhat/keys");
    for file in files(&keys, &["."]) {
        let loaded = Keyring::from_bytes(&file, &fs::read(keys.join(&file)).unwrap());
        if file == "./corrupt.asc" {
            assert!(loaded.unwrap_err().to_string().contains("line is missing"));
        } else {
            assert_eq!(loaded.unwrap().certificate_count(), 1, "{file}");
        }
    }
}

/// The messages on which vidimus differs from peers, with the reason. Each names the peers that it differs from.
const DIFFERENCES: &[(&str, &str, &str, Code, &str)] = {
    const TRAILING: &str = "what follows the message is not covered by the signature; a stored signature ends with it";
    const BINARY: &str =
        "container-signature(5) knows the binary form only; two encodings of one message are one too many";
    const ONE: &str = "which of two signers vouches is open to interpretation; gpgme and x/crypto refuse it too";
    const NOW: &str =
        "the signer chooses the signature's time, so the key must be valid now as well; `when-signed` accepts it";
    &[
        ("rsa", "armored.asc", "gpgme sequoia", Code::ArmoredSignature, BINARY),
        ("rsa", "armored-leading.asc", "gpgme sequoia", Code::ArmoredSignature, BINARY),
        ("rsa", "armored-trailing.asc", "gpgme sequoia", Code::ArmoredSignature, BINARY),
        ("rsa", "cleartext.asc", "gpgme sequoia", Code::CleartextSignature, "container-signature(5) forbids it"),
        (
            "rsa",
            "z-bzip2.sig",
            "gpgme openpgp sequoia",
            Code::UnsupportedFraming,
            "no writer of signatures uses it, and it inflates the most",
        ),
        (
            "rsa",
            "textmode.sig",
            "gpgme openpgp sequoia",
            Code::UnsupportedSignatureType,
            "a text signature fits two different payloads",
        ),
        ("rsa", "hash-MD5.sig", "openpgp", Code::WeakHash, "collisions"),
        ("rsa", "hash-RIPEMD160.sig", "gpgme", Code::WeakHash, "too short to resist collisions"),
        ("rsa", "hash-SHA1.sig", "gpgme openpgp", Code::WeakHash, "collisions"),
        (
            "rsa",
            "hash-SHA224.sig",
            "gpgme openpgp sequoia",
            Code::UnsupportedAlgorithm,
            "no writer of signatures uses it",
        ),
        (
            "rsa",
            "sig-future.sig",
            "gpgme openpgp",
            Code::SignatureNotYetValid,
            "a signature from 2060 is no evidence of anything",
        ),
        ("rsa", "sig-before-key.sig", "openpgp", Code::KeyNotYetValid, "RFC 9580 forbids it"),
        (
            "rsa",
            "big-partial.sig",
            "gpgme openpgp sequoia",
            Code::ContentTooLarge,
            "300 kB; genuine payloads have 300 bytes",
        ),
        ("rsa", "trailing-garbage.sig", "gpgme openpgp sequoia", Code::TrailingData, TRAILING),
        ("rsa", "trailing-nul.sig", "gpgme openpgp sequoia", Code::TrailingData, TRAILING),
        ("rsa", "trailing-newline.sig", "gpgme openpgp sequoia", Code::TrailingData, TRAILING),
        ("rsa", "doubled.sig", "gpgme openpgp sequoia", Code::TrailingData, TRAILING),
        ("rsa", "z0-trailing-garbage.sig", "openpgp", Code::TrailingData, TRAILING),
        ("rsa", "z0-doubled.sig", "openpgp", Code::TrailingData, TRAILING),
        ("rsa", "z0-plus-detached.sig", "openpgp", Code::SignatureCount, ONE),
        (
            "rsa",
            "oldstyle-sig-then-literal.sig",
            "gpgme",
            Code::UnsupportedFraming,
            "PGP 2 wrote it; no writer of signatures does",
        ),
        ("rsa", "two-signers-rsa-ed.sig", "sequoia", Code::SignatureCount, ONE),
        ("rsa", "two-signers-rsa-rsa3.sig", "sequoia", Code::SignatureCount, ONE),
        ("rsa+ed", "two-signers-rsa-ed.sig", "sequoia", Code::SignatureCount, ONE),
        ("rsa+rsa3", "two-signers-rsa-rsa3.sig", "sequoia", Code::SignatureCount, ONE),
        ("rsa3", "two-signers-rsa-rsa3.sig", "sequoia", Code::SignatureCount, ONE),
        ("ed", "two-signers-rsa-ed.sig", "sequoia", Code::SignatureCount, ONE),
        ("ed", "ed.sig", "openpgp", Code::Verified, "x/crypto knows no EdDSA"),
        ("dsa", "dsa.sig", "gpgme openpgp sequoia", Code::WeakKey, "RFC 9580 deprecates DSA"),
        ("bp", "bp.sig", "gpgme sequoia", Code::UnsupportedAlgorithm, "the pure Rust backend has no Brainpool curves"),
        ("expkey", "expkey-signed-before-expiry.sig", "openpgp sequoia", Code::KeyExpired, NOW),
        ("expkey-short", "expkey-signed-before-expiry.sig", "openpgp sequoia", Code::KeyExpired, NOW),
        (
            "expkey-short",
            "expkey-signed-after-expiry.sig",
            "openpgp",
            Code::KeyExpired,
            "x/crypto does not look at expiry",
        ),
        (
            "expkey-extended",
            "expkey-signed-before-expiry.sig",
            "gpgme openpgp",
            Code::KeyNotBound,
            "nothing shows that the key was bound when it signed; `--late-bindings accept` accepts it",
        ),
        ("revoked-superseded", "revoked-superseded.sig", "sequoia", Code::KeyRevoked, NOW),
        ("revoked-retired", "revoked-retired.sig", "sequoia", Code::KeyRevoked, NOW),
        ("subexp", "subkey-expired.sig", "openpgp sequoia", Code::KeyExpired, NOW),
        ("subrev", "subkey-revoked.sig", "sequoia", Code::KeyRevoked, NOW),
        ("primexp", "primary-expired-subkey-ok.sig", "openpgp sequoia", Code::KeyExpired, NOW),
    ]
};

/// Whether OpenPGP verification, which is all that this table is about, accepted the message.
fn is_authentic(code: Code) -> bool {
    matches!(code, Code::Verified | Code::InvalidClaims)
}

#[test]
fn messages_verify_as_the_peers_say_or_for_a_stated_reason() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("containers-image");
    let mut differences: BTreeMap<_, _> = DIFFERENCES
        .iter()
        .map(|(key, file, peers, code, _)| ((format!("keys/{key}.gpg"), format!("sigs/{file}")), (*peers, *code)))
        .collect();
    for row in rows(&folder.join("openpgp-verify.jsonl")) {
        let (key, signature) = (row["key"].as_str().unwrap(), row["signature"].as_str().unwrap());
        let data = folder.join("generated-openpgp");
        let code = outcome(&data.join(key), &data.join(signature), image_of_generated(), Rules::default());
        let differing: Vec<_> = ["gpgme", "openpgp", "sequoia"]
            .into_iter()
            .filter(|peer| row[peer]["accept"].as_bool().unwrap() != is_authentic(code))
            .collect();
        let name = (key.to_owned(), signature.to_owned());
        match differences.remove(&name) {
            Some((peers, expected)) => {
                assert_eq!((differing.join(" "), code), (peers.to_owned(), expected), "{name:?}")
            }
            None => assert!(differing.is_empty(), "{name:?} is {code}, unlike {differing:?}"),
        }
    }
    assert!(differences.is_empty(), "these rows are not in the table: {differences:?}");
}

#[test]
fn explicit_options_accept_what_the_defaults_refuse() {
    let Some(folder) = conformance() else { return };
    let data = folder.join("containers-image/generated-openpgp");
    let when_signed = Rules { key_validity: KeyValidity::WhenSigned, ..Rules::default() };
    let late = Rules { late_bindings: Legacy::Accept, ..Rules::default() };
    for (key, signature, rules, expected) in [
        ("expkey", "expkey-signed-before-expiry.sig", &when_signed, Code::Verified),
        ("expkey-short", "expkey-signed-before-expiry.sig", &when_signed, Code::Verified),
        ("expkey-short", "expkey-signed-after-expiry.sig", &when_signed, Code::KeyExpired),
        ("revoked-superseded", "revoked-superseded.sig", &when_signed, Code::Verified),
        ("revoked-retired", "revoked-retired.sig", &when_signed, Code::Verified),
        ("revoked-noreason", "revoked-noreason.sig", &when_signed, Code::KeyRevoked),
        ("revoked-compromised", "revoked-compromised.sig", &when_signed, Code::KeyRevoked),
        ("subexp", "subkey-expired.sig", &when_signed, Code::Verified),
        ("subrev", "subkey-revoked.sig", &when_signed, Code::Verified),
        ("primexp", "primary-expired-subkey-ok.sig", &when_signed, Code::Verified),
        ("expkey-extended", "expkey-signed-before-expiry.sig", &late, Code::Verified),
    ] {
        let key_file = data.join("keys").join(format!("{key}.gpg"));
        let found = outcome(&key_file, &data.join("sigs").join(signature), image_of_generated(), rules.clone());
        assert_eq!(found, expected, "{signature} with {key}");
    }
}

/// How many certificates each key file holds, `None` where it is refused; and why where the peers' answers differ.
const IMPORTS: &[(&str, Option<usize>, &str)] = &[
    ("a-signature.sig", None, "gpgme loads nothing, silently"),
    ("armor-concat.asc", Some(2), "x/crypto reads the first block only"),
    ("armor-leading-text.asc", Some(1), ""),
    ("armor-then-binary", None, "the peers skip what they cannot read; a keyring that loads in part trusts in part"),
    ("armor-twice.asc", Some(1), "one certificate, twice; merged"),
    ("base64-no-armor", None, "gpgme loads nothing, silently"),
    ("binary-then-armor", None, "gpgme loads nothing, silently"),
    ("brainpool.gpg", Some(1), "loads; `keys` says that its algorithm is not supported"),
    ("ed-then-rsa.gpg", Some(2), "x/crypto stops at the Ed25519 key"),
    ("ed.gpg", Some(1), "x/crypto knows no EdDSA"),
    ("empty", None, "the peers load nothing, silently"),
    ("expired.gpg", Some(1), ""),
    ("garbage", None, "gpgme loads nothing, silently"),
    ("revoked.gpg", Some(1), ""),
    ("rsa-no-uid.gpg", None, "gpgme loads nothing, silently"),
    ("rsa-then-ed.gpg", Some(2), "x/crypto fails at the Ed25519 key"),
    ("rsa-trailing-garbage.gpg", None, "gpgme loads nothing, silently"),
    ("rsa-truncated.gpg", None, "gpgme loads nothing, silently"),
    ("rsa3.asc", Some(1), ""),
    ("same-key-twice.gpg", Some(1), "one certificate, twice; merged"),
];

#[test]
fn key_files_load_whole_or_not_at_all() {
    let Some(folder) = conformance() else { return };
    let data = folder.join("containers-image/generated-openpgp/imp");
    let mut peers: BTreeMap<String, Vec<Option<usize>>> = BTreeMap::new();
    for row in rows(&folder.join("containers-image/openpgp-import.jsonl")) {
        let count = row["fingerprints"].as_array().map_or(0, Vec::len);
        let count = (row["ok"] == true).then_some(count);
        peers.entry(row["file"].as_str().unwrap().replace("imp/", "")).or_default().push(count);
    }
    assert!(peers.keys().eq(IMPORTS.iter().map(|(file, ..)| file)), "the table lists other files");
    for (file, expected, reason) in IMPORTS {
        let loaded = Keyring::from_bytes(file, &fs::read(data.join(file)).unwrap());
        assert_eq!(loaded.ok().map(|keyring| keyring.certificate_count()), *expected, "{file}");
        let agree = peers[*file].iter().all(|peer| peer == expected);
        assert_eq!(agree, reason.is_empty(), "{file}: a difference without a reason, or the reverse");
    }
}

/// The digest and reference that the payload of `generated-openpgp` names.
fn image_of_generated() -> (&'static str, &'static str) {
    ("sha256:20bf21ed457b390829cdbeec8795a7bea1626991fda603e0d01b4e7f60427e55", "testing/manifest:latest")
}

#[track_caller]
fn outcome(key: &Path, signature: &Path, (digest, reference): (&str, &str), rules: Rules) -> Code {
    let keyring = Keyring::from_bytes("keyring", &fs::read(key).unwrap()).unwrap();
    let verifier = Verifier::with_rules(keyring, rules, Requirement::default());
    let content = fs::read(signature).unwrap();
    let verdict = verifier.verify(&raw_signature(&content, digest, reference), AT.parse().unwrap());
    verdict.evidence()[0].code()
}

fn rows(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn files(folder: &Path, below: &[&str]) -> Vec<String> {
    let mut files: Vec<_> = below
        .iter()
        .flat_map(|below| {
            let entries = fs::read_dir(folder.join(below)).unwrap();
            entries.map(move |entry| format!("{below}/{}", entry.unwrap().file_name().display()))
        })
        .collect();
    files.sort();
    files
}
