//! From what a policy says to the rules that the evaluator knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ContainersPolicy, Demanded, Demands, SigstoreRoot, What};
use crate::policy::scope::TransportScopes;
use crate::policy::{Demand, Mode, NonEmpty, Requirement, Rule};
use crate::signature::{Fingerprint, KeyValidity, PayloadProfile, Signers, SigstoreTerms, Terms};

/// The rules of a policy. `names` are the user IDs of the certificates that it trusts.
pub(crate) fn compile(policy: &ContainersPolicy, names: &Arc<BTreeMap<Fingerprint, String>>) -> TransportScopes {
    let mut scopes = TransportScopes::new(rule(&policy.default, "", names));
    for (transport, entries) in &policy.transports {
        for (scope, demands) in entries {
            scopes.add(transport, scope, rule(demands, scope, names));
        }
    }
    scopes
}

/// The rule that demands what is written in one scope.
pub(crate) fn rule(demands: &Demands, scope: &str, names: &Arc<BTreeMap<Fingerprint, String>>) -> Rule {
    let requirement = requirement(demands);
    let mut rule = Rule::new(&demands.document, demands.pointer.clone(), scope.to_owned(), Mode::Enforce, requirement);
    rule.names = Arc::clone(names);
    rule
}

fn requirement(demands: &Demands) -> Requirement {
    let mut parts: Vec<_> = demands.all.iter().map(demand).collect();
    match (parts.pop(), NonEmpty::new(parts)) {
        (Some(only), None) => only,
        (Some(last), Some(others)) => {
            let mut all = others.into_vec();
            all.push(last);
            let demand = NonEmpty::new(all).map_or(Demand::Reject, Demand::All);
            Requirement::new(demands.pointer.clone(), demand)
        }
        // The reader refuses an empty list.
        (None, _) => Requirement::new(demands.pointer.clone(), Demand::Reject),
    }
}

fn demand(demanded: &Demanded) -> Requirement {
    let demand = match &demanded.what {
        What::AcceptAnything => Demand::AcceptAnything,
        What::Reject => Demand::Reject,
        What::SignedBaseLayer => Demand::Unsupported { what: "a signed base layer".to_owned() },
        What::SignedBy { identity, certificates, .. } => Demand::SignedBy(Terms {
            signers: Signers::these(certificates.iter().cloned()),
            identity: Some(identity.clone()),
            // What the peer demands; the options of the verification are for verifications without a policy.
            key_validity: Some(KeyValidity::Now),
            payload_profile: Some(PayloadProfile::Containers),
            ..Terms::default()
        }),
        What::SignedByOther { key_type } => Demand::Unsupported { what: format!("signatures by `{key_type}`") },
        What::Sigstore(sigstore) => match (&sigstore.root, sigstore.rekor) {
            (SigstoreRoot::Keys(keys), false) => {
                Demand::SigstoreSigned(SigstoreTerms { keys: keys.clone(), identity: Some(sigstore.identity.clone()) })
            }
            (SigstoreRoot::Keys(_), true) => Demand::Unsupported { what: "an entry in Rekor".to_owned() },
            (SigstoreRoot::Fulcio, _) => Demand::Unsupported { what: "a certificate by Fulcio".to_owned() },
            (SigstoreRoot::Pki, _) => Demand::Unsupported { what: "a certificate by a PKI".to_owned() },
        },
    };
    Requirement::new(demanded.pointer.clone(), demand)
}
