//! The record that a signature is stored in: what it says beside the content, which nobody signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::image::quote::Quoted;
use crate::image::{ImageSignature, Reference};
use crate::signature::openpgp::message::CONTENT_LIMIT;
use crate::signature::{Claims, Code, KeyHint, KeyHintError, Signer};

/// The most base64 digits that are decoded: those of [`CONTENT_LIMIT`] bytes, with a line break after every 64.
const BASE64_LIMIT: usize = CONTENT_LIMIT / 3 * 4 + CONTENT_LIMIT / 48 * 2 + 64;

/// The bytes of the record's content.
pub(crate) fn content(record: &ImageSignature<'_>) -> Result<Vec<u8>, RecordError> {
    let text = record.content.as_str();
    if text.len() > BASE64_LIMIT {
        return Err(RecordError::ContentTooLarge { digits: text.len() });
    }
    let decoded = match STANDARD.decode(text) {
        // The API server, being Go, skips line breaks in base64, and so do YAML exports with block scalars.
        Err(_) if text.contains(['\n', '\r']) => STANDARD.decode(text.replace(['\n', '\r'], "")),
        decoded => decoded,
    };
    decoded.map_err(|error| RecordError::Base64 { reason: error.to_string().trim_end_matches('.').to_owned() })
}

/// The key that the record names, if it names one.
pub(crate) fn key_hint(record: &ImageSignature<'_>) -> Result<Option<KeyHint>, RecordError> {
    match record.issued_to.as_ref().map(|subject| subject.public_key_id.as_str()) {
        None | Some("") => Ok(None),
        Some(text) => match text.parse() {
            Ok(hint) => Ok(Some(hint)),
            Err(reason) => Err(RecordError::KeyHint { found: text.to_owned(), reason }),
        },
    }
}

/// Compares the key that a record names with the one that made the signature.
pub(crate) fn names(hint: Option<&KeyHint>, signer: &Signer) -> Result<(), RecordError> {
    match hint {
        Some(hint) if !hint.matches(signer.key()) => Err(RecordError::Mismatch {
            field: "issuedTo.publicKeyID".to_owned(),
            found: hint.to_string(),
            signed: signer.key().to_string(),
        }),
        _ => Ok(()),
    }
}

/// Compares the informative fields with what was signed. A field that is absent says nothing.
pub(crate) fn agrees(record: &ImageSignature<'_>, claims: &Claims, signer: &Signer) -> Result<(), RecordError> {
    let mismatch = |field, found: &str, signed: &str| RecordError::Mismatch {
        field,
        found: found.to_owned(),
        signed: signed.to_owned(),
    };

    let identity = record.image_identity.as_str();
    if !identity.is_empty() && !same_reference(identity, claims.docker_reference()) {
        return Err(mismatch("imageIdentity".to_owned(), identity, claims.docker_reference()));
    }

    let signed_claims = if record.signed_claims.is_empty() { Vec::new() } else { claims.flat() };
    for (name, value) in &record.signed_claims {
        // Written by vidimus as a dotted path; others may have used the last member's name.
        let signed = signed_claims
            .iter()
            .find(|(path, _)| path == name.as_str() || path.rsplit('.').next() == Some(name.as_str()))
            .map(|(_, value)| value.as_str());
        if signed != Some(value.as_str()) {
            return Err(mismatch(format!("signedClaims[{}]", name.as_str()), value, signed.unwrap_or("no such claim")));
        }
    }

    let created = record.created.as_str();
    if !created.is_empty() {
        let seconds = DateTime::parse_from_rfc3339(created).ok().map(|time| time.timestamp());
        // Nothing in a sigstore signature says when it was made, so that no time agrees with it.
        if seconds.is_none() || seconds != signer.signed_at().map(|time| time.timestamp()) {
            let signed = signer.signed_at().map_or("no time".to_owned(), rfc3339);
            return Err(mismatch("created".to_owned(), created, &signed));
        }
    }

    let name = record.issued_to.as_ref().map_or("", |subject| subject.common_name.as_str());
    if !name.is_empty()
        && !signer.user_id().is_some_and(|user_id| user_id == name || user_id.starts_with(&format!("{name} <")))
    {
        return Err(mismatch("issuedTo.commonName".to_owned(), name, signer.user_id().unwrap_or("no user ID")));
    }
    Ok(())
}

/// A time as the API writes it: RFC 3339, in UTC, whole seconds.
pub(crate) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn same_reference(one: &str, other: &str) -> bool {
    one == other
        || match (Reference::parse_normalized(one), Reference::parse_normalized(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}

/// What is wrong with a record.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RecordError {
    /// The content is not base64.
    #[error("`content` is not base64: {reason}")]
    Base64 {
        /// What is wrong, and where.
        reason: String,
    },
    /// The content is larger than is decoded.
    #[error("`content` has {digits} base64 digits; at most {BASE64_LIMIT} are looked at")]
    ContentTooLarge {
        /// The number of digits found.
        digits: usize,
    },
    /// The key that the record names cannot be read.
    #[error("`issuedTo.publicKeyID` is {}: {reason}", Quoted(found))]
    KeyHint {
        /// The text found.
        found: String,
        /// What is wrong with it.
        reason: KeyHintError,
    },
    /// A field contradicts what was signed.
    #[error(
        "{} says {}, but signed is {}: the record was tampered with or corrupted",
        Quoted(field),
        Quoted(found),
        Quoted(signed)
    )]
    Mismatch {
        /// The field, as a path from the record.
        field: String,
        /// What it says.
        found: String,
        /// What was signed.
        signed: String,
    },
}

impl RecordError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Base64 { .. } | Self::KeyHint { .. } => Code::MalformedRecord,
            Self::ContentTooLarge { .. } => Code::ContentTooLarge,
            Self::Mismatch { .. } => Code::RecordMismatch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Text;

    #[test]
    fn the_longest_content_is_decoded_and_no_longer_one() {
        let decoded = |digits: usize| {
            content(&ImageSignature { content: Text::from("A".repeat(digits)), ..ImageSignature::default() })
        };
        assert_eq!(decoded(BASE64_LIMIT / 4 * 4), Ok(vec![0; BASE64_LIMIT / 4 * 3]));
        assert!(matches!(decoded(BASE64_LIMIT), Ok(_) | Err(RecordError::Base64 { .. })));
        let digits = BASE64_LIMIT + 1;
        assert_eq!(decoded(digits), Err(RecordError::ContentTooLarge { digits }));
        // The greatest message fits, with its lines broken.
        let lines = STANDARD.encode(vec![0; CONTENT_LIMIT]).into_bytes();
        let broken: Vec<_> = lines.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let broken = ImageSignature { content: Text::from(broken.join("\r\n")), ..ImageSignature::default() };
        assert_eq!(content(&broken), Ok(vec![0; CONTENT_LIMIT]));
    }

    #[test]
    fn references_are_the_same_however_they_are_written() {
        for (one, other, expected) in [
            ("busybox:1", "docker.io/library/busybox:1", true),
            ("a.example/x:1", "a.example/x:1", true),
            ("NOT A REFERENCE", "NOT A REFERENCE", true),
            ("a.example/x:1", "a.example/x:2", false),
            ("NOT A REFERENCE", "NO REFERENCE", false),
        ] {
            assert_eq!(same_reference(one, other), expected, "{one} {other}");
        }
    }
}
