//! What is wrong with `SignaturePolicy` documents is told with its place, and documents go together or do not.

use vidimus::policy::document::FindingCode;

use crate::support::{errors, load};

/// A document with this in its `spec`.
fn policy(spec: &str) -> String {
    format!("apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: test}}\nspec: {{{spec}}}\n")
}

const RELEASE: &str = "keyrings: {release: {keys: [{file: release.asc}]}, other: {keys: [{file: ed25519.asc}]}}";

/// One rule for everything that demands this.
fn require(demand: &str) -> String {
    policy(&format!("{RELEASE}, rules: [{{name: r, require: {demand}}}]"))
}

/// One rule that demands a signature under these terms.
fn terms(terms: &str) -> String {
    require(&format!("{{signedBy: {{keyring: release, {terms}}}}}"))
}

/// A keyring with this key.
fn key(members: &str) -> String {
    policy(&format!(
        "keyrings: {{k: {{keys: [{{{members}}}]}}}}, rules: [{{name: r, require: {{signedBy: {{keyring: k}}}}}}]"
    ))
}

/// A rule that accepts everything in a scope.
fn scope(members: &str) -> String {
    policy(&format!("rules: [{{name: r, scope: {{{members}}}, require: {{insecureAcceptAnything: {{}}}}}}]"))
}

fn selector(members: &str) -> String {
    scope(&format!("namespaceSelector: {{{members}}}"))
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (document, expected) in [
        (
            require("{insecureAcceptAnything: {x: 1}}"),
            &[(FindingCode::UnknownMember, "$.spec.rules[0].require.insecureAcceptAnything.x")][..],
        ),
        (
            require("{reject: {}, insecureAcceptAnything: {}}"),
            &[(FindingCode::Exclusive, "$.spec.rules[0].require.reject")],
        ),
        (require("{}"), &[(FindingCode::MissingMember, "$.spec.rules[0].require")]),
        (
            require("{of: [{signedBy: {keyring: release}}], signedBy: {keyring: release}}"),
            &[(FindingCode::UnknownMember, "$.spec.rules[0].require.of")],
        ),
        (
            require("{atLeast: 0, of: [{signedBy: {keyring: release}}]}"),
            &[(FindingCode::InvalidValue, "$.spec.rules[0].require.atLeast")],
        ),
        (require("{atLeast: 1, of: []}"), &[(FindingCode::Empty, "$.spec.rules[0].require.of")]),
        (require("{all: []}"), &[(FindingCode::Empty, "$.spec.rules[0].require.all")]),
        (require("{any: []}"), &[(FindingCode::Empty, "$.spec.rules[0].require.any")]),
        (require("{digestIn: []}"), &[(FindingCode::Empty, "$.spec.rules[0].require.digestIn")]),
        (require("{digestIn: [sha1:11]}"), &[(FindingCode::InvalidValue, "$.spec.rules[0].require.digestIn[0]")]),
        (
            terms("maxSignatureAge: 0d"),
            &[(FindingCode::InvalidValue, "$.spec.rules[0].require.signedBy.maxSignatureAge")],
        ),
        (
            terms("maxSignatureAge: 99999999999999999999d"),
            &[(FindingCode::InvalidValue, "$.spec.rules[0].require.signedBy.maxSignatureAge")],
        ),
        (
            terms("signedAfter: yesterday"),
            &[(FindingCode::InvalidValue, "$.spec.rules[0].require.signedBy.signedAfter")],
        ),
        (key("file: release.asc, inline: x"), &[(FindingCode::Exclusive, "$.spec.keyrings.k.keys[0].inline")]),
        (key("file: missing.asc"), &[(FindingCode::Key, "$.spec.keyrings.k.keys[0].file")]),
        (key("file: corrupt.asc"), &[(FindingCode::Key, "$.spec.keyrings.k.keys[0].file")]),
        (key("file: empty.asc"), &[(FindingCode::Key, "$.spec.keyrings.k.keys[0].file")]),
        (key("file: secret.asc"), &[(FindingCode::Key, "$.spec.keyrings.k.keys[0].file")]),
        (
            key("file: release.asc, trustedFrom: 2024-01-01, trustedUntil: 2024-01-01"),
            &[(FindingCode::InvalidValue, "$.spec.keyrings.k.keys[0].trustedUntil")],
        ),
        (scope("images: []"), &[(FindingCode::Empty, "$.spec.rules[0].scope.images")]),
        (scope("images: [registry.example.com]"), &[(FindingCode::InvalidValue, "$.spec.rules[0].scope.images[0]")]),
        (scope("namespaces: [Prod]"), &[(FindingCode::InvalidValue, "$.spec.rules[0].scope.namespaces[0]")]),
        (
            selector("matchExpressions: [{key: a, operator: Exists, values: [b]}]"),
            &[(FindingCode::Exclusive, "$.spec.rules[0].scope.namespaceSelector.matchExpressions[0].values")],
        ),
        (
            policy("rules: [{name: r, require: {reject: {}}}, {name: r, require: {reject: {}}}]"),
            &[(FindingCode::DuplicateName, "$.spec.rules[1]"), (FindingCode::AmbiguousScope, "$.spec.rules[0]")],
        ),
        (
            policy(
                r#"rules: [{name: a, scope: {images: ["a.example/*/x"]}, require: {reject: {}}}, {name: b, scope: {images: ["a.example/y/*"]}, require: {reject: {}}}]"#,
            ),
            &[(FindingCode::AmbiguousScope, "$.spec.rules[0]")],
        ),
        (
            policy(
                r#"rules: [{name: a, scope: {namespaceSelector: {matchLabels: {env: prod}}}, require: {reject: {}}}, {name: b, scope: {namespaces: ["*"]}, require: {reject: {}}}]"#,
            ),
            &[(FindingCode::UnreachableRule, "$.spec.rules[0]")],
        ),
        ("[]".to_owned(), &[(FindingCode::WrongType, "$")]),
        (String::new(), &[(FindingCode::Empty, "$")]),
    ] {
        let found = errors(&[&document]);
        let found: Vec<_> = found.iter().map(|(code, path)| (*code, path.as_str())).collect();
        assert_eq!(found, expected, "{document}");
    }
}

