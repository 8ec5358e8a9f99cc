//! What a person reads of `vidimus policy`, as snapshots.

use insta::assert_snapshot;

use crate::support::{AT, all_shown, run, shown};

const SHOP: &str = "testdata/policies/shop.json";
const BOTH: &str = "testdata/policies/both-signers.json";
const EXPORT: &str = "testdata/quickstart/export.json";

#[test]
fn policy_help() {
    for verb in ["check", "explain", "test", "diff"] {
        let ran = run(&["policy", verb, "--help"]);
        assert!(ran.stdout.contains("Exit status:\n  0  "), "{}", ran.stdout);
    }
    assert_snapshot!(all_shown(&[
        &["policy", "--help"],
        &["policy", "check", "--help"],
        &["policy", "explain", "--help"],
        &["policy", "test", "--help"],
        &["policy", "diff", "--help"],
        &["policy", "schema", "--help"],
        &["policy", "schema"],
    ]));
}

#[test]
fn policy_check() {
    assert_snapshot!(all_shown(&[
        &["policy", "check", "--at", AT, SHOP],
        &["policy", "check", "--at", AT, "--deny-lints", BOTH],
        &["policy", "check", "--at", AT, "testdata/policies/broken.json"],
        &["policy", "check", "--at", AT, "testdata/policies/hostile.json"],
        &["policy", "check", "missing.json"],
        &["policy", "check", "--at", AT, "--output", "json", "testdata/policies/hostile-scope.json"],
    ]));
}

#[test]
fn policy_explain() {
    let explain = ["policy", "explain", "--at", AT, "--policy"];
    let references = [
        "registry.example.com/shop/frontend:1.0.0",
        "mirror.example.net/shop/frontend@sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
        "registry.example.org/other",
        "dir:/srv/images/frontend",
        "containers-storage:[overlay@/var/lib/containers]docker.io/library/busybox:1",
    ];
    assert_snapshot!(all_shown(&[
        &[&explain[..], &[SHOP], &references].concat(),
        &[&explain[..], &["testdata/policies/sigstore.json", references[0]]].concat(),
        &[&explain[..], &[BOTH, "--image", "registry.example.com/shop/frontend", EXPORT]].concat(),
        &[&explain[..], &[BOTH, "--quiet", "registry.example.com/shop/search", "registry.example.com/shop/x"]].concat(),
        &[&explain[..], &[SHOP, "--image", "registry.example.com/shop/nothing", EXPORT]].concat(),
        &[&explain[..], &[SHOP, "testdata/images/reference.invalid.json", "missing.json"]].concat(),
        &[&explain[..], &[SHOP, "testdata/images/reference.invalid.json"]].concat(),
    ]));
    assert_snapshot!(
        "policy_explain_of_rules_with_names",
        all_shown(&[
            &[
                &explain[..],
                &["policy/audit-rollout.yaml", "registry.example.com/shop/a:1", "registry.example.com/shop/batch"]
            ]
            .concat(),
            &[&explain[..], &["policy/rotation.yaml", "registry.example.com/a:1", "registry.example.org/a"]].concat(),
            &[&explain[..], &["policy/two-of-three.yaml", "registry.example.com/a:1", "dir:/srv/images/a"]].concat(),
            &[&explain[..], &["policy/audit-rollout.yaml", "--image", "registry.example.com/shop/batch", EXPORT]]
                .concat(),
        ])
    );
}

#[test]
fn policy_test() {
    let suite = |name: &str| format!("testdata/policies/suites/{name}.yaml");
    let (shop, failing, broken, no_image) = (suite("shop"), suite("failing"), suite("broken"), suite("no-image"));
    assert_snapshot!(all_shown(&[
        &["policy", "test", &shop],
        &["policy", "test", &failing],
        &["policy", "test", &broken, "missing.yaml"],
        &["policy", "test", &no_image],
    ]));
    assert_snapshot!("policy_test_as_junit", shown(&["policy", "test", "--output", "junit", &shop, &failing, &broken]));
}

#[test]
fn policy_diff() {
    assert_snapshot!(all_shown(&[
        &["policy", "diff", "--at", AT, "--quiet", SHOP, BOTH, EXPORT],
        &["policy", "diff", "--at", AT, SHOP, SHOP, EXPORT, "testdata/images/list.broken-item.json"],
        &["policy", "diff", "--at", AT, SHOP, "testdata/policies/broken.json", EXPORT],
    ]));
}
