//! The image of a container as a reference that everybody reads alike.

use std::borrow::Cow;

use thiserror::Error;

use crate::image::{Reference, ReferenceError};

/// Reads the image of a container.
///
/// A node completes, normalises and looks up what is written; whoever judges must have the same repository in mind. So a
/// spelling that nodes may read as another one is refused, with the one to write instead. Where there is a digest, nodes
/// pull by it and drop the tag, and so does this.
pub(super) fn read(image: &str) -> Result<Reference, SpellingError> {
    let written = Reference::parse_normalized(image).map_err(SpellingError::Reference)?;
    let host = match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        Some(_) | None => return Err(SpellingError::NoRegistry { canonical: written.to_string() }),
    };
    if written.domain().is_empty() {
        return Err(SpellingError::Reference(ReferenceError::Format));
    }
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let lower = name.to_ascii_lowercase();
    let name = match lower.as_str() {
        "index.docker.io" | "registry-1.docker.io" => Cow::Borrowed("docker.io"),
        _ => Cow::Borrowed(lower.as_str()),
    };
    let port = match port.map(str::parse::<u16>) {
        None | Some(Ok(443)) => String::new(),
        Some(Ok(port)) if port > 0 => format!(":{port}"),
        Some(Ok(_) | Err(_)) => return Err(SpellingError::Port),
    };
    let canonical = format!("{name}{port}");
    if canonical != host {
        let rest = image.get(host.len()..).unwrap_or_default();
        return Err(SpellingError::Host { canonical: format!("{canonical}{rest}") });
    }
    match written.digest() {
        Some(digest) => Reference::parse_normalized(&format!("{}@{digest}", written.name())).map_err(Into::into),
        None => Ok(written),
    }
}

/// Why the image of a container is refused for the way it is written.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(super) enum SpellingError {
    #[error("the same registry is also written otherwise, and rules are for one spelling: write `{canonical}`")]
    Host { canonical: String },
    #[error("it names no registry, and nodes may differ in which one they try: write `{canonical}`, if that is meant")]
    NoRegistry { canonical: String },
    #[error("the port of a registry is a number from 1 to 65535")]
    Port,
    #[error("{0}")]
    Reference(#[from] ReferenceError),
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

    #[test]
    fn what_nodes_read_alike_is_taken() {
        for image in ["registry.example.com/a/b", "localhost/a:1", "10.0.0.1:5000/a", "docker.io/library/nginx:1.25"] {
            assert_eq!(read(image).unwrap().to_string(), image);
        }
    }

    #[test]
    fn a_tag_beside_a_digest_is_dropped_as_nodes_drop_it() {
        let read = read(&format!("registry.example.com/a:trusted@{DIGEST}")).unwrap();
        assert_eq!((read.tag(), read.to_string()), (None, format!("registry.example.com/a@{DIGEST}")));
    }

    #[test]
    fn a_spelling_of_several_meanings_is_refused_with_the_one_to_write() {
        for (image, instead) in [
            ("nginx", "docker.io/library/nginx"),
            ("team/app:1", "docker.io/team/app:1"),
            ("a_b.c/d", ""),
            ("Registry.example.com/a:1", "registry.example.com/a:1"),
            ("registry.example.com:443/a", "registry.example.com/a"),
            ("registry.example.com:05000/a", "registry.example.com:5000/a"),
            ("index.docker.io/library/nginx", "docker.io/library/nginx"),
            ("registry-1.docker.io/library/nginx", "docker.io/library/nginx"),
        ] {
            let error = read(image).unwrap_err();
            match &error {
                SpellingError::Host { canonical } | SpellingError::NoRegistry { canonical } => {
                    assert_eq!(canonical, instead, "{image}");
                }
                SpellingError::Port | SpellingError::Reference(_) => assert_eq!(instead, "", "{image}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for image in [
            "",
            " registry.example.com/a",
            "registry.example.com/a ",
            "registry.example.com/A",
            "registry.example.com./a",
            "registry.example.com/a.",
            "registry.example.com/a/../b",
            "registry.example.com//a",
            "registry.example.com:0/a",
            "registry.example.com:65536/a",
            "registry.example.com/a:",
            "registry.example.com/a@sha256:0",
            "registry.example.com/a@md5:d41d8cd98f00b204e9800998ecf8427e",
            "https://registry.example.com/a",
            "registry.еxample.com/a",
            "registry.example.com/a\n",
            "user@registry.example.com/a",
        ] {
            assert!(read(image).is_err(), "{image:?}");
        }
    }
}
