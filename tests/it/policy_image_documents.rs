//! `ImagePolicy` and `ClusterImagePolicy`: which documents are accepted, and what is said of the others.

use base64::Engine as _;
use serde_json::{Value, json};
use vidimus::policy::document::FindingCode;
use vidimus::policy::document::FindingCode as Code;

use crate::support::{load_policy, places};

/// A public key of nobody, in the base64 of its PEM.
pub(crate) const KEY: &str = "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFUTg4eGszaXJ0eUZOaGtFR282dHVBY3dZUWtkaApKeFRDY3lTUit2d25ZNVpoc082aXNlRGhXOHpMOStMaGU2c20zaSs3OTNWR1luakQ0N0RoQm5jTExRPT0KLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0tCg==";

/// Another one.
pub(crate) const OTHER_KEY: &str = "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUNvd0JRWURLMlZ3QXlFQXVXU3k0L0t4a2pOZmRvZ1l0T29yT2NqRHNUcVJLWHZQNzdYdDgvckc1N1U9Ci0tLS0tRU5EIFBVQkxJQyBLRVktLS0tLQo=";

/// A policy of one public key.
pub(crate) fn policy(namespace: Option<&str>, name: &str, scopes: &[&str]) -> Value {
    let kind = if namespace.is_some() { "ImagePolicy" } else { "ClusterImagePolicy" };
    let mut policy = json!({
        "apiVersion": "config.openshift.io/v1",
        "kind": kind,
        "metadata": { "name": name },
        "spec": {
            "scopes": scopes,
            "policy": { "rootOfTrust": { "policyType": "PublicKey", "publicKey": { "keyData": KEY } } },
        },
    });
    if let Some(namespace) = namespace {
        policy["metadata"]["namespace"] = namespace.into();
    }
    policy
}

/// The same with another root of trust.
pub(crate) fn with_root(root: Value) -> Value {
    let mut policy = policy(None, "a", &["quay.io/a"]);
    policy["spec"]["policy"]["rootOfTrust"] = root;
    policy
}

pub(crate) fn fulcio() -> Value {
    with_root(json!({ "policyType": "FulcioCAWithRekor", "fulcioCAWithRekor": {
        "fulcioCAData": certificates(1),
        "rekorKeyData": KEY,
        "fulcioSubject": { "oidcIssuer": "https://issuer.example.com", "signedEmail": "signer@example.com" },
    } }))
}

pub(crate) fn pki() -> Value {
    with_root(json!({ "policyType": "PKI", "pki": {
        "caRootsData": certificates(1),
        "caIntermediatesData": certificates(2),
        "pkiCertificateSubject": { "email": "signer@example.com", "hostname": "*.example.com" },
    } }))
}

pub(crate) fn with_identity(identity: Value) -> Value {
    let mut policy = policy(None, "a", &["quay.io/a"]);
    policy["spec"]["policy"]["signedIdentity"] = identity;
    policy
}

/// What stands where certificates do.
pub(crate) fn certificates(count: usize) -> String {
    encode(&"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".repeat(count))
}

pub(crate) fn encode(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// The document with the value at a JSON pointer replaced, or taken out where there is none to replace it with.
pub(crate) fn changed(mut document: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap(), value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(name).unwrap()),
        (Value::Array(elements), Some(value)) => elements[name.parse::<usize>().unwrap()] = value,
        (parent, value) => panic!("{parent}: {value:?}"),
    }
    document
}

/// The findings about a policy, whether it is loaded or not.
#[track_caller]
pub(crate) fn findings(document: &Value) -> Vec<(FindingCode, String)> {
    match load_policy(&[("policy", &document.to_string())]) {
        Ok(policy) => places(policy.lints()),
        Err(error) => places(error.findings()),
    }
}

