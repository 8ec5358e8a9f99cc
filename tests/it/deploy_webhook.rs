//! What is deployed for the webhook fits together. Whether Kubernetes knows its fields is checked by `.ci/run`.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;
use serde_json::Value;
use vidimus::admission::{Kinds, Review};

const FOLDERS: [&str; 6] = ["server", "export", "webhooks/audit", "webhooks/enforce", "openshift", "monitoring"];

fn text(file: &str) -> String {
    fs::read_to_string(format!("deploy/webhook/{file}")).unwrap()
}

fn manifest(file: &str) -> Value {
    serde_saphyr::from_str(&text(file)).unwrap()
}

#[derive(Deserialize)]
struct Kustomization {
    resources: Vec<String>,
}

#[test]
fn every_manifest_is_in_a_kustomization_and_nothing_else_is() {
    for folder in FOLDERS {
        let kustomization: Kustomization =
            serde_saphyr::from_str(&text(&format!("{folder}/kustomization.yaml"))).unwrap();
        let listed: BTreeSet<_> = kustomization.resources.into_iter().filter(|name| !name.starts_with("../")).collect();
        let files = fs::read_dir(format!("deploy/webhook/{folder}")).unwrap();
        let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<_> = files.filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml").collect();
        assert_eq!(listed, files, "{folder}");
    }
}

/// The webhook of each configuration: the file, what becomes of a failed call, and the path.
const WEBHOOKS: [(&str, &str, &str); 4] = [
    ("webhooks/audit/audit.yaml", "Ignore", "/audit"),
    ("webhooks/audit/warn.yaml", "Ignore", "/warn"),
    ("webhooks/enforce/enforce.yaml", "Fail", "/validate"),
    ("webhooks/enforce/pin.yaml", "Fail", "/mutate"),
];

#[test]
fn a_webhook_that_denies_does_so_where_it_cannot_ask_and_cannot_lock_itself_out() {
    let service = manifest("server/service.yaml");
    for (file, failure, path) in WEBHOOKS {
        let configuration = manifest(file);
        let [webhook] = configuration["webhooks"].as_array().unwrap().as_slice() else {
            panic!("{file}: not one webhook")
        };
        assert_eq!((&webhook["failurePolicy"], &webhook["sideEffects"]), (&failure.into(), &"None".into()), "{file}");
        assert_eq!(webhook["matchPolicy"], "Equivalent", "{file}: other versions of a kind go round it");
        assert_eq!(webhook["admissionReviewVersions"], Value::from(vec!["v1"]), "{file}");
        assert!(webhook["timeoutSeconds"].as_u64().unwrap() <= 5, "{file}");
        assert!(webhook.get("objectSelector").is_none(), "{file}: whoever writes an object writes its labels");
        let called = &webhook["clientConfig"]["service"];
        assert_eq!(called["path"], path, "{file}");
        assert_eq!(
            (&called["name"], &called["namespace"]),
            (&service["metadata"]["name"], &service["metadata"]["namespace"])
        );
        let [guard] = webhook["namespaceSelector"]["matchExpressions"].as_array().unwrap().as_slice() else {
            panic!("{file}: not one guard")
        };
        assert_eq!(
            (&guard["key"], &guard["operator"]),
            (&"kubernetes.io/metadata.name".into(), &"NotIn".into()),
            "{file}"
        );
        assert!(guard["values"].as_array().unwrap().contains(&service["metadata"]["namespace"]), "{file}");
        for rule in webhook["rules"].as_array().unwrap() {
            assert_eq!(rule["operations"], Value::from(vec!["CREATE", "UPDATE"]), "{file}");
        }
    }
    assert_eq!(manifest("webhooks/enforce/pin.yaml")["webhooks"][0]["reinvocationPolicy"], "IfNeeded");
}

