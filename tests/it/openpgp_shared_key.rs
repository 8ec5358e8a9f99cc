//! A key that two certificates bind, with its consent to both: nobody can tell which of them signed.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use sequoia_openpgp::cert::CertBuilder;
use sequoia_openpgp::packet::key::{Key4, SecretParts, SubordinateRole};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Key, Packet};
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::serialize::stream::{LiteralWriter, Message, Signer};
use sequoia_openpgp::types::{Curve, HashAlgorithm, KeyFlags, SignatureType};
use vidimus::signature::Legacy;
use vidimus::{Code, Keyring, KeyringBuilder, Requirement, Rules, Verifier};

use crate::support::{AT, raw_signature};

const SHA256: HashAlgorithm = HashAlgorithm::SHA256;

type Subkey = Key<SecretParts, SubordinateRole>;

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

/// Early in 2024.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_706_000_000)).unwrap()
}

/// A new certificate with `subkey`, bound on both sides; by the subkey with this digest.
fn certificate(name: &str, subkey: &Subkey, digest: HashAlgorithm) -> Vec<u8> {
    let (certificate, _) = CertBuilder::new().set_creation_time(then()).add_userid(name).generate().unwrap();
    let primary = certificate.primary_key().key();
    let mut primary_pair = primary.clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
        .set_signature_creation_time(then())
        .unwrap()
        .set_hash_algo(digest)
        .sign_primary_key_binding(&mut subkey.clone().into_keypair().unwrap(), primary, subkey)
        .unwrap();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_signature_creation_time(then())
        .unwrap()
        .set_key_flags(KeyFlags::empty().set_signing())
        .unwrap()
        .set_embedded_signature(back)
        .unwrap()
        .sign_subkey_binding(&mut primary_pair, primary, subkey)
        .unwrap();
    let public = subkey.clone().take_secret().0;
    let (certificate, _) = certificate.insert_packets([Packet::from(public), binding.into()]).unwrap();
    certificate.strip_secret_key_material().to_vec().unwrap()
}

fn subkey() -> Subkey {
    subkey_of(then())
}

fn subkey_of(created: SystemTime) -> Subkey {
    let mut subkey = Key4::<SecretParts, SubordinateRole>::generate_ecc(true, Curve::Ed25519).unwrap();
    subkey.set_creation_time(created).unwrap();
    Subkey::from(subkey)
}

/// A signature made in the second in which the key was made and bound: that is not too early.
fn signature(subkey: &Subkey) -> Vec<u8> {
    signature_of(subkey, then())
}

fn signature_of(subkey: &Subkey, signed: SystemTime) -> Vec<u8> {
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{REFERENCE}"}},"image":{{"docker-manifest-digest":"{DIGEST}"}},"type":"atomic container signature"}},"optional":{{}}}}"#
    );
    let mut content = Vec::new();
    let message = Message::new(&mut content);
    let pair = subkey.clone().into_keypair().unwrap();
    let message = Signer::new(message, pair).unwrap().creation_time(signed).build().unwrap();
    let mut message = LiteralWriter::new(message).build().unwrap();
    message.write_all(payload.as_bytes()).unwrap();
    message.finalize().unwrap();
    content
}

#[test]
fn a_key_of_two_certificates_vouches_for_neither() {
    let subkey = subkey();
    let (one, other) = (certificate("one", &subkey, SHA256), certificate("other", &subkey, SHA256));
    let image = raw_signature(&signature(&subkey), DIGEST, REFERENCE);
    for (certificates, expected) in [
        (&[&one][..], Code::Verified),
        (&[&other], Code::Verified),
        (&[&one, &one], Code::Verified),
        (&[&one, &other], Code::AmbiguousKey),
        (&[&other, &one], Code::AmbiguousKey),
    ] {
        let mut keyring = KeyringBuilder::default();
        for certificate in certificates {
            keyring.add("key", certificate).unwrap();
        }
        let verifier = Verifier::with_rules(keyring.build().unwrap(), Rules::default(), Requirement::default());
        let verdict = verifier.verify(&image, AT.parse().unwrap());
        assert_eq!(verdict.evidence()[0].code(), expected, "{}", verdict.evidence()[0].message());
        assert_eq!(verdict.is_allowed(), expected == Code::Verified);
    }
}

#[test]
fn consent_by_a_weak_digest_is_none_whatever_self_signatures_may_use() {
    let subkey = subkey();
    let image = raw_signature(&signature(&subkey), DIGEST, REFERENCE);
    for sha1_self_signatures in [Legacy::Accept, Legacy::Reject] {
        for (digest, allowed) in [(SHA256, true), (HashAlgorithm::SHA1, false)] {
            let keyring = Keyring::from_bytes("key", &certificate("one", &subkey, digest)).unwrap();
            let rules = Rules { sha1_self_signatures, ..Rules::default() };
            let verdict =
                Verifier::with_rules(keyring, rules, Requirement::default()).verify(&image, AT.parse().unwrap());
            assert_eq!(verdict.is_allowed(), allowed, "{digest} {sha1_self_signatures:?}");
        }
    }
}

#[test]
fn a_key_is_no_older_than_its_certificate_whatever_it_says() {
    let before = |minutes: u64| then().checked_sub(Duration::from_secs(minutes * 60)).unwrap();
    let subkey = subkey_of(before(60));
    let keyring = Keyring::from_bytes("key", &certificate("one", &subkey, SHA256)).unwrap();
    let verifier = Verifier::with_rules(keyring, Rules::default(), Requirement::default());
    for (signed, expected) in [(then(), Code::Verified), (before(30), Code::KeyNotYetValid)] {
        let image = raw_signature(&signature_of(&subkey, signed), DIGEST, REFERENCE);
        let verdict = verifier.verify(&image, AT.parse().unwrap());
        assert_eq!(verdict.evidence()[0].code(), expected, "{}", verdict.evidence()[0].message());
    }
}
