//! Policy documents that try to be read as something else than they say: a part that is passed over in silence is a
//! demand that is not in force.

use vidimus::policy::document::FindingCode;

use crate::support::{errors, load, run, run_with_input};

const ACCEPTING: &str = r#"{"default":[{"type":"insecureAcceptAnything"}]}"#;
const REJECTING: &str = "kind: SignaturePolicy\napiVersion: vidimus.dev/v1alpha1\nmetadata: {name: a}\n\
                         spec: {rules: [{name: a, require: {reject: {}}}]}\n";

#[test]
fn a_list_without_items_is_not_passed_over() {
    for kind in ["List", "SignaturePolicyList", "ClusterImagePolicyList", "ImagePolicyList"] {
        let misspelt = format!("apiVersion: v1\nkind: {kind}\nitem: [{{kind: ClusterImagePolicy}}]\n");
        let expected =
            [(FindingCode::MissingMember, "$".to_owned()), (FindingCode::UnknownMember, "$.item".to_owned())];
        assert_eq!(errors(&[ACCEPTING, &misspelt]), expected, "{kind}");
        let bare = format!("kind: {kind}\n");
        assert_eq!(errors(&[ACCEPTING, &bare]), expected[..1], "{kind}");
        let inside = format!("kind: List\nitems: [{{kind: {kind}}}]\n");
        assert_eq!(errors(&[ACCEPTING, &inside]), [(FindingCode::MissingMember, "$.items[0]".to_owned())], "{kind}");
    }
}

