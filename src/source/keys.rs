//! Key files on disk.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::signature::{KEY_FILE_LIMIT, Keyring, KeyringBuilder, KeyringError};

/// Reads a keyring from key files and from directories of them.
///
/// Every regular file of a directory counts, in the order of the names, except hidden ones; directories inside it do
/// not.
///
/// # Errors
///
/// A [`KeyFileError`] for the first path that cannot be read, or that is not a key file, as
/// [`KeyringBuilder::add`] says.
pub fn keyring(paths: &[PathBuf]) -> Result<Keyring, KeyFileError> {
    let mut builder = KeyringBuilder::default();
    for path in paths {
        let unreadable = |source| KeyFileError::Unreadable { path: path.display().to_string(), source };
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            add(&mut builder, path)?;
            continue;
        }
        let files = key_files(path).map_err(unreadable)?;
        if files.is_empty() {
            return Err(KeyFileError::NoFile { path: path.display().to_string() });
        }
        files.iter().try_for_each(|file| add(&mut builder, file))?;
    }
    Ok(builder.build()?)
}

fn add(builder: &mut KeyringBuilder, path: &Path) -> Result<(), KeyFileError> {
    let name = path.display().to_string();
    let unreadable = |source| KeyFileError::Unreadable { path: name.clone(), source };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // Of a file that is too large no more than shows that.
    let limit = u64::try_from(KEY_FILE_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    builder.add(&name, &bytes)?;
    Ok(())
}

pub(super) fn key_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        // Links are followed: Kubernetes mounts keys as links.
        if !hidden && fs::metadata(&path)?.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Why a keyring could not be read from disk.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A file is no key file.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A directory holds no file.
    #[error("the directory `{path}` holds no key file")]
    NoFile {
        /// The directory.
        path: String,
    },
    /// A path cannot be read.
    #[error("the key file `{path}` cannot be read: {source}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl KeyFileError {
    /// What would help, where that can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Keyring(error) => error.hint(),
            Self::NoFile { .. } | Self::Unreadable { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn no_more_is_read_than_shows_that_a_file_is_too_large() {
        let error = keyring(&["/dev/zero".into()]).unwrap_err();
        assert!(matches!(error, KeyFileError::Keyring(KeyringError::TooLarge { .. })), "{error:?}");
    }

    #[test]
    fn a_directory_counts_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let read = || keyring(&[directory.path().to_owned()]);
        assert!(matches!(read(), Err(KeyFileError::NoFile { .. })));
        fs::copy("testdata/keys/release.asc", directory.path().join("a.asc")).unwrap();
        fs::copy("testdata/keys/ed25519.asc", directory.path().join("b.asc")).unwrap();
        fs::write(directory.path().join(".hidden"), "not a key").unwrap();
        fs::create_dir(directory.path().join("..data")).unwrap();
        assert_eq!(read().unwrap().certificate_count(), 2);
        fs::write(directory.path().join("README"), "not a key").unwrap();
        assert!(matches!(read(), Err(KeyFileError::Keyring(KeyringError::NotAKeyFile { .. }))));
    }
}
