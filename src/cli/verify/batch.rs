//! Items on their way from the sources to the workers.

use std::ops::Range;

use crate::source::Location;
use crate::source::export::{self, Item};

/// How much text is judged together, in bytes.
const TEXT: usize = 256 << 10;

/// How many items are judged together.
const ITEMS: usize = 256;

/// What an item takes beside its text, in bytes, until it is told: its place, a message, and what reports say of it.
const ITEM: usize = 1 << 10;

/// Items that are judged together, in the order of the sources.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Which batch of the run it is.
    pub(super) number: u64,
    pub(super) items: Vec<Pending>,
    /// The text of the items.
    text: String,
    /// How many bytes of memory it is accounted for.
    size: usize,
    /// Set where a source ends with the batch.
    pub(super) source_end: Option<export::Summary>,
    /// Set on the last batch of a run.
    pub(super) run_end: Option<RunEnd>,
}

/// What is known when everything was read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct RunEnd {
    /// The first source that was a signature where an export was expected.
    pub(super) raw_signature: Option<String>,
}

/// An item that is to be judged.
#[derive(Debug)]
pub(super) struct Pending {
    /// The number of the item in the run.
    pub(super) number: u64,
    pub(super) location: Location,
    pub(super) content: Content,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum Content {
    /// The text of an object.
    Object(Range<usize>),
    /// A raw signature.
    Signature(Vec<u8>),
    /// It cannot be read. Its text may be there all the same.
    Unreadable { message: String, verbatim: Option<Range<usize>> },
}

impl Batch {
    /// The first batch.
    pub(super) fn first() -> Self {
        Self::default()
    }

    /// An empty batch to follow this one, with room for as much: what fills one batch mostly fills the next.
    pub(super) fn next(&self) -> Self {
        Self {
            number: self.number.saturating_add(1),
            items: Vec::with_capacity(self.items.len()),
            // Not for as much as one large item took, which nobody would account for.
            text: String::with_capacity(self.text.len().min(TEXT.saturating_mul(2))),
            ..Self::default()
        }
    }

    /// Adds an item of an export.
    pub(super) fn push_item(&mut self, number: u64, item: Item<'_>) {
        let Item { location, json, verbatim } = item;
        let start = self.text.len();
        let text = json.as_ref().ok().copied().or(verbatim);
        self.text.push_str(text.unwrap_or_default());
        let range = start..self.text.len();
        let content = match json {
            Ok(_) => Content::Object(range),
            Err(error) => Content::Unreadable { message: error.problem.to_string(), verbatim: verbatim.map(|_| range) },
        };
        self.push(Pending { number, location, content });
    }

    /// Adds what is to be judged.
    pub(super) fn push(&mut self, item: Pending) {
        let text = match &item.content {
            Content::Object(range) | Content::Unreadable { verbatim: Some(range), .. } => range.len(),
            Content::Signature(bytes) => bytes.len(),
            Content::Unreadable { verbatim: None, .. } => 0,
        };
        self.size = self.size.saturating_add(text).saturating_add(ITEM);
        self.items.push(item);
    }

    /// The text of an item.
    pub(super) fn text(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// How many bytes of memory it is accounted for.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Whether it holds enough.
    pub(super) fn is_full(&self) -> bool {
        self.items.len() >= ITEMS || self.size >= TEXT
    }

    /// Whether there is nothing to do for it.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.source_end.is_none() && self.run_end.is_none()
    }
}
