//! `--write-patches`: the same changes as `--write-images`, for a server that may hold another state of the objects.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value, json};
use vidimus::image::Rewrite;
use vidimus::signature::ConditionSet;
use vidimus::{Carrier, Keyring, Verifier};

use crate::peers::peers;
use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";
const DENY: &str = "images.openshift.io/deny-execution";

/// Runs `verify` over a source with these options, and writes patches beside it.
fn patches(source: &Path, options: &[&str]) -> (Ran, Vec<Value>) {
    let path = source.with_extension("patches");
    let to = ["--write-patches", path.to_str().unwrap(), "--output", "json"];
    let verify = ["verify", "--keys", KEY, "--at", AT, source.to_str().unwrap()];
    let ran = run(&[&verify[..], options, &to].concat());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert!(text.is_empty() || text.ends_with('\n'));
    (ran, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Applies a patch by the rules of RFC 6902, as somebody else reads them.
fn apply(object: &mut Value, operations: &Value) -> Result<(), json_patch::PatchError> {
    json_patch::patch(object, &serde_json::from_value::<json_patch::Patch>(operations.clone()).unwrap())
}

/// The objects of a JSON or NDJSON text, those of lists among them.
fn objects(text: &str) -> Vec<Value> {
    fn flat(value: Value) -> Vec<Value> {
        match value.get("items") {
            Some(items) => items.as_array().cloned().unwrap_or_default().into_iter().flat_map(flat).collect(),
            None => vec![value],
        }
    }
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.flat_map(|value| flat(value.unwrap())).collect()
}

/// The image that an object is or carries.
fn image(object: &mut Value) -> &mut Value {
    if object.get("image").is_some() { &mut object["image"] } else { object }
}

#[test]
fn patches_make_of_the_input_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (source, written) = (folder.path().join("source.json"), folder.path().join("written.json"));
    let mut lines = 0;
    for entry in fs::read_dir("testdata/images").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".yaml") || name.starts_with("broken.") || name == "list.truncated.json" {
            continue;
        }
        fs::copy(&path, &source).unwrap();
        let to = ["--write-images", written.to_str().unwrap()];
        for options in [&[][..], &["--conditions", "own"], &["--annotate", "deny-execution"]] {
            let (ran, lines_of_file) = patches(&source, &[&to, options].concat());
            let mut told = lines_of_file.into_iter();
            let before = objects(&fs::read_to_string(&source).unwrap());
            let after = objects(&fs::read_to_string(&written).unwrap_or_else(|_| panic!("{name}: {ran:?}")));
            assert_eq!(before.len(), after.len(), "{name}");
            for (mut before, after) in before.into_iter().zip(after) {
                let has_name = image(&mut before)["metadata"]["name"].as_str().is_some_and(|name| !name.is_empty());
                if before == after || !has_name {
                    continue;
                }
                let patch = told.next().unwrap_or_else(|| panic!("{name}: {options:?}: no patch"));
                let image = image(&mut before);
                assert_eq!((&patch["kind"], &patch["name"]), (&json!("Image"), &image["metadata"]["name"]), "{name}");
                apply(image, &patch["patch"]).unwrap_or_else(|error| panic!("{name}: {error}: {patch}"));
                assert_eq!(before, after, "{name}: {patch}");
                lines += 1;
            }
            assert_eq!(told.next(), None, "{name}: only what changes");
        }
        // What is written already needs no patch.
        assert_eq!(patches(&written, &["--annotate", "deny-execution"]).1, Vec::<Value>::new(), "{name}");
    }
    assert!(lines > 200, "{lines}");
}

