//! Why the command has no answer.

use std::io;

use thiserror::Error;

use crate::cli::release::ReleaseError;
use crate::cli::report::{MergeReportsError, ReadReportsError};
use crate::cli::shard::ShardOptionError;
use crate::image::{DigestError, ReferenceError};
use crate::policy::document::{ConvertError, Finding};
use crate::signature::KeyringError;
use crate::source::lookaside::RegistriesDError;
use crate::source::policy::PolicyFileError;
use crate::source::registry::AuthFileError;
use crate::source::{IndexError, KeyFileError, ReplaceError, SourceError, SpecError, WriteError};

/// Why the command ends without an answer: exit status 2.
#[derive(Debug, Error)]
pub(super) enum Error {
    #[error("{0}")]
    AuthFile(#[from] AuthFileError),
    #[error("`--digest {digest}` is no manifest digest: {source}")]
    Digest { digest: String, source: DigestError },
    #[error("interrupted: the reports tell what was verified before, and say that they are partial")]
    Interrupted,
    #[error("{0}")]
    KeyFile(#[from] KeyFileError),
    #[error("{0}")]
    Keyring(#[from] KeyringError),
    #[error("no image was found in {sources}, so that nothing is verified")]
    NoImage { sources: String },
    #[error("{0}")]
    Convert(#[from] ConvertError),
    #[error("{0}")]
    Policy(#[from] PolicyFileError),
    #[error("`{name}` is a signature or an OpenPGP file, not an export")]
    RawSignature { name: String },
    #[error("{0}")]
    Images(#[from] WriteError),
    #[error("{0}")]
    Index(#[from] IndexError),
    #[error("{0}")]
    Merge(#[from] MergeReportsError),
    #[error("{0}")]
    Reports(#[from] ReadReportsError),
    #[error("`--reference {reference}` is no image reference: {source}")]
    Reference { reference: String, source: ReferenceError },
    #[error("{0}")]
    RegistriesD(#[from] RegistriesDError),
    #[error("{0}")]
    Release(#[from] ReleaseError),
    #[error("{0}")]
    Replace(#[from] ReplaceError),
    #[error("{0}")]
    Shard(#[from] ShardOptionError),
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("{0}")]
    Spec(#[from] SpecError),
    #[error("{0}")]
    Usage(String),
    #[error("cannot start a thread: {source}")]
    Thread { source: io::Error },
    #[error("the verification broke down: this is an error in vidimus, and what it has not told it has not verified")]
    Worker,
    #[error("cannot write the report: {source}")]
    Write { source: io::Error },
}

impl Error {
    /// What is wrong with a policy, each on a line of its own.
    pub(super) fn findings(&self) -> &[Finding] {
        match self {
            Self::Convert(error) => error.findings(),
            Self::Policy(PolicyFileError::Policy(error)) => error.findings(),
            Self::AuthFile(_)
            | Self::Digest { .. }
            | Self::Images(_)
            | Self::Index(_)
            | Self::Interrupted
            | Self::KeyFile(_)
            | Self::Keyring(_)
            | Self::Merge(_)
            | Self::NoImage { .. }
            | Self::Policy(_)
            | Self::RawSignature { .. }
            | Self::Reference { .. }
            | Self::RegistriesD(_)
            | Self::Release(_)
            | Self::Replace(_)
            | Self::Reports(_)
            | Self::Shard(_)
            | Self::Source(_)
            | Self::Spec(_)
            | Self::Thread { .. }
            | Self::Usage(_)
            | Self::Worker
            | Self::Write { .. } => &[],
        }
    }

    /// What would help, on a line of its own.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::KeyFile(error) => error.hint().map(str::to_owned),
            Self::Keyring(error) => error.hint().map(str::to_owned),
            Self::NoImage { .. } => {
                Some("`oc get images -o json > images.json` makes an export that holds every image".to_owned())
            }
            Self::RawSignature { .. } => Some(
                "if it is a signature, say what it should be for: `--digest sha256:… --reference registry.example.com/name:tag`".to_owned(),
            ),
            Self::Merge(error) => error.hint().map(str::to_owned),
            Self::Reports(error) => error.hint().map(str::to_owned),
            Self::Shard(error) => Some(error.hint().to_owned()),
            Self::Spec(error) => error.hint(),
            Self::AuthFile(_)
            | Self::Digest { .. }
            | Self::Images(_)
            | Self::Index(_)
            | Self::Interrupted
            | Self::Convert(_)
            | Self::Policy(_)
            | Self::Reference { .. }
            | Self::RegistriesD(_)
            | Self::Release(_)
            | Self::Replace(_)
            | Self::Source(_)
            | Self::Thread { .. }
            | Self::Usage(_)
            | Self::Worker
            | Self::Write { .. } => None,
        }
    }
}
