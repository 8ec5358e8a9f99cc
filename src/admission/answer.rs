//! The answer to a request, and how it is written as an `AdmissionReview`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::admission::gate::Hook;
use crate::admission::judgement::{Judgement, shown};
use crate::admission::message;
use crate::admission::reason::Reason;
use crate::admission::review::{API_VERSION, KIND};
use crate::admission::workload::Named;
use crate::image::hex;
use crate::policy::Effect;
use crate::verifier::Verdict;

/// The most images that the audit log is told of one by one.
const AUDITED: usize = 16;

/// The most warnings of one answer.
const WARNINGS: usize = 8;

/// The longest warning: API servers may cut what is longer.
const WARNING_LIMIT: usize = 120;

/// The longest value in the audit log.
const ANNOTATION_LIMIT: usize = 1024;

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) uid: String,
    pub(super) generation: String,
    pub(super) hook: Hook,
    pub(super) ruling: Ruling,
    pub(super) reason: Reason,
    pub(super) images: Vec<JudgedImage>,
    pub(super) unchanged: usize,
}

/// An image of a request, and what is decided about it.
#[derive(Clone, Debug)]
pub struct JudgedImage {
    pub(super) named: Named,
    pub(super) judgement: Arc<Judgement>,
}

impl JudgedImage {
    /// The field it stands in: `spec.containers[0].image`.
    pub fn field(&self) -> &str {
        &self.named.path.field
    }

    /// The image, as it is written.
    pub fn image(&self) -> &str {
        &self.named.image
    }

    /// What is decided.
    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }
}

/// What is decided about a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ruling {
    /// It may go on.
    Allowed,
    /// It may not.
    Denied,
    /// There is no answer: the call has failed, and the webhook's failure policy decides.
    Undecided,
}

impl Ruling {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Undecided => "undecided",
        }
    }
}

impl Answer {
    /// What is decided, before it is considered that some hooks deny nothing.
    pub fn ruling(&self) -> Ruling {
        self.ruling
    }

