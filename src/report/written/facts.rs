//! What is read of an image that a report told, to count it or to compare it.

use std::borrow::Cow;

use serde::Deserialize;

use super::{WrittenError, WrittenImage, told_without_line};
use crate::policy::{Effect, Mode};
use crate::signature::Code;

/// What a report tells of an image, as far as images are counted and compared by it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrittenFacts {
    /// What the report calls the image: the digest of its manifest.
    pub name: String,
    /// By which reference the image is pulled.
    pub docker_image_reference: String,
    /// The kind, namespace and name of the object that the image came in; `None` for an `Image`.
    pub carrier: Option<[String; 3]>,
    /// The place of the image in the sources.
    pub place: String,
    /// What was decided.
    pub decision: Effect,
    /// The code of the reason.
    pub code: Code,
    /// The reason.
    pub reason: String,
    /// Whether the image is allowed only as the rule is not enforced.
    pub tolerated: bool,
    /// The mode of the rule that governs the image, where a document makes it.
    pub mode: Option<Mode>,
    /// Whether the image carries no signature.
    pub unsigned: bool,
    /// Who signed the image, of the signatures that verified; each once.
    pub signers: Vec<WrittenSigner>,
}

/// A signer, as a report tells of it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WrittenSigner {
    /// The fingerprint of the certificate or of the sigstore key.
    pub fingerprint: String,
    /// The first user ID, where there is one.
    pub user_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image<'t> {
    #[serde(borrow)]
    docker_image_reference: Cow<'t, str>,
    #[serde(borrow)]
    place: Cow<'t, str>,
    #[serde(borrow)]
    carrier: Option<Carrier<'t>>,
    #[serde(borrow)]
    code: Cow<'t, str>,
    #[serde(borrow)]
    reason: Cow<'t, str>,
    tolerated: bool,
    #[serde(borrow)]
    rule: Option<Rule<'t>>,
    #[serde(borrow)]
    signatures: Vec<Signature<'t>>,
}

#[derive(Deserialize)]
struct Carrier<'t> {
    #[serde(borrow)]
    kind: Cow<'t, str>,
    #[serde(borrow)]
    namespace: Cow<'t, str>,
    #[serde(borrow)]
    name: Cow<'t, str>,
}

#[derive(Deserialize)]
struct Rule<'t> {
    #[serde(borrow)]
    mode: Cow<'t, str>,
}

#[derive(Deserialize)]
struct Signature<'t> {
    #[serde(borrow)]
    outcome: Cow<'t, str>,
    #[serde(borrow)]
    signer: Option<Signer<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signer<'t> {
    #[serde(borrow)]
    fingerprint: Cow<'t, str>,
    #[serde(borrow)]
    user_id: Option<Cow<'t, str>>,
}

impl WrittenFacts {
    /// Reads what a report tells of an image.
    ///
    /// # Errors
    ///
    /// A [`WrittenError`] where a member is missing, of the wrong kind, or a word that this version does not know.
    pub fn of(image: &WrittenImage) -> Result<Self, WrittenError> {
        let text = image.element();
        let syntax = |error: serde_json::Error| WrittenError::Syntax { message: told_without_line(&error) };
        let read: Image<'_> = serde_json::from_str(&text).map_err(syntax)?;
        let code = Code::ALL.iter().find(|code| code.as_str() == read.code);
        let code = code.ok_or_else(|| WrittenError::Code { found: read.code.to_string() })?;
        let mut signers = Vec::new();
        for signature in &read.signatures {
            let Some(signer) = signature.signer.as_ref().filter(|_| signature.outcome == "verified") else { continue };
            let fingerprint = signer.fingerprint.to_string();
            if !matches!(fingerprint.len(), 40 | 64) || !fingerprint.bytes().all(|octet| octet.is_ascii_hexdigit()) {
                return Err(WrittenError::Value { name: "fingerprint" });
            }
            signers.push(WrittenSigner { fingerprint, user_id: signer.user_id.as_deref().map(str::to_owned) });
        }
        signers.sort_unstable();
        signers.dedup_by(|one, other| one.fingerprint == other.fingerprint);
        let modes = [Mode::Enforce, Mode::Warn, Mode::Audit];
        let mode = read.rule.as_ref().map(|rule| {
            let mode = modes.into_iter().find(|mode| mode.as_str() == rule.mode);
            mode.ok_or(WrittenError::Value { name: "mode" })
        });
        Ok(Self {
            name: image.name().to_owned(),
            docker_image_reference: read.docker_image_reference.into_owned(),
            carrier: read.carrier.map(|carrier| [carrier.kind, carrier.namespace, carrier.name].map(Cow::into_owned)),
            place: read.place.into_owned(),
            decision: image.decision(),
            code: *code,
            reason: read.reason.into_owned(),
            tolerated: read.tolerated,
            mode: mode.transpose()?,
            unsigned: read.signatures.is_empty(),
            signers,
        })
    }

    /// What a person would call the image: its reference or, failing that, its name or its place.
    pub fn title(&self) -> &str {
        let names = [self.docker_image_reference.as_str(), self.name.as_str()];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or(&self.place)
    }
}
