//! Requests to an API server, each with its answer: the bypasses that admission controllers have had, and the rules.

mod broken;
mod objects;
mod requests;
mod tags;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::images::{REGISTRY, image, json_text, signed, without_manifest};
use crate::keys::Keys;
use crate::manifests::{self, Manifest};

/// The registry of the cluster.
pub(crate) const CLUSTER: &str = "image-registry.openshift-image-registry.svc:5000";

/// A request and what is to come of it.
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) hook: &'static str,
    pub(crate) request: String,
    /// `allowed`, `denied`, `undecided`; or `refused`, where it cannot be answered at all.
    pub(crate) ruling: &'static str,
    pub(crate) reason: &'static str,
    /// The fields that were judged, with their reasons.
    pub(crate) images: Vec<(String, &'static str)>,
    /// What images are pinned to.
    pub(crate) pins: Vec<String>,
    pub(crate) warnings: usize,
    pub(crate) note: &'static str,
}

impl Case {
    /// A request to validate, of which no image is told.
    pub(crate) fn new(
        file: &str,
        request: String,
        ruling: &'static str,
        reason: &'static str,
        note: &'static str,
    ) -> Self {
        let (images, pins) = (Vec::new(), Vec::new());
        Self {
            file: format!("{file}.json"),
            hook: "validate",
            request,
            ruling,
            reason,
            images,
            pins,
            warnings: 0,
            note,
        }
    }
}

/// The images that requests name.
pub(crate) struct Images {
    /// Signed.
    pub(crate) frontend: Manifest,
    /// Signed by somebody who is not trusted.
    pub(crate) search: Manifest,
    /// Not signed, and exempt.
    pub(crate) batch: Manifest,
    /// Signed by a trusted key, for another image.
    pub(crate) payments: Manifest,
    /// In no export.
    pub(crate) unknown: Manifest,
}

impl Images {
    /// The signed image as a Pod should name it.
    pub(crate) fn good(&self) -> String {
        format!("{REGISTRY}/frontend@{}", self.frontend.digest)
    }

    /// An image that nobody trusted signed.
    pub(crate) fn bad(&self) -> String {
        format!("{REGISTRY}/search@{}", self.search.digest)
    }
}

pub(crate) fn write(dir: &Path, keys: &Keys) {
    let [frontend, search, batch, payments, unknown] =
        ["frontend", "search", "batch", "payments", "unknown"].map(manifests::schema_2);
    let images = Images { frontend, search, batch, payments, unknown };
    fs::write(dir.join("export.json"), json_text(&export(&images, keys))).unwrap();
    fs::write(dir.join("policy.yaml"), policy(&images)).unwrap();
    let mut cases = requests::all(&images);
    cases.extend(objects::all(&images));
    cases.extend(broken::all(&images));
    let mut sheet = Vec::new();
    for case in &cases {
        fs::write(dir.join(&case.file), &case.request).unwrap();
        let fields: Vec<_> = case.images.iter().map(|(field, reason)| json!([field, reason])).collect();
        let mut row = json!({ "file": case.file, "hook": case.hook, "ruling": case.ruling, "reason": case.reason });
        if !fields.is_empty() {
            row["images"] = fields.into();
        }
        if !case.pins.is_empty() {
            row["pins"] = case.pins.clone().into();
        }
        if case.warnings > 0 {
            row["warnings"] = case.warnings.into();
        }
        if !case.note.is_empty() {
            row["note"] = case.note.into();
        }
        sheet.push(format!("    {row}"));
    }
    let sheet = format!(
        "{{\n  \"at\": \"2026-06-01T00:00:00Z\",\n  \"carriers\": [\"tasks.example.com=spec.steps[*].image\", \
         \"tasks.example.com=spec.pod\", \"configmaps\"],\n  \"cases\": [\n{}\n  ]\n}}\n",
        sheet.join(",\n")
    );
    fs::write(dir.join("cases.json"), sheet).unwrap();
}

