//! How signatures of several kinds are told apart where they are stored: an OpenPGP message as it is, everything else
//! behind a nul, the name of its format, and a line feed.
//!
//! Source: `containers/image`, `internal/signature`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::image::json::{Document, Limits};
use crate::signature::CONTENT_LIMIT;
use crate::signature::sigstore::error::SigstoreError;

/// The media type of a cosign payload.
pub(super) const MIME_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// The annotation that holds the signature over a payload, in base64.
pub(super) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// The formats that are read.
const OPENPGP: &[u8] = b"simple-signing";
const SIGSTORE: &[u8] = b"sigstore-json";

/// The longest name of a format.
const NAME_LIMIT: usize = 64;

/// How much of a blob is read. Genuine ones have nine values, two deep.
const LIMITS: Limits = Limits { bytes: CONTENT_LIMIT, depth: 8, values: 1024 };

/// The content of a record, by what it is stored as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content<'c> {
    /// What is to be an OpenPGP message.
    OpenPgp(&'c [u8]),
    /// What is to be the JSON of a sigstore attachment.
    Sigstore(&'c [u8]),
}

impl<'c> Content<'c> {
    /// Looks at the frame, and at nothing inside: a frame in a frame is no message.
    pub(crate) fn of(content: &'c [u8]) -> Result<Self, SigstoreError> {
        let Some(([0], framed)) = content.split_at_checked(1) else { return Ok(Self::OpenPgp(content)) };
        if content.len() > CONTENT_LIMIT {
            return Err(SigstoreError::TooLarge { size: content.len() });
        }
        let end = framed.iter().take(NAME_LIMIT.saturating_add(1)).position(|octet| *octet == b'\n');
        let (name, rest) = end.and_then(|end| framed.split_at_checked(end)).ok_or(SigstoreError::Frame)?;
        let data = rest.get(1..).unwrap_or_default();
        match name {
            OPENPGP => Ok(Self::OpenPgp(data)),
            SIGSTORE => Ok(Self::Sigstore(data)),
            [] => Err(SigstoreError::Frame),
            _ if name.iter().all(|octet| (0x20..=0x7e).contains(octet)) => {
                Err(SigstoreError::Format { found: String::from_utf8_lossy(name).into_owned() })
            }
            _ => Err(SigstoreError::Frame),
        }
    }
}

/// A sigstore attachment: a payload, and what is said beside it. Nobody vouches for any of it.
///
/// A layer of a cosign image has these three parts; [`to_content`](Self::to_content) makes of them what
/// `containers/image` stores in files.
///
/// ```
/// use vidimus::signature::SigstoreAttachment;
///
/// let layer = SigstoreAttachment::simple_signing(*b"{}", [("dev.cosignproject.cosign/signature", "c2lnbmF0dXJl")]);
/// assert!(layer.to_content().starts_with(b"\0sigstore-json\n{\"mimeType\":"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigstoreAttachment {
    mime_type: String,
    payload: Vec<u8>,
    annotations: BTreeMap<String, String>,
}

impl SigstoreAttachment {
    /// An attachment of any media type.
    pub fn new<N: Into<String>, T: Into<String>>(
        mime_type: impl Into<String>,
        payload: impl Into<Vec<u8>>,
        annotations: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        let annotations = annotations.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        Self { mime_type: mime_type.into(), payload: payload.into(), annotations }
    }

    /// An attachment of the media type that container signatures have.
    pub fn simple_signing<N: Into<String>, T: Into<String>>(
        payload: impl Into<Vec<u8>>,
        annotations: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        Self::new(MIME_TYPE, payload, annotations)
    }

    /// Reads the JSON that is behind the frame.
    ///
    /// Members that mean nothing here are ignored, as at the peers, whose later versions may add some. Those that mean
    /// something are read strictly: their names as they are written, each once, text as text.
    pub(crate) fn read(json: &[u8]) -> Result<Self, SigstoreError> {
        let document = Document::read(json, &LIMITS)?;
        let mut root = document.root().object()?;
        let mime_type = root.required("mimeType")?.string()?.to_owned();
        let payload = root.required("payload")?;
        let payload = STANDARD.decode(payload.string()?).map_err(|error| SigstoreError::Base64 {
            what: "the payload",
            reason: error.to_string().trim_end_matches('.').to_owned(),
        })?;
        let mut annotations = BTreeMap::new();
        if let Some(node) = root.optional("annotations").filter(|node| !node.is_null()) {
            for (name, value) in node.object()?.rest() {
                annotations.insert(name.to_owned(), value.string()?.to_owned());
            }
        }
        Ok(Self { mime_type, payload, annotations })
    }

