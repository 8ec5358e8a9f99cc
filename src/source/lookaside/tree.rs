//! Stores on disk.

use std::io;
use std::path::Path;

use crate::source::SourceProblem;
use crate::source::join::Stored;
use crate::source::layout::{Root, read_numbered};

/// The signatures in a folder of the store at `base`.
pub(super) fn signatures(base: &Path, folder: &str) -> Result<Vec<Stored>, SourceProblem> {
    let store = match Root::open(base) {
        Ok(root) => root,
        Err(error) => {
            let error = io::Error::new(error.kind(), format!("{}: {error}", base.display()));
            return Err(error.into());
        }
    };
    let Some(root) = store.inner(folder)? else { return Ok(Vec::new()) };
    let (found, wrong) = read_numbered(&root, "");
    match wrong {
        None => Ok(found.into_iter().map(|(name, content)| Stored { name, content }).collect()),
        Some((name, problem)) => Err(SourceProblem::Stored {
            place: format!("{}/{folder}/{name}", base.display()),
            problem: Box::new(problem),
        }),
    }
}
