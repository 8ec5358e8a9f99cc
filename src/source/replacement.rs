//! Files that are replaced as a whole, or left as they were.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// A file in the making. It takes the place of the old one when it is committed; dropped before that, it leaves the
/// old one alone and nothing behind.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Replacement {
    /// Begins to write what shall stand at `path`. The new file has the rights of the old one, and a link stays a link
    /// to the file that is replaced. What runs that were killed left in the directory is removed.
    ///
    /// # Errors
    ///
    /// A [`ReplaceError`] when what is at `path` is not a file, or when its directory cannot be written to.
    pub fn begin(path: &Path) -> Result<Self, ReplaceError> {
        Self::check(path)?;
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let file = create_beside(&path).map_err(|source| ReplaceError::io(&path, source))?;
        Ok(Self { path, file: BufWriter::new(file) })
    }

    /// Whether a file can stand at `path`.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::NotAFile`] for a directory, a device or `-`.
    pub fn check(path: &Path) -> Result<(), ReplaceError> {
        let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_special || path.file_name().is_none() || path.as_os_str() == "-" {
            return Err(ReplaceError::NotAFile { path: path.display().to_string() });
        }
        Ok(())
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    ///
    /// A [`ReplaceError`] when the file cannot be written in full; the old one is then still there.
    pub fn commit(self) -> Result<(), ReplaceError> {
        let io = |source| ReplaceError::io(&self.path, source);
        let file = self.file.into_inner().map_err(|error| io(error.into_error()))?;
        file.as_file().sync_all().map_err(io)?;
        file.persist(&self.path).map_err(|error| io(error.error))?;
        // The file is in place already; that its name may not outlast a crash is no failure to write it.
        let directory = self.path.parent().and_then(|directory| File::open(directory).ok());
        let _ = directory.map(|directory| directory.sync_all());
        Ok(())
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The directory that a file is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the names of files in the making begin with.
const PREFIX: &str = ".vidimus-";

/// How often a file is made anew that was removed before it could be locked.
const TRIES: u32 = 8;

/// How many entries of a directory are looked at for what a killed run left there.
const ENTRIES_LIMIT: usize = 65_536;

/// A temporary file in the directory of `target`, with the rights that `target` has or would get. It is locked for as
/// long as it is open, which tells it from what a killed run left behind.
fn create_beside(target: &Path) -> io::Result<NamedTempFile> {
    let directory = directory_of(target);
    remove_abandoned(directory);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Subject to the umask, as any new file.
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(directory)?;
    for _ in 0..TRIES {
        // Some file systems have no locks. There nothing is taken for abandoned either.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && file.path().exists() {
            break;
        }
        // Another run took it for abandoned before it was locked.
        file = builder.tempfile_in(directory)?;
    }
    if let Ok(metadata) = fs::metadata(target) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(file)
}

/// Removes files in the making that nobody makes any more: their runs were killed. That it may not succeed, or not at
/// once, is no reason not to write.
fn remove_abandoned(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.take(ENTRIES_LIMIT).flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // The lock goes when the file is closed, so after it is removed.
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Why a file could not be replaced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// What is at the path cannot be replaced by a file.
    #[error("`{path}` is not a file and cannot be replaced by one")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// The file could not be written.
    #[error("`{path}` cannot be written: {source}")]
    Io {
        /// The path.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl ReplaceError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let mut dropped = Replacement::begin(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut whole = Replacement::begin(&path).unwrap();
        whole.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        whole.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_another_writes_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path(".vidimus-left"), "half").unwrap();
        fs::write(path(".other"), "somebody's").unwrap();
        fs::create_dir(path(".vidimus-folder")).unwrap();
        let mut first = Replacement::begin(&path("first")).unwrap();
        assert!(!path(".vidimus-left").exists());
        let second = Replacement::begin(&path("second")).unwrap();
        first.write_all(b"new").unwrap();
        first.commit().unwrap();
        second.commit().unwrap();
        assert_eq!(fs::read_to_string(path("first")).unwrap(), "new");
        assert!(path("second").exists() && path(".other").exists() && path(".vidimus-folder").exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
    }

    #[test]
    fn refuses_what_is_not_a_file() {
        let directory = tempfile::tempdir().unwrap();
        for path in [directory.path(), Path::new("-"), Path::new("/dev/null"), Path::new("..")] {
            assert!(matches!(Replacement::begin(path), Err(ReplaceError::NotAFile { .. })), "{path:?}");
        }
        let nowhere = directory.path().join("missing/report.json");
        assert!(matches!(Replacement::begin(&nowhere), Err(ReplaceError::Io { .. })));
    }
}
