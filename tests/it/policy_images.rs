//! `ImagePolicy` and `ClusterImagePolicy`: which of them governs what.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use vidimus::policy::document::FindingCode;
use vidimus::policy::{Context, Namespace, Transport};
use vidimus::signature::Rules;
use vidimus::{Code, Effect, Policy, Reference, Verdict, Verifier};

use crate::policy_image_documents::{changed, encode, policy};
use crate::support::{AT, load_policy, places, raw_signature};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn load(documents: &[(&str, Value)]) -> Policy {
    let documents: Vec<_> = documents.iter().map(|(name, document)| (*name, document.to_string())).collect();
    let documents: Vec<_> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    load_policy(&documents).unwrap()
}

fn decide(policy: Policy, image: &str, namespace: Option<&str>, transport: Transport) -> Verdict {
    let namespace = namespace.map(|name| Namespace { name: name.to_owned(), labels: None });
    let image = raw_signature(b"", DIGEST, image);
    Verifier::with_policy(policy, Rules::default()).verify_in(
        &image,
        &Context { namespace, transport },
        AT.parse().unwrap(),
    )
}

/// The document and the pointer of the rule that governs, or the code where none can be told.
fn governing(verdict: &Verdict) -> String {
    let decision = verdict.decision();
    decision.rule().map_or(decision.code().to_string(), |rule| format!("{} {}", rule.document(), rule.pointer()))
}

fn base(default: &str, docker: Value) -> Value {
    let transports = json!({ "docker": docker });
    json!({ "default": [{ "type": default }], "transports": transports })
}

#[test]
fn the_most_specific_scope_governs_and_the_default_the_rest() {
    let documents = || {
        [
            ("cluster", policy(None, "a", &["quay.io/a", "*.example.com"])),
            ("namespace", policy(Some("team"), "b", &["quay.io", "docker.io/library/busybox"])),
        ]
    };
    for (image, namespace, expected, effect) in [
        ("quay.io/a/b:1", None, "cluster $.spec.scopes[0]", Effect::Deny),
        ("quay.io/a/b:1", Some("team"), "cluster $.spec.scopes[0]", Effect::Deny),
        ("x.example.com/a:1", Some("team"), "cluster $.spec.scopes[1]", Effect::Deny),
        ("quay.io/b:1", Some("team"), "namespace $.spec.scopes[0]", Effect::Deny),
        ("quay.io/b:1", Some("other"), "cluster $", Effect::Allow),
        ("quay.io/b:1", None, "unknown-namespace", Effect::Undecided),
        ("docker.io/library/busybox:1", Some("team"), "namespace $.spec.scopes[1]", Effect::Deny),
        ("example.com/a:1", None, "cluster $", Effect::Allow),
    ] {
        let verdict = decide(load(&documents()), image, namespace, Transport::Docker);
        let found = (governing(&verdict), verdict.decision().effect());
        assert_eq!(found, (expected.to_owned(), effect), "{image} in {namespace:?}");
    }
}

#[test]
fn scopes_hold_for_the_registry_of_the_cluster_as_well() {
    let documents = || {
        let scopes = ["quay.io/a/b", "quay.io/a/b/c", "quay.io/a/b/c/d"];
        [("cluster", policy(None, "a", &scopes)), ("namespace", policy(Some("team"), "b", &["localhost:5000/a/b"]))]
    };
    for (image, expected) in [
        ("quay.io/a/b:1", "cluster $.spec.scopes[0]"),
        // Names have two components in this transport, and deeper scopes are not copied.
        ("quay.io/a/b/c/d:1", "cluster $.spec.scopes[0]"),
        ("localhost:5000/a/b:1", "namespace $.spec.scopes[0]"),
    ] {
        let verdict = decide(load(&documents()), image, Some("team"), Transport::Atomic);
        assert_eq!(governing(&verdict), expected, "{image}");
    }
    let directory = Transport::Other { name: "dir".to_owned(), place: "/quay.io/a/b".to_owned() };
    assert_eq!(governing(&decide(load(&documents()), "quay.io/a/b:1", None, directory)), "cluster $");
}

