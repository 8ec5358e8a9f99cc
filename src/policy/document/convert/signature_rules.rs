//! Writes the rules of `SignaturePolicy` documents as containers-policy.json(5), where that can say the same.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::demand::refuse;
use super::signature_policy::identity_json;
use crate::policy::Mode;
use crate::policy::document::containers_policy::is_atomic;
use crate::policy::document::field::Field;
use crate::policy::document::signature_policy::{
    KeyPlace, NamedKeyring, NoMatch, ReadPolicy, Require, RequireWhat, SignaturePolicy, WrittenRule, WrittenTerms,
    beside,
};
use crate::signature::{IdentityRule, KeyValidity, PayloadProfile, TrustWindow};

/// The policy; nothing where it cannot be written, which is told.
pub(super) fn write(policies: &[ReadPolicy<'_>]) -> Option<Value> {
    let mut default = None;
    let mut scopes = BTreeMap::new();
    for read in policies {
        if !read.policy.exemptions.is_empty() {
            refuse(&read.root, "containers-policy.json(5) knows no exemptions");
        }
        for (rule, field) in read.policy.rules.iter().zip(&read.fields) {
            let Some(demands) = rule_json(rule, &read.policy, field) else { continue };
            match &rule.scope.images {
                None => default = Some(demands),
                Some(patterns) => {
                    for pattern in patterns.as_slice() {
                        match scope(pattern.as_str()) {
                            Ok(Some(scope)) => drop(scopes.insert(scope, demands.clone())),
                            Ok(None) => default = Some(demands.clone()),
                            Err(reason) => refuse(field, &format!("pattern `{pattern}` {reason}")),
                        }
                    }
                }
            }
        }
    }
    let no_match = policies.iter().find_map(|read| read.policy.no_match.as_ref()).map(|(_, no_match)| *no_match);
    let unmatched = match no_match.unwrap_or_default() {
        NoMatch::Allow => json!([{ "type": "insecureAcceptAnything" }]),
        NoMatch::Deny => json!([{ "type": "reject" }]),
    };
    let mut default = default.unwrap_or(unmatched);
    // Where any pattern is asked for, what comes from no registry is allowed by nothing.
    let asks_for_names = policies.iter().any(|read| {
        read.policy.rules.iter().any(|rule| rule.scope.images.is_some())
            || read.policy.exemptions.iter().any(|exemption| exemption.scope.images.is_some())
    });
    let reject = json!([{ "type": "reject" }]);
    if asks_for_names && default != reject {
        scopes.insert(String::new(), std::mem::replace(&mut default, reject));
    }
    let mut policy = Map::from_iter([("default".to_owned(), default)]);
    if !scopes.is_empty() {
        let atomic: BTreeMap<_, _> = scopes.iter().filter(|(scope, _)| is_atomic(scope)).collect();
        policy.insert("transports".to_owned(), json!({ "atomic": atomic, "docker": scopes }));
    }
    Some(Value::Object(policy))
}

/// What the rule demands, as a list of which each must be met.
fn rule_json(rule: &WrittenRule, policy: &SignaturePolicy, field: &Field<'_>) -> Option<Value> {
    if rule.scope.namespaces.is_some() {
        refuse(field, "containers-policy.json(5) knows no namespaces");
    }
    if rule.mode != Mode::Enforce {
        refuse(field, "containers-policy.json(5) can only enforce");
    }
    let mut all = Vec::new();
    let is_said = demands(&rule.require, policy, field, &mut all);
    is_said.then(|| Value::Array(all))
}

/// Adds what is demanded to a list of which each must be met. Whether it can be said.
fn demands(require: &Require, policy: &SignaturePolicy, field: &Field<'_>, all: &mut Vec<Value>) -> bool {
    let place = &require.pointer;
    let cannot = |reason: &str| {
        refuse(field, &format!("{reason} (at {place})"));
        false
    };
    match &require.what {
        RequireWhat::AcceptAnything => all.push(json!({ "type": "insecureAcceptAnything" })),
        RequireWhat::Reject => all.push(json!({ "type": "reject" })),
        RequireWhat::All(parts) => {
            // All of them, so that all that cannot be said is told.
            return parts.iter().filter(|part| !demands(part, policy, field, all)).count() == 0;
        }
        RequireWhat::SignedBy(terms) => match signed_by(&[terms], policy) {
            Ok(demand) => all.push(demand),
            Err(reason) => return cannot(reason),
        },
        RequireWhat::Any(parts) => match any_of(parts).ok_or(ANY).and_then(|terms| signed_by(&terms, policy)) {
            Ok(demand) => all.push(demand),
            Err(reason) => return cannot(reason),
        },
        RequireWhat::AtLeast { count, of } if count.get() == 1 => {
            match any_of(of).ok_or(ANY).and_then(|terms| signed_by(&terms, policy)) {
                Ok(demand) => all.push(demand),
                Err(reason) => return cannot(reason),
            }
        }
        RequireWhat::AtLeast { .. } => return cannot("that several signers are needed cannot be said"),
        RequireWhat::DigestIn(_) | RequireWhat::NotDigestIn(_) => return cannot("digests cannot be listed"),
    }
    true
}

const ANY: &str = "of alternatives, only signatures by any of several keys under the same terms can be said";

/// The terms of demands that differ in their keys alone.
fn any_of(parts: &[Require]) -> Option<Vec<&WrittenTerms>> {
    let terms: Option<Vec<_>> = parts.iter().map(Require::signed_by).collect();
    let terms = terms?;
    terms.windows(2).all(|pair| matches!(pair, [one, next] if one.identity == next.identity)).then_some(terms)
}

/// A signature by a key of any of these, which are under the same identity rule.
fn signed_by(terms: &[&WrittenTerms], policy: &SignaturePolicy) -> Result<Value, &'static str> {
    let mut keys = Vec::new();
    for terms in terms {
        if terms.max_signature_age.is_some() || terms.signed_after.is_some() {
            return Err("the age of a signature cannot be limited");
        }
        if terms.key_expiry != KeyValidity::Now {
            return Err("a key that has expired since cannot be accepted");
        }
        if terms.payload_profile != PayloadProfile::Containers {
            return Err("only payloads by the rules of containers/image can be accepted");
        }
        let keyring = policy.keyrings.get(&terms.keyring).ok_or("the keyring is not there")?;
        keys.extend(key_places(keyring)?);
    }
    let identity = terms.first().map_or(&IdentityRule::MatchRepoDigestOrExact, |terms| &terms.identity);
    if matches!(identity, IdentityRule::RemapIdentity(remap) if remap.matches_repository()) {
        return Err("that the repository is enough after remapping cannot be said");
    }
    let files: Option<Vec<_>> = keys
        .iter()
        .map(|place| match place {
            KeyPlace::File(path) => Some(beside(&policy.document, path)),
            KeyPlace::Directory(_) | KeyPlace::Inline(_) => None,
        })
        .collect();
    let source = match (keys.as_slice(), files) {
        ([KeyPlace::Inline(text)], _) => ("keyData", json!(STANDARD.encode(text))),
        (_, Some(files)) => match files.as_slice() {
            [only] => ("keyPath", json!(only)),
            _ => ("keyPaths", json!(files)),
        },
        _ => return Err("keys are in files, each of which is named, or in one piece of the document"),
    };
    let mut demand = Map::from_iter([
        ("type".to_owned(), json!("signedBy")),
        ("keyType".to_owned(), json!("GPGKeys")),
        (source.0.to_owned(), source.1),
    ]);
    demand.insert("signedIdentity".to_owned(), identity_json(identity));
    Ok(Value::Object(demand))
}

