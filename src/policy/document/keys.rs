//! Key material that policy documents name or carry. It is read through a function of the caller's, once for each place.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::image::quote::Quoted;
use crate::policy::document::containers_policy::KeySource;
use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;
use crate::signature::{Fingerprint, Keyring, KeyringBuilder, SigstoreKey, SigstoreKeys};

/// Where a policy says that key material lies.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum KeyLocation<'a> {
    /// A directory whose files, but for hidden ones, are key files.
    Directory(&'a str),
    /// A file.
    File(&'a str),
}

/// A file with key material.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyFile {
    /// What messages call it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Reads key material, or says why that is not possible.
///
/// A directory without files is an error: a keyring that holds nothing is a mistake, and not one to find out about by
/// way of rejected images.
pub type ReadKeys<'r> = dyn FnMut(KeyLocation<'_>) -> Result<Vec<KeyFile>, String> + 'r;

/// Gathers the keys of a policy.
pub(crate) struct Keys<'r> {
    read: &'r mut ReadKeys<'r>,
    /// The time by which is told of keys that can vouch no more.
    at: DateTime<Utc>,
    builder: KeyringBuilder,
    /// Which certificates can vouch, as they stand in `builder`: to ask it is dear, and scopes share certificates.
    vouching: BTreeMap<Fingerprint, bool>,
    /// What was found in each file and directory that was read; nothing where it could not be, which was told.
    known: BTreeMap<(bool, String), Option<BTreeSet<Fingerprint>>>,
    /// The files that were read, and hold no certificates.
    contents: BTreeMap<String, Vec<KeyFile>>,
}

impl<'r> Keys<'r> {
    pub(crate) fn new(read: &'r mut ReadKeys<'r>, at: DateTime<Utc>) -> Self {
        Self {
            read,
            at,
            builder: KeyringBuilder::default(),
            vouching: BTreeMap::new(),
            known: BTreeMap::new(),
            contents: BTreeMap::new(),
        }
    }

    /// The certificates in a file or a directory. What is wrong is told about `field`, once for each place.
    pub(crate) fn certificates(
        &mut self,
        field: &Field<'_>,
        location: KeyLocation<'_>,
    ) -> Option<BTreeSet<Fingerprint>> {
        let place = match location {
            KeyLocation::Directory(path) => (true, path.to_owned()),
            KeyLocation::File(path) => (false, path.to_owned()),
        };
        if let Some(known) = self.known.get(&place) {
            return known.clone();
        }
        let found = match (self.read)(location) {
            Ok(files) => {
                let found: Vec<_> =
                    files.iter().map(|file| self.certificates_of(field, &file.name, &file.bytes)).collect();
                let all: Option<Vec<_>> = found.into_iter().collect();
                all.map(|all| all.into_iter().flatten().collect())
            }
            Err(reason) => {
                unreadable(field, &place.1, &reason);
                None
            }
        };
        self.known.insert(place, found.clone());
        found
    }

    /// The certificates in key material that the document itself carries, or that was read. `name` is what messages
    /// call it.
    pub(crate) fn certificates_of(
        &mut self,
        field: &Field<'_>,
        name: &str,
        bytes: &[u8],
    ) -> Option<BTreeSet<Fingerprint>> {
        match self.builder.add(name, bytes) {
            Ok(found) => {
                // What was added may have revoked them, or made them last longer.
                for certificate in &found {
                    self.vouching.remove(certificate);
                }
                Some(found)
            }
            Err(error) => {
                self.vouching.clear();
                let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
                field.tell(FindingCode::Key, format!("{error}{hint}"));
                None
            }
        }
    }

    /// The certificates of a source. What is wrong is told about `field`.
    pub(crate) fn certificates_in(&mut self, field: &Field<'_>, source: &KeySource) -> Option<BTreeSet<Fingerprint>> {
        let parts: Vec<_> = match source {
            KeySource::Files(paths) => {
                paths.iter().map(|path| self.certificates(field, KeyLocation::File(path))).collect()
            }
            KeySource::Data(data) => {
                data.iter().map(|bytes| self.certificates_of(field, &field.pointer(), bytes)).collect()
            }
        };
        let parts: Option<Vec<_>> = parts.into_iter().collect();
        Some(parts?.into_iter().flatten().collect())
    }

    /// The sigstore keys of a source. What is wrong is told about `field`.
    pub(crate) fn public_keys(&mut self, field: &Field<'_>, source: &KeySource) -> Option<SigstoreKeys> {
        let files = match source {
            KeySource::Data(data) => {
                data.iter().map(|bytes| KeyFile { name: field.pointer(), bytes: bytes.clone() }).collect()
            }
            KeySource::Files(paths) => {
                let read: Vec<_> = paths.iter().map(|path| self.contents(field, path)).collect();
                let read: Option<Vec<_>> = read.into_iter().collect();
                read?.into_iter().flatten().collect::<Vec<_>>()
            }
        };
        let read: Vec<_> = files
            .iter()
            .filter_map(|file| {
                let key = SigstoreKey::from_pem(&file.bytes);
                key.map_err(|error| field.tell(FindingCode::Key, format!("{}: {error}", Quoted(&file.name)))).ok()
            })
            .collect();
        if read.len() < files.len() { None } else { SigstoreKeys::new(read) }
    }

    /// The contents of a file, where they are no keys of ours. What is wrong is told about `field`.
    pub(crate) fn contents(&mut self, field: &Field<'_>, path: &str) -> Option<Vec<KeyFile>> {
        if let Some(files) = self.contents.get(path) {
            return Some(files.clone());
        }
        let files = (self.read)(KeyLocation::File(path)).map_err(|reason| unreadable(field, path, &reason)).ok()?;
        self.contents.insert(path.to_owned(), files.clone());
        Some(files)
    }

    /// The time by which is told of what has ended.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Whether any of these certificates can vouch now for what it signs now.
    pub(crate) fn can_vouch<'f>(&mut self, certificates: impl IntoIterator<Item = &'f Fingerprint>) -> bool {
        certificates.into_iter().any(|certificate| {
            let known = self.vouching.get(certificate).copied();
            known.unwrap_or_else(|| {
                let answer = self.builder.can_vouch(certificate, self.at);
                self.vouching.insert(certificate.clone(), answer);
                answer
            })
        })
    }

    /// All the certificates, prepared.
    pub(crate) fn finish(self) -> Keyring {
        self.builder.prepare()
    }
}

fn unreadable(field: &Field<'_>, path: &str, reason: &str) {
    field.tell(FindingCode::Key, format!("the keys in {} cannot be read: {reason}", Quoted(path)));
}

impl std::fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("known", &self.known).finish_non_exhaustive()
    }
}
