//! Images that are put together from pieces, as the text of the object that an export would hold.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::image::Digest;
use crate::source::SourceProblem;
use crate::source::export::{Item, Summary};
use crate::source::feed::Feed;
use crate::source::window::Place;

/// What a source knows of an image.
#[derive(Debug)]
pub(super) struct Assembled<'a> {
    /// The digest by which the image goes where it was found. The manifest is held against it by the verification.
    pub(super) name: Digest,
    /// The reference to judge it by; empty where nobody said what the image is called.
    pub(super) reference: String,
    /// The manifest; empty where it is not at hand.
    pub(super) manifest: &'a str,
    /// What is said beside the manifest about its type.
    pub(super) media_type: &'a str,
    /// The configuration; empty where it is not at hand.
    pub(super) config: &'a str,
    /// The signatures as they are stored, with what each is called.
    pub(super) signatures: &'a [(String, Vec<u8>)],
}

impl Assembled<'_> {
    /// The text of the `Image`.
    fn to_json(&self) -> Result<String, serde_json::Error> {
        let signatures = self.signatures.iter().map(|(name, content)| Signature {
            metadata: Metadata { name: format!("{}@{name}", self.name) },
            signature_type: "atomic",
            content: STANDARD.encode(content),
        });
        serde_json::to_string(&Image {
            api_version: "image.openshift.io/v1",
            kind: "Image",
            metadata: Metadata { name: self.name.to_string() },
            docker_image_reference: &self.reference,
            docker_image_manifest: self.manifest,
            docker_image_manifest_media_type: self.media_type,
            docker_image_config: self.config,
            signatures: signatures.collect(),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Image<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    docker_image_reference: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    docker_image_manifest: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    docker_image_manifest_media_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    docker_image_config: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signature>,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

#[derive(Serialize)]
struct Signature {
    metadata: Metadata,
    #[serde(rename = "type")]
    signature_type: &'static str,
    content: String,
}

/// The way from a source that puts images together to the visitor.
pub(super) struct Handover<'v> {
    feed: Feed<'v>,
}

/// Images that are put together stand in no text.
const NO_PLACE: Place = Place { offset: 0, line: 1 };

impl<'v> Handover<'v> {
    pub(super) fn new(name: &str, visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Self {
        let mut feed = Feed::new(name, visit);
        feed.begin();
        Self { feed }
    }

    /// Hands over an image that was found at `path` of the source.
    pub(super) fn image(&mut self, path: &str, image: &Assembled<'_>) -> ControlFlow<()> {
        match image.to_json() {
            Ok(json) => self.feed.item(NO_PLACE, path, &json),
            Err(error) => self.problem(path, SourceProblem::Io(error.into())),
        }
    }

    /// Hands over what is wrong at `path` of the source. It stands for something that could not be judged.
    pub(super) fn problem(&mut self, path: &str, problem: impl Into<SourceProblem>) -> ControlFlow<()> {
        self.feed.lost(NO_PLACE, path, problem.into())
    }

    /// What the source held.
    pub(super) fn finish(self) -> Summary {
        self.feed.into_summary()
    }
}