#[test]
fn webhooks_are_asked_about_what_is_known_to_carry_images_and_about_nothing_else() {
    let asked = |file: &str| -> BTreeSet<String> {
        let configuration = manifest(file);
        let rules = configuration["webhooks"][0]["rules"].as_array().unwrap().clone();
        let named = |rule: &Value| {
            let group = rule["apiGroups"][0].as_str().unwrap().to_owned();
            let resources = rule["resources"].as_array().unwrap().clone();
            resources
                .into_iter()
                .map(move |resource| format!("{}|{group}", resource.as_str().unwrap()))
                .collect::<Vec<_>>()
        };
        rules.iter().flat_map(named).collect()
    };
    let pods = BTreeSet::from(["pods|".to_owned(), "pods/ephemeralcontainers|".to_owned()]);
    for file in ["webhooks/audit/audit.yaml", "webhooks/enforce/enforce.yaml", "webhooks/enforce/pin.yaml"] {
        assert_eq!(asked(file), pods, "{file}");
    }
    // What the requests of the test data show to be built in.
    let known = fs::read_dir("testdata/admission").unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let resource = name.strip_prefix("kind.")?.strip_suffix(".json")?;
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        (group != "extensions").then(|| format!("{resource}|{group}"))
    });
    assert_eq!(asked("webhooks/audit/warn.yaml"), known.collect::<BTreeSet<_>>());
    let request = fs::read("testdata/admission/pod.signed.json").unwrap();
    assert_eq!(Review::read(&request, &Kinds::default()).unwrap().resource(), "pods");
}

#[test]
fn the_server_may_do_no_more_than_it_needs() {
    let deployment = manifest("server/deployment.yaml");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    for (value, expected) in [
        (&pod["securityContext"]["runAsNonRoot"], Value::from(true)),
        (&pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault".into()),
        (&pod["automountServiceAccountToken"], false.into()),
        (&container["securityContext"]["allowPrivilegeEscalation"], false.into()),
        (&container["securityContext"]["readOnlyRootFilesystem"], true.into()),
        (&container["securityContext"]["capabilities"]["drop"], vec!["ALL"].into()),
        (&manifest("server/serviceaccount.yaml")["automountServiceAccountToken"], false.into()),
        (&manifest("server/networkpolicy.yaml")["spec"]["egress"], Value::Array(Vec::new())),
        (&container["readinessProbe"]["httpGet"]["path"], "/readyz".into()),
        (&container["livenessProbe"]["httpGet"]["path"], "/livez".into()),
    ] {
        assert_eq!(value, &expected);
    }
    let mounts = container["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().all(|mount| mount["readOnly"] == true));
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    for (file, pointer) in [
        ("server/service.yaml", "/spec/selector"),
        ("server/networkpolicy.yaml", "/spec/podSelector/matchLabels"),
        ("server/poddisruptionbudget.yaml", "/spec/selector/matchLabels"),
        ("server/deployment.yaml", "/spec/selector/matchLabels"),
    ] {
        assert_eq!(manifest(file).pointer(pointer), Some(labels), "{file}");
    }
    assert_eq!(manifest("monitoring/servicemonitor.yaml").pointer("/spec/selector/matchLabels"), Some(labels));
    let seconds = |name: &str| -> u64 {
        let arguments = container["args"].as_array().unwrap();
        let given = arguments.iter().find_map(|argument| argument.as_str().unwrap().strip_prefix(name)).unwrap();
        given.trim_end_matches('s').parse().unwrap()
    };
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(grace > seconds("--shutdown-delay=") + seconds("--drain="), "the server is killed before it is done");
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_are_there() {
    let metrics = fs::read_to_string("src/server/metrics.rs").unwrap();
    let asked = text("monitoring/alerts.yaml") + &text("monitoring/dashboard.json");
    let _: Value = serde_json::from_str(&text("monitoring/dashboard.json")).unwrap();
    let alerts = manifest("monitoring/alerts.yaml");
    assert!(alerts["spec"]["groups"][0]["rules"].as_array().unwrap().len() >= 8);
    let mut names = BTreeSet::new();
    for (start, _) in asked.match_indices("vidimus_") {
        let rest = asked.get(start..).unwrap_or_default();
        let name: String =
            rest.chars().take_while(|character| character.is_ascii_lowercase() || *character == '_').collect();
        names.insert(name.trim_end_matches("_bucket").to_owned());
    }
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(metrics.contains(&format!("\"{name}\"")), "{name}");
    }
}