#[test]
fn documents_are_put_together_or_refused() {
    let rule = |name: &str, images: &str| {
        policy(&format!(r#"rules: [{{name: r, scope: {{images: ["{images}"]}}, require: {{reject: {{}}}}}}]"#))
            .replace("name: test", &format!("name: {name}"))
    };
    assert!(load(&[&rule("a", "a.example/**"), &rule("b", "b.example/**")]).is_ok());
    let same_name = errors(&[&rule("a", "a.example/**"), &rule("a", "b.example/**")]);
    assert_eq!(same_name, [(FindingCode::DuplicateName, "$".to_owned())]);
    let same_scope = errors(&[&rule("a", "a.example/**"), &rule("b", "a.example/**")]);
    assert_eq!(same_scope, [(FindingCode::AmbiguousScope, "$.spec.rules[0]".to_owned())]);
    let mixed = errors(&[&rule("a", "a.example/**"), r#"{"default":[{"type":"reject"}]}"#]);
    assert_eq!(mixed, [(FindingCode::Exclusive, "$".to_owned())]);
    let two = r#"{"default":[{"type":"reject"}]}"#;
    assert_eq!(errors(&[two, two]), [(FindingCode::Exclusive, "$".to_owned())]);
    let no_match = |name: &str, what: &str| {
        rule(name, &format!("{name}.example/**")).replace("spec: {", &format!("spec: {{noMatch: {what}, "))
    };
    assert!(load(&[&no_match("a", "deny"), &rule("b", "b.example/**")]).is_ok());
    // To say nothing is to deny.
    let one_allows = errors(&[&no_match("a", "allow"), &rule("b", "b.example/**")]);
    assert_eq!(one_allows, [(FindingCode::Exclusive, "$".to_owned())]);
    assert_eq!(errors(&[&no_match("a", "allow"), &no_match("b", "deny")]), [(FindingCode::Exclusive, "$".to_owned())]);
    assert!(load(&[]).is_err(), "no document is no policy");
}
