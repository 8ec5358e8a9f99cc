//! Tar files, of which single small files are read where they stand.
//!
//! | what | rule |
//! | --- | --- |
//! | a name that is absolute or has `..` in it, and a link that leads out | the archive is refused |
//! | two files of one name | refused: readers differ on which of them counts |
//! | devices, pipes, sparse files, a size beside the header | refused |
//! | the end is missing | refused |
//! | entries | [`ARCHIVE_ENTRIES_LIMIT`] |
//! | a name | [`ARCHIVE_NAME_LIMIT`] bytes |
//! | a link that is read | one step, inside the archive |
//! | a link, a file or a folder in the place of another, or above an entry | an archive of images is refused, a layer not |
//! | a size of what has no content | refused |
//! | an entry that is described twice, by nothing, or only by what stands at the end | refused |
//!
//! Nothing is unpacked, and what is not asked for is passed over unread.

mod extended;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use tar::Archive;

use crate::source::SourceProblem;
use crate::source::layout::LayoutProblem;
use extended::Extended;

/// The most entries of an archive.
pub const ARCHIVE_ENTRIES_LIMIT: usize = 1 << 16;

/// The longest name of an entry, and the longest target of a link.
pub const ARCHIVE_NAME_LIMIT: usize = 1024;

/// How much of an entry that describes another one is read.
const EXTENSION_LIMIT: u64 = 64 << 10;

/// What an archive consists of.
const BLOCK: u64 = 512;

/// A tar file and what stands where in it.
#[derive(Debug)]
pub(in crate::source) struct Tarball {
    file: File,
    entries: BTreeMap<String, Entry>,
    folders: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Entry {
    File { at: u64, size: u64 },
    Link(String),
}

/// A problem, and the entry that has it.
type Problem = (String, SourceProblem);

impl Tarball {
    /// Finds out what is in the tar file at `path`.
    pub(in crate::source) fn open(path: &Path) -> Result<Self, Problem> {
        let whole = |error: io::Error| (String::new(), error.into());
        if !std::fs::metadata(path).map_err(whole)?.is_file() {
            return Err((String::new(), LayoutProblem::NotAFile.into()));
        }
        let tarball = Self::of(File::open(path).map_err(whole)?)?;
        tarball.check_places()?;
        Ok(tarball)
    }

    /// Finds out what is in a layer that is open. A layer may put folders behind links: its digest says what it is.
    pub(in crate::source) fn of(mut file: File) -> Result<Self, Problem> {
        let whole = |error: io::Error| (String::new(), error.into());
        let length = file.metadata().map_err(whole)?.len();
        let (entries, folders) = scan(&mut file, length)?;
        Ok(Self { file, entries, folders })
    }

    /// Refuses an archive that is another one when it is unpacked: there, an entry overwrites what a link leads to.
    fn check_places(&self) -> Result<(), Problem> {
        let refused = |name: &str, why: &str| Err((name.to_owned(), LayoutProblem::Archive(why.to_owned()).into()));
        if let Some(name) = self.folders.iter().find(|name| self.entries.contains_key(*name)) {
            return refused(name, "it is a folder and something else");
        }
        for name in self.entries.keys().chain(&self.folders) {
            let mut above = name.as_str();
            while let Some((folder, _)) = above.rsplit_once('/') {
                if self.entries.contains_key(folder) {
                    return refused(name, "what it is in is a link or a file");
                }
                above = folder;
            }
        }
        Ok(())
    }

    /// Whether `name` is a link.
    pub(in crate::source) fn is_link(&self, name: &str) -> bool {
        matches!(self.entries.get(name), Some(Entry::Link(_)))
    }

    /// The size of the file `name`.
    pub(in crate::source) fn size(&self, name: &str) -> Result<Option<u64>, SourceProblem> {
        Ok(self.find(name)?.map(|(_, size)| size))
    }

