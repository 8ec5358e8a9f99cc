//! The real `gpg`, `gpgv` and `skopeo`, in both directions, where they are installed and the environment asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use vidimus::Digest;

use crate::support::run;

pub(crate) const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

/// Whether the peers are to be asked.
pub(crate) fn peers() -> bool {
    let asked = std::env::var_os("VIDIMUS_PEERS").is_some();
    if !asked {
        println!("skipped: VIDIMUS_PEERS is not set");
    }
    asked
}

/// A GnuPG home of its own. Its agent ends with it.
pub(crate) struct Gnupg {
    home: TempDir,
}

impl Gnupg {
    pub(crate) fn new() -> Self {
        // The socket's path must be short, so it stands directly in the folder for temporary files.
        Self { home: tempfile::Builder::new().prefix("g").tempdir().unwrap() }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("GNUPGHOME", self.home.path()).env("LC_ALL", "C");
        command
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// Runs what must not fail.
    pub(crate) fn must(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes a key, and returns its fingerprint and the file of its certificate.
    pub(crate) fn make_key(&self, algorithm: &str) -> (String, PathBuf) {
        let user_id = format!("{algorithm} <{algorithm}@example.com>");
        self.must(
            "gpg",
            &["--batch", "--passphrase", "", "--quick-generate-key", &user_id, algorithm, "sign", "never"],
        );
        let listing = self.must("gpg", &["--batch", "--with-colons", "--list-keys", &user_id]);
        let fingerprint =
            listing.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap().trim_matches(':').to_owned();
        let path = self.path(&format!("{algorithm}.asc"));
        self.must("gpg", &["--batch", "--armor", "--output", text(&path), "--export", &fingerprint]);
        (fingerprint, path)
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).output();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The manifest that everything in the test data is about.
pub(crate) fn manifest() -> String {
    let image: Value = serde_json::from_str(&fs::read_to_string("testdata/images/image.json").unwrap()).unwrap();
    image["dockerImageManifest"].as_str().unwrap().to_owned()
}

/// Verifies a raw signature as of now, as the peers do.
fn verify(key: &Path, signature: &Path, digest: &str, reference: &str) -> (i32, Value) {
    let ran = run(&[
        "verify",
        "--keys",
        text(key),
        "--digest",
        digest,
        "--reference",
        reference,
        "--output",
        "json",
        text(signature),
    ]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran.status, report["images"][0]["signatures"][0].clone())
}

const ALGORITHMS: [&str; 3] = ["rsa3072", "ed25519", "nistp256"];

#[test]
fn what_gpg_signs_is_verified() {
    if !peers() {
        return;
    }
    let gnupg = Gnupg::new();
    let digest = Digest::sha256(manifest().as_bytes()).to_string();
    let payload = gnupg.path("payload");
    let claims = json!({
        "critical": {
            "type": "atomic container signature",
            "image": { "docker-manifest-digest": digest },
            "identity": { "docker-reference": REFERENCE },
        },
        "optional": {},
    });
    fs::write(&payload, claims.to_string()).unwrap();
    let signature = gnupg.path("signature");
    for algorithm in ALGORITHMS {
        let (fingerprint, key) = gnupg.make_key(algorithm);
        for options in [&[][..], &["-z", "0"], &["--digest-algo", "SHA512"], &["--compress-algo", "zlib"]] {
            let arguments = [
                &["--batch", "--yes", "--local-user", &fingerprint, "--output", text(&signature)],
                options,
                &["--sign", text(&payload)],
            ];
            gnupg.must("gpg", &arguments.concat());
            let (status, found) = verify(&key, &signature, &digest, REFERENCE);
            assert_eq!((status, &found["code"]), (0, &Value::Null), "{algorithm} {options:?}: {found}");
            assert_eq!(found["signer"]["fingerprint"], fingerprint);
            assert_eq!(verify(&key, &signature, &digest, "registry.example.com/shop/backend:1.0.0").0, 1);
        }
        // Text mode signs what may be two payloads.
        let textmode =
            ["--batch", "--yes", "--local-user", &fingerprint, "--output", text(&signature), "--textmode", "--sign"];
        gnupg.must("gpg", &[&textmode[..], &[text(&payload)]].concat());
        assert_eq!(verify(&key, &signature, &digest, REFERENCE).1["code"], "unsupported-signature-type");
    }
}

#[test]
fn what_skopeo_signs_is_verified() {
    if !peers() {
        return;
    }
    let gnupg = Gnupg::new();
    let (path, signature) = (gnupg.path("manifest.json"), gnupg.path("signature"));
    fs::write(&path, manifest()).unwrap();
    let digest = Digest::sha256(manifest().as_bytes()).to_string();
    for algorithm in ALGORITHMS {
        let (fingerprint, key) = gnupg.make_key(algorithm);
        gnupg.must("skopeo", &["standalone-sign", text(&path), REFERENCE, &fingerprint, "--output", text(&signature)]);
        for (digest, reference, status, code) in [
            (digest.as_str(), REFERENCE, 0, Value::Null),
            (&digest, "registry.example.com/shop/frontend:2.0.0", 1, "identity-mismatch".into()),
            (&Digest::sha256(b"").to_string(), REFERENCE, 1, "digest-mismatch".into()),
        ] {
            let (found_status, found) = verify(&key, &signature, digest, reference);
            assert_eq!((found_status, &found["code"]), (status, &code), "{algorithm}: {found}");
            assert!(found["claims"]["creator"].as_str().unwrap().starts_with("atomic "), "{found}");
        }
    }
}

/// The signatures that vidimus verifies and that a peer refuses, with the reason.
type Exceptions = [(&'static str, &'static str)];

const RFC_9580: &str = "GnuPG has not adopted RFC 9580; vidimus verifies what it says";
const TIME: &str = "gpgv judges by its clock only; the row is judged by the time before the end, and denied after it";

const NOT_BY_GPGV: &Exceptions = &[
    ("expires.2024-03-06.sig", TIME),
    ("frame.simple-signing.sig", "the frame is containers/image's; gpgv reads bare messages"),
    ("good.ed25519-rfc9580.sig", RFC_9580),
    ("good.v6.sig", RFC_9580),
    ("signer.expired.before.sig", TIME),
    ("signer.soft-revoked.before.sig", TIME),
    ("subpacket.critical.signer.sig", "gpgv knows the signer's user ID where it is not critical only"),
    (
        "subpacket.critical.unhashed.sig",
        "anybody can write there; gpgv heeds it, and vidimus nothing that is not signed",
    ),
    ("subpacket.expiry-overflows.sig", "gpgv counts in 32 bits, and finds an end before the beginning"),
    ("subpacket.one-of-15-kib.sig", "gpgv reads at most 10 000 octets of subpackets; 16 KiB are read here"),
];

const NOT_BY_SKOPEO: &Exceptions = &[("good.ed25519-rfc9580.sig", RFC_9580), ("good.v6.sig", RFC_9580)];

/// The rows of `cases.json` that are about OpenPGP and verify by the default rules: the keys and the files.
fn verified_rows() -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let mut rows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for case in table["cases"].as_array().unwrap() {
        if case["outcome"] == "verified" && case["options"] == json!({}) && case.get("sigstoreKeys").is_none() {
            let keys = case["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect();
            rows.entry(keys).or_default().insert(case["file"].as_str().unwrap().to_owned());
        }
    }
    rows
}

/// A home into which `keys` were imported, as far as `gpg` reads them.
fn importing(keys: &[String]) -> Gnupg {
    let gnupg = Gnupg::new();
    for key in keys {
        let _ = gnupg.run("gpg", &["--batch", "--import", &format!("testdata/keys/{key}")]);
    }
    gnupg
}

/// Compares what a peer refused with what it is expected to refuse.
fn check(refused: &BTreeMap<String, String>, exceptions: &Exceptions) {
    let listed: BTreeSet<_> = exceptions.iter().map(|(file, _)| (*file).to_owned()).collect();
    let unlisted: Vec<_> = refused.iter().filter(|(file, _)| !listed.contains(*file)).collect();
    assert!(unlisted.is_empty(), "refused without a reason: {unlisted:#?}");
    let accepted: Vec<_> = listed.iter().filter(|file| !refused.contains_key(*file)).collect();
    assert!(accepted.is_empty(), "listed, but accepted: {accepted:?}");
}

#[test]
fn what_is_verified_is_accepted_by_gpgv() {
    if !peers() {
        return;
    }
    let mut refused = BTreeMap::new();
    let mut count = 0;
    for (keys, files) in verified_rows() {
        let gnupg = importing(&keys);
        for file in files {
            count += 1;
            let signature = format!("testdata/signatures/{file}");
            let keyring = gnupg.path("pubring.kbx");
            let output = gnupg.run("gpgv", &["--status-fd", "1", "--keyring", text(&keyring), &signature]);
            let status = String::from_utf8_lossy(&output.stdout).into_owned();
            let says = |word: &str| status.lines().any(|line| line.starts_with(&format!("[GNUPG:] {word} ")));
            if !(output.status.success() && says("GOODSIG") && says("VALIDSIG")) {
                refused.insert(file, format!("{keys:?}: {status}{}", String::from_utf8_lossy(&output.stderr)));
            }
        }
    }
    assert!(count > 40, "only {count} rows");
    check(&refused, NOT_BY_GPGV);
}

#[test]
fn what_is_good_is_accepted_by_skopeo() {
    if !peers() {
        return;
    }
    let mut refused = BTreeMap::new();
    let mut count = 0;
    for (keys, files) in verified_rows() {
        let gnupg = importing(&keys);
        let path = gnupg.path("manifest.json");
        fs::write(&path, manifest()).unwrap();
        let digest = Digest::sha256(manifest().as_bytes()).to_string();
        let [key] = keys.as_slice() else { continue };
        for file in files.iter().filter(|file| file.starts_with("good.")) {
            count += 1;
            let (key, signature) = (Path::new("testdata/keys").join(key), Path::new("testdata/signatures").join(file));
            let (status, found) = verify(&key, &signature, &digest, REFERENCE);
            assert_eq!(status, 0, "{file}: {found}");
            let signer = found["signer"]["key"].as_str().unwrap();
            let arguments = ["standalone-verify", text(&path), REFERENCE, signer, text(&signature)];
            let output = gnupg.run("skopeo", &arguments);
            if !output.status.success() {
                refused.insert(file.clone(), String::from_utf8_lossy(&output.stderr).into_owned());
            }
        }
    }
    assert!(count >= 9, "only {count} rows");
    check(&refused, NOT_BY_SKOPEO);
}
