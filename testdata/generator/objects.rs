//! The files of `testdata/images/`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::images::{
    MIRROR, REGISTRY, frontend, image, json_text, record, sha256, signed, without_manifest, yaml_text,
};
use crate::keys::Keys;
use crate::manifests::{self, Manifest};
use crate::time;

/// One image, signed for its own registry and for a mirror, and every way to carry and to bend it.
struct Objects<'a> {
    dir: &'a Path,
    keys: &'a Keys,
    frontend: Manifest,
    image: Value,
}

pub(crate) fn write(dir: &Path, keys: &Keys) {
    let frontend = frontend();
    let image = image("frontend", &frontend, &for_both_registries(keys, "frontend", &frontend));
    let objects = Objects { dir, keys, frontend, image };
    objects.carriers();
    objects.lists_and_unknown_members();
    objects.conditions();
    objects.informative_fields();
    objects.manifests();
    objects.records();
    objects.broken();
}

/// Two signatures, as real images have them: for the image's own registry, and for another.
fn for_both_registries(keys: &Keys, name: &str, of: &Manifest) -> [Value; 2] {
    [REGISTRY, MIRROR].map(|host| signed(keys.get("release"), &of.digest, &format!("{host}/{name}:1.0.0"), &of.digest))
}

impl Objects<'_> {
    fn text(&self, name: &str, text: &str) {
        fs::write(self.dir.join(name), text).unwrap();
    }

    fn json(&self, name: &str, value: &Value) {
        self.text(&format!("{name}.json"), &json_text(value));
    }

    /// The image with something changed.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut image = self.image.clone();
        change(&mut image);
        self.json(name, &image);
    }

    /// The image with one record, of its own registry's signature, and something changed in that.
    fn record(&self, name: &str, change: impl FnOnce(&mut Value)) {
        self.changed(name, |image| {
            let mut record = image["signatures"][0].clone();
            change(&mut record);
            *image = without_manifest(image.take());
            image["signatures"] = json!([record]);
        });
    }

    /// The image as a member of another object: without kind and version.
    fn inner(&self) -> Value {
        let mut image = without_manifest(self.image.clone());
        let object = image.as_object_mut().unwrap();
        object.shift_remove("kind");
        object.shift_remove("apiVersion");
        image
    }

    fn carriers(&self) {
        let bare = without_manifest(self.image.clone());
        let backend = manifests::schema_2("backend");
        let other = without_manifest(image("backend", &backend, &for_both_registries(self.keys, "backend", &backend)));
        self.json("image", &self.image);
        self.json("image.no-manifest", &bare);
        self.text("image.yaml", &yaml_text(&self.image));
        let carrier = |kind: &str, name: &str| json!({ "kind": kind, "apiVersion": "image.openshift.io/v1", "metadata": { "name": name, "namespace": "shop" }, "image": self.inner() });
        self.json("imagestreamimage", &carrier("ImageStreamImage", &format!("frontend@{}", self.frontend.digest)));
        let mut tag = carrier("ImageStreamTag", "frontend:1.0.0");
        tag["tag"] = Value::Null;
        tag["generation"] = 2.into();
        tag["lookupPolicy"] = json!({ "local": false });
        self.text("imagestreamtag.yaml", &yaml_text(&tag));
        let mut mapping = carrier("ImageStreamMapping", "frontend");
        mapping["tag"] = "1.0.0".into();
        self.json("imagestreammapping", &mapping);
        let list = |kind: &str, version: &str, items: Value| json!({ "kind": kind, "apiVersion": version, "metadata": { "resourceVersion": "" }, "items": items });
        self.json(
            "imagelist",
            &list("ImageList", "image.openshift.io/v1", json!([self.nameless(&bare), self.nameless(&other)])),
        );
        self.json("list", &list("List", "v1", json!([bare, other])));
        self.json("list.mixed", &list("List", "v1", json!([bare, tag, { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "not-an-image" }, "data": {} }])));
        self.json("list.empty", &list("List", "v1", json!([])));
        self.json("list.items-null", &list("List", "v1", Value::Null));
        self.json("list.broken-item", &list("List", "v1", json!([bare, { "apiVersion": "image.openshift.io/v1", "kind": "Image", "metadata": { "name": 7 }, "signatures": "none" }, other])));
        let text = json_text(&list("List", "v1", json!([bare, other])));
        self.text("list.truncated.json", &text[..text.len() * 3 / 4]);
        self.text("images.ndjson", &format!("{bare}\n{other}\n"));
        self.text("images.yaml", &format!("---\n{}---\n{}", yaml_text(&bare), yaml_text(&other)));
        self.text(
            "images.crlf.yaml",
            &format!("---\n{}---\n{}", yaml_text(&bare), yaml_text(&other)).replace('\n', "\r\n"),
        );
        self.changed("legacy-v1", |image| image["apiVersion"] = "v1".into());
        self.changed("other-version", |image| image["apiVersion"] = "image.openshift.io/v2".into());
        self.json("conflict", &list("List", "v1", json!([bare, { "apiVersion": "image.openshift.io/v1", "kind": "Image", "metadata": bare["metadata"], "dockerImageReference": bare["dockerImageReference"] }])));
    }

    fn nameless(&self, image: &Value) -> Value {
        let mut image = image.clone();
        let object = image.as_object_mut().unwrap();
        object.shift_remove("kind");
        object.shift_remove("apiVersion");
        image
    }

    fn lists_and_unknown_members(&self) {
        let lists = ["dockerImageLayers", "signatures", "dockerImageSignatures", "dockerImageManifests"];
        self.changed("null-lists", |image| lists.iter().for_each(|list| image[*list] = Value::Null));
        self.changed("empty-lists", |image| lists.iter().for_each(|list| image[*list] = json!([])));
        self.changed("absent-lists", |image| {
            lists.iter().for_each(|list| drop(image.as_object_mut().unwrap().shift_remove(*list)));
        });
        self.changed("unknown-members", |image| {
            let unknown = json!({ "a": [1, 2.50, 1e3, "\u{2028}</script>"], "b": null });
            image["unknown"] = unknown.clone();
            image["metadata"]["unknown"] = unknown.clone();
            image["metadata"]["managedFields"] = json!([{ "manager": "openshift-apiserver", "operation": "Update" }]);
            image["dockerImageLayers"][0]["unknown"] = unknown.clone();
            image["signatures"][0]["unknown"] = unknown.clone();
            image["signatures"][0]["metadata"]["unknown"] = unknown.clone();
            image["signatures"][0]["issuedBy"] = json!({ "unknown": unknown });
            image["signatures"][0]["conditions"] =
                json!([{ "type": "Complete", "status": "False", "unknown": unknown }]);
        });
    }

    fn conditions(&self) {
        let condition = |kind: &str, status: &str, reason: &str| json!({ "type": kind, "status": status, "lastProbeTime": "2024-04-01T00:00:00Z", "lastTransitionTime": "2024-03-15T00:00:00Z", "reason": reason, "message": "as found earlier" });
        let set = |name: &str, conditions: Value| self.record(name, |record| record["conditions"] = conditions);
        set(
            "conditions.verified",
            json!([condition("Complete", "True", "Verified"), condition("Failed", "False", "Verified")]),
        );
        set(
            "conditions.failed",
            json!([condition("Complete", "False", "UnknownKey"), condition("Failed", "True", "UnknownKey")]),
        );
        set(
            "conditions.other-types",
            json!([
                condition("Trusted", "True", "manually verified"),
                condition("ForImage", "True", ""),
                condition("Expired", "False", ""),
                condition("Complete", "False", "UnknownKey"),
                condition("Failed", "True", "UnknownKey"),
            ]),
        );
        set(
            "conditions.null-times",
            json!([{ "type": "Complete", "status": "True", "lastProbeTime": null, "lastTransitionTime": null }]),
        );
        set(
            "conditions.twice",
            json!([condition("Complete", "True", "Verified"), condition("Complete", "False", "UnknownKey")]),
        );
        self.changed("conditions.forged", |image| {
            let attacker = self.keys.get("attacker");
            let mut record =
                signed(attacker, &self.frontend.digest, &format!("{REGISTRY}/frontend:1.0.0"), &self.frontend.digest);
            record["conditions"] = json!([
                condition("Trusted", "True", ""),
                condition("ForImage", "True", ""),
                condition("Complete", "True", "Verified"),
                condition("Failed", "False", "Verified")
            ]);
            image["signatures"] = json!([record]);
        });
    }

    fn informative_fields(&self) {
        let release = self.keys.get("release");
        let reference = format!("{REGISTRY}/frontend:1.0.0");
        let fill = |record: &mut Value| {
            record["imageIdentity"] = reference.as_str().into();
            record["signedClaims"] = json!({ "creator": "vidimus testdata", "timestamp": "1709294400" });
            record["created"] = time::SIGNATURES_TEXT.into();
            record["issuedBy"] =
                json!({ "organization": "Example", "commonName": "Example Release Key <release@example.com>" });
            record["issuedTo"] = json!({ "organization": "Example", "commonName": "Example Release Key <release@example.com>", "publicKeyID": release.key_id_text() });
        };
        let filled = |name: &str, change: &dyn Fn(&mut Value)| {
            self.record(&format!("informative.{name}"), |record| {
                fill(record);
                change(record);
            });
        };
        filled("agree", &|_| ());
        filled("identity-differs", &|record| record["imageIdentity"] = format!("{REGISTRY}/backend:1.0.0").into());
        filled("claims-differ", &|record| record["signedClaims"]["creator"] = "somebody else".into());
        filled("created-differs", &|record| record["created"] = "2024-03-02T12:00:00Z".into());
        filled("created-not-a-time", &|record| record["created"] = "yesterday".into());
        filled("created-with-offset", &|record| record["created"] = "2024-03-01T14:00:00+02:00".into());
        let other = self.keys.get("ed25519").key_id_text();
        let key = release.key_id_text();
        let fingerprint = release.fingerprint_text();
        for (name, id) in [
            ("key-id", key.clone()),
            ("key-id.lower-case-0x", format!("0x{}", key.to_lowercase())),
            ("key-id.fingerprint", fingerprint.clone()),
            ("key-id.24-digits", fingerprint[16..].to_owned()),
            ("key-id.other-trusted", other),
            ("key-id.unknown", "0123456789ABCDEF".to_owned()),
            ("key-id.short", key[8..].to_owned()),
            ("key-id.not-hexadecimal", "release@example.com".to_owned()),
            ("key-id.empty", String::new()),
            ("key-id.front-of-fingerprint", fingerprint[..16].to_owned()),
        ] {
            filled(name, &|record| record["issuedTo"]["publicKeyID"] = id.as_str().into());
        }
    }

    fn manifests(&self) {
        self.changed("manifest.not-its-name", |image| {
            image["dockerImageManifest"] = format!("{} ", self.frontend.manifest).into();
        });
        self.changed("manifest.of-another-image", |image| {
            image["dockerImageManifest"] = manifests::schema_2("backend").manifest.into();
        });
        self.changed("manifest.media-type-differs", |image| {
            image["dockerImageManifestMediaType"] = "application/vnd.oci.image.index.v1+json".into();
        });
        self.changed("reference.digest-differs", |image| {
            image["dockerImageReference"] = format!("{REGISTRY}/frontend@{}", sha256(b"another")).into();
        });
        self.changed("reference.with-tag", |image| {
            image["dockerImageReference"] = format!("{REGISTRY}/frontend:1.0.0").into()
        });
        self.changed("reference.other-tag", |image| {
            image["dockerImageReference"] = format!("{REGISTRY}/frontend:2.0.0").into()
        });
        self.changed("reference.empty", |image| image["dockerImageReference"] = "".into());
        self.changed("reference.invalid", |image| image["dockerImageReference"] = "Not A Reference".into());
        self.changed("name.not-a-digest", |image| image["metadata"]["name"] = "frontend".into());
        self.changed("name.other-digest", |image| image["metadata"]["name"] = sha256(b"another").into());
        self.changed("name.absent", |image| drop(image["metadata"].as_object_mut().unwrap().shift_remove("name")));
        self.changed("config.not-its-digest", |image| {
            image["dockerImageConfig"] = format!("{} ", self.frontend.config).into()
        });
        self.changed("layers.order-differs", |image| image["dockerImageLayers"].as_array_mut().unwrap().reverse());
        self.changed("layers.descending", |image| {
            image["dockerImageLayers"].as_array_mut().unwrap().reverse();
            image["metadata"]["annotations"]["image.openshift.io/dockerLayersOrder"] = "descending".into();
        });
        self.changed("layers.size-differs", |image| image["dockerImageLayers"][1]["size"] = 1.into());
        self.changed("layers.one-missing", |image| drop(image["dockerImageLayers"].as_array_mut().unwrap().pop()));
        for (name, of) in [("legacy", manifests::schema_1()), ("oci", manifests::oci("oci"))] {
            let file = if name == "legacy" { "manifest.schema-1" } else { "manifest.oci" };
            self.json(file, &image(name, &of, &for_both_registries(self.keys, name, &of)));
        }
        let (list, children) = manifests::list();
        let mut object = image("multi", &list, &for_both_registries(self.keys, "multi", &list));
        object["dockerImageManifests"] = children;
        object["metadata"]["annotations"] = json!({});
        self.json("manifest.list", &object);
        object["dockerImageManifests"][1]["digest"] = sha256(b"another").into();
        self.json("manifest.list-child-differs", &object);
    }

    fn records(&self) {
        self.record("record.type-AtomicImageV1", |record| record["type"] = "AtomicImageV1".into());
        self.record("record.type-unsupported", |record| record["type"] = "cosign".into());
        self.record("record.type-empty", |record| record["type"] = "".into());
        self.record("record.content-not-base64", |record| record["content"] = "this is not base64!".into());
        self.record("record.content-base64url", |record| record["content"] = "owG-_w".into());
        self.record("record.content-empty", |record| record["content"] = "".into());
        self.record("record.content-null", |record| record["content"] = Value::Null);
        self.record("record.content-too-large", |record| record["content"] = "AAAA".repeat(22 * 1024).into());
        self.record("record.emptied", |record| {
            *record = json!({ "metadata": { "creationTimestamp": null }, "type": "", "content": null })
        });
        self.record("record.name-of-another-image", |record| {
            record["metadata"]["name"] = format!("{}@elsewhere", sha256(b"another")).into()
        });
        self.record("record.name-without-at", |record| record["metadata"]["name"] = "signature".into());
        self.record("record.for-another-image", |record| {
            let digest = sha256(b"another");
            *record =
                signed(self.keys.get("release"), &self.frontend.digest, &format!("{REGISTRY}/frontend:1.0.0"), &digest);
        });
        let good = self.image["signatures"][0].clone();
        let seventy = |good_at: usize| {
            let junk = |index: usize| record(&self.frontend.digest, format!("junk {index}").as_bytes());
            let records: Vec<Value> =
                (0..70).map(|index| if index == good_at { good.clone() } else { junk(index) }).collect();
            move |image: &mut Value| image["signatures"] = records.into()
        };
        self.changed("signatures.70-good-is-64th", seventy(63));
        self.changed("signatures.70-good-is-last", seventy(69));
        self.changed("signatures.same-twice", |image| image["signatures"] = json!([good, good]));
        self.changed("signatures.bad-then-good", |image| {
            let attacker = signed(
                self.keys.get("attacker"),
                &self.frontend.digest,
                &format!("{REGISTRY}/frontend:1.0.0"),
                &self.frontend.digest,
            );
            image["signatures"] = json!([attacker, good]);
        });
        self.changed("signatures.none", |image| image["signatures"] = json!([]));
    }

    fn broken(&self) {
        let hostile =
            "\u{1b}[31mred\u{1b}]0;title\u{7}\u{202e}gnp\r\nallowed  shop/x <img src=x onerror=alert(1)> =cmd|'/c'!A1";
        self.changed("hostile-names", |image| {
            image["metadata"]["annotations"][hostile] = hostile.into();
            image["dockerImageReference"] = hostile.into();
            image["signatures"][0]["metadata"]["name"] = hostile.into();
            image["signatures"][1]["metadata"]["name"] = "../../../etc/passwd".into();
            image["signatures"][1]["type"] = hostile.into();
        });
        self.changed("hostile-image-name", |image| image["metadata"]["name"] = hostile.into());
        let text = json_text(&self.image);
        self.text("broken.truncated.json", &text[..text.len() / 2]);
        self.text(
            "broken.duplicate-member.json",
            &text.replacen("\"kind\": \"Image\",", "\"kind\": \"Image\",\n    \"kind\": \"Pod\",", 1),
        );
        self.text("broken.empty.json", "");
        self.text("broken.not-an-object.json", "[1, 2, 3]\n");
        self.text(
            "broken.other-kind.json",
            "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"web\"}}\n",
        );
        self.text("broken.alias-bomb.yaml", "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\ng: [*f, *f, *f, *f, *f, *f, *f, *f]\n");
        self.text(
            "broken.deep.json",
            &format!("{{\"kind\": \"Image\", \"x\": {}{}}}\n", "[".repeat(5000), "]".repeat(5000)),
        );
        let mut bytes = text.into_bytes();
        let position = bytes.windows(8).position(|window| window == b"frontend").unwrap();
        bytes[position] = 0xFF;
        fs::write(self.dir.join("broken.invalid-utf-8.json"), bytes).unwrap();
    }
}
