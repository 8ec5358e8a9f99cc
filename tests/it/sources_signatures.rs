//! Signatures that are kept apart from images: other sources, lookaside stores, release stores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::peers::peers;
use crate::support::{Ran, run, vidimus};

/// The image that the signature in `testdata/signatures/good.rsa4096.sig` and its like are for.
fn image() -> Value {
    serde_json::from_str(&fs::read_to_string("testdata/images/image.json").unwrap()).unwrap()
}

/// A folder with an export of an image without signatures, and its signatures apart.
struct Apart {
    folder: TempDir,
    digest: String,
    signatures: Vec<Vec<u8>>,
}

impl Apart {
    fn new() -> Self {
        use base64::Engine as _;

        let folder = tempfile::tempdir().unwrap();
        let mut image = image();
        let signatures = image["signatures"].as_array().unwrap().iter().map(|signature| {
            base64::engine::general_purpose::STANDARD.decode(signature["content"].as_str().unwrap()).unwrap()
        });
        let signatures = signatures.collect();
        fs::write(folder.path().join("signed.json"), image.to_string()).unwrap();
        image["signatures"] = Value::Null;
        fs::write(folder.path().join("images.json"), image.to_string()).unwrap();
        let digest = image["metadata"]["name"].as_str().unwrap().to_owned();
        Self { folder, digest, signatures }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes the signatures into a folder of a store.
    fn store(&self, folder: &str) -> PathBuf {
        let folder = self.folder.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        for (number, signature) in (1..).zip(&self.signatures) {
            fs::write(folder.join(format!("signature-{number}")), signature).unwrap();
        }
        folder
    }

    fn lookaside(&self) -> PathBuf {
        self.store(&format!("store/shop/frontend@{}", self.digest.replace(':', "=")))
    }

    fn verify(&self, arguments: &[&str]) -> Ran {
        let first = ["verify", "--keys", "testdata/quickstart/keyring.asc", "--at", "2026-06-01", "--output", "json"];
        run(&[&first[..], arguments, &[&self.path("images.json")]].concat())
    }
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn without_an_option_nothing_is_looked_for() {
    let apart = Apart::new();
    apart.lookaside();
    let ran = apart.verify(&[]);
    assert_eq!((ran.status, &report(&ran)["images"][0]["code"]), (1, &json!("no-signature")));
}

#[test]
fn signatures_are_joined_by_digest() {
    let apart = Apart::new();
    apart.lookaside();
    apart.store(&format!("releases/{}", apart.digest.replace(':', "=")));
    fs::create_dir(apart.folder.path().join("registries.d")).unwrap();
    let store = apart.path("store");
    fs::write(
        apart.folder.path().join("registries.d/a.yaml"),
        format!("docker:\n  registry.example.com/shop:\n    lookaside: file://{store}\n"),
    )
    .unwrap();
    let inside = {
        let signed = apart.path("signed.json");
        let ran = run(&[
            "verify",
            "--keys",
            "testdata/quickstart/keyring.asc",
            "--at",
            "2026-06-01",
            "--output",
            "json",
            &signed,
        ]);
        assert_eq!(ran.status, 0, "{ran:?}");
        report(&ran)
    };
    let codes = |report: &Value| -> Vec<Value> {
        report["images"][0]["signatures"].as_array().unwrap().iter().map(|found| found["code"].clone()).collect()
    };
    for option in [
        ["--lookaside", &store],
        ["--lookaside", &format!("file://{store}")],
        ["--registries-d", &apart.path("registries.d")],
        ["--release-signatures", &apart.path("releases")],
        ["--signatures", &apart.path("signed.json")],
    ] {
        let ran = apart.verify(&option);
        assert_eq!((ran.status, codes(&report(&ran))), (0, codes(&inside)), "{option:?}: {ran:?}");
        // What is written has them.
        let written = apart.path("written.json");
        let ran = apart.verify(&[&option[..], &["--write-images", &written]].concat());
        assert_eq!(ran.status, 0, "{ran:?}");
        let written: Value = serde_json::from_str(&fs::read_to_string(&written).unwrap()).unwrap();
        let signatures = written["signatures"].as_array().unwrap();
        assert_eq!(signatures.len(), apart.signatures.len());
        assert!(signatures.iter().all(|signature| signature["conditions"][0]["type"] == "Complete"), "{signatures:?}");
        let names: Vec<_> =
            signatures.iter().map(|signature| signature["metadata"]["name"].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| name.starts_with(&format!("{}@", apart.digest))), "{names:?}");
    }
    // What is found twice is there once.
    let ran = apart.verify(&["--lookaside", &store, "--signatures", &apart.path("signed.json")]);
    assert_eq!(codes(&report(&ran)), codes(&inside));
}

#[test]
fn what_cannot_be_looked_up_is_undecided() {
    let apart = Apart::new();
    let folder = apart.lookaside();
    let undecided = |arguments: &[&str], why: &str| {
        let ran = apart.verify(arguments);
        assert_eq!(ran.status, 2, "{ran:?}");
        let report = report(&ran);
        assert_eq!(report["images"], json!([]), "{report}");
        let message = report["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(why), "{message}");
    };
    undecided(&["--lookaside", &apart.path("nowhere")], "No such file");
    fs::copy(folder.join("signature-1"), folder.join("signature-9")).unwrap();
    undecided(&["--lookaside", &apart.path("store")], "signature-9: ");
    fs::remove_file(folder.join("signature-9")).unwrap();
    undecided(&["--lookaside", "http://127.0.0.1:1"], "the server cannot be asked");
    #[cfg(unix)]
    {
        let store = apart.folder.path().join("evil");
        fs::create_dir_all(store.join("shop")).unwrap();
        std::os::unix::fs::symlink(&folder, store.join(format!("shop/frontend@{}", apart.digest.replace(':', "="))))
            .unwrap();
        undecided(&["--lookaside", &apart.path("evil")], "leads out of the layout");
    }
    // An image without a reference has no place in a store by repository.
    let mut image = image();
    image["dockerImageReference"] = json!("");
    fs::write(apart.folder.path().join("images.json"), image.to_string()).unwrap();
    undecided(&["--lookaside", &apart.path("store")], "has no reference");
}

#[test]
fn stores_that_are_none_are_refused_before_anything_is_read() {
    let apart = Apart::new();
    for option in [
        ["--lookaside", "ftp://example.com"],
        ["--lookaside", "https://user:password@example.com"],
        ["--lookaside", "https://example.com/?a=b"],
        ["--lookaside", ""],
        ["--registries-d", "nowhere"],
        ["--signatures", "nowhere.json"],
        ["--signatures", "docker://busybox"],
        ["--release-signatures", "gopher://example.com"],
    ] {
        let ran = apart.verify(&option);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{option:?}: {ran:?}");
    }
}

/// A web server that ends with this value.
struct Served(std::process::Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a folder by the web server of Python; returns its address.
fn serve(folder: &Path) -> (Served, String) {
    use std::io::{BufRead as _, BufReader};

    let mut child = Command::new("python3")
        .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.split_whitespace().nth(5).unwrap_or_else(|| panic!("{line}")).to_owned();
    (Served(child), format!("http://127.0.0.1:{port}"))
}

#[test]
fn a_store_on_a_real_server_is_read() {
    if !peers() {
        return;
    }
    let apart = Apart::new();
    let folder = apart.lookaside();
    apart.store(&format!("releases/{}", apart.digest.replace(':', "=")));
    let (_served, url) = serve(apart.folder.path());
    for option in [["--lookaside", &format!("{url}/store/")], ["--release-signatures", &format!("{url}/releases")]] {
        let ran = apart.verify(&option);
        assert_eq!(ran.status, 0, "{option:?}: {ran:?}");
    }
    let ran = apart.verify(&["--lookaside", &format!("{url}/nowhere")]);
    assert_eq!((ran.status, &report(&ran)["images"][0]["code"]), (1, &json!("no-signature")));
    // What comes from a server is judged as everything is.
    let mut changed = apart.signatures[0].clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for number in 1..=apart.signatures.len() {
        fs::write(folder.join(format!("signature-{number}")), &changed).unwrap();
    }
    assert_eq!(apart.verify(&["--lookaside", &format!("{url}/store")]).status, 1);
}

/// No socket is opened by a run that was not told of a server, whatever else it was told to do.
#[test]
fn by_default_no_socket_is_opened() {
    if !peers() {
        return;
    }
    let apart = Apart::new();
    apart.lookaside();
    let trace = apart.path("trace");
    let traced = |arguments: &[&str]| {
        let program = vidimus().get_program().to_owned();
        let output = Command::new("strace")
            .args(["-f", "-e", "trace=%network", "-o", &trace])
            .arg(program)
            .args(["verify", "--keys", "testdata/quickstart/keyring.asc", "--at", "2026-06-01"])
            .args(arguments)
            .arg(apart.path("images.json"))
            .output()
            .unwrap();
        let trace = fs::read_to_string(&trace).unwrap();
        (output.status.code(), trace.lines().filter(|line| !line.contains("+++") && !line.contains("---")).count())
    };
    let written = apart.path("written.json");
    for arguments in [
        &[][..],
        &["--lookaside", &apart.path("store"), "--write-images", &written, "--output", "json"],
        &["--signatures", &apart.path("signed.json"), "--output", "text"],
    ] {
        let (status, calls) = traced(arguments);
        assert_eq!((status.is_some_and(|status| status < 2), calls), (true, 0), "{arguments:?}");
    }
    // The trace sees those that are opened.
    let (status, calls) = traced(&["--lookaside", "http://127.0.0.1:1"]);
    assert!(status == Some(2) && calls > 0, "{status:?} {calls}");
}
