//! Merged, the reports about the shards of a run are the report of the run, to the letter.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use vidimus::image::pretty;
use vidimus::report::{self, Entry, Head, ItemError, JsonReport, NdjsonReport, Report, Shard, Summary};
use vidimus::{Carrier, Keyring, Verdict, Verifier};

use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";

/// A run over an export of many objects, and a folder for its reports.
pub(crate) struct Whole {
    folder: tempfile::TempDir,
    items: Vec<Item>,
}

/// What a run meets.
enum Item {
    Image { json: String, verdict: Box<Verdict> },
    Error { message: String },
    Skipped,
}

impl Whole {
    /// A run over objects.
    pub(crate) fn of(objects: &[String]) -> Self {
        let keyring = Keyring::from_bytes(KEY, &fs::read(KEY).unwrap()).unwrap();
        let verifier = Verifier::new(keyring);
        let read = |json: &String| match Carrier::read(json) {
            Ok(Carrier::Image(carried)) => {
                let verdict = Box::new(verifier.verify(&carried.image, AT.parse().unwrap()));
                Item::Image { json: json.clone(), verdict }
            }
            Ok(Carrier::Other(_)) => Item::Skipped,
            Err(error) => Item::Error { message: error.to_string() },
        };
        let items = objects.iter().map(read).collect();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("export.json"), format!(r#"{{"kind":"List","items":[{}]}}"#, objects.join(",\n")))
            .unwrap();
        Self { folder, items }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// What `vidimus verify` reports about the export.
    fn verified(&self, format: &str, options: &[&str]) -> Ran {
        let export = self.path("export.json");
        run(&[&["verify", "--keys", KEY, "--at", AT, "--output", format, &export], options].concat())
    }

    /// What it reports about a shard.
    fn report(&self, format: &str, shard: Option<Shard>) -> String {
        let at = AT.parse().unwrap();
        self.told(format, &Head { at, shard }, &|name| shard.is_none_or(|shard| shard.holds(name)))
    }

    /// A report about the images that are wanted by their names.
    fn told(&self, format: &str, head: &Head, wanted: &dyn Fn(&str) -> bool) -> String {
        let report: &dyn Report = if format == "json" { &JsonReport } else { &NdjsonReport };
        let (mut summary, mut out) = (Summary::default(), report.begin(head));
        for (item, found) in self.items.iter().enumerate() {
            let place = format!("{}: items[{item}]", self.path("export.json"));
            let item = u64::try_from(item).unwrap();
            match found {
                Item::Skipped => summary.count_skipped(),
                Item::Error { message } => {
                    let error = ItemError { item, place, message: message.clone() };
                    summary.count_error(&error);
                    out.push_str(&report.error(&error));
                }
                Item::Image { json, verdict } if wanted(verdict.name()) => {
                    let Ok(Carrier::Image(carried)) = Carrier::read(json) else { panic!("{json}") };
                    if summary.images > 0 {
                        out.push_str(report.between());
                    }
                    summary.count(verdict);
                    let carrier = report::Carrier::of(&carried);
                    out.push_str(&report.image(&Entry { item, place: &place, carrier, verdict }));
                }
                Item::Image { .. } => {}
            }
        }
        out + &report.end(head, &summary)
    }

    /// The reports about all shards, each in a file.
    pub(crate) fn shards(&self, format: &str, count: u32) -> Vec<String> {
        let shard = |index| Shard::new(index, count).unwrap();
        let write = |index| self.write(&format!("{index}-{count}.{format}"), &self.report(format, Some(shard(index))));
        (0..count).map(write).collect()
    }
}

/// Runs `vidimus report merge`.
pub(crate) fn merge(options: &[&str], reports: &[String]) -> Ran {
    let reports: Vec<_> = reports.iter().map(String::as_str).collect();
    run(&[&["report", "merge"], options, &reports].concat())
}

/// Objects of all sorts: images that are allowed, denied and unsigned, carried and not, and between them what cannot be
/// read and what is no image.
pub(crate) fn objects(count: usize) -> Vec<String> {
    let read = |name: &str| fs::read_to_string(format!("testdata/images/{name}.json")).unwrap();
    let changed = |name: &str, index: usize| {
        let mut image: Value = serde_json::from_str(&read(name)).unwrap();
        let members = image.as_object_mut().unwrap();
        ["dockerImageManifest", "dockerImageConfig", "dockerImageLayers"].iter().for_each(|member| {
            members.remove(*member);
        });
        members["metadata"]["name"] = format!("sha256:{index:064x}").into();
        members["dockerImageReference"] = format!("registry.example.com/shop/frontend:{index}").into();
        image.to_string()
    };
    let object = |index: usize| match index % 9 {
        0 => read("image"),
        1..=3 => changed("image", index),
        4 => read("imagestreamimage"),
        5 => changed("signatures.none", index),
        6 => json!({ "kind": "Image", "metadata": index }).to_string(),
        7 => json!({ "kind": "Pod", "metadata": { "name": "not an image" } }).to_string(),
        _ => read(if index.is_multiple_of(2) { "hostile-names" } else { "record.content-null" }),
    };
    (0..count).map(object).collect()
}

#[test]
fn merged_shards_are_the_whole() {
    let whole = Whole::of(&objects(300));
    for format in ["json", "ndjson"] {
        let expected = whole.verified(format, &[]);
        assert_eq!(expected.status, 2);
        assert_eq!(
            whole.report(format, None),
            expected.stdout,
            "the pieces of this test are made as verify makes them"
        );
        for shard in ["0/3", "1/3", "2/3"] {
            let verified = whole.verified(format, &["--shard", shard]).stdout;
            assert_eq!(whole.report(format, Some(shard.parse().unwrap())), verified);
        }
        for count in [1, 2, 3, 8, 100] {
            let mut pieces = whole.shards(format, count);
            pieces.reverse();
            for (output, expected) in [(format, &expected.stdout), ("json", &whole.report("json", None))] {
                let ran = merge(&["--output", output], &pieces);
                assert_eq!(ran.stdout, *expected, "{count} shards of {format} into {output}");
                assert_eq!((ran.status, ran.stderr.as_str()), (2, ""), "there are items that cannot be read");
            }
        }
        // The whole is its only piece.
        let piece = whole.write("whole", &expected.stdout);
        assert_eq!(merge(&["--output", format], &[piece]).stdout, expected.stdout);
        let pieces = whole.shards("json", 4);
        assert_eq!(merge(&["--output", "ndjson"], &pieces).stdout, whole.report("ndjson", None));
    }
}

#[test]
fn any_number_of_shards_of_any_run_is_the_whole() {
    let objects = objects(90);
    let runs: Vec<_> = [0, 1, 7, 20, 90].into_iter().map(|count| Whole::of(&objects[..count])).collect();
    let strategy = (0..runs.len(), 1..40_u32, any::<bool>(), any::<bool>(), any::<proptest::sample::Index>());
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let law = runner.run(&strategy, |(whole, count, json, to_json, first)| {
        let (whole, name) = (&runs[whole], |json| if json { "json" } else { "ndjson" });
        let (format, output) = (name(json), name(to_json));
        let mut pieces = whole.shards(format, count);
        let first = first.index(pieces.len());
        pieces.rotate_left(first);
        prop_assert_eq!(merge(&["--output", output], &pieces).stdout, whole.report(output, None));
        Ok(())
    });
    law.unwrap();
}

#[test]
fn the_exit_status_is_that_of_the_run() {
    let objects = objects(40);
    let allowed: Vec<_> = objects.iter().step_by(9).cloned().collect();
    let judged: Vec<_> = [0, 1, 2, 3, 4, 5].map(|index| objects[index].clone()).to_vec();
    for (objects, status) in [(&allowed, 0), (&judged, 1), (&objects, 2), (&Vec::new(), 2)] {
        let whole = Whole::of(objects);
        let expected = whole.verified("json", &[]);
        let ran = merge(&[], &whole.shards("json", 3));
        assert_eq!((ran.status, expected.status), (status, status), "{}", ran.stderr);
        assert!(!ran.stdout.is_empty());
    }
}

#[test]
fn however_a_report_is_laid_out_it_is_the_same() {
    let whole = Whole::of(&objects(60));
    let expected = whole.report("json", None);
    let laid_out = |path: &String, change: &dyn Fn(&str) -> String| {
        let text = fs::read_to_string(path).unwrap();
        whole.write(&format!("{}.laid-out", Path::new(path).file_name().unwrap().display()), &change(&text))
    };
    // As `jq .` does, as `jq -S .` does, and all on one line; in the order of names the lists stand before the head.
    let sorted = |text: &str| {
        fn sort(value: &mut Value) {
            match value {
                Value::Object(members) => {
                    members.sort_keys();
                    members.values_mut().for_each(sort);
                }
                Value::Array(elements) => elements.iter_mut().for_each(sort),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let mut value: Value = serde_json::from_str(text).unwrap();
        sort(&mut value);
        format!("\n\t{value:#}\n\n")
    };
    let compact = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
    let pieces = whole.shards("json", 3);
    let spaced: &dyn Fn(&str) -> String = &pretty;
    for change in [spaced, &compact] {
        let pieces: Vec<_> = pieces.iter().map(|path| laid_out(path, change)).collect();
        assert_eq!(merge(&[], &pieces).stdout, expected);
    }
    let pieces: Vec<_> = pieces.iter().map(|path| laid_out(path, &sorted)).collect();
    let merged: Value = serde_json::from_str(&merge(&[], &pieces).stdout).unwrap();
    assert_eq!(merged, serde_json::from_str::<Value>(&expected).unwrap());
    // Lines that are laid out are no lines any more, and still one object after another.
    let lines = whole.shards("ndjson", 3);
    let pieces: Vec<_> = lines.iter().map(|path| laid_out(path, &|text| text.lines().map(pretty).collect())).collect();
    assert_eq!(merge(&["--output", "ndjson"], &pieces).stdout, whole.report("ndjson", None));
}

#[test]
fn of_many_errors_json_lists_the_first() {
    let bad = json!({ "kind": "Image", "metadata": 5 }).to_string();
    let mut objects = vec![bad; report::ERRORS_LISTED + 50];
    objects.extend(self::objects(9));
    let whole = Whole::of(&objects);
    let (json, lines) = (whole.shards("json", 2), whole.shards("ndjson", 2));
    assert_eq!(merge(&[], &json).stdout, whole.report("json", None));
    assert_eq!(merge(&[], &lines).stdout, whole.report("json", None));
    assert_eq!(merge(&["--output", "ndjson"], &lines).stdout, whole.report("ndjson", None));
    let ran = merge(&["--output", "ndjson"], &json);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}

#[test]
fn the_merged_report_is_written_as_a_whole() {
    let whole = Whole::of(&objects(30));
    let pieces = whole.shards("json", 3);
    let target = whole.write("merged.json", "old");
    let output = format!("json={target}");
    assert_eq!(merge(&["--output", &output], &pieces[..2]).status, 2);
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    let ran = merge(&["--output", &output], &pieces);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert_eq!(fs::read_to_string(&target).unwrap(), whole.report("json", None));
    // Also over one of its pieces: that is read to its end before.
    let output = format!("json={}", pieces[1]);
    assert_eq!(merge(&["--output", &output], &pieces).status, 2);
    assert_eq!(fs::read_to_string(PathBuf::from(&pieces[1])).unwrap(), whole.report("json", None));
}

#[test]
fn the_earliest_time_is_told() {
    let whole = Whole::of(&objects(12));
    let piece = |index, at: &str| {
        let shard = Shard::new(index, 2).unwrap();
        let head = Head { at: at.parse().unwrap(), shard: Some(shard) };
        whole.write(&format!("{index}.json"), &whole.told("json", &head, &|name| shard.holds(name)))
    };
    let pieces = [piece(0, "2026-06-02T00:00:00Z"), piece(1, "2026-06-01T00:00:00Z")];
    assert_eq!(merge(&[], &pieces).stdout, whole.report("json", None));
}
