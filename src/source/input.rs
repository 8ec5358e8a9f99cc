//! The bytes of a source.

use std::io::{self, Read};

use crate::source::{Location, SourceError};

/// A source, read whole: its size is bounded by memory only.
#[derive(Clone, Debug)]
pub struct Input {
    /// What messages call it: the path as it was given, or `standard input`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Reads a file, or standard input where `source` is `-`.
    ///
    /// # Errors
    ///
    /// A [`SourceError`] that names the source if it cannot be read.
    pub fn read(source: &str) -> Result<Self, SourceError> {
        let (name, bytes) = match source {
            "-" => ("standard input", read_all(io::stdin().lock())),
            path => (path, std::fs::read(path)),
        };
        match bytes {
            Ok(bytes) => Ok(Self { name: name.to_owned(), bytes }),
            Err(error) => Err(SourceError { location: Location::of_source(name), problem: error.into() }),
        }
    }
}

fn read_all(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_cannot_read() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing.json");
        for path in [missing.as_path(), directory.path()] {
            let path = path.to_str().unwrap();
            let message = Input::read(path).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{path}: cannot be read: ")), "{message}");
        }
    }
}
