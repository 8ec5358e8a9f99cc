//! Vidimus verifies the OpenPGP signatures that OpenShift keeps in its `Image` objects.

pub mod image;

pub use image::{Carrier, Digest, DigestError, Image, Reference, ReferenceError};
