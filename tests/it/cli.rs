//! What the command ends with, and what it reads.

use std::fs;

use serde_json::Value;

use crate::support::{AT, Ran, run, run_with_input};

const KEY: &str = "testdata/keys/release.asc";
const GOOD: &str = "testdata/images/image.json";
const UNSIGNED: &str = "testdata/images/signatures.none.json";
const SIGNATURE: &str = "testdata/signatures/good.rsa4096.sig";
const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

fn verify(arguments: &[&str]) -> Ran {
    run(&[&["verify", "--keys", KEY, "--at", AT], arguments].concat())
}

/// The decisions and the places of the errors of a JSON report.
fn told(ran: &Ran) -> (Vec<String>, Vec<String>) {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let texts = |list: &str, member: &str| {
        report[list].as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
    };
    (texts("images", "decision"), texts("errors", "place"))
}

#[test]
fn denials_alone_need_not_fail_but_nothing_undecided_passes() {
    for (sources, status) in
        [(&[GOOD][..], 0), (&[UNSIGNED], 0), (&[UNSIGNED, "missing.json"], 2), (&["missing.json"], 2)]
    {
        let ran = verify(&[&["--fail-on", "undecided"], sources].concat());
        assert_eq!(ran.status, status, "{sources:?}: {ran:?}");
    }
    assert_eq!(verify(&["--fail-on", "denied", UNSIGNED]).status, 1);
}

#[test]
fn a_shard_is_not_written_for_the_whole_nor_asked_for_of_raw_signatures() {
    let images = ["--shard", "0/2", "--write-images", "unwritten.json", GOOD];
    let raw = ["--shard", "0/2", "--digest", DIGEST, "--reference", REFERENCE, SIGNATURE];
    for arguments in [&images[..], &raw] {
        let ran = verify(arguments);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains("cannot be used with"), "{ran:?}");
    }
}

