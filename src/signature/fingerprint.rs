//! Names of keys.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::image::hex;

/// The fingerprint of a key: 20 octets of version 4, 32 of version 6 and of a sigstore key. Displayed in upper-case
/// hexadecimal.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint(Box<[u8]>);

impl Fingerprint {
    pub(crate) fn new(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    /// The 64-bit key ID: the end of a version 4 fingerprint, the beginning of a version 6 one (RFC 9580, 5.5.4).
    pub fn key_id(&self) -> KeyId {
        let id = if self.is_version_6() { self.0.first_chunk() } else { self.0.last_chunk() };
        KeyId(id.copied().unwrap_or_default())
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn is_version_6(&self) -> bool {
        self.0.len() == 32
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&hex::Upper(&self.0), f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A 64-bit key ID. It names a key and does not identify it: two keys can share one.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub(crate) fn new(octets: [u8; 8]) -> Self {
        Self(octets)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&hex::Upper(&self.0), f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a record says about the key that made its signature, `issuedTo.publicKeyID`: at least 64 bits of a
/// fingerprint.
///
/// It narrows the trusted keys down and never widens them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyHint(Box<[u8]>);

impl KeyHint {
    /// Whether the key named `fingerprint` is meant: of a version 4 key the hint is the end of the fingerprint, of a
    /// version 6 key its beginning.
    pub fn matches(&self, fingerprint: &Fingerprint) -> bool {
        if fingerprint.is_version_6() { fingerprint.0.starts_with(&self.0) } else { fingerprint.0.ends_with(&self.0) }
    }

    /// The octets of the hint.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for KeyHint {
    type Err = KeyHintError;

    /// Reads 16 to 64 hexadecimal digits in either case, with or without `0x`.
    ///
    /// # Errors
    ///
    /// A [`KeyHintError`] when the text is not hexadecimal, or names less than 64 bits: anyone can make a key with
    /// given 32 bits.
    fn from_str(text: &str) -> Result<Self, KeyHintError> {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        if !hex::is_either(digits) {
            return Err(KeyHintError::NotHexadecimal);
        }
        match digits.len() {
            digits @ ..16 => Err(KeyHintError::TooShort { digits }),
            digits if digits > 64 || !digits.is_multiple_of(2) => Err(KeyHintError::Length { digits }),
            _ => Ok(Self(hex::octets(digits).collect())),
        }
    }
}

impl fmt::Display for KeyHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&hex::Upper(&self.0), f)
    }
}

/// Why a text does not name a key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeyHintError {
    /// The digits are no key ID and no fingerprint.
    #[error("it has {digits} hexadecimal digits; a key ID has 16, a fingerprint 40 or 64")]
    Length {
        /// The number of digits found.
        digits: usize,
    },
    /// There is something other than digits.
    #[error("it is not hexadecimal; a key ID is written as 16 hexadecimal digits, such as 0x685ebe62bf278440")]
    NotHexadecimal,
    /// Fewer than 64 bits.
    #[error("it has {digits} hexadecimal digits; at least 16 (64 bits) are needed to name a key")]
    TooShort {
        /// The number of digits found.
        digits: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_key_ids_and_fingerprints() {
        let v4 = Fingerprint::new(&(0..20).collect::<Vec<u8>>());
        assert_eq!(v4.key_id().to_string(), "0C0D0E0F10111213");
        for text in ["0c0d0e0f10111213", "0x0C0D0E0F10111213", "000102030405060708090a0b0c0d0e0f10111213"] {
            assert!(text.parse::<KeyHint>().unwrap().matches(&v4), "{text}");
        }
        let v6 = Fingerprint::new(&(0..32).collect::<Vec<u8>>());
        assert_eq!(v6.key_id().to_string(), "0001020304050607");
        assert!("0001020304050607".parse::<KeyHint>().unwrap().matches(&v6));
        assert!(!"18191a1b1c1d1e1f".parse::<KeyHint>().unwrap().matches(&v6));
    }

    #[test]
    fn refuses_what_names_no_key() {
        for (text, error) in [
            ("10111213", KeyHintError::TooShort { digits: 8 }),
            ("0x", KeyHintError::TooShort { digits: 0 }),
            ("", KeyHintError::TooShort { digits: 0 }),
            ("0c0d0e0f1011121", KeyHintError::TooShort { digits: 15 }),
            ("0c0d0e0f101112134", KeyHintError::Length { digits: 17 }),
            ("0c0d0e0f1011121g", KeyHintError::NotHexadecimal),
            (" 0c0d0e0f10111213", KeyHintError::NotHexadecimal),
        ] {
            assert_eq!(text.parse::<KeyHint>(), Err(error), "{text:?}");
        }
    }
}
