//! Compressed exports that say one thing to one reader and another to the next.

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde_json::Value;

use crate::support::{AT, run_with_input};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 1).unwrap()
}

/// Exit status, images, errors.
fn verified(input: &[u8]) -> (i32, usize, usize) {
    let ran =
        run_with_input(&["verify", "--keys", "testdata/keys/release.asc", "--at", AT, "--output", "json", "-"], input);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let count = |member: &str| report[member].as_array().unwrap().len();
    (ran.status, count("images"), count("errors"))
}

#[test]
fn of_a_compressed_export_nothing_is_passed_over() {
    // One image that is allowed, and one that is denied: which of the two is seen shows.
    let good = std::fs::read("testdata/images/image.no-manifest.json").unwrap();
    let bad = std::fs::read("testdata/images/conditions.forged.json").unwrap();
    let skippable = |data: &[u8]| {
        [&[0x50, 0x2A, 0x4D, 0x18], u32::try_from(data.len()).unwrap().to_le_bytes().as_slice(), data].concat()
    };
    let mut named = GzBuilder::new()
        .filename("../../etc/passwd")
        .comment("x".repeat(60_000))
        .write(Vec::new(), Compression::fast());
    named.write_all(&bad).unwrap();
    let named = named.finish().unwrap();
    let whole = gzip(&bad);
    let mut sum = whole.clone();
    let at = sum.len() - 6;
    sum[at] ^= 1;
    for (what, input, wanted) in [
        ("gzip", gzip(&good), (0, 1, 0)),
        ("zstd", zstd(&good), (0, 1, 0)),
        ("two members", [gzip(&good), gzip(&bad)].concat(), (1, 2, 0)),
        ("two frames", [zstd(&good), zstd(&bad)].concat(), (1, 2, 0)),
        ("an empty member between", [gzip(&good), gzip(b""), gzip(&bad)].concat(), (1, 2, 0)),
        (
            "a skippable frame before, by which nothing is recognised",
            [skippable(&good), zstd(&bad)].concat(),
            (2, 0, 1),
        ),
        ("a skippable frame between", [zstd(&good), skippable(b"x"), zstd(&bad)].concat(), (1, 2, 0)),
        ("a name and a comment", named, (1, 1, 0)),
        ("garbage behind", [gzip(&good), b"garbage".to_vec()].concat(), (2, 1, 1)),
        ("plain text behind", [gzip(&good), bad.clone()].concat(), (2, 1, 1)),
        ("zstd behind gzip", [gzip(&good), zstd(&bad)].concat(), (2, 1, 1)),
        ("cut", whole[..whole.len() / 2].to_vec(), (2, 0, 1)),
        ("without its sum", whole[..whole.len() - 8].to_vec(), (2, 1, 1)),
        ("a wrong sum", sum, (2, 1, 1)),
        ("a second member that is cut", [gzip(&good), whole[..20].to_vec()].concat(), (2, 1, 1)),
        ("compressed twice", gzip(&gzip(&bad)), (2, 0, 1)),
    ] {
        let (status, images, errors) = verified(&input);
        assert_eq!((status, images, errors.min(1)), wanted, "{what}");
    }
    println!("assurance | hostile | compressed exports | 16 streams | each image judged or an error told");
}

#[test]
fn a_stream_that_inflates_without_end_is_cut_off() {
    // A gibibyte of spaces in a string, in a megabyte: one item, and larger than an item may be.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(br#"{"kind": "Image", "x": ""#).unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..if crate::support::long() { 1024 } else { 64 } {
        encoder.write_all(&spaces).unwrap();
    }
    encoder.write_all(b"\"}").unwrap();
    assert_eq!(verified(&encoder.finish().unwrap()), (2, 0, 1));
}
