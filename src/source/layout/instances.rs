//! The manifests that a manifest list names.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use crate::image::{Digest, Manifest, ManifestKind, Schema1};
use crate::source::layout::LayoutProblem;
use crate::source::layout::plain::{self, Shape};

/// The most manifests of a layout that are looked at.
pub const INSTANCES_LIMIT: usize = 1024;

/// A platform: `OS/ARCH[/VARIANT]`, as in `linux/arm64/v8`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<_> = text.split('/').collect();
        if parts.iter().any(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(PlatformError);
        }
        let (os, architecture, variant) = match parts.as_slice() {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some((*variant).to_owned())),
            _ => return Err(PlatformError),
        };
        Ok(Self { os: (*os).to_owned(), architecture: (*architecture).to_owned(), variant })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// Why a text is no platform.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a platform is written `OS/ARCH` or `OS/ARCH/VARIANT`, such as `linux/amd64`")]
pub struct PlatformError;

/// A manifest that a list or an index names.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) digest: Digest,
    pub(super) media_type: String,
    platform: Option<Written>,
    /// What an OCI layout calls it.
    pub(super) name: Option<String>,
}

impl Instance {
    /// Whether the list says for which platform it is.
    pub(super) fn has_platform(&self) -> bool {
        self.platform.is_some()
    }

    /// Whether it is for this platform. A variant that is not asked for does not matter.
    pub(super) fn is_for(&self, wanted: &Platform) -> bool {
        self.platform.as_ref().is_some_and(|platform| {
            platform.os == wanted.os
                && platform.architecture == wanted.architecture
                && wanted.variant.as_ref().is_none_or(|variant| platform.variant.as_ref() == Some(variant))
        })
    }
}

/// The instances of a manifest, if it is a list that reads in one way only; of any other manifest none. What is wrong
/// with a manifest is told by its verification.
pub(super) fn instances(manifest: &str, media_type: &str) -> Result<Vec<Instance>, LayoutProblem> {
    let Ok(checked) = Manifest::read(manifest.as_bytes(), media_type, Schema1::Refused) else { return Ok(Vec::new()) };
    if !matches!(checked.kind, ManifestKind::DockerList | ManifestKind::OciIndex) {
        return Ok(Vec::new());
    }
    read(manifest)
}

/// The entries of a list or an index.
pub(super) fn read(text: &str) -> Result<Vec<Instance>, LayoutProblem> {
    let list: List = plain::read(text.as_bytes(), &INDEX)?;
    let entries = list.manifests.into_iter().map(|entry| {
        let digest = entry
            .digest
            .parse()
            .map_err(|error| LayoutProblem::Malformed(format!("`{}` is no digest: {error}", entry.digest)))?;
        let name = entry.annotations.and_then(|annotations| annotations.name);
        Ok(Instance { digest, media_type: entry.media_type, platform: entry.platform, name })
    });
    entries.collect()
}

const INDEX: Shape = Shape::Object(&[
    ("schemaVersion", Shape::Any),
    ("mediaType", Shape::Any),
    (
        "manifests",
        Shape::List(&Shape::Object(&[
            ("digest", Shape::Any),
            ("mediaType", Shape::Any),
            ("size", Shape::Any),
            ("annotations", Shape::Any),
            ("platform", Shape::Object(&[("os", Shape::Any), ("architecture", Shape::Any), ("variant", Shape::Any)])),
        ])),
    ),
]);

#[derive(Deserialize)]
struct List {
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    digest: String,
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    platform: Option<Written>,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(rename = "org.opencontainers.image.ref.name", default)]
    name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Written {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_read_and_matched() {
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64"] {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError), "{text}");
        }
        let digest = Digest::sha256(b"");
        let list = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"digest":"{digest}","size":1,
                "platform":{{"os":"linux","architecture":"arm","variant":"v7"}}}}]}}"#
        );
        let [instance] = instances(&list, "").unwrap().try_into().unwrap();
        for (wanted, fits) in
            [("linux/arm", true), ("linux/arm/v7", true), ("linux/arm/v6", false), ("linux/amd64", false)]
        {
            let wanted: Platform = wanted.parse().unwrap();
            assert_eq!(instance.is_for(&wanted), fits, "{wanted}");
        }
        // Whatever reads in two ways has no instances, and is denied by itself.
        assert!(instances(&list.replacen('{', r#"{"layers":[],"#, 1), "").unwrap().is_empty());
        assert!(instances(r#"{"schemaVersion":2,"layers":[]}"#, "").unwrap().is_empty());
    }
}
