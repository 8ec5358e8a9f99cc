//! What one item of an export is: an `Image`, an object that carries one, or something else.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::image::object::null_is_empty;
use crate::image::tracked::read;
use crate::image::{Image, ImageLayer, ImageManifest, ImageSignature, ObjectError, ObjectMeta, ObjectProblem, Text};

/// An item of an export, read.
#[derive(Clone, Debug)]
pub enum Carrier<'a> {
    /// An object of `image.openshift.io/v1` that is or carries an image.
    Image(Box<Carried<'a>>),
    /// Another object, such as a `Pod`, an `ImageStream`, or the `Image` of `config.openshift.io/v1`, which is a
    /// cluster's configuration and no image at all.
    Other(Other<'a>),
}

impl<'a> Carrier<'a> {
    /// Reads one item.
    ///
    /// The group must be `image.openshift.io/v1`, or `v1` as in OpenShift 3, or absent: the items of typed lists say
    /// neither group nor kind and are told apart by what they have.
    ///
    /// # Errors
    ///
    /// An [`ObjectError`] with the path of the first value that is not what the API says, of a member that occurs
    /// twice, of the image that is missing, or of a version of the group that is not known.
    ///
    /// ```
    /// use vidimus::Carrier;
    ///
    /// let item = r#"{"kind": "Image", "apiVersion": "image.openshift.io/v1", "signatures": [{"content": 5}]}"#;
    /// assert_eq!(Carrier::read(item).unwrap_err().path(), "$.signatures[0].content");
    /// ```
    pub fn read(json: &'a str) -> Result<Self, ObjectError> {
        let error = match read::<Superset<'a>>(json) {
            Ok(object) => return object.sort(),
            Err(error) => error,
        };
        // Members of other kinds may have any type; only those of the object's own kind count.
        let Ok(head) = read::<Head<'a>>(json) else { return Err(error) };
        let kind = head.kind()?;
        let image = match kind {
            None => return Ok(Self::Other(head.other())),
            Some(CarrierKind::Image) => read(json)?,
            Some(kind) => read::<Envelope<'a>>(json)?.image.ok_or_else(|| no_image(kind, &head.meta()))?,
        };
        Ok(Self::carried(kind.unwrap_or(CarrierKind::Image), &head.meta(), image))
    }

    fn carried(kind: CarrierKind, meta: &ObjectMeta<'a>, image: Image<'a>) -> Self {
        let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
        Self::Image(Box::new(Carried { kind, namespace, name, image }))
    }
}

/// An image and the object it came in.
#[derive(Clone, Debug)]
pub struct Carried<'a> {
    /// What kind of object it came in.
    pub kind: CarrierKind,
    /// The object's namespace; empty for an `Image`.
    pub namespace: Text<'a>,
    /// The object's name, such as `stream:tag`; of an `Image`, its digest.
    pub name: Text<'a>,
    /// The image itself.
    pub image: Image<'a>,
}

impl fmt::Display for Carried<'_> {
    /// `ImageStreamTag namespace/stream:tag`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_named(f, self.kind.as_str(), &self.namespace, &self.name)
    }
}

/// The kinds that are or carry an image.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CarrierKind {
    /// The image itself.
    Image,
    /// An image in a stream, by digest.
    ImageStreamImage,
    /// An image in a stream, by tag.
    ImageStreamTag,
    /// A request to map an image to a tag.
    ImageStreamMapping,
}

impl CarrierKind {
    /// The kind as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::ImageStreamImage => "ImageStreamImage",
            Self::ImageStreamTag => "ImageStreamTag",
            Self::ImageStreamMapping => "ImageStreamMapping",
        }
    }

    fn parse(kind: &str) -> Option<Self> {
        [Self::Image, Self::ImageStreamImage, Self::ImageStreamTag, Self::ImageStreamMapping]
            .into_iter()
            .find(|known| known.as_str() == kind)
    }
}

/// An object that carries no image.
#[derive(Clone, Debug, Default)]
pub struct Other<'a> {
    /// Its group and version.
    pub api_version: Text<'a>,
    /// Its kind.
    pub kind: Text<'a>,
    /// Its namespace, empty when it has none.
    pub namespace: Text<'a>,
    /// Its name.
    pub name: Text<'a>,
}

impl fmt::Display for Other<'_> {
    /// `Pod namespace/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_named(f, &self.kind, &self.namespace, &self.name)
    }
}

fn write_named(f: &mut fmt::Formatter<'_>, kind: &str, namespace: &str, name: &str) -> fmt::Result {
    f.write_str(kind)?;
    match (namespace, name) {
        ("", "") => Ok(()),
        ("", name) => write!(f, " {name}"),
        (namespace, name) => write!(f, " {namespace}/{name}"),
    }
}

fn no_image(kind: CarrierKind, meta: &ObjectMeta<'_>) -> ObjectError {
    let other = Other { kind: kind.as_str().into(), ..other(Text::default(), Text::default(), meta) };
    ObjectError::new("$.image", ObjectProblem::NoImage { carrier: other.to_string() })
}