#[test]
fn a_patch_is_refused_where_the_object_changed() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    fs::copy("testdata/images/image.json", &source).unwrap();
    let (_, lines) = patches(&source, &[]);
    let patch = &lines[0]["patch"];
    let object: Value = serde_json::from_str(&fs::read_to_string(&source).unwrap()).unwrap();
    assert!(apply(&mut object.clone(), patch).is_ok());
    // What others wrote beside it, and what the last run wrote, is no other object.
    let mut twice = object.clone();
    twice["metadata"]["resourceVersion"] = "999999".into();
    twice["metadata"]["labels"] = json!({ "a": "b" });
    apply(&mut twice, patch).unwrap();
    assert!(apply(&mut twice, patch).is_ok());
    for (pointer, value) in [
        ("/metadata/name", json!("sha256:00")),
        ("/dockerImageReference", json!("registry.example.com/other")),
        ("/signatures/0/content", json!("AA==")),
        ("/signatures/0/type", json!("x509")),
        ("/signatures/1/metadata/name", json!("a@b")),
        ("/signatures", json!([])),
    ] {
        let mut changed = object.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        let before = changed.clone();
        assert!(apply(&mut changed, patch).is_err(), "{pointer}");
        assert_eq!(changed, before, "{pointer}: as a whole");
    }
    let mut reordered = object.clone();
    reordered["signatures"].as_array_mut().unwrap().reverse();
    assert!(apply(&mut reordered, patch).is_err());
}

#[test]
fn annotations_that_came_meanwhile_stay() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    let text = fs::read_to_string("testdata/images/signatures.none.json").unwrap();
    let mut object: Value = serde_json::from_str(&text).unwrap();
    for annotations in [None, Some(Value::Null)] {
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.shift_remove("annotations");
        metadata.extend(annotations.map(|null| ("annotations".to_owned(), null)));
        for version in [json!("5"), Value::Null] {
            object["metadata"]["resourceVersion"] = version.clone();
            fs::write(&source, object.to_string()).unwrap();
            let (ran, lines) = patches(&source, &["--annotate", "deny-execution"]);
            assert_eq!((ran.status, lines.len()), (1, 1), "{ran:?}");
            let mut patched = object.clone();
            apply(&mut patched, &lines[0]["patch"]).unwrap();
            assert_eq!(patched["metadata"]["annotations"], json!({ DENY: "true" }));
            let mut meanwhile = object.clone();
            meanwhile["metadata"]["annotations"] = json!({ "a": "b" });
            meanwhile["metadata"]["resourceVersion"] = "6".into();
            assert!(apply(&mut meanwhile, &lines[0]["patch"]).is_err(), "{version}");
        }
    }
    // Where there are annotations, only the one is touched; and not if somebody else did.
    object["metadata"]["annotations"] = json!({ "a": "b", DENY: "false" });
    fs::write(&source, object.to_string()).unwrap();
    let (_, lines) = patches(&source, &["--annotate", "deny-execution"]);
    let mut meanwhile = object.clone();
    meanwhile["metadata"]["annotations"]["c"] = "d".into();
    apply(&mut meanwhile, &lines[0]["patch"]).unwrap();
    assert_eq!(meanwhile["metadata"]["annotations"], json!({ "a": "b", DENY: "true", "c": "d" }));
    let mut meanwhile = object;
    meanwhile["metadata"]["annotations"][DENY] = "no".into();
    assert!(apply(&mut meanwhile, &lines[0]["patch"]).is_err());
}

#[test]
fn an_image_without_a_name_has_no_patch() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.json");
    fs::copy("testdata/images/name.absent.json", &source).unwrap();
    assert_eq!(patches(&source, &["--annotate", "deny-execution"]).1, Vec::<Value>::new());
}

