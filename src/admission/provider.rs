//! Other controllers' questions: images in plain JSON, and the external data of Gatekeeper.

use serde_json::{Value, json};
use thiserror::Error;

use crate::admission::gate::Gate;
use crate::admission::judgement::{Judgement, Tags, shown};
use crate::admission::message::MESSAGE_LIMIT;
use crate::admission::review::REVIEW_LIMIT;
use crate::admission::workload::IMAGES_PER_REVIEW;
use crate::image::JsonError;
use crate::image::json::{Document, Limits, Node};
use crate::image::quote::Escaped;
use crate::policy::Effect;

const LIMITS: Limits = Limits { bytes: REVIEW_LIMIT, depth: 16, values: 10_000 };

/// The version of Gatekeeper's protocol.
const GATEKEEPER: &str = "externaldata.gatekeeper.sh/v1beta1";

/// Answers `{"namespace": "shop", "images": ["registry.example.com/shop/frontend:1"]}`.
///
/// # Errors
///
/// A [`ProviderError`] if the question cannot be understood.
pub fn plain(gate: &Gate<'_>, question: &[u8]) -> Result<Value, ProviderError> {
    let document = Document::read(question, &LIMITS)?;
    let mut object = document.root().object()?;
    let namespace = object.optional("namespace").map(|node| node.string()).transpose()?.unwrap_or_default();
    let images = texts(&object.required("images")?)?;
    object.finish()?;
    let results: Vec<_> = images
        .into_iter()
        .map(|image| {
            let judgement = gate.image(image, namespace)?;
            Ok(json!({
                "image": image,
                "allowed": judgement.effect == Effect::Allow,
                "effect": judgement.effect.to_string().to_lowercase(),
                "reason": judgement.reason.as_str(),
                "message": judgement.sentence,
                "accepted": judgement.remedies,
                "digest": judgement.digest().map(ToString::to_string),
                "pinned": judgement.pinned,
            }))
        })
        .collect::<Result<_, ProviderError>>()?;
    Ok(json!({ "results": results }))
}

/// Answers a `ProviderRequest` of Gatekeeper. A key is an image, `[namespace]image` where a rule asks for the namespace.
/// The value of one that is allowed is the image with its digest, fit to be assigned; any other is an error.
///
/// # Errors
///
/// A [`ProviderError`] if the question cannot be understood.
pub fn gatekeeper(gate: &Gate<'_>, question: &[u8]) -> Result<Value, ProviderError> {
    let document = Document::read(question, &LIMITS)?;
    let mut object = document.root().object()?;
    let version = object.required("apiVersion")?.string()?;
    let kind = object.required("kind")?.string()?;
    if version != GATEKEEPER || kind != "ProviderRequest" {
        return Err(ProviderError::Version { version: version.to_owned(), kind: kind.to_owned() });
    }
    let keys = texts(&object.required("request")?.object()?.required("keys")?)?;
    let items: Vec<_> = keys
        .into_iter()
        .map(|key| {
            // A key that names a namespace was put together by whoever wrote the template. Where keys are texts of an object,
            // whoever wrote that could name one: such a key is given back as it is, which is no image.
            let named = key.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let (namespace, image) = named.unwrap_or(("", key));
            let judgement = gate.image(image, namespace)?;
            let error = match judgement.effect {
                Effect::Allow => String::new(),
                Effect::Deny | Effect::Undecided => {
                    let (reason, sentence) = (judgement.reason.as_str(), &judgement.sentence);
                    shown(&format!("{reason}: {sentence}"), MESSAGE_LIMIT)
                }
            };
            let value = judgement.pinned.as_deref().filter(|_| named.is_none()).unwrap_or(key);
            Ok(json!({ "key": key, "value": value, "error": error }))
        })
        .collect::<Result<_, ProviderError>>()?;
    Ok(json!({
        "apiVersion": GATEKEEPER,
        "kind": "ProviderResponse",
        "response": { "idempotent": true, "items": items, "systemError": "" },
    }))
}

fn texts<'d>(node: &Node<'d>) -> Result<Vec<&'d str>, ProviderError> {
    let elements = node.array()?;
    if elements.len() > IMAGES_PER_REVIEW {
        return Err(ProviderError::TooMany { count: elements.len() });
    }
    Ok(elements.map(|node| node.string()).collect::<Result<_, _>>()?)
}

impl Gate<'_> {
    /// Judges one image that a controller asks about. A tag is answered with what to pin it to.
    fn image(&self, image: &str, namespace: &str) -> Result<Judgement, ProviderError> {
        if !(self.has_time)() {
            return Err(ProviderError::OutOfTime);
        }
        Ok(self.bench.judge(image, &self.bench.context(namespace), Tags::Pinned))
    }
}

/// Why a controller's question has no answer.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ProviderError {
    /// It is not JSON, or not in the form of a question.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// There was no time left.
    #[error("there was no time left to judge every image")]
    OutOfTime,
    /// More images than are looked at.
    #[error("{count} images are more than are judged: {IMAGES_PER_REVIEW}")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// It is something else, or another version.
    #[error("`{GATEKEEPER}` `ProviderRequest` is needed, not `{}` `{}`", Escaped(version), Escaped(kind))]
    Version {
        /// The version that was found.
        version: String,
        /// The kind that was found.
        kind: String,
    },
}