#[test]
fn valid_documents_are_loaded() {
    let accepts = (Code::AcceptsAnything, "$".to_owned());
    let unsupported = (Code::Unsupported, "$.spec.policy.rootOfTrust".to_owned());
    let namespaced = policy(Some("team"), "a", &["quay.io/a"]);
    let alpha = changed(policy(None, "a", &["quay.io/a"]), "/apiVersion", Some("config.openshift.io/v1alpha1".into()));
    let with_status = changed(namespaced.clone(), "/status", Some(json!({ "conditions": [{ "type": "Pending" }] })));
    let labelled = changed(namespaced.clone(), "/metadata/labels", Some(json!({ "a": "b" })));
    let rekor = changed(
        policy(None, "a", &["quay.io/a"]),
        "/spec/policy/rootOfTrust/publicKey/rekorKeyData",
        Some(OTHER_KEY.into()),
    );
    for document in [policy(None, "a", &["quay.io/a"]), namespaced, alpha, with_status, labelled] {
        assert_eq!(findings(&document), std::slice::from_ref(&accepts), "{document}");
    }
    for document in [fulcio(), pki(), rekor] {
        assert_eq!(findings(&document), [unsupported.clone(), accepts.clone()], "{document}");
    }
    for identity in [
        json!({ "matchPolicy": "MatchRepoDigestOrExact" }),
        json!({ "matchPolicy": "MatchRepository" }),
        json!({ "matchPolicy": "ExactRepository", "exactRepository": { "repository": "quay.io/b" } }),
        json!({ "matchPolicy": "RemapIdentity", "remapIdentity": { "prefix": "localhost:5000", "signedPrefix": "quay.io" } }),
    ] {
        assert_eq!(findings(&with_identity(identity.clone())), std::slice::from_ref(&accepts), "{identity}");
    }
}

#[test]
fn lists_of_policies_are_read_as_they_are_exported() {
    let items = json!([policy(Some("team"), "a", &["quay.io/a"]), policy(Some("team"), "b", &["quay.io/b"])]);
    for (kind, expected) in [
        ("List", vec![(Code::AcceptsAnything, "$.items[0]".to_owned())]),
        ("ImagePolicyList", vec![(Code::AcceptsAnything, "$.items[0]".to_owned())]),
        (
            "ClusterImagePolicyList",
            vec![
                (Code::InvalidValue, "$.items[0].kind".to_owned()),
                (Code::InvalidValue, "$.items[1].kind".to_owned()),
            ],
        ),
    ] {
        let list = json!({ "apiVersion": "v1", "kind": kind, "metadata": {}, "items": items });
        assert_eq!(findings(&list), expected, "{kind}");
    }
    let same_name = json!({ "kind": "List", "items": [
        policy(Some("team"), "a", &["quay.io/a"]),
        policy(Some("other"), "a", &["quay.io/a"]),
        policy(None, "a", &["quay.io/b"]),
        policy(Some("team"), "a", &["quay.io/c"]),
    ] });
    assert_eq!(findings(&same_name), [(Code::DuplicateName, "$.items[3]".to_owned())]);
}

#[test]
fn yaml_is_read_as_json_is() {
    let text = format!(
        "# the team's\napiVersion: config.openshift.io/v1\nkind: ClusterImagePolicy\nmetadata: {{name: a}}\nspec:\n  \
         scopes:\n  - quay.io/a\n  policy:\n    rootOfTrust:\n      policyType: PublicKey\n      publicKey:\n        \
         keyData: {KEY}\n"
    );
    assert!(load_policy(&[("policy", &text)]).is_ok());
    let error = load_policy(&[("policy", &text.replace("keyData", "keydata"))]).unwrap_err();
    let place = "$.spec.policy.rootOfTrust.publicKey";
    let expected = [(Code::MissingMember, place.to_owned()), (Code::UnknownMember, format!("{place}.keydata"))];
    assert_eq!(places(error.findings()), expected);
    assert!(error.findings()[1].message().contains("did you mean `keyData`?"));
    let folded = text.replace("keyData: ", "keyData: |\n          ");
    let error = load_policy(&[("policy", &folded)]).unwrap_err();
    assert_eq!(places(error.findings()), [(Code::InvalidValue, format!("{place}.keyData"))]);
}

