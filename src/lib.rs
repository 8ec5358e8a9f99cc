//! Vidimus verifies the OpenPGP signatures that OpenShift keeps in its `Image` objects.

pub mod image;
pub mod signature;

pub use image::{Digest, DigestError, Reference, ReferenceError};
pub use signature::IdentityRule;
