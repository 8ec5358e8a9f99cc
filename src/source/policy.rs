//! Policy documents on disk, and the keys that they name.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::policy::Policy;
use crate::policy::document::{DOCUMENT_LIMIT, KeyFile, KeyLocation, PolicyError, PolicyFile};
use crate::signature::KEY_FILE_LIMIT;
use crate::source::keys::key_files;

/// The names of files in a directory that are taken for policy documents.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// Reads a policy from files, and from directories of `.json`, `.yaml` and `.yml` files; `-` is standard input.
///
/// # Errors
///
/// A [`PolicyFileError`]: for the first path that cannot be read, or with everything that is wrong with the documents.
pub fn policy(paths: &[PathBuf], at: DateTime<Utc>) -> Result<Policy, PolicyFileError> {
    let files = policy_files(paths)?;
    let files: Vec<_> = files.iter().map(|file| PolicyFile { name: &file.name, bytes: &file.bytes }).collect();
    Ok(Policy::load(&files, at, &mut |location| read_keys(location))?)
}

/// The bytes of policy documents, in the order of the paths and, in a directory, of the names.
///
/// # Errors
///
/// A [`PolicyFileError`] for the first path that cannot be read.
pub fn policy_files(paths: &[PathBuf]) -> Result<Vec<KeyFile>, PolicyFileError> {
    let mut files = Vec::new();
    for path in paths {
        let unreadable = |source| PolicyFileError::Unreadable { path: path.display().to_string(), source };
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            let limit = u64::try_from(DOCUMENT_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
            io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
            files.push(KeyFile { name: "standard input".to_owned(), bytes });
        } else if fs::metadata(path).map_err(unreadable)?.is_dir() {
            let documents: Vec<_> =
                key_files(path).map_err(unreadable)?.into_iter().filter(|path| is_document(path)).collect();
            if documents.is_empty() {
                return Err(PolicyFileError::NoFile { path: path.display().to_string() });
            }
            for document in documents {
                files.push(file(&document, DOCUMENT_LIMIT).map_err(unreadable)?);
            }
        } else {
            files.push(file(path, DOCUMENT_LIMIT).map_err(unreadable)?);
        }
    }
    Ok(files)
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
}

/// Reads the keys that a policy names.
///
/// # Errors
///
/// Why that is not possible, as a sentence.
pub fn read_keys(location: KeyLocation<'_>) -> Result<Vec<KeyFile>, String> {
    match location {
        KeyLocation::File(path) => Ok(vec![file(Path::new(path), KEY_FILE_LIMIT).map_err(|error| error.to_string())?]),
        KeyLocation::Directory(path) => {
            let files = key_files(Path::new(path)).map_err(|error| error.to_string())?;
            if files.is_empty() {
                return Err("the directory holds no key file".to_owned());
            }
            let read =
                |path: &PathBuf| file(path, KEY_FILE_LIMIT).map_err(|error| format!("{}: {error}", path.display()));
            files.iter().map(read).collect()
        }
    }
}

/// Reads a file; of one that is too large no more than shows that.
fn file(path: &Path, limit: usize) -> io::Result<KeyFile> {
    if fs::metadata(path)?.is_dir() {
        return Err(io::Error::other("it is a directory; a file is needed here"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(KeyFile { name: path.display().to_string(), bytes })
}

/// Why a policy could not be read from disk.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// A directory holds no policy document.
    #[error("the directory `{path}` holds no `.json`, `.yaml` or `.yml` file")]
    NoFile {
        /// The directory.
        path: String,
    },
    /// The documents are not a policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A path cannot be read.
    #[error("the policy `{path}` cannot be read: {source}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        source: io::Error,
    },
}
