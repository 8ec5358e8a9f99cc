//! The secret keys: made once, kept in `testdata/keys/secret/`, read from there ever after.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sequoia_openpgp::Packet;
use sequoia_openpgp::crypto::{KeyPair, Signer as _};
use sequoia_openpgp::packet::Key;
use sequoia_openpgp::packet::key::{Key4, Key6, PublicParts, SecretParts, UnspecifiedRole};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::MarshalInto as _;
use sequoia_openpgp::types::{Curve, HashAlgorithm};

use crate::time::{self, Time};

/// The number of the ECDSA algorithm.
pub(crate) const ECDSA: u8 = 19;

/// What a key is made of.
#[derive(Clone, Copy)]
enum Algorithm {
    Rsa(usize),
    Dsa,
    /// Ed25519 as GnuPG 2 writes it.
    EdDsa,
    /// Ed25519 as RFC 9580 writes it.
    Ed25519,
    /// A version 6 key.
    Ed25519V6,
    P256,
    P384,
    P521,
}

/// Every key: its name, its algorithm, and when it was made.
const KEYS: [(&str, Algorithm, Time); 50] = [
    ("release", Algorithm::Rsa(4096), time::KEYS),
    ("rsa2048", Algorithm::Rsa(2048), time::KEYS),
    ("rsa1024", Algorithm::Rsa(1024), time::KEYS),
    ("dsa2048", Algorithm::Dsa, time::KEYS),
    ("ed25519", Algorithm::EdDsa, time::KEYS),
    ("ed25519-rfc9580", Algorithm::Ed25519, time::KEYS),
    ("p256", Algorithm::P256, time::KEYS),
    ("p384", Algorithm::P384, time::KEYS),
    ("p521", Algorithm::P521, time::KEYS),
    ("v6", Algorithm::Ed25519V6, time::KEYS),
    ("subkey", Algorithm::EdDsa, time::KEYS),
    ("subkey.signing", Algorithm::EdDsa, time::KEYS),
    ("no-back-signature", Algorithm::EdDsa, time::KEYS),
    ("no-back-signature.signing", Algorithm::EdDsa, time::KEYS),
    ("encrypt-only", Algorithm::EdDsa, time::KEYS),
    ("encrypt-only.subkey", Algorithm::EdDsa, time::KEYS),
    ("unbound-subkey", Algorithm::EdDsa, time::KEYS),
    ("unbound-subkey.signing", Algorithm::EdDsa, time::KEYS),
    ("expired", Algorithm::EdDsa, time::KEYS),
    ("expired-subkey", Algorithm::EdDsa, time::KEYS),
    ("expired-subkey.signing", Algorithm::EdDsa, time::KEYS),
    ("soft-revoked", Algorithm::EdDsa, time::KEYS),
    ("soft-revoked-renewed", Algorithm::EdDsa, time::KEYS),
    ("hard-revoked", Algorithm::EdDsa, time::KEYS),
    ("unexplained-revoked", Algorithm::EdDsa, time::KEYS),
    ("revoked-with-sha1", Algorithm::Rsa(2048), time::KEYS),
    ("soft-revoked-subkey", Algorithm::EdDsa, time::KEYS),
    ("soft-revoked-subkey.signing", Algorithm::EdDsa, time::KEYS),
    ("hard-revoked-subkey", Algorithm::EdDsa, time::KEYS),
    ("hard-revoked-subkey.signing", Algorithm::EdDsa, time::KEYS),
    ("designated-revoked", Algorithm::EdDsa, time::KEYS),
    ("revoker", Algorithm::EdDsa, time::KEYS),
    ("sha1-self-signature", Algorithm::Rsa(2048), time::KEYS),
    ("md5-self-signature", Algorithm::Rsa(2048), time::KEYS),
    ("no-key-flags", Algorithm::EdDsa, time::KEYS),
    ("no-self-signature", Algorithm::EdDsa, time::KEYS),
    ("attacker", Algorithm::EdDsa, time::KEYS),
    ("future", Algorithm::EdDsa, time::FUTURE_KEY),
    ("extended", Algorithm::EdDsa, time::KEYS),
    ("bad-self-signature", Algorithm::EdDsa, time::KEYS),
    ("hostile-user-id", Algorithm::EdDsa, time::KEYS),
    ("stolen-subkey", Algorithm::EdDsa, time::KEYS),
    ("late-subkey.signing", Algorithm::EdDsa, time::LATER),
    // Those of sigstore signatures, which know neither certificates nor times.
    ("cosign-p256", Algorithm::P256, time::KEYS),
    ("cosign-p384", Algorithm::P384, time::KEYS),
    ("cosign-p521", Algorithm::P521, time::KEYS),
    ("cosign-rsa2048", Algorithm::Rsa(2048), time::KEYS),
    ("cosign-rsa1024", Algorithm::Rsa(1024), time::KEYS),
    ("cosign-ed25519", Algorithm::EdDsa, time::KEYS),
    ("cosign-other", Algorithm::P256, time::KEYS),
];

