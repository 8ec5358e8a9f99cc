//! The least that the work can take: every byte of the export looked at once as JSON, every manifest hashed, every
//! signature's public-key operation, and nothing else; on one core, with keys and inputs at hand.

use std::env;
use std::ffi::OsString;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{fs, io};

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::Cert;
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::parse::Parse as _;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::message::Message;
use crate::process::stay_on;
use crate::signer::CERTIFICATE;

/// The word that makes this program the process that measures the floor.
pub(crate) const FLOOR: &str = "floor";

/// Seconds for a whole export.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Floor {
    pub(crate) parse: f64,
    pub(crate) digests: f64,
    pub(crate) operations: f64,
    pub(crate) images: usize,
    pub(crate) signatures: usize,
}

impl Floor {
    /// Measures the floor of the export in a file, in a process of its own on one core.
    pub(crate) fn of(export: &std::path::Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let output = command.arg(FLOOR).arg(export).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{command:?} failed");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Seconds for another export of such images, with so many signatures.
    pub(crate) fn of_others(&self, images: usize, signatures: usize) -> f64 {
        let read = (self.parse + self.digests) / count(self.images);
        read * count(images) + self.operations / count(self.signatures) * count(signatures)
    }
}

/// The process that measures: `floor EXPORT`.
pub(crate) fn serve(mut arguments: impl Iterator<Item = OsString>) {
    stay_on(1);
    let text = fs::read_to_string(arguments.next().unwrap()).unwrap();
    let export: Export = serde_json::from_str(&text).unwrap();
    let key = key();
    let operations: Vec<_> = export.items.iter().flat_map(|item| &item.signatures).map(Operation::new).collect();
    let measure = || Floor {
        parse: seconds(|| _ = serde_json::from_str::<IgnoredAny>(black_box(&text)).unwrap()),
        digests: seconds(|| {
            for item in &export.items {
                black_box(Sha256::digest(item.docker_image_manifest.as_bytes()));
            }
        }),
        operations: seconds(|| operations.iter().for_each(|operation| operation.verify(&key))),
        images: export.items.len(),
        signatures: operations.len(),
    };
    // The first time is to warm up.
    measure();
    serde_json::to_writer(io::stdout(), &measure()).unwrap();
}

#[derive(Deserialize)]
struct Export {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    docker_image_manifest: String,
    signatures: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    content: String,
}

/// A digest and the number that should be its signature.
struct Operation {
    digest: Vec<u8>,
    number: Vec<u8>,
}

impl Operation {
    fn new(record: &Record) -> Self {
        let message = Message::new(&STANDARD.decode(&record.content).unwrap());
        let mpi::Signature::RSA { s } = message.signature.mpis() else { panic!("a signature by RSA") };
        let digest = message.signature.computed_digest().unwrap().to_vec();
        Self { digest, number: s.value_padded(512).unwrap().into_owned() }
    }

    fn verify(&self, key: &ParsedPublicKey) {
        let digest = Digest::import_less_safe(&self.digest, &digest::SHA256).unwrap();
        key.verify_digest_sig(&digest, &self.number).unwrap();
    }
}

fn key() -> ParsedPublicKey {
    let certificate = Cert::from_bytes(CERTIFICATE).unwrap();
    let mpi::PublicKey::RSA { e, n } = certificate.primary_key().key().mpis() else { panic!("an RSA key") };
    let components = RsaPublicKeyComponents { n: n.value(), e: e.value() };
    components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap()
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// A count, to divide by.
pub(crate) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}
