//! The claims in a signed payload.
//!
//! ```json
//! {"critical": {"type": "atomic container signature",
//!               "image": {"docker-manifest-digest": "sha256:…"},
//!               "identity": {"docker-reference": "registry/repository:tag"}},
//!  "optional": {"creator": "…", "timestamp": 1234567890}}
//! ```
//!
//! In a sigstore signature the type is `cosign container image signature`, and `optional` may be `null`.
//!
//! Source: `containers/image` `signature/simple.go` and `containers-signature(5)`; `openshift/library-go` `pkg/verify`.

use serde_json::Number;
use thiserror::Error;

use crate::image::json::{Document, Limits, Node, Object, Value};
use crate::image::quote::Quoted;
use crate::image::{Digest, DigestError, JsonError, Reference, ReferenceError};

/// The longest payload, in bytes.
pub const PAYLOAD_LIMIT: usize = 64 << 10;

/// The type of the claims in an OpenPGP signature.
const TYPE: &str = "atomic container signature";

/// The type of the claims in a sigstore signature.
const SIGSTORE_TYPE: &str = "cosign container image signature";

/// How much of a payload is read. Genuine ones have ten values, three deep.
const LIMITS: Limits = Limits { bytes: PAYLOAD_LIMIT, depth: 16, values: 4096 };

/// Members by which other formats of signed statements say what they are: DSSE, in-toto, OCI.
const FOREIGN_TYPES: [&str; 3] = ["payloadType", "_type", "mediaType"];

/// Which rules a payload must obey. Two are in use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PayloadProfile {
    /// Those of `containers/image`: `optional` must be there and may have any members, and a timestamp may be written
    /// as any number that is whole.
    #[default]
    Containers,
    /// Those of OpenShift's release verification: `optional` may be absent or `null` and may have no other members, a
    /// timestamp is an integer, and the reference is not empty. The laxities of that code are not taken over: it finds
    /// members whatever their case, keeps the last of two, and ignores what follows.
    Release,
}

/// The grammar by which a payload is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Grammar {
    /// What an OpenPGP signature holds.
    Simple(PayloadProfile),
    /// What a sigstore signature holds: as by [`PayloadProfile::Containers`], but for its type, and that `optional` may
    /// be `null`, as cosign writes it.
    Sigstore,
}

impl Grammar {
    /// The one type that is read.
    fn claims_type(self) -> &'static str {
        match self {
            Self::Simple(_) => TYPE,
            Self::Sigstore => SIGSTORE_TYPE,
        }
    }

    fn is_release(self) -> bool {
        self == Self::Simple(PayloadProfile::Release)
    }
}

/// What a signer vouched for.
///
/// There are claims only where a trusted key vouched for the payload; [`UnverifiedClaims`] are for looking at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    claims_type: &'static str,
    manifest_digest: Digest,
    docker_reference: String,
    /// What the reference is, parsed once.
    reference: Result<Reference, ReferenceError>,
    creator: Option<String>,
    timestamp: Option<i64>,
    /// The other members of `optional`, as text.
    others: Vec<(String, String)>,
}

impl Claims {
    /// Reads the authenticated payload of an OpenPGP signature.
    pub(crate) fn parse(payload: &[u8], profile: PayloadProfile) -> Result<Self, ClaimsError> {
        read(payload, Grammar::Simple(profile))
    }

    /// Reads the authenticated payload of a sigstore signature.
    pub(crate) fn parse_sigstore(payload: &[u8]) -> Result<Self, ClaimsError> {
        read(payload, Grammar::Sigstore)
    }

    /// The digest of the manifest that was signed.
    pub fn manifest_digest(&self) -> &Digest {
        &self.manifest_digest
    }

    /// The signed reference, as it was signed: perhaps empty, perhaps no reference at all.
    pub fn docker_reference(&self) -> &str {
        &self.docker_reference
    }

    /// The signed reference, as far as it is one.
    pub(crate) fn reference(&self) -> Result<&Reference, ReferenceError> {
        self.reference.as_ref().map_err(|error| *error)
    }

    /// What made the signature. Informative: nothing is decided by it.
    pub fn creator(&self) -> Option<&str> {
        self.creator.as_deref()
    }

    /// When the signature was made, in seconds since 1970. Informative.
    pub fn timestamp(&self) -> Option<i64> {
        self.timestamp
    }

    /// The digest in the signed reference, if it is another than the signed digest: such claims contradict themselves.
    ///
    /// The peers accept them in some cases, because their identity rules may look at the repository alone.
    pub fn contradicting_digest(&self) -> Option<Digest> {
        self.reference.as_ref().ok()?.digest().copied().filter(|digest| *digest != self.manifest_digest)
    }

