//! The moments from which, and until which, keys and signatures count; and the names of algorithms.

use chrono::{DateTime, TimeDelta, Utc};
use vidimus::signature::{KeySummary, Trust};
use vidimus::{Code, Keyring, Policy, Requirement, Rules, Verifier};

use crate::support::{AT, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const SIGNED: &str = "registry.example.com/shop/frontend:1.0.0";

fn verifier(key: &str) -> Verifier {
    let keyring = Keyring::from_bytes(key, &std::fs::read(format!("testdata/keys/{key}")).unwrap()).unwrap();
    Verifier::with_rules(keyring, Rules::default(), Requirement::default())
}

/// What there is to know of the first key of a certificate.
fn summary(key: &str) -> KeySummary {
    let keyring = Keyring::from_bytes(key, &std::fs::read(format!("testdata/keys/{key}")).unwrap()).unwrap();
    Trust::new(keyring, Rules::default()).certificates(at()).remove(0).keys.remove(0)
}

fn code(key: &str, signature: &str, at: DateTime<Utc>) -> Code {
    let image = raw_signature(&std::fs::read(format!("testdata/signatures/{signature}")).unwrap(), DIGEST, SIGNED);
    verifier(key).verify(&image, at).evidence()[0].code()
}

fn at() -> DateTime<Utc> {
    AT.parse().unwrap()
}

#[test]
fn a_signature_counts_from_the_skew_before_its_time() {
    let (key, signature) = ("ed25519.asc", "good.ed25519.sig");
    let image = raw_signature(&std::fs::read(format!("testdata/signatures/{signature}")).unwrap(), DIGEST, SIGNED);
    let signed = verifier(key).verify(&image, at()).evidence()[0].signer().unwrap().signed_at().unwrap();
    let first = signed - Rules::default().clock_skew;
    assert_eq!(code(key, signature, first), Code::Verified);
    assert_eq!(code(key, signature, first - TimeDelta::seconds(1)), Code::SignatureNotYetValid);
}

#[test]
fn a_key_counts_until_the_moment_of_its_revocation() {
    let key = "soft-revoked.asc";
    let revoked = summary(key).revoked.unwrap();
    let signature = "signer.soft-revoked.before.sig";
    assert_eq!(code(key, signature, revoked - TimeDelta::seconds(1)), Code::Verified);
    assert_eq!(code(key, signature, revoked), Code::KeyRevoked);
}

#[test]
fn a_key_counts_until_the_moment_of_its_end() {
    let key = "expired.asc";
    let expires = summary(key).expires.unwrap();
    let signature = "signer.expired.before.sig";
    assert_eq!(code(key, signature, expires - TimeDelta::seconds(1)), Code::Verified);
    assert_eq!(code(key, signature, expires), Code::KeyExpired);
}

#[test]
fn algorithms_are_named_as_people_name_them() {
    for (key, expected) in [
        ("rsa1024.asc", "RSA-1024"),
        ("release.asc", "RSA-4096"),
        ("dsa2048.asc", "DSA-2048"),
        ("ed25519.asc", "Ed25519"),
        ("ed25519-rfc9580.asc", "Ed25519"),
        ("v6.asc", "Ed25519"),
        ("p256.asc", "NIST P-256"),
        ("p521.asc", "NIST P-521"),
    ] {
        assert_eq!(summary(key).algorithm, expected, "{key}");
    }
}

#[test]
fn rules_are_counted() {
    let count = |document: &str| load(&[document]).unwrap().rule_count();
    let signature_policy = |spec: &str| {
        format!("apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec: {{{spec}}}\n")
    };
    let rules = "rules: [{name: a, scope: {images: [a.example/x]}, require: {reject: {}}}, {name: b, require: \
                 {reject: {}}}, {name: c, scope: {images: [a.example/y]}, require: {reject: {}}}]";
    assert_eq!(count(&signature_policy(rules)), 3);
    assert_eq!(count(&signature_policy(&format!("noMatch: deny, {rules}"))), 3);
    assert_eq!(count(&signature_policy(&format!("noMatch: allow, {rules}"))), 4);
    let reject = r#"[{"type":"reject"}]"#;
    assert_eq!(count(&format!(r#"{{"default":{reject}}}"#)), 1);
    let scopes = format!(r#"{{"docker":{{"a.example":{reject},"b.example":{reject}}},"dir":{{"":{reject}}}}}"#);
    assert_eq!(count(&format!(r#"{{"default":{reject},"transports":{scopes}}}"#)), 4);
    let keyring = Keyring::from_bytes("k", &std::fs::read("testdata/keys/two-certs.asc").unwrap()).unwrap();
    let everywhere = Policy::everywhere(keyring, Requirement::default());
    assert_eq!((everywhere.rule_count(), everywhere.certificate_count()), (1, 2));
}