fn key_places(keyring: &NamedKeyring) -> Result<Vec<&KeyPlace>, &'static str> {
    if keyring.keys.iter().any(|key| key.window != TrustWindow::default()) {
        return Err("that a key is trusted for a time cannot be said");
    }
    Ok(keyring.keys.iter().map(|key| &key.place).collect())
}

/// The scope of `docker` with the same images as a pattern; nothing for that of all images.
fn scope(pattern: &str) -> Result<Option<String>, &'static str> {
    if pattern == "**" || pattern == "**:*/**" {
        return Ok(None);
    }
    let Some(prefix) = pattern.strip_suffix("/**") else {
        return Err("cannot be said: a scope holds what is below a name as well, as `/**` at the end does");
    };
    let domain = prefix.strip_prefix("*.**.").or_else(|| prefix.strip_prefix("**.*."));
    let (scope, literal) = match domain {
        Some(domain) => match domain.strip_suffix(":*") {
            Some(domain) if !domain.contains('/') => (format!("*.{domain}"), domain),
            _ => return Err("cannot be said: a scope `*.domain` is for every port"),
        },
        None => (prefix.to_owned(), prefix),
    };
    if literal.contains('*') {
        return Err("cannot be said: `*` stands for whole domains only, as in `*.**.example.com:*/**`");
    }
    Ok(Some(scope))
}
