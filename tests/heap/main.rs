//! How much memory a record takes: a binary of its own, in which nothing else runs, and with an allocator that counts.

use std::fs;

use base64::Engine as _;
use peak_alloc::PeakAlloc;
use serde_json::Value;
use vidimus::image::Text;
use vidimus::{Image, KeyringBuilder, Verifier};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What verifying one record may take beside what is held already.
const LIMIT: usize = 1 << 20;

#[test]
fn no_record_takes_more_than_a_mebibyte() {
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let mut keyring = KeyringBuilder::default();
    for entry in fs::read_dir("testdata/keys").unwrap() {
        let path = entry.unwrap().path();
        // Those that do not load are tried elsewhere.
        if path.is_file() {
            let _ = keyring.add(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
    let verifier = Verifier::new(keyring.build().unwrap());
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut taken = Vec::new();
    for entry in fs::read_dir("testdata/signatures").unwrap() {
        let path = entry.unwrap().path();
        let content = base64::engine::general_purpose::STANDARD.encode(fs::read(&path).unwrap());
        let text = |member: &str| Text::from(table[member].as_str().unwrap().to_owned());
        let image =
            Image::with_signature(text("digest"), text("reference"), Text::from("signature"), Text::from(content));
        // What a keyring remembers of a moment it remembers once.
        drop(verifier.verify(&image, at));
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let verdict = verifier.verify(&image, at);
        let peak = MEMORY.peak_usage() - before;
        drop(verdict);
        taken.push((peak, path.file_name().unwrap().to_str().unwrap().to_owned()));
    }
    taken.sort();
    taken.reverse();
    let (peak, file) = &taken[0];
    let ordinary = taken.iter().find(|(_, file)| file == "good.rsa4096.sig").unwrap().0;
    println!(
        "assurance | hostile | peak heap of one record | {} records | {file}: {peak} bytes; good.rsa4096.sig: {ordinary} bytes",
        taken.len()
    );
    assert!(*peak <= LIMIT, "{file}: {peak} bytes");
}
