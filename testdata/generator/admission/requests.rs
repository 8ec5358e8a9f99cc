//! What a request is about decides what of it is judged: operations, subresources, what changed, who asks.

use serde_json::{Value, json};

use super::tags::tags_and_hooks;
use super::{Case, Images, pod, review};
use crate::images::{REGISTRY, json_text};

pub(super) fn all(images: &Images) -> Vec<Case> {
    let (good, bad) = (images.good(), images.bad());
    let one = |image: &str| pod(&[("containers", "app", image)]);
    let created = |object: &Value| review("CREATE", "pods", "shop", object, &Value::Null);
    let updated = |resource: &str, object: &Value, old: &Value| review("UPDATE", resource, "shop", object, old);
    let first = "spec.containers[0].image".to_owned();
    let case =
        |file: &str, request: &Value, ruling, reason, note| Case::new(file, json_text(request), ruling, reason, note);
    let judged = |reason| vec![(first.clone(), reason)];
    let mut cases = vec![
        Case { images: judged("verified"), ..case("pod.signed", &created(&one(&good)), "allowed", "verified", "") },
        Case {
            images: judged("unknown-key"),
            ..case("pod.signed-by-attacker", &created(&one(&bad)), "denied", "unknown-key", "")
        },
        Case {
            images: judged("digest-mismatch"),
            ..case(
                "pod.signature-of-another-image",
                &created(&one(&format!("{REGISTRY}/payments@{}", images.payments.digest))),
                "denied",
                "digest-mismatch",
                "",
            )
        },
        Case {
            images: judged("image-not-known"),
            ..case(
                "pod.digest-not-known",
                &created(&one(&format!("{REGISTRY}/frontend@{}", images.unknown.digest))),
                "denied",
                "image-not-known",
                "",
            )
        },
        Case {
            images: judged("identity-mismatch"),
            ..case(
                "pod.signed-under-another-name",
                &created(&one(&format!("{REGISTRY}/backend@{}", images.frontend.digest))),
                "denied",
                "identity-mismatch",
                "the name in the request counts, not the one in the image's object",
            )
        },
        Case {
            images: judged("no-matching-rule"),
            ..case(
                "pod.signed-in-another-registry",
                &created(&one(&format!("evil.example.net/shop/frontend@{}", images.frontend.digest))),
                "denied",
                "no-matching-rule",
                "",
            )
        },
        Case {
            images: judged("accept-anything"),
            ..case(
                "pod.accepted-unsigned",
                &created(&one("docker.io/library/busybox:1.36")),
                "allowed",
                "accept-anything",
                "",
            )
        },
        Case {
            images: judged("exempted"),
            warnings: 1,
            ..case(
                "pod.exempt",
                &created(&one(&format!("{REGISTRY}/batch@{}", images.batch.digest))),
                "allowed",
                "exempted",
                "every use is warned of",
            )
        },
    ];

    // What a requester writes into an object changes nothing.
    let mut claimed = one(&bad);
    claimed["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app", "uid": "1", "controller": true }]);
    cases.push(Case {
        images: judged("unknown-key"),
        ..case(
            "bypass.owner-reference",
            &created(&claimed),
            "denied",
            "unknown-key",
            "a parent may be claimed by anybody",
        )
    });
    let mut claimed = one(&bad);
    claimed["metadata"]["annotations"] = json!({
        "vidimus.dev/verified": "true", "kyverno.io/verify-images": "{\"*\":\"pass\"}",
        "kritis.grafeas.io/breakglass": "true", "alpha.image.policy.openshift.io/ignore-rules": "*",
    });
    claimed["metadata"]["labels"] = json!({ "securesystemsengineering.connaisseur/webhook": "ignore" });
    cases.push(Case {
        images: judged("unknown-key"),
        ..case("bypass.annotations", &created(&claimed), "denied", "unknown-key", "")
    });
    let mut claimed = one(&bad);
    claimed["metadata"]["deletionTimestamp"] = "2026-06-01T00:00:00Z".into();
    claimed["metadata"]["finalizers"] = json!(["example.com/never"]);
    cases.push(Case {
        images: judged("unknown-key"),
        ..case("bypass.deletion-in-new-object", &created(&claimed), "denied", "unknown-key", "CVE-2023-34091")
    });
    let mut elsewhere = one(&format!("registry.example.com/tiers/app@{}", images.batch.digest));
    elsewhere["metadata"]["namespace"] = "prod".into();
    cases.push(Case {
        images: judged("no-matching-rule"),
        ..case(
            "bypass.namespace-in-object",
            &created(&elsewhere),
            "denied",
            "no-matching-rule",
            "the namespace is the request's",
        )
    });

    // Mirror pods.
    let mut mirror = one(&bad);
    mirror["metadata"]["annotations"] = json!({ "kubernetes.io/config.mirror": "0a1b" });
    mirror["spec"]["nodeName"] = "node-1".into();
    let by = |name: &str, groups: &[&str]| {
        let mut request = created(&mirror);
        request["request"]["userInfo"] = json!({ "username": name, "groups": groups });
        request
    };
    let nodes = ["system:nodes", "system:authenticated"];
    cases.extend([
        case("mirror-pod.by-its-node", &by("system:node:node-1", &nodes), "allowed", "mirror-pod", ""),
        Case {
            images: judged("unknown-key"),
            ..case("bypass.mirror-pod-by-anybody", &created(&mirror), "denied", "unknown-key", "")
        },
        Case {
            images: judged("unknown-key"),
            ..case("bypass.mirror-pod-by-another-node", &by("system:node:node-2", &nodes), "denied", "unknown-key", "")
        },
        Case {
            images: judged("unknown-key"),
            ..case(
                "bypass.mirror-pod-by-the-name-alone",
                &by("system:node:node-1", &["system:authenticated"]),
                "denied",
                "unknown-key",
                "",
            )
        },
    ]);

    // Updates.
    let labelled = |object: &Value| {
        let mut object = object.clone();
        object["metadata"]["labels"] = json!({ "changed": "yes" });
        object
    };
    let mut going = one(&bad);
    going["metadata"]["deletionTimestamp"] = "2026-06-01T00:00:00Z".into();
    going["metadata"]["finalizers"] = json!(["example.com/last"]);
    let two = pod(&[("containers", "app", &good), ("containers", "more", &bad)]);
    let debug = pod(&[("containers", "app", &bad), ("ephemeralContainers", "debug", &good)]);
    let attacked = pod(&[("containers", "app", &good), ("ephemeralContainers", "debug", &bad)]);
    let moved = pod(&[("containers", "app", &good), ("initContainers", "app", &bad)]);
    cases.extend([
        case("update.labels", &updated("pods", &labelled(&one(&bad)), &one(&bad)), "allowed", "unchanged", ""),
        case("update.finalizers-while-deleted", &updated("pods", &one(&bad), &going), "allowed", "unchanged", ""),
        Case {
            images: judged("unknown-key"),
            ..case(
                "bypass.image-changed-while-deleted",
                &updated("pods", &one(&bad), &{
                    let mut old = going.clone();
                    old["spec"]["containers"][0]["image"] = good.clone().into();
                    old
                }),
                "denied",
                "unknown-key",
                "",
            )
        },
        Case {
            images: vec![("spec.containers[1].image".to_owned(), "unknown-key")],
            ..case("bypass.one-image-of-two-changed", &updated("pods", &two, &one(&good)), "denied", "unknown-key", "")
        },
        Case {
            images: vec![("spec.initContainers[0].image".to_owned(), "unknown-key")],
            ..case(
                "bypass.image-moved-to-another-list",
                &updated("pods", &moved, &pod(&[("containers", "app", &bad)])),
                "denied",
                "unknown-key",
                "an image is unchanged where it stood before, and nowhere else",
            )
        }
        .with(&first, "verified"),
        Case {
            images: judged("unknown-key"),
            ..case(
                "bypass.update-without-old-object",
                &updated("pods", &one(&bad), &Value::Null),
                "denied",
                "unknown-key",
                "",
            )
        },
        Case {
            images: vec![("spec.ephemeralContainers[0].image".to_owned(), "verified")],
            ..case(
                "ephemeral.signed",
                &updated("pods/ephemeralcontainers", &debug, &one(&bad)),
                "allowed",
                "verified",
                "the pod runs already; what is added counts",
            )
        },
        Case {
            images: vec![("spec.ephemeralContainers[0].image".to_owned(), "unknown-key")],
            ..case(
                "bypass.ephemeral-container",
                &updated("pods/ephemeralcontainers", &attacked, &one(&good)),
                "denied",
                "unknown-key",
                "CVE-2023-2727",
            )
        },
        case("status.unchanged", &updated("pods/status", &one(&bad), &one(&bad)), "allowed", "unchanged", ""),
        Case {
            images: judged("unknown-key"),
            ..case(
                "bypass.status-subresource",
                &updated("pods/status", &one(&bad), &one(&good)),
                "denied",
                "unknown-key",
                "no subresource is believed by its name",
            )
        },
    ]);

    // Operations and subresources that start nothing.
    let object = |api_version: &str, kind: &str| json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "app" } });
    let delete = review("DELETE", "pods", "shop", &Value::Null, &one(&bad));
    let connect = review("CONNECT", "pods/exec", "shop", &object("v1", "PodExecOptions"), &Value::Null);
    let scale = object("autoscaling/v1", "Scale");
    cases.extend([
        case("delete", &delete, "allowed", "nothing-starts", ""),
        case("connect", &connect, "allowed", "nothing-starts", ""),
        case(
            "scale",
            &updated("deployments.apps/scale", &scale, &scale),
            "allowed",
            "carries-none",
            "its pods are judged",
        ),
        case(
            "binding",
            &review("CREATE", "pods/binding", "shop", &object("v1", "Binding"), &Value::Null),
            "allowed",
            "carries-none",
            "",
        ),
        case(
            "eviction",
            &review("CREATE", "pods/eviction", "shop", &object("policy/v1", "Eviction"), &Value::Null),
            "allowed",
            "carries-none",
            "",
        ),
        case(
            "bypass.unknown-subresource",
            &review("CREATE", "pods/launch", "shop", &object("v1", "Launch"), &Value::Null),
            "denied",
            "unknown-kind",
            "",
        ),
    ]);

    // A dry run is answered as any other.
    let dry = |image: &str| {
        let mut request = created(&one(image));
        request["request"]["dryRun"] = true.into();
        request
    };
    cases.extend([
        Case { images: judged("verified"), ..case("dry-run.signed", &dry(&good), "allowed", "verified", "") },
        Case { images: judged("unknown-key"), ..case("bypass.dry-run", &dry(&bad), "denied", "unknown-key", "") },
    ]);
    cases.extend(tags_and_hooks(images, &created, &case));
    cases
}

impl Case {
    /// The same, with one more image in front.
    fn with(mut self, field: &str, reason: &'static str) -> Self {
        self.images.insert(0, (field.to_owned(), reason));
        self
    }
}
