//! `--write-images` of every kind of source: what is written is what an export would hold, and can be verified again.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::run;

const TRUST: [&str; 6] = ["verify", "--keys", "testdata/keys/ed25519.asc", "--at", "2026-06-01", "--output=json"];
const APP: &str = "registry.example.com/prod/app";

/// Writes the images of some sources; returns the status and the objects, and sees that they verify again as they did.
fn written(sources: &[&str], path: &Path) -> (i32, Vec<Value>) {
    let to = ["--write-images", path.to_str().unwrap()];
    let first = run(&[&TRUST[..], &to, sources].concat());
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {first:?}"));
    let value: Value = serde_json::from_str(&text).unwrap();
    let objects = match value.get("items") {
        Some(items) => items.as_array().unwrap().clone(),
        None => vec![value],
    };
    let again = run(&[&TRUST[..], &[path.to_str().unwrap()]].concat());
    let codes = |stdout: &str| -> Vec<Value> {
        let report: Value = serde_json::from_str(stdout).unwrap();
        report["images"].as_array().unwrap().iter().map(|image| image["code"].clone()).collect()
    };
    assert_eq!((again.status, codes(&again.stdout)), (first.status, codes(&first.stdout)), "{sources:?}");
    (first.status, objects)
}

/// The statuses of `Complete` of each signature of an object.
fn complete(object: &Value) -> Vec<&str> {
    let signatures = object["signatures"].as_array().map_or(&[][..], Vec::as_slice);
    let condition = |signature: &Value| {
        let conditions = signature["conditions"].as_array().unwrap();
        conditions.iter().position(|condition| condition["type"] == "Complete").unwrap()
    };
    signatures
        .iter()
        .map(|signature| signature["conditions"][condition(signature)]["status"].as_str().unwrap())
        .collect()
}

#[test]
fn a_layout_is_written_as_the_objects_of_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.json");
    let (status, objects) = written(&[&format!("{APP}=dir:testdata/manual/app")], &path);
    assert_eq!((status, objects.len()), (0, 1));
    let image = &objects[0];
    assert_eq!((&image["kind"], &image["apiVersion"]), (&"Image".into(), &"image.openshift.io/v1".into()));
    // By a key that is trusted here, and by another.
    assert_eq!(complete(image), ["True", "False"]);
    assert!(image["dockerImageReference"].as_str().unwrap().starts_with(APP));
    // A denied one, with the annotation; and beside an export.
    let to = ["--write-images", path.to_str().unwrap(), "--annotate", "deny-execution", "--conditions", "native"];
    let ran = run(&[&TRUST[..], &to, &["dir:testdata/manual/app", "testdata/manual/images.json"]].concat());
    assert_eq!(ran.status, 1, "{ran:?}");
    let list: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 5);
    assert_eq!(items[0]["metadata"]["annotations"]["images.openshift.io/deny-execution"], "true");
    assert_eq!(items[0]["signatures"][0]["conditions"][0]["type"], "Trusted");
    assert_eq!(items[2]["metadata"]["annotations"].get("images.openshift.io/deny-execution"), None);
}

#[test]
fn every_layout_is_written_with_the_signatures_that_are_joined() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let path = folder.join("written.json");
    let signed = fs::read("testdata/manual/app/signature-1").unwrap();
    let manifest = fs::read("testdata/manual/app/manifest.json").unwrap();
    let digest = vidimus::Digest::sha256(&manifest).to_string();
    // An OCI layout of the manifest alone: its blobs are not looked at.
    let layout = folder.join("oci");
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(digest.strip_prefix("sha256:").unwrap()), &manifest).unwrap();
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let media_type = serde_json::from_slice::<Value>(&manifest).unwrap()["mediaType"].clone();
    let descriptor = serde_json::json!({ "mediaType": media_type, "digest": digest, "size": manifest.len() });
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": [descriptor] });
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    let archive = folder.join("oci.tar");
    let mut tar = tar::Builder::new(fs::File::create(&archive).unwrap());
    tar.append_dir_all(".", &layout).unwrap();
    tar.finish().unwrap();
    let store = folder.join(format!("store/prod/app@{}", digest.replace(':', "=")));
    fs::create_dir_all(&store).unwrap();
    fs::write(store.join("signature-1"), &signed).unwrap();
    for spec in [format!("{APP}=oci:{}", layout.display()), format!("{APP}=oci-archive:{}", archive.display())] {
        assert_eq!(complete(&written(&[&spec], &path).1[0]), Vec::<&str>::new(), "{spec}: none inside");
        for joined in
            [["--signatures", "dir:testdata/manual/app"], ["--lookaside", folder.join("store").to_str().unwrap()]]
        {
            let (status, objects) = written(&[&joined[..], &[&spec]].concat(), &path);
            assert_eq!((status, objects.len()), (0, 1), "{spec} {joined:?}");
            assert_eq!(complete(&objects[0])[0], "True", "{spec} {joined:?}");
        }
    }
}

