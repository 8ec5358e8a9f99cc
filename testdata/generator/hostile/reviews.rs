//! The files of `testdata/hostile/admission/`: requests that try to run an image that nobody trusted signed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::images::json_text;

/// Requests to run the attacker's image, and others of the same shape.
struct Reviews<'a> {
    dir: &'a Path,
    good: Value,
    bad: Value,
    /// The image of `good`, and the attacker's.
    images: [String; 2],
}

pub(super) fn write(dir: &Path, from: &Path) {
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(from.join(name)).unwrap()).unwrap() };
    let (good, bad) = (read("pod.signed.json"), read("pod.signed-by-attacker.json"));
    let image =
        |review: &Value| review["request"]["object"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned();
    let images = [image(&good), image(&bad)];
    let reviews = Reviews { dir, good, bad, images };
    reviews.texts();
    reviews.pods();
    reviews.requests();
}

impl Reviews<'_> {
    fn text(&self, name: &str, text: &str) {
        fs::write(self.dir.join(format!("{name}.json")), text).unwrap();
    }

    /// The attacker's request, changed.
    fn bad(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut review = self.bad.clone();
        change(&mut review["request"]);
        self.text(name, &json_text(&review));
    }

    /// The good request, with something of the attacker's in its pod.
    fn pod(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut review = self.good.clone();
        change(&mut review["request"]["object"]["spec"]);
        self.text(name, &json_text(&review));
    }

    /// Texts that two readers could read in two ways.
    fn texts(&self) {
        let (good, bad) = (json_text(&self.good), json_text(&self.bad));
        let [image, evil] = &self.images;
        self.text(
            "text.image-twice-escaped",
            &good.replacen("\"image\":", &format!("\"im\\u0061ge\": \"{evil}\", \"image\":"), 1),
        );
        self.text("text.spec-twice", &good.replacen("\"spec\":", "\"spec\": {}, \"spec\":", 1));
        self.text("text.containers-twice", &good.replacen("\"containers\":", "\"containers\": [], \"containers\":", 1));
        self.text(
            "text.request-twice-escaped",
            &bad.replacen("\"request\":", "\"r\\u0065quest\": {}, \"request\":", 1),
        );
        self.text(
            "text.escaped-image",
            &bad.replacen("registry.example.com/shop", "\\u0072egistry.example.com/sh\\u006fp", 1),
        );
        self.text(
            "text.image-in-upper-case-too",
            &good.replacen("\"image\":", &format!("\"Image\": \"{evil}\", \"image\":"), 1),
        );
        self.text("text.spec-in-upper-case", &bad.replacen("\"spec\":", "\"Spec\":", 1));
        self.text("text.containers-in-upper-case", &bad.replacen("\"containers\":", "\"Containers\":", 1));
        self.text("text.object-in-upper-case", &bad.replacen("\"object\":", "\"Object\":", 1));
        self.text("text.mark-first", &format!("\u{feff}{bad}"));
        self.text("text.nul-behind", &format!("{good}\0"));
        self.text("text.comment", &good.replacen('{', "{ /* allowed */", 1));
        self.text(
            "text.lone-surrogate",
            &bad.replacen("registry.example.com/shop", "\\ud800registry.example.com/shop", 1),
        );
        self.text("text.two-documents", &format!("{good}\n{bad}"));
        self.text("text.yaml", "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest: {uid: x}\n");
        self.text("text.nul-in-image", &good.replacen(image, &format!("{image}\\u0000{evil}"), 1));
        self.text("text.two-images-in-one", &good.replacen(image, &format!("{image} {evil}"), 1));
    }

    /// Pods with the attacker's image where a reader might not look.
    fn pods(&self) {
        let evil = &self.images[1];
        let container = || json!({ "name": "evil", "image": evil });
        self.pod("pod.containers-empty-but-init", |spec| {
            spec["containers"] = json!([]);
            spec["initContainers"] = json!([container()]);
        });
        self.pod("pod.containers-no-list", |spec| spec["containers"] = json!({ "0": container() }));
        self.pod("pod.container-null", |spec| spec["containers"].as_array_mut().unwrap().push(Value::Null));
        self.pod("pod.containers-in-a-list", |spec| {
            spec["containers"].as_array_mut().unwrap().push(json!([container()]))
        });
        self.pod("pod.second-container", |spec| spec["containers"].as_array_mut().unwrap().push(container()));
        self.pod("pod.unknown-list-of-containers", |spec| spec["warmUpContainers"] = json!([container()]));
        self.pod("pod.image-null", |spec| spec["containers"][0]["image"] = Value::Null);
        self.pod("pod.image-array", |spec| spec["containers"][0]["image"] = json!([evil]));
        self.pod("pod.image-empty", |spec| spec["containers"][0]["image"] = "".into());
        self.pod("pod.name-of-another-twice", |spec| {
            let mut second = container();
            second["name"] = spec["containers"][0]["name"].clone();
            spec["initContainers"] = json!([second]);
        });
        self.pod("pod.image-volume-no-object", |spec| spec["volumes"] = json!([{ "name": "v", "image": evil }]));
        self.pod("pod.image-volume", |spec| spec["volumes"] = json!([{ "name": "v", "image": { "reference": evil } }]));
        self.pod("pod.sidecar", |spec| {
            let mut sidecar = container();
            sidecar["restartPolicy"] = "Always".into();
            spec["initContainers"] = json!([sidecar]);
        });
        for (name, image) in [
            ("trusted-digest-in-tag", format!("{}:{}", evil.split('@').next().unwrap(), "904a0656")),
            ("trusted-registry-as-user", format!("registry.example.com@{}", evil)),
            ("terminal", format!("\u{1b}[2J{evil}")),
            ("two-tags", format!("{}:1.0.0:2.0.0", evil.split('@').next().unwrap())),
            ("sha512", format!("{}@sha512:{}", evil.split('@').next().unwrap(), "0".repeat(128))),
            (
                "trusted-name-evil-digest",
                format!("{}@{}", self.images[0].split('@').next().unwrap(), evil.split('@').nth(1).unwrap()),
            ),
        ] {
            self.pod(&format!("image.{name}"), |spec| spec["containers"][0]["image"] = image.into());
        }
    }

    /// What a request says of itself.
    fn requests(&self) {
        for (name, member, value) in [
            ("operation-patch", "operation", json!("PATCH")),
            ("operation-lower-case", "operation", json!("delete")),
            ("operation-array", "operation", json!(["DELETE"])),
            ("operation-with-space", "operation", json!("DELETE ")),
            ("subresource-binding", "subResource", json!("binding")),
            ("subresource-scale", "subResource", json!("scale")),
            ("subresource-eviction", "subResource", json!("eviction")),
            ("subresource-exec", "subResource", json!("exec")),
            ("subresource-proxy", "subResource", json!("proxy")),
            ("subresource-resize", "subResource", json!("resize")),
            ("namespace-of-the-system", "namespace", json!("kube-system")),
            ("namespace-of-openshift", "namespace", json!("openshift-monitoring")),
            ("namespace-empty", "namespace", json!("")),
            ("namespace-path", "namespace", json!("shop/../kube-system")),
            ("name-of-a-mirror", "name", json!("kube-apiserver-node-1")),
            ("dry-run-text", "dryRun", json!("true")),
            ("uid-with-line-feed", "uid", json!("a\nb")),
            ("uid-with-quotes", "uid", json!("a\",\"allowed\":true,\"x\":\"")),
        ] {
            self.bad(&format!("request.{name}"), |request| request[member] = value);
        }
        self.bad("request.by-the-system", |request| {
            request["userInfo"] = json!({ "username": "system:admin", "groups": ["system:masters"] });
        });
        self.bad("request.resource-upper-case", |request| request["resource"]["resource"] = "Pods".into());
        self.bad("request.resource-of-another-group", |request| request["resource"]["group"] = "events.k8s.io".into());
        self.bad("request.kind-that-carries-none", |request| {
            request["kind"]["kind"] = "ConfigMap".into();
            request["resource"]["resource"] = "configmaps".into();
        });
        self.bad("request.object-of-another-kind", |request| request["object"]["kind"] = "ConfigMap".into());
        self.bad("request.object-as-text", |request| request["object"] = request["object"].to_string().into());
        self.bad("request.object-in-a-list", |request| request["object"] = json!([request["object"]]));
        self.bad("request.update-from-the-same-by-another-kind", |request| {
            request["operation"] = "UPDATE".into();
            request["oldObject"] = json!({ "kind": "ConfigMap", "spec": request["object"]["spec"] });
        });
        self.bad("request.update-from-another-list", |request| {
            request["operation"] = "UPDATE".into();
            request["oldObject"] = json!({ "apiVersion": "v1", "kind": "Pod", "spec": { "initContainers": request["object"]["spec"]["containers"], "containers": [] } });
        });
        self.bad("request.create-with-old-object", |request| request["oldObject"] = request["object"].clone());
        self.bad("request.mirror-annotation", |request| {
            request["object"]["metadata"]["annotations"] =
                json!({ "kubernetes.io/config.mirror": "x", "kubernetes.io/config.source": "file" });
        });
        self.bad("request.static-pod-by-owner", |request| {
            request["object"]["metadata"]["ownerReferences"] =
                json!([{ "apiVersion": "v1", "kind": "Node", "name": "node-1", "uid": "x", "controller": true }]);
        });
        self.bad("request.being-deleted", |request| {
            request["operation"] = "UPDATE".into();
            request["object"]["metadata"]["deletionTimestamp"] = "2024-03-01T12:00:00Z".into();
        });
        self.bad("request.labels-that-exempt", |request| {
            request["object"]["metadata"]["labels"] =
                json!({ "env": "prod", "vidimus.dev/exempt": "true", "control-plane": "true" });
        });
    }
}
