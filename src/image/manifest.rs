//! Manifests: their digest, and what they say about configuration, layers and other manifests.
//!
//! A manifest that can be read in two ways lets one digest stand for two images (CVE-2021-41190), so the kind is
//! decided by structure and by both media types, and all must agree. Media types that are not known are fine as long
//! as the structure is plain.

use thiserror::Error;

use crate::image::json::{Document, Limits, Object};
use crate::image::look_alike::looks_like_one;
use crate::image::schema1;
use crate::image::{Digest, DigestError, JsonError, JsonErrorKind};

/// The longest manifest, in bytes: the limit of the peers (`iolimits`).
pub const MANIFEST_LIMIT: usize = 4 << 20;

/// How much of a manifest is read.
pub(crate) const LIMITS: Limits = Limits { bytes: MANIFEST_LIMIT, depth: 32, values: 1 << 17 };

const DOCKER_SCHEMA2: &str = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
const DOCKER_SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// The members that say what a manifest is. Other implementations find members whatever their case, so anything that
/// merely looks like one of these is refused.
const TELLING: [&str; 8] =
    ["config", "fsLayers", "history", "layers", "manifests", "mediaType", "schemaVersion", "signatures"];

/// What to do with Docker schema 1 manifests.
///
/// Such a manifest is an envelope: what is hashed is the payload that its `signatures` describe, and its outer members
/// are authenticated by nobody.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Schema1 {
    /// They are refused.
    #[default]
    Refused,
    /// Only the stripped payload counts, and the outer object without its `signatures` must equal it.
    PayloadOnly,
}

/// The kind of a manifest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ManifestKind {
    /// Docker image manifest, version 2, schema 2.
    DockerSchema2,
    /// OCI image manifest.
    OciImage,
    /// Docker manifest list.
    DockerList,
    /// OCI image index.
    OciIndex,
    /// Docker image manifest, version 2, schema 1.
    DockerSchema1,
    /// Something else with a media type of its own, such as an OCI artifact manifest.
    Other,
}

/// What a manifest is built like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Structure {
    Image,
    List,
    Schema1,
    Other,
}

/// A manifest that reads in one way only.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) kind: ManifestKind,
    /// The digest by which a registry names the manifest.
    pub(crate) digest: Digest,
    pub(crate) config: Option<Digest>,
    /// The layers, base first.
    pub(crate) layers: Vec<Layer>,
    /// The manifests of a list.
    pub(crate) manifests: Vec<Digest>,
}

/// A layer as a manifest names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Layer {
    pub(crate) digest: Digest,
    /// Not known in schema 1.
    pub(crate) size: Option<u64>,
}

impl Manifest {
    /// Reads a manifest that is said to have the media type `outer`, which may be empty.
    pub(crate) fn read(raw: &[u8], outer: &str, schema1: Schema1) -> Result<Self, ManifestError> {
        if raw.len() > MANIFEST_LIMIT {
            return Err(ManifestError::TooLarge { limit: MANIFEST_LIMIT });
        }
        let document = Document::read(raw, &LIMITS)?;
        let mut manifest = document.root().object()?;
        let kind = kind(&mut manifest, outer)?;
        let is_schema1 = kind == ManifestKind::DockerSchema1;
        if is_schema1 && schema1 == Schema1::Refused {
            return Err(ManifestError::Schema1Refused);
        }
        let digest = if is_schema1 { schema1::digest(raw, &document)? } else { Digest::sha256(raw) };
        let mut read = Self { kind, digest, config: None, layers: Vec::new(), manifests: Vec::new() };
        match kind {
            ManifestKind::DockerSchema2 | ManifestKind::OciImage => {
                read.config = Some(descriptor(manifest.required("config")?.object()?)?.digest);
                let layers = manifest.required("layers")?;
                let layers = layers.array()?.map(|layer| descriptor(layer.object()?));
                read.layers = layers.collect::<Result<_, _>>()?;
            }
            ManifestKind::DockerList | ManifestKind::OciIndex => {
                for entry in manifest.required("manifests")?.array()? {
                    read.manifests.push(descriptor(entry.object()?)?.digest);
                }
            }
            ManifestKind::DockerSchema1 => read.layers = schema1::layers(manifest)?,
            ManifestKind::Other => {}
        }
        Ok(read)
    }
}

