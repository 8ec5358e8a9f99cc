//! Images in layouts on disk: genuine ones, and those that the real skopeo writes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::peers::{Gnupg, peers};
use crate::support::{Ran, conformance, run};

/// Runs `verify` with these arguments; returns the outcome and its report.
fn verify(arguments: &[&str]) -> (i32, Value) {
    let ran = run(&[&["verify", "--output", "json"], arguments].concat());
    (ran.status, report(&ran))
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The codes of the signatures of the first image.
fn codes(report: &Value) -> Vec<&str> {
    let signatures = report["images"][0]["signatures"].as_array().unwrap();
    signatures.iter().map(|found| found["code"].as_str().unwrap_or("verified")).collect()
}

const ALBO: &str = "albo/aws-load-balancer-operator-bundle";

#[test]
fn the_genuine_layout_has_the_outcomes_of_the_index() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let (key, layout) =
        (folder.join("keys/redhat-release-2.asc"), folder.join("layouts/dir/aws-load-balancer-operator-bundle"));
    let spec = format!("dir:{}", layout.display());
    let digest = "sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4";
    let verify = |arguments: &[&str]| {
        verify(&[&["--keys", key.to_str().unwrap(), "--at", "2026-11-24T12:00:00Z"], arguments].concat())
    };
    const OTHER: &str = "identity-mismatch";
    const FITS: &str = "verified";
    for (reference, status, expected) in [
        // The repository alone gets the digest that was computed; then any tag of the repository will do.
        (format!("registry.redhat.io/{ALBO}"), 0, [OTHER, OTHER, FITS, FITS]),
        (format!("registry.redhat.io/{ALBO}@{digest}"), 0, [OTHER, OTHER, FITS, FITS]),
        (format!("registry.access.redhat.com/{ALBO}:0.0.1"), 0, [FITS, OTHER, OTHER, OTHER]),
        (format!("registry.redhat.io/{ALBO}:0.0.2"), 1, [OTHER; 4]),
        (format!("mirror.example.com:5000/{ALBO}"), 1, [OTHER; 4]),
    ] {
        for arguments in [&[spec.as_str(), "--reference", &reference][..], &[&format!("{reference}={spec}")]] {
            let (found, report) = verify(arguments);
            assert_eq!((found, codes(&report)), (status, expected.to_vec()), "{reference}");
            let image = &report["images"][0];
            assert_eq!((&image["name"], &image["manifestDigest"]["from"]), (&digest.into(), &"manifest".into()));
        }
    }
    // The layout does not say what the image is called, and a signature does not either.
    let (status, report) = verify(&[&spec]);
    assert_eq!((status, codes(&report)), (1, vec![OTHER; 4]));
    // A rule that names the signed reference needs none.
    let rule = format!("exactRepository=registry.redhat.io/{ALBO}");
    assert_eq!(verify(&["--identity", &rule, &spec]).0, 0);
    let remap = "remapIdentity=mirror.example.com:5000=registry.redhat.io";
    assert_eq!(verify(&["--identity", remap, &format!("mirror.example.com:5000/{ALBO}={spec}")]).0, 0);
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    let keys = ["--keys", "testdata/quickstart/keyring.asc"];
    for arguments in [
        &["--reference", "r.example.com/a", "testdata/quickstart/export.json"][..],
        &["--reference", "r.example.com/a", "r.example.com/b=dir:x"],
        &["--platform", "linux/amd64", "testdata/quickstart/export.json"],
        &["--platform", "linux", "dir:x"],
        &["docker://busybox"],
        &["dir:"],
        &["A=dir:x"],
    ] {
        let ran = run(&[&["verify"], &keys[..], arguments].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_must_gather_is_the_objects_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, from: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(from, path).unwrap();
    };
    write("gather/cluster-scoped-resources/image.openshift.io/images/one.yaml", "testdata/images/image.yaml");
    write("gather/namespaces/a/image.openshift.io/imagestreamtags.yaml", "testdata/images/imagestreamtag.yaml");
    write("gather/namespaces/a/pods/p/logs/current.log", "testdata/README.md");
    write("gather/version", "testdata/README.md");
    write("broken/x.json", "testdata/images/broken.truncated.json");
    let keys = ["--keys", "testdata/quickstart/keyring.asc", "--at", "2026-06-01"];
    let at = |path: &str| folder.path().join(path).display().to_string();
    let (status, report) = verify(&[&keys[..], &[&at("gather")]].concat());
    assert_eq!((status, report["images"].as_array().unwrap().len()), (0, 2), "{report}");
    let (status, again) = verify(&[&keys[..], &[&at("gather/c*/*/*/*.yaml"), &at("gather/n*")]].concat());
    assert_eq!((status, again["images"].as_array().unwrap().len()), (0, 2), "{again}");
    // What cannot be read in a directory takes nothing from the rest.
    let (status, report) = verify(&[&keys[..], &[&at("")]].concat());
    assert_eq!((status, report["images"].as_array().unwrap().len()), (2, 2), "{report}");
    assert_eq!(report["errors"].as_array().unwrap().len(), 1, "{report}");
    let (status, report) = verify(&[&keys[..], &[&at("nothing*")]].concat());
    assert_eq!((status, report["errors"].as_array().unwrap().len()), (2, 1), "{report}");
}

/// A small image in an OCI layout.
fn oci_image(folder: &Path) -> String {
    use vidimus::Digest;

    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |content: &[u8]| {
        let digest = Digest::sha256(content).to_string();
        fs::write(blobs.join(digest.strip_prefix("sha256:").unwrap()), content).unwrap();
        digest
    };
    let layer = blob(&[0; 1024]);
    let config_text = format!(
        r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{layer}"]}},"config":{{}}}}"#
    );
    let config = blob(config_text.as_bytes());
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":{}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":1024}}]}}"#,
        config_text.len()
    );
    let digest = blob(manifest.as_bytes());
    fs::write(
        folder.join("index.json"),
        format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{},"platform":{{"os":"linux","architecture":"amd64"}},"annotations":{{"org.opencontainers.image.ref.name":"v1"}}}}]}}"#,
            manifest.len()
        ),
    )
    .unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    digest
}