#[test]
fn there_are_all_patches_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patches.ndjson");
    let to = ["--keys", KEY, "--at", AT, "--output", "json", "--write-patches", path.to_str().unwrap()];
    let verify = |arguments: &[&str]| run(&[&["verify"], &to[..], arguments].concat());
    let good = "testdata/images/image.json";
    fs::write(&path, "old").unwrap();
    for lost in ["testdata/images/list.truncated.json", "testdata/images/broken.empty.json", "missing.json"] {
        let ran = verify(&[good, lost]);
        assert_eq!((ran.status, fs::read_to_string(&path).unwrap().as_str()), (2, "old"), "{lost}");
        assert!(ran.stderr.contains("is not written, as a source was not read in full"), "{}", ran.stderr);
    }
    assert_eq!(verify(&["testdata/images/list.broken-item.json"]).status, 2);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2, "beside what cannot be read");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left behind");
    // In the order of the images, however many threads there are; and a shard has those of its own.
    let many: Vec<_> =
        std::iter::repeat_n(["testdata/images/list.json", "testdata/quickstart/export.json"], 40).collect();
    let names = |arguments: &[&str]| -> Vec<String> {
        assert!(verify(&[arguments, &many.concat()].concat()).status < 2);
        let text = fs::read_to_string(&path).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].to_string()).collect()
    };
    let one = names(&["--jobs", "1"]);
    assert_eq!(names(&["--jobs", "4"]), one);
    let mut shards = [names(&["--shard", "0/2"]), names(&["--shard", "1/2"])].concat();
    let mut all = one;
    shards.sort();
    all.sort();
    assert_eq!(shards, all);
}

#[test]
fn what_cannot_be_patched_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patches.ndjson").display().to_string();
    let good = "testdata/images/image.json";
    let report = format!("--output=json={path}");
    let digest = format!("sha256:{}", "0".repeat(64));
    for (arguments, why) in [
        (&["--write-patches", path.as_str(), "dir:testdata/manual/app"][..], "a layout holds none"),
        (&["--write-patches", &path, good, "--signatures", good], "cannot be used with"),
        (&["--write-patches", &path, good, "--lookaside", "testdata"], "cannot be used with"),
        (&["--write-patches", &path, good, "--registry-signatures"], "cannot be used with"),
        (&["--write-patches", &path, good, "--digest", &digest, "--reference", "r/i"], "cannot be used with"),
        (&["--write-patches", &path, good, "--write-images", &path], "the images and the patches go to"),
        (&["--write-patches", &path, good, &report], "a report and the patches go to"),
        (&["--write-patches", "testdata", good], "is not a file"),
        (&["--conditions", "native", good], "required arguments were not provided"),
        (&["--annotate", "deny-execution", good], "required arguments were not provided"),
        (&["--conditions", "ours", "--write-patches", &path, good], "invalid value 'ours'"),
    ] {
        let ran = run(&[&["verify", "--keys", KEY], arguments].concat());
        assert!(ran.status == 2 && ran.stderr.contains(why), "{arguments:?}: {ran:?}");
        assert_eq!((ran.stdout.as_str(), Path::new(&path).exists()), ("", false), "{arguments:?}");
    }
}

/// The loop of the manual, with an `oc` that writes down what it is told.
#[test]
fn the_loop_of_the_manual_feeds_every_patch() {
    if !peers() {
        return;
    }
    let page = fs::read_to_string("docs/manual/write-back.md").unwrap();
    let (_, script) = page.split_once("```sh,file=apply.sh\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let hostile = ["--all", "-n;touch x", "$(touch y)", "a b\\n'\"", "~/x~1", "x\ttab"];
    let text = fs::read_to_string("testdata/images/image.no-manifest.json").unwrap();
    let named = |name: &str| {
        let mut image: Value = serde_json::from_str(&text).unwrap();
        image["metadata"]["name"] = name.into();
        image
    };
    let items: Vec<_> = hostile.iter().map(|name| named(name)).collect();
    let source = folder.path().join("images.json");
    fs::write(&source, json!({ "kind": "List", "items": items }).to_string()).unwrap();
    let (_, lines) = patches(&source, &["--annotate", "deny-execution"]);
    assert_eq!(lines.len(), hostile.len());
    fs::rename(source.with_extension("patches"), folder.path().join("patches.ndjson")).unwrap();
    let oc = folder.path().join("oc");
    fs::write(&oc, "#!/bin/sh\nfor argument; do printf '%s\\0' \"$argument\" >> told; done\ncat >> stdin\n").unwrap();
    fs::set_permissions(&oc, fs::Permissions::from_mode(0o755)).unwrap();
    let mut sh = Command::new("sh");
    sh.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display())).current_dir(&folder);
    let output = sh.arg("-c").arg(script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    let told: Vec<_> = told.split_terminator('\0').collect();
    let calls: Vec<_> = told.chunks(7).collect();
    assert_eq!(calls.len(), hostile.len(), "{told:?}");
    for ((call, name), line) in calls.iter().zip(hostile).zip(&lines) {
        assert_eq!((&call[..3], &call[4..]), (&["patch", "--type=json", "-p"][..], &["--", "image", name][..]));
        assert_eq!(serde_json::from_str::<Value>(call[3]).unwrap(), line["patch"]);
    }
    assert_eq!(fs::read_to_string(folder.path().join("stdin")).unwrap(), "", "no line is taken away from the loop");
    assert!(!folder.path().join("x").exists() && !folder.path().join("y").exists());
}