#[test]
fn what_several_policies_demand_of_a_scope_is_demanded_together() {
    let same = ["quay.io/a"];
    let documents = [
        ("base", base("reject", json!({ "quay.io/a": [{ "type": "insecureAcceptAnything" }] }))),
        ("one", policy(None, "a", &same)),
        ("two", policy(None, "b", &same)),
    ];
    let policy_ = load(&documents);
    let lints = places(policy_.lints());
    assert!(lints.contains(&(FindingCode::AllKeysDemanded, "$.spec.scopes[0]".to_owned())), "{lints:?}");
    let verdict = decide(policy_, "quay.io/a:1", None, Transport::Docker);
    let rule = verdict.decision().rule().unwrap();
    let pointers: Vec<_> = rule.requirement().parts().iter().map(|part| part.pointer().to_owned()).collect();
    assert_eq!(rule.document(), "base");
    assert_eq!(pointers, ["$.transports.docker[\"quay.io/a\"][0]", "one $.spec.policy", "two $.spec.policy"]);

    let documents = [("one", policy(Some("team"), "a", &same)), ("two", policy(Some("team"), "b", &same))];
    let policy_ = load(&documents);
    let lints = places(policy_.lints());
    assert!(lints.contains(&(FindingCode::AllKeysDemanded, "$.spec.scopes[0]".to_owned())), "{lints:?}");
    let verdict = decide(policy_, "quay.io/a:1", Some("team"), Transport::Docker);
    assert_eq!(verdict.decision().rule().unwrap().requirement().parts().len(), 2);
}

#[test]
fn what_is_demanded_in_the_registry_of_the_cluster_stays_demanded() {
    let cluster = || policy(None, "a", &["quay.io/a"]);
    let accepting = json!({ "quay.io/a": [{ "type": "insecureAcceptAnything" }] });
    let mut base = base("insecureAcceptAnything", accepting.clone());
    base["transports"]["atomic"] = accepting;
    let policy_ = load(&[("base", base.clone()), ("cluster", cluster())]);
    // One key is not several.
    assert!(places(policy_.lints()).iter().all(|(code, _)| *code != FindingCode::AllKeysDemanded));
    let verdict = decide(policy_, "quay.io/a:1", None, Transport::Atomic);
    let rule = verdict.decision().rule().unwrap();
    let pointers: Vec<_> = rule.requirement().parts().iter().map(|part| part.pointer().to_owned()).collect();
    assert_eq!(pointers, ["$.transports.atomic[\"quay.io/a\"][0]", "cluster $.spec.policy"]);
    assert_eq!(verdict.decision().effect(), Effect::Deny);

    // A scope that this transport cannot have is not waited for there.
    let deep = load(&[("base", base), ("namespace", policy(Some("team"), "a", &["quay.io/a/b/c/d"]))]);
    let verdict = decide(deep, "quay.io/a/b/c/d:1", None, Transport::Atomic);
    assert_eq!(governing(&verdict), "base $.transports.atomic[\"quay.io/a\"]");
}

#[test]
fn policies_of_different_namespaces_have_nothing_to_do_with_each_other() {
    let documents = || [("one", policy(Some("a"), "x", &["quay.io"])), ("two", policy(Some("b"), "x", &["quay.io"]))];
    assert_eq!(places(load(&documents()).lints()), [(FindingCode::AcceptsAnything, "$".to_owned())]);
    for (namespace, expected) in [("a", "one $.spec.scopes[0]"), ("b", "two $.spec.scopes[0]"), ("c", "one $")] {
        let verdict = decide(load(&documents()), "quay.io/x:1", Some(namespace), Transport::Docker);
        assert_eq!(governing(&verdict), expected, "{namespace}");
    }
}

#[test]
fn a_scope_of_a_namespace_inside_one_of_the_cluster_is_set_aside() {
    let namespaced = policy(Some("team"), "b", &["quay.io/a", "quay.io/a:1", "quay.io/b", "quay.io"]);
    let documents = || [("cluster", policy(None, "a", &["quay.io/a"])), ("namespace", namespaced.clone())];
    let lints: Vec<_> = places(load(&documents()).lints());
    for (path, expected) in [
        ("$.spec.scopes[0]", true),
        ("$.spec.scopes[1]", true),
        ("$.spec.scopes[2]", false),
        ("$.spec.scopes[3]", false),
    ] {
        assert_eq!(lints.contains(&(FindingCode::ConflictingScope, path.to_owned())), expected, "{path}");
    }
    // It is settled without the namespace, as no namespace has a say there.
    let verdict = decide(load(&documents()), "quay.io/a:1", None, Transport::Docker);
    assert_eq!(governing(&verdict), "cluster $.spec.scopes[0]");
}

