//! Images in the layouts of containers-transports(5).
//!
//! Of a layout only manifests, configurations and signatures are read; no layer is ever opened or unpacked. Names of
//! files are made from constants and from digests that were parsed, never taken from what a layout says.

mod blobs;
mod dir;
mod docker_archive;
mod instances;
mod numbered;
mod oci;
mod plain;
mod rooted;
mod tarball;

use thiserror::Error;

use crate::image::{Digest, MANIFEST_LIMIT, Reference};

pub(super) use blobs::Blobs;
pub use dir::Dir;
pub use docker_archive::DockerArchive;
pub use instances::{INSTANCES_LIMIT, Platform, PlatformError};
pub(super) use numbered::read_numbered;
pub use oci::Oci;
pub(super) use rooted::Root;
pub(super) use tarball::Tarball;
pub use tarball::{ARCHIVE_ENTRIES_LIMIT, ARCHIVE_NAME_LIMIT};

/// The most signatures of an image that are read from files.
///
/// Source: `maxLookasideSignatures` of containers/image.
pub const SIGNATURE_FILES_LIMIT: usize = 128;

/// How much of a file that describes a layout is read.
pub const LAYOUT_FILE_LIMIT: usize = MANIFEST_LIMIT;

/// What is wrong with a layout.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LayoutProblem {
    /// A file is not there.
    #[error("there is no such file: {expected}")]
    Missing {
        /// What would be right.
        expected: &'static str,
    },
    /// A name stands for something else than a file.
    #[error("it is not a regular file")]
    NotAFile,
    /// A link leads out of the layout.
    #[error("it is a link that leads out of the layout")]
    Outside,
    /// A file is longer than is read.
    #[error("it is longer than {limit} bytes")]
    TooLarge {
        /// The greatest length.
        limit: usize,
    },
    /// A file cannot stand in an object, whose text is UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// A file that describes the layout is not as it must be.
    #[error("{0}")]
    Malformed(String),
    /// The layout is of a version that is not known.
    #[error("it says `{found}`: expected `{expected}`")]
    Version {
        /// What it says.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A signature stands behind a gap in the numbering.
    #[error("`{missing}` is missing before it, and no reader of such layouts looks behind a gap")]
    Gap {
        /// The first that is missing.
        missing: String,
    },
    /// There are more signatures than are read.
    #[error("there are more than {SIGNATURE_FILES_LIMIT} signatures, the others are not read")]
    TooManySignatures,
    /// There are more manifests than are read.
    #[error("there are more than {INSTANCES_LIMIT} manifests")]
    TooManyInstances,
    /// Nothing in the layout is what was asked for.
    #[error("there is no image {what}")]
    NoImage {
        /// What was asked for.
        what: String,
    },
    /// What was asked for could be one image or another.
    #[error("there are several images {what}")]
    Ambiguous {
        /// What was asked for.
        what: String,
    },
    /// An archive is not one that is read.
    #[error("{0}")]
    Archive(String),
    /// Lists of manifests are nested too deep.
    #[error("lists of manifests are nested more than {limit} deep")]
    ListsTooDeep {
        /// The limit in force.
        limit: usize,
    },
    /// A configuration is not the one that the manifest names.
    #[error("it hashes to `{found}`")]
    Blob {
        /// What it hashes to.
        found: Box<Digest>,
    },
}

/// What is known of the images of a layout beside what is in it.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// What the images are called.
    pub reference: Option<Reference>,
    /// The platform whose images are wanted; all of them where none is given.
    pub platform: Option<Platform>,
}

impl Naming {
    /// The reference of the image with `digest`, which may be an instance of a list.
    ///
    /// A repository alone gets the digest, as in exports: it is known, whoever wrote the layout. A digest that is the
    /// list's becomes the instance's. A tag stays, as it does for the peers.
    fn reference(&self, digest: &Digest, list: Option<&Digest>) -> String {
        let Some(reference) = &self.reference else { return String::new() };
        match (reference.tag(), reference.digest()) {
            (None, None) => format!("{reference}@{digest}"),
            (None, Some(found)) if Some(found) == list => format!("{}@{digest}", reference.name()),
            (Some(tag), Some(found)) if Some(found) == list => format!("{}:{tag}@{digest}", reference.name()),
            _ => reference.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_take_the_digest_that_is_known() {
        let (list, instance) = (Digest::sha256(b"list"), Digest::sha256(b"instance"));
        for (given, expected) in [
            ("r.example.com/a", format!("r.example.com/a@{instance}")),
            ("r.example.com/a:1", "r.example.com/a:1".to_owned()),
            (&format!("r.example.com/a@{list}"), format!("r.example.com/a@{instance}")),
            (&format!("r.example.com/a:1@{list}"), format!("r.example.com/a:1@{instance}")),
            // Another image's digest stays, and denies.
            (&format!("r.example.com/a@{}", Digest::sha256(b"")), format!("r.example.com/a@{}", Digest::sha256(b""))),
        ] {
            let naming = Naming { reference: Some(given.parse().unwrap()), platform: None };
            assert_eq!(naming.reference(&instance, Some(&list)), expected, "{given}");
        }
        assert_eq!(Naming::default().reference(&instance, None), "");
    }
}
