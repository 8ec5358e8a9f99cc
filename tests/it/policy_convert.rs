//! Policies in another grammar: what can be said is said, what cannot is refused with its place.

use std::collections::BTreeSet;

use base64::Engine as _;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use vidimus::policy::document::{ConvertError, FindingCode, Grammar, KeyFile, KeyLocation, PolicyFile, convert};
use vidimus::policy::{Context, Transport};
use vidimus::signature::Rules;
use vidimus::{Demand, Effect, Policy, Verifier};

use crate::policy_image_documents::{KEY, OTHER_KEY, certificates, changed, fulcio, pki, policy, with_identity};
use crate::support::{AT, load_policy, places, raw_signature};

fn write(documents: &[&Value], to: Grammar) -> Result<Value, ConvertError> {
    let texts: Vec<_> = documents.iter().map(|document| document.to_string()).collect();
    let files: Vec<_> = texts.iter().map(|text| PolicyFile { name: "policy", bytes: text.as_bytes() }).collect();
    let text = convert(&files, to, AT.parse().unwrap(), &mut read_key)?;
    assert!(text.ends_with("}\n"));
    Ok(serde_json::from_str(&text).unwrap())
}

fn read_key(location: KeyLocation<'_>) -> Result<Vec<KeyFile>, String> {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let bytes = match location {
        KeyLocation::File("/key.pub") => decode(KEY),
        KeyLocation::File("/spaced.pub") => [b"\n".to_vec(), decode(KEY), b"\n".to_vec()].concat(),
        KeyLocation::File("/ca.pem") => decode(&certificates(1)),
        KeyLocation::Directory(_) | KeyLocation::File(_) => return Err("there is no such file".to_owned()),
    };
    Ok(vec![KeyFile { name: "key".to_owned(), bytes }])
}

fn signed(scopes: &[&str], key: &str) -> Value {
    let policy = policy(None, "a", scopes);
    changed(policy, "/spec/policy/rootOfTrust/publicKey/keyData", Some(key.into()))
}

fn by_key(key: &str) -> Value {
    json!({ "type": "sigstoreSigned", "keyData": key, "signedIdentity": { "type": "matchRepoDigestOrExact" } })
}

fn nodes(docker: Value) -> Value {
    json!({ "default": [{ "type": "insecureAcceptAnything" }], "transports": { "docker": docker } })
}

#[test]
fn the_nodes_get_what_openshift_gives_them() {
    let scopes = ["quay.io/a/b/c", "quay.io/a/b/c/d", "quay.io/a:1", "*.example.com"];
    let one = by_key(KEY);
    assert_eq!(
        write(&[&signed(&scopes, KEY)], Grammar::ContainersPolicy).unwrap(),
        json!({
            "default": [{ "type": "insecureAcceptAnything" }],
            "transports": {
                // Neither has names of three components or more, or tags of names with one.
                "atomic": { "*.example.com": [one] },
                "docker": {
                    "*.example.com": [one], "quay.io/a/b/c": [one], "quay.io/a/b/c/d": [one], "quay.io/a:1": [one],
                },
            },
        }),
    );
    let base = json!({
        "default": [{ "type": "reject" }],
        "transports": {
            "docker-daemon": { "": [{ "type": "insecureAcceptAnything" }] },
            "docker": { "quay.io": [{ "type": "insecureAcceptAnything" }], "docker.io": [{ "type": "reject" }] },
            "atomic": { "registry.example.com": [{ "type": "reject" }] },
        },
    });
    let accept = json!({ "type": "insecureAcceptAnything" });
    let together = json!([accept, by_key(KEY), by_key(OTHER_KEY)]);
    let documents = [
        &base,
        &signed(&["quay.io", "registry.example.com"], KEY),
        &changed(signed(&["quay.io"], OTHER_KEY), "/metadata/name", Some("b".into())),
    ];
    assert_eq!(
        write(&documents, Grammar::ContainersPolicy).unwrap(),
        json!({
            "default": [{ "type": "reject" }],
            "transports": {
                "atomic": { "quay.io": together, "registry.example.com": [{ "type": "reject" }, by_key(KEY)] },
                "docker": {
                    "docker.io": [{ "type": "reject" }], "quay.io": together, "registry.example.com": [by_key(KEY)],
                },
                "docker-daemon": { "": [accept] },
            },
        }),
    );
}