    /// Whether the request goes on, as far as this answer matters.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        match (self.ruling, self.hook) {
            (Ruling::Allowed, _) | (Ruling::Denied, Hook::Audit | Hook::Warn) => true,
            (Ruling::Denied, Hook::Mutate | Hook::Validate) | (Ruling::Undecided, _) => false,
        }
    }

    /// The reason to read first.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The images that were judged.
    pub fn images(&self) -> &[JudgedImage] {
        &self.images
    }

    /// The name of the decision, in messages and logs: the same for the same request and the same outcome.
    pub fn decision_id(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        add(&self.uid);
        add(self.ruling.as_str());
        add(self.reason.as_str());
        for image in &self.images {
            add(&image.named.path.field);
            add(&image.named.image);
            add(image.judgement.reason.as_str());
        }
        hash.finalize().first_chunk::<8>().map(|start| hex::Lower(start).to_string()).unwrap_or_default()
    }

    /// Why the request is denied, or what could not be decided: at most a kibibyte.
    pub fn message(&self) -> String {
        message::of(self)
    }

    /// The answer as an `AdmissionReview`. Where there is no answer there is none to send: the call must fail.
    pub fn review(&self) -> Option<Value> {
        if self.ruling == Ruling::Undecided {
            return None;
        }
        let mut response = Map::new();
        response.insert("uid".to_owned(), self.uid.clone().into());
        response.insert("allowed".to_owned(), self.is_allowed().into());
        if !self.is_allowed() {
            let message = self.message();
            response.insert(
                "status".to_owned(),
                json!({ "status": "Failure", "reason": "Forbidden", "code": 403, "message": message }),
            );
        }
        let patch = self.patch();
        if !patch.is_empty() {
            response.insert("patchType".to_owned(), "JSONPatch".into());
            response.insert("patch".to_owned(), STANDARD.encode(Value::Array(patch).to_string()).into());
        }
        let warnings = self.warnings();
        if !warnings.is_empty() {
            response.insert("warnings".to_owned(), warnings.into());
        }
        response.insert("auditAnnotations".to_owned(), Value::Object(self.audit_annotations()));
        Some(json!({ "apiVersion": API_VERSION, "kind": KIND, "response": response }))
    }

    /// The operations of a JSON patch that pins tags, each behind one that makes sure that the image is still the one
    /// that was judged. Nothing is changed in a request that is not allowed.
    fn patch(&self) -> Vec<Value> {
        if self.hook != Hook::Mutate || !self.is_allowed() {
            return Vec::new();
        }
        let pinned = self.images.iter().filter_map(|image| Some((image, image.judgement.pinned()?)));
        pinned
            .flat_map(|(image, pinned)| {
                let path = &image.named.path.pointer;
                [
                    json!({ "op": "test", "path": path, "value": image.named.image }),
                    json!({ "op": "replace", "path": path, "value": pinned }),
                ]
            })
            .collect()
    }

    /// What whoever asks is told although the request goes on.
    fn warnings(&self) -> Vec<Value> {
        let mut told: Vec<String> = match (self.ruling, self.hook) {
            (Ruling::Denied, Hook::Warn) if self.images.is_empty() => {
                vec![format!("would be denied: {}", self.reason.as_str())]
            }
            (_, Hook::Audit) => Vec::new(),
            (Ruling::Allowed | Ruling::Denied | Ruling::Undecided, Hook::Mutate | Hook::Validate | Hook::Warn) => {
                let denied = |image: &JudgedImage| image.judgement.effect == Effect::Deny && self.hook == Hook::Warn;
                let told = self.images.iter().filter(|image| denied(image) || image.judgement.is_warned_of());
                told.map(|image| {
                    let verb = if denied(image) { "would be denied" } else { "tolerated" };
                    format!("{verb}: {}: {}", image.named.path.field, image.judgement.reason.as_str())
                })
                .collect()
            }
        };
        let more = told.len().saturating_sub(WARNINGS);
        told.truncate(WARNINGS);
        if more > 0 {
            told.push(format!("and {more} images more"));
        }
        told.iter().map(|warning| shown(warning, WARNING_LIMIT).into()).collect()
    }

    /// What the API server writes to its audit log, whatever the decision; the names get the webhook's in front.
    fn audit_annotations(&self) -> Map<String, Value> {
        let mut annotations = Map::new();
        let mut put = |name: &str, value: String| {
            annotations.insert(name.to_owned(), shown(&value, ANNOTATION_LIMIT).into());
        };
        put("decision", self.ruling.as_str().to_owned());
        put("decision-id", self.decision_id());
        put("reason", self.reason.as_str().to_owned());
        if !self.generation.is_empty() {
            put("generation", self.generation.clone());
        }
        if self.unchanged > 0 {
            put("images-unchanged", self.unchanged.to_string());
        }
        for (number, image) in self.images.iter().take(AUDITED).enumerate() {
            put(&format!("image-{number}"), told(image));
        }
        if self.images.len() > AUDITED {
            put("images-more", self.images.len().saturating_sub(AUDITED).to_string());
        }
        annotations
    }
}

/// An image in the audit log: where it stands, what was judged, what came of it, by which rule and which signer.
fn told(image: &JudgedImage) -> String {
    let judgement = &image.judgement;
    let verdict = judgement.verdict();
    let rule = verdict.and_then(|verdict| verdict.decision().rule());
    let signers = verdict.map(Verdict::evidence).unwrap_or_default().iter().filter(|evidence| evidence.is_verified());
    let signers: Vec<_> =
        signers.filter_map(|evidence| Some(evidence.signer()?.certificate().to_string())).take(2).collect();
    json!({
        "field": image.field(),
        "image": image.image(),
        "digest": judgement.digest().map(ToString::to_string),
        "effect": judgement.effect.to_string(),
        "reason": judgement.reason.as_str(),
        "rule": rule.map(|rule| format!("{} {}", rule.document(), rule.pointer())),
        "signers": signers,
    })
    .to_string()
}
