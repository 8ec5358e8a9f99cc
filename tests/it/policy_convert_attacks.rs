//! Policies that would decide otherwise when they are written in another grammar.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use vidimus::policy::document::{Grammar, PolicyFile, convert};
use vidimus::policy::{Context, Governs, Transport};
use vidimus::{Demand, Reference, Rules, Verifier};

use crate::support::{AT, load_policy};

/// What cannot be said is refused; what is said is an allowance only where the source allows as well.
fn written(text: &str, to: Grammar) -> Option<String> {
    let file = PolicyFile { name: "policy", bytes: text.as_bytes() };
    convert(&[file], to, AT.parse().unwrap(), &mut |_| Err("no key is read here".to_owned())).ok()
}

fn accepts(verifier: &Verifier, transport: &Transport, reference: Option<&str>) -> bool {
    let context = Context { namespace: None, transport: transport.clone() };
    let reference: Option<Reference> = reference.map(|text| text.parse().unwrap());
    match verifier.look_up(reference.as_ref(), &context, AT.parse().unwrap()).governs() {
        Governs::Rule(rule) => *rule.requirement().demand() == Demand::AcceptAnything,
        Governs::Exemption(_) | Governs::Nothing | Governs::Unknown { .. } => false,
    }
}

const IMAGES: [&str; 18] = [
    "quay.io/a",
    "quay.io/a:1",
    "quay.io/a/b:1",
    "quay.io/a/b/c:1",
    "quay.io/ab",
    "quay.io:443/a",
    "quay.io:5000/a/b",
    "a.quay.io/a",
    "a.b.quay.io/a/b",
    "a.quay.io:443/a",
    "localhost/a",
    "localhost:5000/a",
    "busybox",
    "docker.io/a/b",
    "a.example.com/a",
    "example.com/a/b:1",
    "a.b.example.com:443/a",
    "com/a",
];

/// Whether every image has the same fate by both policies; images that come from no registry may be worse off.
fn decides_alike(one: &str, other: &str) -> Result<(), TestCaseError> {
    let [one_verifier, other_verifier] = [one, other].map(|text| {
        let policy = load_policy(&[("policy", text)]).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        Verifier::with_policy(policy, Rules::default())
    });
    for image in IMAGES {
        let fates = [&one_verifier, &other_verifier].map(|verifier| accepts(verifier, &Transport::Docker, Some(image)));
        prop_assert_eq!(fates[0], fates[1], "{}: {} {}", image, one, other);
    }
    for transport in ["dir", "oci", "containers-storage"] {
        let place = if transport == "containers-storage" { "[overlay@/x]quay.io/a:1" } else { "/a/b" };
        let transport = Transport::Other { name: transport.to_owned(), place: place.to_owned() };
        prop_assert!(
            accepts(&one_verifier, &transport, None) || !accepts(&other_verifier, &transport, None),
            "{:?}: {} {}",
            transport,
            one,
            other
        );
    }
    Ok(())
}

const SCOPES: [&str; 29] = [
    "",
    "*",
    "**",
    "*.",
    "*.*",
    "*.io",
    "*.quay.io",
    "*.*.quay.io",
    "*.b.quay.io",
    "a.*.quay.io",
    "quay.io",
    "quay.io/*",
    "quay.io/**",
    "quay.io/a",
    "quay.io/a/*",
    "quay.io/a/",
    "quay.io/a/b",
    "quay.io:443",
    "quay.io:*",
    "*.quay.io:443",
    "*.quay.io/a",
    "localhost",
    "localhost:5000/a",
    "busybox",
    "docker.io",
    "docker.io/library/busybox",
    "*.com",
    "*.example.com",
    "com",
];

const PATTERNS: [&str; 20] = [
    "**",
    "**/**",
    "**:*/**",
    "*/**",
    "*.**/**",
    "*.**:*/**",
    "quay.io/**",
    "quay.io/*",
    "quay.io/a",
    "quay.io/a/**",
    "quay.io:443/**",
    "quay.io:*/**",
    "*.quay.io/**",
    "*.**.quay.io:*/**",
    "**.*.quay.io:*/**",
    "**.quay.io:*/**",
    "localhost/**",
    "docker.io/**",
    "*.**.com:*/**",
    "*.**.example.com:*/a/**",
];

