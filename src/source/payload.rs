//! The payload of an OpenShift release: the images that a release image names.
//!
//! Only the release image is signed. What it consists of stands in it, in the file `release-manifests/image-references`
//! of a layer, whose digest the manifest names, whose digest is signed. This is the one place that reads a layer.
//!
//! | what | rule |
//! | --- | --- |
//! | a layer | hashed while it is read; one that is not the digest's is refused |
//! | its length, and what it inflates to | [`LAYER_LIMIT`] |
//! | form | tar, or tar compressed by gzip |
//! | entries | as of any archive that is read |
//! | which layer | the last that has the file; one after it that takes the file or its folder away is refused |
//!
//! Source: `openshift/cluster-version-operator` `pkg/payload`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, Write as _};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::image::json::{Document, Limits};
use crate::image::{Digest, JsonError, MANIFEST_LIMIT, Manifest, ManifestError, Reference, Schema1};
use crate::source::layout::{Blobs, Tarball};
use crate::source::{SourceProblem, SourceSpec};

/// The longest layer, and the most that it may inflate to, in bytes.
pub const LAYER_LIMIT: u64 = 256 << 20;

/// The file in a release image that names its components.
const FILE: &str = "release-manifests/image-references";

/// How much of that file is read. Genuine ones name some 200 images in 200 KiB.
const LIMITS: Limits = Limits { bytes: MANIFEST_LIMIT, depth: 32, values: 1 << 17 };

/// The digests of the images that a release image names.
///
/// `manifest` is the manifest of the release image, and `spec` the layout that its layers are in. Whether the image is to
/// be trusted is for the caller to have found out: this only follows the digests.
///
/// # Errors
///
/// A [`PayloadError`] if a layer is not the manifest's or cannot be read, or if no layer says what the release consists
/// of.
pub fn components(spec: &SourceSpec, manifest: &str) -> Result<BTreeSet<Digest>, PayloadError> {
    let manifest = Manifest::read(manifest.as_bytes(), "", Schema1::Refused)?;
    let mut blobs = Blobs::of(spec)?.ok_or(PayloadError::NoBlobs)?;
    for layer in manifest.layers.iter().rev() {
        let digest = &layer.digest;
        let told = |problem| PayloadError::Layer { digest: (*digest).into(), problem };
        let blob =
            blobs.open(digest).map_err(told)?.ok_or_else(|| PayloadError::NoLayer { digest: (*digest).into() })?;
        let tar = unpacked(blob, digest)?;
        let mut tarball = Tarball::of(tar).map_err(|(_, problem)| told(problem))?;
        if let Some(text) = tarball.read(FILE, MANIFEST_LIMIT).map_err(told)? {
            return references(&text);
        }
        if tarball.names().any(takes_away) {
            return Err(PayloadError::TakenAway { digest: (*digest).into() });
        }
    }
    Err(PayloadError::NoFile)
}

/// Whether an entry of a layer takes the file, or the folder that it is in, away from the layers below, or puts
/// something else in the folder's place.
///
/// Source: OCI image-spec `layer.md`, "Whiteouts".
fn takes_away(name: &str) -> bool {
    const FOLDER: &str = "release-manifests";
    let inner = name.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
    name == FOLDER
        || matches!(name, ".wh.release-manifests" | ".wh..wh..opq")
        || inner.is_some_and(|inner| matches!(inner, ".wh.image-references" | ".wh..wh..opq"))
}

