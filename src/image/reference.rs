//! References to images: `quay.io/openshift/etcd:v4@sha256:…`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::image::{Digest, DigestError, hex};

/// The longest text that is looked at, in bytes: more than any reference of the grammar needs.
pub const REFERENCE_LIMIT: usize = 4096;

/// The longest name, domain and path together, in bytes.
const NAME_LIMIT: usize = 255;

/// The longest tag.
const TAG_LIMIT: usize = 128;

const DEFAULT_DOMAIN: &str = "docker.io";
const LEGACY_DEFAULT_DOMAIN: &str = "index.docker.io";
const OFFICIAL_REPOSITORY: &str = "library/";

/// A reference in its canonical form: a name (`domain/path`), and perhaps a tag, a digest, or both.
///
/// Parsing follows the peers to the letter, because the same text must mean the same repository to whoever pulls and
/// to whoever verifies. No tag is ever added. Domains are compared as they are written: `Example.com` is not
/// `example.com`.
///
/// Source: `distribution/reference` as `containers/image` has it (`docker/reference`).
///
/// ```
/// use vidimus::Reference;
///
/// let reference: Reference = "busybox:1".parse()?;
/// assert_eq!(reference.to_string(), "docker.io/library/busybox:1");
/// assert_eq!((reference.domain(), reference.tag()), ("docker.io", Some("1")));
/// assert!(Reference::parse_canonical("busybox:1").is_err());
/// # Ok::<(), vidimus::ReferenceError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Reference {
    /// Domain, slash and path.
    name: String,
    /// The length of the domain.
    domain: usize,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses a reference as a user writes it, and completes it: `busybox` is `docker.io/library/busybox`.
    ///
    /// Source: `ParseNormalizedNamed`.
    ///
    /// # Errors
    ///
    /// A [`ReferenceError`] that says which rule the text breaks.
    pub fn parse_normalized(text: &str) -> Result<Self, ReferenceError> {
        if text.len() > REFERENCE_LIMIT {
            return Err(ReferenceError::TooLong { limit: REFERENCE_LIMIT });
        }
        if text.len() == 64 && hex::is_lower(text) {
            return Err(ReferenceError::Identifier);
        }
        let (domain, remainder) = split_domain(text);
        let (path, suffix) = match remainder.bytes().position(|byte| matches!(byte, b':' | b'@')) {
            Some(end) => remainder.split_at_checked(end).unwrap_or((remainder, "")),
            None => (remainder, ""),
        };
        let is_uppercase = if path.is_ascii() {
            path.bytes().any(|byte| byte.is_ascii_uppercase())
        } else {
            path.chars().any(char::is_uppercase)
        };
        if is_uppercase {
            return Err(ReferenceError::Uppercase);
        }
        let (tag, digest) = match suffix.split_once('@') {
            Some((tag, digest)) => (tag, Some(digest.parse().map_err(ReferenceError::Digest)?)),
            None => (suffix, None),
        };
        let tag = match tag.strip_prefix(':') {
            Some(tag) if is_tag(tag) => Some(tag.to_owned()),
            Some(_) => return Err(ReferenceError::Format),
            None => None,
        };
        let official = domain == DEFAULT_DOMAIN && !remainder.contains('/');
        let name = [domain, "/", if official { OFFICIAL_REPOSITORY } else { "" }, path].concat();
        // What cannot be a domain may still be the first component of a path: `a_b.example/c`. So it is to the peers.
        let domain = if is_domain(domain) { Some(domain.len()) } else { is_component(domain).then_some(0) };
        let domain = domain.ok_or(ReferenceError::Format)?;
        if !is_path(path) {
            return Err(ReferenceError::Format);
        }
        if name.len() > NAME_LIMIT {
            return Err(ReferenceError::TooLong { limit: NAME_LIMIT });
        }
        Ok(Self { name, domain, tag, digest })
    }

    /// Parses a reference that is in canonical form already, as a program writes it.
    ///
    /// Source: `ParseNamed`.
    ///
    /// # Errors
    ///
    /// As for [`Reference::parse_normalized`], and [`ReferenceError::NotCanonical`] if anything had to be completed.
    pub fn parse_canonical(text: &str) -> Result<Self, ReferenceError> {
        let reference = Self::parse_normalized(text)?;
        if reference.to_string() == text { Ok(reference) } else { Err(ReferenceError::NotCanonical) }
    }

    /// The registry, with its port if there is one. Empty for a name such as `a_b.example/c`, whose first component
    /// cannot be the name of a host.
    pub fn domain(&self) -> &str {
        self.name.get(..self.domain).unwrap_or_default()
    }

    /// The repository's path in the registry.
    pub fn path(&self) -> &str {
        let path = self.name.get(self.domain..).unwrap_or_default();
        path.strip_prefix('/').unwrap_or(path)
    }

    /// Domain and path: the repository.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Whether there is neither tag nor digest.
    pub fn is_name_only(&self) -> bool {
        self.tag.is_none() && self.digest.is_none()
    }

    /// The repository alone.
    pub fn without_tag_or_digest(&self) -> Self {
        Self { name: self.name.clone(), domain: self.domain, tag: None, digest: None }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    /// Parses a reference as a user writes it: [`Reference::parse_normalized`].
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse_normalized(text)
    }
}

/// Why a text is not a reference.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ReferenceError {
    /// What follows the `@` is not a digest.
    #[error("what follows the `@` is no digest: {0}")]
    Digest(DigestError),
    /// The text does not have the form of a reference.
    #[error("a reference is written `registry/repository`, then `:tag`, `@digest`, both or neither")]
    Format,
    /// The text is 64 hexadecimal digits: an identifier, which could be mistaken for a name.
    #[error("64 hexadecimal digits are an identifier, not the name of a repository")]
    Identifier,
    /// The reference is valid, but not in canonical form.
    #[error("the reference is not in canonical form: write the registry and the whole path")]
    NotCanonical,
    /// The text or the name in it is too long.
    #[error("the reference or its name is longer than {limit} bytes")]
    TooLong {
        /// The greatest length.
        limit: usize,
    },
    /// The repository has upper-case letters.
    #[error("the path of a repository is written in lower case")]
    Uppercase,
}

/// Splits off the registry: the first component, if it can only be one. Otherwise the registry is `docker.io`.
fn split_domain(text: &str) -> (&str, &str) {
    let (domain, remainder) = match text.split_once('/') {
        Some((domain, remainder)) if domain.contains(['.', ':']) || domain == "localhost" => (domain, remainder),
        _ => (DEFAULT_DOMAIN, text),
    };
    (if domain == LEGACY_DEFAULT_DOMAIN { DEFAULT_DOMAIN } else { domain }, remainder)
}

/// Whether the text is a host with or without a port.
pub(crate) fn is_domain(text: &str) -> bool {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &[u8]| {
        !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && !label.is_empty()
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    host.as_bytes().split(|byte| *byte == b'.').all(is_label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the text is one or more path components with single slashes between them.
pub(crate) fn is_path(text: &str) -> bool {
    text.split('/').all(is_component)
}

/// Whether the text is a path component: lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_separator =
        |bytes: &[u8]| matches!(bytes, b"" | b"." | b"_" | b"__") || bytes.iter().all(|byte| *byte == b'-');
    let bytes = text.as_bytes();
    bytes.first().is_some_and(is_alphanumeric)
        && bytes.last().is_some_and(is_alphanumeric)
        && bytes.split(is_alphanumeric).all(is_separator)
}

/// Whether the text is a tag: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= TAG_LIMIT
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

#[cfg(test)]
mod tests;
