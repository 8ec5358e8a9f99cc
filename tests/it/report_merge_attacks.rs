//! Reports that are not the parts of one run are not merged into something that looks like one.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::report_merge::{Whole, merge, objects};
use crate::support::run;

/// Whether a text is a report that tells of its end.
fn is_complete(text: &str) -> bool {
    let last = text.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
    serde_json::from_str::<Value>(text).is_ok() || last.is_some_and(|line| line["kind"] == "Summary")
}

/// What is said about reports that must not be merged.
#[track_caller]
fn refusal(whole: &Whole, options: &[&str], reports: &[String]) -> String {
    let ran = merge(options, reports);
    assert_eq!(ran.status, 2, "{reports:?}: {ran:?}");
    assert!(!is_complete(&ran.stdout), "{reports:?}: {ran:?}");
    ran.stderr.replace(&whole.path(""), "")
}

/// A report of which something is changed.
fn changed(whole: &Whole, piece: &str, from: &str, to: &str) -> String {
    let text = fs::read_to_string(piece).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    let changed = text.replacen(from, to, 1);
    let number = fs::read_dir(whole.path("")).unwrap().count();
    whole.write(&format!("changed-{number}"), &changed)
}

#[test]
fn what_is_not_one_run_is_refused() {
    let whole = Whole::of(&objects(60));
    let [two, three, lines] = [("json", 2), ("json", 3), ("ndjson", 2)].map(|(form, count)| whole.shards(form, count));
    let ran = run(&["verify", "--keys", "testdata/keys/release.asc", "--output", "json", &whole.path("export.json")]);
    let all = whole.write("all.json", &ran.stdout);
    let again = whole.write("again.json", &ran.stdout);
    let both = |one: &String, other: &String| [one.clone(), other.clone()];

    let other_error = changed(&whole, &two[1], r#""item":6,"place":""#, r#""item":6,"place":"another "#);
    let skipped = changed(&whole, &lines[1], r#""skipped":"#, r#""skipped":1"#);
    let mut said = Vec::new();
    for (what, reports) in [
        ("shards of different counts", both(&two[0], &three[1])),
        ("twice the same shard", both(&two[0], &two[0])),
        ("a missing shard", [three[2].clone(), three[0].clone()]),
        ("a shard and a whole", both(&two[0], &all)),
        ("a whole and a shard", both(&all, &two[0])),
        ("two wholes", both(&all, &again)),
        ("different formats", both(&two[0], &lines[1])),
        ("errors that differ", [two[0].clone(), other_error]),
        ("other skipped objects", both(&lines[0], &skipped)),
    ] {
        said.push(format!("{what}\n{}", refusal(&whole, &[], &reports)));
    }
    // An error that only one of them met.
    let text = fs::read_to_string(&lines[1]).unwrap();
    let without: String =
        text.lines().filter(|line| !line.contains(r#""item":6,"#)).map(|line| format!("{line}\n")).collect();
    let counted = text.rsplit(r#""errors":"#).next().unwrap().split(',').next().unwrap().parse::<u64>().unwrap();
    let fewer =
        without.replace(&format!(r#""errors":{counted},"#), &format!(r#""errors":{},"#, counted.saturating_sub(1)));
    let fewer = whole.write("fewer.ndjson", &fewer);
    said.push(format!("fewer errors\n{}", refusal(&whole, &[], &both(&lines[0], &fewer))));
    assert_snapshot!(said.join("\n"));
}

#[test]
fn an_item_that_two_reports_tell_of_is_refused() {
    let whole = Whole::of(&objects(60));
    let pieces = whole.shards("ndjson", 2);
    let items = |piece: &str| -> Vec<u64> {
        let text = fs::read_to_string(piece).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["kind"] == "Image").map(|line| line["item"].as_u64().unwrap()).collect()
    };
    let (one, other) = (items(&pieces[0]), items(&pieces[1]));
    let before = |item: &&u64| other.iter().all(|other| other < item);
    let (last, item) = (other.last().unwrap(), one.iter().find(before).or(one.last()).unwrap());
    let twice = changed(&whole, &pieces[1], &format!(r#""item":{last},"#), &format!(r#""item":{item},"#));
    // The items are those of another run, which met more.
    let beyond = changed(&whole, &pieces[0], &format!(r#""item":{},"#, one.last().unwrap()), r#""item":60,"#);
    let twice = [pieces[0].clone(), twice];
    let said = [refusal(&whole, &[], &twice), refusal(&whole, &[], &[beyond, pieces[1].clone()])];
    assert_snapshot!(said.join("\n"));
}

#[test]
fn what_is_no_report_is_refused() {
    let whole = Whole::of(&objects(20));
    let export = whole.path("export.json");
    let text = run(&["verify", "--keys", "testdata/keys/release.asc", &export]).stdout;
    let keys = run(&["keys", "--output", "json", "testdata/keys/release.asc"]).stdout;
    let [json, lines] = ["json", "ndjson"].map(|format| whole.shards(format, 1).remove(0));
    let version = changed(&whole, &json, "v1alpha1", "v1");
    let lines_version = changed(&whole, &lines, "v1alpha1", "v1");
    let after = whole.write("after.json", &format!("{}{{}}", fs::read_to_string(&json).unwrap()));
    let twice = whole.write("twice.ndjson", &fs::read_to_string(&lines).unwrap().repeat(2));
    let other_lines = whole.write("other.ndjson", r#"{"apiVersion":"vidimus.dev/v1alpha1","kind":"Image"}"#);
    let mut said = Vec::new();
    for report in [
        export,
        whole.write("report.txt", &text),
        whole.write("keys.json", &keys),
        whole.write("empty.json", ""),
        whole.write("array.json", "[]"),
        whole.write("object.json", "{}"),
        other_lines,
        version,
        lines_version,
        after,
        twice,
        whole.path("missing.json"),
        whole.path(""),
        "-".to_owned(),
        "/dev/null".to_owned(),
    ] {
        said.push(refusal(&whole, &[], &[report]));
    }
    assert_snapshot!(said.concat());
    for options in [&["--output", "text"][..], &["--output", "xml"], &["--output", "json="]] {
        let ran = merge(options, std::slice::from_ref(&json));
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    }
    assert_eq!(merge(&[], &[]).status, 2);
}

#[test]
fn what_is_cut_off_is_refused_wherever_that_is() {
    let whole = Whole::of(&objects(18));
    for format in ["json", "ndjson"] {
        let piece = whole.shards(format, 1).remove(0);
        let text = fs::read_to_string(piece).unwrap();
        // Without its last line feed it is still whole.
        let most = text.len().saturating_sub(2);
        let lines = text.match_indices('\n').map(|(place, _)| place).filter(|place| *place <= most);
        for length in (0..most).step_by(most / 40).chain(lines).chain([most]) {
            let cut = String::from_utf8_lossy(&text.as_bytes()[..length]).into_owned();
            refusal(&whole, &[], &[whole.write("cut", &cut)]);
        }
    }
}

#[test]
fn what_was_changed_is_refused() {
    let whole = Whole::of(&objects(20));
    let [json, lines] = ["json", "ndjson"].map(|format| whole.shards(format, 1).remove(0));
    let mut said = Vec::new();
    for piece in [&json, &lines] {
        for (from, to) in [
            (r#""item":1,"#, r#""item":0,"#),
            (r#""item":1,"#, r#""item":-1,"#),
            (r#""item":1,"#, r#""item":1,"item":1,"#),
            (r#""item":1,"#, ""),
            (r#""decision":"Allow""#, r#""decision":"Deny""#),
            (r#""decision":"Allow""#, r#""decision":"allow""#),
            (r#""denied":"#, r#""denied":1"#),
            (r#""allowed":"#, r#""allowed":true,"was":"#),
            (r#""skipped":"#, r#""passed":0,"skipped":"#),
            (r#""verified":"#, r#""proved":"#),
            (r#""partial":false"#, r#""partial":null"#),
            (r#""at":"#, r#""at":"now","then":"#),
            (r#""index":0,"#, r#""index":1,"#),
            (r#""count":1"#, r#""count":0"#),
            (r#""index":0,"#, ""),
            ("{", "[{"),
        ] {
            // The JSON report spaces the members of its head.
            let (mut from, mut to) = (from.to_owned(), to.to_owned());
            if piece == &json && from.starts_with("\"at") {
                (from, to) = (from + " ", to + " ");
            }
            let report = changed(&whole, piece, &from, &to);
            said.push(format!("{from} -> {to}\n{}", refusal(&whole, &[], &[report])));
        }
    }
    let text = fs::read_to_string(&json).unwrap();
    for (name, text) in [
        ("a list twice", text.replacen("\"errors\": [", "\"images\": [],\n\"errors\": [", 1)),
        ("no list", text.replacen("\"errors\": [", "\"errs\": [", 1)),
        ("a member of the head twice", text.replacen("\"at\": ", "\"at\": \"2026-01-01T00:00:00Z\",\n\"at\": ", 1)),
        ("another member", text.replacen("\"at\": ", "\"more\": 1,\n\"at\": ", 1)),
        ("two commas", text.replacen("},\n", "},,\n", 1)),
        ("no comma", text.replacen("},\n", "}\n", 1)),
        ("another bracket", text.replacen("\n],", "\n},", 1)),
    ] {
        assert_ne!(text, fs::read_to_string(&json).unwrap(), "{name}");
        said.push(format!("{name}\n{}", refusal(&whole, &[], &[whole.write("changed.json", &text)])));
    }
    assert_snapshot!(said.join("\n"));
    let bytes = fs::read(&json).unwrap();
    let place = bytes.windows(6).position(|window| window == b"sha256").unwrap();
    let mut bytes = bytes;
    bytes[place] = 0xff;
    fs::write(whole.path("encoding.json"), bytes).unwrap();
    refusal(&whole, &[], &[whole.path("encoding.json")]);
}

#[test]
fn an_image_of_another_shard_is_refused() {
    let whole = Whole::of(&objects(30));
    let pieces = whole.shards("json", 2);
    let swapped = |piece: &String, from: &str, to: &str, name: &str| {
        whole.write(name, &fs::read_to_string(piece).unwrap().replacen(from, to, 1))
    };
    let pieces = [
        swapped(&pieces[0], r#""index":0"#, r#""index":1"#, "one"),
        swapped(&pieces[1], r#""index":1"#, r#""index":0"#, "other"),
    ];
    assert_snapshot!(refusal(&whole, &[], &pieces));
}

#[test]
fn what_is_missing_is_told() {
    let whole = Whole::of(&objects(60));
    for format in ["json", "ndjson"] {
        let pieces = whole.shards(format, 3);
        let ran = merge(&["--allow-missing"], &[pieces[2].clone(), pieces[0].clone()]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((ran.status, &report["summary"]["partial"]), (2, &Value::Bool(true)));
        let images = report["images"].as_array().unwrap();
        assert_eq!(report["summary"]["images"], images.len());
        assert!(images.windows(2).all(|pair| pair[0]["item"].as_u64() < pair[1]["item"].as_u64()));
        // A partial report is the whole of what there is, and stays partial.
        let partial = whole.write("partial", &ran.stdout);
        assert_eq!(merge(&[], &[partial]).stdout, ran.stdout);
        // Where nothing is missing, nothing is partial.
        assert_eq!(merge(&["--allow-missing"], &pieces).stdout, merge(&[], &pieces).stdout);
    }
}

#[test]
fn an_interrupted_shard_makes_the_whole_partial() {
    let objects = objects(60);
    let (whole, half) = (Whole::of(&objects), Whole::of(&objects[..30]));
    for format in ["json", "ndjson"] {
        let complete = whole.shards(format, 2).remove(0);
        let cut = half.shards(format, 2).remove(1);
        // Both name their sources alike.
        let cut = fs::read_to_string(cut).unwrap().replace(&half.path(""), &whole.path(""));
        let interrupted = whole.write("interrupted", &cut.replace("\"partial\":false", "\"partial\":true"));
        let ran = merge(&[], &[interrupted.clone(), complete.clone()]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let all: Value = serde_json::from_str(&merge(&[], &whole.shards(format, 2)).stdout).unwrap();
        assert_eq!((ran.status, &report["summary"]["partial"]), (2, &Value::Bool(true)));
        assert_eq!(report["errors"], all["errors"]);
        assert_eq!(report["summary"]["skipped"], all["summary"]["skipped"]);
        assert!(report["summary"]["images"].as_u64() < all["summary"]["images"].as_u64());
        // Unless it says so, it is refused.
        refusal(&whole, &[], &[whole.write("cut", &cut), complete]);
    }
}
