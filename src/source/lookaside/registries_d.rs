//! `registries.d`: which store has the signatures of which images.
//!
//! Of a section only where signatures are read from is used: `lookaside`, or by its old name `sigstore`. What is for
//! writing (`lookaside-staging`) and for sigstore attachments in registries is read, so that misspelt members are
//! errors, and has no effect.
//!
//! Source: containers-registries.d(5); containers/image `docker/registries_d.go`, which goes on to a wider section
//! where one has no store, though the manual says otherwise. So does this.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::image::Reference;
use crate::policy::registry_scopes;
use crate::source::lookaside::{Base, BaseError};

/// The longest file of a configuration.
const FILE_LIMIT: usize = 1 << 20;

/// The most files of a configuration.
const FILES_LIMIT: usize = 1024;

/// The configuration of a directory such as `/etc/containers/registries.d`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RegistriesD {
    /// The sections by scope; of those without a store nothing.
    scopes: BTreeMap<String, Option<Base>>,
    default: Option<Option<Base>>,
}

impl RegistriesD {
    /// Reads all `.yaml` files of a directory.
    ///
    /// # Errors
    ///
    /// A [`RegistriesDError`] for a file that is not as it must be, or for two sections of one scope.
    pub fn read(directory: &Path) -> Result<Self, RegistriesDError> {
        let unreadable = |path: &Path, source| RegistriesDError::Unreadable { path: path.to_owned(), source };
        let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, error))?;
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(directory, error))?.path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                files.push(path);
            }
            if files.len() > FILES_LIMIT {
                return Err(RegistriesDError::TooManyFiles { path: directory.to_owned() });
            }
        }
        files.sort();
        let mut configuration = Self::default();
        for path in files {
            let mut text = String::new();
            let limit = u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
            let read = fs::File::open(&path).and_then(|file| file.take(limit).read_to_string(&mut text));
            read.map_err(|error| unreadable(&path, error))?;
            if text.len() > FILE_LIMIT {
                return Err(RegistriesDError::TooLarge { path });
            }
            configuration.add(&path, &text)?;
        }
        Ok(configuration)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), RegistriesDError> {
        let syntax = |message: String| RegistriesDError::Syntax { path: path.to_owned(), message };
        let duplicate = |scope: &str| RegistriesDError::Duplicate { path: path.to_owned(), scope: scope.to_owned() };
        let file: File = serde_saphyr::from_str(text).map_err(|error| {
            syntax(error.without_snippet().to_string().lines().next().unwrap_or_default().to_owned())
        })?;
        if let Some(section) = file.default_docker {
            let base = section.base(path, "default-docker")?;
            if self.default.replace(base).is_some() {
                return Err(duplicate("default-docker"));
            }
        }
        for (scope, section) in file.docker.unwrap_or_default() {
            let base = section.base(path, &scope)?;
            if self.scopes.insert(scope.clone(), base).is_some() {
                return Err(duplicate(&scope));
            }
        }
        Ok(())
    }

    /// The store that has the signatures of an image: that of the most specific scope that has one.
    pub fn lookaside(&self, reference: &Reference) -> Option<&Base> {
        let scopes = registry_scopes(reference);
        scopes.iter().find_map(|scope| self.scopes.get(scope)?.as_ref()).or_else(|| self.default.as_ref()?.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "default-docker")]
    default_docker: Option<Section>,
    #[serde(default)]
    docker: Option<BTreeMap<String, Section>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    #[serde(default)]
    lookaside: Option<String>,
    #[serde(default, rename = "lookaside-staging")]
    _lookaside_staging: Option<String>,
    #[serde(default)]
    sigstore: Option<String>,
    #[serde(default, rename = "sigstore-staging")]
    _sigstore_staging: Option<String>,
    #[serde(default, rename = "use-sigstore-attachments")]
    _use_sigstore_attachments: Option<bool>,
}

impl Section {
    /// Where signatures are read from. A section may have one name of it, or the other.
    fn base(self, path: &Path, scope: &str) -> Result<Option<Base>, RegistriesDError> {
        let text = match (self.lookaside, self.sigstore) {
            (Some(_), Some(_)) => {
                return Err(RegistriesDError::TwoNames { path: path.to_owned(), scope: scope.to_owned() });
            }
            (lookaside, sigstore) => lookaside.or(sigstore).filter(|text| !text.is_empty()),
        };
        let told = |source| RegistriesDError::Base { path: path.to_owned(), scope: scope.to_owned(), source };
        text.map(|text| if text.contains("://") { text.parse() } else { Err(BaseError::Empty) })
            .transpose()
            .map_err(told)
    }
}

