//! What is told of one image, as a list without names: the page knows which place means what (`page/data.js`).
//!
//! A report tells of a hundred thousand images, so a row is short: codes are numbers, a text that repeats another is
//! marked as such, and the zeros at the end of a list are left out. What most images have stands before what few have.

use serde_json::Value;

use crate::image::Basis;
use crate::policy::{Effect, Explanation, Truth};
use crate::report::Entry;
use crate::report::html::known::KnownKeys;
use crate::report::html::shorthand::Shorthand;
use crate::report::inventory::RuleKey;
use crate::report::json::of_a_document;
use crate::signature::{Code, Evidence, Note, Outcome, SignatureKind, rfc3339};
use crate::verifier::Verdict;

/// The notes that need no more than their name; the page has their words from the end of the report.
pub(super) const PLAIN_NOTES: [Note; 4] =
    [Note::BindingNewerThanSignature, Note::Sha1SelfSignature, Note::ShortPartialLength, Note::V3Signature];

/// The row of an image.
pub(super) fn row(entry: &Entry<'_>, keys: &KnownKeys) -> Value {
    let verdict = entry.verdict;
    let decision = verdict.decision();
    let words = Shorthand::of(entry, keys);
    let text = |text: &str| Value::from(words.short(text));
    let rule = decision.rule().filter(|_| of_a_document(verdict));
    let signatures = verdict.evidence().iter().map(|evidence| signature(evidence, verdict, &words, keys));
    list([
        state(verdict),
        code(decision.code()),
        entry.item.into(),
        text(entry.place),
        words.name(verdict.name()).into(),
        words.reference(verdict.docker_image_reference()).into(),
        reason(verdict, &words),
        anchor(verdict, &words),
        list(signatures),
        entry
            .carrier
            .map_or(NOTHING, |carrier| list([text(carrier.kind), text(carrier.namespace), text(carrier.name)])),
        rule.map_or(NOTHING, |rule| RuleKey::of(rule).as_str().into()),
        decision.exemption().map_or(NOTHING, |exemption| {
            list([
                text(exemption.document()),
                text(exemption.pointer()),
                text(exemption.reason()),
                rfc3339(exemption.expires()).into(),
            ])
        }),
        rule.and_then(|_| verdict.explanation()).map_or(NOTHING, |explanation| demand(&explanation, verdict, &words)),
        list(verdict.duplicates().iter().map(|(first, second)| list([(*first).into(), (*second).into()]))),
    ])
}

const NOTHING: Value = Value::Null;

/// A list without what stands for nothing at its end: `0`, `null` inside becomes `0`.
fn list(cells: impl IntoIterator<Item = Value>) -> Value {
    let mut cells: Vec<_> = cells.into_iter().map(|cell| if is_nothing(&cell) { 0.into() } else { cell }).collect();
    while cells.last().is_some_and(is_nothing) {
        cells.pop();
    }
    Value::Array(cells)
}

fn is_nothing(cell: &Value) -> bool {
    match cell {
        Value::Null => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Array(cells) => cells.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Object(_) => false,
    }
}

/// Allowed, allowed without meeting the policy, exempt, denied, undecided.
fn state(verdict: &Verdict) -> Value {
    let decision = verdict.decision();
    let state = match decision.effect() {
        Effect::Allow if decision.is_tolerated() => 1,
        Effect::Allow if decision.exemption().is_some() => 2,
        Effect::Allow => 0,
        Effect::Deny => 3,
        Effect::Undecided => 4,
    };
    state.into()
}

/// The code's place among all codes.
fn code(code: Code) -> Value {
    Code::ALL.iter().position(|other| *other == code).into()
}

/// The reason: a text or, where a signature's message says the same, the place of that signature.
fn reason(verdict: &Verdict, words: &Shorthand<'_>) -> Value {
    let reason = verdict.decision().reason();
    match verdict.evidence().iter().position(|evidence| evidence.message() == reason) {
        Some(place) => place.into(),
        None => words.short(reason).into(),
    }
}

/// What the digest rests on; mostly the digest is the name, and rests on it.
fn anchor(verdict: &Verdict, words: &Shorthand<'_>) -> Value {
    match verdict.subject().anchor() {
        Ok(anchor) => {
            let digest = anchor.digest().to_string();
            let from_manifest = usize::from(anchor.basis() == Basis::Manifest);
            if digest == verdict.name() {
                from_manifest.into()
            } else {
                list([from_manifest.into(), words.name(&digest).into()])
            }
        }
        Err(_) => 2.into(),
    }
}

fn signature(evidence: &Evidence, verdict: &Verdict, words: &Shorthand<'_>, keys: &KnownKeys) -> Value {
    let outcome: u8 = match evidence.outcome() {
        Outcome::Verified => 0,
        Outcome::Rejected(_) => 1,
        Outcome::Undecided(_) => 2,
    };
    let signer = evidence.signer();
    let signed_at = signer.and_then(|signer| signer.signed_at()).map(|time| time.timestamp());
    let claims = evidence.claims();
    let digest = claims.map(|claims| claims.manifest_digest().to_string());
    list([
        words.short(evidence.name()).into(),
        code(evidence.code()),
        outcome.into(),
        // The page says itself who made a signature that verified.
        if evidence.is_verified() { NOTHING } else { words.short(&evidence.message()).into() },
        // The place of the key, counted from 1, or a key that no certificate has.
        signer.map_or(NOTHING, |signer| match (signer.kind(), keys.place(signer)) {
            (SignatureKind::OpenPgp, Some(place)) => place.saturating_add(1).into(),
            (SignatureKind::OpenPgp | SignatureKind::Sigstore, _) => list([
                signer.kind().as_str().into(),
                signer.certificate().to_string().into(),
                signer.key().to_string().into(),
                signer.algorithm().into(),
                signer.user_id().into(),
            ]),
        }),
        signed_at.into(),
        claims.map(|claims| words.short(claims.docker_reference())).into(),
        claims.and_then(|claims| claims.creator()).map(|creator| words.short(creator)).into(),
        // Mostly both times are one, for which there is 1.
        claims.and_then(|claims| claims.timestamp()).map(|time| if Some(time) == signed_at { 1 } else { time }).into(),
        digest.filter(|digest| digest != verdict.name()).map(|digest| words.name(&digest)).into(),
        list(evidence.notes().iter().map(|note| match PLAIN_NOTES.iter().position(|plain| plain == note) {
            Some(place) => place.saturating_add(1).into(),
            None => list([note.as_str().into(), note.to_string().into()]),
        })),
    ])
}

/// What came of a demand; what it is stands with its rule at the end of the report. Of a signature only the code is told where its own message says the rest.
fn demand(explanation: &Explanation<'_>, verdict: &Verdict, words: &Shorthand<'_>) -> Value {
    let truth: u8 = match explanation.truth {
        Truth::Met => 0,
        Truth::Unmet => 1,
        Truth::Unknown => 2,
    };
    let counted = explanation.signatures.iter().zip(verdict.evidence()).map(|(counted, evidence)| {
        if counted.message == evidence.message() {
            code(counted.code)
        } else {
            list([code(counted.code), words.short(&counted.message).into()])
        }
    });
    list([
        truth.into(),
        list(counted),
        list(explanation.would_satisfy.iter().map(|remedy| words.short(remedy).into())),
        list(explanation.parts.iter().map(|part| demand(part, verdict, words))),
    ])
}
