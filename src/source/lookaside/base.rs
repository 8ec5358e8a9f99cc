//! Where a store is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use crate::source::http::{Url, UrlError};

/// The base of a store: a directory, or a web address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Base {
    /// A directory.
    Directory(PathBuf),
    /// An `http` or `https` address.
    Web(Url),
}

impl FromStr for Base {
    type Err = BaseError;

    /// Reads a path, or a `file://`, `http://` or `https://` URL.
    fn from_str(text: &str) -> Result<Self, BaseError> {
        match text.split_once("://") {
            None if text.is_empty() => Err(BaseError::Empty),
            None => Ok(Self::Directory(text.into())),
            Some(("file", path)) if path.starts_with('/') && !path.contains(['%', '?', '#']) => {
                Ok(Self::Directory(path.into()))
            }
            Some(("file", _)) => Err(BaseError::File),
            Some(("http" | "https", _)) => Ok(Self::Web(text.parse()?)),
            Some((scheme, _)) => Err(BaseError::Scheme { scheme: scheme.to_owned() }),
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(f),
            Self::Web(url) => url.fmt(f),
        }
    }
}

/// Why a text is no place of a store.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum BaseError {
    /// There is nothing.
    #[error("expected a directory or a URL")]
    Empty,
    /// A file URL is none that can be read.
    #[error("a file URL is written `file:///PATH`, without `%`, `?` and `#`")]
    File,
    /// The scheme is not one that is read.
    #[error("the scheme is `{scheme}`: expected a directory, or `file`, `http` or `https`")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// A web address cannot be read.
    #[error(transparent)]
    Url(#[from] UrlError),
}