fn other<'a>(api_version: Text<'a>, kind: Text<'a>, meta: &ObjectMeta<'a>) -> Other<'a> {
    Other { api_version, kind, namespace: meta.namespace.clone(), name: meta.name.clone() }
}

/// What decides on an item's kind; `None` is another kind.
struct Traits<'t> {
    api_version: &'t str,
    kind: &'t str,
    has_image: bool,
    has_tag: bool,
    is_named: bool,
}

impl Traits<'_> {
    fn kind(&self) -> Result<Option<CarrierKind>, ObjectError> {
        match (self.api_version, self.kind) {
            ("" | "v1" | "image.openshift.io/v1", "") if self.has_image && self.has_tag => {
                Ok(Some(CarrierKind::ImageStreamTag))
            }
            ("" | "v1" | "image.openshift.io/v1", "") if self.has_image => Ok(Some(CarrierKind::ImageStreamImage)),
            ("" | "v1" | "image.openshift.io/v1", "") if self.is_named => Ok(Some(CarrierKind::Image)),
            ("" | "v1" | "image.openshift.io/v1", "") => Err(ObjectError::new("$", ObjectProblem::NoKind)),
            ("" | "v1" | "image.openshift.io/v1", kind) => Ok(CarrierKind::parse(kind)),
            (version, kind) if version.starts_with("image.openshift.io/") && CarrierKind::parse(kind).is_some() => {
                // Not skipped as something else: nobody would know that an image was not judged.
                let (found, kind) = (version.to_owned(), kind.to_owned());
                Err(ObjectError::new("$.apiVersion", ObjectProblem::Version { kind, found }))
            }
            _ => Ok(None),
        }
    }
}

/// What little is read of an item whose kind is not known yet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Head<'a> {
    #[serde(default, deserialize_with = "null_is_empty")]
    api_version: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(default)]
    docker_image_reference: Option<IgnoredAny>,
    #[serde(default)]
    image: Option<IgnoredAny>,
    #[serde(default)]
    tag: Option<IgnoredAny>,
}

impl<'a> Head<'a> {
    fn kind(&self) -> Result<Option<CarrierKind>, ObjectError> {
        let traits = Traits {
            api_version: &self.api_version,
            kind: &self.kind,
            has_image: self.image.is_some(),
            has_tag: self.tag.is_some(),
            is_named: self.docker_image_reference.is_some() || !self.meta().name.is_empty(),
        };
        traits.kind()
    }

    fn meta(&self) -> ObjectMeta<'a> {
        self.metadata.and_then(|metadata| read(metadata.get()).ok()).unwrap_or_default()
    }

    fn other(&self) -> Other<'a> {
        other(self.api_version.clone(), self.kind.clone(), &self.meta())
    }
}

/// An object that carries an image, without members that only an `Image` has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    #[serde(default, rename = "metadata", deserialize_with = "null_is_empty")]
    _metadata: ObjectMeta<'a>,
    #[serde(default)]
    image: Option<Image<'a>>,
}

/// The members of all kinds together, so that one pass is enough whatever the kind and wherever it stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Superset<'a> {
    #[serde(default, deserialize_with = "null_is_empty")]
    kind: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    api_version: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    metadata: ObjectMeta<'a>,
    #[serde(default)]
    image: Option<Image<'a>>,
    #[serde(default)]
    tag: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_reference: Text<'a>,
    #[serde(borrow, default)]
    docker_image_metadata: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_metadata_version: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_manifest: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_layers: Vec<ImageLayer<'a>>,
    #[serde(default, deserialize_with = "null_is_empty")]
    signatures: Vec<ImageSignature<'a>>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_signatures: Vec<Text<'a>>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_manifest_media_type: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_config: Text<'a>,
    #[serde(default, deserialize_with = "null_is_empty")]
    docker_image_manifests: Vec<ImageManifest<'a>>,
}

