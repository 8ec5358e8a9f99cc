//! `signedIdentity`: which images a signed reference may stand for.

use super::scope::is_name;
use crate::policy::document::field::{Field, Members};
use crate::policy::document::finding::FindingCode;
use crate::signature::{IdentityRule, IdentityRuleError, RemapIdentity};

#[derive(Clone, Copy, Eq, PartialEq)]
enum MatchPolicy {
    ExactRepository,
    RemapIdentity,
    RepoDigestOrExact,
    Repository,
}

const MATCH_POLICIES: [(&str, MatchPolicy); 4] = [
    ("MatchRepoDigestOrExact", MatchPolicy::RepoDigestOrExact),
    ("MatchRepository", MatchPolicy::Repository),
    ("ExactRepository", MatchPolicy::ExactRepository),
    ("RemapIdentity", MatchPolicy::RemapIdentity),
];

/// Reads `signedIdentity`: `matchPolicy`, and the one member that it brings.
pub(super) fn signed_identity(field: &Field<'_>) -> Option<IdentityRule> {
    let members = field.object()?;
    let policy = members.required("matchPolicy").and_then(|field| field.word(&MATCH_POLICIES));
    let exact = union(&members, "exactRepository", policy, MatchPolicy::ExactRepository, exact_repository);
    let remap = union(&members, "remapIdentity", policy, MatchPolicy::RemapIdentity, remap_identity);
    members.finish();
    let (exact, remap) = (exact?, remap?);
    match policy? {
        MatchPolicy::ExactRepository => exact,
        MatchPolicy::RemapIdentity => remap,
        MatchPolicy::RepoDigestOrExact => Some(IdentityRule::MatchRepoDigestOrExact),
        MatchPolicy::Repository => Some(IdentityRule::MatchRepository),
    }
}

/// A member that is there if, and only if, `chosen` is `wanted`. Nothing if it is wrong.
///
/// What is chosen may itself be wrong, which was told; the member is read all the same, so that all is told at once.
pub(super) fn union<T, C: Copy + Eq>(
    members: &Members<'_>,
    name: &'static str,
    chosen: Option<C>,
    wanted: C,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match (members.optional(name), chosen) {
        (Some(field), Some(chosen)) if chosen != wanted => {
            field.tell(FindingCode::Exclusive, format!("`{name}` is for another type, and forbidden here"));
            read(&field);
            None
        }
        (Some(field), _) => read(&field).map(Some),
        (None, Some(chosen)) if chosen == wanted => {
            members.field().tell(FindingCode::MissingMember, format!("member `{name}` is missing: the type needs it"));
            None
        }
        (None, _) => Some(None),
    }
}

fn exact_repository(field: &Field<'_>) -> Option<IdentityRule> {
    let members = field.object()?;
    let rule = members.required("repository").and_then(|field| {
        let repository = prefix(&field)?;
        tell(&field, IdentityRule::exact_repository(repository))
    });
    members.finish();
    rule
}

fn remap_identity(field: &Field<'_>) -> Option<IdentityRule> {
    let members = field.object()?;
    let [prefix, signed_prefix] = ["prefix", "signedPrefix"]
        .map(|name| members.required(name).and_then(|field| prefix(&field).map(str::to_owned)));
    members.finish();
    tell(field, RemapIdentity::new(&prefix?, &signed_prefix?)).map(IdentityRule::RemapIdentity)
}

/// A registry, or the name of a repository or of what is above it.
fn prefix<'d>(field: &Field<'d>) -> Option<&'d str> {
    let text = field.string()?;
    match prefix_problem(text) {
        None => Some(text),
        Some(problem) => {
            field.tell(FindingCode::InvalidValue, problem);
            None
        }
    }
}

/// What the API server has against a repository, or the prefix of one.
pub(crate) fn prefix_problem(text: &str) -> Option<&'static str> {
    if text.chars().count() > PREFIX_LIMIT {
        Some("a repository or prefix has at most 512 characters")
    } else if has_tag(text) {
        // So the API server says of a registry with a port as well, if it is not `localhost`.
        Some("a repository or prefix has no tag and no digest, and ends in no port but that of `localhost`")
    } else {
        (!is_name(text))
            .then_some("a repository or prefix is written `registry.example.com/path`, the path in lower case")
    }
}

/// `.*:([\w][\w.-]{0,127})$`, and not `^localhost:[0-9]+$`.
fn has_tag(text: &str) -> bool {
    let Some((before, tag)) = text.rsplit_once(':') else { return false };
    let is_port = before == "localhost" && tag.bytes().all(|byte| byte.is_ascii_digit());
    super::scope::is_tag(tag) && !is_port
}

fn tell<T>(field: &Field<'_>, result: Result<T, IdentityRuleError>) -> Option<T> {
    result.map_err(|error| field.tell(FindingCode::InvalidValue, error.to_string())).ok()
}

/// The longest repository or prefix.
const PREFIX_LIMIT: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_bounded_and_has_no_tag() {
        let long = |length: usize| format!("a.example/{}", "b".repeat(length - "a.example/".len()));
        for right in [&long(PREFIX_LIMIT), "a.example", "a.example/b", "localhost:5000", "a.example:5000/b"] {
            assert_eq!(prefix_problem(right), None, "{right}");
        }
        let wrong =
            [&long(PREFIX_LIMIT + 1), &long(PREFIX_LIMIT + 2), "a.example/b:1", "a.example:5000", "localhost:x"];
        for wrong in wrong {
            assert!(prefix_problem(wrong).is_some(), "{wrong}");
        }
        // Longer than any tag, so that it is nothing but a digest.
        assert!(prefix_problem(&format!("a.example/b@sha512:{}", "a".repeat(130))).is_some());
    }
}
