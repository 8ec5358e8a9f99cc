//! The test data of sequoia-openpgp, which is in its package: thousands of packets that others thought of. Whatever they
//! are they have an answer, soon, and none of them vouches for anything by our keys.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sequoia_openpgp::armor;
use serde_json::Value;
use vidimus::{KeyringBuilder, Requirement, Rules, Verifier};

use crate::support::{AT, raw_signature};

const KEYS: [&str; 6] = ["ed25519.asc", "p256.asc", "release.asc", "rsa2048.asc", "subkey.asc", "v6.asc"];
const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

/// Far more than any file takes, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folder with the data, where cargo has the package; nothing where it is there without its tests.
fn folder() -> Option<PathBuf> {
    let cargo = std::env::var_os("CARGO")?;
    let run = Command::new(cargo).args(["metadata", "--format-version", "1", "--offline", "--locked"]).output().ok()?;
    let metadata: Value = serde_json::from_slice(&run.stdout).ok()?;
    let package = metadata["packages"].as_array()?.iter().find(|package| package["name"] == "sequoia-openpgp")?;
    let folder = Path::new(package["manifest_path"].as_str()?).parent()?.join("tests/data");
    folder.is_dir().then_some(folder)
}

fn files(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
}

/// What is in armor, if it is.
fn dearmored(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = armor::Reader::from_bytes(bytes, armor::ReaderMode::Tolerant(None));
    let mut binary = Vec::new();
    reader.read_to_end(&mut binary).ok().filter(|_| !binary.is_empty())?;
    Some(binary)
}

#[test]
fn the_data_of_the_librarys_own_tests_vouches_for_nothing() {
    let Some(folder) = folder() else {
        println!("skipped: the package of sequoia-openpgp is not there, or without its tests");
        return;
    };
    let mut keyring = KeyringBuilder::default();
    for key in KEYS {
        keyring.add(key, &fs::read(Path::new("testdata/keys").join(key)).unwrap()).unwrap();
    }
    let ours = Verifier::new(keyring.build().unwrap());
    let at = AT.parse().unwrap();
    let mut found = Vec::new();
    files(&folder, &mut found);
    let inner: Vec<_> =
        found.iter().filter_map(|(path, bytes)| Some((path.with_extension("dearmored"), dearmored(bytes)?))).collect();
    let count = (found.len(), inner.len());
    assert!(count.0 > 300 && count.1 > 50, "{count:?} files say little");

    let (mut loaded, mut slowest) = (0, (Duration::ZERO, PathBuf::new()));
    let good = fs::read("testdata/signatures/good.ed25519.sig").unwrap();
    for (path, bytes) in found.into_iter().chain(inner) {
        let start = Instant::now();
        let verdict = ours.verify(&raw_signature(&bytes, DIGEST, REFERENCE), at);
        assert!(!verdict.is_allowed() && verdict.evidence()[0].signer().is_none(), "{}", path.display());
        let mut builder = KeyringBuilder::default();
        if builder.add("keys", &bytes).is_ok() {
            loaded += 1;
            let theirs = Verifier::with_rules(builder.build().unwrap(), Rules::default(), Requirement::default());
            let _ = theirs.trust().certificates(at);
            assert!(!theirs.verify(&raw_signature(&good, DIGEST, REFERENCE), at).is_allowed(), "{}", path.display());
        }
        slowest = slowest.max((start.elapsed(), path));
    }
    println!(
        "assurance | vectors | files of sequoia-openpgp, as they are and without armor | {} | 0 accepted, 0 panics, {loaded} loaded as keyrings, slowest {} ms",
        count.0 + count.1,
        slowest.0.as_millis(),
    );
    assert!(loaded > 20, "{loaded} keyrings say little");
    assert!(slowest.0 < PATIENCE, "{slowest:?}");
}
