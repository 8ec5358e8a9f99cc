//! `SignaturePolicy` from and to containers-policy.json(5): there and back decides alike, and what cannot be said is
//! refused with its place.

use std::fs;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use vidimus::policy::document::{ConvertError, FindingCode, Grammar, KeyFile, KeyLocation, PolicyFile, convert};
use vidimus::{Effect, Image, Policy, Rules, Verifier};

use crate::support::{AT, places, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

/// Images that lie in and beside the scopes below; the signatures are for the first.
const IMAGES: [&str; 6] = [
    "registry.example.com/shop/frontend:1.0.0",
    "registry.example.com/shop/other:1.0.0",
    "registry.example.com:5000/shop/frontend:1.0.0",
    "a.registry.example.com/shop/frontend:1.0.0",
    "mirror.example.net/frontend:1.0.0",
    "quay.io/x/y:1",
];
const SCOPES: [&str; 7] = [
    "registry.example.com/shop/frontend",
    "registry.example.com/shop",
    "registry.example.com",
    "registry.example.com:5000",
    "*.example.com",
    "*.com",
    "",
];
const SIGNATURES: [&str; 3] = ["good.rsa4096.sig", "good.ed25519.sig", "attacker.sig"];

/// Absolute, as a node's policy has them.
fn key(name: &str) -> String {
    format!("/keys/{name}")
}

fn read(location: KeyLocation<'_>) -> Result<Vec<KeyFile>, String> {
    let (KeyLocation::File(path) | KeyLocation::Directory(path)) = location;
    let name = path.strip_prefix("/keys/").ok_or("there is no such file")?;
    let bytes = fs::read(format!("testdata/keys/{name}")).map_err(|error| error.to_string())?;
    Ok(vec![KeyFile { name: name.to_owned(), bytes }])
}

fn write(text: &str, to: Grammar) -> Result<String, ConvertError> {
    convert(&[PolicyFile { name: "policy", bytes: text.as_bytes() }], to, AT.parse().unwrap(), &mut read)
}

fn effects(text: &str, signatures: &[&str]) -> Vec<Effect> {
    let file = PolicyFile { name: "policy", bytes: text.as_bytes() };
    let policy =
        Policy::load(&[file], AT.parse().unwrap(), &mut read).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    let verifier = Verifier::with_policy(policy, Rules::default());
    let judge = |reference| verifier.verify(&image(signatures, reference), AT.parse().unwrap()).decision().effect();
    IMAGES.into_iter().map(judge).collect()
}

fn image(signatures: &[&str], reference: &str) -> Image<'static> {
    let one = |file: &&str| {
        let content = fs::read(format!("testdata/signatures/{file}")).unwrap();
        raw_signature(&content, DIGEST, reference).signatures.remove(0)
    };
    let mut image = raw_signature(b"", DIGEST, reference);
    image.signatures = signatures.iter().map(one).collect();
    image
}

