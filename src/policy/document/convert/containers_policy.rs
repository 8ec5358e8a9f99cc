//! Writes containers-policy.json(5): what OpenShift's machine config operator writes for the nodes of a cluster.
//!
//! The order of members is that of the peer, scopes and transports are sorted.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::policy::document::containers_policy::is_atomic;
use crate::policy::document::finding::FindingCode;
use crate::policy::document::image_policy::{ImagePolicy, RootOfTrust};
use crate::policy::document::load::Parts;
use crate::signature::IdentityRule;

/// A transport's scopes, and what is demanded in each.
type Scopes = BTreeMap<String, Vec<Value>>;

/// The policy for the nodes; nothing where none can be written, which is told.
pub(super) fn write(parts: &Parts<'_>) -> Option<Value> {
    if parts.containers.is_none() && parts.images.is_empty() {
        return None;
    }
    for policy in parts.images.iter().filter(|policy| policy.namespace.is_some()) {
        policy.field.tell(
            FindingCode::Inexpressible,
            "containers-policy.json(5) knows no namespaces: an `ImagePolicy` has no place there",
        );
    }
    let base = parts.containers.as_ref().map(|(field, _)| field);
    let accept_anything = || json!([{ "type": "insecureAcceptAnything" }]);
    let default = base.and_then(|base| base.peek("default")).map_or_else(accept_anything, |field| field.json());
    let mut transports = BTreeMap::new();
    for (transport, field) in
        base.and_then(|base| base.peek("transports")?.object()).into_iter().flat_map(|of| of.entries())
    {
        let scopes = field.object().into_iter().flat_map(|of| of.entries());
        let demands = scopes.map(|(scope, field)| {
            let demands = field.array().unwrap_or_default();
            (scope.to_owned(), demands.iter().map(|field| field.json()).collect())
        });
        transports.insert(transport.to_owned(), demands.collect::<Scopes>());
    }
    if parts.images.iter().any(|policy| policy.namespace.is_none()) {
        add(&mut transports, &parts.images);
    }
    let mut policy = Map::new();
    policy.insert("default".to_owned(), default);
    if !transports.is_empty() {
        let transports = transports.into_iter().map(|(name, scopes)| (name, json!(scopes)));
        policy.insert("transports".to_owned(), transports.collect());
    }
    Some(Value::Object(policy))
}

/// Adds the scopes of the whole cluster to those of the base: to those of `docker`, of which `atomic` gets a copy.
fn add(transports: &mut BTreeMap<String, Scopes>, policies: &[ImagePolicy<'_>]) {
    let mut docker = transports.remove("docker").unwrap_or_default();
    let mut atomic = transports.remove("atomic").unwrap_or_default();
    let mut copied = Vec::new();
    for policy in policies.iter().filter(|policy| policy.namespace.is_none()) {
        let demand = demand(policy);
        for (_, scope) in &policy.scopes {
            docker.entry((*scope).to_owned()).or_default().push(demand.clone());
            match atomic.get_mut(*scope) {
                Some(demands) => demands.push(demand.clone()),
                None => copied.push(*scope),
            }
        }
    }
    for scope in copied.into_iter().filter(|scope| is_atomic(scope)) {
        if let Some(demands) = docker.get(scope) {
            atomic.insert(scope.to_owned(), demands.clone());
        }
    }
    transports.insert("docker".to_owned(), docker);
    transports.insert("atomic".to_owned(), atomic);
}

/// The demand of one policy: `sigstoreSigned`.
fn demand(policy: &ImagePolicy<'_>) -> Value {
    let base64 = |data: &[u8]| STANDARD.encode(data);
    let mut demand = Map::new();
    demand.insert("type".to_owned(), json!("sigstoreSigned"));
    let rekor = match &policy.root {
        RootOfTrust::FulcioWithRekor { ca, rekor, issuer, email } => {
            let fulcio = json!({ "caData": base64(ca), "oidcIssuer": issuer, "subjectEmail": email });
            demand.insert("fulcio".to_owned(), fulcio);
            Some(rekor)
        }
        RootOfTrust::Pki { roots, intermediates, email, hostname } => {
            let members = [
                ("caRootsData", Some(base64(roots))),
                ("caIntermediatesData", intermediates.as_ref().map(|data| base64(data))),
                ("subjectEmail", email.clone()),
                ("subjectHostname", hostname.clone()),
            ];
            let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
            demand.insert("pki".to_owned(), members.collect());
            None
        }
        RootOfTrust::PublicKey { pem, rekor, .. } => {
            demand.insert("keyData".to_owned(), json!(base64(pem)));
            rekor.as_ref()
        }
    };
    if let Some(rekor) = rekor {
        demand.insert("rekorPublicKeyData".to_owned(), json!(base64(rekor)));
    }
    demand.insert("signedIdentity".to_owned(), signed_identity(&policy.identity));
    Value::Object(demand)
}

fn signed_identity(rule: &IdentityRule) -> Value {
    let kind = rule.name();
    match rule {
        IdentityRule::MatchExact | IdentityRule::MatchRepoDigestOrExact | IdentityRule::MatchRepository => {
            json!({ "type": kind })
        }
        IdentityRule::ExactReference(reference) => json!({ "type": kind, "dockerReference": reference.to_string() }),
        IdentityRule::ExactRepository(name) => json!({ "type": kind, "dockerRepository": name.to_string() }),
        IdentityRule::RemapIdentity(remap) => {
            json!({ "type": kind, "prefix": remap.prefix(), "signedPrefix": remap.signed_prefix() })
        }
    }
}
