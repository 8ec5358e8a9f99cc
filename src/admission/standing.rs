//! What of a request is to be judged. Each exception has the bypass that it could become beside it.

use std::collections::{BTreeMap, BTreeSet};

use crate::admission::kinds::{Kinds, Shape};
use crate::admission::reason::Reason;
use crate::admission::review::{Operation, Review};
use crate::admission::workload::{IMAGES_PER_REVIEW, Named, Seen};

/// Subresources whose objects carry no pod's specification, with the kinds of those.
///
/// `scale` starts more pods of a template that was judged when it was written, and each of these pods is judged itself.
const WITHOUT_IMAGES: &[(&str, &[&str])] =
    &[("binding", &["Binding"]), ("eviction", &["Eviction"]), ("scale", &["Scale"])];

/// What becomes of images that an update leaves as they were.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unchanged {
    /// They are judged again, except in an object that was being deleted already.
    Judged,
    /// They pass, so that labels, finalizers and replicas can always be changed.
    #[default]
    Passed,
}

/// What of a request is to be judged.
#[derive(Debug)]
pub(super) enum Standing<'r> {
    /// These images; the others are as they were.
    Judge {
        /// The images.
        images: Vec<&'r Named>,
        /// The number of the others.
        unchanged: usize,
        /// Whether it is about a Pod, rather than about what pods are made from.
        is_pod: bool,
    },
    /// Nothing, for this reason.
    Pass(Reason),
    /// It cannot be judged, and is denied for this reason.
    Refuse(Reason),
}

/// Works out what of a request is to be judged.
///
/// Whatever the requester can write (owner references, labels, annotations, a deletion time in the new object) changes
/// nothing here, but for the annotation of mirror pods where a node writes it.
pub(super) fn standing<'r>(review: &'r Review, kinds: &Kinds, unchanged: Unchanged) -> Standing<'r> {
    if matches!(review.operation, Operation::Connect | Operation::Delete) {
        return Standing::Pass(Reason::NothingStarts);
    }
    let Some(object) = &review.object else {
        return Standing::Refuse(Reason::Malformed("the request carries no object".to_owned()));
    };
    let (expected, is_pod) = match kinds.of(&review.group, &review.resource) {
        None => return Standing::Refuse(Reason::UnknownKind(review.resource())),
        Some(Shape::Nowhere) => return Standing::Pass(Reason::CarriesNone),
        Some(Shape::Declared(_)) => (None, false),
        Some(Shape::Pod { kind, is_pod, .. }) => (Some(*kind), *is_pod),
    };
    let sub = WITHOUT_IMAGES.iter().find(|(name, _)| *name == review.subresource);
    if sub.is_some_and(|(_, kinds)| kinds.contains(&object.kind.as_str())) {
        return Standing::Pass(Reason::CarriesNone);
    }
    // An object of the resource's own kind is judged whichever subresource it came by: `status`, `ephemeralcontainers`.
    if expected.is_some_and(|expected| expected != object.kind) {
        return Standing::Refuse(match review.subresource.as_str() {
            "" => Reason::Malformed(format!("the object is a `{}`, which its resource is not", object.kind)),
            _ => Reason::UnknownKind(review.resource()),
        });
    }
    if is_pod && is_mirror(review, object) {
        return Standing::Pass(Reason::MirrorPod);
    }
    let images = match &object.images {
        Err(problem) => return Standing::Refuse(Reason::Malformed(problem.clone())),
        Ok(images) if images.is_empty() => return Standing::Refuse(Reason::NoImages),
        Ok(images) if images.len() > IMAGES_PER_REVIEW => return Standing::Refuse(Reason::TooManyImages(images.len())),
        Ok(images) => images,
    };
    if let Some(twice) = twice(images) {
        return Standing::Refuse(Reason::DuplicateName(twice));
    }
    // An image that is still to be filled in starts nothing; the pods that come of it are judged.
    let images: Vec<_> = images.iter().filter(|named| is_pod || !named.image.trim().is_empty()).collect();
    let all = images.len();
    let images = changed(images, review, unchanged);
    match (all, images.is_empty()) {
        (0, _) => Standing::Pass(Reason::CarriesNone),
        (_, true) => Standing::Pass(Reason::Unchanged),
        (_, false) => Standing::Judge { unchanged: all.saturating_sub(images.len()), images, is_pod },
    }
}

/// Whether a pod is the mirror of one that a node runs by itself, from its own files: a denial would only hide it.
///
/// The annotation alone proves nothing; the request must be a node's own, for a pod on itself.
fn is_mirror(review: &Review, object: &Seen) -> bool {
    review.operation == Operation::Create
        && review.subresource.is_empty()
        && object.is_mirror
        && review.user.groups.iter().any(|group| group == "system:nodes")
        && review.user.name.strip_prefix("system:node:").is_some_and(|node| !node.is_empty() && node == object.node)
}

/// The name that two entries of one list have.
fn twice(images: &[Named]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut named = images.iter().filter_map(|named| Some((named.list.as_str(), named.name.as_deref()?)));
    named.find(|name| !seen.insert(*name)).map(|(list, name)| format!("{list}: {name}"))
}

/// The images that an update brings or changes: those that did not stand in the same list, under the same name, before.
fn changed<'r>(images: Vec<&'r Named>, review: &'r Review, unchanged: Unchanged) -> Vec<&'r Named> {
    // An object of another kind is not what this one was before.
    let kind = review.object.as_ref().map(|object| object.kind.as_str());
    let old = review.old.as_ref().filter(|old| review.operation == Operation::Update && kind == Some(&*old.kind));
    let Some(old) = old else { return images };
    let Ok(before) = &old.images else { return images };
    if twice(before).is_some() || (unchanged == Unchanged::Judged && !old.is_deleting) {
        return images;
    }
    // An entry without a name is known by its place.
    let key = |named: &'r Named| match &named.name {
        Some(name) => (named.list.as_str(), name.as_str(), ""),
        None => (named.list.as_str(), "", named.path.field.as_str()),
    };
    let before: BTreeMap<_, _> = before.iter().map(|named| (key(named), named.image.as_str())).collect();
    images.into_iter().filter(|named| before.get(&key(named)) != Some(&named.image.as_str())).collect()
}
