//! Makes everything in `testdata/` but this generator, the README and the secret keys, which it makes once:
//! `cargo run --example generate-testdata`, from the root of the project.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a generator that stops at the first surprise is what is wanted here"
)]

mod admission;
mod certificates;
mod framing;
mod hostile;
mod images;
mod keyrings;
mod keys;
mod manifests;
mod manual;
mod messages;
mod objects;
mod payloads;
mod quickstart;
mod sheet;
mod signatures;
mod signers;
mod signing;
mod sigstore;
mod time;
mod wire;

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new("testdata");
    let keys = keys::Keys::load(&root.join("keys/secret"));
    let keys_dir = emptied(root.join("keys"));
    keyrings::write(&keys_dir, &keys);
    sigstore::write_keys(&keys_dir, &keys);
    let mut sheet = sheet::Sheet::new(&emptied(root.join("signatures")));
    signatures::write(&mut sheet, &keys);
    sigstore::write(&mut sheet, &keys);
    hostile::write(&mut sheet, &keys);
    sheet.write(&root.join("cases.json"));
    objects::write(&emptied(root.join("images")), &keys);
    admission::write(&emptied(root.join("admission")), &keys);
    hostile::write_images(&emptied(root.join("hostile/images")), &keys);
    hostile::write_reviews(&emptied(root.join("hostile/admission")), &root.join("admission"));
    manual::write(&emptied(root.join("manual")), &keys_dir, &keys);
    quickstart::write(&emptied(root.join("quickstart")), &keys_dir, &keys);
}

/// The directory, without the files of an earlier run. Directories in it stay.
fn emptied(dir: PathBuf) -> PathBuf {
    fs::create_dir_all(&dir).unwrap();
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    dir
}
