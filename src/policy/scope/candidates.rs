//! The scopes that may govern an image, the most specific first.
//!
//! Source: `PolicyConfigurationIdentity` and `PolicyConfigurationNamespaces` of each transport of containers/image.

use crate::image::{Digest, Reference};
use crate::policy::Transport;

/// The scopes that may govern an image, before the empty one, the most specific first; nothing where the image has no
/// name that scopes could be made of.
pub(super) fn candidates(transport: &Transport, reference: Option<&Reference>) -> Option<Vec<String>> {
    match transport {
        Transport::Docker | Transport::Atomic => reference.map(registry_scopes),
        Transport::Other { name, place } => match name.as_str() {
            "containers-storage" => of_storage(place),
            "dir" | "oci" | "oci-archive" | "sif" => Some(of_path(place)),
            "docker-archive" | "tarball" => Some(Vec::new()),
            // The ID of an image is no name that scopes could be made of.
            "docker-daemon" if place.parse::<Digest>().is_ok() => Some(Vec::new()),
            "docker-daemon" => Some(match place.parse::<Reference>() {
                Ok(reference) if !reference.is_name_only() => registry_scopes(&reference),
                Ok(_) | Err(_) => Vec::new(),
            }),
            _ => Some(vec![place.clone()]),
        },
    }
}

/// The scopes that may be for an image in a registry, the most specific first: the image itself, its repository, the
/// paths above it, the registry, and the domains that the registry is in, their port left out.
///
/// Of a reference with tag and digest only the digest counts: it is the digest that decides which image comes.
pub fn registry_scopes(reference: &Reference) -> Vec<String> {
    let name = reference.name();
    let mut scopes = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => vec![format!("{name}@{digest}")],
        (None, Some(tag)) => vec![format!("{name}:{tag}")],
        (None, None) => Vec::new(),
    };
    scopes.extend(and_above(name).map(str::to_owned));
    scopes.extend(domains(name));
    scopes
}

/// The scopes of registries that are less specific than `scope`, and govern all images that it governs.
pub(crate) fn above(scope: &str) -> Vec<String> {
    if let Some(domain) = scope.strip_prefix("*.") {
        return domains(domain);
    }
    // A tag or digest is no part of the names above.
    let name = scope.split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && name.contains('/') => name,
        _ => name,
    };
    let mut scopes: Vec<_> = and_above(name).filter(|name| *name != scope).map(str::to_owned).collect();
    scopes.extend(domains(name));
    scopes
}

/// The domains that the registry of a name is in, its port left out.
fn domains(name: &str) -> Vec<String> {
    let registry = name.split('/').next().unwrap_or_default();
    let host = registry.split(':').next().unwrap_or_default();
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, domain)| domain))
        .skip(1)
        .map(|domain| format!("*.{domain}"))
        .collect()
}

