//! Writes `ClusterImagePolicy`: one for each demand, with all the scopes in which it is made.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::demand::{refuse, root_of_trust, signed_identity};
use crate::policy::document::containers_policy::{Demands, What, is_atomic};
use crate::policy::document::field::Field;
use crate::policy::document::image_policy::{COUNT_LIMIT, RootOfTrust, scope_problem};
use crate::policy::document::keys::Keys;
use crate::policy::document::load::Parts;
use crate::policy::scope::above;

/// The policies, as a list; nothing where they cannot be written, which is told.
///
/// On a cluster what no scope is for is accepted. A scope that accepts anything can be left out where nothing above it
/// demands more.
pub(super) fn write(parts: &Parts<'_>, keys: &mut Keys<'_>) -> Option<Value> {
    for read in &parts.signature {
        refuse(&read.root, "ClusterImagePolicy demands sigstore signatures, and this demands OpenPGP's");
    }
    for policy in &parts.images {
        refuse(&policy.field, "this is a policy of OpenShift already: convert the policy of the nodes without it");
    }
    let (root, policy) = parts.containers.as_ref()?;
    if !accepts(&policy.default) {
        let default = root.peek("default").unwrap_or_else(|| root.clone());
        refuse(
            &default,
            "`default` does not accept everything, and ClusterImagePolicy has no default: what no scope is for is accepted",
        );
    }
    let mut demands_something = !accepts(&policy.default);
    let mut written = Written::default();
    for (transport, scopes) in &policy.transports {
        let place = root.peek("transports").and_then(|field| field.peek(transport));
        let demanding: HashSet<_> =
            scopes.iter().filter(|(_, demands)| !accepts(demands)).map(|(scope, _)| scope.as_str()).collect();
        demands_something |= transport == "docker" && !demanding.is_empty();
        for (scope, demands) in scopes {
            let Some(field) = place.as_ref().and_then(|field| field.peek(scope)) else { continue };
            match transport.as_str() {
                "docker" => written.scope(&field, scope, demands, &demanding, keys),
                // Compared below.
                "atomic" => {}
                _ if accepts(demands) && demanding.is_empty() => {}
                _ => refuse(&field, "ClusterImagePolicy is for images from registries only"),
            }
        }
    }
    compare_atomic(root);
    if !demands_something {
        refuse(root, "nothing is demanded of images from registries: there is no policy to write");
    }
    Some(written.list())
}

/// Whether anything is accepted.
fn accepts(demands: &Demands) -> bool {
    demands.all.iter().all(|demanded| matches!(demanded.what, What::AcceptAnything))
}

/// What OpenShift demands of images in the transport `atomic` is what it demands in `docker`.
pub(super) fn compare_atomic(root: &Field<'_>) {
    let scopes = |transport| -> BTreeMap<&str, Field<'_>> {
        let scopes = root.peek("transports").and_then(|field| field.peek(transport)).and_then(|field| field.object());
        scopes.into_iter().flat_map(|scopes| scopes.entries()).collect()
    };
    let (docker, mut atomic) = (scopes("docker"), scopes("atomic"));
    if atomic.is_empty() {
        return;
    }
    for (scope, of_docker) in docker.iter().filter(|(scope, _)| is_atomic(scope)) {
        match atomic.remove(scope) {
            Some(of_atomic) if of_atomic.json() == of_docker.json() => {}
            Some(of_atomic) => refuse(&of_atomic, "OpenShift demands the same in `atomic` as in `docker`"),
            None => refuse(of_docker, "OpenShift demands the same in `atomic`, which has not this scope"),
        }
    }
    for rest in atomic.values() {
        refuse(rest, "OpenShift demands the same in `docker`, which has not this scope");
    }
}

/// What is demanded, and where.
#[derive(Default)]
struct Written {
    /// In the order of the document: `spec.policy`, and its scopes.
    policies: Vec<(Value, Vec<String>)>,
    index: HashMap<String, usize>,
}