    /// Reads the file `name`; longer than `limit` bytes is an error.
    pub(in crate::source) fn read(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceProblem> {
        let Some((_, size)) = self.find(name)? else { return Ok(None) };
        if usize::try_from(size).is_ok_and(|size| size <= limit) {
            return self.start(name, limit);
        }
        Err(LayoutProblem::TooLarge { limit }.into())
    }

    /// Whether the first bytes of the file `name`, `magic` at most, are those of a compressed file.
    pub(in crate::source) fn is_compressed(&mut self, name: &str, magic: usize) -> Result<bool, SourceProblem> {
        Ok(self.start(name, magic)?.is_some_and(|start| compressed(&start).is_some()))
    }

    fn start(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceProblem> {
        let Some(file) = self.open_file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// What reads the file `name`.
    pub(in crate::source) fn open_file(&mut self, name: &str) -> Result<Option<io::Take<&File>>, SourceProblem> {
        let Some((at, size)) = self.find(name)? else { return Ok(None) };
        self.file.seek(SeekFrom::Start(at))?;
        Ok(Some((&self.file).take(size)))
    }

    /// The names of all entries but directories.
    pub(in crate::source) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Where the file `name` stands, and how long it is; a link is followed for one step.
    fn find(&self, name: &str) -> Result<Option<(u64, u64)>, SourceProblem> {
        let found = match self.entries.get(name) {
            Some(Entry::Link(target)) => match self.entries.get(target) {
                found @ Some(Entry::File { .. }) => found,
                Some(Entry::Link(_)) | None => return Err(LayoutProblem::NotAFile.into()),
            },
            found => found,
        };
        Ok(match found {
            Some(Entry::File { at, size }) => Some((*at, *size)),
            Some(Entry::Link(_)) | None => None,
        })
    }
}

/// Goes through the headers of an archive.
fn scan(file: &mut File, length: u64) -> Result<(BTreeMap<String, Entry>, BTreeSet<String>), Problem> {
    let whole = |error: io::Error| (String::new(), SourceProblem::from(error));
    let refused = |name: &str, why: &str| Err((name.to_owned(), LayoutProblem::Archive(why.to_owned()).into()));
    let mut start = [0; 6];
    let read = file.read(&mut start).map_err(whole)?;
    file.seek(SeekFrom::Start(0)).map_err(whole)?;
    if let Some(form) = start.get(..read).and_then(compressed) {
        return refused("", &format!("it is compressed by {form}: decompress it first"));
    }
    let (mut entries, mut folders, mut end) = (BTreeMap::new(), BTreeSet::new(), 0);
    let mut extended = Extended::default();
    // Raw: names that stand in entries of their own are read here, within a limit.
    let mut archive = Archive::new(&mut *file);
    let listing = archive.entries_with_seek().map_err(whole)?.raw(true);
    for (number, entry) in listing.enumerate() {
        let mut entry = entry.map_err(|error| (String::new(), LayoutProblem::Archive(error.to_string()).into()))?;
        if number >= ARCHIVE_ENTRIES_LIMIT {
            return refused("", &format!("it has more than {ARCHIVE_ENTRIES_LIMIT} entries"));
        }
        let (at, size, kind) = (entry.raw_file_position(), entry.size(), entry.header().entry_type());
        if at.saturating_add(size) > length {
            return refused("", "it is cut off");
        }
        end = at.saturating_add(size.checked_next_multiple_of(BLOCK).unwrap_or(size));
        if extended.take_in(&mut entry, kind)? {
            continue;
        }
        let Extended { name, link, .. } = std::mem::take(&mut extended);
        let name = name.unwrap_or_else(|| entry.path_bytes().into_owned());
        let shown = String::from_utf8_lossy(&name).into_owned();
        let inside = |path: &[u8], from: &str| {
            let text = std::str::from_utf8(path).ok().filter(|text| text.len() <= ARCHIVE_NAME_LIMIT);
            text.and_then(|text| resolve(from, text))
        };
        // In a link, upwards may lead to another folder of the archive; in a name it has no business.
        let climbs = name.split(|byte| *byte == b'/').any(|part| part == b"..");
        let Some(name) = inside(&name, "").filter(|_| !climbs) else {
            let why = "its name is absolute, leads out of the archive, is too long or no text";
            return refused(&shown, why);
        };
        let linked = kind.is_hard_link() || kind.is_symlink();
        if size != 0 && (kind.is_dir() || linked) {
            return refused(&shown, "it has a size, and nothing that could have it");
        }
        if !kind.is_dir() && (name.is_empty() || shown.ends_with('/')) {
            return refused(&shown, "it is no folder, and has the name of one");
        }
        let found = if kind.is_file() || kind.is_contiguous() {
            Entry::File { at, size }
        } else if kind.is_dir() {
            folders.insert(name);
            continue;
        } else if linked {
            let link = link.unwrap_or_else(|| entry.link_name_bytes().unwrap_or_default().into_owned());
            let from = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            match inside(&link, if kind.is_hard_link() { "" } else { from }) {
                Some(target) => Entry::Link(target),
                None => return Err((name, LayoutProblem::Outside.into())),
            }
        } else {
            return refused(&name, "it is a device, a pipe, a sparse file or of an unknown type");
        };
        if entries.insert(name.clone(), found).is_some() {
            return refused(&name, "there are two of this name");
        }
    }
    if extended.is_some() {
        return refused("", "what describes an entry has none behind it");
    }
    // Readers differ on what one empty block means.
    let mut last = Vec::new();
    file.seek(SeekFrom::Start(end)).map_err(whole)?;
    file.take(BLOCK.saturating_mul(2)).read_to_end(&mut last).map_err(whole)?;
    if !matches!(last.len(), 0 | 1024) || last.iter().any(|byte| *byte != 0) {
        return refused("", "its end is not two empty blocks");
    }
    Ok((entries, folders))
}

/// The name that `path`, seen from the folder `from`, stands for; nothing if that is outside.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\0', '\\']) {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn compressed(start: &[u8]) -> Option<&'static str> {
    let forms: [(&[u8], _); 4] =
        [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz")];
    forms.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, form)| form)
}

#[cfg(test)]
mod tests;
