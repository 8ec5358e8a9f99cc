//! Credentials for registries, from the file that the other tools keep them in.
//!
//! Programs that keep credentials (`credHelpers`, `credsStore`) are not run.
//!
//! Source: containers-auth.json(5).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;

use crate::image::Reference;

/// The longest file.
const FILE_LIMIT: usize = 1 << 20;

/// Credentials by registry, or by a part of one.
#[derive(Clone, Default)]
pub struct AuthFile {
    /// The base64 of name and password, by host or host and path.
    entries: BTreeMap<String, String>,
}

impl AuthFile {
    /// Reads the files in which the other tools keep credentials; what a file has counts before what those after it have.
    ///
    /// `variable` tells the environment: `REGISTRY_AUTH_FILE` names the one file, else it is
    /// `containers/auth.json` in `XDG_RUNTIME_DIR` and in `XDG_CONFIG_HOME` (or `.config` in `HOME`), and
    /// `.docker/config.json` in `HOME`.
    ///
    /// # Errors
    ///
    /// An [`AuthFileError`] for a file that is there and cannot be read.
    pub fn usual(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, AuthFileError> {
        if let Some(path) = variable("REGISTRY_AUTH_FILE").filter(|path| !path.is_empty()) {
            return Self::read(Path::new(&path));
        }
        let folder = |name: &str| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
        let containers = [folder("XDG_RUNTIME_DIR"), config].map(|folder| Some(folder?.join("containers/auth.json")));
        let docker = folder("HOME").map(|home| home.join(".docker/config.json"));
        let mut all = Self::default();
        for path in containers.into_iter().chain([docker]).flatten().filter(|path| path.exists()) {
            for (key, auth) in Self::read(&path)?.entries {
                all.entries.entry(key).or_insert(auth);
            }
        }
        Ok(all)
    }

    /// Reads a file of credentials.
    ///
    /// # Errors
    ///
    /// An [`AuthFileError`] if it cannot be read or is not as it must be.
    pub fn read(path: &Path) -> Result<Self, AuthFileError> {
        let mut text = String::new();
        let limit = u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
        fs::File::open(path)
            .and_then(|file| file.take(limit).read_to_string(&mut text))
            .map_err(|source| AuthFileError::Unreadable { path: path.to_owned(), source })?;
        if text.len() > FILE_LIMIT {
            return Err(AuthFileError::TooLarge { path: path.to_owned() });
        }
        // The text of the error would repeat what stands there.
        Self::parse(&text).ok_or_else(|| AuthFileError::Malformed { path: path.to_owned() })
    }

    fn parse(text: &str) -> Option<Self> {
        let file: File = serde_json::from_str(text).ok()?;
        let mut entries = BTreeMap::new();
        for (key, entry) in file.auths.unwrap_or_default() {
            let Some(auth) = entry.auth.filter(|auth| !auth.is_empty()) else { continue };
            let plain = STANDARD.decode(&auth).ok()?;
            if !plain.contains(&b':') {
                return None;
            }
            // Docker writes some keys as addresses.
            let key = key.strip_prefix("https://").or(key.strip_prefix("http://")).unwrap_or(&key);
            let key = key.strip_suffix("/v1/").or(key.strip_suffix("/v2/")).unwrap_or(key).trim_end_matches('/');
            entries.insert(if key == "index.docker.io" { "docker.io" } else { key }.to_owned(), STANDARD.encode(plain));
        }
        Some(Self { entries })
    }

    /// The header that tells the registry of an image who asks: that of the longest entry that the image is below.
    pub(super) fn basic(&self, reference: &Reference) -> Option<String> {
        let mut name = reference.name();
        loop {
            if let Some(auth) = self.entries.get(name) {
                return Some(format!("Basic {auth}"));
            }
            name = name.rsplit_once('/')?.0;
        }
    }
}

impl fmt::Debug for AuthFile {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: Option<BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
}

/// Why credentials could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthFileError {
    /// The file is not as it must be.
    #[error("`{}` is no file of credentials: expected that of containers-auth.json(5)", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file is longer than is read.
    #[error("`{}` is longer than {FILE_LIMIT} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_entry_counts_and_no_other_host_s() {
        let text = r#"{"auths": {"r.example.com": {"auth": "YTox"}, "r.example.com/prod": {"auth": "YToy"},
            "https://index.docker.io/v1/": {"auth": "YToz"}, "empty.example.com": {}}, "credHelpers": {"x": "y"}}"#;
        let file = AuthFile::parse(text).unwrap();
        for (reference, expected) in [
            ("r.example.com/a:1", Some("Basic YTox")),
            ("r.example.com/prod/a:1", Some("Basic YToy")),
            ("r.example.com/production:1", Some("Basic YTox")),
            ("busybox", Some("Basic YToz")),
            ("r.example.com:5000/a", None),
            ("r.example.com.evil.example/a", None),
            ("evil.example/r.example.com/a", None),
            ("empty.example.com/a", None),
        ] {
            assert_eq!(file.basic(&reference.parse().unwrap()).as_deref(), expected, "{reference}");
        }
        assert!(!format!("{file:?}").contains("YTo"));
        for wrong in ["", r#"{"auths":{"a":{"auth":"?"}}}"#, r#"{"auths":{"a":{"auth":"YQ=="}}}"#] {
            assert!(AuthFile::parse(wrong).is_none(), "{wrong}");
        }
        assert!(matches!(AuthFile::read(Path::new("nowhere")), Err(AuthFileError::Unreadable { .. })));
    }

    #[test]
    fn the_usual_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let file = |auth: &str, more: &str| format!(r#"{{"auths":{{"r.example.com":{{"auth":"{auth}"}}{more}}}}}"#);
        write("run/containers/auth.json", &file("YTox", ""));
        write("home/.config/containers/auth.json", &file("YToy", r#","x.example.com":{"auth":"YToz"}"#));
        write("home/.docker/config.json", &file("YTo0", r#","y.example.com":{"auth":"YTo1"}"#));
        write("other.json", &file("YTo2", ""));
        let found = |variables: &[(&str, &str)], reference: &str| {
            let variable = |name: &str| {
                let (_, path) = variables.iter().find(|(variable, _)| *variable == name)?;
                Some(folder.path().join(path).into_os_string())
            };
            AuthFile::usual(&variable).unwrap().basic(&reference.parse().unwrap()).unwrap_or_default()
        };
        let usual = [("XDG_RUNTIME_DIR", "run"), ("HOME", "home")];
        assert_eq!(found(&usual, "r.example.com/a"), "Basic YTox");
        assert_eq!(found(&usual, "x.example.com/a"), "Basic YToz");
        assert_eq!(found(&usual, "y.example.com/a"), "Basic YTo1");
        assert_eq!(found(&[("REGISTRY_AUTH_FILE", "other.json"), ("HOME", "home")], "r.example.com/a"), "Basic YTo2");
        assert_eq!(found(&[], "r.example.com/a"), "");
        let broken =
            |name: &str| (name == "REGISTRY_AUTH_FILE").then(|| folder.path().join("nowhere").into_os_string());
        assert!(AuthFile::usual(&broken).is_err());
    }
}