/// Decides the kind by structure and by both media types.
fn kind(manifest: &mut Object<'_>, outer: &str) -> Result<ManifestKind, ManifestError> {
    refuse_look_alikes(manifest, &TELLING)?;
    let mut has = |name| manifest.optional(name).is_some();
    let structure = match (has("layers"), has("manifests"), has("fsLayers"), has("signatures")) {
        (true, false, false, false) => Structure::Image,
        (false, true, false, false) => Structure::List,
        (false, false, true, _) => Structure::Schema1,
        (false, false, false, false) => Structure::Other,
        _ => return Err(ambiguous("it has members of more than one kind of manifest")),
    };
    let inner = manifest.optional("mediaType").map(|node| node.string()).transpose()?.unwrap_or_default();
    let is_schema1 = |media_type| matches!(media_type, DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED);
    let same = inner == outer || (is_schema1(inner) && is_schema1(outer));
    if !same && !inner.is_empty() && !outer.is_empty() {
        return Err(ambiguous("its media type is not the one that the object gives"));
    }
    let media_type = if inner.is_empty() { outer } else { inner };
    let (kind, built) = match media_type {
        DOCKER_SCHEMA2 => (ManifestKind::DockerSchema2, Structure::Image),
        OCI_IMAGE => (ManifestKind::OciImage, Structure::Image),
        DOCKER_LIST => (ManifestKind::DockerList, Structure::List),
        OCI_INDEX => (ManifestKind::OciIndex, Structure::List),
        DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED => (ManifestKind::DockerSchema1, Structure::Schema1),
        _ => match structure {
            Structure::Image => (ManifestKind::OciImage, structure),
            Structure::List => (ManifestKind::OciIndex, structure),
            Structure::Schema1 => (ManifestKind::DockerSchema1, structure),
            Structure::Other => (ManifestKind::Other, structure),
        },
    };
    if built != structure {
        return Err(ambiguous("it is not built as its media type says"));
    }
    if structure == Structure::Other && media_type.is_empty() {
        return Err(ambiguous("it has neither the members of a manifest nor a media type"));
    }
    let version = manifest.optional("schemaVersion").map(|node| node.unsigned()).transpose()?;
    match (structure, version) {
        (Structure::Image | Structure::List, Some(2)) | (Structure::Schema1, Some(1)) => Ok(kind),
        (Structure::Other, None | Some(2)) => Ok(kind),
        _ => Err(ambiguous("its `schemaVersion` does not fit its members")),
    }
}

fn descriptor(mut descriptor: Object<'_>) -> Result<Layer, ManifestError> {
    refuse_look_alikes(&descriptor, &["digest", "mediaType", "size"])?;
    let digest = descriptor.required("digest")?;
    let size = descriptor.required("size")?.unsigned()?;
    Ok(Layer { digest: parse_digest(digest.string()?, || digest.path())?, size: Some(size) })
}

pub(crate) fn parse_digest(text: &str, path: impl FnOnce() -> String) -> Result<Digest, ManifestError> {
    text.parse().map_err(|error| ManifestError::Digest { path: path(), error })
}

/// Refuses members that other implementations would take for one of `names`.
fn refuse_look_alikes(object: &Object<'_>, names: &[&str]) -> Result<(), ManifestError> {
    let mut members = object.rest();
    match members.any(|(member, _)| looks_like_one(member, names)) {
        true => Err(ambiguous("a member differs only in case from one that says what the manifest is")),
        false => Ok(()),
    }
}

