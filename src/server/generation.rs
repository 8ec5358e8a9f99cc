//! What requests are judged by at one moment, read from files as a whole.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::admission::Images;
use crate::policy::document::{KeyFile, KeyLocation, PolicyFile};
use crate::policy::{Policy, Requirement};
use crate::server::config::Judged;
use crate::signature::KeyringBuilder;
use crate::source::Index;
use crate::source::policy::{policy_files, read_keys};
use crate::verifier::Verifier;

/// What requests are judged by. A request has one of them from its beginning to its end.
#[derive(Clone)]
pub(super) struct Generation {
    /// Counts the changes of policy, keys or images since the server started.
    pub(super) number: u64,
    pub(super) verifier: Arc<Verifier>,
    /// The name of policy and keys: the same on every server that has the same.
    pub(super) policy_name: String,
    pub(super) images: Arc<dyn Images + Send + Sync>,
    /// The same, where whole objects are to be served.
    pub(super) index: Arc<Index>,
}

/// A policy as it was read, and how to tell that it has changed.
pub(super) struct ReadPolicy {
    pub(super) verifier: Verifier,
    /// The hash of what was read.
    pub(super) hash: Hash,
    /// Where the keys lie that the policy names: whether a directory, and the path.
    pub(super) keys: Vec<(bool, String)>,
}

pub(super) type Hash = [u8; 32];

/// The first hexadecimal digits of a hash.
pub(super) fn name(hash: &Hash) -> String {
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Reads policy and keys. The hash is that of the very bytes that were read.
pub(super) fn read_policy(judged: &Judged, at: DateTime<Utc>) -> Result<ReadPolicy, String> {
    let mut keys = Vec::new();
    let mut hash = FileHash::default();
    let policy = if judged.policy.is_empty() {
        let mut builder = KeyringBuilder::default();
        for path in &judged.keys {
            let is_directory = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.is_dir();
            let key = (is_directory, path.display().to_string());
            for file in read_key(&key).map_err(|error| format!("{}: {error}", key.1))? {
                hash.add(&file);
                builder.add(&file.name, &file.bytes).map_err(|error| error.to_string())?;
            }
            keys.push(key);
        }
        Policy::everywhere(builder.build().map_err(|error| error.to_string())?, Requirement::default())
    } else {
        let files = policy_files(&judged.policy).map_err(|error| error.to_string())?;
        files.iter().for_each(|file| hash.add(file));
        let files: Vec<_> = files.iter().map(|file| PolicyFile { name: &file.name, bytes: &file.bytes }).collect();
        Policy::load(&files, at, &mut |location| {
            let read = read_keys(location)?;
            read.iter().for_each(|file| hash.add(file));
            keys.push(match location {
                KeyLocation::Directory(path) => (true, path.to_owned()),
                KeyLocation::File(path) => (false, path.to_owned()),
            });
            Ok(read)
        })
        .map_err(|error| error.to_string())?
    };
    Ok(ReadPolicy { verifier: Verifier::with_policy(policy, judged.rules.clone()), hash: hash.finish(), keys })
}

/// The hash of everything that policy and keys are read from, as it is now.
pub(super) fn hash_policy(judged: &Judged, keys: &[(bool, String)]) -> Result<Hash, String> {
    let mut hash = FileHash::default();
    if !judged.policy.is_empty() {
        policy_files(&judged.policy).map_err(|error| error.to_string())?.iter().for_each(|file| hash.add(file));
    }
    for key in keys {
        read_key(key).map_err(|error| format!("{}: {error}", key.1))?.iter().for_each(|file| hash.add(file));
    }
    Ok(hash.finish())
}

/// The hash of files, one after another.
#[derive(Default)]
struct FileHash(Sha256);

impl FileHash {
    fn add(&mut self, file: &KeyFile) {
        for part in [file.name.as_bytes(), &file.bytes] {
            self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.0.update(part);
        }
    }

    fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

fn read_key((is_directory, path): &(bool, String)) -> Result<Vec<KeyFile>, String> {
    read_keys(if *is_directory { KeyLocation::Directory(path) } else { KeyLocation::File(path) })
}

/// What tells whether exports have changed: too large to be read each time, they are known by what the file system says.
pub(super) fn hash_images(sources: &[String]) -> Result<Hash, String> {
    let mut hash = Sha256::new();
    for source in sources {
        let seen = fs::metadata(Path::new(source)).map_err(|error| format!("{source}: {error}"))?;
        hash.update(source.as_bytes());
        for number in [seen.dev(), seen.ino(), seen.size()] {
            hash.update(number.to_be_bytes());
        }
        for number in [seen.mtime(), seen.mtime_nsec(), seen.ctime(), seen.ctime_nsec()] {
            hash.update(number.to_be_bytes());
        }
    }
    Ok(hash.finalize().into())
}