#[test]
fn each_root_of_trust_and_identity_has_its_counterpart() {
    let root = |document: &Value| document["spec"]["policy"].clone();
    let rekor =
        changed(signed(&["quay.io/a"], KEY), "/spec/policy/rootOfTrust/publicKey/rekorKeyData", Some(KEY.into()));
    let remap = json!({ "prefix": "quay.io", "signedPrefix": "registry.example.com/a" });
    let default = json!({ "type": "matchRepoDigestOrExact" });
    for (document, expected) in [
        (rekor, json!({ "keyData": KEY, "rekorPublicKeyData": KEY, "signedIdentity": default })),
        (
            fulcio(),
            json!({
                "fulcio": {
                    "caData": certificates(1),
                    "oidcIssuer": "https://issuer.example.com",
                    "subjectEmail": "signer@example.com",
                },
                "rekorPublicKeyData": KEY,
                "signedIdentity": default,
            }),
        ),
        (
            pki(),
            json!({
                "pki": {
                    "caRootsData": certificates(1),
                    "caIntermediatesData": certificates(2),
                    "subjectEmail": "signer@example.com",
                    "subjectHostname": "*.example.com",
                },
                "signedIdentity": default,
            }),
        ),
        (
            with_identity(json!({ "matchPolicy": "MatchRepository" })),
            json!({ "keyData": KEY, "signedIdentity": { "type": "matchRepository" } }),
        ),
        (
            with_identity(
                json!({ "matchPolicy": "ExactRepository", "exactRepository": { "repository": "quay.io/b" } }),
            ),
            json!({ "keyData": KEY, "signedIdentity": { "type": "exactRepository", "dockerRepository": "quay.io/b" } }),
        ),
        (
            with_identity(json!({ "matchPolicy": "RemapIdentity", "remapIdentity": remap })),
            json!({ "keyData": KEY, "signedIdentity": {
                "type": "remapIdentity", "prefix": "quay.io", "signedPrefix": "registry.example.com/a",
            } }),
        ),
    ] {
        let written = write(&[&document], Grammar::ContainersPolicy).unwrap();
        let mut found = written["transports"]["docker"]["quay.io/a"][0].clone();
        assert_eq!(found.as_object_mut().unwrap().remove("type"), Some("sigstoreSigned".into()));
        assert_eq!(found, expected);
        let back = write(&[&written], Grammar::ClusterImagePolicy).unwrap();
        let mut back = root(&back["items"][0]);
        let identity = back.as_object_mut().unwrap().remove("signedIdentity");
        let mut original = root(&document);
        let named = json!({ "matchPolicy": "MatchRepoDigestOrExact" });
        let given = original.as_object_mut().unwrap().remove("signedIdentity").unwrap_or(named);
        assert_eq!((back, identity), (original, Some(given)));
    }
}

#[test]
fn keys_in_files_are_written_into_the_policy() {
    for demand in [
        json!({ "type": "sigstoreSigned", "keyPath": "/key.pub" }),
        json!({ "type": "sigstoreSigned", "keyPaths": ["/key.pub"] }),
        json!({ "type": "sigstoreSigned", "keyDatas": [KEY] }),
    ] {
        let written = write(&[&nodes(json!({ "quay.io": [demand] }))], Grammar::ClusterImagePolicy).unwrap();
        let root = &written["items"][0]["spec"]["policy"]["rootOfTrust"];
        assert_eq!(*root, json!({ "policyType": "PublicKey", "publicKey": { "keyData": KEY } }));
    }
    // Where there is a grammar for paths, they stay.
    let by_path = nodes(json!({ "quay.io": [{ "type": "sigstoreSigned", "keyPath": "/key.pub" }] }));
    assert_eq!(write(&[&by_path], Grammar::ContainersPolicy).unwrap(), by_path);
    let spaced = nodes(json!({ "quay.io": [{ "type": "sigstoreSigned", "keyPath": "/spaced.pub" }] }));
    let written = write(&[&spaced], Grammar::ClusterImagePolicy).unwrap();
    assert!(load_policy(&[("written", &written.to_string())]).is_ok());
}

#[test]
fn a_scope_that_accepts_anything_where_nothing_demands_more_needs_no_policy() {
    let anything = json!([{ "type": "insecureAcceptAnything" }]);
    let beside = nodes(json!({ "a.example": anything, "b.example": [by_key(KEY)] }));
    let written = write(&[&beside], Grammar::ClusterImagePolicy).unwrap();
    assert_eq!(written["items"].as_array().unwrap().len(), 1, "{written}");
    assert_eq!(written["items"][0]["spec"]["scopes"], json!(["b.example"]));
}