/// What the cluster holds: images, the tags of a stream, and namespaces.
fn export(images: &Images, keys: &Keys) -> Value {
    let sign = |key: &str, name: &str, image: &str, digest: &str| {
        signed(keys.get(key), image, &format!("{REGISTRY}/{name}:1.0.0"), digest)
    };
    let Images { frontend, search, batch, payments, .. } = images;
    let mut items = vec![
        without_manifest(image(
            "frontend",
            frontend,
            &[sign("release", "frontend", &frontend.digest, &frontend.digest)],
        )),
        without_manifest(image("search", search, &[sign("attacker", "search", &search.digest, &search.digest)])),
        without_manifest(image("batch", batch, &[])),
        without_manifest(image(
            "payments",
            payments,
            &[sign("release", "payments", &payments.digest, &frontend.digest)],
        )),
    ];
    let tag = |tag: &str, image: &Manifest| {
        json!({ "tag": tag, "items": [{
            "created": "2024-03-01T12:05:00Z",
            "dockerImageReference": format!("{CLUSTER}/shop/frontend@{}", image.digest),
            "image": image.digest,
            "generation": 1,
        }] })
    };
    items.push(json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": { "namespace": "shop", "name": "frontend" },
        "spec": { "lookupPolicy": { "local": false } },
        "status": {
            "dockerImageRepository": format!("{CLUSTER}/shop/frontend"),
            "tags": [tag("1.0.0", frontend), tag("nightly", search), tag("latest", frontend)],
        },
    }));
    let namespace = |name: &str, env: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": { "env": env } } });
    items.extend([namespace("shop", "test"), namespace("prod", "prod")]);
    json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } })
}

fn policy(images: &Images) -> String {
    format!(
        "# What the requests beside this are judged by.
apiVersion: vidimus.dev/v1alpha1
kind: SignaturePolicy
metadata:
  name: admission
spec:
  keyrings:
    shop:
      keys:
      - file: ../keys/release.asc
  rules:
  - name: shop
    scope: {{images: [\"{REGISTRY}/**\"]}}
    require:
      signedBy: {{keyring: shop}}
  - name: cluster
    scope: {{images: [\"{CLUSTER}/shop/**\"]}}
    require:
      signedBy:
        keyring: shop
        identity: {{type: remapIdentity, prefix: \"{CLUSTER}\", signedPrefix: registry.example.com, match: matchRepository}}
  - name: base
    scope: {{images: [\"docker.io/library/**\"]}}
    require:
      insecureAcceptAnything: {{}}
  - name: staging
    scope: {{images: [\"registry.example.com/staging/**\"]}}
    mode: warn
    require:
      signedBy: {{keyring: shop}}
  - name: lab
    scope: {{images: [\"registry.example.com/lab/**\"]}}
    mode: audit
    require:
      signedBy: {{keyring: shop}}
  - name: vendor
    scope: {{images: [\"registry.example.com/vendor/**\"]}}
    require:
      not: {{digestIn: [\"{}\"]}}
  - name: tiers
    scope:
      images: [\"registry.example.com/tiers/**\"]
      namespaceSelector:
        matchLabels: {{env: prod}}
    require:
      insecureAcceptAnything: {{}}
  exemptions:
  - scope: {{images: [\"{REGISTRY}/batch\"]}}
    reason: \"OPS-42: signed with the next release\"
    expires: \"2027-01-01\"
",
        images.search.digest
    )
}

/// A request, in the form in which an API server writes it.
pub(crate) fn review(operation: &str, resource: &str, namespace: &str, object: &Value, old: &Value) -> Value {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let of = if object.is_null() { old } else { object };
    let kind = json!({ "group": group, "version": "v1", "kind": of["kind"] });
    let resource = json!({ "group": group, "version": "v1", "resource": resource });
    let mut request = json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "name": of["metadata"]["name"],
        "operation": operation,
        "userInfo": { "username": "system:serviceaccount:shop:deployer", "groups": ["system:authenticated"] },
        "object": object,
        "oldObject": old,
        "dryRun": false,
        "options": { "kind": format!("{}{}Options", &operation[..1], operation[1..].to_lowercase()), "apiVersion": "meta.k8s.io/v1" },
    });
    if !namespace.is_empty() {
        request["namespace"] = namespace.into();
    }
    if !subresource.is_empty() {
        request["subResource"] = subresource.into();
        request["requestSubResource"] = subresource.into();
    }
    json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request })
}

/// A Pod with one list of containers each: the list, the name and the image.
pub(crate) fn pod(containers: &[(&str, &str, &str)]) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "app", "namespace": "shop" }, "spec": pod_spec(containers) })
}

pub(crate) fn pod_spec(containers: &[(&str, &str, &str)]) -> Value {
    let mut spec = json!({ "serviceAccountName": "app", "nodeSelector": { "kubernetes.io/os": "linux" } });
    for (list, name, image) in containers {
        let element = match *list {
            "volumes" => json!({ "name": name, "image": { "reference": image, "pullPolicy": "IfNotPresent" } }),
            _ => json!({ "name": name, "image": image, "resources": {} }),
        };
        match spec[*list].as_array_mut() {
            Some(elements) => elements.push(element),
            None => spec[*list] = json!([element]),
        }
    }
    spec
}
