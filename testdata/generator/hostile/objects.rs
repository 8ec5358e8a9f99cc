//! The files of `testdata/hostile/images/`: objects that say more, less or something else than they seem to.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::images::{REGISTRY, frontend, image, json_text, sha256, sha512, signed, without_manifest};
use crate::keys::Keys;
use crate::manifests::{self, Manifest, SCHEMA_2};

pub(super) struct Objects<'a> {
    dir: &'a Path,
    pub(super) keys: &'a Keys,
    pub(super) frontend: Manifest,
    /// The image with one good signature and no manifest.
    pub(super) bare: Value,
    /// The same with its manifest and configuration.
    full: Value,
}

pub(super) fn write(dir: &Path, keys: &Keys) {
    let frontend = frontend();
    let full = image("frontend", &frontend, &[good(keys, &frontend, "frontend")]);
    let objects = Objects { dir, keys, frontend, bare: without_manifest(full.clone()), full };
    objects.names_and_references();
    objects.manifests();
    objects.lists();
    objects.records();
    objects.contents();
    objects.conditions();
    objects.json_texts();
    objects.yaml_texts();
}

/// A good signature of `of` under the name that it has in the registry.
pub(super) fn good(keys: &Keys, of: &Manifest, name: &str) -> Value {
    signed(keys.get("release"), &of.digest, &format!("{REGISTRY}/{name}:1.0.0"), &of.digest)
}

