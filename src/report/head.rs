//! What a report begins with.

use chrono::{DateTime, Utc};

use crate::report::Shard;

/// What holds for a whole run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// The time that images are judged by.
    pub at: DateTime<Utc>,
    /// The part of the images that the run is about; `None` for all of them.
    pub shard: Option<Shard>,
}

impl Head {
    /// A run over all images, judged by `at`.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self { at, shard: None }
    }
}
