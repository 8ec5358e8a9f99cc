//! The file of `--write-images`: its form, that it can be verified again, and when there is none.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";

/// Verifies sources and writes their images to a file.
fn write(sources: &[&str], path: &Path) -> Ran {
    let path = path.to_str().unwrap();
    run(&[&["verify", "--keys", KEY, "--at", AT, "--output", "json", "--write-images", path], sources].concat())
}

/// What a report says, without places, which differ between a source and what was written of it.
fn images(ran: &Ran) -> Vec<Value> {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let mut images = report["images"].as_array().unwrap().clone();
    images.iter_mut().for_each(|image| drop(image.as_object_mut().unwrap().shift_remove("place")));
    images
}

/// Every source of the test data that is read in full, and so can be written.
fn sources() -> Vec<String> {
    let names = fs::read_dir("testdata/images").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_lost = |name: &str| LOST.iter().any(|(lost, _)| name == *lost);
    let mut sources: Vec<_> =
        names.filter(|name| !is_lost(name)).map(|name| format!("testdata/images/{name}")).collect();
    sources.push("testdata/quickstart/export.json".to_owned());
    sources.sort();
    sources
}

/// What can be written as JSON only: values deeper than YAML is read, and a member that occurs twice.
const NOT_YAML: [&str; 2] = ["broken.deep.json", "broken.duplicate-member.json"];

/// The sources of which something is lost in reading, and where.
const LOST: &[(&str, &str)] = &[
    ("broken.alias-bomb.yaml", "broken.alias-bomb.yaml"),
    ("broken.empty.json", "broken.empty.json"),
    ("broken.invalid-utf-8.json", "broken.invalid-utf-8.json"),
    ("broken.truncated.json", "broken.truncated.json"),
    ("list.truncated.json", "items[1]"),
];

#[test]
fn what_is_written_verifies_again_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for source in sources() {
        for name in ["written.json", "written.ndjson", "written.yaml"] {
            let path = directory.path().join(name);
            let first = write(&[&source], &path);
            if NOT_YAML.iter().any(|file| source.ends_with(file)) && name.ends_with(".yaml") {
                assert!(first.stderr.contains("is not written") && !path.exists(), "{}", first.stderr);
                continue;
            }
            let written = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{source} as {name}: {}", first.stderr));
            // In its own place, which must make no difference.
            let second = write(&[path.to_str().unwrap()], &path);
            let again = fs::read_to_string(&path).unwrap();
            fs::remove_file(&path).unwrap();
            if images(&first).is_empty() {
                assert_eq!((first.status, second.status), (2, 2), "{source}: no image");
                continue;
            }
            assert_eq!(images(&second), images(&first), "{source} as {name}");
            assert_eq!(second.status, first.status, "{source} as {name}");
            assert_eq!(again, written, "{source} as {name}");
        }
    }
}

#[test]
fn every_form_holds_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let values = |name: &str, sources: &[&str]| -> Value {
        let path = directory.path().join(name);
        assert_eq!(write(sources, &path).status, 0);
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
    };
    let list = values("list.json", &["testdata/images/list.json"]);
    assert_eq!((&list["kind"], &list["metadata"]["resourceVersion"]), (&"List".into(), &"".into()));
    for source in ["images.ndjson", "images.yaml", "images.crlf.yaml"] {
        assert_eq!(values("x.json", &[&format!("testdata/images/{source}")])["items"], list["items"], "{source}");
    }
    let object = values("x.json", &["testdata/images/image.json"]);
    assert_eq!(object["kind"], "Image", "a lone object stays one");
    assert_eq!(values("x.json", &["testdata/images/image.yaml"]), object);
    let two = values("x.json", &["testdata/images/image.json", "testdata/images/list.json"]);
    assert_eq!((&two["kind"], two["items"].as_array().unwrap().len()), (&"List".into(), 3));

    // In a carrier, and beside objects that are none of ours.
    let mixed = values("x.json", &["testdata/images/list.mixed.json"]);
    assert_eq!(mixed["items"][2]["kind"], "ConfigMap");
    let tag = &mixed["items"][1];
    assert_eq!((&tag["kind"], &tag["tag"]), (&"ImageStreamTag".into(), &Value::Null));
    assert_eq!(tag["image"]["signatures"], list["items"][0]["signatures"]);
    assert_eq!(tag.get("signatures"), None);
    for source in ["imagestreamimage.json", "imagestreammapping.json", "imagestreamtag.yaml"] {
        let carrier = values("x.json", &[&format!("testdata/images/{source}")]);
        assert_eq!(carrier["image"]["signatures"], list["items"][0]["signatures"], "{source}");
        assert_eq!(carrier["image"].get("kind"), None, "{source}");
    }
}

#[test]
fn a_bad_item_is_kept_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written.json");
    assert_eq!(write(&["testdata/images/list.broken-item.json"], &path).status, 2);
    let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let source: Value =
        serde_json::from_str(&fs::read_to_string("testdata/images/list.broken-item.json").unwrap()).unwrap();
    assert_eq!(written["items"][1], source["items"][1]);
    assert_eq!(written["items"][2]["signatures"][0]["conditions"][0]["status"], "True");
}

#[test]
fn nothing_is_written_when_something_was_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written.json");
    let good = "testdata/images/image.json";
    let lost = LOST.iter().map(|(name, place)| (format!("testdata/images/{name}"), *place));
    let others = ["missing.json", "testdata", "testdata/signatures/good.rsa4096.sig"];
    for (source, place) in lost.chain(others.map(|source| (source.to_owned(), source))) {
        for sources in [&[source.as_str()][..], &[good, &source], &[&source, good]] {
            fs::write(&path, "old").unwrap();
            let ran = write(sources, &path);
            assert_eq!((ran.status, fs::read_to_string(&path).unwrap().as_str()), (2, "old"), "{sources:?}");
            assert!(ran.stderr.contains("is not written") && ran.stderr.contains(place), "{}", ran.stderr);
            // The report is whole all the same.
            assert!(serde_json::from_str::<Value>(&ran.stdout).is_ok(), "{}", ran.stdout);
            fs::remove_file(&path).unwrap();
            assert_eq!(write(sources, &path).status, 2);
            assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "{sources:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_file_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written.json");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(write(&["testdata/images/image.json"], &path).status, 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
