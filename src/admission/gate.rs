//! The gate: a review in, an answer out.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::admission::answer::{Answer, JudgedImage, Ruling};
use crate::admission::index::Images;
use crate::admission::judgement::{Bench, Tags};
use crate::admission::kinds::Kinds;
use crate::admission::reason::Reason;
use crate::admission::review::Review;
use crate::admission::standing::{Standing, Unchanged, standing};
use crate::policy::Effect;
use crate::verifier::Verifier;

/// Judges requests to an API server by a policy and the images that are known.
///
/// It is put together for a request, of parts that belong to one generation, and holds nothing itself.
///
/// ```
/// use vidimus::admission::{Gate, Hook, Kinds, NoImages, Review};
/// use vidimus::{Keyring, Verifier};
///
/// let keyring = std::fs::read("testdata/quickstart/keyring.asc")?;
/// let verifier = Verifier::new(Keyring::from_bytes("keyring.asc", &keyring)?);
/// let kinds = Kinds::default();
/// let gate = Gate::new(&verifier, &NoImages, &kinds, "2026-06-01T00:00:00Z".parse()?);
///
/// let review = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "7a1", "operation": "CREATE", "resource": {"group": "", "version": "v1", "resource": "pods"},
///     "object": {"kind": "Pod", "spec": {"containers": [{"name": "a", "image": "quay.io/a/b:1"}]}}}}"#;
/// let answer = gate.judge(&Review::read(review, &kinds)?, Hook::Validate);
/// assert!(!answer.is_allowed());
/// assert_eq!(answer.reason().as_str(), "tag-not-resolved");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    pub(super) bench: Bench<'a>,
    kinds: &'a Kinds,
    unchanged: Unchanged,
    generation: &'a str,
    pub(super) has_time: &'a dyn Fn() -> bool,
}

impl fmt::Debug for Gate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// How an answer is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hook {
    /// Nothing is ever denied, and nobody is warned: the audit log tells.
    Audit,
    /// What may run is pinned to the digest that was verified; what may not is denied.
    Mutate,
    /// What may not run is denied.
    Validate,
    /// Nothing is ever denied: whoever asks is warned.
    Warn,
}

impl Hook {
    /// The name, as in the path of the webhook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Mutate => "mutate",
            Self::Validate => "validate",
            Self::Warn => "warn",
        }
    }
}

impl<'a> Gate<'a> {
    /// A gate as of `at`. `kinds` must be those that reviews are read with.
    pub fn new(verifier: &'a Verifier, images: &'a dyn Images, kinds: &'a Kinds, at: DateTime<Utc>) -> Self {
        let bench = Bench { verifier, images, at };
        Self { bench, kinds, unchanged: Unchanged::default(), generation: "", has_time: &|| true }
    }

    /// The same, with another practice for images that an update leaves as they were.
    #[must_use]
    pub fn with_unchanged(self, unchanged: Unchanged) -> Self {
        Self { unchanged, ..self }
    }

    /// The same, with the name of the generation of policy, keys and images, for the audit log.
    #[must_use]
    pub fn with_generation(self, generation: &'a str) -> Self {
        Self { generation, ..self }
    }

    /// The same, with somebody to ask before each image whether there is time left. If not, there is no answer.
    #[must_use]
    pub fn with_time(self, has_time: &'a dyn Fn() -> bool) -> Self {
        Self { has_time, ..self }
    }

    /// Judges a request.
    ///
    /// This is total: whatever is wrong with an object is part of the answer.
    pub fn judge(&self, review: &Review, hook: Hook) -> Answer {
        match standing(review, self.kinds, self.unchanged) {
            Standing::Pass(reason) => self.answer(review, hook, Ruling::Allowed, reason, Vec::new(), 0),
            Standing::Refuse(reason) => self.answer(review, hook, Ruling::Denied, reason, Vec::new(), 0),
            Standing::Judge { images, unchanged, is_pod } => {
                let tags = match (hook, is_pod) {
                    (Hook::Mutate, _) => Tags::Pinned,
                    (Hook::Audit | Hook::Validate | Hook::Warn, true) => Tags::Denied,
                    (Hook::Audit | Hook::Validate | Hook::Warn, false) => Tags::Passed,
                };
                let context = self.bench.context(&review.namespace);
                let mut known = BTreeMap::new();
                let mut judged = Vec::new();
                for named in images {
                    if !(self.has_time)() {
                        return self.answer(review, hook, Ruling::Undecided, Reason::OutOfTime, judged, unchanged);
                    }
                    let judgement = known
                        .entry(named.image.as_str())
                        .or_insert_with(|| Arc::new(self.bench.judge(&named.image, &context, tags)));
                    judged.push(JudgedImage { named: named.clone(), judgement: judgement.clone() });
                }
                let (ruling, reason) = ruling(&judged);
                self.answer(review, hook, ruling, reason, judged, unchanged)
            }
        }
    }

    fn answer(
        &self,
        review: &Review,
        hook: Hook,
        ruling: Ruling,
        reason: Reason,
        images: Vec<JudgedImage>,
        unchanged: usize,
    ) -> Answer {
        let (uid, generation) = (review.uid.clone(), self.generation.to_owned());
        Answer { uid, generation, hook, ruling, reason, images, unchanged }
    }
}

/// What follows for a request from its images: it is denied if one is, and has no answer if one has none.
fn ruling(judged: &[JudgedImage]) -> (Ruling, Reason) {
    let first = |effect| judged.iter().find(|image| image.judgement.effect == effect);
    let reason = |image: &JudgedImage| image.judgement.reason.clone();
    match (first(Effect::Deny), first(Effect::Undecided), judged.first()) {
        (Some(denied), _, _) => (Ruling::Denied, reason(denied)),
        (None, Some(undecided), _) => (Ruling::Undecided, reason(undecided)),
        (None, None, Some(allowed)) => (Ruling::Allowed, reason(allowed)),
        (None, None, None) => (Ruling::Denied, Reason::NoImages),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_by_threads_can_be() {
        fn shared<T: Send + Sync>() {}
        shared::<Review>();
        shared::<Answer>();
        shared::<Kinds>();
    }
}
