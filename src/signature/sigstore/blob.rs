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
        if json.len() > CONTENT_LIMIT {
            return Err(SigstoreError::TooLarge { size: json.len() });
        }
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
