//! The text of a source: a file or a standard stream, unpacked where it is compressed.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use flate2::bufread::MultiGzDecoder;

use crate::source::{Location, SourceError, SourceProblem};

/// How much of a source can be looked at before it is read.
const HEAD: usize = 64;

/// How much is taken from a file at once.
const BLOCK: usize = 128 << 10;

/// The largest window of zstd, as the logarithm of its bytes: 32 MiB. `zstd` needs more only with `--long` or for its
/// highest levels, and then says so itself.
const ZSTD_WINDOW_LOG: u32 = 25;

/// What gzip begins with (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];

/// What zstd begins with (RFC 8878).
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// A source that is being read. Its text is that of the file, unpacked if the file is compressed with gzip or zstd.
pub struct Input {
    name: String,
    head: Vec<u8>,
    text: Box<dyn Read + Send>,
}

impl Input {
    /// Opens a file, or standard input where `source` is `-`.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] that names the source if it cannot be read.
    pub fn open(source: &str) -> Result<Self, SourceError> {
        Self::open_counted(source, Arc::default())
    }

    /// The same, and adds to `taken` how many bytes of the file were read, as it lies there.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_counted(source: &str, taken: Arc<AtomicU64>) -> Result<Self, SourceError> {
        let name = if source == "-" { "standard input" } else { source };
        Self::begin(source, name, taken)
            .map_err(|error| SourceError { location: Location::of_source(name), problem: error.into() })
    }

    fn begin(source: &str, name: &str, taken: Arc<AtomicU64>) -> io::Result<Self> {
        if source == "-" {
            return Self::new(name, Counting { file: io::stdin(), taken });
        }
        let file = File::open(source)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // What comes through a pipe has neither a size nor an age.
        let version = if metadata.is_file() { Some(Version::of(&metadata)) } else { None };
        Self::new(name, Counting { file: Unchanged { file, version }, taken })
    }

    fn new(name: &str, file: impl Read + Send + 'static) -> io::Result<Self> {
        let (start, file) = peek(file, ZSTD.len())?;
        let compressed = io::Cursor::new(start.clone()).chain(file);
        let text: Box<dyn Read + Send> = if start.starts_with(GZIP) {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, compressed)))
        } else if start.starts_with(ZSTD) {
            let mut decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(BLOCK, compressed))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        } else {
            Box::new(compressed)
        };
        let (head, text) = peek(text, HEAD)?;
        Ok(Self { name: name.to_owned(), head, text })
    }

    /// What messages call it: the path as it was given, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes of the text.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The text, to be read from its beginning.
    pub fn into_text(self) -> impl Read + Send {
        io::Cursor::new(self.head).chain(self.text)
    }

    /// The text as a whole.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] if the source cannot be read to its end, or is larger than `limit` bytes.
    pub fn into_bytes(self, limit: usize) -> Result<Vec<u8>, SourceError> {
        let location = Location::of_source(&self.name);
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        if let Err(error) = self.into_text().take(most).read_to_end(&mut bytes) {
            return Err(SourceError { location, problem: error.into() });
        }
        if bytes.len() > limit {
            return Err(SourceError { location, problem: SourceProblem::TooLarge { limit } });
        }
        Ok(bytes)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What tells one state of a file from another.
#[derive(Eq, PartialEq)]
struct Version {
    length: u64,
    modified: Option<SystemTime>,
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// A file that must not change while it is read: cut off between two objects it would look like a shorter one, and
/// written over it would be neither the old nor the new.
struct Unchanged {
    file: File,
    /// As it was in the beginning, where that means something.
    version: Option<Version>,
}

impl Read for Unchanged {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        if count == 0
            && !into.is_empty()
            && let Some(version) = &self.version
            && Version::of(&self.file.metadata()?) != *version
        {
            return Err(io::Error::other("the file changed while it was read"));
        }
        Ok(count)
    }
}

/// Counts what is read of a file.
struct Counting<F> {
    file: F,
    taken: Arc<AtomicU64>,
}

impl<F: Read> Read for Counting<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.taken.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(count)
    }
}

/// The first bytes, up to `count`, and what follows them.
fn peek<R: Read>(mut from: R, count: usize) -> io::Result<(Vec<u8>, R)> {
    let mut bytes = Vec::with_capacity(count);
    from.by_ref().take(u64::try_from(count).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok((bytes, from))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn input(bytes: Vec<u8>) -> Input {
        Input::new("x", io::Cursor::new(bytes)).unwrap()
    }

    fn text(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        input(bytes).into_text().read_to_end(&mut text).map(|_| text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn unpacks_what_is_compressed() {
        let long = b"0123456789".repeat(100_000);
        for plain in [&b""[..], b"{}", b"\x1f", &long] {
            assert_eq!(text(plain.to_vec()).unwrap(), plain);
            assert_eq!(text(gzip(plain)).unwrap(), plain);
            assert_eq!(text(zstd::encode_all(plain, 3).unwrap()).unwrap(), plain);
            assert_eq!(input(gzip(plain)).head(), &plain[..plain.len().min(HEAD)]);
        }
        let members = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(text(members).unwrap(), b"ab");
        let frames = [zstd::encode_all(&b"a"[..], 1).unwrap(), zstd::encode_all(&b"b"[..], 1).unwrap()].concat();
        assert_eq!(text(frames).unwrap(), b"ab");
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_an_error() {
        let plain: Vec<u8> =
            (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for packed in [gzip(&plain), zstd::encode_all(&plain[..], 1).unwrap()] {
            assert_eq!(text(packed.clone()).unwrap(), plain);
            for cut in [packed.len() / 2, packed.len() - 1] {
                assert!(text(packed[..cut].to_vec()).is_err(), "{cut}");
            }
            assert!(text([&packed[..], b"garbage"].concat()).is_err());
        }
        let mut damaged = gzip(&plain);
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        assert!(text(damaged).is_err());
    }

    #[test]
    fn the_memory_that_unpacking_takes_is_bounded() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&b"0123456789".repeat(100)).unwrap();
        let error = match Input::new("x", io::Cursor::new(encoder.finish().unwrap())) {
            Ok(input) => input.into_bytes(1 << 20).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains("memory"), "{error}");
    }

    #[test]
    fn a_whole_text_is_bounded() {
        assert_eq!(input(b"12345".to_vec()).into_bytes(5).unwrap(), b"12345");
        let error = input(gzip(&[b'x'; 1 << 20])).into_bytes(5).unwrap_err();
        assert_eq!(error.to_string(), "x: the object is larger than 5 bytes");
    }

    #[test]
    fn says_how_much_was_read() {
        let packed = gzip(b"{}");
        let size = u64::try_from(packed.len()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        std::fs::write(&path, packed).unwrap();
        let taken = Arc::default();
        for times in [1, 2] {
            let input = Input::open_counted(path.to_str().unwrap(), Arc::clone(&taken)).unwrap();
            assert_eq!(input.into_bytes(10).unwrap(), b"{}");
            assert_eq!(taken.load(Ordering::Relaxed), size * times);
        }
    }

    #[test]
    fn names_what_it_cannot_read() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing.json");
        for path in [missing.as_path(), directory.path()] {
            let path = path.to_str().unwrap();
            let message = Input::open(path).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{path}: cannot be read: ")), "{message}");
        }
    }
}
