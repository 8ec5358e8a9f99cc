//! From the files of a policy to the policy: documents are told apart, read, and put together.

use chrono::{DateTime, Utc};

use crate::policy::Policy;
use crate::policy::cluster::{Governance, names};
use crate::policy::document::containers_policy::{self, ContainersPolicy};
use crate::policy::document::field::Field;
use crate::policy::document::finding::{FindingCode, PolicyError};
use crate::policy::document::image_policy::{self, ImagePolicy, Merged, Reach};
use crate::policy::document::keys::{Keys, ReadKeys};
use crate::policy::document::sink::Sink;
use crate::policy::document::written::Written;

/// A file with policy documents.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFile<'a> {
    /// What findings call it.
    pub name: &'a str,
    /// What is in it: JSON, or YAML in one document or several.
    pub bytes: &'a [u8],
}

impl Policy {
    /// Loads a policy from its documents. `read` reads the key material that they name, and `at` is the time by which
    /// lints about keys and exemptions that have ended are given.
    ///
    /// Any number of documents make one policy: one containers-policy.json(5), `ClusterImagePolicy` and `ImagePolicy` as
    /// OpenShift puts them together with it; or any number of `SignaturePolicy`.
    /// Without a containers-policy.json(5) beside them, images outside of their scopes are accepted, and a lint says so.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] with everything that is wrong with the documents. A policy is loaded as a whole or not at all.
    pub fn load(files: &[PolicyFile<'_>], at: DateTime<Utc>, read: &mut ReadKeys<'_>) -> Result<Self, PolicyError> {
        let sink = Sink::default();
        let documents: Vec<_> = files.iter().flat_map(|file| Written::read(file.name, file.bytes, &sink)).collect();
        let mut keys = Keys::new(read);
        let parts = Parts::of(&documents, &sink, &mut keys);
        let merged = parts.merged(&sink);
        into_policy(merged, keys, sink)
    }
}

/// What was read of a policy, by grammar.
#[derive(Default)]
pub(super) struct Parts<'d> {
    pub(super) containers: Option<(Field<'d>, ContainersPolicy)>,
    pub(super) images: Vec<ImagePolicy<'d>>,
}

/// The grammars, by the kind that a document says it is.
#[derive(Clone, Copy)]
enum Kind {
    Image(Reach),
    ImageList(Reach),
    List,
}

const KINDS: [(&str, Kind); 5] = [
    ("ClusterImagePolicy", Kind::Image(Reach::Cluster)),
    ("ClusterImagePolicyList", Kind::ImageList(Reach::Cluster)),
    ("ImagePolicy", Kind::Image(Reach::Namespace)),
    ("ImagePolicyList", Kind::ImageList(Reach::Namespace)),
    ("List", Kind::List),
];

impl<'d> Parts<'d> {
    /// Reads documents.
    pub(super) fn of(documents: &'d [Written<'d>], sink: &'d Sink, keys: &mut Keys<'_>) -> Self {
        let mut parts = Self::default();
        for document in documents {
            parts.read(&Field::root(document, sink), keys);
        }
        image_policy::duplicates(&parts.images);
        parts
    }

    fn read(&mut self, field: &Field<'d>, keys: &mut Keys<'_>) {
        let Some(kind) = field.peek("kind") else {
            return self.read_containers(field, keys);
        };
        let Some(kind) = kind.word(&KINDS) else { return };
        match kind {
            Kind::Image(reach) => self.images.extend(image_policy::read(field, reach)),
            Kind::ImageList(reach) => {
                let items = field.peek("items").and_then(|items| items.non_empty_array("policy"));
                self.images.extend(items.iter().flatten().filter_map(|item| image_policy::read(item, reach)));
            }
            // As `oc get clusterimagepolicies -o yaml` writes it; what is beside the items is about the list.
            Kind::List => {
                let items = field.peek("items").and_then(|items| items.non_empty_array("policy"));
                for item in items.iter().flatten() {
                    self.read(item, keys);
                }
            }
        }
    }

    fn read_containers(&mut self, field: &Field<'d>, keys: &mut Keys<'_>) {
        if self.containers.is_some() {
            field.tell(
                FindingCode::Exclusive,
                "there is another policy of containers-policy.json(5); only one can be in force",
            );
        }
        let read = containers_policy::read(field, keys);
        self.containers = self.containers.take().or(read.map(|read| (field.clone(), read)));
    }

    /// What the documents demand together; nothing where something is wrong with them.
    fn merged(self, sink: &Sink) -> Option<Merged> {
        let base = self.containers.map(|(_, base)| base);
        if sink.has_errors() { None } else { image_policy::merge(base, &self.images) }
    }
}

fn into_policy(merged: Option<Merged>, keys: Keys<'_>, sink: Sink) -> Result<Policy, PolicyError> {
    let lints = sink.finish()?;
    let keyring = keys.finish();
    let names = names(&keyring);
    let governance = match merged {
        Some(merged) => Governance::Transports(merged.compile(&names)),
        None => return Err(PolicyError { findings: lints }),
    };
    Ok(Policy { keyring, governance, lints })
}
