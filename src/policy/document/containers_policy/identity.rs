//! `signedIdentity`: which images a signed reference may stand for.

use crate::policy::document::field::{Field, Members};
use crate::policy::document::finding::FindingCode;
use crate::signature::{IdentityRule, IdentityRuleError, RemapIdentity};

/// Which kind of rule; each brings its own members.
#[derive(Clone, Copy)]
enum Kind {
    Exact,
    ExactReference,
    ExactRepository,
    Remap,
    RepoDigestOrExact,
    Repository,
}

const KINDS: [(&str, Kind); 6] = [
    ("matchExact", Kind::Exact),
    ("matchRepoDigestOrExact", Kind::RepoDigestOrExact),
    ("matchRepository", Kind::Repository),
    ("exactReference", Kind::ExactReference),
    ("exactRepository", Kind::ExactRepository),
    ("remapIdentity", Kind::Remap),
];

/// Reads a `signedIdentity` object. `remap` reads what an own grammar adds to `remapIdentity`.
pub(crate) fn identity(
    field: &Field<'_>,
    remap: impl FnOnce(&Members<'_>, RemapIdentity) -> Option<RemapIdentity>,
) -> Option<IdentityRule> {
    let members = field.object()?;
    let kind = members.required("type").and_then(|field| field.word(&KINDS));
    let rule = kind.and_then(|kind| match kind {
        Kind::Exact => Some(IdentityRule::MatchExact),
        Kind::RepoDigestOrExact => Some(IdentityRule::MatchRepoDigestOrExact),
        Kind::Repository => Some(IdentityRule::MatchRepository),
        Kind::ExactReference => named(&members, "dockerReference", IdentityRule::exact_reference),
        Kind::ExactRepository => named(&members, "dockerRepository", IdentityRule::exact_repository),
        Kind::Remap => {
            let (prefix, signed_prefix) = (prefix(&members, "prefix"), prefix(&members, "signedPrefix"));
            let rule = tell(members.field(), RemapIdentity::new(prefix?, signed_prefix?))?;
            remap(&members, rule).map(IdentityRule::RemapIdentity)
        }
    });
    // Without a valid type nobody can say which other members are right.
    if kind.is_some() {
        members.finish();
    }
    rule
}

fn named(
    members: &Members<'_>,
    name: &'static str,
    rule: fn(&str) -> Result<IdentityRule, IdentityRuleError>,
) -> Option<IdentityRule> {
    let field = members.required(name)?;
    tell(&field, rule(field.string()?))
}

fn prefix<'d>(members: &Members<'d>, name: &'static str) -> Option<&'d str> {
    let field = members.required(name)?;
    let text = field.string()?;
    // Told at its own place, as the rule takes both at once.
    tell(&field, RemapIdentity::new(text, text))?;
    Some(text)
}

fn tell<T>(field: &Field<'_>, result: Result<T, IdentityRuleError>) -> Option<T> {
    result.map_err(|error| field.tell(FindingCode::InvalidValue, error.to_string())).ok()
}
