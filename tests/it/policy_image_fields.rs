//! Each field of `ImagePolicy` and `ClusterImagePolicy` has an effect, or is documented as not looked at.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vidimus::policy::document::{FindingCode, Grammar, PolicyFile, convert};
use vidimus::policy::{Context, Namespace};
use vidimus::signature::Rules;
use vidimus::{Effect, Verifier};

use crate::policy_image_documents::{KEY, OTHER_KEY, certificates, changed, fulcio, pki, policy, with_identity};
use crate::support::{AT, load_policy, places, raw_signature};

/// What the API server keeps in an object about it, and nobody reads.
const NOT_LOOKED_AT: [&str; 1] = ["$.status"];

/// The part of an object whose other members are not looked at, so that the reader cannot tell what it knows of it.
const METADATA: [&str; 2] = ["$.metadata.name", "$.metadata.namespace"];

/// Documents that have every member.
fn documents() -> Vec<Value> {
    let exact = json!({ "matchPolicy": "ExactRepository", "exactRepository": { "repository": "quay.io/b" } });
    let remap = json!({ "prefix": "quay.io", "signedPrefix": "registry.example.com" });
    let remap = json!({ "matchPolicy": "RemapIdentity", "remapIdentity": remap });
    vec![with_rekor(), fulcio(), pki(), with_identity(exact), with_identity(remap), namespaced()]
}

fn namespaced() -> Value {
    policy(Some("team"), "a", &["quay.io/a"])
}

fn with_rekor() -> Value {
    let policy = policy(None, "a", &["quay.io/a"]);
    changed(policy, "/spec/policy/rootOfTrust/publicKey/rekorKeyData", Some(KEY.into()))
}

