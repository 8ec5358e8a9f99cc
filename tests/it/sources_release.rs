//! The transitive check: images that are trusted for being named in a verified release.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, run};

const RELEASE: &str = "registry.example.com/ocp/release";

/// A copy of the release of the test data, to be changed.
fn release() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir("testdata/manual/release").unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

fn verify(release: &str, more: &[&str]) -> Ran {
    let first = ["verify", "--keys", "testdata/manual/redhat.asc", "--at", "2026-06-01", "--output", "json"];
    run(&[&first[..], &["--release", release], more, &["testdata/manual/images.json"]].concat())
}

fn spec(folder: &Path) -> String {
    format!("{RELEASE}=dir:{}", folder.display())
}

#[test]
fn what_a_verified_release_names_is_allowed_and_nothing_else() {
    let ran = verify(&spec(Path::new("testdata/manual/release")), &[]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let images = report["images"].as_array().unwrap().iter().map(|image| {
        let name = image["dockerImageReference"].as_str().unwrap().split('@').next().unwrap();
        (name, image["decision"].as_str().unwrap(), image["code"].as_str().unwrap())
    });
    let told: Vec<_> = images.collect();
    assert_eq!(
        told,
        [
            // By its own signature.
            ("registry.redhat.io/ubi9/ubi", "Allow", "verified"),
            ("registry.example.com/prod/app", "Deny", "unknown-key"),
            ("registry.example.com/prod/web", "Deny", "unknown-key"),
            // Unsigned, and named in the release.
            ("docker.io/library/busybox", "Allow", "digest-listed"),
        ]
    );
    // The list is not repeated for each image.
    assert!(!ran.stdout.contains("registry.example.com/ocp"), "{}", ran.stdout);
}

#[test]
fn a_release_that_is_not_trusted_vouches_for_nothing() {
    let refused = |release: &str, more: &[&str], why: &str| {
        let ran = verify(release, more);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains(why), "{ran:?}");
    };
    refused("dir:testdata/manual/release", &[], "not trusted");
    refused("registry.example.com/ocp/other=dir:testdata/manual/release", &[], "not trusted");
    refused("testdata/manual/images.json", &[], "4 images");
    refused("registry.example.com/prod/app=dir:testdata/manual/app", &[], "not trusted");
    refused("dir:nowhere", &[], "nowhere");

    let folder = release();
    fs::remove_file(folder.path().join("signature-1")).unwrap();
    refused(&spec(folder.path()), &[], "not trusted");
    // A rule by which any image would be allowed does not make a release.
    let policy = folder.path().join("policy.json");
    fs::write(&policy, r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
    let ran = run(&["verify", "--policy", policy.to_str().unwrap(), "--release", &spec(folder.path()), "x.json"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");

    // What is in the layer is what was signed, or nothing.
    let folder = release();
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("manifest.json")).unwrap()).unwrap();
    let digest = manifest["layers"][0]["digest"].as_str().unwrap();
    let layer = folder.path().join(digest.strip_prefix("sha256:").unwrap());
    let mut bytes = fs::read(&layer).unwrap();
    let place = bytes.windows(7).position(|window| window == b"busybox").unwrap();
    bytes[place] = b'B';
    fs::write(&layer, &bytes).unwrap();
    refused(&spec(folder.path()), &[], "hashes to");
    fs::remove_file(&layer).unwrap();
    refused(&spec(folder.path()), &[], "is not there");
    // Another manifest, which names another layer, is not what was signed.
    fs::write(folder.path().join("manifest.json"), format!("{manifest} ")).unwrap();
    refused(&spec(folder.path()), &[], "not trusted");
}
