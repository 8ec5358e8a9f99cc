//! The report that a program reads: one JSON document, described by `docs/report.schema.json`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::image::{Basis, Digest, SignatureCondition};
use crate::policy::Effect;
use crate::report::explanation::ExplanationView;
use crate::report::lookup::{ExemptionView, RuleView};
use crate::report::written::WrittenImage;
use crate::report::{Entry, Head, ItemError, Report, Summary};
use crate::signature::{Code, Evidence, Fingerprint, KeyId, Note, Outcome, SignatureKind, rfc3339};
use crate::verifier::Verdict;

/// The version of the report's schema. Members are added within a version; none changes its meaning.
pub(super) const API_VERSION: &str = "vidimus.dev/v1alpha1";

/// What most verdicts take, in bytes.
pub(super) const IMAGE: usize = 4096;

/// One JSON document, written image by image; the first [`ERRORS_LISTED`](crate::report::ERRORS_LISTED) errors are
/// listed at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonReport;

impl JsonReport {
    /// An image that a report told before.
    pub fn retold(&self, image: &WrittenImage) -> String {
        format!("\n{}", image.element())
    }
}

impl Report for JsonReport {
    fn begin(&self, head: &Head) -> String {
        let (version, at) = (json(&API_VERSION), json(&rfc3339(head.at)));
        let shard = head.shard.map(|shard| format!("\"shard\": {},\n", json(&shard)));
        format!(
            "{{\n\"apiVersion\": {version},\n\"kind\": \"VerificationReport\",\n\"at\": {at},\n{}\"images\": [",
            shard.unwrap_or_default()
        )
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let mut out = String::with_capacity(IMAGE);
        out.push('\n');
        with_json(out, &ImageView::of(entry))
    }

    fn between(&self) -> &'static str {
        ","
    }

    fn error(&self, _: &ItemError) -> String {
        String::new()
    }

    fn end(&self, _: &Head, summary: &Summary) -> String {
        let errors: Vec<_> = summary.listed.iter().map(|error| format!("\n{}", json(error))).collect();
        format!("\n],\n\"errors\": [{}\n],\n\"summary\": {}\n}}\n", errors.join(","), json(summary))
    }
}

/// Strings, numbers and lists of them: what cannot fail to be JSON.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    with_json(String::new(), value)
}

/// A text and, after it, a value.
pub(super) fn with_json<T: Serialize + ?Sized>(text: String, value: &T) -> String {
    let mut bytes = text.into_bytes();
    // Neither can fail: a value of that kind is JSON, and JSON is UTF-8.
    let _ = serde_json::to_writer(&mut bytes, value);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Something that is written as a string, without there being one first.
struct Shown<T>(T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageView<'a> {
    item: u64,
    name: &'a str,
    docker_image_reference: &'a str,
    place: &'a str,
    carrier: Option<CarrierView<'a>>,
    decision: Shown<Effect>,
    code: &'static str,
    reason: &'a str,
    /// Whether the image is allowed though it does not meet what is demanded.
    tolerated: bool,
    rule: Option<RuleView<'a>>,
    exemption: Option<ExemptionView<'a>>,
    requirement: Option<ExplanationView<'a>>,
    manifest_digest: Option<DigestView<'a>>,
    signatures: Vec<SignatureView<'a>>,
}

impl<'a> ImageView<'a> {
    pub(super) fn of(entry: &Entry<'a>) -> Self {
        let verdict = entry.verdict;
        Self {
            item: entry.item,
            name: verdict.name(),
            docker_image_reference: verdict.docker_image_reference(),
            place: entry.place,
            carrier: entry.carrier.map(|carrier| CarrierView {
                kind: carrier.kind,
                namespace: carrier.namespace,
                name: carrier.name,
            }),
            decision: Shown(verdict.decision().effect()),
            code: verdict.decision().code().as_str(),
            reason: verdict.decision().reason(),
            tolerated: verdict.decision().is_tolerated(),
            rule: verdict.decision().rule().filter(|_| of_a_document(verdict)).map(RuleView::of),
            exemption: verdict.decision().exemption().map(ExemptionView::of),
            requirement: of_a_document(verdict).then(|| verdict.explanation().map(ExplanationView::of)).flatten(),
            manifest_digest: verdict.subject().anchor().ok().map(|anchor| DigestView {
                digest: Shown(anchor.digest()),
                from: match anchor.basis() {
                    Basis::Name => "name",
                    Basis::Manifest => "manifest",
                },
            }),
            signatures: verdict
                .evidence()
                .iter()
                .zip(verdict.conditions())
                .map(|(evidence, conditions)| SignatureView::of(evidence, conditions))
                .collect(),
        }
    }
}

/// Whether a policy document governs the image, rather than the one demand that there is without a policy.
pub(super) fn of_a_document(verdict: &Verdict) -> bool {
    verdict.decision().rule().is_some_and(|rule| !rule.document().is_empty())
}

#[derive(Serialize)]
struct CarrierView<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct DigestView<'a> {
    digest: Shown<&'a Digest>,
    /// What the digest rests on: the bytes of the manifest, or the object's name alone.
    from: &'static str,
}

#[derive(Serialize)]
struct SignatureView<'a> {
    name: &'a str,
    outcome: &'static str,
    /// `null` when verified.
    code: Option<Code>,
    message: String,
    signer: Option<SignerView<'a>>,
    claims: Option<ClaimsView<'a>>,
    notes: Vec<NoteView<'a>>,
    conditions: Vec<SignatureCondition<'static>>,
}

impl<'a> SignatureView<'a> {
    fn of(evidence: &'a Evidence, conditions: Vec<SignatureCondition<'static>>) -> Self {
        Self {
            name: evidence.name(),
            outcome: match evidence.outcome() {
                Outcome::Verified => "verified",
                Outcome::Rejected(_) => "rejected",
                Outcome::Undecided(_) => "undecided",
            },
            code: (!evidence.is_verified()).then(|| evidence.code()),
            message: evidence.message(),
            signer: evidence.signer().map(|signer| SignerView {
                kind: signer.kind().as_str(),
                fingerprint: Shown(signer.certificate()),
                key: Shown(signer.key()),
                key_id: (signer.kind() == SignatureKind::OpenPgp).then(|| Shown(signer.key().key_id())),
                algorithm: signer.algorithm(),
                user_id: signer.user_id(),
                signed_at: signer.signed_at().map(rfc3339),
            }),
            claims: evidence.claims().map(|claims| ClaimsView {
                docker_reference: claims.docker_reference(),
                docker_manifest_digest: Shown(claims.manifest_digest()),
                creator: claims.creator(),
                timestamp: claims.timestamp(),
            }),
            notes: evidence.notes().iter().map(|note| NoteView { code: note.as_str(), message: Shown(note) }).collect(),
            conditions,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignerView<'a> {
    kind: &'static str,
    fingerprint: Shown<&'a Fingerprint>,
    key: Shown<&'a Fingerprint>,
    /// `null` for a sigstore key.
    key_id: Option<Shown<KeyId>>,
    algorithm: &'a str,
    user_id: Option<&'a str>,
    /// `null` for a sigstore signature.
    signed_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimsView<'a> {
    docker_reference: &'a str,
    docker_manifest_digest: Shown<&'a Digest>,
    creator: Option<&'a str>,
    timestamp: Option<i64>,
}

#[derive(Serialize)]
struct NoteView<'a> {
    code: &'static str,
    message: Shown<&'a Note>,
}
