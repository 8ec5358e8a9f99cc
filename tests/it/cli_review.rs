//! `vidimus review`: a saved request is answered as the webhook answers it.

use serde_json::Value;

use crate::support::{run, run_with_input, shown};

const JUDGED_BY: [&str; 7] = [
    "--policy",
    "testdata/admission/policy.yaml",
    "--images",
    "testdata/admission/export.json",
    "--at=2026-06-01",
    "--carrier=tasks.example.com=spec.steps[*].image",
    "--quiet",
];

fn review(file: &str, more: &[&str]) -> Vec<String> {
    let arguments = ["review", file].into_iter().chain(JUDGED_BY).chain(more.iter().copied());
    arguments.map(str::to_owned).collect()
}

fn status(file: &str, more: &[&str]) -> i32 {
    let arguments = review(&format!("testdata/admission/{file}.json"), more);
    run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).status
}

#[test]
fn the_exit_status_is_that_of_the_answer() {
    assert_eq!(status("pod.signed", &[]), 0);
    assert_eq!(status("pod.signed-by-attacker", &[]), 1);
    assert_eq!(status("pod.signed-by-attacker", &["--hook", "warn"]), 0);
    assert_eq!(status("namespace.labels-not-known", &[]), 2);
    assert_eq!(status("broken.no-uid", &[]), 2);
    assert_eq!(status("update.labels", &[]), 0);
    assert_eq!(status("update.labels", &["--unchanged", "judged"]), 1);
    assert_eq!(status("pod.signed", &["--carrier", "pods"]), 2, "what is built in cannot be declared away");
}

#[test]
fn standard_input_is_answered_and_nothing_else_is_written() {
    let request = std::fs::read("testdata/admission/tag.pinned.json").unwrap();
    let arguments = review("-", &["--hook", "mutate"]);
    let ran = run_with_input(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &request);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["response"]["patchType"], "JSONPatch");
}

#[test]
fn answers_are_shown() {
    let runs: Vec<_> = ["pod.signed-by-attacker", "namespace.labels-not-known", "broken.v1beta1"]
        .iter()
        .map(|file| {
            let arguments = review(&format!("testdata/admission/{file}.json"), &[]);
            shown(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    insta::assert_snapshot!(runs.join("\n"));
}

#[test]
fn a_build_without_a_server_says_so() {
    // The tests of the server run with one.
    let ran = run(&["serve", "--listen", "0.0.0.0:8443"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--features server") || ran.stderr.contains("--tls-certificate"), "{}", ran.stderr);
}