#[test]
fn what_the_cluster_demands_holds_in_namespaces_too() {
    for (docker, effect, parts) in [
        // Nothing but the default, the very scope, a scope above it, and a more specific one.
        (json!({}), Effect::Deny, 2),
        (json!({ "quay.io/a": [{ "type": "reject" }] }), Effect::Deny, 2),
        (json!({ "quay.io": [{ "type": "reject" }] }), Effect::Deny, 2),
        (json!({ "quay.io": [{ "type": "insecureAcceptAnything" }] }), Effect::Deny, 0),
        (json!({ "quay.io/a/b": [{ "type": "reject" }] }), Effect::Deny, 0),
    ] {
        let documents =
            [("base", base("reject", docker.clone())), ("namespace", policy(Some("team"), "a", &["quay.io/a"]))];
        let verdict = decide(load(&documents), "quay.io/a/b:1", Some("team"), Transport::Docker);
        let decision = verdict.decision();
        let found = (decision.effect(), decision.rule().unwrap().requirement().parts().len());
        assert_eq!(found, (effect, parts), "{docker}");
    }
}

#[test]
fn without_a_base_the_rest_is_accepted_and_that_is_told() {
    let alone = load(&[("cluster", policy(None, "a", &["quay.io"]))]);
    assert_eq!(places(alone.lints()), [(FindingCode::AcceptsAnything, "$".to_owned())]);
    let based = || load(&[("cluster", policy(None, "a", &["quay.io"])), ("base", base("reject", json!({})))]);
    assert_eq!(places(based().lints()), []);
    let verdict = decide(based(), "docker.io/library/a:1", None, Transport::Docker);
    assert_eq!((verdict.decision().effect(), verdict.decision().code()), (Effect::Deny, Code::ExplicitReject));
    let broken = changed(base("reject", json!({})), "/default", Some(json!([])));
    let error =
        load_policy(&[("cluster", &policy(None, "a", &["quay.io"]).to_string()), ("base", &broken.to_string())]);
    assert_eq!(places(error.unwrap_err().findings()), [(FindingCode::Empty, "$.default".to_owned())]);
}

/// Scopes above the image of the test data, and others.
const SCOPES: [&str; 6] =
    ["quay.io", "REPOSITORY", "*.example.com", "registry.example.com", "registry.example.com:5000", "docker.io"];

fn scope(scope: &str, repository: &str) -> String {
    scope.replace("REPOSITORY", repository)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_policy_of_a_namespace_never_allows_what_was_not(
        default in 0..3_usize,
        docker in vec((select(&SCOPES[..]), 0..3_usize), 0..4),
        cluster in subsequence(&SCOPES[..], 0..2),
        namespaced in vec((select(&["team", "other"][..]), subsequence(&SCOPES[..], 1..4)), 1..4),
        signature in select(&["good.ed25519.sig", "good.p256.sig"][..]),
    ) {
        let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
        let (digest, reference) = (table["digest"].as_str().unwrap(), table["reference"].as_str().unwrap());
        let parsed: Reference = reference.parse().unwrap();
        let repository = parsed.name();
        let image = raw_signature(&fs::read(format!("testdata/signatures/{signature}")).unwrap(), digest, reference);
        let key = encode(&fs::read_to_string("testdata/keys/ed25519.asc").unwrap());
        let demands = [
            json!([{ "type": "insecureAcceptAnything" }]),
            json!([{ "type": "reject" }]),
            json!([{ "type": "signedBy", "keyType": "GPGKeys", "keyData": key }]),
        ];
        let docker: Map<_, _> =
            docker.iter().map(|(name, demand)| (scope(name, repository), demands[*demand].clone())).collect();
        let base = json!({ "default": demands[default], "transports": { "docker": docker, "atomic": {} } });
        let of_cluster: Vec<_> = cluster.iter().map(|name| scope(name, repository)).collect();
        let mut documents = vec![("base", base)];
        if !of_cluster.is_empty() {
            let scopes: Vec<_> = of_cluster.iter().map(String::as_str).collect();
            documents.push(("cluster", policy(None, "a", &scopes)));
        }
        let before = documents.clone();
        for (number, (namespace, scopes)) in namespaced.iter().enumerate() {
            let scopes: Vec<_> = scopes.iter().map(|name| scope(name, repository)).collect();
            let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
            documents.push(("namespace", policy(Some(namespace), &format!("a{number}"), &scopes)));
        }
        for transport in [Transport::Docker, Transport::Atomic] {
            for namespace in [None, Some("team"), Some("third")] {
                let namespace = namespace.map(|name| Namespace { name: name.to_owned(), labels: None });
                let context = Context { namespace, transport: transport.clone() };
                let effect = |documents: &[(&str, Value)]| {
                    let verifier = Verifier::with_policy(load(documents), Rules::default());
                    verifier.verify_in(&image, &context, AT.parse().unwrap()).decision().effect()
                };
                if effect(&before) != Effect::Allow {
                    prop_assert_ne!(effect(&documents), Effect::Allow, "{:?}", context);
                }
            }
        }
    }
}
