//! Sigstore signatures by public keys: what a demand of them accepts, and what it never does.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vidimus::image::{Rewrite, SignatureSubject, Text};
use vidimus::policy::NonEmpty;
use vidimus::report::{Entry, Head, JsonReport, Report as _, Summary};
use vidimus::signature::{
    IdentityRule, SIGSTORE_KEYS_PER_RULE, SignatureKind, SigstoreAttachment, SigstoreKey, SigstoreKeys, SigstoreTerms,
    Terms, Unverified,
};
use vidimus::{Code, Demand, Effect, Image, Keyring, Reference, Requirement, Rules, Verdict, Verifier};

use crate::peers::peers;
use crate::support::{AT, raw_signature, sigstore_key, sigstore_signed};

const TAGGED: &str = "registry.example.com/shop/frontend:1.0.0";

const OPENPGP: &str = "good.ed25519.sig";
const SIGSTORE: &str = "sigstore.good.p256.sig";
const KEY: &str = "cosign-p256.pub";

fn content(file: &str) -> Vec<u8> {
    fs::read(format!("testdata/signatures/{file}")).unwrap()
}

/// The digest that everything in the test data is about.
fn digest() -> String {
    static DIGEST: OnceLock<String> = OnceLock::new();
    let read = || {
        let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
        table["digest"].as_str().unwrap().to_owned()
    };
    DIGEST.get_or_init(read).clone()
}

fn image(contents: &[Vec<u8>]) -> Image<'static> {
    let mut image = raw_signature(b"", &digest(), TAGGED);
    image.signatures = contents.iter().map(|content| raw_signature(content, "", "").signatures.remove(0)).collect();
    image
}

fn files(files: &[&str]) -> Image<'static> {
    image(&files.iter().map(|file| content(file)).collect::<Vec<_>>())
}

#[track_caller]
fn verify(image: &Image<'_>, requirement: Requirement) -> Verdict {
    let keyring = fs::read("testdata/keys/ed25519.asc").unwrap();
    let keyring = Keyring::from_bytes("ed25519.asc", &keyring).unwrap();
    Verifier::with_rules(keyring, Rules::default(), requirement).verify(image, AT.parse().unwrap())
}

fn demand(demand: Demand) -> Requirement {
    Requirement::new("$", demand)
}

fn signed_by() -> Requirement {
    demand(Demand::SignedBy(Terms::default()))
}

fn at_least(count: usize, of: Vec<Requirement>) -> Requirement {
    let of = NonEmpty::new(of).unwrap();
    demand(Demand::AtLeast { count: NonZeroUsize::new(count).unwrap(), of })
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.evidence().iter().map(|evidence| evidence.code().as_str()).collect()
}

#[test]
fn each_kind_meets_its_own_demand_only() {
    let both = || NonEmpty::new(vec![signed_by(), sigstore_signed(&[KEY])]).unwrap();
    let bad = "sigstore.tampered.payload.sig";
    for (signatures, openpgp, sigstore, headlines) in [
        (&[][..], false, false, ["no-signature", "no-signature"]),
        (&[OPENPGP], true, false, ["verified", "not-sigstore"]),
        (&[SIGSTORE], false, true, ["sigstore-signature", "verified"]),
        (&[SIGSTORE, OPENPGP], true, true, ["verified", "verified"]),
        (&[bad, OPENPGP], true, false, ["verified", "bad-signature"]),
        (&["tampered.reference.sig", SIGSTORE], false, true, ["bad-signature", "verified"]),
        (&["attacker.sig", bad], false, false, ["unknown-key", "bad-signature"]),
        (&["frame.other-format.sig"], false, false, ["unsupported-format", "unsupported-format"]),
    ] {
        let image = files(signatures);
        for (requirement, met) in [
            (signed_by(), openpgp),
            (sigstore_signed(&[KEY]), sigstore),
            (demand(Demand::All(both())), openpgp && sigstore),
            (demand(Demand::Any(both())), openpgp || sigstore),
            (at_least(1, both().into_vec()), openpgp || sigstore),
            (at_least(2, both().into_vec()), openpgp && sigstore),
        ] {
            let name = requirement.name();
            assert_eq!(verify(&image, requirement).is_allowed(), met, "{signatures:?} {name}");
        }
        let found = [signed_by(), sigstore_signed(&[KEY])]
            .map(|requirement| verify(&image, requirement).decision().code().as_str());
        assert_eq!(found, headlines, "{signatures:?}");
    }
}

