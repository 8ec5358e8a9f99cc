//! What answers say, and where their bounds are: each of these would be lost without a decision being another one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vidimus::admission::{
    Answer, Gate, Hook, IMAGES_PER_REVIEW, Images, Kinds, MESSAGE_LIMIT, NoImages, Operation, Resolution, Review,
    gatekeeper, plain,
};
use vidimus::source::Index;
use vidimus::{Digest, Image, Reference};

use crate::admission::{Court, request};

const GOOD: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

fn judge(court: &Court, request: &Value, hook: Hook) -> Answer {
    court.gate().judge(&Review::read(request.to_string().as_bytes(), &court.kinds).unwrap(), hook)
}

/// What an API server gets.
fn response(court: &Court, request: &Value, hook: Hook) -> Value {
    judge(court, request, hook).review().unwrap()["response"].clone()
}

/// The request to make a pod with these images.
fn pod(images: &[String]) -> Value {
    let mut request = request("pod.signed");
    let containers = images.iter().enumerate();
    let containers: Vec<_> =
        containers.map(|(number, image)| json!({ "name": format!("c{number}"), "image": image })).collect();
    request["request"]["object"]["spec"]["containers"] = containers.into();
    request
}

fn image(file: &str) -> String {
    request(file)["request"]["object"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

fn warnings(response: &Value) -> Vec<&str> {
    response["warnings"].as_array().into_iter().flatten().map(|warning| warning.as_str().unwrap()).collect()
}

#[test]
fn nothing_is_pinned_beside_an_image_that_is_denied() {
    let court = Court::open();
    let both = pod(&[image("tag.pinned"), image("pod.signed-by-attacker")]);
    let answer = judge(&court, &both, Hook::Mutate);
    assert!(answer.images()[0].judgement().pinned().is_some() && !answer.is_allowed());
    let written = answer.review().unwrap();
    assert!(written["response"].get("patch").is_none() && written["response"].get("patchType").is_none());
}

#[test]
fn a_warning_says_what_would_be_denied_and_how_many_more() {
    let court = Court::open();
    let warned = response(&court, &request("broken.no-containers"), Hook::Warn);
    assert_eq!(warnings(&warned), ["would be denied: no-images"]);
    let attackers = |count: usize| pod(&vec![image("pod.signed-by-attacker"); count]);
    for count in [1, 8] {
        let warned = response(&court, &attackers(count), Hook::Warn);
        let wanted: Vec<_> =
            (0..count).map(|number| format!("would be denied: spec.containers[{number}].image: unknown-key")).collect();
        assert_eq!(warnings(&warned), wanted);
    }
    let warned = response(&court, &attackers(10), Hook::Warn);
    assert_eq!(warnings(&warned).len(), 9);
    assert_eq!(warnings(&warned)[8], "and 2 images more");
    let tolerated = response(&court, &request("mode.warn"), Hook::Validate);
    assert_eq!(warnings(&tolerated), ["tolerated: spec.containers[0].image: unknown-key"]);
}

#[test]
fn the_audit_log_counts_what_it_is_not_told_one_by_one() {
    let court = Court::open();
    for (count, more) in [(15, None), (16, None), (17, Some("1")), (20, Some("4"))] {
        let told = response(&court, &pod(&vec![image("pod.signed"); count]), Hook::Validate);
        let annotations = told["auditAnnotations"].as_object().unwrap();
        let one_by_one = annotations.keys().filter(|name| name.starts_with("image-")).count();
        assert_eq!((one_by_one, annotations.get("images-more").and_then(Value::as_str)), (count.min(16), more));
        assert!(annotations.get("images-unchanged").is_none());
    }
    let told = response(&court, &request("bypass.one-image-of-two-changed"), Hook::Validate);
    assert_eq!(told["auditAnnotations"]["images-unchanged"], "1");
    let gate = Gate::new(&court.verifier, &court.index, &court.kinds, court.at);
    let review = Review::read(request("pod.signed").to_string().as_bytes(), &court.kinds).unwrap();
    let without_name = gate.judge(&review, Hook::Validate).review().unwrap();
    assert!(without_name["response"]["auditAnnotations"].get("generation").is_none());
}

#[test]
fn a_message_names_each_image_that_it_has_room_for_and_counts_the_others() {
    let court = Court::open();
    let bad = image("pod.signed-by-attacker");
    let two = judge(&court, &pod(&[bad.clone(), image("pod.signed"), bad.clone()]), Hook::Validate).message();
    assert!(two.contains("spec.containers[0].image `") && two.contains("\nspec.containers[2].image `"), "{two}");
    assert!(!two.contains("spec.containers[1]") && !two.contains("images more"), "{two}");
    let many = judge(&court, &pod(&vec![bad; IMAGES_PER_REVIEW]), Hook::Validate).message();
    let named = many.matches("spec.containers[").count();
    assert!(
        named > 0 && many.contains(&format!("\nand {} images more; decision ", IMAGES_PER_REVIEW - named)),
        "{many}"
    );
    let long = format!("registry.example.com/shop/{}:{}", "a".repeat(200), "t".repeat(128));
    let long = judge(&court, &pod(&vec![long; 3]), Hook::Validate).message();
    assert!(long.len() <= MESSAGE_LIMIT && long.starts_with("spec.containers[0].image `"), "{long}");
}

#[test]
fn a_judgement_tells_its_sentence_and_what_would_be_accepted() {
    let court = Court::open();
    let answer = judge(&court, &request("tag.not-pinned"), Hook::Validate);
    let judged = answer.images()[0].judgement();
    assert_eq!(judged.sentence(), "a tag can be another image by the time a node pulls it");
    assert_eq!(judged.remedies(), [format!("{}@{GOOD}", image("tag.not-pinned"))]);
    assert_eq!(judged.digest().map(ToString::to_string).as_deref(), Some(GOOD));
    assert!(judged.pinned().is_none() && !judged.is_tolerated());
}

/// Tags that stand for the image of one digest, whatever their names.
struct Tagged<'i> {
    index: &'i Index,
    digest: Digest,
}

impl Images for Tagged<'_> {
    fn image(&self, digest: &Digest) -> Option<Image<'_>> {
        self.index.image(digest)
    }

    fn resolve(&self, _: &Reference) -> Resolution {
        Resolution::Digest(self.digest)
    }

    fn namespace_labels(&self, namespace: &str) -> Option<BTreeMap<String, String>> {
        self.index.namespace_labels(namespace)
    }
}

