//! `scopes`: which images an object is for.

use std::collections::HashSet;

use crate::image::{Reference, is_domain, is_path};
use crate::policy::document::containers_policy::check_scope;
use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;
use crate::policy::scope::above;

/// Reads the scopes, and looks at each.
pub(super) fn scopes<'d>(field: &Field<'d>) -> Option<Vec<(Field<'d>, &'d str)>> {
    let elements = field.non_empty_array("scope")?;
    if elements.len() > COUNT_LIMIT {
        field.tell(
            FindingCode::Limit,
            format!("there are {} scopes; an object has at most {COUNT_LIMIT}", elements.len()),
        );
        return None;
    }
    let count = elements.len();
    let mut seen = HashSet::new();
    let mut scopes = Vec::with_capacity(count);
    for element in elements {
        let Some(scope) = element.string() else { continue };
        if !seen.insert(scope) {
            element.tell(FindingCode::DuplicateName, "this scope is listed already");
        } else if let Some(problem) = problem(scope) {
            element.tell(FindingCode::InvalidValue, problem);
        } else {
            lint(&element, scope);
            scopes.push((element, scope));
        }
    }
    (scopes.len() == count).then_some(scopes)
}

/// The scope of the cluster that `scope` is or lies in: all its images are images of that one as well, and a namespace
/// has no say about them.
///
/// The machine config operator does not take a scope with a tag or digest to lie in the scope of its repository. It
/// does lie there; not to say so would let a namespace replace what the cluster demands.
pub(super) fn covering(scope: &str, is_of_cluster: impl Fn(&str) -> bool) -> Option<String> {
    std::iter::once(scope.to_owned()).chain(above(scope)).find(|scope| is_of_cluster(scope))
}

/// What the API server has against a scope.
pub(crate) fn problem(scope: &str) -> Option<&'static str> {
    let first = scope.split('/').next().unwrap_or_default();
    if scope.chars().count() > LENGTH_LIMIT {
        Some("a scope has at most 512 characters")
    } else if !first.contains('.') && first.split(':').next() != Some("localhost") {
        Some("a scope begins with a fully qualified domain name, or with `localhost`")
    } else if scope.contains('*') {
        (!is_wildcard(scope))
            .then_some("a wildcard is only written `*.example.com`, without port, path, tag and digest")
    } else {
        Parts::of(scope).is_none().then_some(
            "a scope is written `registry.example.com:port/path:tag@digest`; only the registry is needed, and the path \
             is in lower case",
        )
    }
}

/// What the API server accepts, and what governs no image, or fewer than it seems to.
fn lint(field: &Field<'_>, scope: &str) {
    check_scope(field, "docker", scope);
    let matches_nothing = Parts::of(scope).is_some_and(|parts| match (parts.tag, parts.digest) {
        (None, None) => false,
        (Some(_), Some(_)) => true,
        (Some(_), None) | (None, Some(_)) => Reference::parse_canonical(scope).is_err(),
    });
    if matches_nothing {
        field.tell(
            FindingCode::NeverMatches,
            "this scope matches no image: a scope with a tag or a digest, and not both, is the complete name of an image",
        );
    }
}

/// `*.` and a domain name.
fn is_wildcard(scope: &str) -> bool {
    scope.strip_prefix("*.").is_some_and(|domain| !domain.contains(':') && is_domain(domain))
}

/// A registry, and perhaps a path.
pub(super) fn is_name(text: &str) -> bool {
    Parts::of(text).is_some_and(|parts| parts.tag.is_none() && parts.digest.is_none())
}

/// A scope without wildcard: `host[:port][/path][:tag][@digest]`.
#[derive(Clone, Copy, Debug)]
struct Parts<'s> {
    tag: Option<&'s str>,
    digest: Option<&'s str>,
}