    /// The attachment as the content of a signature record, or of a `signature-N` file.
    pub fn to_content(&self) -> Vec<u8> {
        let json = serde_json::json!({
            "mimeType": self.mime_type,
            "payload": STANDARD.encode(&self.payload),
            "annotations": self.annotations,
        });
        [b"\0", SIGSTORE, b"\n", json.to_string().as_bytes()].concat()
    }

    /// The media type of the payload.
    pub fn mime_type(&self) -> &str {
        &self.mime_type
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What is said beside the payload.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(String::as_str)
    }

    pub(super) fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_is_a_nul_a_name_and_a_line_feed() {
        for (content, expected) in [
            (&b""[..], Ok(Content::OpenPgp(b""))),
            (b"\xa3\x01\0", Ok(Content::OpenPgp(b"\xa3\x01\0"))),
            (b"sigstore-json\n{}", Ok(Content::OpenPgp(b"sigstore-json\n{}"))),
            (b"\0simple-signing\n\xa3", Ok(Content::OpenPgp(b"\xa3"))),
            (b"\0simple-signing\n", Ok(Content::OpenPgp(b""))),
            (b"\0simple-signing\n\0sigstore-json\n{}", Ok(Content::OpenPgp(b"\0sigstore-json\n{}"))),
            (b"\0sigstore-json\n\n{}", Ok(Content::Sigstore(b"\n{}"))),
            (b"\0sigstore-json", Err(SigstoreError::Frame)),
            (b"\0", Err(SigstoreError::Frame)),
            (b"\0\n{}", Err(SigstoreError::Frame)),
            (b"\0\0\n{}", Err(SigstoreError::Frame)),
            (b"\0sigstore-json\r\n{}", Err(SigstoreError::Frame)),
            (b"\0sigstore-json \n{}", Err(SigstoreError::Format { found: "sigstore-json ".to_owned() })),
            (b"\0x\n", Err(SigstoreError::Format { found: "x".to_owned() })),
        ] {
            assert_eq!(Content::of(content), expected, "{}", content.escape_ascii());
        }
        for (length, expected) in [(NAME_LIMIT, true), (NAME_LIMIT + 1, false)] {
            let content = [&b"\0"[..], &vec![b'x'; length], b"\n"].concat();
            assert_eq!(matches!(Content::of(&content), Err(SigstoreError::Format { .. })), expected, "{length}");
        }
    }

    #[test]
    fn an_attachment_is_bounded() {
        let json = |annotations: usize| {
            let annotations = (0..annotations).map(|number| (format!("a{number}"), ""));
            SigstoreAttachment::new("", "", annotations).to_content()
        };
        let read = |content: &[u8]| SigstoreAttachment::read(content.strip_prefix(b"\0sigstore-json\n").unwrap());
        assert!(read(&json(1000)).is_ok());
        assert!(matches!(read(&json(1024)), Err(SigstoreError::Json(_))));
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(8), "]".repeat(8));
        assert!(matches!(SigstoreAttachment::read(deep.as_bytes()), Err(SigstoreError::Json(_))));
        let size = CONTENT_LIMIT + 1;
        assert_eq!(Content::of(&vec![0; size]), Err(SigstoreError::TooLarge { size }));
        assert_eq!(Content::of(&vec![0; CONTENT_LIMIT]), Err(SigstoreError::Frame));
        assert!(matches!(SigstoreAttachment::read(&vec![b' '; size]), Err(SigstoreError::Json(_))));
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read(
            mime_type: String,
            payload: Vec<u8>,
            annotations in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..5),
        ) {
            let attachment = SigstoreAttachment::new(mime_type, payload, annotations);
            let content = attachment.to_content();
            let Ok(Content::Sigstore(json)) = Content::of(&content) else { panic!("{content:?}") };
            prop_assert_eq!(SigstoreAttachment::read(json).unwrap(), attachment);
        }

        #[test]
        fn never_panics(content: Vec<u8>, json: String) {
            let _ = Content::of(&content);
            let _ = Content::of(&[&b"\0"[..], &content].concat());
            let _ = SigstoreAttachment::read(json.as_bytes());
        }
    }
}
