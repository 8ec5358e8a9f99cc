//! Writing rewritten objects to a file: all of it, or nothing.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::image::Layout;
use crate::source::export::{Shape, Summary};
use crate::source::replacement::directory_of;
use crate::source::transcode::to_yaml;
use crate::source::{ReplaceError, Replacement};

/// Collects objects and writes them to a file at once.
///
/// The form of the file follows from the ending of its name: documents of YAML for `.yaml` and `.yml`, a line an
/// object for `.ndjson` and `.jsonl`, and else JSON in the shape of the source: a lone object stays one, a list keeps
/// its other members, and what comes from several documents or sources becomes a `List`. Lists inside lists are
/// written as their items.
///
/// Until then the objects wait in a file without a name in the same directory: the form of a list is known at its end.
#[derive(Debug)]
pub struct ImagesFile {
    path: PathBuf,
    format: Format,
    objects: Spool,
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
    /// [`ReplaceError::NotAFile`] for a directory, a device or `-`, and [`ReplaceError::Io`] for a directory that cannot
    /// be written to, before any work is done.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, WriteError> {
        let path = path.into();
        Replacement::check(&path)?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let format = match ending.as_str() {
            "yaml" | "yml" => Format::Yaml,
            "ndjson" | "jsonl" => Format::Lines,
            _ => Format::Json,
        };
        let objects = Spool::beside(&path).map_err(|source| ReplaceError::io(&path, source))?;
        Ok(Self { path, format, objects, sources: 0, shape: Shape::Documents, lost: None })
    }

    /// Adds an object, rewritten or as it was: for each item of the source, in its order, what is to be kept of it.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::Io`] if the disk is full, or fails.
    pub fn push(&mut self, json: &str) -> Result<(), WriteError> {
        Ok(self.objects.push(json).map_err(|source| ReplaceError::io(&self.path, source))?)
    }

    /// Says why something is missing of what should be written. Then nothing is.
    pub fn lose(&mut self, reason: String) {
        self.lost.get_or_insert(reason);
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
        let count = self.objects.count;
        let objects = self.objects.read().map_err(io)?;
        match self.format {
            Format::Json => write_json(&mut out, &self.shape, count, objects).map_err(io)?,
            Format::Lines => {
                for object in objects {
                    writeln!(out, "{}", crate::image::compact(&object.map_err(io)?)).map_err(io)?;
                }
            }
            Format::Yaml => {
                for (index, object) in objects.enumerate() {
                    let yaml = to_yaml(&object.map_err(io)?).map_err(|reason| WriteError::Format {
                        path: path.clone(),
                        index,
                        reason,
                    })?;
                    write!(out, "---\n{yaml}").map_err(io)?;
                }
            }
        }
        Ok(out.commit()?)
    }
}

/// Writes one JSON document.
fn write_json(
    out: &mut impl Write,
    shape: &Shape,
    count: u64,
    objects: impl Iterator<Item = io::Result<String>>,
) -> io::Result<()> {
    let (before, after) = match shape {
        Shape::Object if count == 1 => ("", ""),
        Shape::List { before, after } => (before.as_str(), after.as_str()),
        Shape::Object | Shape::Documents => (r#"{"apiVersion":"v1","kind":"List","items":["#, r#"],"metadata":{}}"#),
    };
    let mut layout = Layout::pretty();
    let mut text = String::new();
    layout.feed(before, &mut text);
    for (index, object) in objects.enumerate() {
        if index > 0 {
            layout.feed(",", &mut text);
        }
        layout.feed(&object?, &mut text);
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    layout.feed(after, &mut text);
    text.push('\n');
    out.write_all(text.as_bytes())
}

/// Texts that wait in a file to be read again, in their order. The file has no name, and is gone with the process.
#[derive(Debug)]
struct Spool {
    file: BufWriter<File>,
    count: u64,
}

impl Spool {
    /// In the directory of `target`, where there is room for it if there is for the target.
    fn beside(target: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile_in(directory_of(target))?), count: 0 })
    }

    /// Each text follows on its length in eight bytes.
    fn push(&mut self, text: &str) -> io::Result<()> {
        let length = u64::try_from(text.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(text.as_bytes())?;
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    fn read(self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::new(file);
        Ok((0..self.count).map(move |_| {
            let mut length = [0; 8];
            file.read_exact(&mut length)?;
            let mut text = String::new();
            let length = u64::from_le_bytes(length);
            let read = file.by_ref().take(length).read_to_string(&mut text)?;
            if u64::try_from(read).ok() == Some(length) { Ok(text) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        }))
    }
}

#[cfg(test)]
mod tests;
