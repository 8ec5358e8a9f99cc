//! Records that say more, less or something else than the signature in them.

use serde_json::{Value, json};

use super::objects::{Objects, good};
use crate::images::{REGISTRY, image, json_text, record, signed, without_manifest};
use crate::manifests;

impl Objects<'_> {
    pub(super) fn records(&self) {
        let attackers = signed(
            self.keys.get("attacker"),
            &self.frontend.digest,
            &format!("{REGISTRY}/frontend:1.0.0"),
            &self.frontend.digest,
        );
        let release = self.keys.get("release");
        for (name, kind) in [
            ("space-behind", "atomic "),
            ("upper-case", "Atomic"),
            ("cosign", "cosign"),
            ("nul-behind", "atomic\0"),
            ("v1-space", "AtomicImageV1 "),
        ] {
            self.record(&format!("type-{name}"), |record| record["type"] = kind.into());
        }
        for (name, value) in [
            ("two-at", format!("{0}@{0}@x", self.frontend.digest)),
            ("path", format!("{}@/../../../etc/cron.d/x", self.frontend.digest)),
            ("10-kib", format!("{}@{}", self.frontend.digest, "n".repeat(10_240))),
            ("line-feed", format!("{}@a\nb", self.frontend.digest)),
        ] {
            self.record(&format!("name-{name}"), |record| record["metadata"]["name"] = value.into());
        }
        self.changed("record.two-of-one-name", |image| {
            let mut bad = attackers.clone();
            bad["metadata"]["name"] = image["signatures"][0]["metadata"]["name"].clone();
            image["signatures"] = json!([bad, image["signatures"][0]]);
        });
        self.changed("record.attackers-names-the-trusted-key", |image| {
            let mut record = attackers.clone();
            record["issuedTo"] = json!({ "commonName": "Example Release Key <release@example.com>", "publicKeyID": release.key_id_text() });
            record["issuedBy"] = json!({ "commonName": "Example Release Key <release@example.com>" });
            record["imageIdentity"] = format!("{REGISTRY}/frontend:1.0.0").into();
            record["signedClaims"] = json!({ "critical.type": "atomic container signature" });
            image["signatures"] = json!([record]);
        });
        for (name, id) in [
            (
                "spaces",
                release
                    .fingerprint_text()
                    .as_bytes()
                    .chunks(4)
                    .map(|chunk| str::from_utf8(chunk).unwrap())
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            ("odd-length", format!("0{}", release.key_id_text())),
            ("0x-alone", "0x".to_owned()),
            ("zeros", "0".repeat(16)),
            ("long", "F".repeat(10_000)),
            ("8-digits", release.key_id_text()[8..].to_owned()),
            ("line-feed", format!("{}\n", release.key_id_text())),
        ] {
            self.record(&format!("key-id-{name}"), |record| record["issuedTo"] = json!({ "publicKeyID": id }));
        }
        for (name, created) in [
            ("1970", "1970-01-01T00:00:00Z"),
            ("2106", "2106-02-07T06:28:15Z"),
            ("one-second-later", "2024-03-01T12:00:01Z"),
            ("year-10000", "10000-01-01T00:00:00Z"),
        ] {
            self.record(&format!("created-{name}"), |record| record["created"] = created.into());
        }
        self.record("claims-more", |record| record["signedClaims"] = json!({ "critical.approved": "true" }));
        self.record("claims-1000", |record| {
            let claims: serde_json::Map<String, Value> =
                (0..1000).map(|index| (format!("claim-{index}"), "x".into())).collect();
            record["signedClaims"] = claims.into();
        });
        self.record("identity-of-another-repository", |record| {
            record["imageIdentity"] = format!("{REGISTRY}/backend:1.0.0").into()
        });
        self.changed("signatures.in-the-manifests-place", |image| {
            image["dockerImageSignatures"] = json!([image["signatures"][0]["content"]]);
            image["signatures"] = json!([]);
        });
        self.changed("signatures.100-times", |image| {
            let record = image["signatures"][0].clone();
            let records = (0..100).map(|index| {
                let mut record = record.clone();
                record["metadata"]["name"] = format!("{}@{index:032x}", self.frontend.digest).into();
                record
            });
            image["signatures"] = records.collect::<Vec<_>>().into();
        });
        self.changed("signatures.of-another-image", |image| {
            let backend = manifests::schema_2("backend");
            image["signatures"] = json!([good(self.keys, &backend, "backend")]);
        });
        self.changed("signatures.for-another-repository", |image| {
            image["signatures"] = json!([signed(
                release,
                &self.frontend.digest,
                &format!("{REGISTRY}/backend:1.0.0"),
                &self.frontend.digest
            )]);
        });
        let backend = manifests::schema_2("backend");
        let object = without_manifest(image("backend", &backend, &[good(self.keys, &self.frontend, "frontend")]));
        self.text("signatures.moved-to-another-image.json", json_text(&object));
    }

    /// Ways to write base64, or something else, into a record.
    pub(super) fn contents(&self) {
        let good = self.bare["signatures"][0]["content"].as_str().unwrap().to_owned();
        let set =
            |name: &str, content: Value| self.record(&format!("content-{name}"), |record| record["content"] = content);
        let lines: Vec<_> = good.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        set("in-lines", lines.join("\n").into());
        set("spaces", lines.join(" ").into());
        set("tabs", lines.join("\t").into());
        set("without-padding", good.trim_end_matches('=').into());
        set("padding-twice", format!("{}====", good.trim_end_matches('=')).into());
        set("padding-inside", good.replacen('A', "=", 1).into());
        set("two-blobs", format!("{good}{good}").into());
        set("spare-bits", spare_bits(&good).into());
        set("nul-behind", format!("{good}\0").into());
        set("quoted", format!("\"{good}\"").into());
        set("number", 7.into());
        set("true", true.into());
        set("array", json!([163, 1]));
        set("object", json!({ "content": good }));
        set("hexadecimal", "a301".repeat(100).into());
        set("armored", std::fs::read_to_string("testdata/signatures/armored.asc").unwrap().into());
        self.changed("content-in-upper-case-member", |image| {
            let record = image["signatures"][0].as_object_mut().unwrap();
            let content = record.shift_remove("content").unwrap();
            record.insert("Content".to_owned(), content);
        });
        self.changed("content-in-data", |image| image["signatures"][0] = json!({ "type": "atomic", "data": good }));
        self.changed("content-twice-as-large-as-allowed", |image| {
            image["signatures"] = json!([record(&self.frontend.digest, &vec![0xA5; 128 << 10])]);
        });
    }

    pub(super) fn conditions(&self) {
        let condition = |kind: &str, time: &str| json!({ "type": kind, "status": "True", "lastProbeTime": time, "lastTransitionTime": time, "reason": "Verified", "message": "" });
        let attackers = signed(
            self.keys.get("attacker"),
            &self.frontend.digest,
            &format!("{REGISTRY}/frontend:1.0.0"),
            &self.frontend.digest,
        );
        let set = |name: &str, conditions: Value| {
            self.changed(&format!("conditions.{name}"), |image| {
                let mut record = attackers.clone();
                record["conditions"] = conditions;
                image["signatures"] = json!([record]);
            });
        };
        set(
            "of-the-future",
            json!([condition("Complete", "2199-01-01T00:00:00Z"), condition("Trusted", "2199-01-01T00:00:00Z")]),
        );
        set("1000", vec![json!({ "type": "Complete", "status": "True" }); 1000].into());
        set(
            "of-unknown-type",
            json!([condition("Verified", "2024-03-01T12:00:00Z"), condition("Allowed", "2024-03-01T12:00:00Z")]),
        );
        set("no-list", condition("Complete", "2024-03-01T12:00:00Z"));
        self.changed("annotations.that-allow", |image| {
            let annotations = json!({ "images.openshift.io/deny-execution": "false", "vidimus.dev/verified": "true", "image.openshift.io/signatures": "verified" });
            image["metadata"]["annotations"] = annotations;
            image["signatures"] = json!([attackers]);
        });
    }
}

/// The same octets in another writing: bits of the last digit that mean nothing are set.
fn spare_bits(base64: &str) -> String {
    let digits = base64.trim_end_matches('=');
    let last = digits.chars().last().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    format!("{}{next}{}", &digits[..digits.len() - 1], &base64[digits.len()..])
}
