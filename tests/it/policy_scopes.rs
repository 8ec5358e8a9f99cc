//! Which scope of a policy.json governs which image.

use vidimus::policy::Transport;
use vidimus::{Code, Context, Effect, Rules, Verdict, Verifier};

use crate::support::{AT, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

/// A policy whose scopes are told apart by their places alone.
fn policy(transport: &str, scopes: &[&str]) -> String {
    let scopes: Vec<_> = scopes.iter().map(|scope| format!(r#""{scope}":[{{"type":"reject"}}]"#)).collect();
    let scopes = scopes.join(",");
    format!(r#"{{"default":[{{"type":"insecureAcceptAnything"}}],"transports":{{"{transport}":{{{scopes}}}}}}}"#)
}

fn judge(policy: &str, reference: &str, transport: Transport) -> Verdict {
    let verifier = Verifier::with_policy(load(&[policy]).unwrap(), Rules::default());
    let image = raw_signature(b"", DIGEST, reference);
    verifier.verify_in(&image, &Context { transport, ..Context::default() }, AT.parse().unwrap())
}

/// The scope that governs, `default` for none.
#[track_caller]
fn assert_governed(scopes: &[&str], reference: &str, expected: &str) {
    let verdict = judge(&policy("docker", scopes), reference, Transport::Docker);
    let rule = verdict.decision().rule().unwrap();
    let governing = if rule.pointer() == "$.default" { "default" } else { rule.scope() };
    assert_eq!(governing, expected, "{reference} under {scopes:?}");
    let effect = if expected == "default" { Effect::Allow } else { Effect::Deny };
    assert_eq!(verdict.decision().effect(), effect);
}

#[test]
fn the_most_specific_scope_governs_alone() {
    let all = [
        "a.example.com:5000/ns/app:v1",
        "a.example.com:5000/ns/app",
        "a.example.com:5000/ns",
        "a.example.com:5000",
        "*.example.com",
        "*.com",
        "",
    ];
    for skipped in 0..all.len() {
        assert_governed(&all[skipped..], "a.example.com:5000/ns/app:v1", all[skipped]);
    }
    let mut reversed = all;
    reversed.reverse();
    assert_governed(&reversed, "a.example.com:5000/ns/app:v1", all[0]);
    assert_governed(&[], "a.example.com/app:v1", "default");
}

#[test]
fn what_only_looks_like_a_scope_of_the_image_does_not_govern_it() {
    for (scope, reference) in [
        ("example.com", "example.com:5000/app:v1"),
        ("example.com:5000", "example.com/app:v1"),
        ("example.com/ns", "example.com/ns-evil/app:v1"),
        ("example.com/ns", "evil.com/example.com/ns/app:v1"),
        ("example.com/ns/app", "example.com/ns/app2:v1"),
        ("*.example.com", "example.com/app:v1"),
        ("*.example.com", "evilexample.com/app:v1"),
        ("*.example.com", "a.example.com.evil.org/app:v1"),
        ("example.com/app:v1", "example.com/app:v10"),
        ("example.com/app:v1", "example.com/app:v2"),
        ("busybox", "busybox:1"),
        ("library/busybox", "busybox:1"),
    ] {
        assert_governed(&[scope], reference, "default");
    }
}

#[test]
fn a_digest_decides_where_there_is_a_tag_too() {
    let tagged = format!("example.com/app:v1@{DIGEST}");
    assert_governed(&["example.com/app:v1"], &tagged, "default");
    let by_digest = format!("example.com/app@{DIGEST}");
    assert_governed(&["example.com/app:v1", &by_digest], &tagged, &by_digest);
}

#[test]
fn without_a_valid_reference_no_scope_is_guessed() {
    for reference in ["", "EXAMPLE.com/App:v1", "example.com/app:v1 ", "a:b:c"] {
        let verdict = judge(&policy("docker", &["example.com"]), reference, Transport::Docker);
        let decision = verdict.decision();
        assert_eq!((decision.effect(), decision.code()), (Effect::Undecided, Code::InvalidReference), "{reference:?}");
    }
    // With nothing to look up there is nothing to be mistaken about.
    assert!(judge(r#"{"default":[{"type":"insecureAcceptAnything"}]}"#, "", Transport::Docker).is_allowed());
}

#[test]
fn each_transport_has_its_own_scopes() {
    let other = |name: &str, place: &str| Transport::Other { name: name.to_owned(), place: place.to_owned() };
    for (transport, scope, context, governed) in [
        ("dir", "/srv/images", other("dir", "/srv/images/app"), true),
        ("dir", "/srv/images", other("dir", "/srv/images2"), false),
        ("dir", "/srv/images", other("oci", "/srv/images/app"), false),
        ("oci", "/srv", other("oci", "/srv"), true),
        ("atomic", "example.com", Transport::Atomic, true),
        ("atomic", "example.com", Transport::Docker, false),
        ("docker", "example.com", Transport::Atomic, false),
        ("tarball", "", other("tarball", "x"), true),
        ("containers-storage", "[/var/lib]", other("containers-storage", "[overlay@/var/lib]example.com/x:1"), true),
    ] {
        let verdict = judge(&policy(transport, &[scope]), "example.com/app:v1", context.clone());
        assert_eq!(verdict.decision().effect() == Effect::Deny, governed, "{transport} {scope} {context:?}");
    }
}
