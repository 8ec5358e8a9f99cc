//! Vidimus verifies the OpenPGP signatures that OpenShift keeps in its `Image` objects.

pub mod image;
pub mod policy;
pub mod report;
pub mod signature;
mod verifier;

pub use image::{Carrier, Digest, DigestError, Image, Reference, ReferenceError};
pub use policy::{Decision, Effect, Requirement, SignedBy};
pub use signature::{Code, Evidence, Keyring, KeyringBuilder, KeyringError, Rules};
pub use verifier::{SIGNATURES_PER_IMAGE, Verdict, Verifier};
