//! The files of an export: one, those of a directory such as a must-gather, or those that a pattern matches.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::{Location, SourceError, SourceProblem};

/// The most files that one directory or pattern stands for.
pub(super) const FILES_LIMIT: usize = 1 << 20;

/// How deep directories may stand inside the one that was given.
const DEPTH_LIMIT: usize = 32;

/// The files of a directory that are read: those that may hold objects, by their names.
const ENDINGS: [&str; 5] = ["json", "jsonl", "ndjson", "yaml", "yml"];

/// What may stand behind such an ending, where a file is compressed.
const PACKED: [&str; 2] = ["gz", "zst"];

/// What `path` stands for, in the order of the names.
///
/// A directory stands for the files in and below it whose names end as those of exports do; names that begin with a
/// dot are passed over, and links to other files are followed if they stay below the directory. A path with `*`, `?`
/// or `[` in it that is no file stands for all that match it. What cannot be read is told beside what can.
pub fn export_files(path: &str) -> Vec<Result<String, SourceError>> {
    if path == "-" {
        return vec![Ok(path.to_owned())];
    }
    let mut found = Vec::new();
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => directory(path, &mut found),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.contains(['*', '?', '[']) => {
            pattern(path, &mut found);
        }
        // What is wrong with it is told when it is read.
        Ok(_) | Err(_) => found.push(Ok(path.to_owned())),
    }
    if found.len() > FILES_LIMIT {
        found.truncate(FILES_LIMIT);
        found.push(Err(wrong(path, SourceProblem::TooManyFiles { limit: FILES_LIMIT })));
    }
    found
}

fn pattern(pattern: &str, found: &mut Vec<Result<String, SourceError>>) {
    let before = found.len();
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    match glob::glob_with(pattern, options) {
        Err(error) => found.push(Err(wrong(pattern, SourceProblem::Pattern { message: error.msg.to_owned() }))),
        Ok(paths) => {
            for path in paths {
                match path {
                    Ok(path) if path.is_dir() => directory(&path.to_string_lossy(), found),
                    Ok(path) => found.push(named(path)),
                    Err(error) => {
                        let place = error.path().display().to_string();
                        found.push(Err(wrong(&place, io::Error::from(error).into())));
                    }
                }
                if found.len() > FILES_LIMIT {
                    return;
                }
            }
            if found.len() == before {
                found.push(Err(wrong(pattern, SourceProblem::NoFile)));
            }
        }
    }
}

fn directory(path: &str, found: &mut Vec<Result<String, SourceError>>) {
    let before = found.len();
    let folder = Path::new(path);
    // An image in a layout is no export: its manifest would be read as an object that is none.
    for (mark, transport) in [("oci-layout", "oci"), ("version", "dir")] {
        if folder.join(mark).is_file() && (transport == "oci" || folder.join("manifest.json").is_file()) {
            found.push(Err(wrong(path, SourceProblem::IsLayout { transport })));
            return;
        }
    }
    match fs::canonicalize(folder) {
        Ok(root) => walk(folder, &root, 0, found),
        Err(error) => found.push(Err(wrong(path, error.into()))),
    }
    if found.len() == before {
        found.push(Err(wrong(path, SourceProblem::NoFile)));
    }
}

fn walk(folder: &Path, root: &Path, depth: usize, found: &mut Vec<Result<String, SourceError>>) {
    let place = folder.display().to_string();
    if depth > DEPTH_LIMIT {
        found.push(Err(wrong(&place, SourceProblem::TooDeep { limit: DEPTH_LIMIT })));
        return;
    }
    let mut entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) => return found.push(Err(wrong(&place, error.into()))),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if found.len() > FILES_LIMIT {
            return;
        }
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, root, depth.saturating_add(1), found),
            Ok(kind) if kind.is_file() && is_export(&path) => found.push(named(path)),
            Ok(kind) if kind.is_symlink() => link(path, root, found),
            Ok(_) => {}
            Err(error) => found.push(Err(wrong(&path.display().to_string(), error.into()))),
        }
    }
}

/// Follows a link to a file; one to a directory could lead around in circles, and is an error.
fn link(path: PathBuf, root: &Path, found: &mut Vec<Result<String, SourceError>>) {
    let place = path.display().to_string();
    match fs::canonicalize(&path) {
        Ok(target) if target.is_dir() => found.push(Err(wrong(&place, SourceProblem::LinkToDirectory))),
        Ok(_) if !is_export(&path) => {}
        Ok(target) if !target.starts_with(root) => found.push(Err(wrong(&place, SourceProblem::LinkOutside))),
        Ok(target) if target.is_file() => found.push(named(path)),
        Ok(_) => {}
        Err(error) => found.push(Err(wrong(&place, error.into()))),
    }
}

