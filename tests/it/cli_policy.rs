//! What `vidimus policy` ends with and what it finds, held against values.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::report_schema::{assert_valid, validator};
use crate::support::{AT, Ran, run, run_with_input, vidimus};

pub(crate) const SHOP: &str = "testdata/policies/shop.json";
const BOTH: &str = "testdata/policies/both-signers.json";
const BROKEN: &str = "testdata/policies/broken.json";
const EXPORT: &str = "testdata/quickstart/export.json";
const FRONTEND: &str = "registry.example.com/shop/frontend";

pub(crate) fn policy(arguments: &[&str]) -> Ran {
    run(&[&["policy"], arguments].concat())
}

/// The JSON that a run prints, which is as the schema says.
#[track_caller]
pub(crate) fn told(ran: &Ran, kind: &str) -> Value {
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_valid(&validator(kind), &document, kind);
    document
}

/// One member of each element of a list.
pub(crate) fn each<'v>(list: &'v Value, pointer: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item.pointer(pointer).unwrap().as_str().unwrap()).collect()
}

#[test]
fn check_says_what_is_wrong_and_how_it_ends() {
    let everything = fs::read("testdata/policies/hostile-scope.json").unwrap();
    for (arguments, status, codes) in [
        (&[SHOP][..], 0, &[][..]),
        (&["--deny-lints", SHOP], 0, &[]),
        (&[BOTH], 0, &["accepts-anything", "all-keys-demanded", "accepts-anything", "unsupported"]),
        (&["--deny-lints", BOTH], 1, &["accepts-anything", "all-keys-demanded", "accepts-anything", "unsupported"]),
        (
            &["--deny-lints", BROKEN],
            2,
            &["invalid-value", "missing-member", "unknown-member", "empty", "never-matches", "accepts-anything", "key"],
        ),
        // Two policies of this grammar cannot both be in force.
        (&[SHOP, SHOP], 2, &["exclusive"]),
        (&["-"], 0, &["accepts-anything"]),
    ] {
        let arguments = [&["policy", "check", "--at", AT, "--output", "json"], arguments].concat();
        let from_input = arguments.contains(&"-");
        let ran = if from_input { run_with_input(&arguments, &everything) } else { run(&arguments) };
        let report = told(&ran, "policyCheckReport");
        assert_eq!((ran.status, each(&report["findings"], "/code").as_slice()), (status, codes), "{arguments:?}");
        assert_eq!(report["loaded"], status != 2, "{arguments:?}");
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
    for path in ["missing.json", "testdata/quickstart/missing", "testdata/images/hostile"] {
        let ran = policy(&["check", "--output", "json", path]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{path}");
        assert!(ran.stderr.starts_with("error: the policy "), "{}", ran.stderr);
    }
}

#[test]
fn check_counts_what_it_loads_and_names_places() {
    let report = told(&policy(&["check", "--at", AT, "--output", "json", SHOP]), "policyCheckReport");
    let expected = json!({ "documents": 1, "rules": 4, "certificates": 2, "errors": 0, "lints": 0 });
    assert_eq!(report["summary"], expected);

    let report = told(&policy(&["check", "--at", AT, "--output", "json", BROKEN]), "policyCheckReport");
    let expected = json!({ "documents": 1, "rules": null, "certificates": null, "errors": 5, "lints": 2 });
    assert_eq!(report["summary"], expected);
    let text = fs::read_to_string(BROKEN).unwrap();
    for finding in report["findings"].as_array().unwrap() {
        let number = |member: &str| usize::try_from(finding[member].as_u64().unwrap()).unwrap() - 1;
        let line = text.lines().nth(number("line")).unwrap();
        let first = line.chars().nth(number("column")).unwrap();
        assert!(['"', '[', '{'].contains(&first), "{finding} is at {first}");
    }
}

#[test]
fn explain_names_the_scope_and_the_way_to_it() {
    let explain =
        |images: &[&str]| policy(&[&["explain", "--at", AT, "--output", "json", "--policy", SHOP], images].concat());
    for (image, transport, considered, scope, demand) in [
        (
            "registry.example.com/shop/frontend:1",
            "docker",
            &["registry.example.com/shop/frontend:1", FRONTEND, "registry.example.com/shop"][..],
            "registry.example.com/shop",
            "signedBy",
        ),
        (
            "docker://registry.example.com/shop",
            "docker",
            &["registry.example.com/shop"],
            "registry.example.com/shop",
            "signedBy",
        ),
        (
            "example.org/x@sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
            "docker",
            &[
                "example.org/x@sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
                "example.org/x",
                "example.org",
                "*.org",
                "",
            ],
            "",
            "reject",
        ),
        // The policy has no scopes of this transport.
        ("atomic:registry.example.com/shop/frontend", "atomic", &[], "", "reject"),
        ("dir:/srv/images/a/b", "dir", &["/srv/images/a/b", "/srv/images/a", "/srv/images"], "/srv/images", "signedBy"),
        ("oci:/srv/images/a:1", "oci", &[], "", "reject"),
    ] {
        let ran = explain(&[image]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{image}");
        let told = told(&ran, "policyExplanation");
        let [reference] = told["references"].as_array().unwrap().as_slice() else { panic!("one of {image}") };
        assert_eq!((&reference["input"], &reference["transport"]), (&image.into(), &transport.into()));
        let governance = &reference["governance"];
        assert_eq!(governance["scopes"], json!(considered), "{image}");
        assert_eq!((&governance["outcome"], &governance["rule"]["scope"]), (&"rule".into(), &scope.into()), "{image}");
        assert_eq!(governance["demand"]["name"], demand, "{image}");
    }
    for image in ["missing.json", "dir:relative", "oci:/a/../b", "A B", "docker://"] {
        let ran = explain(&[image]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{image}");
    }
}

#[test]
fn explain_names_the_rules_for_an_image() {
    let ours = ["shop", "the rest of our registry", "everything else"];
    for (policy_file, image, rules, outcome, name) in [
        ("audit-rollout", "registry.example.com/shop/a", &ours[..], "rule", json!("shop")),
        ("audit-rollout", "registry.example.com/shop/batch", &ours, "exemption", json!(null)),
        ("audit-rollout", "registry.example.com/a", &ours[1..], "rule", json!("the rest of our registry")),
        ("audit-rollout", "busybox", &ours[2..], "rule", json!("everything else")),
        ("audit-rollout", "dir:/srv/a", &ours[2..], "unknown", json!(null)),
        ("two-of-three", "registry.example.com/a", &["production"], "rule", json!("production")),
        ("two-of-three", "busybox", &[], "nothing", json!(null)),
    ] {
        let file = format!("policy/{policy_file}.yaml");
        let ran = policy(&["explain", "--at", AT, "--output", "json", "--policy", &file, image]);
        let told = told(&ran, "policyExplanation");
        let governance = &told["references"][0]["governance"];
        assert_eq!(governance["rules"], json!(rules), "{policy_file} {image}");
        assert_eq!((&governance["outcome"], &governance["rule"]["name"]), (&outcome.into(), &name), "{image}");
        assert_eq!(governance["scopes"], json!([]), "{image}");
    }
}

#[test]
fn explain_says_which_signed_reference_would_be_accepted() {
    for (image, rule, accepted) in [
        (
            "mirror.example.net/shop/a:1",
            "remapIdentity=mirror.example.net=registry.example.com",
            json!("`registry.example.com/shop/a:1`"),
        ),
        ("registry.example.com/shop/a:1", "matchRepoDigestOrExact", json!("`registry.example.com/shop/a:1`")),
        ("registry.example.com/shop/a", "matchRepoDigestOrExact", json!(null)),
    ] {
        let ran = policy(&["explain", "--at", AT, "--output", "json", "--policy", SHOP, image]);
        let signature = &told(&ran, "policyExplanation")["references"][0]["governance"]["demand"]["signature"];
        assert_eq!(signature["identity"], json!({ "rule": rule, "accepted": accepted }), "{image}");
        let names = each(&signature["signers"], "/userId");
        assert!(names.contains(&"Example Release Key <release@example.com>"), "{names:?}");
    }
    let sigstore = "testdata/policies/sigstore.json";
    let ran = policy(&["explain", "--output", "json", "--policy", sigstore, "registry.example.com/a:1"]);
    let demand = &told(&ran, "policyExplanation")["references"][0]["governance"]["demand"];
    let signature = &demand["signature"];
    assert_eq!((&demand["name"], signature["signers"].as_array().unwrap().len()), (&"sigstoreSigned".into(), 2));
    assert_eq!(signature["identity"]["accepted"], "`registry.example.com/a:1`");
}

#[test]
fn explain_decides_as_verify_does() {
    let explain = |rest: &[&str]| {
        let head = ["explain", "--at", AT, "--quiet", "--output", "json", "--policy", BOTH];
        policy(&[&head, rest].concat())
    };
    let verify = run(&["verify", "--at", AT, "--quiet", "--output", "json", "--policy", BOTH, EXPORT]);
    let verified: Value = serde_json::from_str(&verify.stdout).unwrap();
    let ran = explain(&[EXPORT]);
    let report = told(&ran, "policyExplanation");
    let images: Vec<_> = report["images"].as_array().unwrap().iter().map(|image| image["image"].clone()).collect();
    assert_eq!((ran.status, Value::from(images)), (0, verified["images"].clone()));

    for (name, count, status) in [
        (FRONTEND, 1, 0),
        ("sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0", 1, 0),
        ("registry.example.com/shop/frontend:1", 0, 2),
        ("registry.example.com/shop", 0, 2),
    ] {
        let ran = explain(&["--image", name, EXPORT]);
        let images = told(&ran, "policyExplanation")["images"].as_array().unwrap().len();
        assert_eq!((images, ran.status), (count, status), "{name}");
    }
    let ran = explain(&["testdata/images/list.broken-item.json", "missing", "testdata/signatures/good.ed25519.sig"]);
    let report = told(&ran, "policyExplanation");
    assert_eq!((ran.status, report["errors"].as_array().unwrap().len()), (2, 2), "{report}");
    assert_eq!(each(&report["references"], "/reference"), ["docker.io/library/missing"]);
}

#[test]
fn diff_tells_the_images_that_flip() {
    let diff = |rest: &[&str]| policy(&[&["diff", "--at", AT, "--quiet", "--output", "json"], rest].concat());
    let same = diff(&[SHOP, SHOP, EXPORT]);
    assert_eq!((same.status, &told(&same, "policyComparison")["summary"]["flipped"]), (0, &0.into()));

    for (policies, before) in [([SHOP, BOTH], ["Allow", "Allow", "Deny"]), ([BOTH, SHOP], ["Deny", "Deny", "Allow"])] {
        let ran = diff(&[policies[0], policies[1], EXPORT]);
        let report = told(&ran, "policyComparison");
        assert_eq!((ran.status, each(&report["flips"], "/before/decision")), (1, before.to_vec()));
        assert_eq!(report["summary"]["images"], 5);
        let changes = report["summary"]["changes"].as_array().unwrap();
        let sum: u64 = changes.iter().map(|change| change["images"].as_u64().unwrap()).sum();
        assert_eq!((changes.len(), sum), (2, 3));
    }
    // What cannot be read outweighs what flips.
    let ran = diff(&[SHOP, BOTH, EXPORT, "testdata/images/list.broken-item.json"]);
    assert_eq!((ran.status, told(&ran, "policyComparison")["errors"].as_array().unwrap().len()), (2, 1));
    for arguments in [&[SHOP, BROKEN, EXPORT][..], &[SHOP, BOTH, "testdata/images/list.empty.json"], &[SHOP, BOTH]] {
        let ran = diff(arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
    }
}

#[test]
fn the_options_of_a_verification_are_those_of_the_verbs() {
    let source = "testdata/images/manifest.schema-1.json";
    let decision = |options: &[&str]| {
        let ran =
            policy(&[&["explain", "--at", AT, "--output", "json", "--policy", SHOP], options, &[source]].concat());
        told(&ran, "policyExplanation")["images"][0]["image"]["decision"].as_str().unwrap().to_owned()
    };
    assert_eq!([decision(&[]), decision(&["--schema1", "accept"])], ["Deny", "Allow"]);
    let diff = |at: &str| policy(&["diff", "--at", at, "--quiet", SHOP, BOTH, "testdata/images/image.json"]).status;
    // Before it was signed, neither policy accepts it.
    assert_eq!([diff(AT), diff("2024-01-01")], [1, 0]);
    assert_eq!(policy(&["explain", "--policy", SHOP, "--namespace-label", "a=b", FRONTEND]).status, 2);
    assert_eq!(
        policy(&["explain", "--policy", SHOP, "--namespace", "a", "--namespace-label", "a", FRONTEND]).status,
        2
    );
}

#[test]
fn quiet_leaves_lints_out_and_errors_in() {
    let suite = "testdata/policies/suites/shop.yaml";
    for arguments in [
        &["verify", "--at", AT, "--policy", BOTH, EXPORT][..],
        &["policy", "explain", "--at", AT, "--policy", BOTH, EXPORT],
        &["policy", "diff", "--at", AT, BOTH, BOTH, EXPORT],
    ] {
        let (loud, quiet) = (run(arguments), run(&[arguments, &["--quiet"]].concat()));
        assert!(loud.stderr.contains(" lint: "), "{arguments:?}");
        assert_eq!(
            (quiet.stderr.as_str(), quiet.status, quiet.stdout),
            ("", loud.status, loud.stdout),
            "{arguments:?}"
        );
    }
    assert_eq!(run(&["policy", "test", "-q", suite]).stderr, "");
    assert!(run(&["-q", "policy", "diff", SHOP, BROKEN, EXPORT]).stderr.starts_with("error: "));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    for (arguments, status) in [
        (&["check", BOTH][..], 0),
        (&["check", BROKEN], 2),
        (&["explain", "-q", "--at", AT, "--policy", BOTH, EXPORT], 0),
        (&["test", "testdata/policies/suites/failing.yaml"], 1),
        (&["diff", "-q", "--at", AT, SHOP, BOTH, EXPORT], 1),
        (&["schema", "report"], 0),
    ] {
        let mut command = vidimus();
        command.arg("policy").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(status), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn somebody_elses_text_reaches_no_terminal() {
    let (hostile, scope) = ("testdata/policies/hostile.json", "testdata/policies/hostile-scope.json");
    let images = ["testdata/images/hostile-names.json", "testdata/images/hostile-image-name.json"];
    for arguments in [
        &["check", hostile][..],
        &["check", scope],
        &["explain", "--at", AT, "--policy", scope, "dir:/a\u{1b}[31m\u{202e}/b"],
        &["explain", "--at", AT, "--policy", SHOP, images[0], images[1]],
        &["explain", "--at", AT, "--policy", SHOP, "\u{1b}[31m\nALLOW  x"],
        &["explain", "--at", AT, "--policy", SHOP, "--image", "\u{1b}[31m\nALLOW  x", EXPORT],
        &["diff", "--at", AT, SHOP, BOTH, images[0], images[1]],
        &["diff", "--at", AT, SHOP, hostile, images[0]],
        &["test", "testdata/policies/suites/failing.yaml"],
        &["test", "--output", "junit", "testdata/policies/suites/failing.yaml", "\u{1b}[31m\nok      x.yaml"],
    ] {
        let ran = policy(arguments);
        for text in [&ran.stdout, &ran.stderr] {
            let bad = text.chars().find(|char| (char.is_control() && *char != '\n') || *char == '\u{202e}');
            assert_eq!(bad, None, "{text}");
            assert!(!text.lines().any(|line| line.starts_with("ALLOW  x") || line.starts_with("ok      x")), "{text}");
        }
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    for arguments in [
        &["check", BROKEN][..],
        &["explain", "-q", "--at", AT, "--policy", SHOP, EXPORT],
        &["test", "testdata/policies/suites/failing.yaml"],
        &["diff", "-q", "--at", AT, SHOP, BOTH, EXPORT],
    ] {
        let colored = |options: &[&str]| policy(&[arguments, options].concat()).stdout.contains('\u{1b}');
        assert!(!colored(&[]) && !colored(&["--color", "never"]) && colored(&["--color", "always"]), "{arguments:?}");
        assert!(!colored(&["--color", "always", "--output", "json"]), "{arguments:?}");
    }
}
