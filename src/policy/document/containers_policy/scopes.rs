//! Which scopes a transport accepts, and what may be wrong with those that it accepts.
//!
//! Source: `ValidatePolicyConfigurationScope` of each transport of containers/image.

use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;

/// The transports that have scopes of their own kind. Scopes of other transports are nobody's to check: the peer takes
/// them as they are, and so do we; but a name that was meant for one of these is told.
pub(super) const TRANSPORTS: [&str; 10] = [
    "atomic",
    "containers-storage",
    "dir",
    "docker",
    "docker-archive",
    "docker-daemon",
    "oci",
    "oci-archive",
    "sif",
    "tarball",
];

/// Looks at a scope of a transport: what the peer refuses is an error, what can never match is told.
pub(crate) fn check(field: &Field<'_>, transport: &str, scope: &str) {
    if scope.is_empty() {
        return;
    }
    let problem = match transport {
        "atomic" => (!is_atomic(scope)).then_some("a scope of `atomic` is `host[:port]`, `host/namespace` or `host/namespace/stream[:tag]`"),
        "containers-storage" => (!is_storage(scope)).then_some(
            "a scope of `containers-storage` begins with `[driver@/root]` or `[/root]`, and a name may follow",
        ),
        "dir" | "oci" | "oci-archive" | "sif" => {
            (!is_clean_path(scope)).then_some("a scope of this transport is an absolute path without `.`, `..`, doubled or trailing slashes, and not `/` itself")
        }
        "docker-archive" | "tarball" => Some("this transport has no scopes but the empty one"),
        "docker-daemon" => {
            is_algorithm_and_digest(scope).then_some("a scope of `docker-daemon` is a name, not the ID of an image")
        }
        _ => None,
    };
    if let Some(problem) = problem {
        field.tell(FindingCode::InvalidValue, problem);
    } else if matches!(transport, "docker" | "atomic") {
        never_matches(field, scope);
    }
}

/// Tells of scopes that the peer accepts and that govern no image, or fewer than their author may think.
fn never_matches(field: &Field<'_>, scope: &str) {
    let host = scope.split('/').next().unwrap_or_default();
    if scope.contains('*')
        && !(scope.starts_with("*.") && !scope.contains(['/', ':']) && scope.matches('*').count() == 1)
    {
        field.tell(
            FindingCode::NeverMatches,
            "this scope matches no image: a wildcard is written `*.example.com`, without port and path",
        );
    } else if scope.contains("://") || scope.ends_with('/') {
        field.tell(
            FindingCode::NeverMatches,
            "this scope matches no image: write it as the name of a repository begins, `registry.example.com/team`",
        );
    } else if matches!(host, "index.docker.io" | "registry-1.docker.io") {
        field.tell(
            FindingCode::NeverMatches,
            "this scope matches no image: the names of its images begin with `docker.io`",
        );
    } else if !host.contains(['.', ':', '*']) && host != "localhost" && scope.contains('/') {
        field.tell(
            FindingCode::NeverMatches,
            format!("this scope matches no image: names are complete here, `docker.io/{scope}`"),
        );
    } else if scope.contains('@') {
    } else if scope.rsplit('/').next().is_some_and(|last| last.contains(':')) && scope.contains('/') {
        field.tell(
            FindingCode::TagScope,
            "a scope with a tag does not govern the same image where it is referred to by digest, as objects of OpenShift do",
        );
    }
}

/// What the peer takes for a scope of `atomic`: `^[^/]*(/[^:/]*(/[^:/]*(:[^:/]*)?)?)?$`
pub(crate) fn is_atomic(scope: &str) -> bool {
    let mut parts = scope.split('/').skip(1);
    let (namespace, stream, rest) = (parts.next(), parts.next(), parts.next());
    rest.is_none()
        && namespace.is_none_or(|namespace| !namespace.contains(':'))
        && stream.is_none_or(|stream| stream.matches(':').count() <= 1)
}

/// As `filepath.Clean` leaves it, absolute, and not the root.
fn is_clean_path(scope: &str) -> bool {
    scope.strip_prefix('/').is_some_and(|path| path.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

fn is_storage(scope: &str) -> bool {
    let Some((store, rest)) = scope.strip_prefix('[').and_then(|scope| scope.split_once(']')) else { return false };
    let root = match store.split_once('@') {
        Some((driver, root)) if !driver.is_empty() => root,
        Some(_) => return false,
        None => store,
    };
    // A digest or an ID is checked; the name before it is not.
    let id = rest.rsplit_once('@').map(|(_, id)| id);
    let is_hex = |text: &str| {
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    };
    root.starts_with('/') && id.is_none_or(|id| is_hex(id) || id.parse::<crate::image::Digest>().is_ok())
}

/// What the peer takes for the ID of an image: `sha256:…`.
fn is_algorithm_and_digest(scope: &str) -> bool {
    scope.parse::<crate::image::Digest>().is_ok()
}
