//! The images that exports hold, kept small, to be looked up by digest: what an admission webhook knows of a cluster.
//!
//! Of an image its signatures are kept, and its manifest where the object has it, as little text; everything else is
//! dropped, or compressed where whole objects are to be served. Tags are those of ImageStreams.

mod objects;
mod stored;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::admission::{Images, Resolution};
use crate::image::{Carrier, CarrierKind, Digest, Image, Reference};
use crate::source::export::{self, Item};
use crate::source::{Input, SourceError};

use self::objects::Objects;
use self::stored::Stored;

/// The most problems of exports that are remembered one by one.
const PROBLEMS: usize = 20;

/// The images, tags and namespaces of exports.
#[derive(Debug, Default)]
pub struct Index {
    images: HashMap<Digest, Stored>,
    /// What the canonical form of a reference with a tag stands for; nothing where sources do not agree.
    tags: HashMap<String, Option<Digest>>,
    namespaces: HashMap<String, Option<BTreeMap<String, String>>>,
    objects: Option<Objects>,
    problems: Vec<String>,
    bad: usize,
}

impl Index {
    /// Reads exports. Items that cannot be read are counted as problems beside those that
    /// can: an image that is not known is judged as unsigned.
    ///
    /// `whole` says whether objects are kept as a whole too, to be served.
    ///
    /// # Errors
    ///
    /// An [`IndexError`] for the first source that cannot be read, or of which a part is lost.
    pub fn load(sources: &[String], whole: bool) -> Result<Self, IndexError> {
        let mut index = Self { objects: whole.then(Objects::default), ..Self::default() };
        for source in sources {
            let input = Input::open(source)?;
            let name = input.name().to_owned();
            let read = export::read(&name, input.into_text(), &mut |item| {
                index.add(&item);
                ControlFlow::Continue(())
            });
            if let Some(problem) = read.lost {
                return Err(IndexError::Lost { problem });
            }
        }
        index.images.shrink_to_fit();
        index.tags.shrink_to_fit();
        Ok(index)
    }

    /// The number of images.
    pub fn image_count(&self) -> usize {
        self.images.len()
    }

    /// The number of tags.
    pub fn tag_count(&self) -> usize {
        self.tags.len()
    }

    /// The number of items that could not be read.
    pub fn problem_count(&self) -> usize {
        self.bad
    }

    /// The first items that could not be read, and why.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The text of an image's whole object, if the stream of the namespace has the image and whole objects are kept.
    pub fn stream_image(&self, namespace: &str, stream: &str, digest: &Digest) -> Option<String> {
        self.objects.as_ref()?.get(namespace, stream, digest)
    }

    fn add(&mut self, item: &Item<'_>) {
        let added = match &item.json {
            Err(error) => Err(error.to_string()),
            Ok(json) => self.add_object(json).map_err(|problem| format!("{}: {problem}", item.location)),
        };
        if let Err(problem) = added {
            self.bad = self.bad.saturating_add(1);
            if self.problems.len() < PROBLEMS {
                self.problems.push(problem);
            }
        }
    }

    fn add_object(&mut self, json: &str) -> Result<(), String> {
        match Carrier::read(json).map_err(|error| error.to_string())? {
            Carrier::Image(carried) => {
                let name = &carried.image.metadata.name;
                let digest: Digest = name.parse().map_err(|error| format!("its name is no digest: {error}"))?;
                let mut image: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
                if carried.kind != CarrierKind::Image {
                    image = image.get_mut("image").map(Value::take).unwrap_or_default();
                }
                if let Some(objects) = &mut self.objects {
                    objects.add(digest, &image);
                    if let Some(stream) = carried.name.split(['@', ':']).next().filter(|name| !name.is_empty()) {
                        objects.add_stream(&carried.namespace, stream, digest);
                    }
                }
                match self.images.entry(digest) {
                    Entry::Vacant(entry) => {
                        entry.insert(Stored::new(image));
                    }
                    Entry::Occupied(mut entry) => entry.get_mut().merge(image),
                }
            }
            Carrier::Other(other) if other.kind == *"ImageStream" => {
                self.add_stream(&serde_json::from_str(json).map_err(|error| error.to_string())?);
            }
            Carrier::Other(other) if other.kind == *"Namespace" || other.kind == *"Project" => {
                let object: Named = serde_json::from_str(json).map_err(|error| error.to_string())?;
                let known = [("Namespace", "v1"), ("Project", "project.openshift.io/v1")];
                if known.contains(&(&other.kind, &object.api_version)) {
                    self.add_namespace(object.metadata);
                }
            }
            Carrier::Other(_) => {}
        }
        Ok(())
    }

