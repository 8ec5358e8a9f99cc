#![doc = include_str!("../README.md")]

#[cfg(feature = "cli")]
pub mod cli;
pub mod image;
pub mod policy;
pub mod report;
pub mod signature;
#[cfg(feature = "cli")]
pub mod source;
mod verifier;

pub use image::{Carrier, Digest, DigestError, Image, Reference, ReferenceError};
pub use policy::{Decision, Effect, Requirement, SignedBy};
pub use signature::{Code, Evidence, Keyring, KeyringBuilder, KeyringError, Rules};
pub use verifier::{SIGNATURES_PER_IMAGE, Verdict, Verifier};