#[test]
fn says_0_1_and_2_in_the_three_situations() {
    let report = |sources: &[&str]| verify(&[&["--output", "json"], sources].concat());
    for (sources, status, decisions, errors) in [
        (&[GOOD][..], 0, &["Allow"][..], &[][..]),
        (&[GOOD, GOOD], 0, &["Allow", "Allow"], &[]),
        (&[UNSIGNED], 1, &["Deny"], &[]),
        (&[GOOD, UNSIGNED], 1, &["Allow", "Deny"], &[]),
        // What could not be decided outweighs what was denied, and takes nothing away from the rest.
        (&[UNSIGNED, "missing.json", GOOD], 2, &["Deny", "Allow"], &["missing.json"]),
        (&[GOOD, "testdata/signatures"], 2, &["Allow"], &["testdata/signatures"]),
        (
            &["testdata/images/list.truncated.json", GOOD],
            2,
            &["Allow", "Allow"],
            &["testdata/images/list.truncated.json: items[1]"],
        ),
        (
            &["testdata/images/list.broken-item.json"],
            2,
            &["Allow", "Allow"],
            &["testdata/images/list.broken-item.json: items[1]"],
        ),
        (&["testdata/images/broken.truncated.json"], 2, &[], &["testdata/images/broken.truncated.json"]),
        (&[GOOD, SIGNATURE, UNSIGNED], 2, &["Allow", "Deny"], &[SIGNATURE]),
        // Nothing denied is not everything allowed.
        (&["testdata/images/list.empty.json"], 2, &[], &[]),
        (&["testdata/images/broken.other-kind.json"], 2, &[], &[]),
        (&["testdata/images/broken.other-kind.json", GOOD], 0, &["Allow"], &[]),
    ] {
        let ran = report(sources);
        assert_eq!(ran.status, status, "{sources:?}");
        let expected = (decisions.iter().map(|text| (*text).to_owned()).collect(), owned(errors));
        assert_eq!(told(&ran), expected, "{sources:?}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn without_keys_there_is_no_answer() {
    for key in [
        "missing.asc",
        "testdata/keys/corrupt.asc",
        "testdata/keys/empty.asc",
        "testdata/keys/keybox.kbx",
        "testdata/keys/message.asc",
        "testdata/keys/not-a-key.asc",
        "testdata/keys/secret.asc",
        "testdata/keys/truncated.asc",
        // A directory in which one file is broken.
        "testdata/keys",
    ] {
        for keys in [&["--keys", key][..], &["--keys", KEY, "--keys", key]] {
            let ran = run(&[&["verify", "--at", AT, "--output", "json"], keys, &[GOOD]].concat());
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{keys:?}");
            assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        }
        assert_eq!(run(&["keys", key]).status, 2, "{key}");
    }
}

#[test]
fn wrong_usage_is_no_answer_and_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.json");
    let file = file.to_str().unwrap();
    let to_file = format!("json={file}");
    for arguments in [
        &["verify", GOOD][..],
        &["verify", "--keys", KEY],
        &["verify", "--keys", KEY, "--at", "yesterday", GOOD],
        &["verify", "--keys", KEY, "--identity", "anything", GOOD],
        &["verify", "--keys", KEY, "--output", "xml", GOOD],
        &["verify", "--keys", KEY, "--output", "json=", GOOD],
        &["verify", "--keys", KEY, "--output", "json", "--output", "text", GOOD],
        &["verify", "--keys", KEY, "--output", &to_file, "--output", &to_file, GOOD],
        &["verify", "--keys", KEY, "--output", &to_file, "--write-images", file, GOOD],
        &["verify", "--keys", KEY, "--output", "json=testdata", GOOD],
        &["verify", "--keys", KEY, "--write-images", "testdata", GOOD],
        &["verify", "--keys", KEY, "--digest", DIGEST, SIGNATURE],
        &["verify", "--keys", KEY, "--reference", REFERENCE, SIGNATURE],
        &["verify", "--keys", KEY, "--digest", "sha256:12", "--reference", REFERENCE, SIGNATURE],
        &["verify", "--keys", KEY, "--digest", DIGEST, "--reference", "Not A Reference", SIGNATURE],
        &["verify", "--keys", KEY, "--digest", DIGEST, "--reference", REFERENCE, "--write-images", file, SIGNATURE],
        &["inspect"],
        &["keys"],
        &["keys", "--output", "ndjson", KEY],
        &["frobnicate"],
        &[],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn raw_signatures_are_held_against_what_they_should_be_for() {
    for (digest, reference, status, code) in [
        (DIGEST, REFERENCE, 0, Value::Null),
        (DIGEST, "registry.example.com/shop/frontend:2.0.0", 1, "identity-mismatch".into()),
        (&format!("sha256:{}", "0".repeat(64)), REFERENCE, 1, "digest-mismatch".into()),
    ] {
        let ran = verify(&["--digest", digest, "--reference", reference, "--output", "json", SIGNATURE]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (ran.status, &report["images"][0]["signatures"][0]["code"]),
            (status, &code),
            "{digest} {reference}"
        );
        assert_eq!(report["images"][0]["place"], SIGNATURE);
    }
    let options = ["--digest", DIGEST, "--reference", REFERENCE, "--output", "json"];
    let several = verify(&[&options[..], &[SIGNATURE, "missing.sig", "testdata/signatures/attacker.sig"]].concat());
    assert_eq!((several.status, told(&several)), (2, (owned(&["Allow", "Deny"]), owned(&["missing.sig"]))));
    // An export is no signature; that is a denial, as it is of whatever else stands in for one.
    assert_eq!(verify(&[&options[..], &[GOOD]].concat()).status, 1);
}

#[test]
fn standard_input_is_a_source_like_any_other() {
    let verify = |arguments: &[&str], input: &[u8]| {
        run_with_input(&[&["verify", "--keys", KEY, "--at", AT, "--output", "json"], arguments].concat(), input)
    };
    let image = fs::read(GOOD).unwrap();
    assert_eq!(verify(&["-"], &image).status, 0);
    let ran = verify(&[UNSIGNED, "-"], &image);
    assert_eq!((ran.status, told(&ran).0), (1, owned(&["Deny", "Allow"])));
    assert_eq!(verify(&["-"], b"").status, 2);
    let signature = fs::read(SIGNATURE).unwrap();
    assert_eq!(verify(&["--digest", DIGEST, "--reference", REFERENCE, "-"], &signature).status, 0);
    let ran = verify(&["-"], &signature);
    assert_eq!((ran.status, told(&ran).1), (2, owned(&["standard input"])));
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}

#[test]
fn what_an_export_is_is_seen_from_its_text() {
    let read = |name: &str| fs::read_to_string(format!("testdata/images/{name}")).unwrap();
    let (json, list, yaml, lines) = (read("image.json"), read("list.json"), read("images.yaml"), read("images.ndjson"));
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let marked = |text: &str| format!("\u{feff}{text}");
    for (form, text, count) in [
        ("JSON", json.clone(), 1),
        ("JSON with a byte order mark", marked(&json), 1),
        ("JSON with CRLF", crlf(&json), 1),
        ("a list", list.clone(), 2),
        ("a list with a mark and CRLF", marked(&crlf(&list)), 2),
        ("an array", format!("[{json},{json}]"), 2),
        ("a list in a list", format!(r#"{{"kind":"List","items":[{list}]}}"#), 2),
        ("NDJSON", lines.clone(), 2),
        ("NDJSON with a mark", marked(&lines), 2),
        ("NDJSON with CRLF, and blank lines", format!("\r\n{}\r\n", crlf(&lines)), 2),
        ("JSON after JSON", format!("{json}{list}"), 3),
        ("YAML of two documents", yaml.clone(), 2),
        ("YAML with a mark", marked(&yaml), 2),
        ("YAML with CRLF", crlf(&yaml), 2),
        ("YAML with comments and an end mark", format!("# export\n{yaml}...\n# done\n"), 2),
        ("YAML whose first document is JSON", format!("{json}---\n{yaml}"), 3),
    ] {
        let ran = run_with_input(&["verify", "--keys", KEY, "--at", AT, "--output", "json", "-"], text.as_bytes());
        assert_eq!((ran.status, told(&ran)), (0, (vec!["Allow".to_owned(); count], Vec::new())), "{form}");
    }
}

#[test]
fn options_reach_the_rules() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("testdata/images/manifest.schema-1.json", KEY, &["--schema1", "accept"]),
        ("testdata/images/reference.other-tag.json", KEY, &["--identity", "matchRepository"]),
        (
            "testdata/images/reference.empty.json",
            KEY,
            &["--identity", "exactRepository=registry.example.com/shop/frontend"],
        ),
    ];
    for (source, keys, options) in cases {
        assert_eq!(run(&["verify", "--keys", keys, "--at", AT, source]).status, 1, "{source}");
        assert_eq!(run(&[&["verify", "--keys", keys, "--at", AT, source], *options].concat()).status, 0, "{source}");
    }
    // A day begins at midnight UTC, and an offset counts.
    for (at, expected) in [
        ("2024-03-02", "2024-03-02T00:00:00Z"),
        ("2024-03-02T01:30:00+02:00", "2024-03-01T23:30:00Z"),
        ("2024-03-02T12:00:00.9Z", "2024-03-02T12:00:00Z"),
    ] {
        let ran = run(&["verify", "--keys", KEY, "--at", at, "--output", "json", GOOD]);
        assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap()["at"], expected);
    }
    assert_eq!(run(&["verify", "--keys", KEY, "--at", "2024-03-01", GOOD]).status, 1, "before it was signed");
}
