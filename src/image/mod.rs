//! What is verified: digests, references, and the objects of `image.openshift.io/v1`.

mod digest;
mod object;
mod text;

pub use digest::{Algorithm, Digest, DigestError};
pub use object::{
    Image, ImageLayer, ImageManifest, ImageSignature, ObjectMeta, SignatureCondition, SignatureIssuer, SignatureSubject,
};
pub use text::Text;