/// The path itself and the folders above it, but for the root.
fn of_path(path: &str) -> Vec<String> {
    and_above(path).filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// `[driver@root]name:tag@id`: without the ID, without the tag or digest, the paths above, the store, and the store
/// whichever driver it has.
fn of_storage(place: &str) -> Option<Vec<String>> {
    let (store, image) = place.strip_prefix('[')?.split_once(']')?;
    let (_, root) = store.split_once('@')?;
    let store = format!("[{store}]");
    let mut scopes = vec![place.to_owned()];
    let (named, id) = match image.rsplit_once('@') {
        Some((named, id)) if !id.contains(':') => (named, Some(id)),
        _ => (image, None),
    };
    if !named.is_empty() {
        let reference: Reference = named.parse().ok()?;
        if id.is_some() {
            scopes.push(format!("{store}{reference}"));
        }
        if let (Some(tag), Some(_)) = (reference.tag(), reference.digest()) {
            scopes.push(format!("{store}{}:{tag}", reference.name()));
        }
        scopes.extend(and_above(reference.name()).map(|name| format!("{store}{name}")));
    }
    scopes.push(store);
    scopes.push(format!("[{root}]"));
    scopes.dedup();
    Some(scopes)
}

/// A path with slashes, and the same cut at each slash from the end.
fn and_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(above, _)| above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn of(transport: &str, place: &str) -> Option<Vec<String>> {
        let other = Transport::Other { name: transport.to_owned(), place: place.to_owned() };
        candidates(&other, None)
    }

    #[test]
    fn of_references_are_the_peers() {
        let digest = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
        for (reference, expected) in [
            (
                "a.b.example.com:8443/ns/r:v1".to_owned(),
                &[
                    "a.b.example.com:8443/ns/r:v1",
                    "a.b.example.com:8443/ns/r",
                    "a.b.example.com:8443/ns",
                    "a.b.example.com:8443",
                    "*.b.example.com",
                    "*.example.com",
                    "*.com",
                ][..],
            ),
            (
                "busybox:1".to_owned(),
                &["docker.io/library/busybox:1", "docker.io/library/busybox", "docker.io/library", "docker.io", "*.io"],
            ),
            ("localhost/x".to_owned(), &["localhost/x", "localhost"]),
            (
                format!("example.com/x:v1@{digest}"),
                &[&format!("example.com/x@{digest}"), "example.com/x", "example.com", "*.com"],
            ),
        ] {
            let parsed: Reference = reference.parse().unwrap();
            assert_eq!(candidates(&Transport::Docker, Some(&parsed)).unwrap(), expected, "{reference}");
            assert_eq!(candidates(&Transport::Atomic, Some(&parsed)).unwrap(), expected, "{reference}");
        }
        assert_eq!(candidates(&Transport::Docker, None), None);
    }

    #[test]
    fn of_other_transports_are_the_peers() {
        for (transport, place, expected) in [
            ("dir", "/a/b/c", &["/a/b/c", "/a/b", "/a"][..]),
            ("oci", "/a", &["/a"]),
            ("docker-archive", "/a/b.tar", &[]),
            ("docker-daemon", "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0", &[]),
            ("docker-daemon", "localhost/x:1", &["localhost/x:1", "localhost/x", "localhost"]),
            ("docker-daemon", "localhost/x", &[]),
            ("unheard-of", "x", &["x"]),
            (
                "containers-storage",
                "[overlay@/var/lib]example.com/x:1",
                &[
                    "[overlay@/var/lib]example.com/x:1",
                    "[overlay@/var/lib]example.com/x",
                    "[overlay@/var/lib]example.com",
                    "[overlay@/var/lib]",
                    "[/var/lib]",
                ],
            ),
            (
                "containers-storage",
                "[overlay@/var/lib]example.com/x:1@904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
                &[
                    "[overlay@/var/lib]example.com/x:1@904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
                    "[overlay@/var/lib]example.com/x:1",
                    "[overlay@/var/lib]example.com/x",
                    "[overlay@/var/lib]example.com",
                    "[overlay@/var/lib]",
                    "[/var/lib]",
                ],
            ),
            (
                "containers-storage",
                "[overlay@/var/lib]example.com/x:1@sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
                &[
                    "[overlay@/var/lib]example.com/x:1@sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
                    "[overlay@/var/lib]example.com/x:1",
                    "[overlay@/var/lib]example.com/x",
                    "[overlay@/var/lib]example.com",
                    "[overlay@/var/lib]",
                    "[/var/lib]",
                ],
            ),
        ] {
            assert_eq!(of(transport, place).unwrap(), expected, "{transport}:{place}");
        }
        assert_eq!(of("containers-storage", "example.com/x"), None);
        assert_eq!(of("containers-storage", "[overlay@/var/lib]example.com/x@sha256:11"), None);
    }

    #[test]
    fn above_a_scope_is_what_is_above_all_its_images() {
        for (scope, expected) in [
            (
                "a.example.com:5000/ns/app",
                &["a.example.com:5000/ns", "a.example.com:5000", "*.example.com", "*.com"][..],
            ),
            ("a.example.com/app:v1", &["a.example.com/app", "a.example.com", "*.example.com", "*.com"]),
            ("a.example.com:5000", &["*.example.com", "*.com"]),
            ("*.example.com", &["*.com"]),
            ("*.com", &[]),
        ] {
            assert_eq!(above(scope), expected, "{scope}");
        }
    }
}
