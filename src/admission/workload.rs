//! The images of an object, each with its place.

use crate::admission::kinds::{Shape, Step};
use crate::image::JsonError;
use crate::image::json::{Node, Object};

/// The most images of one object that are judged.
pub const IMAGES_PER_REVIEW: usize = 256;

/// Annotation of the pods that stand for those that a node runs by itself.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Members of a pod's specification whose elements are containers, which have an image each.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// An object of a review, as far as it matters.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) kind: String,
    /// Whether it is being deleted.
    pub(super) is_deleting: bool,
    /// Whether an annotation says that it is the mirror of a pod that a node runs by itself.
    pub(super) is_mirror: bool,
    /// The node of a pod.
    pub(super) node: String,
    /// Its images; an error is the sentence that says why they cannot be told.
    pub(super) images: Result<Vec<Named>, String>,
}

/// An image of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Named {
    /// Where it stands.
    pub(super) path: Place,
    /// The place of the list that it is in, or its own.
    pub(super) list: String,
    /// The name of the container or volume, where it has one: unlike its number, it stays when others come and go.
    pub(super) name: Option<String>,
    /// The image, as it is written.
    pub(super) image: String,
}

/// A place in an object, in both ways of writing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Place {
    /// As Kubernetes writes field paths: `spec.containers[0].image`.
    pub(super) field: String,
    /// As a JSON pointer: `/spec/containers/0/image`.
    pub(super) pointer: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        let dot = if self.field.is_empty() { "" } else { "." };
        Self {
            field: format!("{}{dot}{name}", self.field),
            pointer: format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1")),
        }
    }

    fn element(&self, index: usize) -> Self {
        Self { field: format!("{}[{index}]", self.field), pointer: format!("{}/{index}", self.pointer) }
    }
}

/// Looks at an object of a resource that has its images where `shape` says.
pub(super) fn see(object: Node<'_>, shape: Option<&Shape>) -> Seen {
    let mut seen =
        Seen { kind: String::new(), is_deleting: false, is_mirror: false, node: String::new(), images: Ok(Vec::new()) };
    if let Err(error) = look(object, &mut seen) {
        seen.images = Err(error.to_string());
        return seen;
    }
    let mut found = Vec::new();
    let read = match shape {
        None | Some(Shape::Nowhere) => Ok(()),
        Some(Shape::Declared(paths)) => {
            paths.iter().try_for_each(|path| declared(object, path, &Place::default(), &mut found))
        }
        Some(Shape::Pod { kind, spec, .. }) => pod(object, kind, spec, &mut found),
    };
    seen.images = read.map(|()| found).map_err(|error| error.to_string());
    seen
}

/// What matters beside the images.
fn look(object: Node<'_>, seen: &mut Seen) -> Result<(), JsonError> {
    let mut object = object.object()?;
    seen.kind = text(&mut object, "kind")?;
    if let Some(metadata) = present(&mut object, "metadata") {
        let mut metadata = metadata.object()?;
        seen.is_deleting = present(&mut metadata, "deletionTimestamp").is_some();
        if let Some(annotations) = present(&mut metadata, "annotations") {
            seen.is_mirror = annotations.object()?.optional(MIRROR).is_some();
        }
    }
    if seen.kind == "Pod"
        && let Some(spec) = present(&mut object, "spec")
    {
        seen.node = text(&mut spec.object()?, "nodeName")?;
    }
    Ok(())
}

