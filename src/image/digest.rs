//! Digests of manifests, configurations and layers.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::image::hex;

/// A content digest, `algorithm:hex`.
///
/// The three algorithms of the OCI image specification, of exactly their lengths, in lower case: the rules of
/// `opencontainers/go-digest`, which the peers use.
///
/// ```
/// use vidimus::Digest;
///
/// let digest: Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse()?;
/// assert_eq!(digest, Digest::sha256(b""));
/// assert!("sha256:../../etc/passwd".parse::<Digest>().is_err());
/// # Ok::<(), vidimus::DigestError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest {
    algorithm: Algorithm,
    /// The value, in the first `algorithm.size()` bytes; the rest is zero.
    bytes: [u8; 64],
}

impl Digest {
    /// The SHA-256 digest of `content`: how a manifest gets its name.
    pub fn sha256(content: &[u8]) -> Self {
        let mut bytes = [0; 64];
        if let Some(value) = bytes.first_chunk_mut() {
            *value = Sha256::digest(content).into();
        }
        Self { algorithm: Algorithm::Sha256, bytes }
    }

    /// The digest's algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The value, without the algorithm.
    pub fn value(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.size()).unwrap_or(&self.bytes)
    }
}

/// A digest algorithm of the OCI image specification.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// `sha256`, the one that manifests are named by.
    Sha256,
    /// `sha384`.
    Sha384,
    /// `sha512`.
    Sha512,
}

impl Algorithm {
    /// All of them, first what manifests are named by.
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name as it stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of a value, in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.as_str())?;
        f.write_str(":")?;
        fmt::Display::fmt(&hex::Lower(self.value()), f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    /// Parses `algorithm:hex`.
    ///
    /// # Errors
    ///
    /// A [`DigestError`] that says which of the three rules the text breaks: form, algorithm, or length.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let known = Algorithm::ALL.into_iter().find_map(|algorithm| {
            let digits = text.strip_prefix(algorithm.as_str())?.strip_prefix(':')?;
            Some((algorithm, digits))
        });
        let Some((algorithm, digits)) = known else { return Err(unknown(text)) };
        if digits.is_empty() || !hex::is_lower(digits) {
            return Err(DigestError::Format);
        }
        if digits.len() != algorithm.size().saturating_mul(2) {
            return Err(DigestError::Length { expected: algorithm.size().saturating_mul(2), found: digits.len() });
        }
        let mut bytes = [0; 64];
        for (byte, octet) in bytes.iter_mut().zip(hex::octets(digits)) {
            *byte = octet;
        }
        Ok(Self { algorithm, bytes })
    }
}

/// What is wrong with a text that begins with none of the algorithms.
fn unknown(text: &str) -> DigestError {
    match text.split_once(':') {
        Some((name, digits)) if is_algorithm_name(name) && !digits.is_empty() => DigestError::Algorithm,
        _ => DigestError::Format,
    }
}

/// Whether `name` has the form of an algorithm: `[a-z0-9]+([.+_-][a-z0-9]+)*`.
fn is_algorithm_name(name: &str) -> bool {
    name.split(['.', '+', '_', '-'])
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

/// Why a text is not a digest.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DigestError {
    /// The algorithm is none of `sha256`, `sha384` and `sha512`.
    #[error("the digest algorithm is none of sha256, sha384, sha512")]
    Algorithm,
    /// The text is not `algorithm:hex` in lower case.
    #[error("a digest is written `sha256:` and 64 lower-case hexadecimal digits")]
    Format,
    /// The value's length is not the algorithm's.
    #[error("the digest has {found} hexadecimal digits, {expected} are needed")]
    Length {
        /// The number of hexadecimal digits that the algorithm produces.
        expected: usize,
        /// The number found.
        found: usize,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_go_digest_refuses() {
        let hex = "a".repeat(64);
        for (text, error) in [
            (hex.clone(), DigestError::Format),
            (format!("sha256:{}", hex.to_uppercase()), DigestError::Format),
            (format!("SHA256:{hex}"), DigestError::Format),
            (format!("sha256:{hex}\n"), DigestError::Format),
            ("sha256:".to_owned(), DigestError::Format),
            ("sha256:../..".to_owned(), DigestError::Format),
            (format!("sha256:{hex}a"), DigestError::Length { expected: 64, found: 65 }),
            (format!("sha512:{hex}"), DigestError::Length { expected: 128, found: 64 }),
            (format!("sha1:{hex}"), DigestError::Algorithm),
            (format!("sha256+b64:{hex}"), DigestError::Algorithm),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn display_and_parse_are_inverse(text in "sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}") {
            let digest = text.parse::<Digest>().unwrap();
            prop_assert_eq!(format!("{digest:?}"), digest.to_string());
            prop_assert_eq!(digest.to_string(), text);
        }

        #[test]
        fn never_panics(text in ".*") {
            let _ = text.parse::<Digest>();
        }
    }
}
