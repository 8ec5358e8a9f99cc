//! Whole objects, compressed, for those who ask for them.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::Value;

use crate::image::Digest;
use crate::source::export::ITEM_LIMIT;

/// The objects of images, and the streams that have them.
#[derive(Debug, Default)]
pub(super) struct Objects {
    images: HashMap<Digest, Box<[u8]>>,
    /// `namespace/stream`.
    streams: HashMap<Digest, BTreeSet<String>>,
}

impl Objects {
    /// Keeps the first object of an image.
    pub(super) fn add(&mut self, digest: Digest, image: &Value) {
        self.images.entry(digest).or_insert_with(|| {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            // Writing to memory does not fail; if it did, the object would not be served.
            let written = encoder.write_all(image.to_string().as_bytes()).and_then(|()| encoder.finish());
            written.unwrap_or_default().into()
        });
    }

    pub(super) fn add_stream(&mut self, namespace: &str, stream: &str, digest: Digest) {
        self.streams.entry(digest).or_default().insert(format!("{namespace}/{stream}"));
    }

    pub(super) fn get(&self, namespace: &str, stream: &str, digest: &Digest) -> Option<String> {
        self.streams.get(digest)?.get(&format!("{namespace}/{stream}"))?;
        let mut text = String::new();
        let limit = u64::try_from(ITEM_LIMIT).unwrap_or(u64::MAX);
        DeflateDecoder::new(&**self.images.get(digest)?).take(limit).read_to_string(&mut text).ok()?;
        Some(text)
    }
}
