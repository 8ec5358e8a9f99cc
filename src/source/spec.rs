//! What the command line calls a source, and what it means.
//!
//! The syntax is that of containers-transports(5), with one addition: `REFERENCE=` in front, for the transports whose
//! images have no reference of their own.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use crate::image::{Digest, Reference, ReferenceError};

/// Where images come from.
///
/// ```
/// use vidimus::source::{Layout, SourceSpec};
///
/// let spec: SourceSpec = "registry.example.com/shop/frontend=oci:mirror:1.0".parse()?;
/// let SourceSpec::Layout { layout, path, reference, .. } = spec else { panic!() };
/// assert_eq!((layout, path.to_str()), (Layout::Oci, Some("mirror")));
/// assert_eq!(reference.unwrap().to_string(), "registry.example.com/shop/frontend");
/// assert_eq!("./dir:x".parse(), Ok(SourceSpec::Export { path: "./dir:x".to_owned() }));
/// assert!("docker://busybox".parse::<SourceSpec>().is_err());
/// # Ok::<(), vidimus::source::SpecError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SourceSpec {
    /// An export: a file, a directory or a pattern of them, or `-` for standard input.
    Export {
        /// The path as it was given.
        path: String,
    },
    /// Images in one of the layouts of containers-transports(5).
    Layout {
        /// Which layout.
        layout: Layout,
        /// The directory or the archive.
        path: PathBuf,
        /// Which of its images.
        selection: Selection,
        /// What the images are called; no layout knows that by itself.
        reference: Option<Reference>,
    },
}

/// A layout of images on disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// `dir:`, a directory with one image, and the only layout with signatures in it.
    Dir,
    /// `docker-archive:`, what `docker save` writes.
    DockerArchive,
    /// `oci:`, a directory as the OCI image layout specification says.
    Oci,
    /// `oci-archive:`, the same as one tar file.
    OciArchive,
}

/// Which images of a layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Selection {
    /// All of them.
    All,
    /// The one with this digest.
    Digest(Box<Digest>),
    /// The one at this place, from 0.
    Index(usize),
    /// The one with this name: a reference name in an OCI layout, a tag in an archive of Docker.
    Name(String),
}

impl Layout {
    const ALL: [Self; 4] = [Self::Dir, Self::DockerArchive, Self::Oci, Self::OciArchive];

    /// The name of the transport, as it stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dir => "dir",
            Self::DockerArchive => "docker-archive",
            Self::Oci => "oci",
            Self::OciArchive => "oci-archive",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SourceSpec {
    type Err = SpecError;

    /// Parses `[REFERENCE=]TRANSPORT:PATH[:SELECTION]`; anything else is the path of an export.
    ///
    /// A path that looks like a transport is written with a `./` in front.
    ///
    /// # Errors
    ///
    /// A [`SpecError`] for a transport that is not read, and for what does not fit a transport that is.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        if let Some((layout, rest)) = transport(text)? {
            return layout_spec(layout, rest, None);
        }
        if let Some((reference, rest)) = text.split_once('=')
            && let Some((layout, rest)) = transport(rest)?
            && !reference.starts_with(['.', '/'])
        {
            let reference = Reference::parse_normalized(reference)
                .map_err(|source| SpecError::Reference { text: reference.to_owned(), source })?;
            return layout_spec(layout, rest, Some(reference));
        }
        Ok(Self::Export { path: text.to_owned() })
    }
}

/// The transport that a text begins with, and what follows it.
fn transport(text: &str) -> Result<Option<(Layout, &str)>, SpecError> {
    let Some((name, rest)) = text.split_once(':') else { return Ok(None) };
    match Layout::ALL.into_iter().find(|layout| layout.as_str() == name) {
        Some(layout) => Ok(Some((layout, rest))),
        None if OTHER_TRANSPORTS.contains(&name) => Err(SpecError::Transport { name: name.to_owned() }),
        None => Ok(None),
    }
}

fn layout_spec(layout: Layout, rest: &str, reference: Option<Reference>) -> Result<SourceSpec, SpecError> {
    let (path, selection) = match layout {
        // The path of a directory may have colons in it, as at the peers: nothing follows it.
        Layout::Dir => (rest, Selection::All),
        Layout::DockerArchive | Layout::Oci | Layout::OciArchive => select(layout, rest)?,
    };
    if path.is_empty() {
        return Err(SpecError::NoPath { layout });
    }
    // What an archive's image is called is what the user asked for by that name, and nothing that the archive says.
    let reference = match &selection {
        Selection::Name(name) if layout == Layout::DockerArchive && reference.is_none() => name.parse().ok(),
        Selection::All | Selection::Digest(_) | Selection::Index(_) | Selection::Name(_) => reference,
    };
    Ok(SourceSpec::Layout { layout, path: path.into(), selection, reference })
}

/// Splits `PATH[:NAME|:@INDEX|@DIGEST]`. The path ends at the first colon, as at the peers.
fn select(layout: Layout, text: &str) -> Result<(&str, Selection), SpecError> {
    if let Some((path, digest)) = text.rsplit_once('@')
        && digest.contains(':')
        && layout != Layout::DockerArchive
    {
        let digest: Digest = digest.parse().map_err(|_| SpecError::Selection { layout, text: digest.to_owned() })?;
        return Ok((path.strip_suffix(':').unwrap_or(path), Selection::Digest(digest.into())));
    }
    let Some((path, name)) = text.split_once(':') else { return Ok((text, Selection::All)) };
    let wrong = || SpecError::Selection { layout, text: name.to_owned() };
    if let Some(index) = name.strip_prefix('@') {
        return Ok((path, Selection::Index(index.parse().map_err(|_| wrong())?)));
    }
    if layout == Layout::DockerArchive {
        // Archives name their images by repository and tag; `latest` is what the peers add.
        let reference = Reference::parse_normalized(name).map_err(|_| wrong())?;
        let name = match (reference.tag(), reference.digest()) {
            (_, Some(_)) => return Err(wrong()),
            (Some(_), None) => reference.to_string(),
            (None, None) => format!("{reference}:latest"),
        };
        return Ok((path, Selection::Name(name)));
    }
    if name.is_empty() {
        return Err(wrong());
    }
    Ok((path, Selection::Name(name.to_owned())))
}

