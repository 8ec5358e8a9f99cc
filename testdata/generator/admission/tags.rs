//! Tags, what other hooks than `validate` answer, and rules that do not enforce.

use serde_json::Value;

use super::{CLUSTER, Case, Images, pod};
use crate::images::REGISTRY;

pub(super) fn tags_and_hooks(
    images: &Images,
    created: &dyn Fn(&Value) -> Value,
    case: &dyn Fn(&str, &Value, &'static str, &'static str, &'static str) -> Case,
) -> Vec<Case> {
    let first = "spec.containers[0].image".to_owned();
    let tagged = |image: &str| created(&pod(&[("containers", "app", image)]));
    let at = |hook, reason, case: Case| Case { hook, images: vec![(first.clone(), reason)], ..case };
    let (frontend, digest) = (format!("{CLUSTER}/shop/frontend"), &images.frontend.digest);
    let pinned =
        |tag: &str| Case { pins: vec![format!("{frontend}{tag}@{digest}")], ..case("", &Value::Null, "", "", "") };
    let good = tagged(&format!("{frontend}:1.0.0"));
    let bare = tagged(&frontend);
    let nightly = tagged(&format!("{frontend}:nightly"));
    let elsewhere = tagged(&format!("{REGISTRY}/frontend:1.0.0"));
    let vendor = tagged("registry.example.com/vendor/app:1");
    let trick = tagged(&format!("{CLUSTER}/shop/frontend:1.0.0@{}", images.search.digest));
    let staging = tagged(&format!("registry.example.com/staging/app@{}", images.search.digest));
    let lab = tagged(&format!("registry.example.com/lab/app@{}", images.search.digest));
    let tiers = |namespace: &str| {
        let mut request = tagged(&format!("registry.example.com/tiers/app@{}", images.search.digest));
        request["request"]["namespace"] = namespace.into();
        request
    };
    vec![
        at(
            "validate",
            "not-pinned",
            case("tag.not-pinned", &good, "denied", "not-pinned", "CVE-2022-47633: a node resolves the tag again"),
        ),
        at(
            "mutate",
            "verified",
            Case { pins: pinned(":1.0.0").pins, ..case("tag.pinned", &good, "allowed", "verified", "the tag stays") },
        ),
        at(
            "mutate",
            "verified",
            Case { pins: pinned("").pins, ..case("tag.absent-is-latest", &bare, "allowed", "verified", "") },
        ),
        at(
            "mutate",
            "unknown-key",
            case("tag.of-unsigned-image", &nightly, "denied", "unknown-key", "nothing is pinned in what is denied"),
        ),
        at("validate", "tag-not-resolved", case("tag.not-resolved", &elsewhere, "denied", "tag-not-resolved", "")),
        at(
            "validate",
            "tag-not-resolved",
            case(
                "tag.not-resolved-denied-digests",
                &vendor,
                "denied",
                "tag-not-resolved",
                "a list of denied digests is no leave for what has none",
            ),
        ),
        at(
            "validate",
            "unknown-key",
            case("bypass.trusted-tag-beside-another-digest", &trick, "denied", "unknown-key", "nodes drop the tag"),
        ),
        at(
            "validate",
            "unknown-key",
            Case { warnings: 1, ..case("mode.warn", &staging, "allowed", "unknown-key", "") },
        ),
        at("validate", "unknown-key", case("mode.audit", &lab, "allowed", "unknown-key", "")),
        at(
            "warn",
            "unknown-key",
            Case {
                warnings: 1,
                ..case("hook.warn", &tagged(&images.bad()), "denied", "unknown-key", "told as a warning, and admitted")
            },
        ),
        at(
            "audit",
            "unknown-key",
            case("hook.audit", &tagged(&images.bad()), "denied", "unknown-key", "told to the audit log, and admitted"),
        ),
        at(
            "validate",
            "accept-anything",
            case("namespace.labels-match", &tiers("prod"), "allowed", "accept-anything", ""),
        ),
        at(
            "validate",
            "unknown-namespace",
            case(
                "namespace.labels-not-known",
                &tiers("nowhere"),
                "undecided",
                "unknown-namespace",
                "the failure policy decides",
            ),
        ),
    ]
}
