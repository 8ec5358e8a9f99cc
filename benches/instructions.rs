//! How many instructions a verification takes beside the public-key operation that it rests on, counted by callgrind.
//!
//! Counts do not depend on what else the machine does, so that they can be held against those of `instructions.toml`:
//! what takes more than it may fails. `benches/README.md` tells more.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark tells what it found, and stops at the first surprise"
)]

mod bare;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::process::{Command, ExitCode};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use sequoia_openpgp::Cert;
use sequoia_openpgp::parse::Parse as _;
use vidimus::image::Text;
use vidimus::{Image, Keyring, Verifier};

use crate::bare::Bare;

/// Each algorithm, with the signature and the certificate that stand for it.
const ALGORITHMS: &[(&str, &str, &str)] = &[
    ("rsa2048", "good.rsa2048.sig", "rsa2048.asc"),
    ("rsa4096", "good.rsa4096.sig", "release.asc"),
    ("p256", "good.p256.sig", "p256.asc"),
    ("p384", "good.p384.sig", "p384.asc"),
    ("ed25519", "good.ed25519.sig", "ed25519.asc"),
];

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const AT: &str = "2026-06-01T00:00:00Z";

/// The counts that were agreed upon.
const AGREED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.toml");
/// How much more there may be, in percent: compilers and allocators change.
const TOLERANCE: u64 = 5;

/// How often each is done. Nothing is cached, so that each time takes the same.
const TIMES: u64 = 10;
/// Says that this is to do what is counted, and what.
const COUNTED: &str = "--counted";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, what, name] = arguments.as_slice()
        && flag == COUNTED
    {
        do_counted(what, name);
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not there: no instructions are counted");
        return ExitCode::SUCCESS;
    }
    let mut beside = BTreeMap::new();
    println!("{:10}{:>20}{:>20}{:>12}", "", "content to evidence", "bare operation", "beside");
    for (name, _, _) in ALGORITHMS {
        let (whole, bare) = (count("content_to_evidence", name), count("bare_operation", name));
        let more = whole.checked_sub(bare).unwrap();
        println!("{name:10}{whole:>20}{bare:>20}{more:>12}");
        beside.insert((*name).to_owned(), more);
    }
    if arguments.iter().any(|argument| argument == "--update") {
        agree(&beside);
        return ExitCode::SUCCESS;
    }
    compare(&beside)
}

/// Holds the counts against those that were agreed upon.
fn compare(beside: &BTreeMap<String, u64>) -> ExitCode {
    if !is_comparable() {
        println!("other processors have other instructions: these are not compared");
        return ExitCode::SUCCESS;
    }
    let agreed = agreed();
    assert!(agreed.keys().eq(beside.keys()), "{AGREED} has other algorithms");
    let mut status = ExitCode::SUCCESS;
    for ((name, found), agreed) in beside.iter().zip(agreed.values()) {
        let most = agreed.saturating_add(agreed.saturating_mul(TOLERANCE) / 100);
        let least = agreed.saturating_sub(agreed.saturating_mul(TOLERANCE) / 100);
        if *found > most {
            eprintln!("error: {name} takes {found} instructions beside the operation, {agreed} were agreed upon");
            status = ExitCode::FAILURE;
        } else if *found < least {
            println!("{name} takes {found} instructions, {agreed} were agreed upon: `-- --update` keeps what was won");
        }
    }
    status
}

/// Whether the counts are of the kind that was agreed upon: valgrind runs the code for AVX2 where the processor has it,
/// and none that is newer.
fn is_comparable() -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
    return false;
}

fn agreed() -> BTreeMap<String, u64> {
    let text = fs::read_to_string(AGREED).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, count) = line.split_once(" = ").unwrap();
            (name.to_owned(), count.parse().unwrap())
        })
        .collect()
}

fn agree(beside: &BTreeMap<String, u64>) {
    let mut text =
        "# Instructions beside the public-key operation: `cargo bench --bench instructions -- --update`.\n".to_owned();
    for (name, count) in beside {
        writeln!(text, "{name} = {count}").unwrap();
    }
    fs::write(AGREED, text).unwrap();
}

/// The instructions that `what` takes for the algorithm called `name`, once.
fn count(what: &str, name: &str) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*instructions::{what}*"))
        .arg(std::env::current_exe().unwrap())
        .args([COUNTED, what, name])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let collected = told.lines().find_map(|line| line.split_once("Collected : ")).unwrap_or_else(|| panic!("{told}"));
    let total: u64 = collected.1.trim().parse().unwrap();
    assert!(total > 0, "nothing was counted: {told}");
    total / TIMES
}

/// What callgrind looks at.
fn do_counted(what: &str, name: &str) {
    let (_, signature, certificate) = ALGORITHMS.iter().find(|(found, _, _)| *found == name).unwrap();
    let of_testdata = |path: String| fs::read(format!("{}/testdata/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let message = of_testdata(format!("signatures/{signature}"));
    let certificate = of_testdata(format!("keys/{certificate}"));
    match what {
        "content_to_evidence" => {
            let verifier = Verifier::new(Keyring::from_bytes("bench", &certificate).unwrap());
            let content = STANDARD.encode(message);
            let reference = format!("registry.example.com/shop/frontend@{DIGEST}");
            let (digest, name) = (Text::from(DIGEST), Text::from("bench"));
            let image = Image::with_signature(digest, Text::from(reference), name, Text::from(content));
            let at = AT.parse().unwrap();
            // What is done once, before anything is counted.
            assert!(verifier.verify(&image, at).is_allowed());
            (0..TIMES).for_each(|_| content_to_evidence(&verifier, &image, at));
        }
        "bare_operation" => {
            let key = Cert::from_bytes(&certificate).unwrap().primary_key().key().mpis().clone();
            let bare = Bare::new(&key, &message);
            (0..TIMES).for_each(|_| bare_operation(&bare));
        }
        other => panic!("{other}"),
    }
}

#[inline(never)]
fn content_to_evidence(verifier: &Verifier, image: &Image<'_>, at: DateTime<Utc>) {
    black_box(verifier.verify(black_box(image), at));
}

#[inline(never)]
fn bare_operation(bare: &Bare) {
    black_box(bare).verify();
}