impl<'a> Superset<'a> {
    fn sort(self) -> Result<Carrier<'a>, ObjectError> {
        let traits = Traits {
            api_version: &self.api_version,
            kind: &self.kind,
            has_image: self.image.is_some(),
            has_tag: self.tag.is_some(),
            is_named: !self.docker_image_reference.is_empty() || !self.metadata.name.is_empty(),
        };
        let Some(kind) = traits.kind()? else {
            return Ok(Carrier::Other(other(self.api_version, self.kind, &self.metadata)));
        };
        if kind != CarrierKind::Image {
            let image = self.image.ok_or_else(|| no_image(kind, &self.metadata))?;
            return Ok(Carrier::carried(kind, &self.metadata, image));
        }
        let meta = ObjectMeta { name: self.metadata.name.clone(), ..ObjectMeta::default() };
        let image = Image {
            kind: self.kind,
            api_version: self.api_version,
            metadata: self.metadata,
            docker_image_reference: self.docker_image_reference,
            docker_image_metadata: self.docker_image_metadata,
            docker_image_metadata_version: self.docker_image_metadata_version,
            docker_image_manifest: self.docker_image_manifest,
            docker_image_layers: self.docker_image_layers,
            signatures: self.signatures,
            docker_image_signatures: self.docker_image_signatures,
            docker_image_manifest_media_type: self.docker_image_manifest_media_type,
            docker_image_config: self.docker_image_config,
            docker_image_manifests: self.docker_image_manifests,
        };
        Ok(Carrier::carried(kind, &meta, image))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_kinds_apart() {
        const V1: &str = "image.openshift.io/v1";
        for (json, expected) in [
            (format!(r#"{{"kind":"Image","apiVersion":"{V1}","metadata":{{"name":"sha256:a"}}}}"#), "Image sha256:a"),
            (r#"{"metadata":{"name":"a"},"apiVersion":"v1","kind":"Image"}"#.into(), "Image a"),
            (r#"{"metadata":{"name":"a"}}"#.into(), "Image a"),
            (r#"{"kind":null,"dockerImageReference":"r"}"#.into(), "Image"),
            (
                r#"{"kind":"ImageStreamTag","metadata":{"namespace":"n","name":"s:t"},"tag":null,"image":{}}"#.into(),
                "ImageStreamTag n/s:t",
            ),
            (r#"{"image":{"metadata":{"name":"x"}},"metadata":{"name":"s@x"}}"#.into(), "ImageStreamImage s@x"),
            (r#"{"image":{},"tag":{},"metadata":{"name":"s:t"}}"#.into(), "ImageStreamTag s:t"),
            (r#"{"kind":"ImageStreamMapping","tag":"t","image":{}}"#.into(), "ImageStreamMapping"),
            // Members that another kind types differently do not matter.
            (r#"{"kind":"ImageStreamImage","signatures":5,"image":{}}"#.into(), "ImageStreamImage"),
            (r#"{"kind":"Image","image":"x","metadata":{"name":"a"}}"#.into(), "Image a"),
        ] {
            let Carrier::Image(carried) = Carrier::read(&json).unwrap() else { panic!("{json}") };
            assert_eq!(carried.to_string(), expected, "{json}");
        }
    }

    #[test]
    fn leaves_other_objects_alone() {
        for (json, expected) in [
            (r#"{"kind":"Pod","apiVersion":"v1","metadata":{"namespace":"n","name":"p"}}"#, "Pod n/p"),
            (
                r#"{"kind":"Image","apiVersion":"config.openshift.io/v1","metadata":{"name":"cluster"}}"#,
                "Image cluster",
            ),
            (
                r#"{"kind":"ImageStream","apiVersion":"image.openshift.io/v1","image":"any","signatures":{}}"#,
                "ImageStream",
            ),
            (r#"{"kind":"Pod","metadata":[1],"metadata2":null}"#, "Pod"),
            (r#"{"apiVersion":"example.com/v1"}"#, ""),
        ] {
            let Carrier::Other(other) = Carrier::read(json).unwrap() else { panic!("{json}") };
            assert_eq!(other.to_string(), expected, "{json}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (json, path) in [
            (r#"{"kind":"ImageStreamTag","image":null}"#, "$.image"),
            (r#"{"kind":"ImageStreamImage","signatures":[1]}"#, "$.image"),
            (
                r#"{"kind":"ImageStreamImage","image":{"signatures":[{"issuedTo":[]}]}}"#,
                "$.image.signatures[0].issuedTo",
            ),
            (r#"{"kind":"Image","kind":"Pod"}"#, "$.kind"),
            (r#"{"kind":"Image","signatures":[],"signatures":[]}"#, "$.signatures"),
            (r#"{"kind":"Image","signatures":[[]]}"#, "$.signatures[0]"),
            (r#"{"kind":"Image","apiVersion":"image.openshift.io/v2"}"#, "$.apiVersion"),
            (r#"{"kind":5}"#, "$.kind"),
            (r#"{}"#, "$"),
            (r#"["Image"]"#, "$"),
            ("null", "$"),
            ("", "$"),
        ] {
            let error = Carrier::read(json).map(|_| ()).unwrap_err();
            assert_eq!(error.path(), path, "{json}: {error}");
        }
        let error = Carrier::read(r#"{"kind":"ImageStreamTag","metadata":{"name":"s:t"}}"#).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "`$.image`: the `ImageStreamTag s:t` carries no image: expected an object");
    }

    #[test]
    fn null_lists_are_empty_and_deep_nesting_is_harmless() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let json = format!(r#"{{"kind":"Image","signatures":null,"dockerImageLayers":null,"unknown":{deep}}}"#);
        assert!(matches!(Carrier::read(&json), Ok(Carrier::Image(carried)) if carried.image.signatures.is_empty()));
        assert!(Carrier::read(&format!(r#"{{"kind":"Image","signatures":{deep}}}"#)).is_err());
    }
}