fn is_export(path: &Path) -> bool {
    let is_packed = |ending: &std::ffi::OsStr| PACKED.iter().any(|known| ending.eq_ignore_ascii_case(known));
    let packed = path.extension().filter(|ending| is_packed(ending)).and_then(|_| path.file_stem()).map(Path::new);
    let path = packed.unwrap_or(path);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn named(path: PathBuf) -> Result<String, SourceError> {
    path.into_os_string().into_string().map_err(|path| {
        wrong(&path.to_string_lossy(), io::Error::new(io::ErrorKind::InvalidFilename, "its name is not UTF-8").into())
    })
}

fn wrong(place: &str, problem: SourceProblem) -> SourceError {
    SourceError { location: Location::of_source(place), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a path below a folder of these files stands for, without the folder.
    fn found(files: &[&str], path: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let root = folder.path().display().to_string();
        let files = export_files(&format!("{root}/{path}"));
        let told = files.into_iter().map(|file| file.unwrap_or_else(|error| format!("! {error}")));
        told.map(|file| file.replace(&format!("{root}/"), "")).collect()
    }

    #[test]
    fn a_directory_is_its_files() {
        let files = [
            "b.yaml",
            "a/images/sha256:1.yaml",
            "a/images/2.JSON",
            "a/pod/current.log",
            ".hidden.json",
            ".git/x.json",
            "c.ndjson.gz",
            "d.json.ZST",
            "e.log.gz",
            "gz",
        ];
        assert_eq!(
            found(&files, ""),
            ["a/images/2.JSON", "a/images/sha256:1.yaml", "b.yaml", "c.ndjson.gz", "d.json.ZST"]
        );
        assert_eq!(found(&files, "a/*/*"), ["a/images/2.JSON", "a/images/sha256:1.yaml", "a/pod/current.log"]);
        assert_eq!(found(&files, "*.[yn]*"), ["b.yaml", "c.ndjson.gz"]);
        assert_eq!(found(&files, "a*"), ["a/images/2.JSON", "a/images/sha256:1.yaml"]);
        assert_eq!(found(&["[a].json"], "[a].json"), ["[a].json"]);
        assert_eq!(found(&files, "x.json"), ["x.json"]);
    }

    #[test]
    fn what_holds_nothing_is_an_error() {
        for (files, path, problem) in [
            (&["a.log"][..], "", "no file of an export found"),
            (&["a.json"], "*.yaml", "no file of an export found"),
            (&["a.json"], "a[", "is no pattern"),
            (&["x/version", "x/manifest.json"], "x", "write `dir:"),
            (&["x/oci-layout"], "x", "write `oci:"),
        ] {
            let found = found(files, path);
            assert!(matches!(found.as_slice(), [one] if one.starts_with("! ") && one.contains(problem)), "{found:?}");
        }
        let deep = format!("{}a.json", "d/".repeat(DEPTH_LIMIT + 1));
        assert!(found(&[&deep], "")[0].contains("more than 32 deep"));
    }

    #[test]
    #[cfg(unix)]
    fn links_stay_below_the_directory() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir_all(inner.join("..data")).unwrap();
        fs::write(inner.join("..data/images.json"), "").unwrap();
        fs::write(folder.path().join("other.json"), "").unwrap();
        symlink("..data/images.json", inner.join("a.json")).unwrap();
        symlink("../other.json", inner.join("b.json")).unwrap();
        symlink(".", inner.join("c")).unwrap();
        symlink("nowhere", inner.join("d.json")).unwrap();
        symlink("/dev/zero", inner.join("e")).unwrap();
        let found = export_files(inner.to_str().unwrap());
        let [Ok(first), Err(outside), Err(directory), Err(nowhere)] = found.as_slice() else { panic!("{found:?}") };
        assert!(first.ends_with("inner/a.json"));
        assert!(matches!(outside.problem, SourceProblem::LinkOutside));
        assert!(matches!(directory.problem, SourceProblem::LinkToDirectory));
        assert!(matches!(nowhere.problem, SourceProblem::Io(_)));
    }
}