fn ambiguous(why: &'static str) -> ManifestError {
    ManifestError::Ambiguous { why }
}

/// Why a manifest is refused by itself.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ManifestError {
    /// It can be read in more than one way. Code: `ambiguous-manifest`.
    #[error("the manifest can be read in more than one way: {why}")]
    Ambiguous {
        /// What does not fit together.
        why: &'static str,
    },
    /// A digest in it is none. Code: `malformed-manifest`.
    #[error("the manifest is malformed: {error} at {path}")]
    Digest {
        /// The place.
        path: String,
        /// What is wrong with the digest.
        error: DigestError,
    },
    /// Two members of one object have the same name. Code: `ambiguous-manifest`.
    #[error("the manifest can be read in more than one way: {0}")]
    Duplicate(JsonError),
    /// It is no JSON, or lacks what a manifest must have. Code: `malformed-manifest`.
    #[error("the manifest is malformed: {0}")]
    Json(JsonError),
    /// It is a schema 1 envelope whose signatures do not say what was signed. Code: `malformed-manifest`.
    #[error("the manifest is malformed: {why} at {path}")]
    Schema1 {
        /// The place.
        path: String,
        /// What is wrong.
        why: &'static str,
    },
    /// It is of Docker schema 1, which is not enabled. Code: `schema1-refused`.
    #[error("the manifest is of Docker schema 1, which is refused: push the image again with schema 2 or OCI")]
    Schema1Refused,
    /// It is longer than is read. Code: `manifest-too-large`.
    #[error("the manifest is longer than {limit} bytes")]
    TooLarge {
        /// The greatest length.
        limit: usize,
    },
}