#[test]
fn a_list_of_demands_that_is_null_is_an_empty_one() {
    for demands in ["null", "[]"] {
        let document = format!(r#"{{"default":{demands}}}"#);
        assert_eq!(errors(&[&document]), [(FindingCode::Empty, "$.default".to_owned())], "{demands}");
    }
}

#[test]
fn nothing_beside_the_items_of_a_list_is_passed_over() {
    let rejecting = REJECTING.replace("kind: SignaturePolicy\n", "kind: List\nitems: [{kind: List}]\n");
    let expected =
        [(FindingCode::UnknownMember, "$.spec".to_owned()), (FindingCode::MissingMember, "$.items[0]".to_owned())];
    assert_eq!(errors(&[&rejecting]), expected);
    let without_kind = format!(r#"{{"kind":"List","items":[{ACCEPTING}]}}"#);
    assert_eq!(errors(&[&without_kind]), [(FindingCode::MissingMember, "$.items[0]".to_owned())]);
    assert_eq!(errors(&[r#"{"kind":"List","items":["x"]}"#]), [(FindingCode::WrongType, "$.items[0]".to_owned())]);
}

#[test]
fn nothing_is_merged_in_silence() {
    let rule = |members: &str| {
        format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: a}}\nspec:\n  rules:\n  - name: a\n    \
             require: {{reject: {{}}}}\n{members}"
        )
    };
    assert!(errors(&[&rule("    mode: audit\n")]).is_empty());
    for members in [
        "    <<: {mode: audit}\n    <<: {mode: warn}\n",
        "    <<: {mode: audit, mode: enforce}\n",
        "    mode: audit\n    <<: {mode: enforce}\n",
        "    <<: [{mode: audit}, {mode: enforce}]\n",
    ] {
        assert_eq!(errors(&[&rule(members)]), [(FindingCode::Syntax, "$.spec.rules[0]".to_owned())], "{members}");
    }
    let aliased = rule("    scope: &where {images: [a.example.com/b]}\n").replace("name: a\n    r", "name: b\n    r")
        + "  - name: c\n    scope: *where\n    require: {reject: {}}\n";
    assert_eq!(errors(&[&aliased]), [(FindingCode::AmbiguousScope, "$.spec.rules[0]".to_owned())]);
}

/// Each took minutes, or gigabytes, before it was refused.
#[test]
fn what_is_wrong_many_times_or_at_length_is_told_soon() {
    let long = "A".repeat(4 << 20);
    let started = std::time::Instant::now();
    for document in [
        format!(r#"{{"kind":"{long}"}}"#),
        format!(r#"{{"default":[{{"type":"reject"}}],"{long}":1}}"#),
        format!(r#"{{"default":[{{"type":"{long}"}}]}}"#),
        "---\na: b\n".repeat(50_000),
        format!("default: [{{type: reject}}]\n{}", "default: 1\n".repeat(50_000)),
    ] {
        assert!(!errors(&[&document]).is_empty());
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

/// The threads of tests have two megabytes of stack.
#[test]
fn the_deepest_documents_that_are_read_need_little_stack() {
    let nested = |open: &str, close: &str, inner: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let require = |depth| {
        let tree = nested(r#"{"all":["#, "]}", r#"{"reject":{}}"#, depth);
        format!(
            r#"{{"apiVersion":"vidimus.dev/v1alpha1","kind":"SignaturePolicy","metadata":{{"name":"a"}},"spec":{{"rules":[{{"name":"a","require":{tree}}}]}}}}"#
        )
    };
    for depth in 1..40 {
        let codes = |text: &str| errors(&[text]).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
        let (json, yaml) = (codes(&require(depth)), codes(&format!("--- {}", require(depth))));
        let expected =
            if depth <= 29 { [vec![], vec![]] } else { [vec![FindingCode::Limit], vec![FindingCode::Syntax]] };
        assert_eq!([json, yaml], expected, "{depth}");
    }
    let lists = nested(r#"{"kind":"List","items":["#, "]}", r#"{"kind":"List"}"#, 31);
    assert_eq!(errors(&[&lists])[0].0, FindingCode::MissingMember);
    for text in ["[", "{\"a\":", "- ", "[a, ", "{a: ", "a: {b: [", "? ", "!!map {a: "] {
        assert!(!errors(&[&text.repeat(100_000)]).is_empty(), "{text}");
    }
}

#[test]
fn nothing_is_said_of_what_could_not_be_read() {
    let document = |keys: &str, demand: &str| {
        format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: a}}\nspec:\n  keyrings:\n    k: \
             {{keys: [{keys}]}}\n  rules:\n  - {{name: a, require: {demand}}}\n"
        )
    };
    let codes = |text: &str| -> Vec<_> {
        let findings = match load(&[text]) {
            Ok(policy) => policy.lints().to_vec(),
            Err(error) => error.findings().to_vec(),
        };
        findings.iter().map(|finding| (finding.code(), finding.message().to_owned())).collect()
    };
    // The rule may well be about the keyring.
    let misspelt = codes(&document("{file: release.asc}", "{signedby: {keyring: k}}"));
    assert!(misspelt.iter().all(|(code, _)| *code != FindingCode::UnusedKeyring), "{misspelt:?}");
    let reject = codes(&document("{file: release.asc}", "{reject: {}}"));
    assert_eq!(reject[0].0, FindingCode::UnusedKeyring);
    // The keys may well be enough.
    let two = "{atLeast: 2, of: [{signedBy: {keyring: k}}]}";
    let missing = codes(&document("{file: missing.asc}", two));
    assert!(missing.iter().all(|(code, _)| *code != FindingCode::NeverSatisfied), "{missing:?}");
    let misspelt =
        codes(&document("{file: release.asc}", "{atLeast: 2, of: [{signedBy: {keyring: k}}, {signedby: {}}]}"));
    assert!(misspelt.iter().all(|(code, _)| *code != FindingCode::NeverSatisfied), "{misspelt:?}");
    let one = codes(&document("{file: release.asc}", two));
    let expected = "only 1 signer can sign here, so that this is never met".to_owned();
    assert_eq!(one, [(FindingCode::NeverSatisfied, expected)]);
}

/// In a namespace of another name other rules govern, or none.
#[test]
fn what_no_namespace_is_called_is_a_mistake() {
    let policy = "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {name: a}\nspec:\n  noMatch: allow\n  \
                  rules: [{name: a, scope: {namespaces: [prod]}, require: {reject: {}}}]\n";
    let verify = |namespace: &str| {
        let arguments = ["verify", "--policy", "-", "--namespace", namespace, "testdata/images/image.json"];
        run_with_input(&arguments, policy.as_bytes()).status
    };
    assert_eq!([verify("prod"), verify("test")], [1, 0]);
    for namespace in ["Prod", "prod ", "", "prod*", "*", "a.b", "prod/x"] {
        assert_eq!(verify(namespace), 2, "{namespace}");
        let explain = ["policy", "explain", "--policy", "policy", "--namespace", namespace, "a.example/b"];
        assert_eq!(run(&explain).status, 2, "{namespace}");
    }
    let suite = |namespace: &str| {
        format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: PolicyTest\nmetadata: {{name: a}}\npolicy: [policy/reject-all.json]\n\
             at: 2026-06-01\ncases: [{{name: a, images: testdata/images/image.json, namespace: {namespace}, expect: \
             {{decision: deny}}}}]\n"
        )
    };
    let test = |namespace: &str| run_with_input(&["policy", "test", "-"], suite(namespace).as_bytes()).status;
    assert_eq!([test("prod"), test("Prod"), test("'prod*'")], [0, 2, 2]);
}

#[test]
fn an_exemption_of_everything_is_told_and_has_a_reason() {
    let exempting = |members: &str| {
        format!("{REJECTING}---\n{REJECTING}")
            .replacen("metadata: {name: a}", "metadata: {name: b}", 1)
            .replacen("name: a, require", "name: b, scope: {images: [a.example.com/b]}, require", 1)
            .replacen("}}]}", &format!("}}}}], exemptions: [{{{members}, expires: 2030-01-01}}]}}"), 1)
    };
    let everything = load(&[&exempting("scope: {}, reason: r")]).unwrap();
    let lints: Vec<_> = everything.lints().iter().map(|lint| (lint.code(), lint.path())).collect();
    assert_eq!(lints, [(FindingCode::AcceptsAnything, "$.spec.exemptions[0]")]);
    assert!(load(&[&exempting("scope: {images: [a.example.com/b]}, reason: r")]).unwrap().lints().is_empty());
    let blank = errors(&[&exempting("scope: {}, reason: ' '")]);
    assert_eq!(blank, [(FindingCode::Empty, "$.spec.exemptions[0].reason".to_owned())]);
}
