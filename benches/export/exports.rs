//! Exports of any size, made of a pool of different images.
//!
//! An export that is larger than the pool has the pool again and again, with other uids and resource versions. Vidimus
//! keeps nothing of a signature that it has seen, so that the second sight of one costs what the first did; a row of the
//! benchmark holds it to that.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::generator::{RESOURCE_VERSION, UID, item};
use crate::signer::Signer;

/// Part of the names of files that are kept: another generator is another number.
const GENERATION: u32 = 1;

/// What stands around the items.
const BEFORE: &str = "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n";
const AFTER: &str =
    "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n";

/// Different images, as text.
#[derive(Deserialize, Serialize)]
pub(crate) struct Pool(Vec<String>);

impl Pool {
    /// The pool of `size` images from `folder`, or a new one, which is kept there.
    pub(crate) fn load(folder: &Path, size: usize) -> Self {
        let path = folder.join(format!("pool-{GENERATION}-{size}.json"));
        if let Ok(text) = fs::read(&path) {
            return serde_json::from_slice(&text).unwrap();
        }
        eprintln!("signing {size} images, once");
        let pool = Self::new(size);
        keep(&path, |out| serde_json::to_writer(out, &pool).map_err(io::Error::from));
        pool
    }

    fn new(size: usize) -> Self {
        let signer = Signer::new();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let numbers: Vec<_> = (0..u64::try_from(size).unwrap()).collect();
        let items = thread::scope(|scope| {
            let workers: Vec<_> = numbers
                .chunks(size.div_ceil(threads).max(1))
                .map(|numbers| scope.spawn(|| numbers.iter().map(|number| item(*number, &signer)).collect::<Vec<_>>()))
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        Self(items)
    }

    pub(crate) fn items(&self) -> &[String] {
        &self.0
    }

    /// The file in `folder` with an export of `images`, of which `different` are so; made where it is not there.
    pub(crate) fn file(&self, folder: &Path, images: usize, different: usize) -> PathBuf {
        let path = folder.join(format!("images-{GENERATION}-{images}-of-{different}.json"));
        if !path.exists() {
            keep(&path, |out| self.write(out, images, different));
        }
        path
    }

    /// Writes an export of `images`, of which `different` are so. It holds one image at a time.
    pub(crate) fn write(&self, out: &mut dyn Write, images: usize, different: usize) -> io::Result<()> {
        let pool: Vec<_> = self.0.iter().take(different).map(Repeated::new).collect();
        let mut text = BEFORE.as_bytes().to_vec();
        for (number, image) in pool.iter().cycle().take(images).enumerate() {
            if number > 0 {
                text.extend_from_slice(b",\n");
            }
            image.write(number, &mut text);
            out.write_all(&text)?;
            text.clear();
        }
        out.write_all(AFTER.as_bytes())?;
        out.flush()
    }
}

/// An image, and where in its text the numbers of its record are.
struct Repeated<'p> {
    text: &'p str,
    uid: usize,
    version: usize,
}

impl<'p> Repeated<'p> {
    fn new(text: &'p String) -> Self {
        // The last digits of both, which have room for the number.
        let end = |placeholder: &str| text.rfind(placeholder).unwrap() + placeholder.len();
        Self { text, uid: end(UID), version: end(RESOURCE_VERSION) }
    }

    fn write(&self, number: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.text.as_bytes());
        for (end, digits) in [(self.uid, format!("{number:012x}")), (self.version, format!("{number:010}"))] {
            let end = start + end;
            out.get_mut(end - digits.len()..end).unwrap().copy_from_slice(digits.as_bytes());
        }
    }
}

/// Writes a file as a whole or not at all, so that what is found later is complete.
fn keep(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
    let unfinished = path.with_extension("unfinished");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&unfinished).unwrap());
    write(&mut out).unwrap();
    out.flush().unwrap();
    fs::rename(unfinished, path).unwrap();
}
