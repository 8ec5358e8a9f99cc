//! Each field of policy.json has a case that shows its effect: two documents that differ in it alone, and what becomes
//! of one image under each. A field that the reader knows and that has no case fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use vidimus::policy::document::FindingCode;
use vidimus::{Rules, Verifier};

use crate::support::{AT, errors, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

/// The image is signed by `release.asc` as `registry.example.com/shop/frontend:1.0.0`.
const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

/// What becomes of the image under a policy: `allow`, or the codes of the reasons; `not loaded` and the codes of errors.
pub(crate) fn outcome(document: &str) -> String {
    outcome_of(document, REFERENCE)
}

pub(crate) fn outcome_of(document: &str, reference: &str) -> String {
    let Ok(policy) = load(&[document]) else {
        let codes: BTreeSet<_> = errors(&[document]).into_iter().map(|(code, _)| code.as_str()).collect();
        return format!("not loaded: {}", codes.into_iter().collect::<Vec<_>>().join(" "));
    };
    let content = fs::read("testdata/signatures/good.rsa4096.sig").unwrap();
    let verdict = Verifier::with_policy(policy, Rules::default())
        .verify(&raw_signature(&content, DIGEST, reference), AT.parse().unwrap());
    if verdict.is_allowed() { "allow".to_owned() } else { verdict.decision().code().to_string() }
}

/// A document whose default is one requirement.
fn default(requirement: &str) -> String {
    format!(r#"{{"default":[{requirement}]}}"#)
}

fn signed_by(members: &str) -> String {
    default(&format!(r#"{{"type":"signedBy","keyType":"GPGKeys",{members}}}"#))
}

fn identity(members: &str) -> String {
    signed_by(&format!(r#""keyPath":"release.asc","signedIdentity":{{{members}}}"#))
}

fn sigstore(members: &str) -> String {
    default(&format!(r#"{{"type":"sigstoreSigned",{members}}}"#))
}

fn fulcio(members: &str) -> String {
    sigstore(&format!(r#""rekorPublicKeyData":"YWJj","fulcio":{{{members}}}"#))
}

fn pki(members: &str) -> String {
    sigstore(&format!(r#""pki":{{{members}}}"#))
}

/// The object and the field; a document without it, or with another value, and what becomes of the image; a document
/// with it, and what becomes of the image then.
fn cases() -> Vec<(&'static str, &'static str, String, &'static str, String, &'static str)> {
    let key = base64::engine::general_purpose::STANDARD.encode(fs::read("testdata/keys/release.gpg").unwrap());
    let other = base64::engine::general_purpose::STANDARD.encode(fs::read("testdata/keys/ed25519.asc").unwrap());
    let reject = r#"{"type":"reject"}"#;
    let docker = r#"{"default":[{"type":"reject"}],"transports":{"docker":{"registry.example.com":[{"type":"insecureAcceptAnything"}]}}}"#;
    let unsupported = "unsupported-requirement";
    vec![
        (
            "policy",
            "default",
            default(reject),
            "explicit-reject",
            default(r#"{"type":"insecureAcceptAnything"}"#),
            "allow",
        ),
        ("policy", "transports", default(reject), "explicit-reject", docker.to_owned(), "allow"),
        (
            "requirement",
            "type",
            default(reject),
            "explicit-reject",
            default(r#"{"type":"insecureAcceptAnything"}"#),
            "allow",
        ),
        ("signedBy", "type", default(reject), "explicit-reject", signed_by(r#""keyPath":"release.asc""#), "allow"),
        (
            "signedBy",
            "keyType",
            signed_by(r#""keyPath":"release.asc""#),
            "allow",
            default(r#"{"type":"signedBy","keyType":"X509Certificates","keyPath":"release.asc"}"#),
            unsupported,
        ),
        (
            "signedBy",
            "keyPath",
            signed_by(r#""keyPath":"ed25519.asc""#),
            "unknown-key",
            signed_by(r#""keyPath":"release.asc""#),
            "allow",
        ),
        (
            "signedBy",
            "keyPaths",
            signed_by(r#""keyPaths":["ed25519.asc"]"#),
            "unknown-key",
            signed_by(r#""keyPaths":["ed25519.asc","release.asc"]"#),
            "allow",
        ),
        (
            "signedBy",
            "keyData",
            signed_by(&format!(r#""keyData":"{other}""#)),
            "unknown-key",
            signed_by(&format!(r#""keyData":"{key}""#)),
            "allow",
        ),
        (
            "signedBy",
            "signedIdentity",
            signed_by(r#""keyPath":"release.asc""#),
            "allow",
            identity(r#""type":"exactRepository","dockerRepository":"registry.example.com/shop/backend""#),
            "identity-mismatch",
        ),
        (
            "signedBaseLayer",
            "type",
            default(r#"{"type":"insecureAcceptAnything"}"#),
            "allow",
            default(r#"{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}"#),
            unsupported,
        ),
        (
            "signedBaseLayer",
            "baseLayerIdentity",
            default(r#"{"type":"signedBaseLayer"}"#),
            "not loaded: missing-member",
            default(r#"{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}"#),
            unsupported,
        ),
        (
            "identity",
            "type",
            identity(r#""type":"matchExact""#),
            "allow",
            identity(r#""type":"nothing""#),
            "not loaded: invalid-value",
        ),
        (
            "exactReference",
            "type",
            identity(r#""type":"matchExact""#),
            "allow",
            identity(r#""type":"exactReference","dockerReference":"registry.example.com/shop/frontend:2""#),
            "identity-mismatch",
        ),
        (
            "exactReference",
            "dockerReference",
            identity(r#""type":"exactReference","dockerReference":"registry.example.com/shop/frontend:2""#),
            "identity-mismatch",
            identity(r#""type":"exactReference","dockerReference":"registry.example.com/shop/frontend:1.0.0""#),
            "allow",
        ),
        (
            "exactRepository",
            "type",
            identity(r#""type":"matchExact""#),
            "allow",
            identity(r#""type":"exactRepository","dockerRepository":"registry.example.com/shop/backend""#),
            "identity-mismatch",
        ),
        (
            "exactRepository",
            "dockerRepository",
            identity(r#""type":"exactRepository","dockerRepository":"registry.example.com/shop/backend""#),
            "identity-mismatch",
            identity(r#""type":"exactRepository","dockerRepository":"registry.example.com/shop/frontend""#),
            "allow",
        ),
        (
            "remapIdentity",
            "type",
            identity(r#""type":"matchExact""#),
            "allow",
            identity(r#""type":"remapIdentity","prefix":"registry.example.com","signedPrefix":"example.org""#),
            "identity-mismatch",
        ),
        (
            "remapIdentity",
            "prefix",
            identity(r#""type":"remapIdentity","prefix":"registry.example.com","signedPrefix":"example.org""#),
            "identity-mismatch",
            identity(r#""type":"remapIdentity","prefix":"mirror.example.com","signedPrefix":"example.org""#),
            "allow",
        ),
        (
            "remapIdentity",
            "signedPrefix",
            identity(r#""type":"remapIdentity","prefix":"registry.example.com","signedPrefix":"example.org""#),
            "identity-mismatch",
            identity(r#""type":"remapIdentity","prefix":"registry.example.com","signedPrefix":"registry.example.com""#),
            "allow",
        ),
        (
            "sigstoreSigned",
            "type",
            default(r#"{"type":"insecureAcceptAnything"}"#),
            "allow",
            fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "keyPath",
            sigstore(r#""keyPath":"""#),
            "not loaded: empty",
            sigstore(r#""keyPath":"missing""#),
            "not loaded: key",
        ),
        (
            "sigstoreSigned",
            "keyPaths",
            sigstore(r#""keyPaths":[]"#),
            "not loaded: empty",
            sigstore(r#""keyPaths":["missing"]"#),
            "not loaded: key",
        ),
        (
            "sigstoreSigned",
            "keyData",
            sigstore(r#""keyData":"""#),
            "not loaded: empty",
            sigstore(r#""keyData":"*""#),
            "not loaded: invalid-value",
        ),
        (
            "sigstoreSigned",
            "keyDatas",
            sigstore(r#""keyDatas":[]"#),
            "not loaded: empty",
            sigstore(r#""keyDatas":["*"]"#),
            "not loaded: invalid-value",
        ),
        (
            "sigstoreSigned",
            "fulcio",
            sigstore(r#""rekorPublicKeyData":"YWJj""#),
            "not loaded: missing-member",
            fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "pki",
            sigstore(r#""signedIdentity":{"type":"matchExact"}"#),
            "not loaded: missing-member",
            pki(r#""caRootsPath":"/c","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "signedIdentity",
            sigstore(r#""signedIdentity":{"type":"nothing"},"pki":{"caRootsPath":"/c","subjectEmail":"e"}"#),
            "not loaded: invalid-value",
            sigstore(r#""signedIdentity":{"type":"matchExact"},"pki":{"caRootsPath":"/c","subjectEmail":"e"}"#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "rekorPublicKeyPath",
            sigstore(r#""fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}"#),
            "not loaded: missing-member",
            sigstore(r#""rekorPublicKeyPath":"/r","fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}"#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "rekorPublicKeyPaths",
            sigstore(r#""rekorPublicKeyPaths":[],"fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}"#),
            "not loaded: empty",
            sigstore(r#""rekorPublicKeyPaths":["/r"],"fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}"#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "rekorPublicKeyData",
            sigstore(
                r#""rekorPublicKeyData":"YWJj","rekorPublicKeyPath":"/r","fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}"#,
            ),
            "not loaded: exclusive",
            fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "sigstoreSigned",
            "rekorPublicKeyDatas",
            sigstore(r#""rekorPublicKeyDatas":["YWJj"],"pki":{"caRootsPath":"/c","subjectEmail":"e"}"#),
            "not loaded: exclusive",
            sigstore(r#""rekorPublicKeyDatas":["YWJj"],"fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"e"}"#),
            unsupported,
        ),
        (
            "fulcio",
            "caPath",
            fulcio(r#""oidcIssuer":"i","subjectEmail":"e""#),
            "not loaded: missing-member",
            fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "fulcio",
            "caData",
            fulcio(r#""caData":"YWJj","caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            "not loaded: exclusive",
            fulcio(r#""caData":"YWJj","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "fulcio",
            "oidcIssuer",
            fulcio(r#""caPath":"/c","subjectEmail":"e""#),
            "not loaded: missing-member",
            fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "fulcio",
            "subjectEmail",
            fulcio(r#""caPath":"/c","oidcIssuer":"i""#),
            "not loaded: missing-member",
            fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "pki",
            "caRootsPath",
            pki(r#""subjectEmail":"e""#),
            "not loaded: missing-member",
            pki(r#""caRootsPath":"/c","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "pki",
            "caRootsData",
            pki(r#""caRootsData":"*","subjectEmail":"e""#),
            "not loaded: invalid-value",
            pki(r#""caRootsData":"YWJj","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "pki",
            "caIntermediatesPath",
            pki(r#""caRootsPath":"/c","caIntermediatesPath":"","subjectEmail":"e""#),
            "not loaded: empty",
            pki(r#""caRootsPath":"/c","caIntermediatesPath":"/i","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "pki",
            "caIntermediatesData",
            pki(r#""caRootsPath":"/c","caIntermediatesPath":"/i","caIntermediatesData":"YWJj","subjectEmail":"e""#),
            "not loaded: exclusive",
            pki(r#""caRootsPath":"/c","caIntermediatesData":"YWJj","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "pki",
            "subjectEmail",
            pki(r#""caRootsPath":"/c""#),
            "not loaded: missing-member",
            pki(r#""caRootsPath":"/c","subjectEmail":"e""#),
            unsupported,
        ),
        (
            "pki",
            "subjectHostname",
            pki(r#""caRootsPath":"/c""#),
            "not loaded: missing-member",
            pki(r#""caRootsPath":"/c","subjectHostname":"h""#),
            unsupported,
        ),
    ]
}

#[test]
fn each_field_has_its_effect() {
    let mut wrong = Vec::new();
    for (object, field, without, expected_without, with, expected_with) in cases() {
        assert_ne!(expected_without, expected_with, "{object}.{field}: the case shows no effect");
        for (document, expected) in [(without, expected_without), (with, expected_with)] {
            let found = outcome(&document);
            if found != expected {
                wrong.push(format!("{object}.{field}: {found}, not {expected}: {document}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The members that the reader knows in each kind of object: it tells them when it meets one that it does not know.
pub(crate) fn known(document: &str, object: &str) -> BTreeSet<String> {
    let error = load(&[document]).expect_err("a member is unknown");
    let finding = error.findings().iter().find(|finding| finding.code() == FindingCode::UnknownMember);
    let message = finding.unwrap_or_else(|| panic!("{object}: {error:?}")).message().to_owned();
    let (_, list) = message.split_once("(known: ").expect("the known members are told");
    list.trim_end_matches(')').split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn no_field_is_without_a_case() {
    let mut covered: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (object, field, ..) in cases() {
        covered.entry(object).or_default().insert(field.to_owned());
    }
    for (object, document) in [
        ("policy", r#"{"default":[{"type":"reject"}],"x":1}"#.to_owned()),
        ("requirement", default(r#"{"type":"reject","x":1}"#)),
        ("signedBy", signed_by(r#""keyPath":"release.asc","x":1"#)),
        ("signedBaseLayer", default(r#"{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"},"x":1}"#)),
        ("identity", identity(r#""type":"matchExact","x":1"#)),
        ("exactReference", identity(r#""type":"exactReference","dockerReference":"a.example/b:1","x":1"#)),
        ("exactRepository", identity(r#""type":"exactRepository","dockerRepository":"a.example/b","x":1"#)),
        ("remapIdentity", identity(r#""type":"remapIdentity","prefix":"a.example","signedPrefix":"b.example","x":1"#)),
        ("sigstoreSigned", sigstore(r#""pki":{"caRootsPath":"/c","subjectEmail":"e"},"x":1"#)),
        ("fulcio", fulcio(r#""caPath":"/c","oidcIssuer":"i","subjectEmail":"e","x":1"#)),
        ("pki", pki(r#""caRootsPath":"/c","subjectEmail":"e","x":1"#)),
    ] {
        let known = known(&document, object);
        assert_eq!(covered.remove(object).unwrap_or_default(), known, "{object}");
    }
    assert!(covered.is_empty(), "objects of which nobody asked: {covered:?}");
}
