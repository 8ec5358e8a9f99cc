//! `vidimus report summary` and `vidimus report diff`: what is read from reports that were written earlier.

use std::fs;

use serde_json::{Value, json};

use crate::report_merge::{Whole, objects};
use crate::report_schema::{assert_valid, validator};
use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";

/// A folder with reports in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// The report about objects.
    fn report(&self, name: &str, format: &str, objects: &[String], options: &[&str]) -> String {
        let (export, report) = (self.path("export.json"), self.path(name));
        fs::write(&export, format!(r#"{{"kind":"List","items":[{}]}}"#, objects.join(","))).unwrap();
        let output = format!("{format}={report}");
        let at = if options.contains(&"--at") { vec![] } else { vec!["--at", AT] };
        let keys = if options.contains(&"--policy") { vec![] } else { vec!["--keys", KEY] };
        run(&[&["verify", "--output", &output, &export], &at[..], &keys, options].concat());
        report
    }
}

fn diff(old: &str, new: &str) -> (i32, Value) {
    let ran = run(&["report", "diff", "--output", "json", old, new]);
    assert_eq!(ran.stderr, "", "{old} {new}");
    let document = serde_json::from_str(&ran.stdout).unwrap();
    assert_valid(&validator("reportDifference"), &document, new);
    (ran.status, document)
}

fn summary(reports: &[&str]) -> Value {
    let ran = run(&[&["report", "summary", "--output", "json"], reports].concat());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let document = serde_json::from_str(&ran.stdout).unwrap();
    assert_valid(&validator("reportSummary"), &document, "the summary");
    document
}

fn refused(ran: &Ran) -> &str {
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    &ran.stderr
}

/// An image of the test data under another reference; it is signed for tag 1.0.0, and for any by its digest.
fn image(file: &str, name: &str) -> String {
    let text = fs::read_to_string(format!("testdata/images/{file}.json")).unwrap();
    let mut image: Value = serde_json::from_str(&text).unwrap();
    let tag = match name {
        "frontend" => format!("@{}", image["metadata"]["name"].as_str().unwrap()),
        "new" => ":1.0.0".to_owned(),
        _ => format!(":{name}"),
    };
    image["dockerImageReference"] = format!("registry.example.com/shop/frontend{tag}").into();
    image.to_string()
}

#[test]
fn a_summary_counts_what_the_report_tells() {
    let folder = Folder::new();
    let objects = objects(60);
    let [document, lines] = ["json", "ndjson"].map(|format| folder.report(format, format, &objects, &[]));
    let report: Value = serde_json::from_str(&fs::read_to_string(&document).unwrap()).unwrap();
    let images = report["images"].as_array().unwrap();
    let told = summary(&[&document]);
    assert_eq!(told["summary"], report["summary"]);
    assert_eq!(summary(&[&lines])["registries"], told["registries"]);
    let sum = |list: &str, member: &str| -> u64 {
        told[list].as_array().unwrap().iter().map(|row| row[member].as_u64().unwrap()).sum()
    };
    let count =
        |wanted: &dyn Fn(&Value) -> bool| u64::try_from(images.iter().filter(|image| wanted(image)).count()).unwrap();
    for list in ["registries", "repositories"] {
        assert_eq!(sum(list, "images"), count(&|_| true), "{list}");
        assert_eq!(sum(list, "denied"), count(&|image| image["decision"] == "Deny"), "{list}");
        assert_eq!(sum(list, "unsigned"), count(&|image| image["signatures"] == json!([])), "{list}");
    }
    for row in told["reasons"].as_array().unwrap() {
        let alike = |image: &Value| image["decision"] == row["decision"] && image["code"] == row["code"];
        assert_eq!(row["images"], count(&alike), "{row}");
    }
    let signed = |image: &Value| {
        let signatures = image["signatures"].as_array().unwrap();
        signatures.iter().any(|signature| signature["outcome"] == "verified")
    };
    assert_eq!(sum("signers", "images"), count(&signed));
    let twice = summary(&[&document, &lines]);
    assert_eq!(twice["summary"]["images"], 2 * images.len());
    assert_eq!(twice["summary"]["errors"], 2 * report["summary"]["errors"].as_u64().unwrap());
}

#[test]
fn a_summary_of_shards_is_that_of_the_run() {
    let whole = Whole::of(&objects(80));
    let shards = whole.shards("ndjson", 3);
    let all = whole.shards("ndjson", 1);
    let shards: Vec<_> = shards.iter().map(String::as_str).collect();
    let (told, mut expected) = (summary(&shards), summary(&[&all[0]]));
    expected["reports"] = 3.into();
    assert_eq!(told, expected);
    assert_eq!(summary(&shards[1..])["summary"]["partial"], true);
    let twice = run(&["report", "summary", shards[0], shards[0]]);
    assert!(refused(&twice).contains("both the report of shard 0/3"), "{}", twice.stderr);
}

#[test]
fn a_difference_tells_what_changed_and_whether_it_is_worse() {
    let folder = Folder::new();
    let (signed, unsigned) = (|name| image("image", name), |name| image("signatures.none", name));
    let old = folder.report("old", "json", &[signed("frontend"), signed("gone"), unsigned("other")], &[]);
    assert_eq!(diff(&old, &old).0, 0);
    let frontend = |objects: &[String]| folder.report("new", "ndjson", objects, &[]);

    let new = frontend(&[unsigned("frontend"), signed("new"), unsigned("other")]);
    let (status, told) = diff(&old, &new);
    let changes: Vec<_> = told["images"].as_array().unwrap().iter().map(|image| &image["changes"]).collect();
    let expected = [json!(["newly-denied", "newly-unsigned"]), json!(["new"]), json!(["gone"])];
    assert_eq!((status, changes), (1, expected.iter().collect()));
    assert_eq!(told["images"][0]["before"]["decision"], "Allow");
    assert_eq!(told["images"][0]["after"]["code"], "no-signature");
    assert_eq!((&told["images"][1]["before"], &told["images"][2]["after"]), (&Value::Null, &Value::Null));
    assert_eq!(told["summary"]["worse"], 1);
    assert_eq!(told["newSigners"], json!([]));

    // The other way round it is better, and a signer is new.
    let signers = folder.report("unsigned", "json", &[unsigned("frontend")], &[]);
    let (status, told) = diff(&signers, &folder.report("signed", "json", &[signed("frontend")], &[]));
    assert_eq!((status, &told["images"][0]["changes"]), (0, &json!(["newly-allowed"])));
    assert_eq!(told["newSigners"][0]["images"], 1);

    // What cannot be read any more is worse.
    let broken = r#"{"kind":"Image","metadata":1}"#.to_owned();
    let (status, told) = diff(&old, &frontend(&[signed("frontend"), signed("gone"), unsigned("other"), broken]));
    assert_eq!((status, &told["images"], &told["after"]["unreadable"]), (1, &json!([]), &json!(1)));
}

#[test]
fn a_rule_that_only_warns_is_seen() {
    let folder = Folder::new();
    let policy = |name: &str, mode: &str| {
        let text = format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: test}}\n\
             spec: {{rules: [{{name: r, mode: {mode}, require: {{reject: {{}}}}}}]}}\n"
        );
        fs::write(folder.path(name), text).unwrap();
        folder.path(name)
    };
    let objects = [image("image", "frontend")];
    let policies = ["enforce", "warn", "audit"].map(|mode| (mode, policy(mode, mode)));
    let report = |mode: &str, path: &str| folder.report(&format!("{mode}.json"), "json", &objects, &["--policy", path]);
    let reports = policies.each_ref().map(|(mode, path)| report(mode, path));
    let [enforce, warn, audit] = reports.each_ref().map(String::as_str);
    let (status, told) = diff(enforce, warn);
    assert_eq!((status, &told["images"][0]["changes"]), (0, &json!(["newly-allowed"])));
    assert_eq!(diff(warn, enforce).0, 1);
    assert_eq!(diff(warn, audit).0, 0);
    assert_eq!(summary(&[warn])["reasons"][0]["decision"], "Tolerated");
    let warned = |report: &str| summary(&[report])["summary"]["warned"].clone();
    assert_eq!((warned(enforce), warned(warn), warned(audit)), (json!(0), json!(1), json!(0)));

    // Only a warning fails, and only where it is asked for.
    let verify = |path: &str, fail_on: &str| {
        run(&["verify", "--at", AT, "--policy", path, "--fail-on", fail_on, "testdata/images/image.json"]).status
    };
    for ((mode, path), expected) in policies.iter().zip([[1, 0, 1], [0, 0, 1], [0, 0, 0]]) {
        let statuses = ["denied", "undecided", "warned"].map(|fail_on| verify(path, fail_on));
        assert_eq!(statuses, expected, "{mode}");
    }
    let keys = ["verify", "--keys", KEY, "--at", AT, "--fail-on", "warned"];
    assert_eq!(run(&[&keys[..], &["testdata/images/image.json"]].concat()).status, 0);
    assert_eq!(run(&[&keys[..], &["testdata/images/signatures.none.json"]].concat()).status, 1);
    assert_eq!(run(&[&keys[..], &["missing.json"]].concat()).status, 2);
}

