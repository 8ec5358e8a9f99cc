//! One signature, from opaque content to evidence, next to the bare public-key operation that it rests on.
//!
//! Read the ratio of the two in one run; the machine decides the rest. `benches/README.md` has the last figures.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark stops at the first surprise"
)]

mod bare;

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::serialize::stream::{LiteralWriter, Message, Signer};
use sequoia_openpgp::types::{HashAlgorithm, KeyFlags};
use vidimus::image::Text;
use vidimus::{Image, Keyring, Verifier};

use crate::bare::Bare;

const DIGEST: &str = "sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4";
const SUITES: &[(&str, CipherSuite)] = &[
    ("rsa2048", CipherSuite::RSA2k),
    ("rsa4096", CipherSuite::RSA4k),
    ("p256", CipherSuite::P256),
    ("p384", CipherSuite::P384),
    ("ed25519", CipherSuite::Cv25519),
];
/// Different signatures, so that no cache can answer.
const SIGNATURES: usize = 16;

criterion_group!(benches, one_signature);
criterion_main!(benches);

fn one_signature(criterion: &mut Criterion) {
    for (name, suite) in SUITES {
        let cert = certificate(*suite);
        let samples: Vec<_> = (0..SIGNATURES).map(|number| Sample::new(&cert, number)).collect();
        let verifier = Verifier::new(Keyring::from_bytes("bench", &cert.to_vec().unwrap()).unwrap());
        let at: DateTime<Utc> = SystemTime::now().into();
        let images: Vec<_> = samples.iter().map(Sample::image).collect();
        assert!(images.iter().all(|image| verifier.verify(image, at).is_allowed()));

        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(3));
        group.bench_function("content-to-evidence", |bencher| {
            let mut images = images.iter().cycle();
            bencher.iter(|| verifier.verify(black_box(images.next().unwrap()), at));
        });
        group.bench_function("bare-operation", |bencher| {
            let mut samples = samples.iter().cycle();
            bencher.iter(|| samples.next().unwrap().bare.verify());
        });
        group.finish();
    }
}

fn certificate(suite: CipherSuite) -> Cert {
    let made = SystemTime::now().checked_sub(Duration::from_secs(3600)).unwrap();
    CertBuilder::new()
        .add_userid("Bench <bench@example.com>")
        .set_cipher_suite(suite)
        .set_creation_time(made)
        .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
        .generate()
        .unwrap()
        .0
}

struct Sample {
    content: String,
    bare: Bare,
}

impl Sample {
    fn new(cert: &Cert, number: usize) -> Self {
        let payload = format!(
            "{{\"critical\": {{\"type\": \"atomic container signature\", \"image\": {{\"docker-manifest-digest\": \
             \"{DIGEST}\"}}, \"identity\": {{\"docker-reference\": \"registry.example.com/shop/frontend:{number}\"}}}}, \
             \"optional\": {{\"creator\": \"bench\"}}}}"
        );
        let message = sign(cert, payload.as_bytes());
        // As gpg writes it: an old-format compressed packet of indeterminate length.
        let mut deflate = DeflateEncoder::new(vec![0xa3, 0x01], Compression::default());
        deflate.write_all(&message).unwrap();
        let content = base64::engine::general_purpose::STANDARD.encode(deflate.finish().unwrap());
        Self { content, bare: Bare::new(cert.primary_key().key().mpis(), &message) }
    }

    fn image(&self) -> Image<'_> {
        let reference = "registry.example.com/shop/frontend@sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4";
        Image::with_signature(
            Text::from(DIGEST),
            Text::from(reference),
            Text::from("bench"),
            Text::from(self.content.as_str()),
        )
    }
}

fn sign(cert: &Cert, payload: &[u8]) -> Vec<u8> {
    let policy = StandardPolicy::new();
    let keys = cert.keys().with_policy(&policy, None).for_signing().secret();
    let pair = keys.map(|key| key.key().clone().into_keypair().unwrap()).next().unwrap();
    let mut message = Vec::new();
    let signer = Signer::new(Message::new(&mut message), pair).unwrap().hash_algo(HashAlgorithm::SHA512).unwrap();
    let mut literal = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
    literal.write_all(payload).unwrap();
    literal.finalize().unwrap();
    message
}
