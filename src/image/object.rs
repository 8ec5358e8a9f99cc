//! The objects of `image.openshift.io/v1`, as the API server writes them.
//!
//! Every field of the API page is here. Lists and strings that are `null`, absent or empty are the same thing, as
//! they are to the API server; members that are not listed are ignored here and survive a rewrite
//! ([`Rewrite`](crate::image::Rewrite) works on the text, not on these types).
//!
//! Source: `openshift/api` `image/v1/types.go`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::image::Text;

/// The metadata of an object, as far as vidimus looks at it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ObjectMeta<'a> {
    /// The object's name; of an `Image`, the digest of its manifest.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub name: Text<'a>,
    /// The namespace, empty for cluster-scoped objects.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub namespace: Text<'a>,
    /// What tells the object from others of its name, before it and after it.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub uid: Text<'a>,
    /// Free-form annotations. Never trusted: whoever may write the object may write them.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<Text<'a>, Text<'a>>,
}

/// An immutable representation of a container image at a point in time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Image<'a> {
    /// `Image`; empty inside a carrier such as `ImageStreamImage`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub kind: Text<'a>,
    /// `image.openshift.io/v1`, or `v1` in exports of OpenShift 3; empty inside a carrier.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub api_version: Text<'a>,
    /// Standard metadata; its name is the digest of the manifest.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub metadata: ObjectMeta<'a>,
    /// The string that can be used to pull this image.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_reference: Text<'a>,
    /// Metadata about this image, kept as it was written.
    #[serde(borrow, default)]
    pub docker_image_metadata: Option<&'a RawValue>,
    /// The version of `dockerImageMetadata`; empty means `1.0`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_metadata_version: Text<'a>,
    /// The raw manifest. Empty for most objects: the API blanks it where the registry stores the manifest.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_manifest: Text<'a>,
    /// The layers, empty where the image is a manifest list.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_layers: Vec<ImageLayer<'a>>,
    /// The signatures of the image.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub signatures: Vec<ImageSignature<'a>>,
    /// Signatures of a schema 1 manifest (JWS, base64). They say nothing about who vouches for an image.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_signatures: Vec<Text<'a>>,
    /// The media type of the manifest.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_manifest_media_type: Text<'a>,
    /// The raw configuration. Blanked by the API as the manifest is.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_config: Text<'a>,
    /// The manifests of a manifest list, with their platforms.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub docker_image_manifests: Vec<ImageManifest<'a>>,
}

impl<'a> Image<'a> {
    /// An image of which only a digest, a reference and one stored signature are known: what a signature file,
    /// `--digest` and `--reference` amount to.
    ///
    /// `content` is the signature as an `ImageSignature` stores it: base64.
    pub fn with_signature(name: Text<'a>, reference: Text<'a>, signature: Text<'a>, content: Text<'a>) -> Self {
        Self {
            metadata: ObjectMeta { name, ..ObjectMeta::default() },
            docker_image_reference: reference,
            signatures: vec![ImageSignature {
                metadata: ObjectMeta { name: signature, ..ObjectMeta::default() },
                signature_type: Text::from("atomic"),
                content,
                ..ImageSignature::default()
            }],
            ..Self::default()
        }
    }
}

/// A single layer of an image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ImageLayer<'a> {
    /// The digest of the layer.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub name: Text<'a>,
    /// The size in bytes.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub size: i64,
    /// The media type of the layer.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub media_type: Text<'a>,
}

/// One manifest of a manifest list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ImageManifest<'a> {
    /// The digest of the manifest.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub digest: Text<'a>,
    /// Its media type.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub media_type: Text<'a>,
    /// Its size in bytes.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub manifest_size: i64,
    /// The CPU architecture, such as `amd64`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub architecture: Text<'a>,
    /// The operating system, such as `linux`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub os: Text<'a>,
    /// The variant of the CPU, such as `v7`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub variant: Text<'a>,
}

/// A signature of an image: bytes that nobody has vouched for yet, and what somebody wrote beside them.
///
/// Only `type` and `content` are mandatory. The other members are informative: nothing is ever accepted because of
/// them, and where they contradict the content the record is rejected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ImageSignature<'a> {
    /// Standard metadata; the name is by convention `<image name>@<signature name>`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub metadata: ObjectMeta<'a>,
    /// The type: `atomic` or `AtomicImageV1`, which mean the same.
    #[serde(rename = "type", default, deserialize_with = "null_is_empty")]
    pub signature_type: Text<'a>,
    /// The signature, base64: an OpenPGP message, or a sigstore attachment in the frame of `containers/image`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub content: Text<'a>,
    /// What was found when somebody last looked.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub conditions: Vec<SignatureCondition<'a>>,
    /// A reference that is said to be the signed one.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub image_identity: Text<'a>,
    /// Claims that are said to be in the signature.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub signed_claims: BTreeMap<Text<'a>, Text<'a>>,
    /// The time at which the signature is said to have been made, RFC 3339; empty when unknown.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub created: Text<'a>,
    /// The issuer of the certificate or key.
    #[serde(default)]
    pub issued_by: Option<SignatureIssuer<'a>>,
    /// The subject of the certificate or key.
    #[serde(default)]
    pub issued_to: Option<SignatureSubject<'a>>,
}

/// A condition of a signature at a probe time.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct SignatureCondition<'a> {
    /// The type: `Complete` and `Failed` here; `Trusted`, `ForImage` and others written elsewhere.
    #[serde(rename = "type", default, deserialize_with = "null_is_empty")]
    pub condition_type: Text<'a>,
    /// `True`, `False` or `Unknown`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub status: Text<'a>,
    /// The last time the condition was checked, RFC 3339.
    #[serde(default)]
    pub last_probe_time: Option<Text<'a>>,
    /// The last time the status changed, RFC 3339.
    #[serde(default)]
    pub last_transition_time: Option<Text<'a>>,
    /// A CamelCase reason.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub reason: Text<'a>,
    /// A sentence for a person.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub message: Text<'a>,
}

/// Who issued the signing certificate or key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct SignatureIssuer<'a> {
    /// The organization.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub organization: Text<'a>,
    /// The common name.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub common_name: Text<'a>,
}

/// Whom the signing certificate or key was issued to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct SignatureSubject<'a> {
    /// The organization.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub organization: Text<'a>,
    /// The common name.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub common_name: Text<'a>,
    /// At least the 64 lowest bits of the key's fingerprint, such as `0x685ebe62bf278440`.
    #[serde(rename = "publicKeyID", default, deserialize_with = "null_is_empty")]
    pub public_key_id: Text<'a>,
}

/// Reads `null` as the type's empty value, as the API server does.
pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