impl Written {
    /// Adds the demands of a scope.
    fn scope(
        &mut self,
        field: &Field<'_>,
        scope: &str,
        demands: &Demands,
        demanding: &HashSet<&str>,
        keys: &mut Keys<'_>,
    ) {
        if accepts(demands) {
            let is_exception = above(scope).iter().any(|above| demanding.contains(above.as_str()))
                || (!scope.is_empty() && demanding.contains(""));
            if is_exception {
                refuse(field, "that anything is accepted inside of a scope that demands more cannot be said");
            }
            return;
        }
        if scope.is_empty() {
            return refuse(field, "ClusterImagePolicy has no scope for all images from registries");
        }
        if let Some(problem) = scope_problem(scope) {
            refuse(field, problem);
        }
        for (demanded, field) in demands.all.iter().zip(field.array().unwrap_or_default()) {
            let sigstore = match &demanded.what {
                What::AcceptAnything => continue,
                What::Reject => {
                    refuse(&field, "`reject` cannot be said: ClusterImagePolicy asks for signatures");
                    continue;
                }
                What::SignedBaseLayer | What::SignedBy { .. } | What::SignedByOther { .. } => {
                    refuse(&field, "ClusterImagePolicy asks for sigstore signatures; no others can be asked for");
                    continue;
                }
                What::Sigstore(sigstore) => sigstore,
            };
            let (root, identity) = (root_of_trust(&field, keys), signed_identity(&field, &sigstore.identity));
            if let (Some(root), Some(identity)) = (root, identity) {
                self.demand(json!({ "rootOfTrust": root_json(&root), "signedIdentity": identity }), scope);
            }
        }
    }

    fn demand(&mut self, policy: Value, scope: &str) {
        let index = *self.index.entry(policy.to_string()).or_insert_with(|| {
            self.policies.push((policy, Vec::new()));
            self.policies.len().saturating_sub(1)
        });
        // The same demand twice in one scope is one demand.
        if let Some((_, scopes)) =
            self.policies.get_mut(index).filter(|(_, scopes)| scopes.last().is_none_or(|last| last != scope))
        {
            scopes.push(scope.to_owned());
        }
    }

    fn list(self) -> Value {
        let parts = self.policies.iter().flat_map(|(policy, scopes)| {
            scopes.chunks(COUNT_LIMIT).map(move |scopes| json!({ "scopes": scopes, "policy": policy }))
        });
        let items = parts.zip(1_usize..).map(|(spec, number)| {
            json!({
                "apiVersion": "config.openshift.io/v1",
                "kind": "ClusterImagePolicy",
                "metadata": { "name": format!("converted-{number}") },
                "spec": spec,
            })
        });
        json!({ "apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>() })
    }
}

fn root_json(root: &RootOfTrust) -> Value {
    let base64 = |data: &[u8]| STANDARD.encode(data);
    let members = |members: &[(&str, Option<String>)]| -> Map<String, Value> {
        members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), json!(value.as_ref()?)))).collect()
    };
    match root {
        RootOfTrust::FulcioWithRekor { ca, rekor, issuer, email } => json!({
            "policyType": "FulcioCAWithRekor",
            "fulcioCAWithRekor": {
                "fulcioCAData": base64(ca),
                "rekorKeyData": base64(rekor),
                "fulcioSubject": { "oidcIssuer": issuer, "signedEmail": email },
            },
        }),
        RootOfTrust::Pki { roots, intermediates, email, hostname } => {
            let intermediates = intermediates.as_ref().map(|data| base64(data));
            let mut pki = members(&[("caRootsData", Some(base64(roots))), ("caIntermediatesData", intermediates)]);
            let subject = members(&[("email", email.clone()), ("hostname", hostname.clone())]);
            pki.insert("pkiCertificateSubject".to_owned(), Value::Object(subject));
            json!({ "policyType": "PKI", "pki": pki })
        }
        RootOfTrust::PublicKey { pem, rekor, .. } => {
            let rekor = rekor.as_ref().map(|data| base64(data));
            let key = members(&[("keyData", Some(base64(pem))), ("rekorKeyData", rekor)]);
            json!({ "policyType": "PublicKey", "publicKey": key })
        }
    }
}