impl From<JsonError> for ManifestError {
    fn from(error: JsonError) -> Self {
        let duplicate = matches!(error.kind(), JsonErrorKind::Duplicate { .. });
        if duplicate { Self::Duplicate(error) } else { Self::Json(error) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, outer: &str) -> Result<Manifest, ManifestError> {
        Manifest::read(text.as_bytes(), outer, Schema1::PayloadOnly)
    }

    fn digest(byte: char) -> String {
        format!("sha256:{}", byte.to_string().repeat(64))
    }

    fn image(media_type: &str) -> String {
        let (config, layer) = (digest('c'), digest('1'));
        format!(
            r#"{{"schemaVersion":2,{media_type}"config":{{"digest":"{config}","size":2}},"layers":[{{"digest":"{layer}","size":7}}]}}"#
        )
    }

    fn list(media_type: &str) -> String {
        format!(r#"{{"schemaVersion":2,{media_type}"manifests":[{{"digest":"{}","size":7}}]}}"#, digest('2'))
    }

    fn inner(media_type: &str) -> String {
        format!(r#""mediaType":"{media_type}","#)
    }

    #[test]
    fn decides_the_kind() {
        for (text, outer, kind) in [
            (image(&inner(DOCKER_SCHEMA2)), "", ManifestKind::DockerSchema2),
            (image(&inner(DOCKER_SCHEMA2)), DOCKER_SCHEMA2, ManifestKind::DockerSchema2),
            (image(""), DOCKER_SCHEMA2, ManifestKind::DockerSchema2),
            (image(""), "", ManifestKind::OciImage),
            (image(&inner("application/x")), "application/x", ManifestKind::OciImage),
            (list(&inner(DOCKER_LIST)), "", ManifestKind::DockerList),
            (list(""), OCI_INDEX, ManifestKind::OciIndex),
            (
                r#"{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[]}"#.into(),
                "",
                ManifestKind::Other,
            ),
        ] {
            let manifest = read(&text, outer).unwrap();
            assert_eq!((manifest.kind, manifest.digest), (kind, Digest::sha256(text.as_bytes())), "{text}");
        }
        let manifest = read(&image(""), OCI_IMAGE).unwrap();
        assert_eq!(manifest.config, digest('c').parse().ok());
        assert_eq!(manifest.layers, [Layer { digest: digest('1').parse().unwrap(), size: Some(7) }]);
        assert_eq!(read(&list(""), "").unwrap().manifests, [digest('2').parse().unwrap()]);
    }

    #[test]
    fn refuses_what_reads_in_two_ways() {
        let with = |member: &str| image("").replacen('{', &format!("{{{member},"), 1);
        for (text, outer) in [
            (with(r#""manifests":[]"#), ""),
            (with(r#""manifests":null"#), ""),
            (with(r#""Manifests":[]"#), ""),
            (with(r#""fsLayers":[]"#), ""),
            (with(r#""FSLayers":[]"#), ""),
            (with(r#""signatures":[]"#), ""),
            (with(r#""layer\u017f":[]"#), ""),
            (with(r#""MediaType":"x""#), ""),
            (with(r#""layers":[]"#), ""),
            (with(r#""layer\u0073":[]"#), ""),
            (list("").replacen('{', r#"{"fsLayers":[],"#, 1), ""),
            (image(&inner(DOCKER_LIST)), ""),
            (image(&inner(DOCKER_SCHEMA1)), ""),
            (image(""), OCI_INDEX),
            (image(""), DOCKER_SCHEMA1_SIGNED),
            (list(""), DOCKER_SCHEMA2),
            (list(""), OCI_IMAGE),
            (image(""), DOCKER_LIST),
            (format!(r#"{{"schemaVersion":1,{}"fsLayers":[]}}"#, inner(DOCKER_SCHEMA1)), DOCKER_SCHEMA2),
            (format!(r#"{{"schemaVersion":1,{}"fsLayers":[]}}"#, inner("application/x")), DOCKER_SCHEMA1),
            (image(&inner(DOCKER_SCHEMA2)), OCI_IMAGE),
            (image(&inner("application/x")), OCI_IMAGE),
            (image("").replace(":2,\"config", ":1,\"config"), ""),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#.into(), DOCKER_SCHEMA2),
            (r#"{"schemaVersion":2,"fsLayers":[]}"#.into(), ""),
            (image("").replace("\"size\":2", "\"size\":2,\"Digest\":\"x\""), ""),
            ("{}".into(), ""),
        ] {
            let error = read(&text, outer).unwrap_err();
            assert!(matches!(error, ManifestError::Ambiguous { .. } | ManifestError::Duplicate(_)), "{text}: {error}");
        }
    }

    #[test]
    fn refuses_what_is_malformed() {
        for text in [
            String::new(),
            "[]".into(),
            image("").replace("\"size\":7", "\"size\":-7"),
            image("").replace(",\"size\":7", ""),
            image("").replace("sha256:c", "sha256:C"),
            image("").replace("\"config\"", "\"konfig\""),
            list("").replace("[{", "[[").replace("}]", "]]"),
            image("") + "\0",
        ] {
            let error = read(&text, "").unwrap_err();
            assert!(matches!(error, ManifestError::Json(_) | ManifestError::Digest { .. }), "{text}: {error}");
        }
        let large = " ".repeat(MANIFEST_LIMIT) + "{}";
        assert_eq!(read(&large, "").unwrap_err(), ManifestError::TooLarge { limit: MANIFEST_LIMIT });
        let longest = " ".repeat(MANIFEST_LIMIT - 2) + "{}";
        assert!(matches!(read(&longest, "").unwrap_err(), ManifestError::Ambiguous { .. }));
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_another_digest(position in 0usize..100, byte in any::<u8>()) {
            let text = image("");
            let mut changed = text.clone().into_bytes();
            changed[position] = byte;
            if let (Ok(manifest), true) = (Manifest::read(&changed, "", Schema1::Refused), changed != text.as_bytes()) {
                prop_assert_ne!(manifest.digest, Digest::sha256(text.as_bytes()));
            }
        }
    }
}
