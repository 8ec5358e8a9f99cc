//! Every request of `testdata/admission` has its answer in `cases.json` there; each is tried. A file without one fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use vidimus::admission::{
    Answer, Gate, Hook, IMAGES_PER_REVIEW, Images as _, Kinds, MESSAGE_LIMIT, NoImages, Review, Ruling, Unchanged,
    gatekeeper, plain,
};
use vidimus::signature::Rules;
use vidimus::source::{self, Index};
use vidimus::{Carrier, Image, Keyring, Verifier};

const FOLDER: &str = "testdata/admission";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    at: DateTime<Utc>,
    carriers: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: String,
    hook: String,
    ruling: String,
    reason: String,
    #[serde(default)]
    images: Vec<(String, String)>,
    #[serde(default)]
    pins: Vec<String>,
    #[serde(default)]
    warnings: usize,
    #[serde(default)]
    note: String,
}

/// What requests are judged by.
pub(crate) struct Court {
    pub(crate) verifier: Verifier,
    pub(crate) index: Index,
    pub(crate) kinds: Kinds,
    pub(crate) at: DateTime<Utc>,
}

impl Court {
    /// The one of the test data.
    pub(crate) fn open() -> Self {
        Self::of(&table())
    }

    /// How a request is ruled upon, and the reason: `refused` where it cannot be answered at all.
    pub(crate) fn ruling(&self, bytes: &[u8]) -> String {
        let Ok(review) = Review::read(bytes, &self.kinds) else { return "refused".to_owned() };
        let answer = self.gate().judge(&review, Hook::Validate);
        check_form(&answer, &review, bytes);
        format!("{}: {}", answer.ruling().as_str(), answer.reason().as_str())
    }

    fn of(table: &Table) -> Self {
        let policy = source::policy::policy(&[PathBuf::from(format!("{FOLDER}/policy.yaml"))], table.at).unwrap();
        let mut kinds = Kinds::default();
        table.carriers.iter().for_each(|carrier| kinds.declare(carrier).unwrap());
        let index = Index::load(&[format!("{FOLDER}/export.json")], false).unwrap();
        assert_eq!(index.problem_count(), 0, "{:?}", index.problems());
        Self { verifier: Verifier::with_policy(policy, Rules::default()), index, kinds, at: table.at }
    }

    pub(crate) fn gate(&self) -> Gate<'_> {
        Gate::new(&self.verifier, &self.index, &self.kinds, self.at).with_generation("7")
    }

    fn judge(&self, request: &Value) -> Answer {
        self.gate().judge(&Review::read(request.to_string().as_bytes(), &self.kinds).unwrap(), Hook::Validate)
    }
}

fn table() -> Table {
    serde_json::from_str(&fs::read_to_string(format!("{FOLDER}/cases.json")).unwrap()).unwrap()
}

pub(crate) fn request(file: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{FOLDER}/{file}.json")).unwrap()).unwrap()
}

fn hook(name: &str) -> Hook {
    [Hook::Audit, Hook::Mutate, Hook::Validate, Hook::Warn].into_iter().find(|hook| hook.as_str() == name).unwrap()
}

#[test]
fn every_request_has_its_answer() {
    let table = table();
    let court = Court::of(&table);
    let mut wrong = Vec::new();
    for case in &table.cases {
        let bytes = fs::read(format!("{FOLDER}/{}", case.file)).unwrap();
        let found = match Review::read(&bytes, &court.kinds) {
            Err(_) => ("refused".to_owned(), String::new(), Vec::new(), Vec::new(), 0),
            Ok(review) => {
                let answer = court.gate().judge(&review, hook(&case.hook));
                check_form(&answer, &review, &bytes);
                let images = answer.images().iter();
                let images = images
                    .map(|image| (image.field().to_owned(), image.judgement().reason().as_str().to_owned()))
                    .collect();
                let written = answer.review().unwrap_or_default();
                let warnings = written["response"]["warnings"].as_array().map_or(0, Vec::len);
                let ruling = answer.ruling().as_str().to_owned();
                (ruling, answer.reason().as_str().to_owned(), images, pins(&written, &bytes), warnings)
            }
        };
        let wanted = (case.ruling.clone(), case.reason.clone(), case.images.clone(), case.pins.clone(), case.warnings);
        if found != wanted {
            wrong.push(format!("{}: {found:?}, not {wanted:?} {}", case.file, case.note));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));

    let listed: BTreeSet<_> = table.cases.iter().map(|case| case.file.clone()).collect();
    assert_eq!(listed.len(), table.cases.len(), "a file is listed twice");
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> =
        files.filter(|file| !["cases.json", "export.json", "policy.yaml"].contains(&&**file)).collect();
    assert_eq!(files, listed, "files and cases");
}

