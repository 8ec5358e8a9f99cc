//! Reads a `SignaturePolicy`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::keyrings::keyrings;
use super::require::{Known, require};
use super::scope::scope;
use super::{NamedKeyring, NoMatch, SignaturePolicy, WrittenExemption, WrittenRule};
use crate::image::quote::Quoted;
use crate::policy::Mode;
use crate::policy::document::field::{Field, Members};
use crate::policy::document::finding::FindingCode;
use crate::policy::document::keys::Keys;
use crate::policy::scope::Scope;
use crate::signature::KeyValidity;

/// The version of the grammar.
const API_VERSION: &str = "vidimus.dev/v1alpha1";

/// A document, and the places of its rules.
#[derive(Debug)]
pub(crate) struct ReadPolicy<'d> {
    pub(crate) policy: SignaturePolicy,
    pub(crate) root: Field<'d>,
    /// In the order of the rules.
    pub(crate) fields: Vec<Field<'d>>,
}

/// Reads a document. `at` is the time by which lints about what has ended are given.
pub(crate) fn read<'d>(root: &Field<'d>, keys: &mut Keys<'_>) -> Option<ReadPolicy<'d>> {
    let members = root.object()?;
    members.required("apiVersion").and_then(|field| field.word(&[(API_VERSION, ())]));
    members.required("kind");
    // What the API server keeps there, and what a controller says, is no policy.
    let name = members.required("metadata").and_then(|field| {
        let name = field.peek("name");
        if name.is_none() {
            field.tell(FindingCode::MissingMember, "member `name` is missing");
        }
        name?.text().map(str::to_owned)
    });
    members.optional("status");
    let spec = members.required("spec");
    members.finish();
    let spec = spec?.object()?;

    let no_match = spec.optional("noMatch").and_then(|field| {
        let no_match = field.word(&[("deny", NoMatch::Deny), ("allow", NoMatch::Allow)])?;
        if no_match == NoMatch::Allow {
            field.tell(FindingCode::AcceptsAnything, "any image that no rule is for is accepted, signed or not");
        }
        Some((field.pointer(), no_match))
    });
    let keyrings_field = spec.optional("keyrings");
    let keyrings = keyrings_field.as_ref().map_or(Some(BTreeMap::new()), |field| keyrings(field, keys));
    let none = BTreeMap::new();
    let known = Known::new(keyrings.as_ref().unwrap_or(&none));
    let rules_field = spec.required("rules");
    let rules = rules_field.as_ref().and_then(|field| rules(field, &known));
    // A rule that cannot be read may ask for any keyring.
    let all_read = rules.as_ref().map(Vec::len) == rules_field.as_ref().and_then(Field::len);
    let uses = known.into_uses();
    for (name, field) in keyrings_field.iter().filter_map(Field::object).flat_map(Members::entries) {
        let Some(keyring) = keyrings.as_ref().and_then(|keyrings| keyrings.get(name)) else { continue };
        match uses.get(name) {
            None if !all_read => {}
            None => field.tell(FindingCode::UnusedKeyring, format!("no rule asks for keyring {}", Quoted(name))),
            Some(KeyValidity::Now) if !keyring.trusted.is_empty() && !can_vouch(keyring, keys) => field.tell(
                FindingCode::ExpiredKeyring,
                "no key of this keyring can vouch any more: expired, revoked, too weak, or trusted at another time",
            ),
            Some(KeyValidity::Now | KeyValidity::WhenSigned) => {}
        }
    }
    let exemptions = spec.optional("exemptions").map_or(Some(Vec::new()), |field| exemptions(&field, keys.at()));
    spec.finish();

    let (rules, fields) = rules?.into_iter().unzip();
    let policy = SignaturePolicy {
        document: root.document().to_owned(),
        name: name?,
        no_match,
        keyrings: keyrings?,
        rules,
        exemptions: exemptions?,
    };
    Some(ReadPolicy { policy, root: root.clone(), fields })
}

/// Whether a signature made now by a key of the keyring would count.
fn can_vouch(keyring: &NamedKeyring, keys: &mut Keys<'_>) -> bool {
    let at = keys.at();
    let trusted = keyring.trusted.iter().filter(|(_, window)| window.contains(at));
    keys.can_vouch(trusted.map(|(certificate, _)| certificate))
}

fn rules<'d>(field: &Field<'d>, known: &Known<'_>) -> Option<Vec<(WrittenRule, Field<'d>)>> {
    let elements = field.non_empty_array("rule")?;
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for element in elements {
        if let Some(Some(name)) = element.peek("name").map(|name| name.as_text())
            && !names.insert(name)
        {
            element.tell(FindingCode::DuplicateName, format!("there is another rule {}", Quoted(name)));
        }
        let Some(rule) = rule(&element, known) else { continue };
        all.push((rule, element));
    }
    Some(all)
}

fn rule(field: &Field<'_>, known: &Known<'_>) -> Option<WrittenRule> {
    let members = field.object()?;
    let name = members.required("name").and_then(|field| Some(field.text()?.to_owned()));
    let scope = members.optional("scope").map_or(Some(Scope::default()), |field| scope(&field));
    let mode = members.optional("mode").map_or(Some(Mode::Enforce), |field| {
        field.word(&[("enforce", Mode::Enforce), ("warn", Mode::Warn), ("audit", Mode::Audit)])
    });
    let require = members.required("require").and_then(|field| require(&field, known));
    members.finish();
    Some(WrittenRule { pointer: field.pointer(), name: name?, scope: scope?, mode: mode?, require: require? })
}

fn exemptions(field: &Field<'_>, at: DateTime<Utc>) -> Option<Vec<WrittenExemption>> {
    let elements = field.array()?;
    Some(elements.iter().filter_map(|element| exemption(element, at)).collect())
}

fn exemption(field: &Field<'_>, at: DateTime<Utc>) -> Option<WrittenExemption> {
    let members = field.object()?;
    // What is exempt is to be said, even if it is everything.
    let scope = members.required("scope").and_then(|field| scope(&field));
    let reason = members.required("reason").and_then(|field| {
        let reason = field.text()?.to_owned();
        if reason.trim().is_empty() {
            field.tell(FindingCode::Empty, "the text is blank: say why this may run");
        }
        Some(reason)
    });
    let end = members.required("expires");
    let expires = end.as_ref().and_then(Field::time);
    members.finish();
    if let (Some(expires), Some(end)) = (expires, end)
        && expires <= at
    {
        end.tell(FindingCode::ExpiredExemption, "this exemption has ended and exempts nothing any more");
    } else if scope.as_ref().is_some_and(|scope| *scope == Scope::default()) {
        field.tell(FindingCode::AcceptsAnything, "every image is exempt until then, signed or not");
    }
    Some(WrittenExemption { pointer: field.pointer(), scope: scope?, reason: reason?, expires: expires? })
}