/// A field, a document that has it, where, and another value of it.
fn cases() -> Vec<(&'static str, Value, &'static str, Value)> {
    let [rekor, fulcio, pki, exact, remap, namespaced] = documents().try_into().unwrap();
    let subject = json!({ "oidcIssuer": "https://other.example.com", "signedEmail": "signer@example.com" });
    let other_fulcio = json!({ "fulcioCAData": certificates(1), "rekorKeyData": OTHER_KEY, "fulcioSubject": subject });
    let other_pki =
        json!({ "caRootsData": certificates(3), "pkiCertificateSubject": { "email": "other@example.com" } });
    let other_root = json!({ "policyType": "PublicKey", "publicKey": { "keyData": OTHER_KEY } });
    let other_remap = json!({ "prefix": "quay.io/a", "signedPrefix": "registry.example.com" });
    vec![
        ("$.apiVersion", rekor.clone(), "/apiVersion", "policy.sigstore.dev/v1beta1".into()),
        ("$.kind", rekor.clone(), "/kind", "ImagePolicy".into()),
        ("$.metadata", rekor.clone(), "/metadata", json!({ "name": "openshift" })),
        ("$.metadata.name", rekor.clone(), "/metadata/name", "openshift".into()),
        ("$.metadata.namespace", namespaced, "/metadata/namespace", "other".into()),
        ("$.spec", fulcio.clone(), "/spec", pki["spec"].clone()),
        ("$.spec.scopes", rekor.clone(), "/spec/scopes", json!(["quay.io/b"])),
        ("$.spec.policy", fulcio.clone(), "/spec/policy", pki["spec"]["policy"].clone()),
        ("$.spec.policy.rootOfTrust", rekor.clone(), "/spec/policy/rootOfTrust", other_root),
        ("$.spec.policy.rootOfTrust.policyType", rekor.clone(), "/spec/policy/rootOfTrust/policyType", "PKI".into()),
        (
            "$.spec.policy.rootOfTrust.publicKey",
            rekor.clone(),
            "/spec/policy/rootOfTrust/publicKey",
            json!({ "keyData": OTHER_KEY }),
        ),
        (
            "$.spec.policy.rootOfTrust.publicKey.keyData",
            rekor.clone(),
            "/spec/policy/rootOfTrust/publicKey/keyData",
            OTHER_KEY.into(),
        ),
        (
            "$.spec.policy.rootOfTrust.publicKey.rekorKeyData",
            rekor.clone(),
            "/spec/policy/rootOfTrust/publicKey/rekorKeyData",
            OTHER_KEY.into(),
        ),
        (
            "$.spec.policy.rootOfTrust.fulcioCAWithRekor",
            fulcio.clone(),
            "/spec/policy/rootOfTrust/fulcioCAWithRekor",
            other_fulcio,
        ),
        (
            "$.spec.policy.rootOfTrust.fulcioCAWithRekor.fulcioCAData",
            fulcio.clone(),
            "/spec/policy/rootOfTrust/fulcioCAWithRekor/fulcioCAData",
            certificates(2).into(),
        ),
        (
            "$.spec.policy.rootOfTrust.fulcioCAWithRekor.rekorKeyData",
            fulcio.clone(),
            "/spec/policy/rootOfTrust/fulcioCAWithRekor/rekorKeyData",
            OTHER_KEY.into(),
        ),
        (
            "$.spec.policy.rootOfTrust.fulcioCAWithRekor.fulcioSubject",
            fulcio.clone(),
            "/spec/policy/rootOfTrust/fulcioCAWithRekor/fulcioSubject",
            json!({ "oidcIssuer": "https://issuer.example.com", "signedEmail": "other@example.com" }),
        ),
        (
            "$.spec.policy.rootOfTrust.fulcioCAWithRekor.fulcioSubject.oidcIssuer",
            fulcio.clone(),
            "/spec/policy/rootOfTrust/fulcioCAWithRekor/fulcioSubject/oidcIssuer",
            "https://other.example.com".into(),
        ),
        (
            "$.spec.policy.rootOfTrust.fulcioCAWithRekor.fulcioSubject.signedEmail",
            fulcio,
            "/spec/policy/rootOfTrust/fulcioCAWithRekor/fulcioSubject/signedEmail",
            "other@example.com".into(),
        ),
        ("$.spec.policy.rootOfTrust.pki", pki.clone(), "/spec/policy/rootOfTrust/pki", other_pki),
        (
            "$.spec.policy.rootOfTrust.pki.caRootsData",
            pki.clone(),
            "/spec/policy/rootOfTrust/pki/caRootsData",
            certificates(3).into(),
        ),
        (
            "$.spec.policy.rootOfTrust.pki.caIntermediatesData",
            pki.clone(),
            "/spec/policy/rootOfTrust/pki/caIntermediatesData",
            certificates(3).into(),
        ),
        (
            "$.spec.policy.rootOfTrust.pki.pkiCertificateSubject",
            pki.clone(),
            "/spec/policy/rootOfTrust/pki/pkiCertificateSubject",
            json!({ "hostname": "*.example.com" }),
        ),
        (
            "$.spec.policy.rootOfTrust.pki.pkiCertificateSubject.email",
            pki.clone(),
            "/spec/policy/rootOfTrust/pki/pkiCertificateSubject/email",
            "other@example.com".into(),
        ),
        (
            "$.spec.policy.rootOfTrust.pki.pkiCertificateSubject.hostname",
            pki,
            "/spec/policy/rootOfTrust/pki/pkiCertificateSubject/hostname",
            "other.example.com".into(),
        ),
        (
            "$.spec.policy.signedIdentity",
            rekor,
            "/spec/policy/signedIdentity",
            json!({ "matchPolicy": "MatchRepository" }),
        ),
        (
            "$.spec.policy.signedIdentity.matchPolicy",
            with_identity(json!({ "matchPolicy": "MatchRepository" })),
            "/spec/policy/signedIdentity/matchPolicy",
            "MatchRepoDigestOrExact".into(),
        ),
        (
            "$.spec.policy.signedIdentity.exactRepository",
            exact.clone(),
            "/spec/policy/signedIdentity/exactRepository",
            json!({ "repository": "quay.io/c" }),
        ),
        (
            "$.spec.policy.signedIdentity.exactRepository.repository",
            exact,
            "/spec/policy/signedIdentity/exactRepository/repository",
            "quay.io/c".into(),
        ),
        (
            "$.spec.policy.signedIdentity.remapIdentity",
            remap.clone(),
            "/spec/policy/signedIdentity/remapIdentity",
            other_remap,
        ),
        (
            "$.spec.policy.signedIdentity.remapIdentity.prefix",
            remap.clone(),
            "/spec/policy/signedIdentity/remapIdentity/prefix",
            "quay.io/a".into(),
        ),
        (
            "$.spec.policy.signedIdentity.remapIdentity.signedPrefix",
            remap,
            "/spec/policy/signedIdentity/remapIdentity/signedPrefix",
            "mirror.example.com".into(),
        ),
    ]
}

