//! What a policy that loads still tells, and which scopes of `policy.json` are refused.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vidimus::policy::Policy;
use vidimus::policy::document::{FindingCode as Code, KeyFile, KeyLocation, PolicyFile};
use vidimus::signature::SIGSTORE_KEYS_PER_RULE;

use crate::support::{AT, errors, load, places};

const RULES: &str = "$.spec.rules[0].require";

#[track_caller]
fn lints(document: &str) -> Vec<(Code, String)> {
    places(load(&[document]).unwrap_or_else(|error| panic!("{document}: {error}")).lints())
}

fn signature_policy(spec: &str) -> String {
    format!("apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: test}}\nspec: {{{spec}}}\n")
}

/// The lints about one keyring of this key, asked for by a rule with these terms.
fn of_keyring(key: &str, terms: &str) -> Vec<(Code, String)> {
    let demand = format!("{{signedBy: {{keyring: k{terms}}}}}");
    lints(&signature_policy(&format!(
        "keyrings: {{k: {{keys: [{{{key}}}]}}}}, rules: [{{name: r, require: {demand}}}]"
    )))
}

#[test]
fn a_keyring_that_vouches_for_nothing_any_more_is_told() {
    let expired = [(Code::ExpiredKeyring, "$.spec.keyrings.k".to_owned())];
    assert_eq!(of_keyring("file: release.asc", ""), []);
    assert_eq!(of_keyring("file: expired.asc", ""), expired);
    assert_eq!(of_keyring("file: expired.asc", ", keyExpiry: when-signed"), []);
    assert_eq!(of_keyring("file: release.asc, trustedUntil: 2026-05-31", ""), expired);
    assert_eq!(of_keyring("file: release.asc, trustedUntil: 2026-06-02", ""), []);
    assert_eq!(of_keyring("file: release.asc, trustedFrom: 2026-06-02", ""), expired);
    // One rule that asks for keys of today is enough, whichever comes last.
    for (first, last) in [("now", "when-signed"), ("when-signed", "now")] {
        let demand = |expiry| format!("{{signedBy: {{keyring: k, keyExpiry: {expiry}}}}}");
        let spec = format!(
            "keyrings: {{k: {{keys: [{{file: expired.asc}}]}}}}, rules: [{{name: r, require: {{any: [{}, {}]}}}}]",
            demand(first),
            demand(last)
        );
        assert_eq!(lints(&signature_policy(&spec)), expired, "{first} {last}");
    }
}

