//! What a signature is bound to: the digest of the image, and how it is known.

use thiserror::Error;

use crate::image::manifest::{Layer, MANIFEST_LIMIT, Manifest, ManifestError, ManifestKind, Schema1};
use crate::image::quote::Quoted;
use crate::image::{Algorithm, Digest, Image, Reference};

/// The longest configuration, in bytes.
pub const CONFIG_LIMIT: usize = MANIFEST_LIMIT;

/// The annotation that says in which order an object lists its layers.
///
/// Source: `github.com/openshift/api`, `image/v1`, `DockerImageLayersOrderAnnotation`.
pub const LAYERS_ORDER: &str = "image.openshift.io/dockerLayersOrder";

/// The digest that signatures of an image must name.
///
/// The only way to get one is [`Anchor::of`], which checks that whatever the object says about its manifest fits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Anchor {
    digest: Digest,
    basis: Basis,
}

/// How the digest is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Basis {
    /// By the object's name alone: the API leaves manifests out of most objects.
    Name,
    /// By the manifest in the object, which hashes to the name.
    Manifest,
}

impl Anchor {
    /// The anchor of an image.
    ///
    /// The digest is `metadata.name`. The manifest in the object, if there is one, must hash to it, and the digest in
    /// `dockerImageReference`, if there is one, must be it; configuration, layers and the manifests of a list must be
    /// those of the manifest.
    ///
    /// # Errors
    ///
    /// An [`AnchorError`] for the first thing that does not fit.
    pub fn of(image: &Image<'_>, schema1: Schema1) -> Result<Self, AnchorError> {
        let reference = Reference::parse_normalized(&image.docker_image_reference).ok();
        Self::with_reference(image, reference.as_ref(), schema1)
    }

    /// As [`of`](Self::of), where `reference` is what `dockerImageReference` is.
    pub(crate) fn with_reference(
        image: &Image<'_>,
        reference: Option<&Reference>,
        schema1: Schema1,
    ) -> Result<Self, AnchorError> {
        let name = name_digest(image)?;
        if image.docker_image_config.len() > CONFIG_LIMIT {
            return Err(AnchorError::ConfigTooLarge { limit: CONFIG_LIMIT });
        }
        let manifest = match image.docker_image_manifest.as_str() {
            "" => None,
            raw => {
                let media_type = image.docker_image_manifest_media_type.as_str();
                let manifest = Manifest::read(raw.as_bytes(), media_type, schema1)?;
                if manifest.digest != name {
                    return Err(AnchorError::Manifest { name: name.into(), found: manifest.digest.into() });
                }
                Some(manifest)
            }
        };
        check_reference(reference, name)?;
        let Some(manifest) = manifest else {
            return Ok(Self { digest: name, basis: Basis::Name });
        };
        check_config(image, &manifest)?;
        check_layers(image, &manifest)?;
        check_manifests(image, &manifest)?;
        Ok(Self { digest: name, basis: Basis::Manifest })
    }

    /// The digest of the image's manifest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How it is known.
    pub fn basis(&self) -> Basis {
        self.basis
    }
}

fn name_digest(image: &Image<'_>) -> Result<Digest, AnchorError> {
    let name = image.metadata.name.as_str();
    match name.parse::<Digest>() {
        Ok(digest) if digest.algorithm() == Algorithm::Sha256 => Ok(digest),
        // Manifests are named by SHA-256 alone; another digest could not be held against the manifest.
        _ => Err(AnchorError::Name { name: name.to_owned() }),
    }
}

/// A reference that cannot be parsed binds nothing; the identity of the image is judged elsewhere.
fn check_reference(reference: Option<&Reference>, name: Digest) -> Result<(), AnchorError> {
    match reference.and_then(Reference::digest) {
        Some(found) if *found != name => Err(AnchorError::Reference { name: name.into(), found: (*found).into() }),
        _ => Ok(()),
    }
}

fn check_config(image: &Image<'_>, manifest: &Manifest) -> Result<(), AnchorError> {
    if image.docker_image_config.is_empty() {
        return Ok(());
    }
    let found = Digest::sha256(image.docker_image_config.as_bytes());
    match manifest.config {
        Some(config) if config == found => Ok(()),
        config => Err(AnchorError::Config { expected: config.map(Box::new), found: found.into() }),
    }
}