/// What becomes of a policy: what is said of it, what it is to the nodes, and what it decides in a namespace.
fn outcome(document: &Value) -> (Vec<(FindingCode, String)>, String, Option<Effect>) {
    let text = document.to_string();
    let file = PolicyFile { name: "policy", bytes: text.as_bytes() };
    let converted =
        convert(
            &[file],
            Grammar::ContainersPolicy,
            AT.parse().unwrap(),
            &mut |_| Err("no key is read here".to_owned()),
        );
    let converted = converted.unwrap_or_else(|error| format!("{:?}", places(error.findings())));
    match load_policy(&[("policy", &text)]) {
        Err(error) => (places(error.findings()), converted, None),
        Ok(policy) => {
            let lints = places(policy.lints());
            let namespace = Some(Namespace { name: "team".to_owned(), labels: None });
            let context = Context { namespace, ..Context::default() };
            let digest = format!("sha256:{}", "0".repeat(64));
            let image = raw_signature(b"", &digest, "quay.io/a:1");
            let verifier = Verifier::with_policy(policy, Rules::default());
            let verdict = verifier.verify_in(&image, &context, AT.parse().unwrap());
            (lints, converted, Some(verdict.decision().effect()))
        }
    }
}

#[test]
fn each_field_has_an_effect() {
    for (field, document, pointer, value) in cases() {
        let other = changed(document.clone(), pointer, Some(value));
        let (before, after) = (outcome(&document), outcome(&other));
        assert_ne!(before, after, "{field}");
        assert!(before.2.is_some(), "{field}: {before:?}");
        let may_be_wrong = ["$.apiVersion", "$.kind", "$.spec.policy.rootOfTrust.policyType"].contains(&field);
        assert_eq!(after.2.is_none(), may_be_wrong, "{field}: {after:?}");
    }
}

#[test]
fn each_field_that_the_reader_knows_has_a_case() {
    let known: BTreeSet<String> = documents().iter().flat_map(known).chain(METADATA.map(str::to_owned)).collect();
    let cases = cases();
    let expected = cases.iter().map(|(field, ..)| (*field).to_owned()).chain(NOT_LOOKED_AT.map(str::to_owned));
    assert_eq!(known, expected.collect());
}

#[test]
fn names_are_as_long_as_kubernetes_takes_them() {
    for (length, is_taken) in [(63, true), (64, false)] {
        let policy = policy(Some(&"n".repeat(length)), "a", &["quay.io/a"]);
        let wrong = load_policy(&[("policy", &policy.to_string())]).err();
        assert_eq!(wrong.is_none(), is_taken, "{length}: {wrong:?}");
    }
    for (length, is_taken) in [(253, true), (254, false)] {
        let policy = policy(None, &"n".repeat(length), &["quay.io/a"]);
        assert_eq!(load_policy(&[("policy", &policy.to_string())]).is_ok(), is_taken, "{length}");
    }
}

#[test]
fn a_scope_has_every_tag_that_images_have_and_an_identity_none() {
    for tag in ["1", "v1.0-rc_1", "_", "a.b", "a-b"] {
        assert!(
            load_policy(&[("policy", &policy(None, "a", &[&format!("quay.io/a:{tag}")]).to_string())]).is_ok(),
            "{tag}"
        );
    }
    for tag in [".a", "-a", "a+b"] {
        assert!(
            load_policy(&[("policy", &policy(None, "a", &[&format!("quay.io/a:{tag}")]).to_string())]).is_err(),
            "{tag}"
        );
    }
    let digest = format!("@sha256:{}", "a".repeat(64));
    for wrong in ["quay.io/b:1", &format!("quay.io/b{digest}"), &format!("quay.io/b:1{digest}")] {
        let identity = json!({ "matchPolicy": "ExactRepository", "exactRepository": { "repository": wrong } });
        let policy = with_identity(identity);
        assert!(load_policy(&[("policy", &policy.to_string())]).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_not_looked_at_changes_nothing() {
    for value in [json!({}), json!(null), json!({ "conditions": [{ "type": "Applied" }] })] {
        assert_eq!(outcome(&changed(namespaced(), "/status", Some(value))), outcome(&namespaced()));
    }
}

/// The paths of the members that the reader knows, from what it says of one that it does not know in each object.
fn known(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut pointers = vec![String::new()];
    while let Some(pointer) = pointers.pop() {
        let Some(Value::Object(members)) = document.pointer(&pointer) else { continue };
        pointers.extend(members.keys().map(|name| format!("{pointer}/{name}")));
        if pointer == "/metadata" {
            continue;
        }
        let with_unknown = changed(document.clone(), &format!("{pointer}/qqqqqqqq"), Some(json!(1)));
        let error = load_policy(&[("policy", &with_unknown.to_string())]).unwrap_err();
        let unknown = error.findings().iter().find(|finding| finding.code() == FindingCode::UnknownMember).unwrap();
        let (_, names) = unknown.message().split_once("(known: ").unwrap();
        let place = format!("${}", pointer.replace('/', "."));
        found.extend(names.trim_end_matches(')').split(", ").map(|name| format!("{place}.{}", name.trim_matches('`'))));
    }
    found
}