    /// The claims as pairs of dotted path and text, as `signedClaims` of a signature record lists them.
    ///
    /// Strings are given as they are, everything else as compact JSON.
    pub fn flat(&self) -> Vec<(String, String)> {
        let mut flat = vec![
            ("critical.type".to_owned(), self.claims_type.to_owned()),
            ("critical.image.docker-manifest-digest".to_owned(), self.manifest_digest.to_string()),
            ("critical.identity.docker-reference".to_owned(), self.docker_reference.clone()),
        ];
        flat.extend(self.creator.iter().map(|creator| ("optional.creator".to_owned(), creator.clone())));
        flat.extend(self.timestamp.iter().map(|time| ("optional.timestamp".to_owned(), time.to_string())));
        flat.extend(self.others.iter().map(|(name, text)| (format!("optional.{name}"), text.clone())));
        flat
    }
}

/// Claims that nobody has vouched for: to be looked at, never to decide by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnverifiedClaims(Claims);

impl UnverifiedClaims {
    /// Reads the payload of any OpenPGP signature.
    ///
    /// # Errors
    ///
    /// A [`ClaimsError`] as for authenticated payloads.
    pub fn read(payload: &[u8], profile: PayloadProfile) -> Result<Self, ClaimsError> {
        read(payload, Grammar::Simple(profile)).map(Self)
    }

    /// Reads the payload of any sigstore signature.
    ///
    /// # Errors
    ///
    /// A [`ClaimsError`] as for authenticated payloads.
    pub fn read_sigstore(payload: &[u8]) -> Result<Self, ClaimsError> {
        read(payload, Grammar::Sigstore).map(Self)
    }

    /// The digest that the payload names.
    pub fn manifest_digest(&self) -> &Digest {
        self.0.manifest_digest()
    }

    /// The reference that the payload names.
    pub fn docker_reference(&self) -> &str {
        self.0.docker_reference()
    }

    /// What is said to have made the signature.
    pub fn creator(&self) -> Option<&str> {
        self.0.creator()
    }

    /// When the signature is said to have been made, in seconds since 1970.
    pub fn timestamp(&self) -> Option<i64> {
        self.0.timestamp()
    }

    /// The claims as pairs of dotted path and text.
    pub fn flat(&self) -> Vec<(String, String)> {
        self.0.flat()
    }
}

fn read(payload: &[u8], grammar: Grammar) -> Result<Claims, ClaimsError> {
    if payload.len() > PAYLOAD_LIMIT {
        return Err(ClaimsError::TooLarge { limit: PAYLOAD_LIMIT });
    }
    let document = Document::read(payload, &LIMITS)?;
    refuse_other_types(&document, grammar)?;
    let mut root = document.root().object()?;
    let mut critical = root.required("critical")?.object()?;
    let optional = match grammar {
        Grammar::Simple(PayloadProfile::Containers) => Some(root.required("optional")?),
        Grammar::Simple(PayloadProfile::Release) => root.optional("optional").filter(|node| !node.is_null()),
        Grammar::Sigstore => Some(root.required("optional")?).filter(|node| !node.is_null()),
    };
    root.finish()?;

    let claimed_type = critical.required("type")?;
    let mut image = critical.required("image")?.object()?;
    let mut identity = critical.required("identity")?.object()?;
    critical.finish()?;
    if string_or_null(&claimed_type)? != Some(grammar.claims_type()) {
        return Err(unsupported(&claimed_type, grammar));
    }

    let digest = image.required("docker-manifest-digest")?;
    image.finish()?;
    let text = string_or_null(&digest)?.unwrap_or_default();
    let manifest_digest =
        text.parse().map_err(|error| ClaimsError::Digest { path: digest.path(), found: text.to_owned(), error })?;

    let reference = identity.required("docker-reference")?;
    identity.finish()?;
    let docker_reference = string_or_null(&reference)?.unwrap_or_default().to_owned();
    if docker_reference.is_empty() && grammar.is_release() {
        return Err(ClaimsError::EmptyReference { path: reference.path() });
    }

    let claims_type = grammar.claims_type();
    let mut claims = Claims {
        claims_type,
        manifest_digest,
        reference: Reference::parse_normalized(&docker_reference),
        docker_reference,
        creator: None,
        timestamp: None,
        others: Vec::new(),
    };
    if let Some(optional) = optional {
        read_optional(&mut claims, optional.object()?, grammar)?;
    }
    Ok(claims)
}