#[test]
fn a_tag_of_what_is_tolerated_is_tolerated() {
    let court = Court::open();
    let (_, unsigned) =
        image("pod.signed-by-attacker").rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let images = Tagged { index: &court.index, digest: unsigned.parse().unwrap() };
    let gate = Gate::new(&court.verifier, &images, &court.kinds, court.at);
    for (name, allowed, tolerated, reason) in [
        ("registry.example.com/staging/app:1", true, true, "unknown-key"),
        ("registry.example.com/shop/frontend:1", false, false, "unknown-key"),
    ] {
        let request = pod(&[name.to_owned()]);
        let review = Review::read(request.to_string().as_bytes(), &court.kinds).unwrap();
        let answer = gate.judge(&review, Hook::Validate);
        let judged = answer.images()[0].judgement();
        assert_eq!((answer.is_allowed(), judged.is_tolerated()), (allowed, tolerated), "{name}");
        assert_eq!(judged.reason().as_str(), reason, "{name}");
        assert_eq!(judged.digest(), Some(&images.digest), "{name}");
    }
}

#[test]
fn a_tag_that_no_rule_is_for_is_denied_for_that_and_not_for_being_a_tag() {
    let court = Court::open();
    let answer = judge(&court, &pod(&["elsewhere.example.net/a:1".to_owned()]), Hook::Validate);
    let by_digest = judge(&court, &pod(&[format!("elsewhere.example.net/a@{GOOD}")]), Hook::Validate);
    assert!(!answer.is_allowed() && !by_digest.is_allowed());
    assert_eq!(answer.reason(), by_digest.reason());
    assert_ne!(answer.reason().as_str(), "tag-not-resolved");
}

#[test]
fn without_images_no_labels_are_known() {
    assert_eq!(NoImages.namespace_labels("shop"), None);
    assert_eq!(NoImages.namespace_labels(""), None);
}

#[test]
fn declarations_are_taken_up_to_their_bound_and_with_every_letter_of_names() {
    let declared = |text: &str| Kinds::default().declare(text).is_ok();
    assert!(declared(&format!("x={}", "a".repeat(510))));
    assert!(!declared(&format!("x={}", "a".repeat(511))));
    for right in ["x-1.y-2.example=a-b.c_d[*][*].e", "x1", "tasks.tekton.dev"] {
        assert!(declared(right), "{right}");
    }
    for wrong in
        ["tasks.Tekton.dev", "tasks.a/b", "Tasks.tekton.dev", "tasks.te kton", "a_b", ".group", "x=a b", "x=a/b"]
    {
        assert!(!declared(wrong), "{wrong}");
    }
}

