//! The test data, as seeds and as what is trusted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;
use vidimus::image::Text;
use vidimus::signature::{SigstoreKey, SigstoreKeys, SigstoreTerms};
use vidimus::{Demand, Image, Keyring, KeyringBuilder, Requirement, Rules, Verifier};

use super::laws::{self, Signed};

/// The certificates that are trusted.
pub(crate) const TRUSTED: [&str; 9] = [
    "ed25519.asc",
    "ed25519-rfc9580.asc",
    "p256.asc",
    "p384.asc",
    "p521.asc",
    "release.asc",
    "rsa2048.asc",
    "subkey.asc",
    "v6.asc",
];

/// The sigstore keys that are trusted.
const SIGSTORE: [&str; 4] = ["cosign-ed25519.pub", "cosign-p256.pub", "cosign-p384.pub", "cosign-rsa2048.pub"];

/// What is longer than this is of use to no target.
const LONGEST: usize = 64 << 10;

/// Where the test data is: this file belongs to two packages, in the folder of the project and in one below it.
fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_here = package.join("testdata").is_dir();
    (if is_here { package } else { package.parent().unwrap_or(package) }).join("testdata")
}

/// A file of the test data.
pub(crate) fn read(file: &str) -> Vec<u8> {
    let path = folder().join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder of the test data whose names end so, with their names.
pub(crate) fn files(name: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder().join(name)).expect("a folder of the test data");
    let paths = entries.map(|entry| entry.expect("an entry of that folder").path());
    let mut paths: Vec<_> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files = paths.iter().filter(|path| name(path).ends_with(ending)).map(|path| {
        let bytes = fs::read(path).expect("a file of the test data");
        (name(path), bytes)
    });
    files.filter(|(_, bytes)| bytes.len() <= LONGEST).collect()
}

/// Their contents alone.
pub(crate) fn contents(name: &str, ending: &str) -> Vec<Vec<u8>> {
    files(name, ending).into_iter().map(|(_, bytes)| bytes).collect()
}

/// The time by which everything is judged: after everything in the test data.
pub(crate) fn at() -> DateTime<Utc> {
    static AT: LazyLock<DateTime<Utc>> = LazyLock::new(|| "2026-06-01T00:00:00Z".parse().expect("a time"));
    *AT
}

/// The digest and the reference of the image that the test data is about.
pub(crate) fn image_of_the_cases() -> &'static (String, String) {
    static IMAGE: LazyLock<(String, String)> = LazyLock::new(|| {
        let table: Value = serde_json::from_slice(&read("cases.json")).expect("the table of cases");
        let text = |name: &str| table[name].as_str().expect("a text").to_owned();
        (text("digest"), text("reference"))
    });
    &IMAGE
}

/// That image, with these signatures.
pub(crate) fn image<C: AsRef<[u8]>>(contents: &[C]) -> Image<'static> {
    let (digest, reference) = image_of_the_cases();
    let one = |content: &[u8]| {
        let (digest, reference) = (Text::from(digest.clone()), Text::from(reference.clone()));
        Image::with_signature(digest, reference, Text::from("signature"), Text::from(STANDARD.encode(content)))
    };
    let mut image = one(b"");
    image.signatures = contents.iter().flat_map(|content| one(content.as_ref()).signatures).collect();
    image
}

/// A keyring of these files of the test data.
pub(crate) fn keyring(files: &[&str]) -> Keyring {
    let mut builder = KeyringBuilder::default();
    for file in files {
        builder.add(file, &read(&format!("keys/{file}"))).expect("a key file of the test data");
    }
    builder.build().expect("a keyring")
}

/// Whoever is trusted for OpenPGP signatures.
pub(crate) static OPENPGP: LazyLock<Judge> = LazyLock::new(|| Judge::new(Requirement::default()));

/// Whoever is trusted for sigstore signatures.
pub(crate) static SIGSTORE_SIGNED: LazyLock<Judge> = LazyLock::new(|| {
    let keys = SIGSTORE.map(|file| SigstoreKey::from_pem(&read(&format!("keys/{file}"))).expect("a key"));
    let keys = SigstoreKeys::new(keys).expect("few keys");
    Judge::new(Requirement::new("$", Demand::SigstoreSigned(SigstoreTerms { keys, identity: None })))
});

/// A verifier, and what its keys have signed in the test data.
pub(crate) struct Judge {
    pub(crate) verifier: Verifier,
    signed: Signed,
}

impl Judge {
    fn new(requirement: Requirement) -> Self {
        let verifier = Verifier::with_rules(keyring(&TRUSTED), Rules::default(), requirement);
        let mut judge = Self { verifier, signed: Signed::new() };
        let genuine = contents("signatures", "").into_iter().filter_map(|content| judge.vouched(&content));
        judge.signed = genuine.collect();
        assert!(judge.signed.len() > 3, "{} payloads are signed", judge.signed.len());
        judge
    }

    /// Who vouches by this content for the image of the test data, and for which payload.
    fn vouched(&self, content: &[u8]) -> Option<(String, Vec<u8>)> {
        let image = image(&[content]);
        let verdict = self.verifier.verify(&image, at());
        let [evidence] = verdict.evidence() else { panic!("one signature makes one evidence") };
        assert_eq!(verdict.is_allowed(), evidence.is_verified(), "one signature decides");
        evidence.is_verified().then(|| laws::vouched(evidence, &image.signatures[0]))
    }

    /// Tries a content: what it vouches for was signed by that very key in the test data.
    pub(crate) fn try_content(&self, content: &[u8]) {
        if let Some(vouched) = self.vouched(content) {
            assert!(self.signed.contains(&vouched), "vouched for without having signed: {vouched:x?}");
        }
    }
}
