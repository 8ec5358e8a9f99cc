//! Whether what a report tells of items is what it counts.

use thiserror::Error;

use super::{Told, WrittenRun};
use crate::policy::Effect;
use crate::report::ERRORS_LISTED;

/// What is told of items, counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    images: u64,
    allowed: u64,
    denied: u64,
    undecided: u64,
    errors: u64,
    /// The greatest item.
    last: Option<u64>,
}

/// Which errors a report tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorsTold {
    /// All of them, as NDJSON does.
    All,
    /// The first [`ERRORS_LISTED`], as JSON does.
    First,
}

impl Tally {
    /// Counts what is told of an item.
    pub fn count(&mut self, told: &Told) {
        let increase = |count: &mut u64| *count = count.saturating_add(1);
        match told {
            Told::Image(image) => {
                increase(&mut self.images);
                increase(match image.decision() {
                    Effect::Allow => &mut self.allowed,
                    Effect::Deny => &mut self.denied,
                    Effect::Undecided => &mut self.undecided,
                });
            }
            Told::Error(_) => increase(&mut self.errors),
        }
        self.last = self.last.max(Some(told.item()));
    }

    /// Whether the items told are those that the run counts.
    ///
    /// # Errors
    ///
    /// A [`TallyError`] for the first difference.
    pub fn check(&self, run: &WrittenRun, errors: ErrorsTold) -> Result<(), TallyError> {
        let summary = &run.summary;
        let listed = match errors {
            ErrorsTold::All => summary.errors,
            ErrorsTold::First => summary.errors.min(u64::try_from(ERRORS_LISTED).unwrap_or(u64::MAX)),
        };
        for (what, told, counted) in [
            ("images", self.images, summary.images),
            ("allowed images", self.allowed, summary.allowed),
            ("denied images", self.denied, summary.denied),
            ("undecided images", self.undecided, summary.undecided_images),
            ("errors", self.errors, listed),
        ] {
            if told != counted {
                return Err(TallyError::Count { what, told, counted });
            }
        }
        let items = summary.images.saturating_add(summary.errors).saturating_add(summary.skipped);
        // A shard numbers the images of the others too, and an interrupted run may have skipped ahead.
        match self.last.filter(|last| run.head.shard.is_none() && !summary.partial && *last >= items) {
            Some(item) => Err(TallyError::Beyond { item, items }),
            None => Ok(()),
        }
    }
}

/// How what is told differs from what is counted.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TallyError {
    /// There are not so many items.
    #[error("there is an item {item}, where all in all {items} are counted")]
    Beyond {
        /// The item.
        item: u64,
        /// How many are counted, of whatever sort.
        items: u64,
    },
    /// There are more, or fewer, than are counted.
    #[error("{counted} {what} are counted, and {told} are told of")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many are told of.
        told: u64,
        /// How many the summary counts.
        counted: u64,
    },
}
