//! Writes a `SignaturePolicy`: a rule for each scope of images from registries, and one for what no scope is for.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::demand::refuse;
use super::image_policies::compare_atomic;
use crate::policy::document::containers_policy::{Demanded, Demands, KeySource, What};
use crate::policy::document::field::Field;
use crate::policy::document::load::Parts;
use crate::policy::scope::ImagePattern;
use crate::signature::IdentityRule;

/// The policy; nothing where it cannot be written, which is told.
pub(super) fn write(parts: &Parts<'_>) -> Option<Value> {
    for read in &parts.signature {
        refuse(&read.root, "this is a `SignaturePolicy` already");
    }
    for policy in &parts.images {
        refuse(&policy.field, "a `SignaturePolicy` demands OpenPGP signatures, and this one demands sigstore's");
    }
    let (root, policy) = parts.containers.as_ref()?;
    let mut written = Written::default();
    let mut of_registries = None;
    for (transport, scopes) in &policy.transports {
        let place = root.peek("transports").and_then(|field| field.peek(transport));
        for (scope, demands) in scopes {
            let Some(field) = place.as_ref().and_then(|field| field.peek(scope)) else { continue };
            match (transport.as_str(), scope.as_str()) {
                ("docker", "") => of_registries = Some((field, demands)),
                ("docker", scope) => written.scope(&field, scope, demands),
                // Compared below.
                ("atomic", _) => {}
                _ => refuse(&field, "a `SignaturePolicy` is for images from registries only"),
            }
        }
    }
    compare_atomic(root);
    match (of_registries, root.peek("default")) {
        // What `default` demands of images that come from no registry is another thing; no pattern is for those.
        (Some((field, demands)), Some(default)) => {
            let pattern = (field.json() != default.json()).then(|| "**".to_owned());
            written.rule(&field, "everything else", pattern, demands);
        }
        (Some((field, demands)), None) => written.rule(&field, "everything else", Some("**".to_owned()), demands),
        (None, Some(field)) => written.rule(&field, "default", None, &policy.default),
        (None, None) => {}
    }
    Some(written.document())
}

#[derive(Default)]
struct Written {
    rules: Vec<Value>,
    /// By what is in them, so that the same keys are one keyring.
    keyrings: BTreeMap<String, (String, Value)>,
}

