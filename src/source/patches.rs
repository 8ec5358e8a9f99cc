//! Writing patches to a file: all of them, or nothing.

use std::io::Write as _;
use std::path::PathBuf;

use crate::source::export::Summary;
use crate::source::{ReplaceError, Replacement, WriteError};

/// A file of patches in the making: a line each, in the order of the images.
#[derive(Debug)]
pub struct PatchesFile {
    path: PathBuf,
    out: Replacement,
    lost: Option<String>,
}

impl PatchesFile {
    /// A file to be written to `path`.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::NotAFile`] for a directory, a device or `-`, and [`ReplaceError::Io`] for a directory that cannot
    /// be written to, before any work is done.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, WriteError> {
        let path = path.into();
        let out = Replacement::begin(&path)?;
        Ok(Self { path, out, lost: None })
    }

    /// Adds lines, each with its line feed.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::Io`] if the disk is full, or fails.
    pub fn push(&mut self, lines: &str) -> Result<(), WriteError> {
        Ok(self.out.write_all(lines.as_bytes()).map_err(|source| ReplaceError::io(&self.path, source))?)
    }

    /// Says why something is missing of what should be written. Then nothing is.
    pub fn lose(&mut self, reason: String) {
        self.lost.get_or_insert(reason);
    }

    /// Says how the source ended of whose images patches were added.
    pub fn end_source(&mut self, summary: &Summary) {
        self.lost = self.lost.take().or_else(|| summary.lost.clone());
    }

    /// Writes the file. On any error the file that was there is still there, as it was.
    ///
    /// # Errors
    ///
    /// A [`WriteError`] if a source was not read in full, or if the file cannot be written.
    pub fn write(self) -> Result<(), WriteError> {
        if let Some(reason) = self.lost {
            return Err(WriteError::Incomplete { path: self.path.display().to_string(), reason });
        }
        Ok(self.out.commit()?)
    }
}