#[test]
fn what_is_no_whole_report_is_refused() {
    let folder = Folder::new();
    let whole = Whole::of(&objects(30));
    let shards = whole.shards("json", 2);
    let report = folder.report("report", "json", &objects(20), &[]);
    let text = fs::read_to_string(&report).unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path(name), text).unwrap();
        folder.path(name)
    };
    let partial = write("partial", &text.replace("\"partial\":false", "\"partial\":true"));
    let cut = write("cut", text.split_at(text.len() / 2).0);
    let code = write("code", &text.replacen("\"code\":\"verified\"", "\"code\":\"certain\"", 1));
    let signer = write("signer", &text.replacen("\"fingerprint\":\"BE57", "\"fingerprint\":\"=cmd", 1));
    assert!(text != fs::read_to_string(&code).unwrap() && text != fs::read_to_string(&signer).unwrap());
    let missing = folder.path("missing");
    for (old, new, says) in [
        (&report, &partial, "is partial"),
        (&partial, &report, "is partial"),
        (&shards[0], &shards[1], "the same shard"),
        (&shards[0], &report, "the same shard"),
        (&report, &cut, "cut off"),
        (&report, &code, "code `certain` is unknown"),
        (&signer, &report, "`fingerprint`"),
        (&missing, &report, "cannot be read"),
        (&"-".to_owned(), &report, "not a file"),
    ] {
        let ran = run(&["report", "diff", old, new]);
        let error = &ran.stderr;
        assert!(ran.status == 2 && error.contains(says), "{old} {new}: {error}");
    }
    for broken in [&cut, &code, &signer, &missing] {
        refused(&run(&["report", "summary", &report, broken]));
    }
    let output = run(&["report", "summary", "--output", "csv", &report]);
    assert!(refused(&output).contains("there are text and json"), "{}", output.stderr);
    // A file that a difference was to go to stays as it was.
    let kept = write("kept", "as it was");
    assert_eq!(run(&["report", "diff", "--output", &format!("json={kept}"), &report, &cut]).status, 2);
    assert_eq!(fs::read_to_string(&kept).unwrap(), "as it was");
}

#[test]
fn what_a_person_reads() {
    let folder = Folder::new();
    let hostile = fs::read_to_string("testdata/images/hostile-names.json").unwrap();
    let old = folder.report("old", "json", &[image("image", "frontend"), image("image", "gone")], &[]);
    let new = folder.report("new", "json", &[image("signatures.none", "frontend"), hostile], &[]);
    let shown =
        [run(&["report", "diff", &old, &new]), run(&["report", "summary", &new])].map(|ran| ran.stdout).concat();
    assert!(shown.chars().all(|character| character == '\n' || !character.is_control()), "{shown}");
    insta::assert_snapshot!(shown);
}