/// The tar file in a layer, in a file that nobody else can see.
fn unpacked(blob: Box<dyn Read + '_>, digest: &Digest) -> Result<File, PayloadError> {
    let told = |error: io::Error| PayloadError::Layer { digest: (*digest).into(), problem: error.into() };
    let mut hashed = BufReader::new(Hashed { from: blob, hash: Sha256::new(), length: 0 });
    let is_gzip = io::BufRead::fill_buf(&mut hashed).map_err(told)?.starts_with(b"\x1f\x8b");
    let mut tar = tempfile::tempfile().map_err(told)?;
    let limit = LAYER_LIMIT.saturating_add(1);
    let written = if is_gzip {
        io::copy(&mut MultiGzDecoder::new(&mut hashed).take(limit), &mut tar)
    } else {
        io::copy(&mut (&mut hashed).take(limit), &mut tar)
    };
    let written = written.map_err(told)?;
    // What follows the compressed data is part of what is hashed.
    io::copy(&mut (&mut hashed).take(limit), &mut io::sink()).map_err(told)?;
    let hashed = hashed.into_inner();
    if written > LAYER_LIMIT || hashed.length > LAYER_LIMIT {
        return Err(PayloadError::LayerTooLarge { digest: (*digest).into() });
    }
    let found = format!("sha256:{:x}", hashed.hash.finalize());
    if found != digest.to_string() {
        return Err(PayloadError::OtherLayer { digest: (*digest).into(), found });
    }
    tar.flush().and_then(|()| tar.rewind()).map_err(told)?;
    Ok(tar)
}

/// Hashes what is read.
struct Hashed<R> {
    from: R,
    hash: Sha256,
    length: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.length = self.length.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

/// The digests in an `ImageStream`. It decides what may run, and is read strictly.
fn references(text: &[u8]) -> Result<BTreeSet<Digest>, PayloadError> {
    let document = Document::read(text, &LIMITS)?;
    let mut stream = document.root().object()?;
    let kind = stream.required("kind")?.string()?;
    if kind != "ImageStream" {
        return Err(PayloadError::Kind { kind: kind.to_owned() });
    }
    let mut digests = BTreeSet::new();
    for tag in stream.required("spec")?.object()?.required("tags")?.array()? {
        let mut from = tag.object()?.required("from")?.object()?;
        let name = from.required("name")?;
        let reference = name.string()?;
        let kind = from.required("kind")?.string()?;
        let digest = Reference::parse_normalized(reference).ok().and_then(|reference| reference.digest().copied());
        match digest {
            Some(digest) if kind == "DockerImage" => digests.insert(digest),
            _ => return Err(PayloadError::Component { name: reference.to_owned() }),
        };
    }
    if digests.is_empty() { Err(PayloadError::Empty) } else { Ok(digests) }
}

/// Why it cannot be said what a release consists of.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// A component is not named by a digest.
    #[error("the release names `{name}`: expected an image with a digest")]
    Component {
        /// How it is named.
        name: String,
    },
    /// It consists of nothing.
    #[error("the release names no image")]
    Empty,
    /// What names the components is not as it must be.
    #[error("`{FILE}`: {0}")]
    Json(#[from] JsonError),
    /// What names the components is something else.
    #[error("`{FILE}` is of kind `{kind}`: expected `ImageStream`")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// A layer cannot be read.
    #[error("the layer `{digest}`: {problem}")]
    Layer {
        /// The layer.
        digest: Box<Digest>,
        /// What is wrong.
        problem: SourceProblem,
    },
    /// A layer is longer than is read.
    #[error("the layer `{digest}` is longer than {LAYER_LIMIT} bytes, or inflates to more")]
    LayerTooLarge {
        /// The layer.
        digest: Box<Digest>,
    },
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The source has no layers that the manifest names.
    #[error("the layers of a release are read from `dir:`, `oci:` and `oci-archive:` only")]
    NoBlobs,
    /// No layer has the file.
    #[error("no layer has `{FILE}`: it is no release image")]
    NoFile,
    /// A layer is not there.
    #[error("the layer `{digest}` is not there")]
    NoLayer {
        /// The layer.
        digest: Box<Digest>,
    },
    /// A layer is not the digest's.
    #[error("the layer `{digest}` hashes to `{found}`")]
    OtherLayer {
        /// The layer.
        digest: Box<Digest>,
        /// What it hashes to.
        found: String,
    },
    /// The layout cannot be read.
    #[error(transparent)]
    Source(#[from] SourceProblem),
    /// A layer takes away what a layer below it has.
    #[error("the layer `{digest}` takes `{FILE}` away")]
    TakenAway {
        /// The layer.
        digest: Box<Digest>,
    },
}

#[cfg(test)]
mod tests;