/// Why a text is no source.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SpecError {
    /// There is nothing behind the colon.
    #[error("`{layout}:` names no path: expected `{layout}:PATH`")]
    NoPath {
        /// The transport.
        layout: Layout,
    },
    /// What stands before the equals sign is no reference.
    #[error("`{text}` is no image reference: {source}")]
    Reference {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
    /// What follows the path selects no image.
    #[error("`{text}` selects no image of a `{layout}:` source")]
    Selection {
        /// The transport.
        layout: Layout,
        /// What stands there.
        text: String,
    },
    /// The transport is one that is not read.
    #[error(
        "the transport `{name}:` is not read: expected a path, `dir:`, `oci:`, `oci-archive:` or `docker-archive:`"
    )]
    Transport {
        /// Its name.
        name: String,
    },
}

impl SpecError {
    /// What would help.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Transport { name } => Some(format!(
                "`skopeo copy` makes a `dir:` of what is in a registry or an engine; a file of that name is `./{name}:…`"
            )),
            Self::NoPath { .. } | Self::Reference { .. } | Self::Selection { .. } => None,
        }
    }
}

/// The other transports of containers-transports(5): taken for paths, they would be files that are not there.
const OTHER_TRANSPORTS: [&str; 7] =
    ["atomic", "containers-storage", "docker", "docker-daemon", "ostree", "sif", "tarball"];

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> (Layout, String, Selection, String) {
        let SourceSpec::Layout { layout, path, selection, reference } = text.parse().unwrap() else { panic!("{text}") };
        let reference = reference.map(|reference| reference.to_string()).unwrap_or_default();
        (layout, path.display().to_string(), selection, reference)
    }

    #[test]
    fn reads_what_the_peers_write() {
        let digest = Digest::sha256(b"");
        let name = |name: &str| Selection::Name(name.to_owned());
        for (text, expected) in [
            ("dir:a", (Layout::Dir, "a", Selection::All, "")),
            ("dir:/a:b@c", (Layout::Dir, "/a:b@c", Selection::All, "")),
            ("dir:a=dir:b", (Layout::Dir, "a=dir:b", Selection::All, "")),
            ("oci:a", (Layout::Oci, "a", Selection::All, "")),
            ("oci:a:v1", (Layout::Oci, "a", name("v1"), "")),
            ("oci:a:r.example.com/b:v1", (Layout::Oci, "a", name("r.example.com/b:v1"), "")),
            ("oci:a:@2", (Layout::Oci, "a", Selection::Index(2), "")),
            ("oci-archive:a.tar", (Layout::OciArchive, "a.tar", Selection::All, "")),
            ("docker-archive:a.tar", (Layout::DockerArchive, "a.tar", Selection::All, "")),
            (
                "docker-archive:a.tar:busybox",
                (
                    Layout::DockerArchive,
                    "a.tar",
                    name("docker.io/library/busybox:latest"),
                    "docker.io/library/busybox:latest",
                ),
            ),
            ("r.example.com/a:1=dir:b", (Layout::Dir, "b", Selection::All, "r.example.com/a:1")),
            ("a=oci:b:c", (Layout::Oci, "b", name("c"), "docker.io/library/a")),
        ] {
            let (layout_, path, selection, reference) = expected;
            assert_eq!(layout(text), (layout_, path.to_owned(), selection, reference.to_owned()), "{text}");
        }
        for text in [format!("oci:a@{digest}"), format!("oci:a:@{digest}")] {
            assert_eq!(layout(&text), (Layout::Oci, "a".to_owned(), Selection::Digest(digest.into()), String::new()));
        }
    }

    #[test]
    fn everything_else_is_a_path() {
        for text in ["-", "images.json", "./dir:a", "/dir:a", "C:x", "https:x", "./a=dir:b", "a=b", "a=b:c", "*.json"] {
            assert_eq!(text.parse(), Ok(SourceSpec::Export { path: text.to_owned() }), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_source() {
        let transport = |name: &str| SpecError::Transport { name: name.to_owned() };
        assert_eq!("docker://busybox".parse::<SourceSpec>(), Err(transport("docker")));
        assert_eq!("a=containers-storage:x".parse::<SourceSpec>(), Err(transport("containers-storage")));
        assert_eq!("dir:".parse::<SourceSpec>(), Err(SpecError::NoPath { layout: Layout::Dir }));
        assert_eq!("oci::v1".parse::<SourceSpec>(), Err(SpecError::NoPath { layout: Layout::Oci }));
        for text in ["oci:a@sha256:xx", "oci:a:", "oci:a:@x", "docker-archive:a:B", "docker-archive:a:b@sha256:xx"] {
            assert!(matches!(text.parse::<SourceSpec>(), Err(SpecError::Selection { .. })), "{text}");
        }
        assert!(matches!("A B=dir:c".parse::<SourceSpec>(), Err(SpecError::Reference { .. })));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(dir|oci|oci-archive|docker-archive|a)?[:=@/a-z0-9.]*") {
            let _ = text.parse::<SourceSpec>();
        }
    }
}