/// Why a configuration of registries could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegistriesDError {
    /// A store is nowhere that can be read.
    #[error("`{}`: the store of `{scope}`: {source}", path.display())]
    Base {
        /// The file.
        path: PathBuf,
        /// The scope.
        scope: String,
        /// What is wrong.
        source: BaseError,
    },
    /// Two sections are about one scope.
    #[error("`{}`: there is another section for `{scope}` already", path.display())]
    Duplicate {
        /// The second file.
        path: PathBuf,
        /// The scope.
        scope: String,
    },
    /// A file is not as it must be.
    #[error("`{}`: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A file is longer than is read.
    #[error("`{}` is longer than {FILE_LIMIT} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// There are more files than are read.
    #[error("`{}` has more than {FILES_LIMIT} files", path.display())]
    TooManyFiles {
        /// The directory.
        path: PathBuf,
    },
    /// A section gives its store twice.
    #[error("`{}`: `{scope}` has both `lookaside` and `sigstore`, its old name", path.display())]
    TwoNames {
        /// The file.
        path: PathBuf,
        /// The scope.
        scope: String,
    },
    /// A path cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<RegistriesD, RegistriesDError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        RegistriesD::read(folder.path())
    }

    #[test]
    fn the_most_specific_store_counts() {
        let configuration = read(&[
            ("a.yaml", "default-docker:\n  sigstore: file:///default\n"),
            (
                "b.yaml",
                "docker:\n  r.example.com:\n    lookaside: https://all.example.com/s/\n  \
                 r.example.com/prod:\n    lookaside: https://prod.example.com\n    lookaside-staging: file:///s\n  \
                 r.example.com/prod/web:1:\n    sigstore: file:///one\n  \
                 r.example.com/prod/app:\n    use-sigstore-attachments: true\n  \
                 \"*.example.org\":\n    lookaside: file:///org\n",
            ),
            ("c.yml", "not read: at all"),
        ])
        .unwrap();
        for (reference, expected) in [
            ("r.example.com/test/a:1", "https://all.example.com/s/"),
            ("r.example.com/prod/a:1", "https://prod.example.com/"),
            ("r.example.com/prod/web:1", "/one"),
            ("r.example.com/prod/web:2", "https://prod.example.com/"),
            // Without a store of its own a section does not stand in the way.
            ("r.example.com/prod/app:1", "https://prod.example.com/"),
            ("r.example.com:5000/a:1", "/default"),
            ("a.b.example.org/a:1", "/org"),
            ("busybox", "/default"),
        ] {
            let base = configuration.lookaside(&reference.parse().unwrap()).unwrap();
            assert_eq!(base.to_string(), expected, "{reference}");
        }
        let alone = read(&[("a.yaml", "docker: {r.example.com: {lookaside: \"file:///a\"}}")]).unwrap();
        assert!(alone.lookaside(&"r.example.com/a".parse().unwrap()).is_some());
        assert_eq!(read(&[]).unwrap().lookaside(&"busybox".parse().unwrap()), None);
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        type E = RegistriesDError;
        let one = |text: &str| read(&[("a.yaml", text)]).unwrap_err();
        assert!(matches!(one("docker: []"), E::Syntax { .. }));
        assert!(matches!(one("docker:\n  a:\n    lookasid: https://a\n"), E::Syntax { .. }));
        assert!(matches!(one("dokcer: {}"), E::Syntax { .. }));
        assert!(matches!(one("docker: {a: {}, a: {}}"), E::Syntax { .. }));
        assert!(matches!(one("docker: {a: {lookaside: \"http://a\", sigstore: \"http://b\"}}"), E::TwoNames { .. }));
        for base in ["ftp://a", "a/b", "https://user@a", "https://", "file://a/b", "file:///a%20b"] {
            let error = one(&format!("docker: {{a: {{lookaside: \"{base}\"}}}}"));
            assert!(matches!(error, E::Base { .. }), "{base}: {error}");
        }
        let twice = ["a.yaml", "b.yaml"].map(|name| (name, "docker: {a: {}}"));
        assert!(matches!(read(&twice).unwrap_err(), E::Duplicate { .. }));
        let twice = ["a.yaml", "b.yaml"].map(|name| (name, "default-docker: {}"));
        assert!(matches!(read(&twice).unwrap_err(), E::Duplicate { .. }));
        assert!(matches!(one(&format!("#{}", "a".repeat(FILE_LIMIT))), E::TooLarge { .. }));
        assert!(matches!(RegistriesD::read(Path::new("nowhere")).unwrap_err(), E::Unreadable { .. }));
    }
}