/// The keys, by name.
pub(crate) struct Keys(BTreeMap<&'static str, SigningKey>);

impl Keys {
    /// Reads the keys from `dir`, and makes those that are not there.
    pub(crate) fn load(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        Self(KEYS.iter().map(|&(name, algorithm, made)| (name, SigningKey::load(dir, name, algorithm, made))).collect())
    }

    pub(crate) fn get(&self, name: &str) -> &SigningKey {
        &self.0[name]
    }
}

/// A key that can sign, and what is known of its public half.
pub(crate) struct SigningKey {
    pair: RefCell<KeyPair>,
    /// The body of the public key packet.
    pub(crate) public: Vec<u8>,
    /// The whole secret key packet.
    pub(crate) secret: Vec<u8>,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) key_id: Vec<u8>,
    pub(crate) version: u8,
    pub(crate) algorithm: u8,
    /// Where the ECDSA signatures are kept: the library draws a random number for each, so a second run would differ.
    kept: PathBuf,
}

impl SigningKey {
    fn load(dir: &Path, name: &str, algorithm: Algorithm, made: Time) -> Self {
        let path = dir.join(format!("{name}.pgp"));
        if !path.exists() {
            fs::write(&path, Packet::from(make(algorithm, made).role_into_primary()).to_vec().unwrap()).unwrap();
        }
        let secret = fs::read(&path).unwrap();
        let Packet::SecretKey(key) = Packet::from_bytes(&secret).unwrap() else { panic!("{name} is not a secret key") };
        let key = key.parts_into_secret().unwrap().role_into_unspecified();
        let public: &Key<PublicParts, UnspecifiedRole> = key.parts_as_public();
        Self {
            public: public.to_vec().unwrap(),
            secret,
            fingerprint: key.fingerprint().as_bytes().to_vec(),
            key_id: key.keyid().as_bytes().to_vec(),
            version: key.version(),
            algorithm: key.pk_algo().into(),
            kept: dir.join(format!("{name}.ecdsa.json")),
            pair: RefCell::new(key.into_keypair().unwrap()),
        }
    }

    /// Signs a digest; the result is the algorithm-specific end of a signature packet.
    pub(crate) fn sign(&self, hash: HashAlgorithm, digest: &[u8]) -> Vec<u8> {
        let fresh = || self.pair.borrow_mut().sign(hash, digest).unwrap().to_vec().unwrap();
        if self.algorithm == ECDSA { self.keep(digest, fresh) } else { fresh() }
    }

    /// The signature kept for `digest`, or a fresh one, which is kept from now on.
    fn keep(&self, digest: &[u8], fresh: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
        let mut kept: BTreeMap<String, Vec<u8>> =
            fs::read(&self.kept).map_or_else(|_| BTreeMap::new(), |text| serde_json::from_slice(&text).unwrap());
        let name = hex(digest);
        if !kept.contains_key(&name) {
            kept.insert(name.clone(), fresh());
            fs::write(&self.kept, serde_json::to_vec(&kept).unwrap()).unwrap();
        }
        kept[&name].clone()
    }

    /// The hash algorithm that goes with the key: as strong as the curve, which GnuPG insists on.
    pub(crate) fn hash(&self) -> HashAlgorithm {
        match (self.version, self.algorithm, self.public.len()) {
            (6, ..) | (_, ECDSA, 130..) => HashAlgorithm::SHA512,
            (_, ECDSA, 100..130) => HashAlgorithm::SHA384,
            _ => HashAlgorithm::SHA256,
        }
    }

    /// The key ID in hexadecimal, upper case.
    pub(crate) fn key_id_text(&self) -> String {
        hex(&self.key_id).to_uppercase()
    }

    /// The fingerprint in hexadecimal, upper case.
    pub(crate) fn fingerprint_text(&self) -> String {
        hex(&self.fingerprint).to_uppercase()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn make(algorithm: Algorithm, made: Time) -> Key<SecretParts, UnspecifiedRole> {
    let mut key: Key<SecretParts, UnspecifiedRole> = match algorithm {
        Algorithm::Rsa(bits) => Key4::generate_rsa(bits).unwrap().into(),
        Algorithm::Dsa => Key4::generate_dsa(2048).unwrap().into(),
        Algorithm::EdDsa => Key4::generate_ecc(true, Curve::Ed25519).unwrap().into(),
        Algorithm::Ed25519 => Key4::generate_ed25519().unwrap().into(),
        Algorithm::Ed25519V6 => Key6::generate_ed25519().unwrap().into(),
        Algorithm::P256 => Key4::generate_ecc(true, Curve::NistP256).unwrap().into(),
        Algorithm::P384 => Key4::generate_ecc(true, Curve::NistP384).unwrap().into(),
        Algorithm::P521 => Key4::generate_ecc(true, Curve::NistP521).unwrap().into(),
    };
    key.set_creation_time(std::time::UNIX_EPOCH + std::time::Duration::from_secs(made.into())).unwrap();
    key
}
