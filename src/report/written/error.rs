//! Why a text is no part of a report.

use thiserror::Error;

use crate::image::{JsonError, JsonErrorKind};
use crate::report::ShardError;
use crate::report::json::API_VERSION;

/// Why a text is no part of a report that vidimus wrote.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum WrittenError {
    /// A code that this version does not know.
    #[error("code `{found}` is unknown: the report is of another version of vidimus")]
    Code {
        /// What stands there.
        found: String,
    },
    /// A decision that this version does not know.
    #[error("decision `{found}` is none of `Allow`, `Deny` and `Undecided`")]
    Decision {
        /// What stands there.
        found: String,
    },
    /// Something about the values.
    #[error("{kind} at {path}")]
    Json {
        /// What is wrong.
        kind: JsonErrorKind,
        /// With which value.
        path: String,
    },
    /// It is another document.
    #[error("`kind` is `{found}`, where {expected} was expected")]
    Kind {
        /// What stands there.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A member is missing.
    #[error("member `{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// `partial` is neither.
    #[error("`partial` is neither `true` nor `false`")]
    Partial,
    /// There is no such shard.
    #[error("{0}")]
    Shard(#[from] ShardError),
    /// The text is not JSON.
    #[error("the text is not valid JSON: {message}")]
    Syntax {
        /// What the tokenizer says.
        message: String,
    },
    /// The time is none.
    #[error("`at` is `{found}`, which is no time: expected one such as 2026-01-31T12:00:00Z")]
    Time {
        /// What stands there.
        found: String,
    },
    /// A member is there twice.
    #[error("member `{name}` is there twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A member is of the wrong kind.
    #[error("member `{name}` is not what it is in a report")]
    Value {
        /// Its name.
        name: &'static str,
    },
    /// The report is of another version of the schema.
    #[error("`apiVersion` is `{found}`: expected `{API_VERSION}`")]
    Version {
        /// What stands there.
        found: String,
    },
}

impl From<JsonError> for WrittenError {
    fn from(error: JsonError) -> Self {
        Self::Json { kind: error.kind().clone(), path: error.path().to_owned() }
    }
}