fn check_layers(image: &Image<'_>, manifest: &Manifest) -> Result<(), AnchorError> {
    let listed = &image.docker_image_layers;
    if listed.is_empty() {
        return Ok(());
    }
    if listed.len() != manifest.layers.len() {
        return Err(AnchorError::LayerCount { expected: manifest.layers.len(), found: listed.len() });
    }
    let order = image.metadata.annotations.iter().find(|(name, _)| name.as_str() == LAYERS_ORDER);
    let descending = order.is_some_and(|(_, order)| order.as_str() == "descending");
    let layers: Vec<&Layer> =
        if descending { manifest.layers.iter().rev().collect() } else { manifest.layers.iter().collect() };
    for (index, (listed, layer)) in listed.iter().zip(layers).enumerate() {
        if listed.name.parse() != Ok(layer.digest) {
            let found = listed.name.as_str().to_owned();
            return Err(AnchorError::LayerDigest { index, expected: layer.digest.into(), found });
        }
        match layer.size {
            Some(size) if u64::try_from(listed.size) != Ok(size) => {
                return Err(AnchorError::LayerSize { index, expected: size, found: listed.size });
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_manifests(image: &Image<'_>, manifest: &Manifest) -> Result<(), AnchorError> {
    let listed = &image.docker_image_manifests;
    if listed.is_empty() {
        return Ok(());
    }
    if !matches!(manifest.kind, ManifestKind::DockerList | ManifestKind::OciIndex)
        || listed.len() != manifest.manifests.len()
    {
        return Err(AnchorError::ManifestCount { expected: manifest.manifests.len(), found: listed.len() });
    }
    for (index, (listed, expected)) in listed.iter().zip(&manifest.manifests).enumerate() {
        if listed.digest.parse() != Ok(*expected) {
            let found = listed.digest.as_str().to_owned();
            return Err(AnchorError::ManifestDigest { index, expected: (*expected).into(), found });
        }
    }
    Ok(())
}

/// Why an image has no anchor.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AnchorError {
    /// The configuration is not the manifest's. Code: `config-mismatch`.
    #[error("the configuration hashes to `{found}`, but the manifest names {}", shown(expected.as_deref()))]
    Config {
        /// What the manifest names; nothing if manifests of its kind have no configuration.
        expected: Option<Box<Digest>>,
        /// What the configuration hashes to.
        found: Box<Digest>,
    },
    /// The configuration is longer than is read. Code: `manifest-too-large`.
    #[error("the configuration is longer than {limit} bytes")]
    ConfigTooLarge {
        /// The greatest length.
        limit: usize,
    },
    /// The object lists more or fewer layers than the manifest has. Code: `layers-mismatch`.
    #[error("the object lists {found} layers, but the manifest has {expected}")]
    LayerCount {
        /// The number in the manifest.
        expected: usize,
        /// The number in the object.
        found: usize,
    },
    /// The object lists another layer than the manifest has. Code: `layers-mismatch`.
    #[error("the object lists {} as layer {index}, but the manifest has `{expected}`", Quoted(found))]
    LayerDigest {
        /// The place in the object's list, from 0.
        index: usize,
        /// What the manifest has there.
        expected: Box<Digest>,
        /// What the object lists.
        found: String,
    },
    /// The object gives another size of a layer than the manifest. Code: `layers-mismatch`.
    #[error("the object gives {found} bytes as the size of layer {index}, but the manifest {expected}")]
    LayerSize {
        /// The place in the object's list, from 0.
        index: usize,
        /// The size in the manifest.
        expected: u64,
        /// The size in the object.
        found: i64,
    },
    /// The manifest is not the one that the object is named after. Code: `manifest-mismatch`.
    #[error("the manifest hashes to `{found}`, but the image is named `{name}`")]
    Manifest {
        /// The name of the image.
        name: Box<Digest>,
        /// The digest of the manifest.
        found: Box<Digest>,
    },
    /// The object lists more or fewer manifests than the list has. Code: `manifest-list-mismatch`.
    #[error("the object lists {found} manifests, but the manifest has {expected}")]
    ManifestCount {
        /// The number in the manifest.
        expected: usize,
        /// The number in the object.
        found: usize,
    },
    /// The object lists another manifest than the list has. Code: `manifest-list-mismatch`.
    #[error("the object lists {} as manifest {index}, but the manifest has `{expected}`", Quoted(found))]
    ManifestDigest {
        /// The place in the object's list, from 0.
        index: usize,
        /// What the manifest has there.
        expected: Box<Digest>,
        /// What the object lists.
        found: String,
    },
    /// The name is no SHA-256 digest, so there is nothing to hold signatures against: such are the images that
    /// OpenShift 3 named by a version 1 identifier. Undecided. Code: `no-manifest-digest`.
    #[error("the image is named {}, which is no SHA-256 digest of a manifest", Quoted(name))]
    Name {
        /// The name.
        name: String,
    },
    /// The digest in `dockerImageReference` is another one. Code: `reference-digest-mismatch`.
    #[error("`dockerImageReference` has the digest `{found}`, but the image is named `{name}`")]
    Reference {
        /// The name of the image.
        name: Box<Digest>,
        /// The digest in the reference.
        found: Box<Digest>,
    },
    /// The manifest is refused by itself. Code: that of the [`ManifestError`].
    #[error(transparent)]
    Unreadable(#[from] ManifestError),
}

fn shown(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| "none".to_owned(), |digest| format!("`{digest}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CONFIG: &str = r#"{"os":"linux","label":"<&>"}"#;

    fn digest(byte: char) -> String {
        format!("sha256:{}", byte.to_string().repeat(64))
    }

    fn image() -> Value {
        let layers = json!([{"digest": digest('1'), "size": 1}, {"digest": digest('2'), "size": 2}]);
        let config = json!({"digest": Digest::sha256(CONFIG.as_bytes()).to_string(), "size": CONFIG.len()});
        let manifest = json!({"schemaVersion": 2, "annotations": {"a": "<b>"}, "config": config, "layers": layers});
        named(&json!({
            "dockerImageManifest": manifest.to_string(),
            "dockerImageConfig": CONFIG,
            "dockerImageLayers": [
                {"name": digest('1'), "size": 1, "mediaType": ""}, {"name": digest('2'), "size": 2, "mediaType": ""},
            ],
        }))
    }

    fn list() -> Value {
        let manifests = json!([{"digest": digest('3'), "size": 1}, {"digest": digest('4'), "size": 2}]);
        named(&json!({
            "dockerImageManifest": json!({"schemaVersion": 2, "manifests": manifests}).to_string(),
            "dockerImageManifests": [{"digest": digest('3')}, {"digest": digest('4')}],
        }))
    }

    fn named(image: &Value) -> Value {
        let digest = Digest::sha256(image["dockerImageManifest"].as_str().unwrap().as_bytes());
        let mut image = image.clone();
        image["metadata"] = json!({"name": digest.to_string(), "annotations": {}});
        image["dockerImageReference"] = json!(format!("example.com/a@{digest}"));
        image
    }

    fn anchor(image: &Value) -> Result<Anchor, AnchorError> {
        // As Go writes it: the API server escapes what could be markup.
        let text = image.to_string().replace('<', r"\u003c").replace('>', r"\u003e").replace('&', r"\u0026");
        Anchor::of(&serde_json::from_str(&text).unwrap(), Schema1::Refused)
    }

    fn with(mut image: Value, pointer: &str, value: Value) -> Result<Anchor, AnchorError> {
        *image.pointer_mut(pointer).unwrap() = value;
        anchor(&image)
    }

    #[test]
    fn anchors_on_the_manifest_or_on_the_name() {
        for image in [image(), list()] {
            let found = anchor(&image).unwrap();
            assert_eq!(found.basis(), Basis::Manifest);
            assert_eq!(json!(found.digest().to_string()), image["metadata"]["name"]);
            assert_eq!(with(image, "/dockerImageManifest", json!("")).unwrap().basis(), Basis::Name);
        }
        for reference in ["example.com/a:tag", "NO REFERENCE", ""] {
            assert!(with(image(), "/dockerImageReference", json!(reference)).is_ok());
        }
        let mut descending = image();
        descending["dockerImageLayers"].as_array_mut().unwrap().reverse();
        assert!(matches!(anchor(&descending), Err(AnchorError::LayerDigest { index: 0, .. })));
        descending["metadata"]["annotations"][LAYERS_ORDER] = json!("descending");
        assert!(anchor(&descending).is_ok());
    }

    #[test]
    fn refuses_what_does_not_fit() {
        use AnchorError as E;
        let manifest = image()["dockerImageManifest"].as_str().unwrap().to_owned();
        let large = json!(" ".repeat(MANIFEST_LIMIT + 1));
        let name = |name: String| with(image(), "/metadata/name", json!(name)).unwrap_err();
        for name in [
            name("a".repeat(64)),
            name(digest('a').to_uppercase()),
            name(format!("sha512:{}", "a".repeat(128))),
            name(digest('a') + "\n"),
        ] {
            assert!(matches!(name, E::Name { .. }), "{name}");
        }
        assert!(matches!(name(digest('a')), E::Manifest { .. }));
        for (found, fits) in [
            (with(image(), "/dockerImageManifest", json!(manifest.clone() + "\n")), "hashes to"),
            (with(image(), "/dockerImageManifest", json!(manifest.replace("\":", "\": "))), "hashes to"),
            (with(image(), "/dockerImageManifest", json!(manifest.replace(":1}", ":9}"))), "hashes to"),
            (with(image(), "/dockerImageManifest", json!("x")), "not valid JSON"),
            (with(image(), "/dockerImageManifest", large.clone()), "longer than"),
            (with(image(), "/dockerImageConfig", large), "longer than"),
            (with(image(), "/dockerImageReference", json!(format!("example.com/a:t@{}", digest('a')))), "the digest"),
            (with(image(), "/dockerImageConfig", json!("{}")), "the configuration hashes to"),
            (with(image(), "/dockerImageLayers/0/size", json!(2)), "bytes as the size of layer 0"),
            (with(image(), "/dockerImageLayers/1/size", json!(-2)), "bytes as the size of layer 1"),
            (with(image(), "/dockerImageLayers/1/name", json!(digest('1'))), "as layer 1"),
            (with(image(), "/dockerImageLayers/1/name", json!("x")), "as layer 1"),
            (with(image(), "/dockerImageLayers", json!([{"name": digest('1'), "size": 1}])), "lists 1 layers"),
            (with(list(), "/dockerImageManifests/1/digest", json!(digest('3'))), "as manifest 1"),
            (with(list(), "/dockerImageManifests", json!([{"digest": digest('3')}])), "lists 1 manifests"),
        ] {
            let message = found.unwrap_err().to_string();
            assert!(message.contains(fits), "{message}");
        }
        let plus = |mut image: Value, name: &str, value: Value| {
            image[name] = value;
            anchor(&image).unwrap_err()
        };
        let layers = plus(list(), "dockerImageLayers", json!([{"name": digest('3'), "size": 1}]));
        assert!(matches!(layers, E::LayerCount { expected: 0, found: 1 }));
        let config = plus(list(), "dockerImageConfig", json!("{}"));
        assert!(matches!(config, E::Config { expected: None, .. }));
        assert!(config.to_string().ends_with("but the manifest names none"), "{config}");
        let config = with(image(), "/dockerImageConfig", json!(" ".repeat(CONFIG_LIMIT))).unwrap_err();
        let expected = Digest::sha256(CONFIG.as_bytes());
        assert!(config.to_string().ends_with(&format!("but the manifest names `{expected}`")), "{config}");
        let manifests = plus(image(), "dockerImageManifests", json!([{"digest": digest('3')}]));
        assert!(matches!(manifests, E::ManifestCount { .. }));
        let outer = plus(image(), "dockerImageManifestMediaType", json!("application/vnd.oci.image.index.v1+json"));
        assert!(matches!(outer, E::Unreadable(ManifestError::Ambiguous { .. })));
    }
}
