//! What a report tells about one item.

use serde::Serialize;

use crate::image::{Carried, CarrierKind};
use crate::verifier::Verdict;

/// The verdict on one image, and where the image came from.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The item's number in the run, counted from 0 over all sources, whatever the items before it hold.
    pub item: u64,
    /// The place of the item in its source, such as `export.json: items[3]`.
    pub place: &'a str,
    /// The object that carried the image; `None` for a plain `Image`.
    pub carrier: Option<Carrier<'a>>,
    /// The verdict.
    pub verdict: &'a Verdict,
}

impl Entry<'_> {
    /// What a person would call the image: its reference or, failing that, its name or its place.
    pub fn title(&self) -> &str {
        let names = [self.verdict.docker_image_reference(), self.verdict.name()];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or(self.place)
    }
}

/// An object that carries an image, such as an `ImageStreamTag`.
#[derive(Clone, Copy, Debug)]
pub struct Carrier<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; empty if it has none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Carrier<'a> {
    /// The object that carried an image; there is none where that was an `Image` itself.
    pub fn of(carried: &'a Carried<'_>) -> Option<Self> {
        let Carried { kind, namespace, name, .. } = carried;
        (*kind != CarrierKind::Image).then(|| Self { kind: kind.as_str(), namespace, name })
    }
}

/// An item that could not be read, so that there is no verdict.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ItemError {
    /// The item's number in the run, counted from 0 over all sources; of a source that cannot be read, the next number.
    pub item: u64,
    /// The place of the item in its source.
    pub place: String,
    /// What was wrong, and what would be right.
    pub message: String,
}
