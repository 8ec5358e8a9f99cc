//! Why an image or a request is allowed or denied, in words of a closed list.

use crate::signature::Code;

/// Why an image or a request is allowed, denied, or not answered.
///
/// What the policy decides keeps its [`Code`]; the others are of the gate itself. Each has a stable name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The resource has no images, or none yet.
    CarriesNone,
    /// The policy's reason.
    Code(Code),
    /// Two entries of a list have the same name: which of the two it is could be read either way.
    DuplicateName(String),
    /// No image with this digest is known.
    ImageNotKnown,
    /// The image is written in a way that is read differently elsewhere, or is no reference.
    InvalidReference,
    /// The object is not what its kind says.
    Malformed(String),
    /// The mirror of a pod that a node runs by itself, written by that node.
    MirrorPod,
    /// A resource that carries images, without one.
    NoImages,
    /// Nothing is started by the request.
    NothingStarts,
    /// A Pod names a tag, which may be another image when a node pulls it.
    NotPinned,
    /// There was no time left to judge it.
    OutOfTime,
    /// Nobody says which image the tag stands for, or there is no agreement.
    TagNotResolved,
    /// More images than are looked at.
    TooManyImages(usize),
    /// Every image is as it was before.
    Unchanged,
    /// It is not known whether the resource has images.
    UnknownKind(String),
}

impl Reason {
    /// The stable name, for programs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::CarriesNone => "carries-none",
            Self::Code(code) => code.as_str(),
            Self::DuplicateName(_) => "duplicate-name",
            Self::ImageNotKnown => "image-not-known",
            Self::InvalidReference => "invalid-reference",
            Self::Malformed(_) => "malformed-object",
            Self::MirrorPod => "mirror-pod",
            Self::NoImages => "no-images",
            Self::NotPinned => "not-pinned",
            Self::NothingStarts => "nothing-starts",
            Self::OutOfTime => "out-of-time",
            Self::TagNotResolved => "tag-not-resolved",
            Self::TooManyImages(_) => "too-many-images",
            Self::Unchanged => "unchanged",
            Self::UnknownKind(_) => "unknown-kind",
        }
    }
}