#[test]
fn a_mixed_policy_tells_each_signature_by_its_own_demand() {
    let both = NonEmpty::new(vec![signed_by(), sigstore_signed(&["cosign-other.pub"])]).unwrap();
    let verdict = verify(&files(&[SIGSTORE, "attacker.sig"]), demand(Demand::All(both)));
    assert_eq!(codes(&verdict), ["bad-signature", "unknown-key"]);
    let explanation = verdict.explanation().unwrap();
    let per_demand: Vec<Vec<_>> =
        explanation.parts.iter().map(|part| part.signatures.iter().map(|one| one.code.as_str()).collect()).collect();
    assert_eq!(per_demand, [["sigstore-signature", "unknown-key"], ["bad-signature", "not-sigstore"]]);
    let other = sigstore_key("cosign-other.pub");
    assert!(explanation.remedies().iter().any(|remedy| remedy.contains(&other.fingerprint().to_string())));
}

#[test]
fn of_several_sigstore_keys_those_that_are_missing_are_named() {
    let other = "cosign-other.pub";
    let verdict = verify(&files(&[SIGSTORE]), at_least(2, vec![sigstore_signed(&[KEY]), sigstore_signed(&[other])]));
    let explanation = verdict.explanation().unwrap();
    let missing = format!("one more signature, by another signer of {}", sigstore_key(other).fingerprint());
    assert_eq!(explanation.would_satisfy, [missing]);
}

#[test]
fn no_openpgp_key_needs_to_be_trusted() {
    let verify = |files: &Image<'_>, requirement| {
        Verifier::with_rules(Keyring::empty(), Rules::default(), requirement).verify(files, AT.parse().unwrap())
    };
    let image = files(&[OPENPGP, SIGSTORE]);
    let verdict = verify(&image, sigstore_signed(&[KEY]));
    assert_eq!((verdict.is_allowed(), codes(&verdict)), (true, vec!["not-sigstore", "verified"]));
    let verdict = verify(&image, signed_by());
    assert_eq!((verdict.is_allowed(), codes(&verdict)), (false, vec!["unknown-key", "sigstore-signature"]));
    let verdict = verify(&image, demand(Demand::AcceptAnything));
    assert_eq!(codes(&verdict), ["unknown-key", "sigstore-signature"]);
}

#[test]
fn keys_are_signers_each_once() {
    let p256 = || sigstore_signed(&[KEY]);
    let p384 = || sigstore_signed(&["cosign-p384.pub"]);
    let either = || sigstore_signed(&[KEY, "cosign-p384.pub"]);
    let (one, other) = (SIGSTORE, "sigstore.good.p384.sig");
    for (signatures, requirement, met) in [
        (&[one, one][..], at_least(2, vec![either()]), false),
        (&[one, one], at_least(2, vec![p256(), either()]), false),
        (&[one, other], at_least(2, vec![either()]), true),
        (&[one, other], at_least(2, vec![p256()]), false),
        (&[one, other], at_least(2, vec![p384(), p256()]), true),
        (&[one, OPENPGP], at_least(2, vec![signed_by(), p256()]), true),
        (&[one, other, OPENPGP], at_least(3, vec![signed_by(), either()]), true),
        (&[other], either(), true),
    ] {
        assert_eq!(verify(&files(signatures), requirement).is_allowed(), met, "{signatures:?}");
    }
    let verdict = verify(&files(&[one, one]), at_least(2, vec![either()]));
    assert_eq!(verdict.decision().code(), Code::TooFewSigners);
    // A key of the policy that another demand asks for.
    let all = NonEmpty::new(vec![p256(), p384()]).unwrap();
    let verdict = verify(&files(&[one]), demand(Demand::All(all)));
    assert_eq!(verdict.decision().code(), Code::SignerNotAccepted);
}

