//! Policies: loading them, finding the rule for an image among many, and evaluating it.
//!
//! Read how the rows of one run lie to each other. `benches/README.md` has the last figures.
#![expect(clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::fmt::Write as _;
use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::KeyFlags;
use vidimus::image::Text;
use vidimus::policy::document::{KeyFile, PolicyFile};
use vidimus::{Context, Image, Policy, Rules, Verifier};

const DIGEST: &str = "sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4";
const SCOPES: [usize; 3] = [1, 100, 10_000];
const KEYRINGS: usize = 100;

criterion_group!(benches, lookup, loading);
criterion_main!(benches);

/// From an image without signatures to its decision: what is left is to find the rule and to evaluate it.
fn lookup(criterion: &mut Criterion) {
    let keys = keys();
    for (grammar, document) in GRAMMARS {
        let mut group = criterion.benchmark_group(format!("decide/{grammar}"));
        for scopes in SCOPES {
            let verifier = Verifier::with_policy(load(&document(scopes), &keys), Rules::default());
            let images: Vec<_> = (0..64).map(|number| image(number * scopes / 64)).collect();
            group.bench_function(format!("{scopes}-scopes"), |bencher| {
                let mut images = images.iter().cycle();
                bencher.iter(|| verifier.verify_in(black_box(images.next().unwrap()), &Context::default(), time()));
            });
        }
        group.finish();
    }
}

/// From the text of a policy to what decides.
fn loading(criterion: &mut Criterion) {
    let keys = keys();
    for (grammar, document) in GRAMMARS {
        let mut group = criterion.benchmark_group(format!("load/{grammar}"));
        group.sample_size(10);
        for scopes in SCOPES {
            let document = document(scopes);
            group.bench_function(format!("{scopes}-scopes"), |bencher| {
                bencher.iter_batched(|| (), |()| load(black_box(&document), &keys), BatchSize::PerIteration);
            });
        }
        group.finish();
    }
}

type Grammar = (&'static str, fn(usize) -> String);

const GRAMMARS: [Grammar; 2] = [("policy.json", policy_json), ("SignaturePolicy", signature_policy)];

fn policy_json(scopes: usize) -> String {
    let mut text = r#"{"default":[{"type":"reject"}],"transports":{"docker":{"#.to_owned();
    for scope in 0..scopes {
        let separator = if scope == 0 { "" } else { "," };
        let keyring = scope % KEYRINGS;
        write!(
            text,
            r#"{separator}"registry.example.com/team-{scope}":[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{keyring}"}}]"#
        )
        .unwrap();
    }
    text + "}}}"
}

fn signature_policy(scopes: usize) -> String {
    let mut text =
        "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {name: bench}\nspec:\n  keyrings:\n"
            .to_owned();
    for keyring in 0..KEYRINGS.min(scopes) {
        writeln!(text, "    k{keyring}: {{keys: [{{file: '{keyring}'}}]}}").unwrap();
    }
    text.push_str("  rules:\n");
    for scope in 0..scopes {
        let keyring = scope % KEYRINGS;
        writeln!(
            text,
            "  - {{name: r{scope}, scope: {{images: ['registry.example.com/team-{scope}/**']}}, \
             require: {{signedBy: {{keyring: k{keyring}}}}}}}"
        )
        .unwrap();
    }
    text
}

fn load(document: &str, keys: &[Vec<u8>]) -> Policy {
    let file = PolicyFile { name: "bench", bytes: document.as_bytes() };
    let mut read = |location: vidimus::policy::document::KeyLocation<'_>| match location {
        vidimus::policy::document::KeyLocation::File(number)
        | vidimus::policy::document::KeyLocation::Directory(number) => {
            let bytes = keys.get(number.parse::<usize>().unwrap()).unwrap().clone();
            Ok(vec![KeyFile { name: number.to_owned(), bytes }])
        }
    };
    Policy::load(&[file], time(), &mut read).unwrap()
}

fn keys() -> Vec<Vec<u8>> {
    (0..KEYRINGS).map(|number| certificate(number).to_vec().unwrap()).collect()
}

fn certificate(number: usize) -> Cert {
    let builder = CertBuilder::new().set_cipher_suite(CipherSuite::Cv25519).add_userid(format!("Bench {number}"));
    let builder = builder.set_primary_key_flags(KeyFlags::empty().set_signing().set_certification());
    builder.generate().unwrap().0.strip_secret_key_material()
}

fn image(team: usize) -> Image<'static> {
    let reference = format!("registry.example.com/team-{team}/app@{DIGEST}");
    let mut image = Image::with_signature(
        Text::from(DIGEST),
        Text::from(reference),
        Text::from("signature"),
        Text::from(String::new()),
    );
    image.signatures.clear();
    image
}

fn time() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
