//! What is decided about one image of a request.

use chrono::{DateTime, Utc};

use crate::admission::index::{Images, Resolution};
use crate::admission::reason::Reason;
use crate::admission::spelling;
use crate::image::quote::Escaped;
use crate::image::{Digest, Image, ObjectMeta, Reference, Text};
use crate::policy::{Context, Effect, Mode, Namespace, Transport};
use crate::verifier::{Verdict, Verifier};

/// What images of a request are judged by: all of one generation.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) images: &'a (dyn Images + 'a),
    pub(super) at: DateTime<Utc>,
}

/// What becomes of a tag that stands for an image that may run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tags {
    /// It is denied: a node that pulls by it may get another image.
    Denied,
    /// It passes: what is made from it is judged again, pinned by then.
    Passed,
    /// It is pinned to the digest that was verified.
    Pinned,
}

/// What is decided about one image.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub(super) effect: Effect,
    pub(super) reason: Reason,
    pub(super) sentence: String,
    pub(super) remedies: Vec<String>,
    pub(super) pinned: Option<String>,
    digest: Option<Digest>,
    verdict: Option<Box<Verdict>>,
}

impl Judgement {
    fn denied(reason: Reason, sentence: String) -> Self {
        let (effect, remedies) = (Effect::Deny, Vec::new());
        Self { effect, reason, sentence, remedies, pinned: None, digest: None, verdict: None }
    }

    /// Allow or deny, or no answer.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Why, as a sentence.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// What would be accepted, as sentences.
    pub fn remedies(&self) -> &[String] {
        &self.remedies
    }

    /// The digest that was judged: written, or what a tag stands for.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The image as it should be written, with the digest that was judged, where only a tag was.
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// What the verifier says, where it was asked.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_deref()
    }

    /// Whether the image is allowed although it does not meet what is demanded, or is exempt.
    pub fn is_tolerated(&self) -> bool {
        let decision = self.verdict().map(Verdict::decision);
        self.effect == Effect::Allow
            && decision.is_some_and(|decision| decision.is_tolerated() || decision.exemption().is_some())
    }

    /// Whether whoever asks is to be told: what is tolerated in the mode `audit` is for the record alone.
    pub(super) fn is_warned_of(&self) -> bool {
        self.is_tolerated() && self.verdict().is_some_and(|verdict| verdict.decision().mode() != Mode::Audit)
    }
}

impl Bench<'_> {
    /// Where images of a request are to run. The name of the namespace is the request's; empty is none.
    pub(super) fn context(&self, namespace: &str) -> Context {
        let named = |name: &str| Namespace { name: name.to_owned(), labels: self.images.namespace_labels(name) };
        Context { namespace: Some(namespace).filter(|name| !name.is_empty()).map(named), transport: Transport::Docker }
    }

    /// Judges one image, as it is written in an object.
    pub(super) fn judge(&self, image: &str, context: &Context, tags: Tags) -> Judgement {
        let reference = match spelling::read(image) {
            Ok(reference) => reference,
            Err(error) => return Judgement::denied(Reason::InvalidReference, error.to_string()),
        };
        match reference.digest().cloned() {
            Some(digest) => self.by_digest(&reference, digest, context),
            None => self.by_tag(image, &reference, context, tags),
        }
    }

    /// Judges the image of a digest under the name by which it is asked for, whatever name its object has.
    fn by_digest(&self, reference: &Reference, digest: Digest, context: &Context) -> Judgement {
        let found = self.images.image(&digest);
        let is_known = found.is_some();
        let mut image = found.unwrap_or_default();
        image.docker_image_reference = Text::from(reference.to_string());
        image.metadata.name = Text::from(digest.to_string());
        let verdict = self.verifier.verify_in(&image, context, self.at);
        let mut judgement = Self::of(verdict, Some(digest));
        if !is_known && judgement.effect != Effect::Allow {
            judgement.reason = Reason::ImageNotKnown;
            judgement.sentence = format!("no image with this digest is known; {}", judgement.sentence);
        }
        judgement
    }

    /// Judges a tag: by itself, if the policy does not care for the content; otherwise what it stands for.
    fn by_tag(&self, written: &str, reference: &Reference, context: &Context, tags: Tags) -> Judgement {
        let metadata = ObjectMeta::default();
        let image = Image { metadata, docker_image_reference: Text::from(reference.to_string()), ..Image::default() };
        let plain = Self::of(self.verifier.verify_in(&image, context, self.at), None);
        if plain.effect == Effect::Allow && !plain.is_tolerated() {
            return plain;
        }
        let resolution = self.images.resolve(reference);
        let Resolution::Digest(digest) = resolution else {
            let sources = match resolution {
                Resolution::Ambiguous => "sources do not agree which image the tag stands for",
                Resolution::Unknown | Resolution::Digest(_) => "it is not known which image the tag stands for",
            };
            return unresolved(plain, sources);
        };
        let named = format!("{}@{digest}", reference.name());
        let pinned = format!("{written}@{digest}");
        let Ok(by_digest) = Reference::parse_normalized(&named) else { return plain };
        let mut judgement = self.by_digest(&by_digest, digest, context);
        if judgement.effect != Effect::Allow {
            return judgement;
        }
        match tags {
            Tags::Passed => {}
            Tags::Pinned => judgement.pinned = Some(pinned),
            Tags::Denied if judgement.is_tolerated() => {}
            Tags::Denied => {
                judgement.effect = Effect::Deny;
                judgement.reason = Reason::NotPinned;
                judgement.sentence = "a tag can be another image by the time a node pulls it".to_owned();
                judgement.remedies = vec![pinned];
            }
        }
        judgement
    }

    fn of(verdict: Verdict, digest: Option<Digest>) -> Judgement {
        let decision = verdict.decision();
        let remedies = match decision.effect() {
            Effect::Allow => Vec::new(),
            Effect::Deny | Effect::Undecided => verdict
                .explanation()
                .map(|explanation| explanation.remedies().into_iter().map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        Judgement {
            effect: decision.effect(),
            reason: Reason::Code(decision.code()),
            sentence: decision.reason().to_owned(),
            remedies,
            pinned: None,
            digest,
            verdict: Some(Box::new(verdict)),
        }
    }
}

/// A tag that stands for nothing that is known, under a rule that would have to know. The requester can mend it, so it
/// is denied; only where the policy itself cannot be looked up there is no answer.
fn unresolved(mut plain: Judgement, sources: &str) -> Judgement {
    let decision = plain.verdict().map(Verdict::decision);
    let is_about_digest = decision.is_some_and(|decision| decision.rule().is_some());
    match plain.effect {
        Effect::Allow => return plain,
        Effect::Undecided if !is_about_digest => return plain,
        Effect::Deny if decision.is_some_and(|decision| decision.rule().is_none()) => return plain,
        Effect::Deny | Effect::Undecided => {}
    }
    plain.effect = Effect::Deny;
    plain.reason = Reason::TagNotResolved;
    plain.sentence = format!("{sources}; {}", plain.sentence);
    plain.remedies.insert(0, "the image by its digest".to_owned());
    plain
}

/// A text of a judgement for one line, cut where it is long.
pub(super) fn shown(text: &str, limit: usize) -> String {
    let escaped = Escaped(text).to_string();
    if escaped.len() <= limit {
        return escaped;
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !escaped.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}…", escaped.get(..end).unwrap_or_default())
}