impl Written {
    fn scope(&mut self, field: &Field<'_>, scope: &str, demands: &Demands) {
        if scope.contains('@') || scope.rsplit('/').next().is_some_and(|last| last.contains(':')) && scope.contains('/')
        {
            refuse(field, "a scope with a tag or a digest cannot be said: patterns are of repositories");
            return;
        }
        let (domain, literal) = match scope.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, scope),
        };
        if literal.contains('*') || domain && literal.contains(['/', ':']) {
            refuse(field, "this scope matches no image, and a pattern with such a `*` does: leave it out");
            return;
        }
        // Of a domain, itself is not meant, and the port does not matter.
        let pattern = if domain { format!("*.**.{literal}:*/**") } else { format!("{literal}/**") };
        match ImagePattern::parse(&pattern) {
            Ok(_) => self.rule(field, scope, Some(pattern), demands),
            Err(error) => refuse(field, &format!("this scope cannot be said as a pattern: {error}")),
        }
    }

    fn rule(&mut self, field: &Field<'_>, name: &str, pattern: Option<String>, demands: &Demands) {
        let fields = field.array().unwrap_or_default();
        let all: Vec<_> =
            demands.all.iter().zip(&fields).filter_map(|(demanded, field)| self.demand(field, demanded)).collect();
        let mut rule = Map::from_iter([("name".to_owned(), json!(name))]);
        if let Some(pattern) = pattern {
            rule.insert("scope".to_owned(), json!({ "images": [pattern] }));
        }
        let require = match <[Value; 1]>::try_from(all) {
            Ok([only]) => only,
            Err(all) => json!({ "all": all }),
        };
        rule.insert("require".to_owned(), require);
        self.rules.push(Value::Object(rule));
    }

    fn demand(&mut self, field: &Field<'_>, demanded: &Demanded) -> Option<Value> {
        match &demanded.what {
            What::AcceptAnything => Some(json!({ "insecureAcceptAnything": {} })),
            What::Reject => Some(json!({ "reject": {} })),
            What::SignedBy { keys, identity, .. } => {
                let keyring = self.keyring(field, keys)?;
                let mut terms = Map::from_iter([("keyring".to_owned(), json!(keyring))]);
                if *identity != IdentityRule::MatchRepoDigestOrExact {
                    terms.insert("identity".to_owned(), identity_json(identity));
                }
                Some(json!({ "signedBy": terms }))
            }
            What::SignedBaseLayer | What::SignedByOther { .. } => {
                refuse(field, "nobody can check this, and a `SignaturePolicy` does not say it: write `reject`");
                None
            }
            What::Sigstore(_) => {
                refuse(field, "a `SignaturePolicy` demands OpenPGP signatures, and this is about sigstore's");
                None
            }
        }
    }

    /// The name of a keyring with these keys.
    fn keyring(&mut self, field: &Field<'_>, source: &KeySource) -> Option<String> {
        let keys: Vec<_> = match source {
            KeySource::Files(paths) => {
                if let Some(relative) = paths.iter().find(|path| !path.starts_with('/')) {
                    let text = format!(
                        "`{relative}` is relative: to the folder of whoever reads it here, to that of the document in a \
                         `SignaturePolicy`; write it in full"
                    );
                    refuse(field, &text);
                    return None;
                }
                paths.iter().map(|path| json!({ "file": path })).collect()
            }
            KeySource::Data(data) => data.iter().map(|bytes| json!({ "inline": armored(bytes) })).collect(),
        };
        let keyring = json!({ "keys": keys });
        let next = format!("keyring-{}", self.keyrings.len().saturating_add(1));
        Some(self.keyrings.entry(keyring.to_string()).or_insert_with(|| (next, keyring)).0.clone())
    }

    fn document(self) -> Value {
        let keyrings: BTreeMap<_, _> = self.keyrings.into_values().collect();
        let mut spec = Map::new();
        if !keyrings.is_empty() {
            spec.insert("keyrings".to_owned(), json!(keyrings));
        }
        spec.insert("rules".to_owned(), Value::Array(self.rules));
        json!({
            "apiVersion": "vidimus.dev/v1alpha1",
            "kind": "SignaturePolicy",
            "metadata": { "name": "converted" },
            "spec": spec,
        })
    }
}

/// The rule as containers-policy.json(5) writes it, and we with it.
pub(super) fn identity_json(rule: &IdentityRule) -> Value {
    let kind = rule.name();
    match rule {
        IdentityRule::MatchExact | IdentityRule::MatchRepoDigestOrExact | IdentityRule::MatchRepository => {
            json!({ "type": kind })
        }
        IdentityRule::ExactReference(reference) => json!({ "type": kind, "dockerReference": reference.to_string() }),
        IdentityRule::ExactRepository(repository) => {
            json!({ "type": kind, "dockerRepository": repository.to_string() })
        }
        IdentityRule::RemapIdentity(remap) => {
            json!({ "type": kind, "prefix": remap.prefix(), "signedPrefix": remap.signed_prefix() })
        }
    }
}

/// Keys as text: as they are where they are text already, else in armor (RFC 9580, 6.2).
fn armored(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----") => text.to_owned(),
        Ok(_) | Err(_) => {
            let encoded = STANDARD.encode(bytes);
            let mut text = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n".to_owned();
            for (position, digit) in encoded.chars().enumerate() {
                if position > 0 && position.is_multiple_of(64) {
                    text.push('\n');
                }
                text.push(digit);
            }
            text.push_str("\n-----END PGP PUBLIC KEY BLOCK-----\n");
            text
        }
    }
}
