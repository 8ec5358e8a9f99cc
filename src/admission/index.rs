//! What the caller knows of images: the objects by digest, and which digest a tag stands for.

use std::collections::BTreeMap;

use crate::image::{Digest, Image, Reference};

/// The images of a cluster, as the caller has them.
///
/// Nothing in here is trusted: an image is verified, and that a tag stands for a digest only matters for what is then
/// pinned to that digest.
pub trait Images {
    /// The object of the image with this digest, with its signatures.
    fn image(&self, digest: &Digest) -> Option<Image<'_>>;

    /// The digest that a reference with a tag, or without tag and digest, stands for now.
    fn resolve(&self, reference: &Reference) -> Resolution;

    /// The labels of a namespace, where they are known.
    fn namespace_labels(&self, namespace: &str) -> Option<BTreeMap<String, String>>;
}

/// What a tag stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resolution {
    /// Sources do not agree: it is not known.
    Ambiguous,
    /// This digest.
    Digest(Digest),
    /// It is not known.
    Unknown,
}

/// No images at all: everything is judged as unsigned, and no tag is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoImages;

impl Images for NoImages {
    fn image(&self, _: &Digest) -> Option<Image<'_>> {
        None
    }

    fn resolve(&self, _: &Reference) -> Resolution {
        Resolution::Unknown
    }

    fn namespace_labels(&self, _: &str) -> Option<BTreeMap<String, String>> {
        None
    }
}
