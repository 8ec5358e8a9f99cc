//! Where images stand: each list of a pod, each kind that has a pod's template, and kinds that are not known.

use serde_json::{Value, json};

use super::{CLUSTER, Case, Images, pod, pod_spec, review};
use crate::images::json_text;

pub(super) fn all(images: &Images) -> Vec<Case> {
    let (good, bad) = (images.good(), images.bad());
    let case =
        |file: &str, request: &Value, ruling, reason, note| Case::new(file, json_text(request), ruling, reason, note);
    let created = |resource: &str, object: &Value| review("CREATE", resource, "shop", object, &Value::Null);
    let mut cases = Vec::new();

    // Each list of a pod that is not `containers`; the last one no Kubernetes has yet.
    for (list, field, note) in [
        ("initContainers", "spec.initContainers[0].image", ""),
        ("ephemeralContainers", "spec.ephemeralContainers[0].image", "CVE-2023-2727"),
        ("volumes", "spec.volumes[0].image.reference", "image volumes"),
        ("sandboxContainers", "spec.sandboxContainers[0].image", "a list that a later Kubernetes may add"),
    ] {
        let object = pod(&[("containers", "app", &good), (list, "more", &bad)]);
        cases.push(Case {
            images: vec![("spec.containers[0].image".to_owned(), "verified"), (field.to_owned(), "unknown-key")],
            ..case(&format!("bypass.{list}"), &created("pods", &object), "denied", "unknown-key", note)
        });
    }

    // Each kind with a template.
    let spec = |image: &str| pod_spec(&[("containers", "app", image)]);
    let template = |image: &str| json!({ "metadata": { "labels": { "app": "app" } }, "spec": spec(image) });
    let object = |api_version: &str, kind: &str, spec: Value| json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "app", "namespace": "shop" }, "spec": spec });
    let of_template =
        |api_version: &str, kind: &str| object(api_version, kind, json!({ "replicas": 0, "template": template(&bad) }));
    let in_template = "spec.template.spec.containers[0].image";
    let mut pod_template = object("v1", "PodTemplate", Value::Null);
    pod_template["template"] = template(&bad);
    let jobs = json!({ "schedule": "@daily", "jobTemplate": { "spec": { "template": template(&bad) } } });
    for (resource, object, field) in [
        ("podtemplates", pod_template, "template.spec.containers[0].image"),
        ("replicationcontrollers", of_template("v1", "ReplicationController"), in_template),
        ("deployments.apps", of_template("apps/v1", "Deployment"), in_template),
        ("deployments.extensions", of_template("extensions/v1beta1", "Deployment"), in_template),
        ("replicasets.apps", of_template("apps/v1", "ReplicaSet"), in_template),
        ("statefulsets.apps", of_template("apps/v1", "StatefulSet"), in_template),
        ("daemonsets.apps", of_template("apps/v1", "DaemonSet"), in_template),
        ("jobs.batch", of_template("batch/v1", "Job"), in_template),
        (
            "cronjobs.batch",
            object("batch/v1", "CronJob", jobs),
            "spec.jobTemplate.spec.template.spec.containers[0].image",
        ),
        ("deploymentconfigs.apps.openshift.io", of_template("apps.openshift.io/v1", "DeploymentConfig"), in_template),
    ] {
        cases.push(Case {
            images: vec![(field.to_owned(), "unknown-key")],
            ..case(
                &format!("kind.{resource}"),
                &created(resource, &object),
                "denied",
                "unknown-key",
                "no replicas are no leave: they are scaled up later",
            )
        });
    }
    let mut custom = object("apps.openshift.io/v1", "DeploymentConfig", json!({ "template": template(&good) }));
    custom["spec"]["strategy"] = json!({ "type": "Custom", "customParams": { "image": bad } });
    let blank = object("apps.openshift.io/v1", "DeploymentConfig", json!({ "template": template(" ") }));
    let tagged =
        object("apps/v1", "Deployment", json!({ "template": template(&format!("{CLUSTER}/shop/frontend:1.0.0")) }));
    let scaled =
        |replicas: u32| object("apps/v1", "Deployment", json!({ "replicas": replicas, "template": template(&bad) }));
    let other = |list: &str, image: &str| {
        object(
            "apps/v1",
            "Deployment",
            json!({ "replicas": 1, "template": { "spec": pod_spec(&[(list, "app", image)]) } }),
        )
    };
    cases.extend([
        Case {
            images: vec![
                ("spec.strategy.customParams.image".to_owned(), "unknown-key"),
                (in_template.to_owned(), "verified"),
            ],
            ..case(
                "bypass.custom-strategy",
                &created("deploymentconfigs.apps.openshift.io", &custom),
                "denied",
                "unknown-key",
                "",
            )
        },
        case(
            "blank-image-in-template",
            &created("deploymentconfigs.apps.openshift.io", &blank),
            "allowed",
            "carries-none",
            "an image trigger fills it in; what comes of it is judged",
        ),
        Case {
            images: vec![("spec.containers[0].image".to_owned(), "invalid-reference")],
            ..case(
                "bypass.blank-image-in-pod",
                &created("pods", &pod(&[("containers", "app", "")])),
                "denied",
                "invalid-reference",
                "",
            )
        },
        Case {
            images: vec![(in_template.to_owned(), "verified")],
            ..case(
                "tag.in-template",
                &created("deployments.apps", &tagged),
                "allowed",
                "verified",
                "its pods are judged, and must be pinned",
            )
        },
        case(
            "update.replicas",
            &review("UPDATE", "deployments.apps", "shop", &scaled(3), &scaled(0)),
            "allowed",
            "unchanged",
            "",
        ),
        Case {
            images: vec![(in_template.to_owned(), "unknown-key")],
            ..case(
                "bypass.image-changed-by-name",
                &review("UPDATE", "deployments.apps", "shop", &other("containers", &bad), &other("containers", &good)),
                "denied",
                "unknown-key",
                "",
            )
        },
    ]);

    // Declared kinds, and unknown ones.
    let task = |spec: Value| object("example.com/v1", "Task", spec);
    let step = |image: &str| json!({ "steps": [{ "name": "a", "image": good }, { "name": "b", "image": image }] });
    let config =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "app" }, "data": { "image": bad } });
    cases.extend([
        Case {
            images: vec![
                ("spec.steps[0].image".to_owned(), "verified"),
                ("spec.steps[1].image".to_owned(), "unknown-key"),
            ],
            ..case("declared.images", &created("tasks.example.com", &task(step(&bad))), "denied", "unknown-key", "")
        },
        Case {
            images: vec![("spec.pod.spec.initContainers[0].image".to_owned(), "unknown-key")],
            ..case(
                "declared.template",
                &created(
                    "tasks.example.com",
                    &task(json!({ "pod": { "spec": pod_spec(&[("initContainers", "app", &bad)]) } })),
                ),
                "denied",
                "unknown-key",
                "",
            )
        },
        case(
            "bypass.declared-without-images",
            &created("tasks.example.com", &task(json!({ "stages": [{ "image": bad }] }))),
            "denied",
            "no-images",
            "a place that is not where it was said to be is no leave",
        ),
        case("declared.carries-none", &created("configmaps", &config), "allowed", "carries-none", ""),
        case(
            "bypass.unknown-kind",
            &created("jobs.example.com", &object("example.com/v1", "Job", json!({ "template": template(&good) }))),
            "denied",
            "unknown-kind",
            "not even with a name that is known elsewhere",
        ),
        case(
            "bypass.kind-of-another-resource",
            &created("pods", &of_template("apps/v1", "Deployment")),
            "denied",
            "malformed-object",
            "",
        ),
    ]);
    cases
}