/// What every answer must be, whatever it says.
fn check_form(answer: &Answer, review: &Review, bytes: &[u8]) {
    let message = answer.message();
    assert!(message.len() <= MESSAGE_LIMIT, "{}: {message}", message.len());
    let Some(written) = answer.review() else {
        assert_eq!(answer.ruling(), Ruling::Undecided);
        return;
    };
    assert_eq!((&written["apiVersion"], &written["kind"]), (&json!("admission.k8s.io/v1"), &json!("AdmissionReview")));
    let response = &written["response"];
    assert_eq!(response["uid"], review.uid());
    assert_eq!(response["allowed"], answer.is_allowed());
    let annotations = response["auditAnnotations"].as_object().unwrap();
    assert_eq!(annotations["decision"], answer.ruling().as_str());
    assert_eq!(annotations["decision-id"], answer.decision_id());
    assert_eq!(annotations["generation"], "7");
    if answer.is_allowed() {
        assert!(response.get("status").is_none());
    } else {
        let status = &response["status"];
        assert_eq!(
            (&status["code"], &status["reason"], &status["status"]),
            (&json!(403), &json!("Forbidden"), &json!("Failure"))
        );
        let message = status["message"].as_str().unwrap();
        assert!(message.ends_with(&format!("decision {}", answer.decision_id())), "{message}");
        assert!(message.chars().all(|character| character == '\n' || !character.is_control()), "{message:?}");
        if let Some(image) = answer.images().iter().find(|image| image.judgement().reason() == answer.reason()) {
            assert!(message.contains(image.field()), "{message}");
            assert!(message.contains(image.judgement().reason().as_str()), "{message}");
        }
    }
    for warning in response["warnings"].as_array().into_iter().flatten() {
        let warning = warning.as_str().unwrap();
        assert!(warning.len() <= 120 && !warning.starts_with("Warning"), "{warning}");
    }
    // The same request has the same decision.
    let again = Review::read(bytes, &Kinds::default()).unwrap();
    assert_eq!(again.uid(), review.uid());
}

