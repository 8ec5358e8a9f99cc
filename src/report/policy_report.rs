//! The report for a cluster: `wgpolicyk8s.io/v1alpha2` and its successor, `openreports.io/v1alpha1`.
//!
//! There is one object for each image, so that none grows with the number of images, and one for the run. An object's
//! name is made of the image and of the object that it came in, and of nothing else: what the next run writes takes its
//! place. What came in an object of a namespace is reported there, everything else for the cluster. The text is a stream
//! of YAML documents, each of them JSON on a line.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::image::Digest;
use crate::report::json::{json as text_of, of_a_document};
use crate::report::standing::{Standing, identity, object, remedies, shown};
use crate::report::{Entry, Head, ItemError, Report, Summary};
use crate::signature::rfc3339;

/// One object for each image. An object has at most some 10 KiB, where etcd takes 1 MiB and `kubectl apply` 256 KiB.
#[derive(Clone, Copy, Debug)]
pub struct PolicyReport {
    api: Api,
}

/// Whose objects they are.
#[derive(Clone, Copy, Debug)]
enum Api {
    OpenReports,
    PolicyWorkingGroup,
}

/// The most characters of a message.
const MESSAGE_LIMIT: usize = 1_000;

/// The most characters of a property and of a name.
const PROPERTY_LIMIT: usize = 250;

/// The most remedies and signers that are told.
const TOLD: usize = 4;

/// Stands before each object.
const DOCUMENT: &str = "---\n";

impl PolicyReport {
    /// Objects of `wgpolicyk8s.io/v1alpha2`: `PolicyReport` and `ClusterPolicyReport`.
    pub const POLICY_WORKING_GROUP: Self = Self { api: Api::PolicyWorkingGroup };

    /// Objects of `openreports.io/v1alpha1`: `Report` and `ClusterReport`.
    pub const OPEN_REPORTS: Self = Self { api: Api::OpenReports };

    fn object(
        self,
        namespace: Option<&str>,
        name: &str,
        subject: Option<&Value>,
        results: &[(Outcome, Value)],
    ) -> String {
        let (version, kind) = match (self.api, namespace) {
            (Api::OpenReports, None) => ("openreports.io/v1alpha1", "ClusterReport"),
            (Api::OpenReports, Some(_)) => ("openreports.io/v1alpha1", "Report"),
            (Api::PolicyWorkingGroup, None) => ("wgpolicyk8s.io/v1alpha2", "ClusterPolicyReport"),
            (Api::PolicyWorkingGroup, Some(_)) => ("wgpolicyk8s.io/v1alpha2", "PolicyReport"),
        };
        let mut metadata = json!({ "name": name, "labels": { "app.kubernetes.io/managed-by": "vidimus" } });
        if let (Some(namespace), Some(members)) = (namespace, metadata.as_object_mut()) {
            members.insert("namespace".to_owned(), namespace.into());
        }
        let count = |outcome: Outcome| results.iter().filter(|(found, _)| *found == outcome).count();
        let summary = Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), Value::from(count(outcome))));
        let mut object = json!({ "apiVersion": version, "kind": kind, "metadata": metadata });
        if let Some(members) = object.as_object_mut() {
            if let Some(subject) = subject {
                members.insert("scope".to_owned(), subject.clone());
            }
            members.insert("summary".to_owned(), Value::Object(summary.into_iter().collect()));
            members.insert("results".to_owned(), results.iter().map(|(_, result)| result.clone()).collect());
        }
        format!("{DOCUMENT}{}\n", text_of(&object))
    }
}

impl Report for PolicyReport {
    fn begin(&self, _: &Head) -> String {
        String::new()
    }

    fn image(&self, entry: &Entry<'_>) -> String {
        let [_, namespace, _] = object(entry);
        let namespace = Some(namespace).filter(|namespace| is_label(namespace));
        let subjects = subjects(entry);
        let outcome = Outcome::of(entry);
        let result = result(entry, outcome, &subjects);
        self.object(namespace, &name(entry), subjects.first(), &[(outcome, result)])
    }

    fn error(&self, error: &ItemError) -> String {
        let result = json!({
            "source": "vidimus",
            "category": CATEGORY,
            "policy": "vidimus",
            "rule": "readable",
            "result": Outcome::Error.as_str(),
            "severity": "high",
            "scored": true,
            "message": shown(&error.message, MESSAGE_LIMIT),
            "properties": { "place": shown(&error.place, PROPERTY_LIMIT) },
        });
        self.object(None, &format!("vidimus-unreadable-{}", hash(&error.place)), None, &[(Outcome::Error, result)])
    }

    fn end(&self, head: &Head, summary: &Summary) -> String {
        let mut properties: Vec<_> = [
            ("images", summary.images),
            ("allowed", summary.allowed),
            ("denied", summary.denied),
            ("undecided", summary.undecided_images),
            ("tolerated", summary.tolerated),
            ("unsigned", summary.unsigned),
            ("unreadable", summary.errors),
        ]
        .into_iter()
        .map(|(name, count)| (name.to_owned(), Value::from(count.to_string())))
        .collect();
        properties.push(("at".to_owned(), rfc3339(head.at).into()));
        let (outcome, message) = match (summary.partial, summary.errors) {
            (true, _) => (Outcome::Error, "interrupted: what follows in the sources was not looked at"),
            (false, 0) => (Outcome::Pass, "everything in the sources was looked at"),
            (false, _) => (Outcome::Error, "not everything in the sources could be read"),
        };
        let result = json!({
            "source": "vidimus",
            "category": CATEGORY,
            "policy": "vidimus",
            "rule": "complete",
            "result": outcome.as_str(),
            "scored": false,
            "message": message,
            "timestamp": { "seconds": head.at.timestamp(), "nanos": 0 },
            "properties": Value::Object(properties.into_iter().collect()),
        });
        let name = match head.shard {
            Some(shard) => format!("vidimus-run-{}-of-{}", shard.index(), shard.count()),
            None => "vidimus-run".to_owned(),
        };
        self.object(None, &name, None, &[(outcome, result)])
    }
}

