//! `--write-images`: what is written into objects, and what is left alone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";
/// When the conditions in the test data last changed.
const EARLIER: &str = "2024-03-15T00:00:00Z";

/// Writes the images of some sources to a file.
fn write(sources: &[&str], path: &Path) -> Ran {
    write_at(AT, sources, path)
}

fn write_at(at: &str, sources: &[&str], path: &Path) -> Ran {
    let path = path.to_str().unwrap();
    run(&[&["verify", "--keys", KEY, "--at", at, "--output", "json", "--write-images", path], sources].concat())
}

/// The one object of a test file, written and read again.
fn written(name: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written.json");
    let ran = write(&[&format!("testdata/images/{name}")], &path);
    assert!(path.exists(), "{name}: {ran:?}");
    read(&path)
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn original(name: &str) -> Value {
    read(&Path::new("testdata/images").join(name))
}

/// Type, status, reason and last transition of each condition of the first signature.
fn conditions(image: &Value) -> Vec<[&str; 4]> {
    let conditions = image["signatures"][0]["conditions"].as_array().unwrap();
    conditions
        .iter()
        .map(|condition| {
            ["type", "status", "reason", "lastTransitionTime"].map(|member| condition[member].as_str().unwrap_or(""))
        })
        .collect()
}

#[test]
fn conditions_say_what_was_found() {
    let verified = [["Complete", "True", "Verified", AT], ["Failed", "False", "Verified", AT]];
    for (file, expected) in [
        ("image.json", verified),
        ("conditions.forged.json", [["Complete", "False", "UnknownKey", AT], ["Failed", "True", "UnknownKey", AT]]),
        (
            "record.type-unsupported.json",
            [["Complete", "Unknown", "UnsupportedType", AT], ["Failed", "Unknown", "UnsupportedType", AT]],
        ),
        (
            "name.not-a-digest.json",
            [["Complete", "Unknown", "NoManifestDigest", AT], ["Failed", "Unknown", "NoManifestDigest", AT]],
        ),
        (
            "record.for-another-image.json",
            [["Complete", "False", "DigestMismatch", AT], ["Failed", "True", "DigestMismatch", AT]],
        ),
    ] {
        let image = written(file);
        let found = conditions(&image);
        // What others wrote stands first.
        assert!(found.ends_with(&expected), "{file}: {found:?}");
        for condition in image["signatures"][0]["conditions"].as_array().unwrap().iter().rev().take(2) {
            assert_eq!(condition["lastProbeTime"], AT, "{file}");
            assert!(!condition["message"].as_str().unwrap().is_empty(), "{file}");
        }
    }
}

#[test]
fn a_transition_is_when_the_status_changed() {
    let complete_and_failed = |file: &str| {
        let image = written(file);
        let all = conditions(&image);
        ["Complete", "Failed"].map(|name| {
            let found: Vec<_> = all.iter().filter(|condition| condition[0] == name).collect();
            assert_eq!(found.len(), 1, "{file}: one of each type");
            found[0][3].to_owned()
        })
    };
    assert_eq!(complete_and_failed("conditions.verified.json"), [EARLIER, EARLIER], "unchanged");
    assert_eq!(complete_and_failed("conditions.failed.json"), [AT, AT], "changed");
    assert_eq!(complete_and_failed("conditions.forged.json"), [AT, AT], "the opposite was claimed");
    assert_eq!(complete_and_failed("conditions.null-times.json"), [AT, AT], "never known");

    // A transition in the future cannot have been.
    let directory = tempfile::tempdir().unwrap();
    let (source, path) = (directory.path().join("source.json"), directory.path().join("written.json"));
    for (time, kept) in [
        (AT, true),
        ("2026-06-01T00:00:01Z", false),
        ("2026-06-01T01:00:00+02:00", true),
        ("2026-05-31T23:00:00-02:00", false),
        ("soon", false),
    ] {
        let text = fs::read_to_string("testdata/images/conditions.verified.json").unwrap().replace(EARLIER, time);
        fs::write(&source, text).unwrap();
        assert_eq!(write(&[source.to_str().unwrap()], &path).status, 0);
        let expected = match time {
            "2026-06-01T01:00:00+02:00" => "2026-05-31T23:00:00Z",
            time if kept => time,
            _ => AT,
        };
        assert_eq!(conditions(&read(&path))[0][3], expected, "{time}");
    }
}

#[test]
fn conditions_of_other_types_stay_as_they_were() {
    let image = written("conditions.other-types.json");
    let types: Vec<_> = conditions(&image).iter().map(|condition| condition[0].to_owned()).collect();
    assert_eq!(types, ["Trusted", "ForImage", "Expired", "Complete", "Failed"]);
    let before = original("conditions.other-types.json");
    for index in 0..3 {
        assert_eq!(image["signatures"][0]["conditions"][index], before["signatures"][0]["conditions"][index]);
    }

    // The API server wants `Trusted` and `ForImage` first, wherever they stood.
    let directory = tempfile::tempdir().unwrap();
    let (source, path) = (directory.path().join("source.json"), directory.path().join("written.json"));
    let mut shuffled = before;
    shuffled["signatures"][0]["conditions"].as_array_mut().unwrap().reverse();
    fs::write(&source, shuffled.to_string()).unwrap();
    write(&[source.to_str().unwrap()], &path);
    let image = read(&path);
    let types: Vec<_> = conditions(&image).iter().map(|condition| condition[0].to_owned()).collect();
    assert_eq!(types, ["Trusted", "ForImage", "Expired", "Complete", "Failed"]);
}

#[test]
fn a_verified_signature_tells_what_was_signed() {
    let image = written("image.json");
    let (verified, rejected) = (&image["signatures"][0], &image["signatures"][1]);
    assert_eq!(verified["created"], "2024-03-01T12:00:00Z");
    assert_eq!(verified["imageIdentity"], "registry.example.com/shop/frontend:1.0.0");
    assert_eq!(
        verified["issuedTo"],
        json!({ "commonName": "Example Release Key <release@example.com>", "publicKeyID": "0xc3dcf8ab90f57811" })
    );
    assert_eq!(
        verified["signedClaims"],
        json!({
            "critical.type": "atomic container signature",
            "critical.image.docker-manifest-digest": image["metadata"]["name"],
            "critical.identity.docker-reference": "registry.example.com/shop/frontend:1.0.0",
            "optional.creator": "vidimus testdata",
            "optional.timestamp": "1709294400",
        })
    );
    // Of a signature that failed, only the conditions are written; its content stays.
    let mut without = rejected.clone();
    assert_eq!(without.as_object_mut().unwrap().shift_remove("conditions").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(without, original("image.json")["signatures"][1]);
    // What somebody else filled in and agrees is said in our words; what is not known is left.
    let agreed = written("informative.agree.json");
    let before = original("informative.agree.json");
    assert_eq!(agreed["signatures"][0]["issuedBy"], before["signatures"][0]["issuedBy"]);
    assert_eq!(agreed["signatures"][0]["issuedTo"]["organization"], "Example");
}

#[test]
fn whatever_else_the_object_says_survives() {
    let directory = tempfile::tempdir().unwrap();
    let (source, path) = (directory.path().join("source.json"), directory.path().join("written.json"));
    let before = fs::read_to_string("testdata/images/unknown-members.json").unwrap();
    // Numbers keep their spelling, also one that other programs would change.
    let before = before.replace(" 2.5,", " 2.50,").replace(" 1000.0,", " 1e3,");
    fs::write(&source, &before).unwrap();
    write(&[source.to_str().unwrap()], &path);
    let text = fs::read_to_string(&path).unwrap();
    for number in [" 2.50,", " 1e3,"] {
        let count = |text: &str| text.matches(number).count();
        // One stood in a condition that was replaced.
        assert_eq!((count(&before), count(&text)), (7, 6), "{number}");
    }
    let (mut after, mut before) = (read(&path), read(&source));
    for image in [&mut after, &mut before] {
        for signature in image["signatures"].as_array_mut().unwrap() {
            for member in ["conditions", "created", "imageIdentity", "issuedTo", "signedClaims"] {
                signature.as_object_mut().unwrap().shift_remove(member);
            }
        }
    }
    assert_eq!(after.to_string(), before.to_string(), "in the same order, too");
}
