//! What the record of an OpenPGP signature says beside its content must agree with what is signed.

use vidimus::image::{ImageSignature, SignatureSubject, Text};
use vidimus::signature::KeyHint;
use vidimus::{Code, KeyringBuilder, Requirement, Rules, Verdict, Verifier};

use crate::support::{AT, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const SIGNED: &str = "registry.example.com/shop/frontend:1.0.0";

fn text(text: &str) -> Text<'static> {
    Text::from(text.to_owned())
}

fn verify(change: impl FnOnce(&mut ImageSignature<'static>)) -> Verdict {
    let mut keyring = KeyringBuilder::default();
    for key in ["ed25519.asc", "release.asc"] {
        keyring.add(key, &std::fs::read(format!("testdata/keys/{key}")).unwrap()).unwrap();
    }
    let verifier = Verifier::with_rules(keyring.build().unwrap(), Rules::default(), Requirement::default());
    let mut image = raw_signature(&std::fs::read("testdata/signatures/good.ed25519.sig").unwrap(), DIGEST, SIGNED);
    change(&mut image.signatures[0]);
    verifier.verify(&image, AT.parse().unwrap())
}

#[track_caller]
fn assert_code(change: impl FnOnce(&mut ImageSignature<'static>), expected: Code) {
    let verdict = verify(change);
    let evidence = &verdict.evidence()[0];
    assert_eq!(evidence.code(), expected, "{}", evidence.message());
}

#[test]
fn the_name_of_the_record_is_told() {
    let verdict = verify(|record| record.metadata.name = text("image@signature"));
    assert_eq!(verdict.evidence()[0].name(), "image@signature");
}

#[test]
fn the_time_is_that_of_the_signature() {
    let signed = verify(|_| {}).evidence()[0].signer().unwrap().signed_at().unwrap();
    let second = chrono::TimeDelta::seconds(1);
    for (created, code) in [
        (String::new(), Code::Verified),
        (signed.to_rfc3339(), Code::Verified),
        ((signed - second).to_rfc3339(), Code::RecordMismatch),
        ((signed + second).to_rfc3339(), Code::RecordMismatch),
        ("yesterday".to_owned(), Code::RecordMismatch),
    ] {
        assert_code(|record| record.created = text(&created), code);
    }
}

#[test]
fn the_identity_is_the_one_that_is_signed_however_it_is_written() {
    for (identity, code) in [
        ("", Code::Verified),
        (SIGNED, Code::Verified),
        ("registry.example.com/shop/frontend", Code::RecordMismatch),
        ("registry.example.com/shop/frontend:2.0.0", Code::RecordMismatch),
        ("EXAMPLE", Code::RecordMismatch),
    ] {
        assert_code(|record| record.image_identity = text(identity), code);
    }
}

#[test]
fn the_claims_are_those_that_are_signed() {
    for (name, value, code) in [
        ("critical.image.docker-manifest-digest", DIGEST, Code::Verified),
        ("docker-manifest-digest", DIGEST, Code::Verified),
        ("docker-manifest-digest", "sha256:00", Code::RecordMismatch),
        ("manifest-digest", DIGEST, Code::RecordMismatch),
        ("critical.image", DIGEST, Code::RecordMismatch),
    ] {
        assert_code(|record| drop(record.signed_claims.insert(text(name), text(value))), code);
    }
}

#[test]
fn the_key_is_the_one_that_signed() {
    let fingerprint = |key: &str| {
        let added = KeyringBuilder::default().add(key, &std::fs::read(format!("testdata/keys/{key}")).unwrap());
        added.unwrap().first().unwrap().to_string()
    };
    let (own, other) = (fingerprint("ed25519.asc"), fingerprint("release.asc"));
    let same_key_id = format!("{}{}", "0".repeat(24), own.split_at(24).1);
    for (hint, code) in [
        ("", Code::Verified),
        (own.as_str(), Code::Verified),
        (own.split_at(24).1, Code::Verified),
        // The key ID fits and the rest does not: nobody whom the record could mean is trusted.
        (&same_key_id, Code::UnknownKey),
        (&other, Code::RecordMismatch),
        ("0123", Code::MalformedRecord),
        ("x", Code::MalformedRecord),
    ] {
        let subject = SignatureSubject { public_key_id: text(hint), ..SignatureSubject::default() };
        assert_code(|record| record.issued_to = Some(subject), code);
    }
    let hint: KeyHint = own.split_at(24).1.parse().unwrap();
    assert_eq!(hint.to_string(), own.split_at(24).1);
    assert_eq!(hint.as_bytes().len(), 8);
    assert_eq!(hint.as_bytes().iter().map(|octet| format!("{octet:02X}")).collect::<String>(), hint.to_string());
}

#[test]
fn the_name_is_that_of_the_signer() {
    let verdict = verify(|_| {});
    let user_id = verdict.evidence()[0].signer().unwrap().user_id().unwrap().to_owned();
    let name = user_id.split_once(" <").map_or(user_id.as_str(), |(name, _)| name);
    for (name, code) in [
        (user_id.as_str(), Code::Verified),
        (name, Code::Verified),
        (name.split_at(name.len() - 1).0, Code::RecordMismatch),
        ("Somebody", Code::RecordMismatch),
    ] {
        let subject = SignatureSubject { common_name: text(name), ..SignatureSubject::default() };
        assert_code(|record| record.issued_to = Some(subject), code);
    }
}
