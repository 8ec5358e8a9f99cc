//! What is verified: digests, references, manifests, and the objects of `image.openshift.io/v1`.

mod anchor;
mod append;
mod carrier;
mod digest;
mod edit;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod layout;
pub(crate) mod look_alike;
mod manifest;
pub(crate) mod members;
mod object;
mod object_error;
mod patch;
pub(crate) mod quote;
mod reference;
mod rewrite;
mod schema1;
mod text;
mod tracked;
pub(crate) mod yaml;

pub use anchor::{Anchor, AnchorError, Basis, CONFIG_LIMIT, LAYERS_ORDER};
pub use append::{AddedSignature, with_signatures};
pub use carrier::{Carried, Carrier, CarrierKind, Other};
pub use digest::{Algorithm, Digest, DigestError};
pub use json::{JsonError, JsonErrorKind};
pub use layout::{Layout, compact, pretty};
#[cfg(feature = "cli")]
pub(crate) use manifest::Manifest;
pub use manifest::{MANIFEST_LIMIT, ManifestError, ManifestKind, Schema1};
pub use object::{
    Image, ImageLayer, ImageManifest, ImageSignature, ObjectMeta, SignatureCondition, SignatureIssuer, SignatureSubject,
};
pub use object_error::{ObjectError, ObjectProblem};
pub use patch::Patch;
pub use reference::{REFERENCE_LIMIT, Reference, ReferenceError};
pub(crate) use reference::{is_domain, is_path};
pub use rewrite::{Filled, Rewrite, SignatureUpdate};
pub use text::Text;
