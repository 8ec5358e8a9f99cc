//! One signature, from opaque content to evidence, next to the bare public-key operation that it rests on.
//!
//! Read the ratio of the two in one run; the machine decides the rest. `benches/README.md` has the last figures.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark stops at the first surprise"
)]

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine as _;
use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::parse::{PacketParser, PacketParserResult, Parse as _};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::serialize::stream::{LiteralWriter, Message, Signer};
use sequoia_openpgp::types::{Curve, HashAlgorithm, KeyFlags};
use sequoia_openpgp::{Cert, Packet};
use vidimus::image::Text;
use vidimus::{Image, Keyring, Verifier};

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

/// The operation by itself: a key that is ready, the digest, and the numbers of the signature.
struct Bare {
    key: ParsedPublicKey,
    digest: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    fn new(key: &mpi::PublicKey, signature: &mpi::Signature, digest: Vec<u8>) -> Self {
        let (key, signature) = match (key, signature) {
            (mpi::PublicKey::RSA { e, n }, mpi::Signature::RSA { s }) => {
                let components = RsaPublicKeyComponents { n: n.value(), e: e.value() };
                let key = components.to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA512).unwrap();
                (key, s.value_padded(n.value().len()).unwrap().into_owned())
            }
            (mpi::PublicKey::ECDSA { curve, q }, mpi::Signature::ECDSA { r, s }) => {
                let algorithm = match curve {
                    Curve::NistP256 => &signature::ECDSA_P256_SHA512_ASN1,
                    Curve::NistP384 => &signature::ECDSA_P384_SHA512_ASN1,
                    other => panic!("{other}"),
                };
                (ParsedPublicKey::new(algorithm, q.value()).unwrap(), asn1(r.value(), s.value()))
            }
            (mpi::PublicKey::EdDSA { q, .. }, mpi::Signature::EdDSA { r, s }) => {
                let key = ParsedPublicKey::new(&signature::ED25519, q.value().get(1..).unwrap()).unwrap();
                (key, [r.value_padded(32).unwrap(), s.value_padded(32).unwrap()].concat())
            }
            other => panic!("{other:?}"),
        };
        let bare = Self { key, digest, signature };
        bare.verify();
        bare
    }

    fn verify(&self) {
        let key = black_box(&self.key);
        let outcome = match Digest::import_less_safe(&self.digest, &digest::SHA512) {
            Ok(digest) if self.signature.len() != 64 => key.verify_digest_sig(&digest, &self.signature),
            Ok(_) | Err(_) => key.verify_sig(&self.digest, &self.signature),
        };
        outcome.unwrap();
    }
}

fn asn1(r: &[u8], s: &[u8]) -> Vec<u8> {
    let number = |number: &[u8]| {
        let zero = if number.first().is_some_and(|first| *first >= 0x80) { &[0][..] } else { &[] };
        let number = [zero, number].concat();
        [vec![2, u8::try_from(number.len()).unwrap()], number].concat()
    };
    let body = [number(r), number(s)].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

impl Sample {
    fn new(cert: &Cert, number: usize) -> Self {
        let payload = format!(
            "{{\"critical\": {{\"type\": \"atomic container signature\", \"image\": {{\"docker-manifest-digest\": \
             \"{DIGEST}\"}}, \"identity\": {{\"docker-reference\": \"registry.example.com/shop/frontend:{number}\"}}}}, \
             \"optional\": {{\"creator\": \"bench\"}}}}"
        );
        let message = sign(cert, payload.as_bytes());
        let signature = signature_of(&message);
        let digest = signature.computed_digest().unwrap().to_vec();
        // As gpg writes it: an old-format compressed packet of indeterminate length.
        let mut deflate = DeflateEncoder::new(vec![0xa3, 0x01], Compression::default());
        deflate.write_all(&message).unwrap();
        let content = base64::engine::general_purpose::STANDARD.encode(deflate.finish().unwrap());
        Self { content, bare: Bare::new(cert.primary_key().key().mpis(), signature.mpis(), digest) }
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

/// The signature packet of a message, with the digest that the parser computed.
fn signature_of(message: &[u8]) -> Signature {
    let mut parsed = PacketParser::from_bytes(message).unwrap();
    while let PacketParserResult::Some(parser) = parsed {
        let (packet, next) = parser.recurse().unwrap();
        if let Packet::Signature(signature) = packet {
            return signature;
        }
        parsed = next;
    }
    panic!("a signed message has a signature");
}
