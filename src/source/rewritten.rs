//! Writing rewritten objects to a file: all of it, or nothing.

use std::io::{self, Write};
use std::path::PathBuf;

use thiserror::Error;

use crate::image::Layout;
use crate::source::export::{Shape, Summary};
use crate::source::transcode::to_yaml;
use crate::source::{ReplaceError, Replacement};

/// Collects objects and writes them to a file at once.
///
/// The form of the file follows from the ending of its name: documents of YAML for `.yaml` and `.yml`, a line an
/// object for `.ndjson` and `.jsonl`, and else JSON in the shape of the source: a lone object stays one, a list keeps
/// its other members, and what comes from several documents or sources becomes a `List`. Lists inside lists are
/// written as their items.
#[derive(Clone, Debug)]
pub struct ImagesFile {
    path: PathBuf,
    format: Format,
    objects: Vec<String>,
    sources: usize,
    shape: Shape,
    lost: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Format {
    Json,
    Lines,
    Yaml,
}

/// Why objects could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Something was lost in reading, so that a file written now would lack it.
    #[error("`{path}` is not written, as a source was not read in full: {reason}")]
    Incomplete {
        /// The path.
        path: String,
        /// The first error.
        reason: String,
    },
    /// An object cannot be said in the file's format.
    #[error("`{path}` is not written, as object {index} cannot be written as YAML: {reason}")]
    Format {
        /// The path.
        path: String,
        /// The object, counted from 0.
        index: usize,
        /// Why.
        reason: String,
    },
    /// The file could not be replaced.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl ImagesFile {
    /// A file to be written to `path`.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::NotAFile`] for a directory, a device or `-`, before any work is done.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, WriteError> {
        let path = path.into();
        Replacement::check(&path)?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let format = match ending.as_str() {
            "yaml" | "yml" => Format::Yaml,
            "ndjson" | "jsonl" => Format::Lines,
            _ => Format::Json,
        };
        Ok(Self { path, format, objects: Vec::new(), sources: 0, shape: Shape::Documents, lost: None })
    }

    /// Adds an object, rewritten or as it was: for each item of the source, in its order, what is to be kept of it.
    pub fn push(&mut self, json: impl Into<String>) {
        self.objects.push(json.into());
    }

    /// Says how the source ended of which objects were added.
    pub fn end_source(&mut self, summary: &Summary) {
        self.sources = self.sources.saturating_add(1);
        self.shape = if self.sources == 1 { summary.shape.clone() } else { Shape::Documents };
        self.lost = self.lost.take().or_else(|| summary.lost.clone());
    }

    /// Writes the file. On any error the file that was there is still there, as it was.
    ///
    /// # Errors
    ///
    /// A [`WriteError`] if a source was not read in full, or if the file cannot be written.
    pub fn write(self) -> Result<(), WriteError> {
        let path = self.path.display().to_string();
        if let Some(reason) = self.lost {
            return Err(WriteError::Incomplete { path, reason });
        }
        let mut out = Replacement::begin(&self.path)?;
        let io = |source| ReplaceError::io(&self.path, source);
        match self.format {
            Format::Json => write_json(&mut out, &self.shape, &self.objects).map_err(io)?,
            Format::Lines => write_lines(&mut out, &self.objects).map_err(io)?,
            Format::Yaml => {
                for (index, object) in self.objects.iter().enumerate() {
                    let yaml =
                        to_yaml(object).map_err(|reason| WriteError::Format { path: path.clone(), index, reason })?;
                    write!(out, "---\n{yaml}").map_err(io)?;
                }
            }
        }
        Ok(out.commit()?)
    }
}

/// Writes one JSON document.
fn write_json(out: &mut impl Write, shape: &Shape, objects: &[String]) -> io::Result<()> {
    let (before, after) = match shape {
        Shape::Object if objects.len() == 1 => ("", ""),
        Shape::List { before, after } => (before.as_str(), after.as_str()),
        Shape::Object | Shape::Documents => (r#"{"apiVersion":"v1","kind":"List","items":["#, r#"],"metadata":{}}"#),
    };
    let mut layout = Layout::pretty();
    let mut text = String::new();
    layout.feed(before, &mut text);
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            layout.feed(",", &mut text);
        }
        layout.feed(object, &mut text);
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    layout.feed(after, &mut text);
    text.push('\n');
    out.write_all(text.as_bytes())
}

fn write_lines(out: &mut impl Write, objects: &[String]) -> io::Result<()> {
    objects.iter().try_for_each(|object| writeln!(out, "{}", crate::image::compact(object)))
}

#[cfg(test)]
mod tests;
