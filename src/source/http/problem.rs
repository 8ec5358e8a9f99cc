//! Why a server gave no answer.

use std::fmt;

use thiserror::Error;

use crate::source::http::{FAILURES_LIMIT, REDIRECTS_LIMIT};

/// Why a server gave no answer that counts.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum HttpProblem {
    /// It could not be asked, or did not answer to the end.
    #[error("the server cannot be asked: {message}")]
    Failed {
        /// What happened.
        message: String,
    },
    /// It failed too often.
    #[error("`{origin}` failed {FAILURES_LIMIT} times running, and is not asked again")]
    GivenUp {
        /// Scheme, host and port.
        origin: String,
    },
    /// It wants to know who asks, and nobody said.
    #[error("the server wants credentials, and there are none for it")]
    NoCredentials,
    /// It sends a web page where a signature should be.
    #[error("the server sends a web page: expected a signature, or 404")]
    Page,
    /// It sends whoever asks elsewhere for a token.
    #[error("the server wants credentials to be sent to `{realm}`: they are sent over TLS to itself only")]
    Realm {
        /// Where to.
        realm: String,
    },
    /// It sends whoever asks to another host.
    #[error("the server redirects to `{location}`: only redirects within the same host are followed")]
    Redirect {
        /// Where to.
        location: String,
    },
    /// It redirects without end.
    #[error("the server redirects more than {REDIRECTS_LIMIT} times")]
    Redirects,
    /// It gives out something else than a token.
    #[error("the server gives no token where it said that it would")]
    Token,
    /// It answers with a status that says neither yes nor no.
    #[error("the server answers with status {status}: expected 200, or 404 where nothing is")]
    Status {
        /// The status.
        status: u16,
    },
}

impl HttpProblem {
    pub(super) fn failed(error: &impl fmt::Display) -> Self {
        Self::Failed { message: error.to_string() }
    }

    /// Whether it may be otherwise a moment later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Status { status } => *status == 429 || *status >= 500,
            Self::GivenUp { .. }
            | Self::NoCredentials
            | Self::Page
            | Self::Realm { .. }
            | Self::Redirect { .. }
            | Self::Redirects
            | Self::Token => false,
        }
    }
}
