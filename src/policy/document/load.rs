//! From the files of a policy to the policy: documents are told apart, read, and put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::image::quote::Quoted;
use crate::policy::Policy;
use crate::policy::cluster::{Governance, names};
use crate::policy::document::containers_policy::{self, ContainersPolicy};
use crate::policy::document::field::Field;
use crate::policy::document::finding::{Finding, FindingCode, PolicyError};
use crate::policy::document::image_policy::{self, ImagePolicy, Merged, Reach};
use crate::policy::document::keys::{Keys, ReadKeys};
use crate::policy::document::signature_policy::{self, NoMatch, ReadPolicy};
use crate::policy::document::sink::Sink;
use crate::policy::document::written::Written;
use crate::signature::Fingerprint;

/// A file with policy documents.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFile<'a> {
    /// What findings call it.
    pub name: &'a str,
    /// What is in it: JSON, or YAML in one document or several.
    pub bytes: &'a [u8],
}

impl PolicyFile<'_> {
    /// How many documents the file holds; a file that cannot be read is one that holds something wrong.
    pub fn document_count(&self) -> usize {
        Written::count(self.bytes)
    }
}

impl Policy {
    /// Loads a policy from its documents. `read` reads the key material that they name, and `at` is the time by which
    /// lints about keys and exemptions that have ended are given.
    ///
    /// Any number of documents make one policy: one containers-policy.json(5), `ClusterImagePolicy` and `ImagePolicy` as
    /// OpenShift puts them together with it; or any number of `SignaturePolicy`.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] with everything that is wrong with the documents. A policy is loaded as a whole or not at all.
    pub fn load(files: &[PolicyFile<'_>], at: DateTime<Utc>, read: &mut ReadKeys<'_>) -> Result<Self, PolicyError> {
        let sink = Sink::default();
        let documents: Vec<_> = files.iter().flat_map(|file| Written::read(file.name, file.bytes, &sink)).collect();
        let mut keys = Keys::new(read, at);
        let parts = Parts::of(&documents, &sink, &mut keys);
        let keyring = keys.finish();
        let governance = parts.governance(&sink, &names(&keyring));
        drop(parts);
        drop(documents);
        let lints = sink.finish()?;
        let Some(governance) = governance else { return Err(PolicyError { findings: vec![no_document(files)] }) };
        Ok(Self { keyring, governance, lints })
    }
}

/// Where nothing was read, and nothing is wrong with what was not there.
fn no_document(files: &[PolicyFile<'_>]) -> Finding {
    Finding {
        code: FindingCode::Empty,
        document: files.first().map_or("policy", |file| file.name).to_owned(),
        path: "$".to_owned(),
        line: 1,
        column: 1,
        message: "there is no policy document".to_owned(),
    }
}

/// What was read of a policy, by grammar.
#[derive(Default)]
pub(super) struct Parts<'d> {
    pub(super) containers: Option<(Field<'d>, ContainersPolicy)>,
    pub(super) images: Vec<ImagePolicy<'d>>,
    pub(super) signature: Vec<ReadPolicy<'d>>,
}

/// The items of a list, as `oc get clusterimagepolicies -o yaml` writes it. What else may be in it is about the list.
fn items<'d>(list: &Field<'d>) -> Vec<Field<'d>> {
    let Some(members) = list.object() else { return Vec::new() };
    for name in ["apiVersion", "kind", "metadata"] {
        members.optional(name);
    }
    let items = members.required("items").and_then(|items| items.non_empty_array("policy"));
    members.finish();
    items.unwrap_or_default()
}

/// The grammars, by the kind that a document says it is.
#[derive(Clone, Copy)]
enum Kind {
    Image(Reach),
    ImageList(Reach),
    List,
    SignaturePolicy,
}

const KINDS: [(&str, Kind); 7] = [
    ("SignaturePolicy", Kind::SignaturePolicy),
    ("SignaturePolicyList", Kind::List),
    ("ClusterImagePolicy", Kind::Image(Reach::Cluster)),
    ("ClusterImagePolicyList", Kind::ImageList(Reach::Cluster)),
    ("ImagePolicy", Kind::Image(Reach::Namespace)),
    ("ImagePolicyList", Kind::ImageList(Reach::Namespace)),
    ("List", Kind::List),
];

impl<'d> Parts<'d> {
    /// Reads documents, and tells of what is wrong with them one by one and together.
    pub(super) fn of(documents: &'d [Written<'d>], sink: &'d Sink, keys: &mut Keys<'_>) -> Self {
        let mut parts = Self::default();
        for document in documents {
            parts.read(&Field::root(document, sink), keys);
        }
        image_policy::duplicates(&parts.images);
        parts.check_together();
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
                self.images.extend(items(field).iter().filter_map(|item| image_policy::read(item, reach)));
            }
            Kind::List => {
                for item in items(field) {
                    if item.peek("kind").is_some() {
                        self.read(&item, keys);
                    } else if let Some(members) = item.object() {
                        // What holds a list is no policy.json, whose documents alone have no kind.
                        members.required("kind");
                    }
                }
            }
            Kind::SignaturePolicy => self.signature.extend(signature_policy::read(field, keys)),
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

    fn check_together(&self) {
        let mut names = BTreeSet::new();
        let mut no_match = None;
        for ReadPolicy { policy, root, .. } in &self.signature {
            if self.containers.is_some() || !self.images.is_empty() {
                let text = "a `SignaturePolicy` and a policy of another grammar cannot be in force together";
                root.tell(FindingCode::Exclusive, text);
            }
            if !names.insert(&policy.name) {
                let text = format!("there is another policy {}", Quoted(&policy.name));
                root.tell(FindingCode::DuplicateName, text);
            }
            // To say nothing is to deny, and another document cannot take that back.
            let own = policy.no_match.as_ref().map_or(NoMatch::Deny, |(_, no_match)| *no_match);
            if *no_match.get_or_insert(own) != own {
                root.tell(FindingCode::Exclusive, "another policy says otherwise of images that no rule is for");
            }
        }
        signature_policy::tell_conflicts(&self.signature);
    }

    /// What the documents demand together; nothing where something is wrong with them, or there is none.
    fn governance(&self, sink: &Sink, names: &Arc<BTreeMap<Fingerprint, String>>) -> Option<Governance> {
        if sink.has_errors() {
            return None;
        }
        if !self.signature.is_empty() {
            return Some(Governance::Images(signature_policy::compile(&self.signature, names)));
        }
        let merged = self.merged()?;
        Some(Governance::Transports(merged.compile(names)))
    }

    /// The policy of containers-policy.json(5) with those of OpenShift put to it.
    pub(super) fn merged(&self) -> Option<Merged> {
        let base = self.containers.as_ref().map(|(_, base)| base.clone());
        image_policy::merge(base, &self.images)
    }
}
