//! Requests to an API server, and the questions of other controllers.

use std::sync::LazyLock;

use serde_json::Value;
use vidimus::admission::{Gate, Hook, IMAGES_PER_REVIEW, Kinds, MESSAGE_LIMIT, NoImages, Review, gatekeeper, plain};
use vidimus::{Demand, Keyring, Requirement, Rules, Verifier};

use super::testdata::{self, OPENPGP, at};

/// A verifier that allows nothing.
static NOTHING: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::with_rules(Keyring::empty(), Rules::default(), Requirement::new("$", Demand::Reject)));

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let mut kinds = Kinds::default();
    for declaration in ["tasks.example.com=spec.steps[*].image", "tasks.example.com=spec.pod", "configmaps"] {
        kinds.declare(declaration).expect("a declaration of the test data");
    }
    kinds
});

/// Where pods are made, no image of them gets by a policy that rejects every one. What is answered repeats the request.
pub(crate) fn review(input: &[u8]) {
    let Ok(review) = Review::read(input, &KINDS) else { return };
    for verifier in [&*NOTHING, &OPENPGP.verifier] {
        let gate = Gate::new(verifier, &NoImages, &KINDS, at());
        for hook in [Hook::Validate, Hook::Mutate, Hook::Audit, Hook::Warn] {
            let answer = gate.judge(&review, hook);
            assert!(answer.images().len() <= IMAGES_PER_REVIEW);
            assert!(answer.message().len() <= MESSAGE_LIMIT);
            let Some(written) = answer.review() else { continue };
            let response = &written["response"];
            assert_eq!((&response["uid"], &response["allowed"]), (&review.uid().into(), &answer.is_allowed().into()));
        }
    }
    let gate = Gate::new(&NOTHING, &NoImages, &KINDS, at());
    if gate.judge(&review, Hook::Validate).is_allowed() {
        let value: Value = serde_json::from_slice(input).expect("a review is JSON");
        let request = &value["request"];
        let is_of_pods = review.resource() == "pods" && request["operation"] == "CREATE";
        assert!(!is_of_pods || !names_an_image(request), "images are allowed that no policy allows");
    }
}

/// Whether the pod of a request has an image, and is none that a node mirrors.
fn names_an_image(request: &Value) -> bool {
    let object = &request["object"];
    let is_mirror = !object["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null();
    let lists = ["containers", "initContainers", "ephemeralContainers"].map(|list| object["spec"][list].as_array());
    let mut images = lists.into_iter().flatten().flatten().map(|container| &container["image"]);
    !is_mirror && images.any(|image| image.as_str().is_some_and(|image| !image.is_empty()))
}

pub(crate) fn review_seeds() -> Vec<Vec<u8>> {
    let files = testdata::files("admission", ".json").into_iter();
    files.filter(|(name, _)| name != "cases.json" && name != "export.json").map(|(_, bytes)| bytes).collect()
}

/// Each image that is asked about has one result, and none is allowed where nothing is.
pub(crate) fn provider(input: &[u8]) {
    let gate = Gate::new(&NOTHING, &NoImages, &KINDS, at());
    if let Ok(answer) = plain(&gate, input) {
        let question: Value = serde_json::from_slice(input).expect("a question is JSON");
        let results = answer["results"].as_array().expect("a list of results");
        let asked = question["images"].as_array().expect("a list of images");
        assert!(results.iter().map(|result| &result["image"]).eq(asked));
        assert!(results.iter().all(|result| result["allowed"] == false));
    }
    if let Ok(answer) = gatekeeper(&gate, input) {
        let question: Value = serde_json::from_slice(input).expect("a question is JSON");
        let items = answer["response"]["items"].as_array().expect("a list of items");
        let asked = question["request"]["keys"].as_array().expect("a list of keys");
        assert!(items.iter().map(|item| &item["key"]).eq(asked));
        assert!(items.iter().all(|item| item["error"].as_str().is_some_and(|error| !error.is_empty())));
    }
    let gate = Gate::new(&OPENPGP.verifier, &NoImages, &KINDS, at());
    let _ = (plain(&gate, input), gatekeeper(&gate, input));
}

pub(crate) fn provider_seeds() -> Vec<Vec<u8>> {
    let image = &testdata::image_of_the_cases().1;
    let keys = format!(r#"{{"keys":["{image}","[shop]{image}","busybox:1"]}}"#);
    [
        format!(r#"{{"namespace":"shop","images":["{image}","busybox"]}}"#),
        format!(r#"{{"apiVersion":"externaldata.gatekeeper.sh/v1beta1","kind":"ProviderRequest","request":{keys}}}"#),
    ]
    .map(String::into_bytes)
    .into()
}
