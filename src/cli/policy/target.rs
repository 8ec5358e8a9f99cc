//! What is to be explained: a reference with its transport, or an export.

use std::path::Path;

use crate::cli::error::Error;
use crate::image::Reference;
use crate::image::quote::Quoted;
use crate::policy::Transport;

/// What a person asks about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// A file with objects, or `-`.
    Export(String),
    /// An image that is to be fetched.
    Image {
        transport: Transport,
        /// What it is asked for by; there is none for an image in a file.
        reference: Option<Reference>,
    },
}

/// The transports whose images are named by a path, and a tag may follow it.
const PATHS: [&str; 4] = ["dir", "oci", "oci-archive", "sif"];

/// The other transports that have scopes of their own.
const OTHERS: [&str; 4] = ["containers-storage", "docker-archive", "docker-daemon", "tarball"];

/// The endings of the names of exports.
const EXPORTS: [&str; 4] = ["json", "ndjson", "yaml", "yml"];

impl Target {
    /// Tells what is meant: `-` and what is there are exports, what begins with a transport is an image of that, and
    /// the rest are references of images in registries.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if let Some((transport, rest)) = text.split_once(':') {
            if let Some(place) = rest.strip_prefix("//").filter(|_| transport == "docker") {
                return Self::in_registry(Transport::Docker, place);
            }
            if transport == "atomic" {
                return Self::in_registry(Transport::Atomic, rest);
            }
            if PATHS.contains(&transport) {
                return Self::at_path(transport, rest);
            }
            if OTHERS.contains(&transport) {
                return Ok(Self::other(transport, rest));
            }
        }
        if text == "-" || Path::new(text).exists() {
            return Ok(Self::Export(text.to_owned()));
        }
        // What was meant as a file is not to be explained as an image of docker.io.
        let extension = Path::new(text).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if text.starts_with(['.', '/']) || EXPORTS.contains(&extension) {
            let problem = format!("{} is not there; an image of this name is written `docker://{text}`", Quoted(text));
            return Err(Error::Usage(problem));
        }
        Self::in_registry(Transport::Docker, text)
    }

    fn in_registry(transport: Transport, text: &str) -> Result<Self, Error> {
        match Reference::parse_normalized(text) {
            Ok(reference) => Ok(Self::Image { transport, reference: Some(reference) }),
            Err(error) => {
                Err(Error::Usage(format!("{} is neither a file nor an image reference: {error}", Quoted(text))))
            }
        }
    }

    fn at_path(transport: &str, text: &str) -> Result<Self, Error> {
        // Of a layout only the folder counts: whatever is in it may have any tag.
        let path = match transport {
            "oci" | "oci-archive" => text.split(':').next().unwrap_or_default(),
            _ => text,
        };
        let is_clean = |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !path.strip_prefix('/').is_some_and(is_clean) {
            return Err(Error::Usage(format!(
                "{} is no place of `{transport}`: write an absolute path without `.`, `..` and doubled slashes",
                Quoted(text)
            )));
        }
        Ok(Self::other(transport, path))
    }

    fn other(transport: &str, place: &str) -> Self {
        let transport = Transport::Other { name: transport.to_owned(), place: place.to_owned() };
        Self::Image { transport, reference: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_a_file_or_a_reference() {
        let image = |transport, reference: &str| Target::Image { transport, reference: reference.parse().ok() };
        let other =
            |name: &str, place: &str| image(Transport::Other { name: name.to_owned(), place: place.to_owned() }, "");
        for (text, expected) in [
            ("-", Target::Export("-".to_owned())),
            ("testdata/images/image.json", Target::Export("testdata/images/image.json".to_owned())),
            ("busybox", image(Transport::Docker, "docker.io/library/busybox")),
            ("registry.example.com:5000/a:1", image(Transport::Docker, "registry.example.com:5000/a:1")),
            ("docker://a.json", image(Transport::Docker, "docker.io/library/a.json")),
            ("atomic:registry.example.com/a/b", image(Transport::Atomic, "registry.example.com/a/b")),
            ("dir:/srv/a:1", other("dir", "/srv/a:1")),
            ("oci:/srv/a:1", other("oci", "/srv/a")),
            ("containers-storage:[overlay@/s]a:1", other("containers-storage", "[overlay@/s]a:1")),
        ] {
            assert_eq!(Target::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["missing.json", "./missing", "/missing", "dir:srv", "dir:/srv/../a", "oci:", "docker://", "A B"] {
            assert!(matches!(Target::parse(text), Err(Error::Usage(_))), "{text}");
        }
    }
}