/// A `docker-archive:` with that list and that configuration.
fn docker_archive(folder: &Path, list: &str, configuration: &str) -> String {
    let archive = folder.join("saved.tar");
    let mut tar = tar::Builder::new(fs::File::create(&archive).unwrap());
    for (name, content) in [("manifest.json", list), ("config.json", configuration)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(content.len()).unwrap());
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    tar.finish().unwrap();
    format!("{APP}=docker-archive:{}", archive.display())
}

const LIST: &str = r#"[{"Config":"config.json","RepoTags":["registry.example.com/prod/app:1"],"Layers":[]}]"#;
const CONFIGURATION: &str = r#"{"rootfs":{"type":"layers","diff_ids":[]}}"#;

#[test]
fn a_docker_archive_is_written_as_an_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.json");
    let (status, objects) = written(&[&docker_archive(folder.path(), LIST, CONFIGURATION)], &path);
    assert_eq!((status, objects.len()), (1, 1));
    assert_eq!((&objects[0]["kind"], complete(&objects[0])), (&"Image".into(), Vec::new()));
    assert!(objects[0]["metadata"]["name"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn a_docker_archive_that_go_reads_as_another_image_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for (list, configuration) in [
        (LIST.replace("\"Config\"", "\"config\":\"x.json\",\"Config\""), CONFIGURATION.to_owned()),
        (LIST.replace("\"Layers\"", "\"layer\u{17f}\":[\"x\"],\"Layers\""), CONFIGURATION.to_owned()),
        (LIST.to_owned(), CONFIGURATION.replace("\"rootfs\"", "\"RootFS\":{},\"rootfs\"")),
        (LIST.to_owned(), CONFIGURATION.replace("\"diff_ids\"", "\"diff_IDs\":[\"x\"],\"diff_ids\"")),
    ] {
        let source = docker_archive(folder.path(), &list, &configuration);
        let ran = run(&["verify", "--keys", "testdata/keys/release.asc", "--output", "json", &source]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (ran.status, &report["summary"]["images"]),
            (2, &0.into()),
            "{list} {configuration}: {}",
            ran.stdout
        );
    }
}

#[test]
fn a_directory_and_a_pattern_are_written_as_one_list() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = folder.path().join("gather").join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    copy("testdata/images/image.yaml", "cluster-scoped-resources/image.openshift.io/images/one.yaml");
    copy("testdata/images/imagestreamtag.yaml", "namespaces/a/image.openshift.io/imagestreamtags.yaml");
    copy("testdata/images/list.mixed.json", "namespaces/b/list.json");
    copy("testdata/README.md", "namespaces/a/pods/p/logs/current.log");
    let (gather, path) = (folder.path().join("gather"), folder.path().join("written.json"));
    let list = |source: &str| {
        let to = ["--keys", "testdata/keys/release.asc", "--write-images", path.to_str().unwrap()];
        let ran = run(&[&["verify", "--at", "2026-06-01", "--output=json", source], &to[..]].concat());
        assert_eq!(ran.status, 0, "{ran:?}");
        let list: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    let items = list(gather.to_str().unwrap());
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Image", "ImageStreamTag", "Image", "ImageStreamTag", "ConfigMap"]);
    assert_eq!(complete(&items[0])[0], "True");
    assert_eq!(complete(&items[1]["image"])[0], "True");
    assert_eq!(list(&format!("{}/namespaces/*", gather.display())).len(), 4);
}

#[test]
fn nothing_is_written_of_a_layout_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.json");
    let to = ["--write-images", path.to_str().unwrap()];
    let missing = folder.path().join("missing");
    for source in ["dir", "oci", "oci-archive", "docker-archive"].map(|kind| format!("{kind}:{}", missing.display())) {
        let ran = run(&[&TRUST[..], &to, &[&source, "testdata/manual/images.json"]].concat());
        assert!(ran.status == 2 && ran.stderr.contains("is not written"), "{source}: {ran:?}");
        assert!(!path.exists(), "{source}");
    }
    // One signature that cannot be read: what it would have said is not known.
    let app = folder.path().join("app");
    fs::create_dir(&app).unwrap();
    for name in ["manifest.json", "signature-1"] {
        fs::copy(format!("testdata/manual/app/{name}"), app.join(name)).unwrap();
    }
    fs::create_dir(app.join("signature-2")).unwrap();
    let ran = run(&[&TRUST[..], &to, &[&format!("{APP}=dir:{}", app.display())]].concat());
    assert!(ran.status == 2 && !path.exists(), "{ran:?}");
}
