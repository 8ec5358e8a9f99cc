//! Writes a policy in another grammar, where that grammar can say the same.

mod containers_policy;
mod demand;
mod image_policies;
mod signature_policy;
mod signature_rules;

use std::fmt;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::policy::document::finding::{Finding, PolicyError, Severity};
use crate::policy::document::keys::{Keys, ReadKeys};
use crate::policy::document::load::{Parts, PolicyFile};
use crate::policy::document::sink::Sink;
use crate::policy::document::written::Written;

/// A grammar that policies are written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grammar {
    /// A list of OpenShift's `ClusterImagePolicy`. Keys and certificates that are in files are written into it.
    ClusterImagePolicy,
    /// containers-policy.json(5), as OpenShift writes it for its nodes.
    ContainersPolicy,
    /// `SignaturePolicy` (`vidimus.dev/v1alpha1`). Keys in files stay where they are.
    SignaturePolicy,
}

impl Grammar {
    /// Every grammar.
    pub const ALL: &'static [Self] = &[Self::ClusterImagePolicy, Self::ContainersPolicy, Self::SignaturePolicy];
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClusterImagePolicy => "ClusterImagePolicy",
            Self::ContainersPolicy => "containers-policy.json(5)",
            Self::SignaturePolicy => "SignaturePolicy",
        })
    }
}

/// Writes the policy that `files` make together in another grammar, as indented JSON. `read` reads the key material
/// that they name, as of `at`. What is written decides as what was read; the same files always give the same text.
///
/// There are three differences. What a `ClusterImagePolicy` or a `SignaturePolicy` demands of images from a registry, it
/// demands of those from the registry of the cluster (`atomic`) as well. A `SignaturePolicy` takes the name of a host in
/// upper case for the same host, and a port with leading zeros for the same port, which containers-policy.json(5) does
/// not. And images that come from no registry (`dir:`, `oci:`) are never allowed where a `SignaturePolicy` has patterns:
/// they are undecided there, and rejected by the containers-policy.json(5) that is written of it.
///
/// # Errors
///
/// A [`ConvertError`] with everything that is wrong with the files, or with everything in them that the other grammar
/// cannot say.
pub fn convert(
    files: &[PolicyFile<'_>],
    to: Grammar,
    at: DateTime<Utc>,
    read: &mut ReadKeys<'_>,
) -> Result<String, ConvertError> {
    let sink = Sink::default();
    let documents: Vec<_> = files.iter().flat_map(|file| Written::read(file.name, file.bytes, &sink)).collect();
    let mut keys = Keys::new(read, at);
    let parts = Parts::of(&documents, &sink, &mut keys);
    let was_right = !sink.has_errors();
    let written = was_right.then(|| match to {
        Grammar::ClusterImagePolicy => image_policies::write(&parts, &mut keys),
        Grammar::ContainersPolicy if !parts.signature.is_empty() => signature_rules::write(&parts.signature),
        Grammar::ContainersPolicy => containers_policy::write(&parts),
        Grammar::SignaturePolicy => signature_policy::write(&parts),
    });
    drop(parts);
    let written = written.flatten().map(|value| format!("{value:#}\n"));
    match (sink.finish(), written) {
        (Ok(_), Some(text)) => Ok(text),
        (Ok(lints), None) => Err(ConvertError::Policy(PolicyError { findings: lints })),
        (Err(error), _) if was_right => {
            let mut findings = error.findings;
            // Lints are about the policy as it is, not about writing it.
            findings.retain(|finding| finding.severity() == Severity::Error);
            Err(ConvertError::Inexpressible { to, findings })
        }
        (Err(error), _) => Err(ConvertError::Policy(error)),
    }
}

/// Why a policy is not written in another grammar.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ConvertError {
    /// The other grammar cannot say the same.
    #[error("{to} cannot say what the policy says")]
    Inexpressible {
        /// The other grammar.
        to: Grammar,
        /// What it cannot say, and why.
        findings: Vec<Finding>,
    },
    /// The policy itself is not right.
    #[error(transparent)]
    Policy(PolicyError),
}

impl ConvertError {
    /// What was found, in the order of the documents.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Inexpressible { findings, .. } => findings,
            Self::Policy(error) => error.findings(),
        }
    }
}