/// The images of an object with a pod's specification.
fn pod(object: Node<'_>, kind: &str, path: &'static [&'static str], found: &mut Vec<Named>) -> Result<(), JsonError> {
    if kind == "DeploymentConfig" {
        // The image that carries out a strategy of one's own.
        let place = ["spec", "strategy", "customParams", "image"];
        if let Some((image, place)) = descend(object, &place)? {
            found.push(named(&place, &place, None, image.string()?));
        }
    }
    match descend(object, path)? {
        Some((spec, place)) => pod_spec(spec, &place, found),
        None => Ok(()),
    }
}

fn descend<'d>(node: Node<'d>, path: &[&'static str]) -> Result<Option<(Node<'d>, Place)>, JsonError> {
    let (mut node, mut place) = (node, Place::default());
    for name in path {
        let Some(next) = present(&mut node.object()?, name) else { return Ok(None) };
        (node, place) = (next, place.member(name));
    }
    Ok(Some((node, place)))
}

/// The images of a pod's specification: of every list whose elements have an `image`, be it a text, as containers of any
/// kind have, or an object with a `reference`, as image volumes have. A list that a later Kubernetes adds is among them.
fn pod_spec(spec: Node<'_>, place: &Place, found: &mut Vec<Named>) -> Result<(), JsonError> {
    let spec = spec.object()?;
    for (member, list) in spec.rest() {
        let containers = CONTAINERS.contains(&member);
        if list.is_null() || !(containers || list.value().is_array()) {
            continue;
        }
        let list_place = place.member(member);
        for (index, element) in list.array()?.enumerate() {
            if !containers && !element.value().is_object() {
                continue;
            }
            let place = list_place.element(index);
            let mut element = element.object()?;
            // A name that is no text is none here; only that of a container or volume matters.
            let name = present(&mut element, "name").and_then(|name| name.string().ok().map(str::to_owned));
            match present(&mut element, "image") {
                Some(image) if image.value().is_object() && !containers => {
                    let reference = text(&mut image.object()?, "reference")?;
                    let place = place.member("image").member("reference");
                    found.push(named(&place, &list_place, name, &reference));
                }
                Some(image) => found.push(named(&place.member("image"), &list_place, name, image.string()?)),
                None if containers => found.push(named(&place.member("image"), &list_place, name, "")),
                None => {}
            }
        }
    }
    Ok(())
}

/// What stands at a declared place.
fn declared(node: Node<'_>, path: &[Step], place: &Place, found: &mut Vec<Named>) -> Result<(), JsonError> {
    if node.is_null() {
        return Ok(());
    }
    match path.split_first() {
        Some((Step::Each, rest)) => {
            let mut elements = node.array()?.enumerate();
            elements.try_for_each(|(index, element)| declared(element, rest, &place.element(index), found))
        }
        Some((Step::Member(name), rest)) => {
            let object = node.object()?;
            let member = object.rest().find(|(found, _)| found == name).map(|(_, member)| member);
            member.map_or(Ok(()), |member| declared(member, rest, &place.member(name), found))
        }
        None if node.value().is_object() => {
            // A specification, or a template with one: what is not read as the one may be read as the other.
            let mut object = node.object()?;
            let own = present(&mut object, "containers").is_some();
            let spec = present(&mut object, "spec");
            pod_spec(node, place, found)?;
            match spec {
                Some(spec) if own => pod_spec(spec, &place.member("spec"), found),
                Some(spec) => {
                    let mut lists = spec.object()?;
                    if !CONTAINERS.iter().any(|name| present(&mut lists, name).is_some()) {
                        let _ = lists.required("containers")?.array()?;
                    }
                    pod_spec(spec, &place.member("spec"), found)
                }
                None if own => Ok(()),
                None => node.object()?.required("containers")?.array().map(|_| ()),
            }
        }
        None => {
            found.push(named(place, place, None, node.string()?));
            Ok(())
        }
    }
}

fn named(place: &Place, list: &Place, name: Option<String>, image: &str) -> Named {
    Named { path: place.clone(), list: list.field.clone(), name, image: image.to_owned() }
}

/// A member that is there and not `null`.
pub(super) fn present<'d>(object: &mut Object<'d>, name: &'static str) -> Option<Node<'d>> {
    object.optional(name).filter(|node| !node.is_null())
}

/// A text that may be absent; absent and `null` are empty.
pub(super) fn text(object: &mut Object<'_>, name: &'static str) -> Result<String, JsonError> {
    present(object, name).map_or(Ok(String::new()), |node| node.string().map(str::to_owned))
}
