//! The keys that are trusted: OpenPGP certificates, prepared once.

mod certificate;
mod load;
mod standing;
mod summary;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use certificate::{Certificate, Revocation, RevocationKind, SigningKey};
pub use load::{KEY_FILE_LIMIT, KeyringError, NotAKeyFile};
pub(crate) use standing::Standing;
pub use summary::{CertificateSummary, KeySummary};

use crate::signature::{Fingerprint, KeyId};

/// A set of certificates that are trusted to vouch for images.
///
/// Certificates are parsed, merged and indexed here, once; verification only looks them up.
#[derive(Debug)]
pub struct Keyring {
    certificates: Vec<Certificate>,
    /// For each key ID, the keys that have it: the place of the certificate, and of the key in it.
    by_key_id: BTreeMap<KeyId, Vec<(usize, usize)>>,
}

impl Keyring {
    /// Reads a keyring from one key file.
    ///
    /// # Errors
    ///
    /// As [`KeyringBuilder::add`] and [`KeyringBuilder::build`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, KeyringError> {
        let mut builder = KeyringBuilder::default();
        builder.add(name, bytes)?;
        builder.build()
    }

    /// A keyring without certificates: nobody is trusted to make OpenPGP signatures. For policies that demand none.
    pub fn empty() -> Self {
        KeyringBuilder::default().prepare()
    }

    /// The number of certificates.
    pub fn certificate_count(&self) -> usize {
        self.certificates.len()
    }

    /// The first user ID of each certificate that has one.
    pub(crate) fn user_ids(&self) -> impl Iterator<Item = (&Fingerprint, &str)> {
        let names = self.certificates.iter();
        names.filter_map(|certificate| Some((&certificate.fingerprint, certificate.user_ids.first()?.as_str())))
    }

    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter()
    }

    /// The keys that have `key_id`, with their certificates.
    pub(crate) fn keys_with_id(&self, key_id: KeyId) -> impl Iterator<Item = Candidate<'_>> {
        self.by_key_id.get(&key_id).into_iter().flatten().filter_map(|(certificate, key)| {
            let certificate = self.certificates.get(*certificate)?;
            Some(Candidate { certificate, key: certificate.keys.get(*key)? })
        })
    }
}

/// A key that may have made a signature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) key: &'a SigningKey,
}

/// Gathers certificates from any number of key files.
///
/// A certificate that occurs more than once is merged, so that a copy without its revocation does not undo the one
/// that has it.
#[derive(Debug, Default)]
pub struct KeyringBuilder {
    certificates: BTreeMap<Fingerprint, sequoia_openpgp::Cert>,
}

impl KeyringBuilder {
    /// Reads the certificates of one key file, binary or armored; several certificates, several blocks of armor, and
    /// text around the armor are fine. Returns the fingerprints of the certificates that the file holds.
    ///
    /// `name` is what errors call the file.
    ///
    /// # Errors
    ///
    /// A [`KeyringError`] when the file holds no certificate, or anything that is not one: a keyring that loads in
    /// part is a keyring that trusts in part, and nobody would know. Nothing is added then.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<BTreeSet<Fingerprint>, KeyringError> {
        let certificates = load::certificates(name, bytes)?;
        let mut found = BTreeSet::new();
        for certificate in certificates {
            let fingerprint = Fingerprint::new(certificate.fingerprint().as_bytes());
            found.insert(fingerprint.clone());
            match self.certificates.entry(fingerprint) {
                Entry::Vacant(place) => {
                    place.insert(certificate);
                }
                Entry::Occupied(mut known) => {
                    let merged = known.get().clone().merge_public(certificate);
                    *known.get_mut() = merged.map_err(|error| KeyringError::malformed(name, &error))?;
                }
            }
        }
        Ok(found)
    }

    /// Prepares the certificates.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Empty`] when there are none.
    pub fn build(self) -> Result<Keyring, KeyringError> {
        if self.certificates.is_empty() { Err(KeyringError::Empty) } else { Ok(self.prepare()) }
    }

    /// As [`build`](Self::build), where nobody to trust is an answer: a policy may demand nothing but digests.
    pub(crate) fn prepare(self) -> Keyring {
        let certificates: Vec<_> = self.certificates.into_values().map(Certificate::prepare).collect();
        let mut by_key_id: BTreeMap<KeyId, Vec<(usize, usize)>> = BTreeMap::new();
        for (place, certificate) in certificates.iter().enumerate() {
            for (key_place, key) in certificate.keys.iter().enumerate() {
                by_key_id.entry(key.fingerprint.key_id()).or_default().push((place, key_place));
            }
        }
        Keyring { certificates, by_key_id }
    }
}