#[test]
fn the_identity_is_that_of_the_demand() {
    let without_tag = files(&["sigstore.claims.reference-without-tag.sig"]);
    let backend =
        IdentityRule::ExactRepository(Reference::parse_normalized("registry.example.com/shop/backend").unwrap());
    for (image, identity, met) in [
        (&without_tag, None, false),
        (&without_tag, Some(IdentityRule::MatchRepository), true),
        (&without_tag, Some(backend.clone()), false),
        (&files(&["sigstore.claims.other-repository.sig"]), Some(backend), true),
        (&files(&[SIGSTORE]), Some(IdentityRule::MatchExact), true),
    ] {
        let terms = SigstoreTerms { keys: sigstore_key(KEY).into(), identity: identity.clone() };
        assert_eq!(verify(image, demand(Demand::SigstoreSigned(terms))).is_allowed(), met, "{identity:?}");
    }
}

/// Keys that nobody has: points on the curve of Ed25519.
fn strangers(count: usize) -> Vec<SigstoreKey> {
    let keys = (0_u32..).filter_map(|number| {
        let mut encoded = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        encoded.extend([&number.to_be_bytes()[..], &[0; 28]].concat());
        let text = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(encoded));
        SigstoreKey::from_pem(text.as_bytes()).ok()
    });
    keys.take(count).collect()
}

#[test]
fn no_more_keys_are_tried_than_the_limit() {
    let requirement = |keys: Vec<SigstoreKey>| {
        let keys = SigstoreKeys::new(keys).unwrap();
        demand(Demand::SigstoreSigned(SigstoreTerms { keys, identity: None }))
    };
    let within = requirement([strangers(SIGSTORE_KEYS_PER_RULE - 1), vec![sigstore_key(KEY)]].concat());
    assert_eq!(within.sigstore_key_count(), SIGSTORE_KEYS_PER_RULE);
    assert!(verify(&files(&[SIGSTORE]), within).is_allowed());
    assert_eq!(codes(&verify(&files(&[SIGSTORE]), requirement(strangers(SIGSTORE_KEYS_PER_RULE)))), ["bad-signature"]);

    let beyond = requirement(strangers(SIGSTORE_KEYS_PER_RULE + 1));
    assert_eq!(beyond.sigstore_key_count(), SIGSTORE_KEYS_PER_RULE + 1);
    let verdict = verify(&files(&[SIGSTORE]), beyond);
    assert_eq!((verdict.decision().effect(), codes(&verdict)), (Effect::Deny, vec!["too-many-keys"]));

    // However many demands name a key, it is one.
    let twice = NonEmpty::new(vec![sigstore_signed(&[KEY]), sigstore_signed(&[KEY])]).unwrap();
    assert_eq!(demand(Demand::Any(twice)).sigstore_key_count(), 1);
    assert_eq!(signed_by().sigstore_key_count(), 0);
}