#[test]
fn controllers_may_ask_for_as_many_images_as_a_request_may_have() {
    let court = Court::open();
    let asked = |count: usize| {
        let images = vec!["a.example/b"; count];
        let question = json!({ "images": images }).to_string();
        let request = json!({
            "apiVersion": "externaldata.gatekeeper.sh/v1beta1", "kind": "ProviderRequest", "request": { "keys": images },
        });
        let both = (
            plain(&court.gate(), question.as_bytes()).is_ok(),
            gatekeeper(&court.gate(), request.to_string().as_bytes()).is_ok(),
        );
        assert_eq!(both.0, both.1, "{count}");
        both.0
    };
    assert!(asked(IMAGES_PER_REVIEW) && !asked(IMAGES_PER_REVIEW + 1));
}

#[test]
fn a_review_repeats_what_was_asked() {
    let court = Court::open();
    let read = |request: &Value| Review::read(request.to_string().as_bytes(), &court.kinds);
    let mut request = request("pod.signed");
    for (length, is_read) in [(128, true), (129, false)] {
        request["request"]["uid"] = "u".repeat(length).into();
        assert_eq!(read(&request).is_ok(), is_read, "{length}");
    }
    request["request"]["uid"] = "7".into();
    for (name, operation) in [
        ("CONNECT", Operation::Connect),
        ("CREATE", Operation::Create),
        ("DELETE", Operation::Delete),
        ("UPDATE", Operation::Update),
    ] {
        request["request"]["operation"] = name.into();
        let review = read(&request).unwrap();
        assert_eq!((review.operation(), review.operation().as_str()), (operation, name));
    }
    for dry_run in [true, false] {
        request["request"]["dryRun"] = dry_run.into();
        assert_eq!(read(&request).unwrap().is_dry_run(), dry_run);
    }
    let review = read(&request).unwrap();
    assert_eq!((review.uid(), review.namespace(), review.resource().as_str()), ("7", "shop", "pods"));
    request["request"]["subResource"] = "status".into();
    request["request"]["resource"]["group"] = "apps".into();
    assert_eq!(read(&request).unwrap().resource(), "pods.apps/status");
}

#[test]
fn lists_of_a_pod_that_hold_no_images_are_passed_over_and_containers_are_not() {
    let court = Court::open();
    let mut request = pod(&[image("pod.signed")]);
    request["request"]["object"]["spec"]["volumes"] = json!([{ "name": "data", "emptyDir": {} }]);
    request["request"]["object"]["spec"]["tolerations"] = json!([{ "operator": "Exists" }]);
    let answer = judge(&court, &request, Hook::Validate);
    assert!(answer.is_allowed() && answer.images().len() == 1, "{}", answer.message());
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        let mut request = request.clone();
        let spec = &mut request["request"]["object"]["spec"];
        let mut containers = spec[list].as_array().cloned().unwrap_or_default();
        containers.push(json!({ "name": "without-image" }));
        spec[list] = containers.into();
        let answer = judge(&court, &request, Hook::Validate);
        assert_eq!((answer.is_allowed(), answer.reason().as_str()), (false, "invalid-reference"), "{list}");
    }
}

#[test]
fn a_declared_template_with_containers_of_its_own_may_have_another_member_named_spec() {
    let court = Court::open();
    let mut request = request("declared.template");
    let containers = json!([{ "name": "a", "image": image("pod.signed") }]);
    request["request"]["object"]["spec"]["pod"] = json!({ "containers": containers, "spec": { "replicas": 1 } });
    let answer = judge(&court, &request, Hook::Validate);
    assert!(answer.is_allowed() && answer.images().len() == 1, "{}", answer.message());
}

#[test]
fn only_an_update_of_an_object_of_the_same_kind_leaves_images_as_they_were() {
    let court = Court::open();
    let update = request("update.labels");
    assert_eq!(judge(&court, &update, Hook::Validate).reason().as_str(), "unchanged");
    let mut created = update.clone();
    created["request"]["operation"] = "CREATE".into();
    let mut of_another_kind = update;
    of_another_kind["request"]["oldObject"]["kind"] = "Deployment".into();
    for changed in [created, of_another_kind] {
        let answer = judge(&court, &changed, Hook::Validate);
        assert_eq!((answer.is_allowed(), answer.reason().as_str()), (false, "unknown-key"), "{changed}");
    }
}