/// What a patch pins images to, once it was seen to be what a patch must be: each replacement behind a test of what
/// stands there.
fn pins(written: &Value, request: &[u8]) -> Vec<String> {
    let response = &written["response"];
    let Some(patch) = response["patch"].as_str() else { return Vec::new() };
    assert_eq!(response["patchType"], "JSONPatch");
    let patch = base64::engine::general_purpose::STANDARD.decode(patch).unwrap();
    let operations: Vec<Value> = serde_json::from_slice(&patch).unwrap();
    let request: Value = serde_json::from_slice(request).unwrap();
    let pairs = operations.chunks_exact(2);
    assert!(pairs.remainder().is_empty());
    pairs
        .map(|pair| {
            let (test, replace) = (&pair[0], &pair[1]);
            assert_eq!(
                (&test["op"], &replace["op"], &test["path"]),
                (&json!("test"), &json!("replace"), &replace["path"])
            );
            let path = test["path"].as_str().unwrap();
            assert_eq!(request["request"]["object"].pointer(path), Some(&test["value"]), "{path}");
            replace["value"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn what_is_pinned_is_what_was_verified_and_is_pinned_once() {
    let court = Court::of(&table());
    let mut request = request("tag.pinned");
    let judge = |request: &Value| {
        let review = Review::read(request.to_string().as_bytes(), &court.kinds).unwrap();
        court.gate().judge(&review, Hook::Mutate)
    };
    let answer = judge(&request);
    let judged = answer.images()[0].judgement();
    let pinned = judged.pinned().unwrap();
    assert!(pinned.ends_with(&format!("@{}", judged.verdict().unwrap().subject().anchor().unwrap().digest())));
    request["request"]["object"]["spec"]["containers"][0]["image"] = pinned.into();
    assert!(judge(&request).review().unwrap()["response"].get("patch").is_none());
    assert!(court.judge(&request).is_allowed(), "what was pinned passes the validating hook");
}

#[test]
fn ten_thousand_containers_are_denied_in_a_short_message() {
    let court = Court::of(&table());
    for count in [IMAGES_PER_REVIEW, IMAGES_PER_REVIEW + 1, 10_000] {
        let mut request = request("pod.signed-by-attacker");
        let image = request["request"]["object"]["spec"]["containers"][0]["image"].clone();
        let containers: Vec<_> =
            (0..count).map(|number| json!({ "name": format!("c{number}"), "image": image })).collect();
        request["request"]["object"]["spec"]["containers"] = containers.into();
        let answer = court.judge(&request);
        assert!(!answer.is_allowed());
        let wanted = if count > IMAGES_PER_REVIEW { "too-many-images" } else { "unknown-key" };
        assert_eq!(answer.reason().as_str(), wanted);
        assert!(answer.message().len() <= MESSAGE_LIMIT);
    }
}

#[test]
fn unchanged_images_can_be_judged_again() {
    let court = Court::of(&table());
    let strict = court.gate().with_unchanged(Unchanged::Judged);
    let judge = |file: &str| {
        let review = Review::read(request(file).to_string().as_bytes(), &court.kinds).unwrap();
        strict.judge(&review, Hook::Validate).reason().as_str()
    };
    assert_eq!(judge("update.labels"), "unknown-key");
    assert_eq!(judge("update.finalizers-while-deleted"), "unchanged", "what is being deleted can always go");
}

#[test]
fn there_is_no_answer_without_time() {
    let court = Court::of(&table());
    let review = Review::read(request("pod.signed").to_string().as_bytes(), &court.kinds).unwrap();
    let answer = court.gate().with_time(&|| false).judge(&review, Hook::Validate);
    assert_eq!((answer.ruling(), answer.reason().as_str()), (Ruling::Undecided, "out-of-time"));
    assert!(answer.review().is_none() && !answer.is_allowed());
}

#[test]
fn without_images_nothing_signed_is_known() {
    let court = Court::of(&table());
    let gate = Gate::new(&court.verifier, &NoImages, &court.kinds, court.at);
    let review = Review::read(request("pod.signed").to_string().as_bytes(), &court.kinds).unwrap();
    assert_eq!(gate.judge(&review, Hook::Validate).reason().as_str(), "image-not-known");
}

#[test]
fn denials_say_what_where_why_and_what_would_do() {
    let court = Court::of(&table());
    let told: Vec<_> = [
        "pod.signed-by-attacker",
        "pod.signature-of-another-image",
        "pod.digest-not-known",
        "tag.not-pinned",
        "tag.not-resolved",
        "spelling.default-port",
        "spelling.line-feed",
        "bypass.unknown-kind",
        "bypass.duplicate-container-name",
        "broken.image-no-text",
    ]
    .iter()
    .map(|file| format!("{file}\n{}", court.judge(&request(file)).message()))
    .collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn the_audit_log_is_told_of_what_is_allowed_too() {
    let court = Court::of(&table());
    let written = court.judge(&request("pod.signed")).review().unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&written).unwrap());
}

#[test]
fn controllers_are_answered_in_plain_json() {
    let court = Court::of(&table());
    let good = request("pod.signed")["request"]["object"]["spec"]["containers"][0]["image"].clone();
    let tag = request("tag.pinned")["request"]["object"]["spec"]["containers"][0]["image"].clone();
    let question = json!({ "namespace": "shop", "images": [good, tag, "busybox"] });
    let answer = plain(&court.gate(), question.to_string().as_bytes()).unwrap();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(
        results.iter().map(|result| result["allowed"].as_bool().unwrap()).collect::<Vec<_>>(),
        [true, true, false]
    );
    assert!(results[1]["pinned"].as_str().unwrap().starts_with(tag.as_str().unwrap()));
    assert_eq!(results[2]["reason"], "invalid-reference");
    for bad in
        ["", "[]", r#"{"images": 5}"#, r#"{"images": [5]}"#, r#"{"images": [], "x": 1}"#, r#"{"namespace": "shop"}"#]
    {
        assert!(plain(&court.gate(), bad.as_bytes()).is_err(), "{bad}");
    }
    let many = json!({ "images": vec!["a.example/b"; IMAGES_PER_REVIEW + 1] });
    assert!(plain(&court.gate(), many.to_string().as_bytes()).is_err());
}

#[test]
fn gatekeeper_gets_errors_for_what_may_not_run_and_pins_for_tags() {
    let court = Court::of(&table());
    let tag = request("tag.pinned")["request"]["object"]["spec"]["containers"][0]["image"].clone();
    let labelled = "registry.example.com/tiers/app:1";
    let keys = json!([tag, "registry.example.com/shop/frontend:1", format!("[prod]{labelled}"), labelled]);
    let question = json!({
        "apiVersion": "externaldata.gatekeeper.sh/v1beta1", "kind": "ProviderRequest", "request": { "keys": keys },
    });
    let answer = gatekeeper(&court.gate(), question.to_string().as_bytes()).unwrap();
    assert_eq!((&answer["kind"], &answer["response"]["systemError"]), (&json!("ProviderResponse"), &json!("")));
    let items = answer["response"]["items"].as_array().unwrap();
    let errors: Vec<_> = items.iter().map(|item| item["error"].as_str().unwrap().split(':').next().unwrap()).collect();
    assert_eq!(errors, ["", "tag-not-resolved", "", "unknown-namespace"]);
    assert!(items[0]["value"].as_str().unwrap().contains("@sha256:"));
    // Whoever can write the image must not choose the namespace that it is judged in.
    assert_eq!(items[2]["value"], items[2]["key"]);
    let other = question.to_string().replace("v1beta1", "v1alpha1");
    assert!(gatekeeper(&court.gate(), other.as_bytes()).is_err());
}

#[test]
fn a_template_at_a_declared_place_is_judged_wherever_its_containers_are() {
    let court = Court::of(&table());
    let container = |request: &Value| request["request"]["object"]["spec"]["containers"][0]["image"].clone();
    let good = json!([{ "name": "a", "image": container(&request("pod.signed")) }]);
    let bad = json!([{ "name": "b", "image": "registry.example.com/shop/frontend:unknown" }]);
    let judged = |pod: Value| {
        court.judge(&json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "1", "operation": "CREATE", "namespace": "shop",
                "resource": { "group": "example.com", "version": "v1", "resource": "tasks" },
                "object": { "apiVersion": "example.com/v1", "kind": "Task", "spec": { "steps": [], "pod": pod } },
            },
        }))
    };
    for allowed in [json!({ "containers": good }), json!({ "spec": { "containers": good } })] {
        assert!(judged(allowed.clone()).is_allowed(), "{allowed}");
    }
    for denied in [
        json!({ "containers": good, "spec": { "containers": bad } }),
        json!({ "containers": bad, "spec": { "containers": good } }),
        json!({ "containers": null, "initContainers": good, "spec": { "containers": bad } }),
        json!({ "template": { "spec": { "containers": bad } }, "x": good }),
        json!({ "containers": null, "x": good }),
        json!({ "spec": { "x": good } }),
        json!({ "containers": [{ "image": { "reference": good[0]["image"] } }] }),
    ] {
        assert!(!judged(denied.clone()).is_allowed(), "{denied}");
    }
}

#[test]
fn a_webhook_says_of_an_image_what_a_verification_says() {
    let keyring = fs::read("testdata/keys/release.asc").unwrap();
    let verifier = Verifier::new(Keyring::from_bytes("release.asc", &keyring).unwrap());
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    for name in ["image.json", "layers.descending.json", "layers.order-differs.json", "manifest.oci.json"] {
        let path = format!("testdata/images/{name}");
        let text = fs::read_to_string(&path).unwrap();
        let Carrier::Image(carried) = Carrier::read(&text).unwrap() else { panic!("{name} carries no image") };
        let index = Index::load(&[path], false).unwrap();
        let known = index.image(&carried.image.metadata.name.parse().unwrap()).unwrap();
        // The name is the request's.
        let known = Image { docker_image_reference: carried.image.docker_image_reference.clone(), ..known };
        let (stored, own) = (verifier.verify(&known, at), verifier.verify(&carried.image, at));
        assert_eq!(stored.decision().code(), own.decision().code(), "{name}");
    }
}
