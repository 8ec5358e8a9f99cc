//! The report for security dashboards: SARIF 2.1.0, one run, whose rules are all stable codes.
//!
//! There is a result for each image that is denied (`error`), undecided (`error`), or allowed though it does not meet
//! what is demanded (`warning`, or `note` where the policy only audits). Items that cannot be read are notifications.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::report::help::help;
use crate::report::json::{json as text_of, of_a_document};
use crate::report::standing::{Standing, identity, object, remedies, shown, source};
use crate::report::{Entry, Head, ItemError, Report, Summary};
use crate::signature::{Code, rfc3339};

/// One run with a result for each image that wants attention.
#[derive(Clone, Copy, Debug, Default)]
pub struct SarifReport;

/// The most characters of a text that comes from an input.
const TEXT_LIMIT: usize = 2_000;

/// The most signatures of an image that a result tells of.
const SIGNATURES_TOLD: usize = 100;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

impl Report for SarifReport {
    fn begin(&self, _: &Head) -> String {
        let rules: Vec<_> = Code::ALL.iter().map(|code| format!("\n{}", text_of(&rule(*code)))).collect();
        let (name, version, home) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_REPOSITORY"));
        format!(
            "{{\n\"$schema\": {},\n\"version\": \"2.1.0\",\n\"runs\": [{{\n\"tool\": {{\"driver\": {{\"name\": {}, \
             \"semanticVersion\": {}, \"informationUri\": {}, \"rules\": [{}\n]}}}},\n\"columnKind\": \
             \"unicodeCodePoints\",\n\"results\": [",
            text_of(SCHEMA),
            text_of(name),
            text_of(version),
            text_of(home),
            rules.join(",")
        )
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let level = match Standing::of(entry) {
            Standing::Allowed | Standing::Exempt => return String::new(),
            Standing::Audited => "note",
            Standing::Denied | Standing::Undecided => "error",
            Standing::Warned => "warning",
        };
        format!("\n{}", text_of(&result(entry, level)))
    }

    fn between(&self) -> &'static str {
        ","
    }

    fn error(&self, _: &ItemError) -> String {
        String::new()
    }

    fn end(&self, head: &Head, summary: &Summary) -> String {
        let mut notifications: Vec<_> =
            summary.listed.iter().map(|error| notification(&error.message, &error.place)).collect();
        if summary.partial {
            notifications.push(notification("interrupted: what follows in the sources was not looked at", ""));
        }
        let invocation = json!({
            "executionSuccessful": notifications.is_empty() && summary.errors == 0,
            "toolExecutionNotifications": notifications,
        });
        let properties = json!({
            "at": rfc3339(head.at),
            "shard": head.shard,
            "summary": summary,
        });
        format!("\n],\n\"invocations\": [{invocation}],\n\"properties\": {properties}\n}}]\n}}\n")
    }
}

fn rule(code: Code) -> Value {
    let meaning = code.meaning();
    json!({
        "id": code.as_str(),
        "name": code.reason(),
        "shortDescription": { "text": meaning },
        "fullDescription": { "text": meaning },
        "help": { "text": format!("{meaning} {}", help(code)) },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(entry: &Entry<'_>, level: &'static str) -> Value {
    let (verdict, decision) = (entry.verdict, entry.verdict.decision());
    let mut message = format!("{}: {}", shown(entry.title(), TEXT_LIMIT), shown(decision.reason(), TEXT_LIMIT));
    for remedy in remedies(entry) {
        message.push_str(&format!("\nWould be accepted: {}", shown(&remedy, TEXT_LIMIT)));
    }
    let signatures: Vec<_> = verdict.evidence().iter().take(SIGNATURES_TOLD).map(|evidence| evidence.code()).collect();
    let [kind, namespace, name] = object(entry);
    let in_object = if name.is_empty() { verdict.name() } else { name };
    let path: Vec<_> = [kind, namespace, in_object].into_iter().filter(|part| !part.is_empty()).collect();
    let rule = decision.rule().filter(|_| of_a_document(verdict));
    json!({
        "ruleId": decision.code().as_str(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == decision.code()),
        "level": level,
        "message": { "text": without_links(&message) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri(source(entry.place)) } },
            "logicalLocations": [{
                "name": shown(entry.title(), TEXT_LIMIT),
                "fullyQualifiedName": shown(&path.join("/"), TEXT_LIMIT),
                "kind": "resource",
            }],
            "message": { "text": without_links(&shown(entry.place, TEXT_LIMIT)) },
        }],
        "partialFingerprints": { "vidimusImage/v1": fingerprint(entry) },
        "properties": {
            "decision": decision.effect().to_string(),
            "image": shown(verdict.name(), TEXT_LIMIT),
            "reference": shown(verdict.docker_image_reference(), TEXT_LIMIT),
            "rule": rule.map(|rule| shown(&format!("{} {}", rule.document(), rule.pointer()), TEXT_LIMIT)),
            "mode": rule.map(|rule| rule.mode().as_str()),
            "signatures": signatures,
        },
    })
}

/// What makes the finding the same in the next run, wherever the image stands in the sources then: which image, of
/// which object, and the code.
fn fingerprint(entry: &Entry<'_>) -> String {
    let what = text_of(&(identity(entry), entry.verdict.decision().code()));
    Sha256::digest(what.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn notification(message: &str, place: &str) -> Value {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Notification {
        level: &'static str,
        message: Value,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        locations: Vec<Value>,
    }
    let text = if place.is_empty() { message.to_owned() } else { format!("{place}: {message}") };
    let location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri(source(place)) } } });
    let notification = Notification {
        level: "error",
        message: json!({ "text": without_links(&shown(&text, TEXT_LIMIT)) }),
        locations: if place.is_empty() { Vec::new() } else { vec![location] },
    };
    serde_json::to_value(notification).unwrap_or_default()
}

/// A text in which a viewer finds no link: in messages, `[text](target)` is one.
fn without_links(text: &str) -> String {
    text.replace("](", "] (")
}

/// The name of a source as a URI (RFC 3986): a path relative to where vidimus ran, or a `file:` URI.
fn uri(source: &str) -> String {
    let mut out = if source.starts_with('/') { "file://" } else { "" }.to_owned();
    for octet in source.bytes() {
        if octet.is_ascii_alphanumeric() || b"/-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_uri() {
        for (source, expected) in [
            ("out/export.json", "out/export.json"),
            ("/var/export 1.json", "file:///var/export%201.json"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29"),
            ("é\u{1b}%", "%C3%A9%1B%25"),
        ] {
            assert_eq!(uri(source), expected);
        }
    }

    #[test]
    fn every_code_is_a_rule_with_help() {
        for code in Code::ALL {
            let rule = rule(*code);
            let help = rule["help"]["text"].as_str().unwrap();
            assert!(help.len() > code.meaning().len() + 10 && help.ends_with('.'), "{help}");
        }
    }
}