#[test]
fn demands_that_are_the_same_are_one_policy() {
    let many: Vec<_> = (0..300).map(|number| format!("quay.io/a{number}")).collect();
    let mut docker: serde_json::Map<_, _> = many.iter().map(|scope| (scope.clone(), json!([by_key(KEY)]))).collect();
    docker.insert("quay.io/b".to_owned(), json!([by_key(OTHER_KEY), by_key(KEY), by_key(KEY)]));
    let written = write(&[&nodes(docker.into())], Grammar::ClusterImagePolicy).unwrap();
    let items = written["items"].as_array().unwrap();
    let scopes: Vec<_> = items.iter().map(|item| item["spec"]["scopes"].as_array().unwrap().len()).collect();
    assert_eq!(scopes, [256, 45, 1]);
    assert!(load_policy(&[("written", &written.to_string())]).is_ok());
}

#[test]
fn what_cannot_be_said_is_refused_all_at_once() {
    let refused = |document: &Value, to| {
        let error = write(&[document], to).unwrap_err();
        assert!(matches!(error, ConvertError::Inexpressible { .. }), "{error}: {:?}", error.findings());
        let found = places(error.findings()).into_iter();
        found.filter(|(code, _)| *code == FindingCode::Inexpressible).map(|(_, path)| path).collect::<Vec<_>>()
    };
    let to = Grammar::ClusterImagePolicy;
    let demand = |member: &str, value: Value| changed(by_key(KEY), &format!("/{member}"), Some(value));
    let docker = |demand: Value| nodes(json!({ "quay.io": [demand] }));
    let in_docker = |rest: &str| vec![format!("$.transports.docker[\"quay.io\"][0]{rest}")];
    let two = json!({ "type": "sigstoreSigned", "keyDatas": [KEY, OTHER_KEY] });
    let no_pem = demand("keyData", certificates(1).into());
    let fulcio = json!({ "caPath": "/ca.pem", "oidcIssuer": "issuer", "subjectEmail": "a@b" });
    let fulcio = json!({ "type": "sigstoreSigned", "fulcio": fulcio, "rekorPublicKeyPath": "/key.pub" });
    for (demand, rest) in [
        (json!({ "type": "reject" }), ""),
        (json!({ "type": "signedBaseLayer", "baseLayerIdentity": { "type": "matchExact" } }), ""),
        (json!({ "type": "signedBy", "keyType": "X509Certificates", "keyPath": "/key.pub" }), ""),
        (demand("signedIdentity", json!({ "type": "matchExact" })), ".signedIdentity"),
        (
            demand("signedIdentity", json!({ "type": "exactReference", "dockerReference": "quay.io/a:1" })),
            ".signedIdentity",
        ),
        (
            demand("signedIdentity", json!({ "type": "exactRepository", "dockerRepository": "a:5000/b" })),
            ".signedIdentity",
        ),
        (two, ".keyDatas"),
        (fulcio, ".fulcio.oidcIssuer"),
    ] {
        assert_eq!(refused(&docker(demand.clone()), to), in_docker(rest), "{demand}");
    }
    // Whoever reads sigstore's keys may refuse this one first.
    assert!(write(&[&docker(no_pem)], to).is_err());

    let everything = json!({
        "default": [{ "type": "reject" }],
        "transports": {
            "dir": { "/a": [{ "type": "reject" }], "/a/b": [{ "type": "insecureAcceptAnything" }] },
            "oci": { "/a": [{ "type": "insecureAcceptAnything" }] },
            "docker": {
                "": [by_key(KEY)],
                "quay.io": [by_key(KEY)],
                "quay.io/a": [{ "type": "insecureAcceptAnything" }],
                "busybox": [by_key(KEY)],
                "example.com": [{ "type": "insecureAcceptAnything" }],
            },
            "atomic": { "quay.io": [by_key(OTHER_KEY)], "docker.io": [{ "type": "reject" }] },
        },
    });
    let expected = [
        "$.default",
        "$.transports.dir[\"/a\"]",
        "$.transports.dir[\"/a/b\"]",
        "$.transports.docker[\"\"]",
        "$.transports.docker[\"quay.io/a\"]",
        "$.transports.docker.busybox",
        "$.transports.docker[\"example.com\"]",
        "$.transports.docker[\"\"]",
        "$.transports.docker.busybox",
        "$.transports.docker[\"example.com\"]",
        "$.transports.atomic[\"quay.io\"]",
        "$.transports.docker[\"quay.io/a\"]",
        "$.transports.atomic[\"docker.io\"]",
    ];
    assert_eq!(refused(&everything, to), expected);
    assert_eq!(refused(&nodes(json!({})), to), ["$"]);
    let namespaced = policy(Some("team"), "a", &["quay.io"]);
    assert_eq!(refused(&namespaced, Grammar::ContainersPolicy), ["$"]);
    let both = write(&[&nodes(json!({ "quay.io": [by_key(KEY)] })), &signed(&["quay.io"], KEY)], to).unwrap_err();
    assert_eq!(places(both.findings()), [(FindingCode::Inexpressible, "$".to_owned())]);
}