#[test]
fn invalid_documents_are_refused_with_all_that_is_wrong() {
    let root = "$.spec.policy.rootOfTrust";
    let identity = "$.spec.policy.signedIdentity";
    let plain = || policy(None, "a", &["quay.io/a"]);
    let namespaced = || policy(Some("team"), "a", &["quay.io/a"]);
    let long = |length: usize| encode(&format!("-----BEGIN PUBLIC KEY-----\n{}", "A".repeat(length)));
    let exact = |repository: &str| {
        with_identity(json!({ "matchPolicy": "ExactRepository", "exactRepository": { "repository": repository } }))
    };
    let subject = |member: &str, value: &str| {
        changed(pki(), &format!("/spec/policy/rootOfTrust/pki/pkiCertificateSubject/{member}"), Some(value.into()))
    };
    let signer = |member: &str, value: &str| {
        let pointer = format!("/spec/policy/rootOfTrust/fulcioCAWithRekor/fulcioSubject/{member}");
        changed(fulcio(), &pointer, Some(value.into()))
    };
    let key = |value: &str| changed(plain(), "/spec/policy/rootOfTrust/publicKey/keyData", Some(value.into()));
    let many: Vec<_> = (0..257).map(|number| format!("quay.io/a{number}")).collect();
    let without = |document: Value, pointer: &str| changed(document, pointer, None);
    let with = |document: Value, pointer: &str, value: Value| changed(document, pointer, Some(value));
    let table: Vec<(Value, Vec<(Code, String)>)> = vec![
        (without(plain(), "/apiVersion"), vec![(Code::MissingMember, "$".into())]),
        (
            with(plain(), "/apiVersion", "policy.sigstore.dev/v1".into()),
            vec![(Code::InvalidValue, "$.apiVersion".into())],
        ),
        (with(plain(), "/kind", "ClusterImagePolicies".into()), vec![(Code::InvalidValue, "$.kind".into())]),
        (without(plain(), "/metadata"), vec![(Code::MissingMember, "$".into())]),
        (without(plain(), "/metadata/name"), vec![(Code::MissingMember, "$.metadata".into())]),
        (with(plain(), "/metadata/name", "".into()), vec![(Code::Empty, "$.metadata.name".into())]),
        (with(plain(), "/metadata/name", "A".into()), vec![(Code::InvalidValue, "$.metadata.name".into())]),
        (with(plain(), "/metadata/name", "a".repeat(254).into()), vec![(Code::InvalidValue, "$.metadata.name".into())]),
        (with(plain(), "/metadata/namespace", "team".into()), vec![(Code::Exclusive, "$.metadata.namespace".into())]),
        (without(namespaced(), "/metadata/namespace"), vec![(Code::MissingMember, "$.metadata".into())]),
        (
            with(namespaced(), "/metadata/namespace", "a.b".into()),
            vec![(Code::InvalidValue, "$.metadata.namespace".into())],
        ),
        (
            with(namespaced(), "/metadata/namespace", "a".repeat(64).into()),
            vec![(Code::InvalidValue, "$.metadata.namespace".into())],
        ),
        (without(plain(), "/spec"), vec![(Code::MissingMember, "$".into())]),
        (with(plain(), "/Spec", json!({})), vec![(Code::UnknownMember, "$.Spec".into())]),
        (with(plain(), "/spec", json!({})), vec![(Code::MissingMember, "$.spec".into()); 2]),
        (with(plain(), "/spec/scopes", json!([])), vec![(Code::Empty, "$.spec.scopes".into())]),
        (with(plain(), "/spec/scopes", json!("quay.io")), vec![(Code::WrongType, "$.spec.scopes".into())]),
        (with(plain(), "/spec/scopes", json!(many)), vec![(Code::Limit, "$.spec.scopes".into())]),
        (
            with(plain(), "/spec/scopes", json!(["quay.io", "busybox", "quay.io", 1, "quay.io/*", ""])),
            vec![
                (Code::InvalidValue, "$.spec.scopes[1]".into()),
                (Code::DuplicateName, "$.spec.scopes[2]".into()),
                (Code::WrongType, "$.spec.scopes[3]".into()),
                (Code::InvalidValue, "$.spec.scopes[4]".into()),
                (Code::InvalidValue, "$.spec.scopes[5]".into()),
            ],
        ),
        (with(plain(), "/spec/policy", json!(null)), vec![(Code::WrongType, "$.spec.policy".into())]),
        (without(plain(), "/spec/policy/rootOfTrust"), vec![(Code::MissingMember, "$.spec.policy".into())]),
        (without(plain(), "/spec/policy/rootOfTrust/policyType"), vec![(Code::MissingMember, root.into())]),
        (
            with(plain(), "/spec/policy/rootOfTrust/policyType", "publicKey".into()),
            vec![(Code::InvalidValue, format!("{root}.policyType"))],
        ),
        (without(plain(), "/spec/policy/rootOfTrust/publicKey"), vec![(Code::MissingMember, root.into())]),
        (
            with(plain(), "/spec/policy/rootOfTrust/policyType", "PKI".into()),
            vec![(Code::Exclusive, format!("{root}.publicKey")), (Code::MissingMember, root.into())],
        ),
        (
            with(fulcio(), "/spec/policy/rootOfTrust/pki", json!({})),
            vec![
                (Code::Exclusive, format!("{root}.pki")),
                (Code::MissingMember, format!("{root}.pki")),
                (Code::MissingMember, format!("{root}.pki")),
            ],
        ),
        (key(""), vec![(Code::Empty, format!("{root}.publicKey.keyData"))]),
        (key("$$"), vec![(Code::InvalidValue, format!("{root}.publicKey.keyData"))]),
        (key(&KEY.replace('S', "$")), vec![(Code::InvalidValue, format!("{root}.publicKey.keyData"))]),
        (key(&certificates(2)), vec![(Code::InvalidValue, format!("{root}.publicKey.keyData"))]),
        (
            key(&encode(&"-----BEGIN PUBLIC KEY-----".repeat(3))),
            vec![(Code::InvalidValue, format!("{root}.publicKey.keyData"))],
        ),
        (key(&long(7000)), vec![(Code::InvalidValue, format!("{root}.publicKey.keyData"))]),
        (key(&format!("{KEY}\n")), vec![(Code::InvalidValue, format!("{root}.publicKey.keyData"))]),
        (
            with(plain(), "/spec/policy/rootOfTrust/publicKey", json!({ "keyPath": "/a", "rekorKeyData": "" })),
            vec![
                (Code::MissingMember, format!("{root}.publicKey")),
                (Code::Empty, format!("{root}.publicKey.rekorKeyData")),
                (Code::UnknownMember, format!("{root}.publicKey.keyPath")),
            ],
        ),
        (
            with(fulcio(), "/spec/policy/rootOfTrust/fulcioCAWithRekor", json!({ "fulcioSubject": {} })),
            vec![
                (Code::MissingMember, format!("{root}.fulcioCAWithRekor")),
                (Code::MissingMember, format!("{root}.fulcioCAWithRekor")),
                (Code::MissingMember, format!("{root}.fulcioCAWithRekor.fulcioSubject")),
                (Code::MissingMember, format!("{root}.fulcioCAWithRekor.fulcioSubject")),
            ],
        ),
        (
            signer("oidcIssuer", "issuer"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.oidcIssuer"))],
        ),
        (
            signer("oidcIssuer", "https://a b/"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.oidcIssuer"))],
        ),
        (
            signer("oidcIssuer", "https://a:b/"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.oidcIssuer"))],
        ),
        (
            signer("oidcIssuer", &format!("https://{}", "a".repeat(2041))),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.oidcIssuer"))],
        ),
        (
            signer("signedEmail", "signer"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.signedEmail"))],
        ),
        (
            signer("signedEmail", "@signer"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.signedEmail"))],
        ),
        (
            signer("signedEmail", "signer@"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.signedEmail"))],
        ),
        (
            signer("signedEmail", "a b@c"),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.signedEmail"))],
        ),
        (
            signer("signedEmail", &format!("a@{}", "b".repeat(319))),
            vec![(Code::InvalidValue, format!("{root}.fulcioCAWithRekor.fulcioSubject.signedEmail"))],
        ),
        (subject("email", "signer"), vec![(Code::InvalidValue, format!("{root}.pki.pkiCertificateSubject.email"))]),
        (
            subject("hostname", "Example.com"),
            vec![(Code::InvalidValue, format!("{root}.pki.pkiCertificateSubject.hostname"))],
        ),
        (
            subject("hostname", "*.*.com"),
            vec![(Code::InvalidValue, format!("{root}.pki.pkiCertificateSubject.hostname"))],
        ),
        (
            subject("hostname", &"a".repeat(254)),
            vec![(Code::InvalidValue, format!("{root}.pki.pkiCertificateSubject.hostname"))],
        ),
        (
            with(pki(), "/spec/policy/rootOfTrust/pki/pkiCertificateSubject", json!({})),
            vec![(Code::MissingMember, format!("{root}.pki.pkiCertificateSubject"))],
        ),
        (
            with(pki(), "/spec/policy/rootOfTrust/pki/caRootsData", KEY.into()),
            vec![(Code::InvalidValue, format!("{root}.pki.caRootsData"))],
        ),
        (
            with(
                pki(),
                "/spec/policy/rootOfTrust/pki/caIntermediatesData",
                encode(&format!(
                    "-----BEGIN CERTIFICATE-----\n{}",
                    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
                ))
                .into(),
            ),
            vec![(Code::InvalidValue, format!("{root}.pki.caIntermediatesData"))],
        ),
        (with_identity(json!({})), vec![(Code::MissingMember, identity.into())]),
        (
            with_identity(json!({ "matchPolicy": "matchRepository" })),
            vec![(Code::InvalidValue, format!("{identity}.matchPolicy"))],
        ),
        (with_identity(json!({ "matchPolicy": "ExactRepository" })), vec![(Code::MissingMember, identity.into())]),
        (
            with_identity(json!({ "matchPolicy": "MatchRepository", "remapIdentity": { "prefix": "quay.io/a:b" } })),
            vec![
                (Code::Exclusive, format!("{identity}.remapIdentity")),
                (Code::InvalidValue, format!("{identity}.remapIdentity.prefix")),
                (Code::MissingMember, format!("{identity}.remapIdentity")),
            ],
        ),
        (exact("busybox"), vec![(Code::InvalidValue, format!("{identity}.exactRepository.repository"))]),
        (exact("quay.io/a:b"), vec![(Code::InvalidValue, format!("{identity}.exactRepository.repository"))]),
        (exact("quay.io:5000"), vec![(Code::InvalidValue, format!("{identity}.exactRepository.repository"))]),
        (exact("*.quay.io"), vec![(Code::InvalidValue, format!("{identity}.exactRepository.repository"))]),
        (
            exact(&format!("quay.io/{}", "a".repeat(505))),
            vec![(Code::InvalidValue, format!("{identity}.exactRepository.repository"))],
        ),
    ];
    for (document, expected) in table {
        let error = load_policy(&[("policy", &document.to_string())]).expect_err(&document.to_string());
        let mut found = places(error.findings());
        found.retain(|(code, _)| *code != Code::Unsupported);
        assert_eq!(found, expected, "{document}");
    }
}

#[test]
fn what_is_worth_a_second_look_is_told() {
    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let (with_digest, with_both) = (format!("quay.io/a@{digest}"), format!("quay.io/a:b@{digest}"));
    let scope = || "$.spec.scopes[0]".to_owned();
    for (scopes, expected) in [
        (&["quay.io/a:b"][..], vec![(Code::TagScope, scope())]),
        (&[&with_digest], vec![]),
        (&[&with_both], vec![(Code::NeverMatches, scope())]),
        (&["quay.io:latest"], vec![(Code::NeverMatches, scope())]),
        (&["docker.io/busybox:1"], vec![(Code::TagScope, scope()), (Code::NeverMatches, scope())]),
        (&["index.docker.io/library/busybox"], vec![(Code::NeverMatches, scope())]),
    ] {
        let mut found = findings(&policy(None, "a", scopes));
        assert_eq!(found.pop(), Some((Code::AcceptsAnything, "$".to_owned())));
        assert_eq!(found, expected, "{scopes:?}");
    }
    for (namespace, name, reserved) in [
        (None, "openshift", true),
        (None, "openshift-4", true),
        (None, "an-openshift", false),
        (Some("a"), "openshift", false),
    ] {
        let found = findings(&policy(namespace, name, &["quay.io"]));
        let expected = (Code::ReservedName, "$.metadata.name".to_owned());
        assert_eq!(found.contains(&expected), reserved, "{name}");
    }
}