/// An object of the test data.
fn any_object() -> impl Strategy<Value = Value> {
    let mut all = Vec::new();
    for entry in fs::read_dir("testdata/images").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".yaml") && !name.starts_with("broken.") && !name.ends_with("truncated.json") {
            let text = fs::read_to_string(&path).unwrap();
            all.extend(
                objects(&text)
                    .into_iter()
                    .filter(|object| matches!(Carrier::read(&object.to_string()), Ok(Carrier::Image(_)))),
            );
        }
    }
    prop::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_patch_is_the_same_change_of_whatever_object(
        mut object in any_object(),
        name in prop_oneof![Just("sha256:~0/~1\"\\\u{202e}\n".to_owned()), "[a-z/~\"\\\\]{1,12}"],
        kept in prop::collection::btree_map("[a-c~/\"\\\\]{1,3}", "\\PC{0,3}", 0..4),
        absent in 0..4_u8,
        wanted in prop::collection::btree_map("[a-c~/\"\\\\]{1,3}", prop::option::of("\\PC{0,3}"), 0..4),
        native in any::<bool>(),
    ) {
        let keyring = Keyring::from_bytes(KEY, &fs::read(KEY).unwrap()).unwrap();
        {
            let image = image(&mut object);
            image["metadata"]["name"] = name.as_str().into();
            match absent {
                0 => drop(image["metadata"].as_object_mut().unwrap().shift_remove("annotations")),
                1 => image["metadata"]["annotations"] = Value::Null,
                _ => image["metadata"]["annotations"] = serde_json::to_value(&kept).unwrap(),
            }
        }
        let json = object.to_string();
        let Ok(Carrier::Image(carried)) = Carrier::read(&json) else { return Err(TestCaseError::fail("no image")) };
        let verdict = Verifier::new(keyring).verify(&carried.image, AT.parse().unwrap());
        let mut rewrite = Rewrite::default();
        let set = if native { ConditionSet::Native } else { ConditionSet::Own };
        for (index, update) in verdict.updates_with(set).into_iter().enumerate() {
            rewrite.signature(index, update);
        }
        for (annotation, value) in &wanted {
            rewrite.annotation(annotation, value.as_deref());
        }
        let written = rewrite.apply(&json).unwrap();
        let expected: Value = serde_json::from_str(&written).unwrap();
        let patch = rewrite.patch(&json).unwrap();
        prop_assert_eq!(patch.is_some(), expected != object);
        if let Some(patch) = patch {
            let line: Value = serde_json::from_str(&patch.to_string()).unwrap();
            prop_assert!(!patch.to_string().contains('\n'));
            prop_assert_eq!(&line["name"], &Value::from(name.as_str()));
            apply(image(&mut object), &line["patch"]).unwrap();
            prop_assert_eq!(&object, &expected);
        }
        // Twice is once.
        prop_assert_eq!(rewrite.apply(&written).unwrap(), written.clone());
        prop_assert_eq!(rewrite.patch(&written).unwrap(), None);
    }
}