#[test]
fn layouts_have_the_digests_that_skopeo_finds() {
    if !peers() {
        return;
    }
    let gnupg = Gnupg::new();
    let policy = gnupg.path("policy.json");
    fs::write(&policy, r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
    let layout = gnupg.path("layout");
    oci_image(&layout);
    let from = format!("oci:{}:v1", layout.display());
    for (transport, name) in
        [("oci", ":v2"), ("oci-archive", ":v2"), ("docker-archive", ":registry.example.com/a:1"), ("dir", "")]
    {
        let path = gnupg.path(transport);
        let to = format!("{transport}:{}{name}", path.display());
        gnupg.must("skopeo", &["--policy", policy.to_str().unwrap(), "copy", &from, &to]);
        let manifest = gnupg.must("skopeo", &["inspect", "--raw", &to]);
        let digest = vidimus::Digest::sha256(manifest.as_bytes()).to_string();
        for spec in [to, format!("{transport}:{}", path.display())] {
            let (status, report) = verify(&["--keys", "testdata/quickstart/keyring.asc", &spec]);
            let image = &report["images"][0];
            assert_eq!((status, &image["name"], &image["code"]), (1, &digest.as_str().into(), &"no-signature".into()));
            assert_eq!(image["manifestDigest"]["from"], "manifest", "{spec}");
        }
    }
}

#[test]
fn a_dir_that_skopeo_signs_is_verified() {
    if !peers() {
        return;
    }
    let gnupg = Gnupg::new();
    let (fingerprint, key) = gnupg.make_key("rsa3072");
    let policy = gnupg.path("policy.json");
    fs::write(&policy, r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
    let (layout, dir) = (gnupg.path("layout"), gnupg.path("dir"));
    let digest = oci_image(&layout);
    let reference = "registry.example.com/shop/frontend:1.0.0";
    let (from, to) = (format!("oci:{}:v1", layout.display()), format!("dir:{}", dir.display()));
    gnupg.must(
        "skopeo",
        &[
            "--policy",
            policy.to_str().unwrap(),
            "copy",
            "--preserve-digests",
            "--sign-by",
            &fingerprint,
            "--sign-identity",
            reference,
            &from,
            &to,
        ],
    );
    let keys = ["--keys", key.to_str().unwrap()];
    let (status, report) = verify(&[&keys[..], &[&format!("{reference}={to}")]].concat());
    assert_eq!((status, &report["images"][0]["name"]), (0, &Value::from(digest)), "{report}");
    assert_eq!(verify(&[&keys[..], &[&format!("registry.example.com/shop/backend:1.0.0={to}")]].concat()).0, 1);
    // What is changed after it was signed is denied.
    let manifest = fs::read_to_string(dir.join("manifest.json")).unwrap();
    fs::write(dir.join("manifest.json"), manifest + "\n").unwrap();
    let (status, report) = verify(&[&keys[..], &[&format!("{reference}={to}")]].concat());
    assert_eq!((status, &report["images"][0]["signatures"][0]["code"]), (1, &Value::from("digest-mismatch")));
}

#[test]
fn what_skopeo_signs_of_a_layout_is_verified_with_it() {
    if !peers() {
        return;
    }
    let gnupg = Gnupg::new();
    let (fingerprint, key) = gnupg.make_key("rsa3072");
    let policy = gnupg.path("policy.json");
    fs::write(&policy, r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
    let copy = |arguments: &[&str]| {
        gnupg.must("skopeo", &[&["--policy", policy.to_str().unwrap(), "copy"], arguments].concat());
    };
    let layout = gnupg.path("layout");
    oci_image(&layout);
    let from = format!("oci:{}:v1", layout.display());
    let reference = "registry.example.com/shop/frontend:1.0.0";
    for (transport, name) in [("oci", ":v2"), ("oci-archive", ":v2"), ("docker-archive", ":registry.example.com/a:1")] {
        let (path, signed) = (gnupg.path(transport), gnupg.path(&format!("{transport}-signed")));
        let (to, signed) = (format!("{transport}:{}{name}", path.display()), format!("dir:{}", signed.display()));
        copy(&[&from, &to]);
        copy(&["--preserve-digests", "--sign-by", &fingerprint, "--sign-identity", reference, &to, &signed]);
        let keys = ["--keys", key.to_str().unwrap()];
        let spec = format!("{reference}={transport}:{}", path.display());
        assert_eq!(verify(&[&keys[..], &[&spec]].concat()).0, 1, "{transport}: nothing is signed inside");
        let (status, report) = verify(&[&keys[..], &["--signatures", &signed, &spec]].concat());
        assert_eq!((status, codes(&report)), (0, vec!["verified"]), "{transport}: {report}");
        let (status, report) = verify(&[&keys[..], &["--signatures", &signed, &format!("{reference}x={to}")]].concat());
        assert_eq!((status, codes(&report)), (1, vec!["identity-mismatch"]), "{transport}: {report}");
    }
}
