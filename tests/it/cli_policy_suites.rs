//! What `vidimus policy test` makes of suites.

use std::fs;

use serde_json::{Value, json};

use crate::cli_policy::{SHOP, each, policy, told};
use crate::support::{AT, run_with_input};

#[test]
fn a_suite_passes_fails_or_is_not_run() {
    let suite = |name: &str| format!("testdata/policies/suites/{name}.yaml");
    for (names, status, counts, outcomes) in [
        (&["shop"][..], 0, [5, 0, 0], &["passed"; 5][..]),
        (&["rollout"], 0, [4, 0, 0], &["passed"; 4]),
        (&["failing"], 1, [1, 1, 0], &["passed", "failed"]),
        (&["broken"], 2, [0, 0, 1], &[]),
        (&["no-image"], 2, [0, 0, 4], &["error", "error", "error"]),
        (&["broken", "failing"], 2, [1, 1, 1], &["passed", "failed"]),
        (&["missing"], 2, [0, 0, 1], &[]),
    ] {
        let files: Vec<_> = names.iter().map(|name| suite(name)).collect();
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        let ran = policy(&[&["test", "--output", "json"], &files[..]].concat());
        let report = told(&ran, "policyTestReport");
        let [passed, failed, errors] = counts;
        let expected = json!({ "passed": passed, "failed": failed, "errors": errors });
        assert_eq!((ran.status, &report["summary"]), (status, &expected), "{names:?}");
        let suites = report["suites"].as_array().unwrap();
        let found: Vec<_> = suites.iter().flat_map(|suite| each(&suite["cases"], "/outcome")).collect();
        assert_eq!(found, outcomes, "{names:?}");
    }
}

#[test]
fn every_member_of_a_suite_is_looked_at() {
    let ran = policy(&["test", "--output", "json", "testdata/policies/suites/failing.yaml"]);
    let report = told(&ran, "policyTestReport");
    let differences = &report["suites"][0]["cases"][1]["differences"];
    assert_eq!(each(differences, "/member"), ["decision", "code", "scope", "rule", "signatures", "tolerated"]);

    let ran = policy(&["test", "--output", "json", "testdata/policies/suites/broken.yaml"]);
    let report = told(&ran, "policyTestReport");
    let paths = each(&report["suites"][0]["findings"], "/path");
    for path in [
        "$",
        "$.metadata.labels",
        "$.policy",
        "$.cases[0]",
        "$.cases[0].namespaceLabels",
        "$.cases[0].expect",
        "$.cases[0].expect.code",
        "$.cases[0].expect.desicion",
        "$.cases[0].expect.rule",
        "$.cases[0].expect.scope",
        "$.cases[0].expect.signatures[1]",
        "$.cases[1].at",
        "$.cases[1].expect.decision",
        "$.cases[1].expect.tolerated",
        "$.cases[1].name",
        "$.cases[1].reference",
    ] {
        assert!(paths.contains(&path), "{path} is not told of: {paths:?}");
    }
}

#[test]
fn a_suite_has_several_reports() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("junit.xml");
    let junit = format!("junit={}", path.display());
    let suites = ["testdata/policies/suites/failing.yaml", "testdata/policies/suites/no-image.yaml"];
    let ran = policy(&[&["test", "--output", &junit, "--output", "junit"], &suites[..]].concat());
    assert_eq!((ran.status, fs::read_to_string(&path).unwrap()), (2, ran.stdout.clone()));
    for (text, count) in [("<testsuite ", 3), ("<testcase ", 6), ("<failure ", 1), ("<error ", 4), ("</testcase>", 5)] {
        assert_eq!(ran.stdout.matches(text).count(), count, "{text}");
    }
    assert_eq!(badly_formed(&ran.stdout), None, "{}", ran.stdout);
    for bad in ["<a><b></a></b>", "<a>&x;</a>", "<a b=\"<\"/>", "<a>\u{1b}</a>", "<a>"] {
        assert!(badly_formed(bad).is_some(), "{bad}");
    }
    for wrong in [&["--output", "json", "--output", "text"][..], &["--output", "tap"], &["--output", "junit="]] {
        assert_eq!(policy(&[&["test"], wrong, &suites].concat()).status, 2, "{wrong:?}");
    }
    let nowhere = format!("junit={}", directory.path().join("missing/x.xml").display());
    let ran = policy(&["test", "--output", &nowhere, suites[0]]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
}

/// What keeps a text from being XML of elements, attributes and the five entities.
fn badly_formed(xml: &str) -> Option<String> {
    let (mut open, mut rest) = (Vec::new(), xml);
    while let Some((text, after)) = rest.split_once('<') {
        let Some((tag, after)) = after.split_once('>') else { return Some(after.to_owned()) };
        rest = after;
        let entities = [text, tag].into_iter().flat_map(|part| part.split('&').skip(1));
        let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
        let mut unknown = entities.filter(|entity| !known.iter().any(|known| entity.starts_with(known)));
        let unknown = unknown.next().map(str::to_owned);
        let stray = [text, tag].into_iter().find(|part| part.contains(['<', '\u{1b}', '\0'])).map(str::to_owned);
        if let Some(found) = unknown.or(stray) {
            return Some(found);
        }
        let name = tag.split(' ').next().unwrap_or_default();
        match (tag.starts_with('?'), name.strip_prefix('/'), tag.ends_with('/')) {
            (true, ..) | (false, None, true) => {}
            (false, Some(name), _) if open.pop() == Some(name) => {}
            (false, Some(name), _) => return Some(format!("</{name}> closes nothing")),
            (false, None, false) => open.push(name),
        }
    }
    open.pop().map(|name| format!("<{name}> is left open"))
}

#[test]
fn a_suite_may_be_json_and_come_from_standard_input() {
    let suite = json!({
        "apiVersion": "vidimus.dev/v1alpha1",
        "kind": "PolicyTest",
        "metadata": { "name": "json" },
        "policy": [SHOP],
        "at": AT,
        "cases": [{ "name": "one", "images": "testdata/images/image.json", "expect": { "decision": "allow" } }],
    });
    let run = |suite: &Value| {
        let ran = run_with_input(&["policy", "test", "--output", "json", "-"], suite.to_string().as_bytes());
        (ran.status, told(&ran, "policyTestReport")["summary"].clone())
    };
    assert_eq!(run(&suite), (0, json!({ "passed": 1, "failed": 0, "errors": 0 })));
    for pointer in ["/apiVersion", "/kind", "/metadata", "/policy", "/at", "/cases", "/cases/0/expect/decision"] {
        let mut broken = suite.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        broken.pointer_mut(parent).unwrap().as_object_mut().unwrap().shift_remove(name).unwrap();
        assert_eq!(run(&broken), (2, json!({ "passed": 0, "failed": 0, "errors": 1 })), "without {pointer}");
        *broken.pointer_mut(parent).unwrap() = suite.pointer(parent).unwrap().clone();
        *broken.pointer_mut(pointer).unwrap() = json!(5);
        assert_eq!(run(&broken).0, 2, "{pointer} = 5");
    }
}
