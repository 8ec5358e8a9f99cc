//! What a reader of a verified signature should know beyond that it verified.

use std::fmt;

use chrono::{DateTime, Utc};

/// Something that was accepted, and that a stricter choice would not have accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// The self-signature that binds the key is newer than the signature.
    BindingNewerThanSignature,
    /// The key was valid when it signed and has expired since.
    KeyExpiredSince(DateTime<Utc>),
    /// The key was valid when it signed and was retired or superseded since.
    KeyRevokedSince(DateTime<Utc>),
    /// The certificate is bound by a SHA-1 self-signature.
    Sha1SelfSignature,
    /// The literal packet begins with a partial length under 512 octets, as old Go code wrote it (RFC 9580, 4.2.1.4).
    ShortPartialLength,
    /// The signature packet is of version 3.
    V3Signature,
}

impl Note {
    /// The stable, kebab-case name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::BindingNewerThanSignature => "binding-newer-than-signature",
            Self::KeyExpiredSince(_) => "key-expired-since",
            Self::KeyRevokedSince(_) => "key-revoked-since",
            Self::Sha1SelfSignature => "sha1-self-signature",
            Self::ShortPartialLength => "short-partial-length",
            Self::V3Signature => "v3-signature",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BindingNewerThanSignature => f.write_str("the key's binding is newer than the signature"),
            Self::KeyExpiredSince(time) => write!(f, "the key was valid when it signed and expired on {}", day(time)),
            Self::KeyRevokedSince(time) => {
                write!(f, "the key was valid when it signed and was retired on {}", day(time))
            }
            Self::Sha1SelfSignature => f.write_str("legacy: the certificate is bound by a SHA-1 self-signature"),
            Self::ShortPartialLength => f.write_str("legacy: the message uses partial lengths under 512 octets"),
            Self::V3Signature => f.write_str("legacy: the signature packet is of version 3"),
        }
    }
}

fn day(time: &DateTime<Utc>) -> impl fmt::Display {
    time.date_naive()
}