fn requirement() -> impl Strategy<Value = String> {
    let keys = prop_oneof![
        select(vec!["release.asc", "ed25519.asc"]).prop_map(|name| format!(r#""keyPath":"{}""#, key(name))),
        Just(format!(r#""keyPaths":["{}","{}"]"#, key("release.asc"), key("ed25519.asc"))),
        select(vec!["release.gpg", "ed25519.asc"]).prop_map(|name| {
            use base64::Engine as _;
            let bytes = fs::read(format!("testdata/keys/{name}")).unwrap();
            format!(r#""keyData":"{}""#, base64::engine::general_purpose::STANDARD.encode(bytes))
        }),
    ];
    let identity = select(vec![
        "",
        r#","signedIdentity":{"type":"matchRepository"}"#,
        r#","signedIdentity":{"type":"matchExact"}"#,
        r#","signedIdentity":{"type":"exactRepository","dockerRepository":"registry.example.com/shop/frontend"}"#,
        r#","signedIdentity":{"type":"exactReference","dockerReference":"registry.example.com/shop/frontend:1.0.0"}"#,
        r#","signedIdentity":{"type":"remapIdentity","prefix":"mirror.example.net","signedPrefix":"registry.example.com/shop"}"#,
    ]);
    prop_oneof![
        1 => Just(r#"{"type":"reject"}"#.to_owned()),
        1 => Just(r#"{"type":"insecureAcceptAnything"}"#.to_owned()),
        4 => (keys, identity)
            .prop_map(|(keys, identity)| format!(r#"{{"type":"signedBy","keyType":"GPGKeys",{keys}{identity}}}"#)),
    ]
}

fn policy() -> impl Strategy<Value = String> {
    let list = || prop::collection::vec(requirement(), 1..=2).prop_map(|all| format!("[{}]", all.join(",")));
    let scopes = subsequence(SCOPES.to_vec(), 0..=SCOPES.len());
    (list(), scopes, prop::collection::vec(list(), SCOPES.len())).prop_map(|(default, scopes, lists)| {
        let entries = scopes.iter().zip(lists).map(|(scope, list)| format!(r#""{scope}":{list}"#));
        let entries = entries.collect::<Vec<_>>().join(",");
        format!(r#"{{"default":{default},"transports":{{"docker":{{{entries}}}}}}}"#)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn there_and_back_decides_alike(policy in policy(), signatures in subsequence(SIGNATURES.to_vec(), 0..=3)) {
        let there = write(&policy, Grammar::SignaturePolicy).unwrap();
        let back = write(&there, Grammar::ContainersPolicy).unwrap();
        let expected = effects(&policy, &signatures);
        prop_assert_eq!(effects(&there, &signatures), &expected[..], "{}", there);
        prop_assert_eq!(effects(&back, &signatures), expected, "{}", back);
    }
}

#[test]
fn the_same_keys_are_one_keyring() {
    let signed = format!(r#"[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{}"}}]"#, key("release.asc"));
    let policy = format!(r#"{{"default":{signed},"transports":{{"docker":{{"a.example":{signed}}}}}}}"#);
    let written: serde_json::Value = serde_json::from_str(&write(&policy, Grammar::SignaturePolicy).unwrap()).unwrap();
    assert_eq!(written["spec"]["keyrings"].as_object().unwrap().len(), 1);
    assert_eq!(written["spec"]["rules"].as_array().unwrap().len(), 2);
}

#[track_caller]
fn assert_refused(text: &str, to: Grammar, expected: &[&str]) {
    let error = write(text, to).expect_err(text);
    let ConvertError::Inexpressible { findings, .. } = &error else { panic!("{text}: {error:?}") };
    let expected: Vec<_> = expected.iter().map(|path| (FindingCode::Inexpressible, (*path).to_owned())).collect();
    assert_eq!(places(findings), expected, "{text}");
}

#[test]
fn what_a_signature_policy_cannot_say_is_refused() {
    let with = |transport: &str, scope: &str| {
        format!(
            r#"{{"default":[{{"type":"reject"}}],"transports":{{"{transport}":{{"{scope}":[{{"type":"reject"}}]}}}}}}"#
        )
    };
    for (text, place) in [
        (with("docker", "a.example/x:1"), r#"$.transports.docker["a.example/x:1"]"#),
        (with("docker", "busybox"), "$.transports.docker.busybox"),
        (with("dir", "/srv"), r#"$.transports.dir["/srv"]"#),
        (with("atomic", "a.example"), r#"$.transports.atomic["a.example"]"#),
        (
            r#"{"default":[{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}]}"#.to_owned(),
            "$.default[0]",
        ),
        (
            r#"{"default":[{"type":"signedBy","keyType":"X509Certificates","keyPath":"/keys/release.asc"}]}"#
                .to_owned(),
            "$.default[0]",
        ),
        (
            r#"{"default":[{"type":"sigstoreSigned","pki":{"caRootsPath":"/c","subjectEmail":"e"}}]}"#.to_owned(),
            "$.default[0]",
        ),
    ] {
        assert_refused(&text, Grammar::SignaturePolicy, &[place]);
    }
}

#[test]
fn a_scope_with_a_tag_or_a_digest_is_refused_as_such() {
    for scope in ["a.example/x:1".to_owned(), format!("a.example/x@{DIGEST}")] {
        let text = format!(
            r#"{{"default":[{{"type":"reject"}}],"transports":{{"docker":{{"{scope}":[{{"type":"reject"}}]}}}}}}"#
        );
        let ConvertError::Inexpressible { findings, .. } = write(&text, Grammar::SignaturePolicy).unwrap_err() else {
            panic!("{text}")
        };
        let messages: Vec<_> = findings.iter().map(|finding| finding.message()).collect();
        assert_eq!(
            messages,
            ["a scope with a tag or a digest cannot be said: patterns are of repositories"],
            "{scope}"
        );
    }
}

#[test]
fn a_pattern_of_all_images_is_the_scope_of_all_of_docker() {
    for pattern in ["**", "**:*/**"] {
        let text = one_rule(&format!("scope: {{images: ['{pattern}']}}, "), "{signedBy: {keyring: k}}");
        let text = text.replace(", {name: rest, require: {reject: {}}}", "");
        let written: serde_json::Value =
            serde_json::from_str(&write(&text, Grammar::ContainersPolicy).unwrap()).unwrap();
        let docker = written["transports"]["docker"].as_object().unwrap();
        assert_eq!(docker.keys().collect::<Vec<_>>(), [""], "{pattern}: {written}");
    }
}

#[test]
fn what_a_containers_policy_cannot_say_is_refused() {
    let document = |rest: &str| {
        format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: a}}\nspec:\n  keyrings:\n    k: \
             {{keys: [{{file: /keys/release.asc}}]}}\n    t: {{keys: [{{file: /keys/release.asc, trustedUntil: \
             2030-01-01}}]}}\n{rest}\n"
        )
    };
    let rule = |members: &str| document(&format!("  rules: [{{name: r, {members}}}]"));
    let signed = |terms: &str| rule(&format!("require: {{signedBy: {{keyring: k, {terms}}}}}"));
    let first = "$.spec.rules[0]";
    for text in [
        rule("mode: warn, require: {reject: {}}"),
        rule("scope: {namespaces: [a]}, require: {reject: {}}"),
        rule("scope: {images: [a.example/x]}, require: {reject: {}}"),
        rule("scope: {images: [a.example/*/x/**]}, require: {reject: {}}"),
        rule("scope: {images: ['*.example.com/**']}, require: {reject: {}}"),
        rule("require: {atLeast: 2, of: [{signedBy: {keyring: k}}, {signedBy: {keyring: t}}]}"),
        rule("require: {any: [{signedBy: {keyring: k}}, {reject: {}}]}"),
        rule("require: {any: [{signedBy: {keyring: k}}, {signedBy: {keyring: k, identity: {type: matchExact}}}]}"),
        rule(&format!("require: {{digestIn: ['{DIGEST}']}}")),
        rule(&format!("require: {{not: {{digestIn: ['{DIGEST}']}}}}")),
        rule("require: {signedBy: {keyring: t}}"),
        signed("maxSignatureAge: 1d"),
        signed("signedAfter: 2020-01-01"),
        signed("keyExpiry: when-signed"),
        signed("payloadProfile: release"),
        signed("identity: {type: remapIdentity, prefix: a.example, signedPrefix: b.example, match: matchRepository}"),
    ] {
        assert_refused(&text, Grammar::ContainersPolicy, &[first]);
    }
    let exempt =
        "  rules: [{name: r, require: {reject: {}}}]\n  exemptions: [{scope: {}, reason: r, expires: 2030-01-01}]";
    assert_refused(&document(exempt), Grammar::ContainersPolicy, &["$"]);
    assert_refused(&rule("require: {reject: {}}"), Grammar::ClusterImagePolicy, &["$"]);
    assert_refused(&rule("require: {reject: {}}"), Grammar::SignaturePolicy, &["$"]);
}

#[test]
fn any_of_several_keys_is_said_by_their_paths() {
    let text = "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {name: a}\nspec:\n  noMatch: allow\n  \
                keyrings:\n    a: {keys: [{file: /keys/release.asc}]}\n    b: {keys: [{file: /keys/ed25519.asc}]}\n  \
                rules: [{name: r, scope: {images: ['registry.example.com/shop/**']}, require: {any: [{signedBy: \
                {keyring: a}}, {signedBy: {keyring: b}}]}}]\n";
    let written = write(text, Grammar::ContainersPolicy).unwrap();
    for signatures in [&[][..], &["good.rsa4096.sig"], &["good.ed25519.sig"], &["attacker.sig"]] {
        assert_eq!(effects(&written, signatures), effects(text, signatures), "{signatures:?}");
    }
}

#[test]
fn keys_come_along_in_armor_however_they_are_kept() {
    use base64::Engine as _;
    for file in ["release.gpg", "release.asc"] {
        let data = base64::engine::general_purpose::STANDARD.encode(fs::read(format!("testdata/keys/{file}")).unwrap());
        let text = format!(r#"{{"default":[{{"type":"signedBy","keyType":"GPGKeys","keyData":"{data}"}}]}}"#);
        let written = write(&text, Grammar::SignaturePolicy).unwrap();
        assert!(written.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----"), "{written}");
        let value: serde_json::Value = serde_json::from_str(&written).unwrap();
        let armor = value["spec"]["keyrings"]["keyring-1"]["keys"][0]["inline"].as_str().unwrap();
        assert!(armor.lines().all(|line| line.len() <= 64), "{armor}");
        if file == "release.asc" {
            assert_eq!(armor.as_bytes(), fs::read("testdata/keys/release.asc").unwrap(), "armor stays as it is");
        }
        if file == "release.gpg" {
            let lengths: Vec<_> = armor.lines().map(str::len).collect();
            assert!(lengths[2..lengths.len() - 2].iter().all(|length| *length == 64), "{armor}");
        }
        for signatures in [&SIGNATURES[..1], &SIGNATURES[1..]] {
            assert_eq!(effects(&written, signatures), effects(&text, signatures), "{file}");
        }
        let back = write(&written, Grammar::ContainersPolicy).unwrap();
        assert!(back.contains(r#""keyData""#), "{back}");
        assert_eq!(effects(&back, &SIGNATURES[..1]), effects(&text, &SIGNATURES[..1]), "{file}");
    }
}

/// A `SignaturePolicy` with one rule.
fn one_rule(scope: &str, demand: &str) -> String {
    format!(
        "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec:\n  keyrings: {{k: \
         {{keys: [{{file: /keys/release.asc}}]}}, l: {{keys: [{{file: /keys/ed25519.asc}}]}}}}\n  rules: [{{name: r, \
         {scope}require: {demand}}}, {{name: rest, require: {{reject: {{}}}}}}]\n"
    )
}

#[test]
fn one_of_several_signers_is_any_of_their_keys() {
    let scope = "scope: {images: ['registry.example.com/shop/frontend/**']}, ";
    let of = "of: [{signedBy: {keyring: k}}, {signedBy: {keyring: l}}]";
    for demand in
        [format!("{{atLeast: 1, {of}}}"), "{any: [{signedBy: {keyring: k}}, {signedBy: {keyring: l}}]}".to_owned()]
    {
        let text = one_rule(scope, &demand);
        let written = write(&text, Grammar::ContainersPolicy).unwrap();
        for signatures in [&SIGNATURES[..1], &SIGNATURES[1..2], &SIGNATURES[2..]] {
            assert_eq!(effects(&written, signatures), effects(&text, signatures), "{demand}");
        }
    }
    for demand in [format!("{{atLeast: 2, {of}}}"), "{all: [{any: [{reject: {}}]}, {reject: {}}]}".to_owned()] {
        let error = write(&one_rule(scope, &demand), Grammar::ContainersPolicy).unwrap_err();
        assert!(matches!(error, ConvertError::Inexpressible { .. }), "{error:?}");
    }
}
