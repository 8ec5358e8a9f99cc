//! JSON and YAML that two readers could read in two ways.

use serde_json::{Value, json};

use super::objects::Objects;
use crate::images::{REGISTRY, json_text, sha256, signed, yaml_text};

impl Objects<'_> {
    /// JSON that two readers could read in two ways.
    pub(super) fn json_texts(&self) {
        let text = json_text(&self.bare);
        let attackers = signed(
            self.keys.get("attacker"),
            &self.frontend.digest,
            &format!("{REGISTRY}/frontend:1.0.0"),
            &self.frontend.digest,
        );
        let another = sha256(b"another");
        let twice = |name: &str, member: &str, value: &str| {
            let from = format!("\"{member}\":");
            assert!(text.contains(&from), "{name}");
            self.text(
                &format!("json.{name}.json"),
                text.replacen(&from, &format!("\"{member}\": {value}, \"{member}\":"), 1),
            );
        };
        twice("name-twice", "name", &format!("\"{another}\""));
        twice("signatures-twice", "signatures", &json!([attackers]).to_string());
        twice("reference-twice", "dockerImageReference", "\"evil.example.net/x:1\"");
        twice("content-twice", "content", "\"AA==\"");
        twice("metadata-twice", "metadata", "{}");
        twice("type-twice", "type", "\"cosign\"");
        self.text(
            "json.name-twice-escaped.json",
            text.replacen("\"name\":", &format!("\"n\\u0061me\": \"{another}\", \"name\":"), 1),
        );
        let folded = |name: &str, from: &str, to: &str| {
            self.text(&format!("json.{name}.json"), text.replacen(&format!("\"{from}\":"), &format!("\"{to}\":"), 1))
        };
        folded("signatures-in-upper-case", "signatures", "Signatures");
        folded("kind-in-upper-case", "kind", "Kind");
        folded("metadata-in-upper-case", "metadata", "Metadata");
        self.text("json.kind-lower-case.json", text.replacen("\"Image\"", "\"image\"", 1));
        self.text("json.version-beta.json", text.replacen("openshift.io/v1\"", "openshift.io/v1beta1\"", 1));
        self.text("json.other-group.json", text.replacen("image.openshift.io", "image.evil.example.net", 1));
        self.text("json.mark-first.json", format!("\u{feff}{text}"));
        self.text("json.comment.json", text.replacen('{', "{ // an image\n", 1));
        self.text("json.trailing-comma.json", text.trim_end().trim_end_matches('}').trim_end().to_owned() + ",\n}\n");
        self.text("json.single-quotes.json", text.replace('"', "'"));
        self.text("json.nul-behind.json", format!("{text}\0"));
        self.text("json.garbage-behind.json", format!("{text}garbage"));
        self.text("json.two-in-one-line.json", format!("{0}{0}", self.bare));
        self.text("json.good-then-cut.json", format!("{}{}", self.bare, &text[..text.len() / 2]));
        self.text("json.infinite.json", text.replacen("36700160", "1e999", 1));
        self.text(
            "json.lone-surrogate.json",
            text.replacen("vidimus", "v", 1).replacen("\"2024-02-29T09:30:00Z\"", "\"\\ud800\"", 1),
        );
        self.text("json.lone-surrogate-in-name.json", text.replacen("\"sha256:", "\"\\udfffsha256:", 1));
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.text("json.utf-16.json", [&[0xFF, 0xFE], utf_16.as_slice()].concat());
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        self.text(
            "json.deep-beside.json",
            text.replacen("\"signatures\":", &format!("\"x\": {deep}, \"signatures\":"), 1),
        );
        self.text("json.numbers.json", "1 2 3 4 5");
        self.text(
            "json.names-as-array.json",
            text.replacen("\"metadata\": {", "\"metadata\": [{", 1).replacen(
                "},\n    \"dockerImageReference\"",
                "}],\n    \"dockerImageReference\"",
                1,
            ),
        );
        let carrier = |kind: &str, image: &Value| json!({ "kind": kind, "apiVersion": "image.openshift.io/v1", "metadata": { "name": format!("frontend@{another}"), "namespace": "shop" }, "image": image });
        self.text("carrier.named-for-another-image.json", json_text(&carrier("ImageStreamImage", &self.bare)));
        self.text("carrier.without-image.json", json_text(&carrier("ImageStreamImage", &Value::Null)));
        self.text("carrier.in-a-config-map.json", json_text(&json!({ "kind": "ConfigMap", "apiVersion": "v1", "metadata": { "name": "x" }, "image": self.bare, "data": { "image": self.bare.to_string() } })));
        let list = |items: Value| json!({ "kind": "List", "apiVersion": "v1", "items": items });
        let nested = (0..6).fold(list(json!([self.bare])), |inner, _| list(json!([inner])));
        self.text("carrier.list-7-deep.json", json_text(&nested));
        self.text("carrier.items-no-list.json", json_text(&list(self.bare.clone())));
        self.text(
            "carrier.items-twice.json",
            json_text(&list(json!([self.bare]))).replacen("\"items\":", "\"items\": [], \"items\":", 1),
        );
    }

    pub(super) fn yaml_texts(&self) {
        let text = yaml_text(&self.bare);
        let name = format!("name: {}", Value::from(self.frontend.digest.as_str()));
        assert!(text.contains(&name), "the name is quoted");
        let another = sha256(b"another");
        let file = |name: &str, text: String| self.text(&format!("yaml.{name}.yaml"), text);
        file("name-twice", text.replacen(&name, &format!("name: \"{another}\"\n  {name}"), 1));
        file("merge-key", text.replacen("metadata:", "base: &base\n  name: x\nmetadata:\n  <<: *base", 1));
        file("anchor", text.replacen("kind: Image", "kind: &k Image", 1));
        file("alias", text.replacen(&name, &format!("x: &n \"{another}\"\n  {}", "name: *n"), 1));
        file("tag-binary", text.replacen("content: ", "content: !!binary ", 1));
        file("tag-own", text.replacen("kind: Image", "kind: !image Image", 1));
        file("kind-norwegian", text.replacen("kind: Image", "kind: no", 1));
        file("tabs", text.replace("  ", "\t"));
        file("directive", format!("%YAML 1.1\n---\n{text}"));
        file("two-with-an-end", format!("{text}...\n---\n{text}"));
        file("good-then-garbage", format!("{text}---\n\"unclosed\n"));
        file("comment-that-looks-like-a-document", format!("# ---\n{text}# ---\n# kind: Image\n"));
        file("complex-key", text.replacen("kind: Image", "? {a: b}\n: x\nkind: Image", 1));
        file("block-content", {
            let content = self.bare["signatures"][0]["content"].as_str().unwrap();
            let lines: String = content
                .as_bytes()
                .chunks(64)
                .map(|line| format!("\n      {}", str::from_utf8(line).unwrap()))
                .collect();
            text.replacen(&format!("content: {}", Value::from(content)), &format!("content: |{lines}"), 1)
        });
        file("deep", format!("kind: Image\nx: {}{}\n", "[".repeat(3000), "]".repeat(3000)));
        file("nul", text.replacen("kind", "kin\0d", 1));
        file("name-as-number", text.replacen(&name, "name: 904", 1));
        file("other-line-ends", text.replace('\n', "\u{2028}"));
    }
}
