//! Vidimus verifies the signatures that OpenShift keeps in its `Image` objects, OpenPGP ones and, where a policy asks for
//! them, those of sigstore keys: whether each is genuine, whether it is for this image, and why or why not.
//!
//! The way through the crate is that of the data. [`Carrier::read`] turns an exported object into an [`Image`];
//! [`Keyring`] holds the certificates that are trusted; [`Verifier::verify`] makes a [`Verdict`] of the two, as of a time
//! that is given:
//!
//! ```
//! use vidimus::{Carrier, Keyring, Verifier};
//!
//! let keyring = std::fs::read("testdata/quickstart/keyring.asc")?;
//! let verifier = Verifier::new(Keyring::from_bytes("keyring.asc", &keyring)?);
//!
//! let object = std::fs::read_to_string("testdata/images/imagestreamimage.json")?;
//! let Carrier::Image(carried) = Carrier::read(&object)? else { panic!("the object carries no image") };
//! let verdict = verifier.verify(&carried.image, "2026-06-01T00:00:00Z".parse()?);
//!
//! assert!(verdict.is_allowed());
//! let codes: Vec<_> = verdict.evidence().iter().map(|evidence| evidence.code().as_str()).collect();
//! assert_eq!(codes, ["verified", "identity-mismatch"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A verdict holds the [`Evidence`] about each signature, the conditions to write on it, and the [`Decision`]. A denial
//! is data; an error means that there is no answer. The modules [`image`], [`signature`], [`policy`], [`report`]
//! and [`admission`], which answers API servers, compute and do nothing else: no I/O, no clock, no threads. With the
//! default feature `cli` there are also [`source`], which reads exports and key files, and [`cli`], the command; with the
//! feature `server`, a webhook.

pub mod admission;
#[cfg(feature = "cli")]
pub mod cli;
pub mod image;
pub mod policy;
pub mod report;
#[cfg(feature = "server")]
pub mod server;
pub mod signature;
#[cfg(feature = "cli")]
pub mod source;
mod verifier;

pub use image::{Carrier, Digest, DigestError, Image, Reference, ReferenceError};
pub use policy::{Context, Decision, Demand, Effect, Policy, Requirement};
pub use signature::{Code, Evidence, Keyring, KeyringBuilder, KeyringError, Rules};
pub use verifier::{SIGNATURES_PER_IMAGE, Verdict, Verifier};

/// The example of the README is compiled, and run, as every other.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