#[test]
fn what_is_wrong_is_told_before_what_cannot_be_said() {
    let wrong = changed(nodes(json!({})), "/default", Some(json!([])));
    for to in Grammar::ALL {
        let error = write(&[&wrong], *to).unwrap_err();
        assert_eq!(places(error.findings()), [(FindingCode::Empty, "$.default".to_owned())]);
        assert!(matches!(error, ConvertError::Policy(_)));
    }
}

const SCOPES: [&str; 8] = [
    "*.com",
    "*.example.com",
    "quay.io",
    "quay.io/a",
    "quay.io/a/b",
    "quay.io/a/b/c/d",
    "quay.io/a:1",
    "r.example.com:5000",
];
const IMAGES: [&str; 7] = [
    "quay.io/a:1",
    "quay.io/a:2",
    "quay.io/a/b:1",
    "quay.io/a/b/c/d/e:1",
    "r.example.com:5000/a/b:1",
    "docker.io/library/a:1",
    "x.com/a/b:1",
];

/// What governs an image: the scope, what it demands, and what comes of it for one that carries no signature.
fn governing(policy: Policy) -> Vec<(String, Vec<Demand>, Effect)> {
    let verifier = Verifier::with_policy(policy, Rules::default());
    let digest = format!("sha256:{}", "0".repeat(64));
    let one = |image: &&str, transport: Transport| {
        let image = raw_signature(b"", &digest, image);
        let context = Context { namespace: None, transport };
        let verdict = verifier.verify_in(&image, &context, AT.parse().unwrap());
        let rule = verdict.decision().rule().unwrap();
        let parts = rule.requirement().parts();
        let demands = if parts.is_empty() { std::slice::from_ref(rule.requirement()) } else { parts };
        let demands = demands.iter().map(|demand| demand.demand().clone()).collect();
        (rule.scope().to_owned(), demands, verdict.decision().effect())
    };
    let docker = IMAGES.iter().map(|image| one(image, Transport::Docker));
    docker.chain(IMAGES.iter().map(|image| one(image, Transport::Atomic))).collect()
}

/// The demands in each scope, whatever their order and however often.
fn demands(nodes: &Value) -> BTreeSet<(String, String, BTreeSet<String>)> {
    let transports = nodes["transports"].as_object().unwrap().iter();
    transports
        .flat_map(|(transport, scopes)| {
            scopes.as_object().unwrap().iter().map(move |(scope, demands)| {
                let demands = demands.as_array().unwrap().iter().map(Value::to_string).collect();
                (transport.clone(), scope.clone(), demands)
            })
        })
        .collect()
}

proptest! {
    #[test]
    fn there_and_back_decides_alike(
        given in vec((subsequence(&SCOPES[..], 1..5), select(&[KEY, OTHER_KEY][..]), select(&["MatchRepository", "MatchRepoDigestOrExact"][..])), 1..5)
    ) {
        let given: Vec<_> = given.iter().enumerate().map(|(number, (scopes, key, identity))| {
            let named = changed(signed(scopes, key), "/metadata/name", Some(format!("a{number}").into()));
            changed(named, "/spec/policy/signedIdentity", Some(json!({ "matchPolicy": identity })))
        }).collect();
        let documents: Vec<_> = given.iter().collect();
        let load = |value: &Value| load_policy(&[("policy", &value.to_string())]).unwrap();
        let list = json!({ "kind": "List", "items": given });

        let nodes = write(&documents, Grammar::ContainersPolicy).unwrap();
        prop_assert_eq!(governing(load(&list)), governing(load(&nodes)));
        let back = write(&[&nodes], Grammar::ClusterImagePolicy).unwrap();
        let again = write(&[&back], Grammar::ContainersPolicy).unwrap();
        prop_assert_eq!(demands(&nodes), demands(&again));
        let effects = |policy| governing(policy).into_iter().map(|(scope, _, effect)| (scope, effect)).collect::<Vec<_>>();
        prop_assert_eq!(effects(load(&list)), effects(load(&back)));
    }
}
