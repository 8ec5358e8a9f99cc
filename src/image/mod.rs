//! What is verified: digests, references, manifests, and the objects of `image.openshift.io/v1`.

mod anchor;
mod digest;
pub(crate) mod json;
mod manifest;
mod object;
pub(crate) mod quote;
mod reference;
mod schema1;
mod text;

pub use anchor::{Anchor, AnchorError, Basis, CONFIG_LIMIT};
pub use digest::{Algorithm, Digest, DigestError};
pub use json::{JsonError, JsonErrorKind};
pub use manifest::{MANIFEST_LIMIT, ManifestError, ManifestKind, Schema1};
pub use object::{
    Image, ImageLayer, ImageManifest, ImageSignature, ObjectMeta, SignatureCondition, SignatureIssuer, SignatureSubject,
};
pub use reference::{REFERENCE_LIMIT, Reference, ReferenceError};
pub(crate) use reference::{is_domain, is_path};
pub use text::Text;