impl<'s> Parts<'s> {
    fn of(scope: &'s str) -> Option<Self> {
        let (name, digest) = match scope.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (scope, None),
        };
        let (registry, path, tag) = match name.split_once('/') {
            Some((registry, path)) => match path.split_once(':') {
                Some((path, tag)) => (registry, Some(path), Some(tag)),
                None => (registry, Some(path), None),
            },
            // What follows a registry is its port if it can be one.
            None => match name.rsplit_once(':') {
                Some((registry, last)) if registry.contains(':') || !is_number(last) => (registry, None, Some(last)),
                _ => (name, None, None),
            },
        };
        let host = registry.split(':').next().unwrap_or_default();
        let is_right = is_domain(registry)
            && (host.contains('.') || host == "localhost")
            && path.is_none_or(is_path)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        is_right.then_some(Self { tag, digest })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[\w][\w.-]{0,127}`
pub(super) fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= TAG_LIMIT
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

/// `[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[[:xdigit:]]{32,}`
fn is_digest(text: &str) -> bool {
    let Some((algorithm, value)) = text.split_once(':') else { return false };
    let is_part = |part: &str| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(is_part)
        && value.len() >= DIGEST_LENGTH
        && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The most scopes of an object.
pub(crate) const COUNT_LIMIT: usize = 256;

/// The longest scope.
const LENGTH_LIMIT: usize = 512;

/// The longest tag.
const TAG_LIMIT: usize = 128;

/// The fewest digits of a digest.
const DIGEST_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn scopes_are_those_that_the_api_server_accepts() {
        let digest = |name: &str| format!("{name}@{DIGEST}");
        let tagged = |length: usize| format!("quay.io/a:{}", "b".repeat(length));
        let (tag, long_tag) = (tagged(128), tagged(129));
        let (long, longer) = (format!("a.b/{}", "c".repeat(508)), format!("a.b/{}", "c".repeat(509)));
        for (scope, expected) in [
            ("localhost", true),
            ("localhost:5000/a", true),
            ("localhosts/a", false),
            ("quay.io", true),
            ("Quay.IO/a", true),
            ("quay.io:5000", true),
            ("quay.io:5000/a/b", true),
            ("quay.io:latest", true),
            ("quay.io:5000:latest", true),
            ("quay.io:5000:latest:x", false),
            ("quay.io:/a", false),
            ("quay.io:x/a", false),
            ("quay.io/a:b", true),
            ("quay.io/a:-b", false),
            (&tag, true),
            (&long_tag, false),
            ("quay.io/a:", false),
            ("quay.io/a:b/c", false),
            ("quay.io/a__b/c-----d.e", true),
            ("quay.io/a..b", false),
            ("quay.io/A", false),
            ("quay.io/", false),
            ("quay.io//a", false),
            (".quay.io/a", false),
            ("quay-.io/a", false),
            ("busybox", false),
            ("library/busybox", false),
            ("quay:5000/a", false),
            ("", false),
            ("*.example.com", true),
            ("*.com", true),
            ("*", false),
            ("*.", false),
            ("*example.com", false),
            ("*.example.com:5000", false),
            ("*.example.com/a", false),
            ("a.*.example.com", false),
            ("*.*.example.com", false),
            ("quay.io/*", false),
            ("http://quay.io/a", false),
            (" quay.io/a", false),
            ("quay.io/a@sha256:abc", false),
            ("quay.io/a@", false),
            ("quay.io/a@2sha:0123456789abcdef0123456789abcdef", false),
            ("quay.io/a@sha+b2.c_d-e:0123456789ABCDEF0123456789abcdef", true),
            (&digest("quay.io/a"), true),
            (&digest("quay.io/a:b"), true),
            (&digest("quay.io"), true),
            (&digest("localhost"), false),
            (&digest(&digest("quay.io/a")), false),
            (&long, true),
            (&longer, false),
        ] {
            assert_eq!(problem(scope).is_none(), expected, "{scope}: {:?}", problem(scope));
        }
    }

    #[test]
    fn a_scope_lies_in_another_if_all_its_images_do() {
        let digest = format!("quay.io/a@{DIGEST}");
        for (scope, cluster, expected) in [
            ("quay.io/a", "quay.io/a", true),
            ("quay.io/a/b", "quay.io/a", true),
            ("quay.io/a", "quay.io", true),
            ("quay.io/ab", "quay.io/a", false),
            ("quay.io", "quay.io/a", false),
            ("quay.io/a:tag", "quay.io/a", true),
            ("quay.io/a:tag", "quay.io", true),
            ("quay.io/a:tag", "quay.io/a:tag", true),
            ("quay.io/a:tag", "quay.io/a:other", false),
            ("quay.io/a", "quay.io/a:tag", false),
            ("quay.io/a/b", "quay.io/a:tag", false),
            (&digest, "quay.io/a", true),
            (&digest, &digest, true),
            (&digest, "quay.io/a:tag", false),
            ("quay.io/a/b:tag", "quay.io/a", true),
            ("quay.io:5000/a", "quay.io:5000", true),
            ("quay.io:5000/a", "quay.io", false),
            ("quay.io:5000", "quay.io", false),
            ("quay.io", "quay.io:5000", false),
            ("quay.io:5000/a:tag", "quay.io:5000/a", true),
            ("a.example.com", "*.example.com", true),
            ("a.b.example.com/c", "*.example.com", true),
            ("a.example.com:5000/b", "*.example.com", true),
            ("a.example.com/b:tag", "*.example.com", true),
            ("a.example.com", "*.com", true),
            ("example.com", "*.example.com", false),
            ("aexample.com", "*.example.com", false),
            ("quay.io/a.example.com", "*.example.com", false),
            ("*.example.com", "*.example.com", true),
            ("*.a.example.com", "*.example.com", true),
            ("*.example.com", "*.a.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.example.com", false),
            ("localhost:5000/a", "localhost", false),
        ] {
            assert_eq!(covering(scope, |one| one == cluster).is_some(), expected, "{scope} in {cluster}");
        }
    }
}