#[test]
fn no_flipped_bit_vouches_for_anything_else() {
    for (file, key) in [(SIGSTORE, KEY), ("sigstore.good.ed25519.sig", "cosign-ed25519.pub")] {
        let requirement = sigstore_signed(&[key]);
        let verifier = Verifier::with_rules(Keyring::empty(), Rules::default(), requirement);
        let good = content(file);
        let at = AT.parse().unwrap();
        let original =
            verifier.verify(&image(std::slice::from_ref(&good)), at).evidence()[0].claims().cloned().unwrap();
        let mut denied = 0;
        for place in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.clone();
                changed[place] ^= 1 << bit;
                let verdict = verifier.verify(&image(&[changed]), at);
                let evidence = &verdict.evidence()[0];
                assert_eq!(verdict.is_allowed(), evidence.is_verified());
                assert!(!verdict.is_allowed() || evidence.claims() == Some(&original), "{file} {place} {bit}");
                denied += usize::from(!verdict.is_allowed());
            }
        }
        assert!(denied > good.len() * 7, "{denied} of {}", good.len() * 8);
    }
}

#[test]
fn what_the_record_says_must_agree() {
    let fingerprint = sigstore_key(KEY).fingerprint().to_string();
    let other = sigstore_key("cosign-other.pub").fingerprint().to_string();
    let named = |id: &str| Some(SignatureSubject { public_key_id: Text::from(id.to_owned()), ..Default::default() });
    for (change, code) in [
        ((named(&fingerprint), "", ""), Code::Verified),
        ((named(&format!("0x{}", fingerprint.to_lowercase())), "", ""), Code::Verified),
        ((named(fingerprint.split_at(16).0), "", ""), Code::Verified),
        ((named(&other), "", ""), Code::RecordMismatch),
        ((named(fingerprint.split_at(48).1), "", ""), Code::RecordMismatch),
        ((None, TAGGED, ""), Code::Verified),
        ((None, "registry.example.com/shop/backend:1.0.0", ""), Code::RecordMismatch),
        ((None, "", "2024-03-01T12:00:00Z"), Code::RecordMismatch),
        ((None, "", "yesterday"), Code::RecordMismatch),
    ] {
        let mut image = files(&[SIGSTORE]);
        let (issued_to, identity, created) = change.clone();
        let record = &mut image.signatures[0];
        record.issued_to = issued_to;
        record.image_identity = Text::from(identity.to_owned());
        record.created = Text::from(created.to_owned());
        assert_eq!(verify(&image, sigstore_signed(&[KEY])).evidence()[0].code(), code, "{change:?}");
    }
}

#[test]
fn what_is_written_into_the_object_verifies_again() {
    let signature = json!({
        "metadata": { "name": "s" }, "type": "atomic", "content": STANDARD.encode(content(SIGSTORE)),
    });
    let object = json!({
        "kind": "Image", "apiVersion": "image.openshift.io/v1", "metadata": { "name": digest() },
        "dockerImageReference": TAGGED, "signatures": [signature],
    })
    .to_string();
    let verdict = verify(&serde_json::from_str(&object).unwrap(), sigstore_signed(&[KEY]));
    let mut rewrite = Rewrite::default();
    rewrite.signature(0, verdict.updates().remove(0));
    let written = rewrite.apply(&object).unwrap();
    let value: Value = serde_json::from_str(&written).unwrap();
    let record = &value["signatures"][0];
    let fingerprint = sigstore_key(KEY).fingerprint().to_string().to_lowercase();
    assert_eq!(record["issuedTo"]["publicKeyID"], format!("0x{fingerprint}"));
    assert_eq!(record["signedClaims"]["critical.type"], "cosign container image signature");
    assert_eq!((&record["imageIdentity"], record.get("created")), (&json!(TAGGED), None));
    assert!(verify(&serde_json::from_str(&written).unwrap(), sigstore_signed(&[KEY])).is_allowed());
}

