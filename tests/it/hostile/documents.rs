//! Requests and policies that are changed: the attacker's image runs by none of them.

use std::fs;

use serde_json::Value;
use vidimus::Verifier;
use vidimus::signature::Rules;

use super::changes::{Random, byte_changes, random_change};
use crate::admission::Court;
use crate::cases::Table;
use crate::support::{AT, load, long, raw_signature};

/// The mutants of a text that are text.
fn mutants(text: &str, step: usize, chance: usize, random: &mut Random) -> Vec<String> {
    let systematic = byte_changes(text.as_bytes(), step, random.below(step));
    let mut mutants: Vec<_> = systematic.filter_map(|mutant| String::from_utf8(mutant).ok()).collect();
    let by_chance = (0..chance).filter_map(|_| String::from_utf8(random_change(text.as_bytes(), random)).ok());
    mutants.extend(by_chance);
    mutants
}

/// Whether an object would run an image of this digest: whether one stands where an API server looks for images. What is
/// called otherwise it drops.
fn runs(value: &Value, digest: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| runs(item, digest)),
        Value::Object(members) => members.iter().any(|(name, value)| match value {
            Value::String(text) => ["image", "reference"].contains(&name.as_str()) && text.contains(digest),
            value => runs(value, digest),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[test]
fn no_changed_request_runs_the_attackers_image() {
    let court = Court::open();
    let mut random = Random::new(0x7265_7669_6577);
    let attackers: Value =
        serde_json::from_str(&fs::read_to_string("testdata/admission/pod.signed-by-attacker.json").unwrap()).unwrap();
    let image = attackers["request"]["object"]["spec"]["containers"][0]["image"].as_str().unwrap();
    let digest = image.split_once('@').unwrap().1;
    let (mut tried, mut allowed, mut wrong) = (0, 0, Vec::new());
    for file in [
        "pod.signed-by-attacker.json",
        "kind.deployments.apps.json",
        "kind.cronjobs.batch.json",
        "bypass.initContainers.json",
        "bypass.volumes.json",
        "bypass.ephemeral-container.json",
        "bypass.one-image-of-two-changed.json",
        "bypass.status-subresource.json",
    ] {
        let text = fs::read_to_string(format!("testdata/admission/{file}")).unwrap();
        // Without what only makes it longer: each octet that is left means something.
        let text = serde_json::from_str::<Value>(&text).unwrap().to_string();
        assert!(court.ruling(text.as_bytes()).starts_with("denied"), "{file}");
        let (step, chance) = if long() { (2, 4000) } else { (211, 20) };
        for mutant in mutants(&text, step, chance, &mut random) {
            tried += 1;
            if !court.ruling(mutant.as_bytes()).starts_with("allowed") {
                continue;
            }
            allowed += 1;
            let review: Value = serde_json::from_str(&mutant).unwrap();
            let object = &review["request"]["object"];
            let unchanged = runs(&review["request"]["oldObject"], digest) && review["request"]["operation"] == "UPDATE";
            if runs(object, digest) && !unchanged {
                wrong.push(mutant);
            }
        }
    }
    println!(
        "assurance | hostile mutants | admission reviews | {tried} tried | {allowed} allowed, none with the attacker's image; 0 panics"
    );
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_changed_policy_accepts_the_attacker() {
    let table = Table::read();
    let attackers = fs::read("testdata/signatures/attacker.sig").unwrap();
    let good = fs::read("testdata/signatures/good.ed25519.sig").unwrap();
    let mut random = Random::new(0x0070_6f6c_6963_7973);
    let policies = [
        r#"{"default":[{"type":"reject"}],"transports":{"docker":{"registry.example.com/shop":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"ed25519.asc","signedIdentity":{"type":"matchRepository"}}]}}}"#.to_owned(),
        "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {name: shop}\nspec:\n  keyrings:\n    build: {keys: [{file: ed25519.asc}]}\n  rules:\n  - name: shop\n    scope: {images: [\"registry.example.com/shop/**\"]}\n    require:\n      all:\n      - signedBy: {keyring: build}\n      - not: {digestIn: [\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"]}\n".to_owned(),
    ];
    let (mut tried, mut loaded, mut working) = (0, 0, 0);
    for text in &policies {
        let (step, chance) = if long() { (1, 20_000) } else { (17, 100) };
        for mutant in mutants(text, step, chance, &mut random) {
            tried += 1;
            let Ok(policy) = load(&[&mutant]) else { continue };
            loaded += 1;
            let verifier = Verifier::with_policy(policy, Rules::default());
            let allows = |content: &[u8]| {
                let image = raw_signature(content, &table.digest, &table.reference);
                verifier.verify(&image, AT.parse().unwrap()).is_allowed()
            };
            assert!(!allows(&attackers), "{mutant}");
            working += usize::from(allows(&good));
        }
    }
    assert!(working > 0 && working < loaded, "{working} of {loaded} work");
    println!(
        "assurance | hostile mutants | policies | {tried} tried | {loaded} loaded, 0 accept the attacker, 0 panics"
    );
}
