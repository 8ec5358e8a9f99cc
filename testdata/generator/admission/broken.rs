//! Requests that are not what they should be, and images that two parsers read differently.

use serde_json::{Value, json};

use super::{Case, Images, pod, review};
use crate::images::json_text;

pub(super) fn all(images: &Images) -> Vec<Case> {
    let good = images.good();
    let digest = &images.frontend.digest;
    let text = Case::new;
    let case = |file: &str, request: &Value, ruling, reason, note| text(file, json_text(request), ruling, reason, note);
    let created = |object: &Value| review("CREATE", "pods", "shop", object, &Value::Null);
    let sound = created(&pod(&[("containers", "app", &good)]));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut request = sound.clone();
        change(&mut request);
        request
    };
    let object = |change: &dyn Fn(&mut Value)| with(&|request| change(&mut request["request"]["object"]));
    let sound_text = json_text(&sound);
    let refused = |file: &str, request: String| text(&format!("broken.{file}"), request, "refused", "", "");
    let mut cases = vec![
        refused("empty", String::new()),
        refused("truncated", sound_text[..sound_text.len() / 2].to_owned()),
        refused("trailing-data", format!("{sound_text}{{}}")),
        refused("two-requests", sound_text.replacen("\"request\": {", "\"request\": {}, \"request\": {", 1)),
        refused("duplicate-object", sound_text.replacen("\"object\": {", "\"object\": {}, \"object\": {", 1)),
        refused(
            "duplicate-image",
            sound_text.replacen("\"image\": ", "\"image\": \"docker.io/library/busybox\", \"image\": ", 1),
        ),
        refused("deep", format!("{}{}", "[".repeat(5000), "]".repeat(5000))),
        refused(
            "deep-object",
            json_text(&with(&|request| {
                let mut nested = json!(1);
                for _ in 0..110 {
                    nested = json!({ "a": nested });
                }
                request["request"]["object"]["x"] = nested;
            })),
        ),
        refused("array", "[]".to_owned()),
        refused("v1beta1", sound_text.replacen("admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1)),
        refused("other-kind", sound_text.replacen("AdmissionReview", "ConversionReview", 1)),
        refused("no-request", json_text(&with(&|request| request["request"] = Value::Null))),
        refused("no-uid", json_text(&with(&|request| request["request"]["uid"] = Value::Null))),
        refused("empty-uid", json_text(&with(&|request| request["request"]["uid"] = "".into()))),
        refused("long-uid", json_text(&with(&|request| request["request"]["uid"] = "7".repeat(200).into()))),
        refused("no-resource", json_text(&with(&|request| request["request"]["resource"] = Value::Null))),
        refused("other-operation", json_text(&with(&|request| request["request"]["operation"] = "create".into()))),
        refused("uid-no-text", json_text(&with(&|request| request["request"]["uid"] = json!(7)))),
        case(
            "broken.no-object",
            &with(&|request| request["request"]["object"] = Value::Null),
            "denied",
            "malformed-object",
            "",
        ),
        case(
            "broken.object-no-object",
            &with(&|request| request["request"]["object"] = json!([])),
            "denied",
            "malformed-object",
            "",
        ),
        case(
            "broken.containers-no-list",
            &object(&|object| object["spec"]["containers"] = json!({ "image": good })),
            "denied",
            "malformed-object",
            "",
        ),
        case(
            "broken.container-no-object",
            &object(&|object| object["spec"]["containers"] = json!([good])),
            "denied",
            "malformed-object",
            "",
        ),
        case(
            "broken.image-no-text",
            &object(&|object| object["spec"]["containers"][0]["image"] = json!([good])),
            "denied",
            "malformed-object",
            "",
        ),
        case("broken.no-spec", &object(&|object| object["spec"] = Value::Null), "denied", "no-images", ""),
        case(
            "broken.no-containers",
            &object(&|object| object["spec"]["containers"] = json!([])),
            "denied",
            "no-images",
            "",
        ),
        case(
            "bypass.duplicate-container-name",
            &created(&pod(&[("containers", "app", &good), ("containers", "app", &good)])),
            "denied",
            "duplicate-name",
            "which of the two is unchanged could be read either way",
        ),
    ];

    // What is read differently by whoever judges and whoever pulls.
    for (name, image) in [
        ("no-registry", "busybox:1.36".to_owned()),
        ("no-registry-with-path", "library/busybox:1.36".to_owned()),
        ("upper-case-host", format!("Registry.example.com/shop/frontend@{digest}")),
        ("upper-case-path", format!("registry.example.com/Shop/frontend@{digest}")),
        ("default-port", format!("registry.example.com:443/shop/frontend@{digest}")),
        ("port-with-zeros", format!("registry.example.com:00443/shop/frontend@{digest}")),
        ("trailing-dot", format!("registry.example.com./shop/frontend@{digest}")),
        ("trailing-dot-in-path", format!("registry.example.com/shop/frontend.@{digest}")),
        ("other-name-of-docker-io", "registry-1.docker.io/library/busybox:1.36".to_owned()),
        ("homograph", format!("registry.еxample.com/shop/frontend@{digest}")),
        ("full-width", format!("registry.example.com/shop/ｆrontend@{digest}")),
        ("scheme", format!("https://registry.example.com/shop/frontend@{digest}")),
        ("user", format!("a@registry.example.com/shop/frontend@{digest}")),
        ("dots", format!("registry.example.com/shop/../shop/frontend@{digest}")),
        ("white-space", format!(" registry.example.com/shop/frontend@{digest}")),
        ("line-feed", format!("registry.example.com/shop/frontend@{digest}\n")),
        ("two-digests", format!("registry.example.com/shop/frontend@{digest}@{digest}")),
        ("upper-case-digest", format!("registry.example.com/shop/frontend@{}", digest.to_uppercase())),
        ("short-digest", format!("registry.example.com/shop/frontend@{}", &digest[..20])),
        ("identifier", digest.trim_start_matches("sha256:").to_owned()),
        ("long", format!("registry.example.com/{}", "a".repeat(5000))),
    ] {
        cases.push(Case {
            images: vec![("spec.containers[0].image".to_owned(), "invalid-reference")],
            ..case(
                &format!("spelling.{name}"),
                &created(&pod(&[("containers", "app", &image)])),
                "denied",
                "invalid-reference",
                "",
            )
        });
    }
    cases
}