#[test]
fn reports_tell_of_the_key() {
    let verdict = verify(&files(&[SIGSTORE, OPENPGP]), sigstore_signed(&[KEY]));
    let head = Head::new(AT.parse().unwrap());
    let mut summary = Summary::default();
    summary.count(&verdict);
    let entry = Entry { item: 0, place: "x", carrier: None, verdict: &verdict };
    let text = [JsonReport.begin(&head), JsonReport.image(&entry), JsonReport.end(&head, &summary)].concat();
    let document: Value = serde_json::from_str(&text).unwrap();
    let schema: Value = serde_json::from_str(&fs::read_to_string("docs/report.schema.json").unwrap()).unwrap();
    let errors: Vec<_> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let signer = &document["images"][0]["signatures"][0]["signer"];
    let key = sigstore_key(KEY);
    assert_eq!(signer["fingerprint"], key.fingerprint().to_string());
    assert_eq!((&signer["kind"], &signer["algorithm"]), (&json!("sigstore"), &json!("ECDSA-P256")));
    assert_eq!((&signer["keyId"], &signer["signedAt"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_layer_is_stored_as_the_peers_store_it() {
    let unverified = Unverified::read(&content(SIGSTORE)).unwrap();
    assert_eq!(unverified.kind(), SignatureKind::Sigstore);
    let json: Value = serde_json::from_slice(&content(SIGSTORE)["\0sigstore-json\n".len()..]).unwrap();
    let annotations = json["annotations"].as_object().unwrap().iter();
    let annotations = annotations.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let layer = SigstoreAttachment::simple_signing(unverified.payload(), annotations);
    assert!(verify(&image(&[layer.to_content()]), sigstore_signed(&[KEY])).is_allowed());
    let other = SigstoreAttachment::new("text/plain", "", [("a", "b")]);
    let verdict = verify(&image(&[other.to_content()]), sigstore_signed(&[KEY]));
    assert_eq!(codes(&verdict), ["unsupported-claims-type"]);
}

#[test]
fn what_openssl_signs_is_verified() {
    if !peers() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let payload = json!({
        "critical": {
            "type": "cosign container image signature",
            "image": { "docker-manifest-digest": digest() },
            "identity": { "docker-reference": TAGGED },
        },
        "optional": null,
    })
    .to_string();
    let [secret, public, signed, signature] = ["secret", "public", "payload", "signature"].map(path);
    fs::write(&signed, &payload).unwrap();
    let mut fingerprints = BTreeSet::new();
    for (algorithm, option) in [
        ("EC", Some("ec_paramgen_curve:P-256")),
        ("EC", Some("ec_paramgen_curve:P-384")),
        ("EC", Some("ec_paramgen_curve:P-521")),
        ("RSA", Some("rsa_keygen_bits:3072")),
        ("ED25519", None),
    ] {
        let option = option.map_or(vec![], |option| vec!["-pkeyopt", option]);
        openssl(&[&["genpkey", "-algorithm", algorithm, "-out", &secret], &option[..]].concat());
        openssl(&["pkey", "-in", &secret, "-pubout", "-out", &public]);
        let digest = if algorithm == "ED25519" { vec![] } else { vec!["-digest", "sha256"] };
        let sign = ["pkeyutl", "-sign", "-rawin", "-inkey", &secret, "-in", &signed, "-out", &signature];
        openssl(&[&sign[..], &digest[..]].concat());
        let key = SigstoreKey::from_pem(&fs::read(&public).unwrap()).unwrap();
        assert!(fingerprints.insert(key.fingerprint().to_string()));
        let annotation = STANDARD.encode(fs::read(&signature).unwrap());
        let attachment = |payload: &str| {
            let annotations = [("dev.cosignproject.cosign/signature", annotation.as_str())];
            SigstoreAttachment::simple_signing(payload, annotations).to_content()
        };
        let requirement = || demand(Demand::SigstoreSigned(SigstoreTerms { keys: key.clone().into(), identity: None }));
        let verdict =
            verify(&image(&[attachment(&payload), attachment(&payload.replace("1.0.0", "2.0.0"))]), requirement());
        assert_eq!(codes(&verdict), ["verified", "bad-signature"], "{algorithm} {option:?}");
        let private = SigstoreKey::from_pem(&fs::read(&secret).unwrap()).unwrap_err().to_string();
        assert!(private.contains("a private key"), "{private}");
    }
}