    /// The labels of a namespace; not known where two objects differ on them, as they may widen what is allowed.
    fn add_namespace(&mut self, metadata: Metadata) {
        let labels = Some(metadata.labels.unwrap_or_default());
        let kept = self.namespaces.entry(metadata.name).or_insert_with(|| labels.clone());
        if *kept != labels {
            *kept = None;
        }
    }

    /// The tags of a stream, under the names by which the registry of the cluster serves them. Where a tag was imported
    /// from is not followed: any namespace could say what the tags of any registry stand for.
    fn add_stream(&mut self, stream: &Stream) {
        let own = format!("{}/{}", stream.metadata.namespace, stream.metadata.name);
        let repositories = [&stream.status.docker_image_repository, &stream.status.public_docker_image_repository];
        for tag in stream.status.tags.iter().flatten() {
            for (place, event) in tag.items.iter().flatten().enumerate() {
                let Ok(digest) = event.image.parse::<Digest>() else { continue };
                if let Some(objects) = &mut self.objects {
                    objects.add_stream(&stream.metadata.namespace, &stream.metadata.name, digest);
                }
                if place > 0 {
                    continue;
                }
                for repository in repositories.into_iter().flatten() {
                    let named = Reference::parse_normalized(&format!("{repository}:{}", tag.tag));
                    if let Ok(named) = named
                        && named.path() == own
                    {
                        self.tags
                            .entry(named.to_string())
                            .and_modify(|known| *known = known.filter(|known| *known == digest))
                            .or_insert(Some(digest));
                    }
                }
            }
        }
    }
}

impl Images for Index {
    fn image(&self, digest: &Digest) -> Option<Image<'_>> {
        self.images.get(digest)?.image()
    }

    fn resolve(&self, reference: &Reference) -> Resolution {
        let tag = reference.tag().unwrap_or("latest");
        match self.tags.get(&format!("{}:{tag}", reference.name())) {
            None => Resolution::Unknown,
            Some(None) => Resolution::Ambiguous,
            Some(Some(digest)) => Resolution::Digest(*digest),
        }
    }

    fn namespace_labels(&self, namespace: &str) -> Option<BTreeMap<String, String>> {
        self.namespaces.get(namespace).cloned().flatten()
    }
}

/// Why exports do not make an index.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A part of a source is lost, as where it is cut off: nobody could say what is missing.
    #[error("{problem}")]
    Lost {
        /// What was found.
        problem: String,
    },
    /// A source cannot be read.
    #[error("{0}")]
    Source(#[from] SourceError),
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, rename = "apiVersion")]
    api_version: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
    labels: Option<BTreeMap<String, String>>,
}