impl Objects<'_> {
    pub(super) fn text(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.dir.join(name), text).unwrap();
    }

    pub(super) fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) {
        self.change(name, &self.bare, change);
    }

    fn change(&self, name: &str, from: &Value, change: impl FnOnce(&mut Value)) {
        let mut image = from.clone();
        change(&mut image);
        self.text(&format!("{name}.json"), json_text(&image));
    }

    /// The image with one record, changed.
    pub(super) fn record(&self, name: &str, change: impl FnOnce(&mut Value)) {
        self.changed(&format!("record.{name}"), |image| change(&mut image["signatures"][0]));
    }

    fn names_and_references(&self) {
        let digest = &self.frontend.digest;
        let hex = digest.trim_start_matches("sha256:");
        for (name, value) in [
            ("upper-case", format!("sha256:{}", hex.to_uppercase())),
            ("sha512", sha512(self.frontend.manifest.as_bytes())),
            ("md5", format!("md5:{}", &hex[..32])),
            ("without-algorithm", hex.to_owned()),
            ("space-behind", format!("{digest} ")),
            ("line-feed-behind", format!("{digest}\n")),
            ("nul-behind", format!("{digest}\0")),
            ("with-repository", format!("{REGISTRY}/frontend@{digest}")),
            ("two", format!("{digest}@{digest}")),
            ("path", "sha256:../../../../etc/passwd".to_owned()),
            ("long", "sha256:".to_owned() + &"0".repeat(10_000)),
        ] {
            self.changed(&format!("name.{name}"), |image| image["metadata"]["name"] = value.into());
        }
        let another = sha256(b"another");
        for (name, value) in [
            ("other-registry", format!("evil.example.net/shop/frontend@{digest}")),
            ("other-port", format!("registry.example.com:5000/shop/frontend@{digest}")),
            ("upper-case-host", format!("REGISTRY.example.com/shop/frontend@{digest}")),
            ("longer-path", format!("{REGISTRY}/frontend/evil@{digest}")),
            ("shorter-path", format!("registry.example.com/frontend@{digest}")),
            ("signed-digest-first", format!("{REGISTRY}/frontend@{digest}@{another}")),
            ("signed-digest-in-tag", format!("{REGISTRY}/frontend:{}@{another}", digest.replace(':', "-"))),
            ("tag-and-digest", format!("{REGISTRY}/frontend:2.0.0@{digest}")),
            ("line-feed-behind", format!("{REGISTRY}/frontend@{digest}\n")),
            ("nul-in-path", format!("{REGISTRY}/frontend\0/evil@{digest}")),
            ("user", format!("registry.example.com@evil.example.net/shop/frontend@{digest}")),
            ("without-registry", format!("shop/frontend@{digest}")),
            ("homoglyph", format!("registry.ex\u{430}mple.com/shop/frontend@{digest}")),
            ("long", format!("{REGISTRY}/{}@{digest}", "a/".repeat(2000) + "a")),
        ] {
            self.changed(&format!("reference.{name}"), |image| image["dockerImageReference"] = value.into());
        }
        self.changed("reference.with-signed-tag-and-another-digest-by-name", |image| {
            image["metadata"]["name"] = another.as_str().into();
            image["dockerImageReference"] = format!("{REGISTRY}/frontend:1.0.0").into();
        });
    }

    fn manifests(&self) {
        let manifest = self.frontend.manifest.clone();
        let set = |name: &str, text: String| {
            self.change(&format!("manifest.{name}"), &self.full, |image| image["dockerImageManifest"] = text.into());
        };
        set("crlf", manifest.replace('\n', "\r\n"));
        set("compact", serde_json::from_str::<Value>(&manifest).unwrap().to_string());
        set("line-feed-behind", format!("{manifest}\n"));
        set("not-json", "manifest".to_owned());
        set("space", " ".to_owned());
        set("null", "null".to_owned());
        let escaped: String = manifest.chars().map(|character| format!("\\u{:04x}", character as u32)).collect();
        let text =
            json_text(&self.full).replacen(&Value::from(manifest.as_str()).to_string(), &format!("\"{escaped}\""), 1);
        self.text("manifest.escaped.json", text);
        self.changed("manifest.absent-and-not-stored", |image| image["metadata"]["annotations"] = json!({}));
        self.changed("manifest.absent-with-config", |image| {
            image["dockerImageConfig"] = self.frontend.config.as_str().into()
        });

        // Manifests that two readers take for different things. Each is signed as what it is: by its digest.
        let parsed: Value = serde_json::from_str(&manifest).unwrap();
        let digests = json!([{ "mediaType": SCHEMA_2, "size": 1, "digest": sha256(b"child") }]);
        let with = |name: &str, media_type: &'static str, change: &dyn Fn(&mut Value)| {
            let mut manifest = parsed.clone();
            change(&mut manifest);
            self.signed_manifest(name, media_type, manifest.to_string());
        };
        with("layers-and-manifests", SCHEMA_2, &|manifest| manifest["manifests"] = digests.clone());
        with("layers-and-fs-layers", SCHEMA_2, &|manifest| manifest["fsLayers"] = json!([{ "blobSum": sha256(b"x") }]));
        with("layers-in-upper-case-too", SCHEMA_2, &|manifest| manifest["Layers"] = json!([]));
        with("media-type-in-upper-case-too", SCHEMA_2, &|manifest| {
            manifest["MediaType"] = "application/vnd.oci.image.index.v1+json".into()
        });
        with("inner-media-type-of-a-list", SCHEMA_2, &|manifest| {
            manifest["mediaType"] = "application/vnd.oci.image.index.v1+json".into()
        });
        with("outer-media-type-of-a-list", "application/vnd.docker.distribution.manifest.list.v2+json", &|_| ());
        with("unknown-media-type", "application/vnd.example.thing.v1+json", &|manifest| {
            manifest["mediaType"] = "application/vnd.example.thing.v1+json".into()
        });
        with("layers-no-list", SCHEMA_2, &|manifest| manifest["layers"] = "none".into());
        with("layer-without-digest", SCHEMA_2, &|manifest| manifest["layers"][0]["digest"] = "../../etc".into());
        with("layer-size-negative", SCHEMA_2, &|manifest| manifest["layers"][0]["size"] = (-1).into());
        with("schema-version-1", SCHEMA_2, &|manifest| manifest["schemaVersion"] = 1.into());
        let twice = manifest.replacen("\"config\":", "\"config\": {\"digest\": \"x\"},\n  \"config\":", 1);
        self.signed_manifest("member-twice", SCHEMA_2, twice);
        self.signed_manifest("array", SCHEMA_2, "[]".to_owned());
        self.signed_manifest("trailing", SCHEMA_2, format!("{manifest}{{}}"));
        let deep = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"{SCHEMA_2}\",\"x\":{}{}}}",
            "[".repeat(2000),
            "]".repeat(2000)
        );
        self.signed_manifest("deep", SCHEMA_2, deep);

        // Docker schema 1, whose envelope nobody signs.
        let legacy = manifests::schema_1();
        let (text, digest) = (legacy.manifest.clone(), legacy.digest.clone());
        for (name, text) in [
            ("schema-1.without-signatures", text.split(",\n   \"signatures\"").next().unwrap().to_owned() + "\n}"),
            (
                "schema-1.two-signature-lists",
                text.replacen("\"signatures\":", "\"signatures\": [],\n   \"signatures\":", 1),
            ),
            ("schema-1.other-tag-outside", text.replacen("1.0.0", "2.0.0", 1)),
            ("schema-1.length-changed", text.replacen("protected\":\"ey", "protected\":\"eY", 1)),
        ] {
            let mut object = image("legacy", &legacy, &[good(self.keys, &legacy, "legacy")]);
            object["dockerImageManifest"] = text.into();
            object["metadata"]["name"] = digest.as_str().into();
            self.text(&format!("{name}.json"), json_text(&object));
        }
    }

    /// An image whose manifest is `text`, signed for its digest.
    fn signed_manifest(&self, name: &str, media_type: &'static str, text: String) {
        let of = Manifest { digest: sha256(text.as_bytes()), manifest: text, media_type, ..frontend() };
        let mut object = image("frontend", &of, &[good(self.keys, &of, "frontend")]);
        object["dockerImageLayers"] = json!([]);
        object.as_object_mut().unwrap().shift_remove("dockerImageConfig");
        self.text(&format!("manifest.{name}.json"), json_text(&object));
    }

    fn lists(&self) {
        let (list, children) = manifests::list();
        let child = manifests::schema_2("multi-amd64");
        let signed_for =
            |digest: &str| signed(self.keys.get("release"), digest, &format!("{REGISTRY}/multi:1.0.0"), digest);
        let mut object = image("multi", &list, &[signed_for(&child.digest)]);
        object["dockerImageManifests"] = children.clone();
        object["metadata"]["annotations"] = json!({});
        self.text("list.signed-instance.json", json_text(&object));
        object["signatures"] = json!([signed_for(&list.digest)]);
        object["dockerImageLayers"] = image("multi", &child, &[])["dockerImageLayers"].clone();
        self.text("list.with-layers.json", json_text(&object));
        object["dockerImageLayers"] = Value::Null;
        object["dockerImageManifests"] = json!([children[0]]);
        self.text("list.one-child-missing.json", json_text(&object));
        object["dockerImageManifests"] = json!([children[0], children[1], children[1]]);
        self.text("list.one-child-twice.json", json_text(&object));
        object["dockerImageManifests"] = json!([children[1], children[0]]);
        self.text("list.children-exchanged.json", json_text(&object));
        self.text(
            "list.instance-by-the-lists-signature.json",
            json_text(&image("multi-amd64", &child, &[signed_for(&list.digest)])),
        );
        self.change("layers.on-an-image-that-has-other-names", &self.full, |image| {
            image["dockerImageLayers"][0]["name"] = sha256(b"x").into()
        });
        self.change("layers.order-unknown", &self.full, |image| {
            image["metadata"]["annotations"]["image.openshift.io/dockerLayersOrder"] = "sideways".into();
            image["dockerImageLayers"].as_array_mut().unwrap().reverse();
        });
        self.change("config.of-another-image", &self.full, |image| {
            image["dockerImageConfig"] = manifests::schema_2("backend").config.into()
        });
    }
}