#[test]
fn a_revocation_from_another_file_counts_from_there_on() {
    let signed_by = |file| format!(r#"{{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "{file}"}}"#);
    let (stripped, revoked) = (signed_by("hard-revoked.revocation-removed.asc"), signed_by("hard-revoked.asc"));
    assert_eq!(
        lints(&format!(r#"{{"default": [{stripped}, {stripped}, {revoked}, {stripped}]}}"#)),
        [
            (Code::ExpiredKeyring, "$.default[2].keyPath".to_owned()),
            (Code::ExpiredKeyring, "$.default[3].keyPath".to_owned()),
            (Code::AllKeysDemanded, "$.default".to_owned()),
        ]
    );
}

#[test]
fn a_key_file_is_read_once_however_many_scopes_name_it() {
    let sigstore = r#"[{"type": "sigstoreSigned", "keyPath": "cosign-p256.pub"}]"#;
    let signed_by = r#"[{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "release.asc"}]"#;
    let scopes: Vec<_> = [sigstore, signed_by].repeat(3);
    let scopes: Vec<_> =
        scopes.iter().enumerate().map(|(n, demands)| format!(r#""example.com/{n}": {demands}"#)).collect();
    let document =
        format!(r#"{{"default": [{{"type": "reject"}}], "transports": {{"docker": {{{}}}}}}}"#, scopes.join(", "));
    let mut read = Vec::new();
    let file = PolicyFile { name: "policy.json", bytes: document.as_bytes() };
    let loaded = Policy::load(&[file], AT.parse().unwrap(), &mut |location| {
        let KeyLocation::File(name) = location else { panic!("{location:?}") };
        read.push(name.to_owned());
        let bytes = std::fs::read(format!("testdata/keys/{name}")).map_err(|error| error.to_string())?;
        Ok(vec![KeyFile { name: name.to_owned(), bytes }])
    });
    assert!(loaded.is_ok(), "{loaded:?}");
    assert_eq!(read, ["cosign-p256.pub", "release.asc"]);
}

#[test]
fn a_keyring_that_nobody_asks_for_is_told() {
    let spec = "keyrings: {k: {keys: [{file: release.asc}]}}, rules: [{name: r, require: {reject: {}}}]";
    assert_eq!(lints(&signature_policy(spec)), [(Code::UnusedKeyring, "$.spec.keyrings.k".to_owned())]);
}

#[test]
fn a_certificate_is_trusted_at_one_time_in_a_keyring() {
    let of = |second: &str| {
        let keys = format!("[{{file: release.asc, trustedUntil: 2027-01-01}}, {{file: release.gpg{second}}}]");
        errors(&[&signature_policy(&format!(
            "keyrings: {{k: {{keys: {keys}}}}}, rules: [{{name: r, require: {{signedBy: {{keyring: k}}}}}}]"
        ))])
    };
    assert_eq!(of(", trustedUntil: 2027-01-01"), []);
    let twice = [(Code::Exclusive, "$.spec.keyrings.k.keys[1]".to_owned())];
    assert_eq!(of(""), twice);
    assert_eq!(of(", trustedUntil: 2028-01-01"), twice);
}

#[test]
fn more_signers_than_there_are_is_told() {
    for (count, told) in [(1, false), (2, false), (3, true)] {
        let of = "of: [{signedBy: {keyring: a}}, {signedBy: {keyring: b}}]";
        let spec = format!(
            "keyrings: {{a: {{keys: [{{file: release.asc}}]}}, b: {{keys: [{{file: ed25519.asc}}]}}}}, \
             rules: [{{name: r, require: {{atLeast: {count}, {of}}}}}]"
        );
        let expected = [(Code::NeverSatisfied, format!("{RULES}.atLeast"))];
        assert_eq!(lints(&signature_policy(&spec)), if told { &expected[..] } else { &[] }, "{count}");
    }
}

#[test]
fn what_accepts_the_unmatched_is_told() {
    let spec =
        |what: &str| signature_policy(&format!("noMatch: {what}, rules: [{{name: r, require: {{reject: {{}}}}}}]"));
    assert_eq!(lints(&spec("allow")), [(Code::AcceptsAnything, "$.spec.noMatch".to_owned())]);
    assert_eq!(lints(&spec("deny")), []);
}

/// A `policy.json` with one scope.
fn with_scope(transport: &str, scope: &str) -> String {
    format!(r#"{{"default":[{{"type":"reject"}}],"transports":{{"{transport}":{{"{scope}":[{{"type":"reject"}}]}}}}}}"#)
}

#[test]
fn scopes_are_refused_as_the_peer_refuses_them() {
    let (hex, upper) = ("1".repeat(64), "A".repeat(64));
    let digest = format!("sha256:{hex}");
    for (transport, right, wrong) in [
        (
            "containers-storage",
            &[
                "[/var/lib]",
                "[overlay@/var/lib]",
                "[overlay@/var/lib]example.com/x:1",
                &format!("[/var/lib]example.com/x@{hex}"),
                &format!("[/var/lib]example.com/x:1@{digest}"),
                "",
            ][..],
            &[
                "example.com/x",
                "[/var/lib",
                "var/lib]",
                "[var/lib]",
                "[@/var/lib]",
                "[overlay@var/lib]",
                "[/var/lib]example.com/x@1",
                &format!("[/var/lib]x@{upper}"),
                &format!("[/var/lib]x@{}", "g".repeat(64)),
                &format!("[/var/lib]x@{}", "1".repeat(63)),
                &format!("[var/lib]x@{hex}"),
                "[/var/lib]x@sha256:11",
            ][..],
        ),
        ("docker-archive", &[""], &["/a.tar", "x"]),
        ("tarball", &[""], &["x"]),
        ("docker-daemon", &["", "example.com/x", "example.com/x:1"], &[&digest]),
        ("dir", &["", "/a", "/a/b"], &["a", "/", "/a/", "/a//b", "/a/../b", "/a/./b"]),
        ("atomic", &["", "a.example", "a.example/b", "a.example/b/c:1"], &["a.example/b/c/d", "a.example/b:1/c"]),
    ] {
        for scope in right {
            assert_eq!(errors(&[&with_scope(transport, scope)]), [], "{transport} {scope}");
        }
        for scope in wrong {
            let found: Vec<_> = errors(&[&with_scope(transport, scope)]).into_iter().map(|(code, _)| code).collect();
            assert_eq!(found, [Code::InvalidValue], "{transport} {scope}");
        }
    }
}

#[test]
fn scopes_that_govern_less_than_it_seems_are_told() {
    for (scope, expected) in [
        ("a.example/x", None),
        ("a.example:5000/x", None),
        ("a.example", None),
        ("a.example:5000", None),
        ("localhost", None),
        ("localhost/x", None),
        ("docker.io/library/x", None),
        ("*.example.com", None),
        ("*.com", None),
        ("quay.io/x@sha256:1111111111111111111111111111111111111111111111111111111111111111", None),
        ("quay.io/x:1@sha256:1111111111111111111111111111111111111111111111111111111111111111", None),
        ("*", Some(Code::NeverMatches)),
        ("a.*.example", Some(Code::NeverMatches)),
        ("*.*.example", Some(Code::NeverMatches)),
        ("*.example.com/x", Some(Code::NeverMatches)),
        ("*.example.com:5000", Some(Code::NeverMatches)),
        ("a.example/*", Some(Code::NeverMatches)),
        ("docker://a.example", Some(Code::NeverMatches)),
        ("https://a.example/x", Some(Code::NeverMatches)),
        ("a.example/", Some(Code::NeverMatches)),
        ("index.docker.io/library/x", Some(Code::NeverMatches)),
        ("registry-1.docker.io", Some(Code::NeverMatches)),
        ("library/x", Some(Code::NeverMatches)),
        ("a.example/x:1", Some(Code::TagScope)),
        ("localhost/x:1", Some(Code::TagScope)),
    ] {
        let found: Vec<_> = lints(&with_scope("docker", scope)).into_iter().map(|(code, _)| code).collect();
        assert_eq!(found, Vec::from_iter(expected), "{scope}");
    }
}

/// A `policy.json` that demands this of every image.
fn default(demands: &str) -> String {
    format!(r#"{{"default":[{demands}]}}"#)
}

#[test]
fn several_keys_that_are_demanded_together_are_told() {
    let signed = r#"{"type":"signedBy","keyType":"GPGKeys","keyPath":"release.asc"}"#;
    let sigstore = r#"{"type":"sigstoreSigned","keyPath":"cosign-p256.pub"}"#;
    for (demands, told) in [
        (signed.to_owned(), false),
        (sigstore.to_owned(), false),
        (format!(r#"{signed},{{"type":"reject"}}"#), false),
        (format!("{signed},{signed}"), true),
        (format!("{signed},{sigstore}"), true),
    ] {
        let found = lints(&default(&demands));
        assert_eq!(found.iter().any(|(code, _)| *code == Code::AllKeysDemanded), told, "{demands}");
    }
}

#[test]
fn sigstore_keys_are_bounded_where_they_are_demanded() {
    // Not all octets are a point of the curve: those that are no key are left out.
    let keys = |count: usize| {
        let all = (0_u32..).filter_map(|number| {
            let mut encoded = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
            encoded.extend([&number.to_be_bytes()[..], &[0; 28]].concat());
            let text = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(encoded));
            vidimus::signature::SigstoreKey::from_pem(text.as_bytes()).ok().map(|_| STANDARD.encode(text))
        });
        all.take(count).fold(String::new(), |mut list, key| {
            let separator = if list.is_empty() { "" } else { "," };
            write!(list, r#"{separator}"{key}""#).unwrap();
            list
        })
    };
    let demand = |count| default(&format!(r#"{{"type":"sigstoreSigned","keyDatas":[{}]}}"#, keys(count)));
    assert_eq!(errors(&[&demand(SIGSTORE_KEYS_PER_RULE)]), []);
    let beyond = errors(&[&demand(SIGSTORE_KEYS_PER_RULE + 1)]);
    assert_eq!(beyond, [(Code::Limit, "$.default".to_owned())]);
}

#[test]
fn what_is_not_evaluated_yet_is_validated_all_the_same() {
    for (demand, expected) in [
        (r#""fulcio":{"caPath":"","oidcIssuer":"i","subjectEmail":"e"}"#, Some(Code::Empty)),
        (r#""fulcio":{"caData":"!","oidcIssuer":"i","subjectEmail":"e"}"#, Some(Code::InvalidValue)),
        (r#""fulcio":{"caData":"eA==","subjectEmail":"e"}"#, Some(Code::MissingMember)),
        (r#""fulcio":{"caData":"eA==","oidcIssuer":"i","subjectEmail":"e"}"#, None),
        (r#""pki":{"caRootsData":"!","subjectEmail":"e"}"#, Some(Code::InvalidValue)),
        (r#""pki":{"caRootsData":"eA==","subjectEmail":1}"#, Some(Code::WrongType)),
        (r#""pki":{"caRootsData":"eA==","subjectEmail":"e"}"#, None),
    ] {
        let rekor = if demand.contains("fulcio") { r#","rekorPublicKeyData":"eA==""# } else { "" };
        let found = errors(&[&default(&format!(r#"{{"type":"sigstoreSigned",{demand}{rekor}}}"#))]);
        let found: Vec<_> = found.into_iter().map(|(code, _)| code).collect();
        assert_eq!(found.first().copied(), expected, "{demand} {found:?}");
    }
}

/// A `policy.json` with so many scopes that never match, and so many that are refused.
fn with_findings(lints: usize, errors: usize) -> String {
    let never = (0..lints).map(|number| format!(r#""*.a{number}.*":[{{"type":"reject"}}]"#));
    let wrong = (0..errors).map(|number| format!(r#""a.example/b/c/d{number}":[{{"type":"reject"}}]"#));
    let scopes: Vec<_> = never.chain(wrong).collect();
    format!(r#"{{"default":[{{"type":"reject"}}],"transports":{{"atomic":{{{}}}}}}}"#, scopes.join(","))
}

#[test]
fn however_many_lints_there_are_an_error_is_told() {
    let limit = vidimus::policy::document::FINDING_LIMIT;
    for count in [1, limit - 1, limit, limit + 1] {
        assert_eq!(lints(&with_findings(count, 0)).len(), count.min(limit), "{count}");
    }
    for (lints, wrong, told, errors) in [
        (limit - 2, 1, limit - 1, 1),
        (limit - 1, 1, limit, 1),
        (limit - 1, 2, limit, 1),
        (limit, 1, limit, 1),
        (limit + 1, 1, limit, 1),
        (limit, 5, limit, 1),
        (0, limit, limit, limit),
        (0, limit + 1, limit, limit),
        (10, limit, limit, limit - 10),
    ] {
        let error = load(&[&with_findings(lints, wrong)]).unwrap_err();
        let findings = places(error.findings());
        let of_errors = findings.iter().filter(|(code, _)| *code == Code::InvalidValue).count();
        assert_eq!((findings.len(), of_errors), (told, errors), "{lints} {wrong}");
    }
}

#[test]
fn a_file_holds_as_many_documents_as_it_is_written_in() {
    let count = |text: &str| PolicyFile { name: "policy", bytes: text.as_bytes() }.document_count();
    assert_eq!(count(&with_findings(0, 0)), 1);
    assert_eq!(count("a: b\n"), 1);
    assert_eq!(count("a: b\n---\nc: d\n"), 2);
    assert_eq!(count("a: b\n---\nc: d\n---\ne: f\n"), 3);
    assert_eq!(count("{"), 1);
}

#[test]
fn a_document_that_cannot_be_read_is_told_whatever_else_there_is() {
    let good = signature_policy("rules: [{name: r, require: {reject: {}}}]");
    for broken in ["{", "[1", "a: [b", "a: b\n---\nc: [d\n", "{\"a\":1}x"] {
        for documents in [&[broken][..], &[&good, broken], &[broken, &good]] {
            let found: Vec<_> = errors(documents).into_iter().map(|(code, _)| code).collect();
            assert!(found.contains(&Code::Syntax), "{broken:?} {found:?}");
        }
    }
    let files = [PolicyFile { name: "a", bytes: good.as_bytes() }, PolicyFile { name: "b", bytes: b"a: \xff" }];
    let error = Policy::load(&files, AT.parse().unwrap(), &mut |_| Err(String::new()));
    assert_eq!(places(error.unwrap_err().findings()).first().map(|(code, _)| *code), Some(Code::Syntax));
}
