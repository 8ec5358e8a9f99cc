//! Images that are put together from pieces, as the text of the object that an export would hold.

use std::ops::ControlFlow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::image::Digest;
use crate::source::export::{Item, Summary, check};
use crate::source::{Location, SourceError, SourceProblem};

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
    name: Arc<str>,
    visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>,
    summary: Summary,
}

impl<'v> Handover<'v> {
    pub(super) fn new(name: &str, visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Self {
        Self { name: name.into(), visit, summary: Summary { documents: 1, ..Summary::default() } }
    }

    /// Hands over an image that was found at `path` of the source.
    pub(super) fn image(&mut self, path: &str, image: &Assembled<'_>) -> ControlFlow<()> {
        match image.to_json() {
            Ok(json) => {
                let location = self.location(path);
                let checked = check(&json).map(|()| json.as_str());
                let checked = checked.map_err(|problem| SourceError { location: location.clone(), problem });
                self.hand_over(Item { location, json: checked, verbatim: Some(&json) })
            }
            Err(error) => self.problem(path, SourceProblem::Io(error.into())),
        }
    }

    /// Hands over what is wrong at `path` of the source. It stands for something that could not be judged.
    pub(super) fn problem(&mut self, path: &str, problem: impl Into<SourceProblem>) -> ControlFlow<()> {
        let location = self.location(path);
        let error = SourceError { location: location.clone(), problem: problem.into() };
        self.summary.lost.get_or_insert_with(|| error.to_string());
        self.hand_over(Item { location, json: Err(error), verbatim: None })
    }

    fn location(&self, path: &str) -> Location {
        let location = Location::of_source("");
        Location { source: self.name.clone(), path: path.to_owned(), ..location }
    }

    fn hand_over(&mut self, item: Item<'_>) -> ControlFlow<()> {
        self.summary.items = self.summary.items.saturating_add(1);
        if item.json.is_err() {
            self.summary.bad = self.summary.bad.saturating_add(1);
        }
        let flow = (self.visit)(item);
        if flow.is_break() {
            self.summary.lost.get_or_insert_with(|| format!("{}: not read to the end", self.name));
        }
        flow
    }

    /// What the source held.
    pub(super) fn finish(self) -> Summary {
        self.summary
    }
}