const CATEGORY: &str = "Image signatures";

/// The results that there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Error,
    Fail,
    Pass,
    Skip,
    Warn,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Pass, Self::Fail, Self::Warn, Self::Error, Self::Skip];

    fn of(entry: &Entry<'_>) -> Self {
        match Standing::of(entry) {
            Standing::Allowed => Self::Pass,
            Standing::Audited | Standing::Warned => Self::Warn,
            Standing::Denied => Self::Fail,
            Standing::Exempt => Self::Skip,
            Standing::Undecided => Self::Error,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
        }
    }

    fn severity(self) -> &'static str {
        match self {
            Self::Error | Self::Fail => "high",
            Self::Warn => "medium",
            Self::Pass | Self::Skip => "info",
        }
    }
}

fn result(entry: &Entry<'_>, outcome: Outcome, subjects: &[Value]) -> Value {
    let (verdict, decision) = (entry.verdict, entry.verdict.decision());
    let rule = decision.rule().filter(|_| of_a_document(verdict));
    let mut message = shown(decision.reason(), MESSAGE_LIMIT);
    for remedy in remedies(entry).iter().take(TOLD) {
        message.push_str(&format!("; would be accepted: {}", shown(remedy, MESSAGE_LIMIT)));
    }
    let verified = verdict.evidence().iter().filter(|evidence| evidence.is_verified());
    let signers: Vec<_> = verified.filter_map(|evidence| Some(evidence.signer()?.certificate().to_string())).collect();
    let mut properties = vec![
        ("code", decision.code().to_string()),
        ("decision", decision.effect().to_string()),
        ("reference", verdict.docker_image_reference().to_owned()),
        ("place", entry.place.to_owned()),
        ("signatures", verdict.evidence().len().to_string()),
        ("signers", signers.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(" ")),
    ];
    if let Some(rule) = rule {
        properties.push(("mode", rule.mode().as_str().to_owned()));
        properties.push(("pointer", rule.pointer().to_owned()));
    }
    let properties = properties.into_iter().map(|(name, text)| (name.to_owned(), shown(&text, PROPERTY_LIMIT).into()));
    let title = rule.map(|rule| [rule.name(), rule.scope()].into_iter().find(|title| !title.is_empty()));
    let policy = match (rule, decision.exemption()) {
        (Some(rule), _) => rule.document(),
        (None, Some(exemption)) => exemption.document(),
        (None, None) => "vidimus",
    };
    json!({
        "source": "vidimus",
        "category": CATEGORY,
        "policy": shown(policy, PROPERTY_LIMIT),
        "rule": shown(title.flatten().unwrap_or("default"), PROPERTY_LIMIT),
        "result": outcome.as_str(),
        "severity": outcome.severity(),
        "scored": true,
        "message": message,
        "resources": subjects,
        "timestamp": { "seconds": verdict.at().timestamp(), "nanos": 0 },
        "properties": Value::Object(properties.collect()),
    })
}

/// The image and, before it, the object that it came in, as references to objects.
fn subjects(entry: &Entry<'_>) -> Vec<Value> {
    let reference = |kind: &str, namespace: &str, name: &str, uid: &str| {
        let parts = [("kind", kind), ("namespace", namespace), ("name", name), ("uid", uid)];
        let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
        let told = parts.map(|(member, text)| (member.to_owned(), shown(text, PROPERTY_LIMIT).into()));
        let version = ("apiVersion".to_owned(), "image.openshift.io/v1".into());
        Value::Object([version].into_iter().chain(told).collect())
    };
    let carrier = entry.carrier.map(|carrier| reference(carrier.kind, carrier.namespace, carrier.name, ""));
    let image = reference("Image", "", entry.verdict.name(), entry.verdict.uid());
    carrier.into_iter().chain([image]).collect()
}

/// The name of an object about an image: by the digest of a plain `Image`, by a hash of what it is otherwise.
fn name(entry: &Entry<'_>) -> String {
    let digest = entry.verdict.name().parse::<Digest>().ok().filter(|_| entry.carrier.is_none());
    match digest {
        Some(digest) => format!("vidimus-{}", digest.to_string().replace(':', "-")),
        None => format!("vidimus-object-{}", hash(&text_of(&identity(entry)))),
    }
}

/// 128 bits of a hash, as hexadecimal digits.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|octet| format!("{octet:02x}")).collect()
}

/// Whether a text can be the name of a namespace (RFC 1123).
fn is_label(text: &str) -> bool {
    let inner = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_namespace_is_one() {
        for text in ["shop", "a", "a-1", &"a".repeat(63)] {
            assert!(is_label(text), "{text}");
        }
        for text in ["", "-a", "a-", "A", "a.b", "a/b", "a\n", "kube system", &"a".repeat(64)] {
            assert!(!is_label(text), "{text}");
        }
    }
}
