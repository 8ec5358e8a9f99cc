//! Exports of any size and form: compressed, broken off, hostile; and the same report however many threads read them.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{AT, Ran, run, run_with_input};

const KEY: &str = "testdata/keys/release.asc";

/// Objects of all sorts, one after another, many of each.
fn many(count: usize) -> Vec<String> {
    let one: Vec<_> = ["image.json", "informative.agree.json", "manifest.oci.json", "name.other-digest.json"]
        .iter()
        .map(|name| serde_json::from_slice(&fs::read(Path::new("testdata/images").join(name)).unwrap()).unwrap())
        .chain([serde_json::json!({"kind": "Pod", "apiVersion": "v1"}), serde_json::json!(5), serde_json::json!({})])
        .map(|object: Value| object.to_string())
        .collect();
    one.into_iter().cycle().take(count).collect()
}

fn list(objects: &[String]) -> String {
    format!("{{\"kind\":\"List\",\"items\":[{}]}}", objects.join(",\n"))
}

fn verify(arguments: &[&str], input: &[u8]) -> Ran {
    run_with_input(&[&["verify", "--keys", KEY, "--at", AT], arguments].concat(), input)
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_report_is_the_same_however_many_threads_make_it() {
    let objects = many(700);
    for text in [list(&objects), objects.join("\n")] {
        for format in ["json", "ndjson", "text"] {
            let alone = verify(&["--jobs", "1", "--output", format, "-"], text.as_bytes());
            assert!(alone.stdout.len() > 50_000, "{}", alone.stderr);
            for jobs in ["2", "7"] {
                let together = verify(&["--jobs", jobs, "--output", format, "-"], text.as_bytes());
                assert_eq!((together.status, &together.stderr), (alone.status, &alone.stderr));
                assert!(together.stdout == alone.stdout, "{format} by {jobs} threads");
            }
        }
    }
}

#[test]
fn what_is_compressed_is_read_as_what_it_holds() {
    let text = list(&many(300));
    let yaml = fs::read("testdata/images/images.yaml").unwrap();
    for plain in [text.as_bytes(), &yaml] {
        let expected = verify(&["--output", "json", "-"], plain);
        for packed in [gzip(plain), zstd::encode_all(plain, 3).unwrap()] {
            let ran = verify(&["--output", "json", "-"], &packed);
            assert_eq!((ran.status, &ran.stdout), (expected.status, &expected.stdout), "{}", ran.stderr);
        }
    }
}

#[test]
fn what_breaks_off_is_told_with_what_was_verified_before() {
    let text = list(&many(700));
    let cut = |packed: Vec<u8>| packed[..packed.len() - 20].to_vec();
    for (broken, place) in [
        (text.as_bytes()[..text.len() / 2].to_vec(), "cut off at line "),
        (cut(gzip(text.as_bytes())), "cannot be read further than byte "),
        (cut(zstd::encode_all(text.as_bytes(), 1).unwrap()), "cannot be read further than byte "),
    ] {
        let ran = verify(&["--output", "json", "-"], &broken);
        let report = report(&ran);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(report["images"].as_array().unwrap().len() > 50, "{}", report["summary"]);
        let last = report["errors"].as_array().unwrap().last().unwrap();
        assert!(last["message"].as_str().unwrap().contains(place), "{last}");
    }
}

#[test]
fn a_huge_item_is_an_error_and_the_others_are_verified() {
    let image = fs::read_to_string("testdata/images/image.json").unwrap();
    let huge = "x".repeat(100 << 20);
    let text = format!("{{\"items\":[{image},{{\"kind\":\"Image\",\"a\":\"{huge}\"}},{image}]}}");
    let ran = verify(&["--output", "json", "-"], text.as_bytes());
    let report = report(&ran);
    assert_eq!((ran.status, report["images"].as_array().unwrap().len()), (2, 2), "{}", ran.stderr);
    assert_eq!(report["errors"][0]["place"], "standard input: items[1]");
    assert_eq!(report["errors"][0]["message"], "the object is larger than 16777216 bytes");
}

#[test]
fn of_a_million_empty_items_each_is_counted_and_some_are_listed() {
    let text = format!("{{\"items\":[{}{{}}]}}", "{},".repeat(999_999));
    let ran = verify(&["--output", "json", "-"], text.as_bytes());
    let report = report(&ran);
    assert_eq!((ran.status, &report["summary"]["errors"]), (2, &Value::from(1_000_000)), "{}", ran.stderr);
    assert_eq!(report["errors"].as_array().unwrap().len(), vidimus::report::ERRORS_LISTED);
}

#[test]
fn of_too_many_signatures_the_rest_is_not_looked_at_and_says_so() {
    let image: Value = serde_json::from_slice(&fs::read("testdata/images/image.json").unwrap()).unwrap();
    let mut text = String::from("{\"kind\":\"Image\",\"apiVersion\":\"image.openshift.io/v1\"");
    for name in ["metadata", "dockerImageReference", "dockerImageManifest", "dockerImageManifestMediaType"] {
        if let Some(value) = image.get(name) {
            write!(text, ",\"{name}\":{value}").unwrap();
        }
    }
    let empty = "{\"type\":\"atomic\",\"content\":\"\"},".repeat(99_999);
    write!(text, ",\"signatures\":[{empty}{}]}}", image["signatures"][0]).unwrap();
    let ran = verify(&["--output", "json", "-"], text.as_bytes());
    let report = report(&ran);
    // The one that would verify is the last.
    assert_eq!((ran.status, &report["images"][0]["decision"]), (1, &Value::from("Deny")), "{}", ran.stderr);
    let codes = report["summary"]["codes"].as_object().unwrap();
    assert_eq!(codes["too-many-signatures"], 100_000 - vidimus::SIGNATURES_PER_IMAGE);
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let export = directory.path().join("export.json");
    fs::write(&export, list(&many(2000))).unwrap();
    let old = directory.path().join("old");
    for option in ["--output=json=", "--output=text=", "--write-images="] {
        fs::write(&old, "old").unwrap();
        // No file may become larger than a few blocks, and writing on is no signal but an error.
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
        let target = format!("{option}{}", old.display());
        let ran = std::process::Command::new("sh")
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_vidimus"), "verify", "--keys", KEY, "--at", AT, &target])
            .arg(&export)
            .output()
            .unwrap();
        let errors = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{option}: {errors}");
        assert!(errors.starts_with("error: ") && errors.contains("too large"), "{option}: {errors}");
        assert_eq!(fs::read_to_string(&old).unwrap(), "old", "{option}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "{option}: nothing is left behind");
    }
    let full = fs::File::create("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vidimus"));
    let ran = command.args(["verify", "--keys", KEY, "--at", AT]).arg(&export).stdout(full).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
}

#[test]
fn an_item_that_is_no_json_is_not_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written.json");
    let target = path.to_str().unwrap();
    let image = fs::read_to_string("testdata/images/image.json").unwrap();
    for item in ["{\"kind\":\"Image\",}", "{\"kind\":[}]}", "{\"a\":tru}", "[oops]", "tru", "01", "\"a\tb\""] {
        let text = format!("{{\"items\":[{image},{item}]}}");
        let ran = verify(&["--write-images", target, "-"], text.as_bytes());
        assert_eq!((ran.status, path.exists()), (2, false), "{item}");
        assert!(ran.stderr.contains("items[1]"), "{}", ran.stderr);
    }
    // What is JSON and cannot be used otherwise is kept as it was.
    let text = format!("{{\"items\":[{image},{{\"kind\":\"Image\",\"signatures\":5}}]}}");
    assert_eq!(verify(&["--write-images", target, "-"], text.as_bytes()).status, 2);
    let written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(written["items"][1]["signatures"], 5);
}

#[test]
fn threads_are_at_least_one() {
    for jobs in ["0", "-1", "many", ""] {
        assert_eq!(run(&["verify", "--keys", KEY, "--jobs", jobs, "-"]).status, 2, "{jobs}");
    }
}