fn list(accepts: bool) -> &'static str {
    if accepts { r#"[{"type":"insecureAcceptAnything"}]"# } else { r#"[{"type":"reject"}]"# }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn scopes_of_any_form_are_refused_or_decide_alike(
        default: bool,
        scopes in btree_map(select(&SCOPES[..]), any::<bool>(), 0..4),
        others in btree_map(select(&["dir", "atomic"][..]), any::<bool>(), 0..2),
    ) {
        let entries: Vec<_> = scopes.iter().map(|(scope, accepts)| format!(r#""{scope}":{}"#, list(*accepts))).collect();
        let mut transports = vec![format!(r#""docker":{{{}}}"#, entries.join(","))];
        transports.extend(others.iter().map(|(name, accepts)| format!(r#""{name}":{{"":{}}}"#, list(*accepts))));
        let text = format!(r#"{{"default":{},"transports":{{{}}}}}"#, list(default), transports.join(","));
        if let Some(there) = written(&text, Grammar::SignaturePolicy) {
            decides_alike(&text, &there)?;
            if let Some(back) = written(&there, Grammar::ContainersPolicy) {
                decides_alike(&there, &back)?;
            }
        }
        if let Some(there) = written(&text, Grammar::ClusterImagePolicy) {
            decides_alike(&text, &there)?;
        }
    }

    #[test]
    fn patterns_of_any_form_are_refused_or_decide_alike(
        no_match: bool,
        rules in vec((prop_oneof![1 => Just(None), 8 => vec(select(&PATTERNS[..]), 1..3).prop_map(Some)], any::<bool>()), 1..4),
    ) {
        let rules: Vec<_> = rules.iter().enumerate().map(|(number, (patterns, accepts))| {
            let scope = patterns.as_ref().map_or(String::new(), |patterns| format!(r#""scope":{{"images":{patterns:?}}},"#));
            let require = if *accepts { "insecureAcceptAnything" } else { "reject" };
            format!(r#"{{"name":"r{number}",{scope}"require":{{"{require}":{{}}}}}}"#)
        }).collect();
        let text = format!(
            r#"{{"apiVersion":"vidimus.dev/v1alpha1","kind":"SignaturePolicy","metadata":{{"name":"a"}},"spec":{{"noMatch":"{}","rules":[{}]}}}}"#,
            if no_match { "allow" } else { "deny" },
            rules.join(",")
        );
        if let Some(there) = written(&text, Grammar::ContainersPolicy) {
            decides_alike(&text, &there)?;
            if let Some(back) = written(&there, Grammar::SignaturePolicy) {
                decides_alike(&there, &back)?;
            }
        }
    }
}

#[test]
fn a_scope_that_matches_nothing_is_no_pattern_that_does() {
    for scope in ["*.*.example.com", "quay.io/*", "**", "a.*.example.com", "*.example.com:443", "*.example.com/a"] {
        let text = format!(r#"{{"default":{},"transports":{{"docker":{{"{scope}":{}}}}}}}"#, list(false), list(true));
        assert_eq!(written(&text, Grammar::SignaturePolicy), None, "{scope}");
    }
}

#[test]
fn what_registries_may_bring_nothing_else_may() {
    let text = format!(r#"{{"default":{},"transports":{{"docker":{{"":{}}}}}}}"#, list(false), list(true));
    let there = written(&text, Grammar::SignaturePolicy).unwrap();
    let back = written(&there, Grammar::ContainersPolicy).unwrap();
    for text in [&text, &there, &back] {
        let verifier = Verifier::with_policy(load_policy(&[("policy", text)]).unwrap(), Rules::default());
        let folder = Transport::Other { name: "dir".to_owned(), place: "/a".to_owned() };
        assert!(accepts(&verifier, &Transport::Docker, Some("quay.io/a")), "{text}");
        assert!(!accepts(&verifier, &folder, None), "{text}");
    }
}