fn read_optional(claims: &mut Claims, mut optional: Object<'_>, grammar: Grammar) -> Result<(), ClaimsError> {
    if let Some(creator) = optional.optional("creator") {
        claims.creator = string_or_null(&creator)?.map(str::to_owned);
    }
    if let Some(timestamp) = optional.optional("timestamp").filter(|node| !node.is_null()) {
        let number = timestamp.number()?;
        let seconds = if grammar.is_release() { number.as_i64() } else { whole(number) };
        let refused = || ClaimsError::Timestamp { path: timestamp.path(), found: number.to_string() };
        claims.timestamp = Some(seconds.ok_or_else(refused)?);
    }
    if grammar.is_release() {
        return Ok(optional.finish()?);
    }
    claims.others = optional.rest().map(|(name, node)| (name.to_owned(), text(node.value()))).collect();
    Ok(())
}

/// Says of payloads of other types that they are that, whatever else would be wrong with them as claims.
fn refuse_other_types(document: &Document<'_>, grammar: Grammar) -> Result<(), ClaimsError> {
    let root = document.root();
    let claimed_type = match root.member("critical") {
        Some(critical) => critical.member("type"),
        None => FOREIGN_TYPES.iter().find_map(|name| root.member(name)),
    };
    match claimed_type {
        Some(node) if matches!(node.string(), Ok(text) if text != grammar.claims_type()) => {
            Err(unsupported(&node, grammar))
        }
        _ => Ok(()),
    }
}

fn unsupported(node: &Node<'_>, grammar: Grammar) -> ClaimsError {
    ClaimsError::UnsupportedType { path: node.path(), found: text(node.value()), expected: grammar.claims_type() }
}

/// A string. `null` is as good as an empty one to the peers.
fn string_or_null<'d>(node: &Node<'d>) -> Result<Option<&'d str>, JsonError> {
    if node.is_null() { Ok(None) } else { node.string().map(Some) }
}

/// The seconds in a number, as a double that must be whole and within 64 bits: `1.0`, `1e3` and `-0.0` pass, `0.5` and
/// `9223372036854775807` (which rounds up) do not.
fn whole(number: &Number) -> Option<i64> {
    // A double holds these exactly, and any timestamp is one of them.
    if let Some(seconds) = number.as_i64().filter(|seconds| seconds.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS) {
        return Some(seconds);
    }
    let double = number.as_f64()?;
    // Rounding by the formatter: the language has no checked conversion from doubles.
    if double.fract() == 0.0 { format!("{double:.0}").parse().ok() } else { None }
}

fn text(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Why a payload has no claims.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The digest is none. Code: `invalid-claims`.
    #[error("{} is no digest at {path}: {error}", Quoted(found))]
    Digest {
        /// The place.
        path: String,
        /// What is there.
        found: String,
        /// What is wrong with it.
        error: DigestError,
    },
    /// The reference is empty. Code: `invalid-claims`.
    #[error("the reference is empty at {path}")]
    EmptyReference {
        /// The place.
        path: String,
    },
    /// The payload is not the JSON it must be. Code: `invalid-claims`.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The timestamp is not a whole number of seconds within 64 bits. Code: `invalid-claims`.
    #[error("`{found}` is no whole number of seconds at {path}")]
    Timestamp {
        /// The place.
        path: String,
        /// What is there.
        found: String,
    },
    /// The payload is longer than is read. Code: `invalid-claims`.
    #[error("the payload is longer than {limit} bytes")]
    TooLarge {
        /// The greatest length.
        limit: usize,
    },
    /// The payload is of another type than its signature has, such as that of cosign in an OpenPGP signature. Code:
    /// `unsupported-claims-type`.
    #[error("claims of type {} at {path} are not supported here, only those of type `{expected}`", Quoted(found))]
    UnsupportedType {
        /// The place.
        path: String,
        /// The type.
        found: String,
        /// The type that is read.
        expected: &'static str,
    },
}

impl ClaimsError {
    /// Where the problem is: `$.critical.image`.
    pub fn path(&self) -> &str {
        match self {
            Self::Json(error) => error.path(),
            Self::TooLarge { .. } => "$",
            Self::Digest { path, .. }
            | Self::EmptyReference { path }
            | Self::Timestamp { path, .. }
            | Self::UnsupportedType { path, .. } => path,
        }
    }

    /// Whether the payload may be fine, but is of a type that is not read.
    pub fn is_unsupported_type(&self) -> bool {
        matches!(self, Self::UnsupportedType { .. })
    }
}

#[cfg(test)]
mod tests;
