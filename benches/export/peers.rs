//! Other programs that verify the same signatures, one in each process, as those who use them do.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::Packet;
use sequoia_openpgp::serialize::SerializeInto as _;
use serde_json::Value;

use crate::exports::Pool;
use crate::message::Message;
use crate::process::timed;

pub(crate) const NAMES: [&str; 3] = ["gpgv", "sqv", "skopeo"];

/// What the peers read: the signatures of the first images, in the files that each wants.
pub(crate) struct Peers {
    folder: PathBuf,
    keyring: PathBuf,
    samples: Vec<Sample>,
}

/// What a peer is told of one signature beside its files.
struct Sample {
    folder: PathBuf,
    reference: String,
    signer: String,
}

impl Peers {
    /// Writes the files for the first signature of each of the first `count` images.
    pub(crate) fn new(folder: &Path, keyring: &Path, pool: &Pool, count: usize) -> Self {
        let folder = folder.join("peers");
        let samples = pool.items().iter().take(count).enumerate();
        let samples = samples.map(|(number, item)| Sample::new(&folder.join(number.to_string()), item)).collect();
        Self { folder, keyring: keyring.to_owned(), samples }
    }

    /// Seconds that `name` takes for each of the signatures, or why it cannot be asked.
    pub(crate) fn ask(&self, name: &str) -> Result<Vec<f64>, String> {
        self.samples.iter().map(|sample| Ok(timed(&mut self.command(name, sample)?))).collect()
    }

    /// Makes `name` ready; says why it cannot be asked.
    pub(crate) fn prepare(&self, name: &str) -> Result<(), String> {
        there(name)?;
        if name != "skopeo" {
            return Ok(());
        }
        // It takes keys from a GnuPG home only.
        there("gpg").map_err(|error| format!("cannot be given a key: {error}"))?;
        let home = self.home();
        fs::create_dir_all(&home).unwrap();
        let arguments: [&OsStr; 4] =
            ["--batch".as_ref(), "--quiet".as_ref(), "--import".as_ref(), self.keyring.as_ref()];
        let imported = Command::new("gpg").env("GNUPGHOME", &home).args(arguments).stderr(Stdio::null()).status();
        if imported.is_ok_and(|status| status.success()) { Ok(()) } else { Err("gpg imports no key".to_owned()) }
    }

    fn command(&self, name: &str, sample: &Sample) -> Result<Command, String> {
        let file = |name: &str| sample.folder.join(name);
        let mut command = Command::new(name);
        match name {
            "gpgv" => {
                command.arg("--homedir").arg(&self.folder).arg("--keyring").arg(&self.keyring).arg(file("message"))
            }
            "sqv" => command.arg("--keyring").arg(&self.keyring).arg(file("detached")).arg(file("payload")),
            "skopeo" => command
                .env("GNUPGHOME", self.home())
                .arg("standalone-verify")
                .arg(file("manifest"))
                .args([&sample.reference, &sample.signer])
                .arg(file("message")),
            name => return Err(format!("`{name}` is no peer")),
        };
        Ok(command)
    }

    fn home(&self) -> PathBuf {
        self.folder.join("gnupg")
    }
}

impl Sample {
    fn new(folder: &Path, item: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let image: Value = serde_json::from_str(item).unwrap();
        let text = |pointer: &str| image.pointer(pointer).and_then(Value::as_str).unwrap();
        let content = STANDARD.decode(text("/signatures/0/content")).unwrap();
        let message = Message::new(&content);
        let claims: Value = serde_json::from_slice(&message.payload).unwrap();
        let reference = claims.pointer("/critical/identity/docker-reference").and_then(Value::as_str).unwrap();
        let signer = message.signature.get_issuers().into_iter().find_map(|issuer| match issuer {
            sequoia_openpgp::KeyHandle::Fingerprint(fingerprint) => Some(fingerprint.to_hex()),
            sequoia_openpgp::KeyHandle::KeyID(_) => None,
        });
        let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        write("manifest", text("/dockerImageManifest").as_bytes());
        write("payload", &message.payload);
        write("detached", &Packet::from(message.signature).to_vec().unwrap());
        write("message", &content);
        Self { folder: folder.to_owned(), reference: reference.to_owned(), signer: signer.unwrap() }
    }
}

/// Whether a program is installed.
fn there(name: &str) -> Result<(), String> {
    let status = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.map(|_| ()).map_err(|error| format!("`{name}` is not there: {error}"))
}
