//! What is verified: digests, references, and the objects of `image.openshift.io/v1`.

mod carrier;
mod digest;
mod edit;
mod layout;
mod object;
mod object_error;
mod rewrite;
mod text;
mod tracked;

pub use carrier::{Carried, Carrier, CarrierKind, Other};
pub use digest::{Algorithm, Digest, DigestError};
pub use layout::{Layout, compact, pretty};
pub use object::{
    Image, ImageLayer, ImageManifest, ImageSignature, ObjectMeta, SignatureCondition, SignatureIssuer, SignatureSubject,
};
pub use object_error::{ObjectError, ObjectProblem};
pub use rewrite::{Filled, Rewrite, SignatureUpdate};
pub use text::Text;