/// An ImageStream, as far as it says what its tags stand for.
#[derive(Deserialize)]
struct Stream {
    metadata: Metadata,
    #[serde(default)]
    status: StreamStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamStatus {
    docker_image_repository: Option<String>,
    public_docker_image_repository: Option<String>,
    tags: Option<Vec<StreamTag>>,
}

#[derive(Deserialize)]
struct StreamTag {
    #[serde(default)]
    tag: String,
    items: Option<Vec<StreamEvent>>,
}

#[derive(Deserialize)]
struct StreamEvent {
    #[serde(default)]
    image: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn index(items: &[String], whole: bool) -> Index {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.json");
        std::fs::write(&path, format!(r#"{{"kind":"List","items":[{}]}}"#, items.join(","))).unwrap();
        Index::load(&[path.to_str().unwrap().to_owned()], whole).unwrap()
    }

    fn stream(namespace: &str, repository: &str, digests: &[&str]) -> String {
        let items: Vec<_> = digests.iter().map(|digest| format!(r#"{{"image":"{digest}"}}"#)).collect();
        format!(
            r#"{{"kind":"ImageStream","metadata":{{"namespace":"{namespace}","name":"app"}},
            "spec":{{"tags":[{{"name":"1","from":{{"kind":"DockerImage","name":"quay.io/other/app:1"}}}}]}},
            "status":{{"dockerImageRepository":"{repository}","tags":[{{"tag":"1","items":[{}]}}]}}}}"#,
            items.join(",")
        )
    }

    fn resolved(index: &Index, reference: &str) -> Resolution {
        index.resolve(&reference.parse().unwrap())
    }

    #[test]
    fn a_tag_is_the_newest_image_of_its_stream() {
        let index = index(&[stream("shop", "registry.local:5000/shop/app", &[B, A])], false);
        assert_eq!(resolved(&index, "registry.local:5000/shop/app:1"), Resolution::Digest(B.parse().unwrap()));
        assert_eq!(resolved(&index, "registry.local:5000/shop/app"), Resolution::Unknown);
    }

    #[test]
    fn a_stream_says_nothing_about_names_that_are_not_its_own() {
        let index = index(&[stream("evil", "registry.local:5000/shop/app", &[B])], false);
        for reference in ["registry.local:5000/shop/app:1", "quay.io/other/app:1"] {
            assert_eq!(resolved(&index, reference), Resolution::Unknown, "{reference}");
        }
    }

    #[test]
    fn streams_that_do_not_agree_resolve_nothing() {
        let same = "registry.local:5000/shop/app";
        let index = index(&[stream("shop", same, &[A]), stream("shop", same, &[B]), stream("shop", same, &[B])], false);
        assert_eq!(resolved(&index, "registry.local:5000/shop/app:1"), Resolution::Ambiguous);
    }

    #[test]
    fn signatures_of_one_image_from_several_objects_are_put_together_once_each() {
        let image = |contents: &[&str]| {
            let signatures: Vec<_> = contents
                .iter()
                .map(|content| format!(r#"{{"metadata":{{"name":"{A}@{content}"}},"type":"atomic","content":"{content}","conditions":[{{"type":"Complete"}}]}}"#))
                .collect();
            format!(r#"{{"kind":"Image","metadata":{{"name":"{A}"}},"signatures":[{}]}}"#, signatures.join(","))
        };
        let index = index(&[image(&["AAAA"]), image(&["BBBB", "AAAA"]), image(&[])], false);
        let found = index.image(&A.parse().unwrap()).unwrap();
        let contents: Vec<_> = found.signatures.iter().map(|signature| signature.content.as_str()).collect();
        assert_eq!(contents, ["AAAA", "BBBB"]);
        assert!(found.signatures.iter().all(|signature| signature.conditions.is_empty()));
    }

    #[test]
    fn what_cannot_be_read_is_counted_beside_what_can() {
        let good = format!(r#"{{"kind":"Image","metadata":{{"name":"{A}"}}}}"#);
        let index = index(&[good, "5".to_owned(), r#"{"kind":"Image","metadata":{"name":"x"}}"#.to_owned()], false);
        assert_eq!((index.image_count(), index.problem_count(), index.problems().len()), (1, 2, 2));
    }

    #[test]
    fn a_whole_object_is_served_for_the_streams_that_have_it() {
        let image = format!(r#"{{"kind":"Image","metadata":{{"name":"{A}","uid":"7"}},"x":[1]}}"#);
        let items = [image, stream("shop", "registry.local:5000/shop/app", &[A])];
        let whole = index(&items, true);
        let digest = A.parse().unwrap();
        assert!(whole.stream_image("shop", "app", &digest).unwrap().contains(r#""x":[1]"#));
        for (namespace, stream) in [("shop", "other"), ("other", "app"), ("", "")] {
            assert_eq!(whole.stream_image(namespace, stream, &digest), None);
        }
        assert_eq!(index(&items, false).stream_image("shop", "app", &digest), None);
    }
}
