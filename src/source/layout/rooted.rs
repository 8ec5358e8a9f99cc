//! Files below a directory, and nothing outside of it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::source::SourceProblem;
use crate::source::layout::LayoutProblem;

/// A directory whose files are read. A link in it may lead to another of its files, and not out of it.
#[derive(Clone, Debug)]
pub(in crate::source) struct Root {
    /// Without links.
    path: PathBuf,
}

impl Root {
    /// Opens a directory. `path` itself may be a link: the user gave it.
    pub(in crate::source) fn open(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        if fs::metadata(&path)?.is_dir() { Ok(Self { path }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// The directory `name` inside; `None` if there is none.
    pub(in crate::source) fn inner(&self, name: &str) -> Result<Option<Self>, SourceProblem> {
        match Self::open(&self.path.join(name)) {
            Ok(inner) if inner.path.starts_with(&self.path) => Ok(Some(inner)),
            Ok(_) => Err(LayoutProblem::Outside.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the file `name`. `None` if there is no such file.
    pub(in crate::source) fn open_file(&self, name: &str) -> Result<Option<File>, SourceProblem> {
        let path = match fs::canonicalize(self.path.join(name)) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A link to nowhere is there all the same.
                return match fs::symlink_metadata(self.path.join(name)) {
                    Ok(_) => Err(LayoutProblem::NotAFile.into()),
                    Err(_) => Ok(None),
                };
            }
            Err(error) => return Err(error.into()),
        };
        if !path.starts_with(&self.path) {
            return Err(LayoutProblem::Outside.into());
        }
        // Before it is opened: opening a pipe would wait for its other end.
        if !fs::metadata(&path)?.is_file() {
            return Err(LayoutProblem::NotAFile.into());
        }
        Ok(Some(File::open(&path)?))
    }

    /// Reads at most `limit` bytes of the file `name`, and one more that shows that it is longer. `None` if there is no
    /// such file.
    pub(in crate::source) fn read_up_to(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceProblem> {
        let Some(file) = self.open_file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Reads the file `name`; longer than `limit` bytes is an error.
    pub(in crate::source) fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceProblem> {
        match self.read_up_to(name, limit)? {
            Some(bytes) if bytes.len() > limit => Err(LayoutProblem::TooLarge { limit }.into()),
            read => Ok(read),
        }
    }

    /// The names in the directory; those that are not UTF-8 are none that a layout has.
    pub(in crate::source) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let entries = fs::read_dir(&self.path)?;
        Ok(entries.filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().into_string().ok().map(Ok),
            Err(error) => Some(Err(error)),
        }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn reads_files_of_the_directory_only() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(outer.path().join("secret"), "secret").unwrap();
        fs::write(inner.join("file"), "1234").unwrap();
        symlink("file", inner.join("link")).unwrap();
        symlink("../secret", inner.join("up")).unwrap();
        symlink(outer.path().join("secret"), inner.join("absolute")).unwrap();
        symlink("/dev/zero", inner.join("zero")).unwrap();
        symlink("nowhere", inner.join("dangling")).unwrap();
        symlink("loop", inner.join("loop")).unwrap();
        symlink("..", inner.join("parent")).unwrap();
        let root = Root::open(&inner).unwrap();
        let read = |name: &str| root.read(name, 4);
        assert_eq!(read("file").unwrap().unwrap(), b"1234");
        assert_eq!(read("link").unwrap().unwrap(), b"1234");
        assert!(read("nothing").unwrap().is_none());
        let problem = |name: &str| match read(name) {
            Err(SourceProblem::Layout(problem)) => problem,
            other => panic!("{name}: {other:?}"),
        };
        for name in ["up", "absolute", "zero", "parent/secret"] {
            assert!(matches!(problem(name), LayoutProblem::Outside), "{name}");
        }
        assert!(matches!(problem("dangling"), LayoutProblem::NotAFile));
        assert!(matches!(read("loop"), Err(SourceProblem::Io(_))));
        assert!(matches!(root.read("file", 3), Err(SourceProblem::Layout(LayoutProblem::TooLarge { limit: 3 }))));
        fs::create_dir(inner.join("folder")).unwrap();
        assert!(matches!(problem("folder"), LayoutProblem::NotAFile));
        assert!(Root::open(&inner.join("file")).is_err());
        assert!(root.inner("folder").unwrap().is_some());
        assert!(root.inner("nothing").unwrap().is_none());
        assert!(matches!(root.inner("parent"), Err(SourceProblem::Layout(LayoutProblem::Outside))));
        assert!(matches!(root.inner("file"), Err(SourceProblem::Io(_))));
    }
}
