//! From what documents say to the rules that the evaluator knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{NamedKeyring, NoMatch, ReadPolicy, Require, RequireWhat, SignaturePolicy, WrittenTerms};
use crate::image::quote::Quoted;
use crate::policy::document::finding::FindingCode;
use crate::policy::scope::{ConflictKind, ImagePattern, ImageScopes, Scopes};
use crate::policy::{Demand, Exemption, Mode, NonEmpty, Requirement, Rule};
use crate::signature::{Fingerprint, Signers, Terms};

/// The rules of all documents together. `names` are the user IDs of the certificates that they trust.
pub(crate) fn compile(policies: &[ReadPolicy<'_>], names: &Arc<BTreeMap<Fingerprint, String>>) -> ImageScopes {
    let mut rules = Vec::new();
    let mut exemptions = Vec::new();
    let mut no_match = None;
    for ReadPolicy { policy, .. } in policies {
        rules.extend(policy.rules.iter().map(|written| {
            let requirement = requirement(&written.require, &policy.keyrings);
            let scope = written.scope.images.as_ref().map_or(String::new(), |images| {
                let patterns: Vec<_> = images.as_slice().iter().map(ImagePattern::as_str).collect();
                patterns.join(", ")
            });
            let mut rule = Rule::new(&policy.document, written.pointer.clone(), scope, written.mode, requirement);
            rule.name = written.name.clone();
            rule.names = Arc::clone(names);
            Arc::new(rule)
        }));
        exemptions.extend(policy.exemptions.iter().map(|written| {
            let exemption = Exemption {
                document: policy.document.clone(),
                pointer: written.pointer.clone(),
                reason: written.reason.clone(),
                expires: written.expires,
            };
            (written.scope.clone(), Arc::new(exemption))
        }));
        no_match = no_match.or_else(|| accept_unmatched(policy));
    }
    let scopes = policies.iter().flat_map(|read| &read.policy.rules).map(|rule| rule.scope.clone()).collect();
    let (scopes, _) = Scopes::build(scopes);
    ImageScopes::new(scopes, rules, exemptions, no_match)
}

/// Tells of rules that cannot govern together.
pub(crate) fn tell_conflicts(policies: &[ReadPolicy<'_>]) {
    let rules: Vec<_> = policies.iter().flat_map(|read| read.policy.rules.iter().zip(&read.fields)).collect();
    let (_, conflicts) = Scopes::build(rules.iter().map(|(rule, _)| rule.scope.clone()).collect());
    for conflict in conflicts {
        let (Some((_, field)), Some((other, other_field))) = (rules.get(conflict.rule), rules.get(conflict.other))
        else {
            continue;
        };
        let shown = |pattern: &Option<ImagePattern>| match pattern {
            Some(pattern) => format!("pattern `{pattern}`"),
            None => "every image".to_owned(),
        };
        let place = if field.document() == other_field.document() {
            other_field.pointer()
        } else {
            format!("{} {}", other_field.document(), other_field.pointer())
        };
        let other = format!("rule {} ({}, at {place})", Quoted(&other.name), shown(&conflict.other_pattern));
        let own = shown(&conflict.pattern);
        match conflict.kind {
            ConflictKind::Ambiguous => field.tell(
                FindingCode::AmbiguousScope,
                format!(
                    "by {own} this rule is for some image that {other} is for as well, and neither is more specific"
                ),
            ),
            ConflictKind::Unreachable => field.tell(
                FindingCode::UnreachableRule,
                format!("this rule never governs: where its {own} matches, {other} comes first"),
            ),
        }
    }
}

/// The rule for images that no rule is for, where they may run.
fn accept_unmatched(policy: &SignaturePolicy) -> Option<Arc<Rule>> {
    let (pointer, NoMatch::Allow) = policy.no_match.as_ref()? else { return None };
    let requirement = Requirement::new(pointer.clone(), Demand::AcceptAnything);
    let rule = Rule::new(&policy.document, pointer.clone(), String::new(), Mode::Enforce, requirement);
    Some(Arc::new(rule))
}

fn requirement(require: &Require, keyrings: &BTreeMap<String, NamedKeyring>) -> Requirement {
    let parts =
        |parts: &[Require]| NonEmpty::new(parts.iter().map(|part| requirement(part, keyrings)).collect::<Vec<_>>());
    // The reader refuses empty lists; nothing meets one that came about all the same.
    let demand = match &require.what {
        RequireWhat::AcceptAnything => Demand::AcceptAnything,
        RequireWhat::All(all) => parts(all).map_or(Demand::Reject, Demand::All),
        RequireWhat::Any(any) => parts(any).map_or(Demand::Reject, Demand::Any),
        RequireWhat::AtLeast { count, of } => {
            parts(of).map_or(Demand::Reject, |of| Demand::AtLeast { count: *count, of })
        }
        RequireWhat::DigestIn(digests) => Demand::DigestIn(digests.clone()),
        RequireWhat::NotDigestIn(digests) => Demand::DigestNotIn(digests.clone()),
        RequireWhat::Reject => Demand::Reject,
        RequireWhat::SignedBy(terms) => Demand::SignedBy(self::terms(terms, keyrings)),
    };
    Requirement::new(require.pointer.clone(), demand)
}

fn terms(terms: &WrittenTerms, keyrings: &BTreeMap<String, NamedKeyring>) -> Terms {
    let trusted = keyrings.get(&terms.keyring).map(|keyring| keyring.trusted.clone());
    Terms {
        signers: Signers::These(trusted.unwrap_or_default()),
        identity: Some(terms.identity.clone()),
        key_validity: Some(terms.key_expiry),
        payload_profile: Some(terms.payload_profile),
        max_age: terms.max_signature_age,
        signed_after: terms.signed_after,
    }
}
