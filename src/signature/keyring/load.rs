//! Key files: armored or binary, one certificate or many.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse as _;
use thiserror::Error;

use crate::signature::Fingerprint;
use crate::signature::openpgp::policy::{self, Explaining, Strength};

/// The largest key file that is read, in bytes.
pub const KEY_FILE_LIMIT: usize = 16 << 20;

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

/// Every certificate of a key file.
pub(super) fn certificates(name: &str, bytes: &[u8]) -> Result<Vec<Cert>, KeyringError> {
    let no = |reason| KeyringError::NotAKeyFile { name: name.to_owned(), reason };
    if bytes.len() > KEY_FILE_LIMIT {
        return Err(KeyringError::TooLarge { name: name.to_owned(), size: bytes.len() });
    }
    if bytes.get(8..12) == Some(b"KBXf") {
        return Err(KeyringError::Keybox { name: name.to_owned() });
    }
    let mut found = Vec::new();
    match bytes.first() {
        None => return Err(no(NotAKeyFile::Empty)),
        Some(first) if first & 0x80 != 0 => parse(name, bytes, &mut found)?,
        Some(_) => {
            let text = std::str::from_utf8(bytes).map_err(|_| no(NotAKeyFile::BinaryInText))?;
            for block in armored_blocks(text).map_err(no)? {
                let malformed =
                    |reason: &str| KeyringError::Malformed { name: name.to_owned(), reason: reason.to_owned() };
                let binary = dearmor(block).map_err(malformed)?;
                parse(name, &binary, &mut found)?;
            }
        }
    }
    Ok(found)
}

/// The blocks of armor in `text`. What stands around them is for people.
fn armored_blocks(text: &str) -> Result<Vec<&str>, NotAKeyFile> {
    // Beside a public key too: to skip it would be to load a part of the file.
    if text.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----") {
        return Err(NotAKeyFile::Secret);
    }
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, from)) = rest.split_once(BEGIN) {
        let length = from.find(END).ok_or(NotAKeyFile::CutShort)?;
        blocks.push(from.get(..length).unwrap_or_default());
        rest = from.get(length..).unwrap_or_default();
    }
    if blocks.is_empty() { Err(NotAKeyFile::NoArmor) } else { Ok(blocks) }
}

/// The octets of a block of armor (RFC 9580, section 6.2), its checksum checked where it has one.
fn dearmor(body: &str) -> Result<Vec<u8>, &'static str> {
    // Headers such as `Version: GnuPG` end with an empty line; there may be none of either.
    let mut lines = body.lines().map(str::trim).skip_while(|line| line.is_empty()).peekable();
    while lines.peek().is_some_and(|line| line.contains(": ")) {
        lines.next();
    }
    let (mut digits, mut checksum) = (String::new(), None);
    for line in lines.filter(|line| !line.is_empty()) {
        match (line.strip_prefix('='), &checksum) {
            (_, Some(_)) => return Err("the armor goes on after its checksum"),
            (Some(check), None) => checksum = Some(STANDARD.decode(check).map_err(|_| "its checksum is not base64")?),
            (None, None) => digits.push_str(line),
        }
    }
    let binary = STANDARD.decode(digits).map_err(|_| "the armor is not base64: a line is missing or changed")?;
    match checksum {
        Some(written) if written != crc24(&binary) => {
            Err("the checksum of the armor does not fit: a line is missing or changed")
        }
        _ => Ok(binary),
    }
}

/// The checksum of RFC 9580, section 6.1.1. sequoia no longer looks at it, as it guards against accidents only; a
/// damaged key file is such an accident, and its owner should be told.
fn crc24(octets: &[u8]) -> [u8; 3] {
    let crc = octets.iter().fold(0x00b7_04ce_u32, |crc, octet| {
        (0..8).fold(crc ^ (u32::from(*octet) << 16), |crc, _| {
            let shifted = crc << 1;
            if shifted & 0x0100_0000 == 0 { shifted } else { shifted ^ 0x0186_4cfb }
        })
    });
    let [_, high, middle, low] = crc.to_be_bytes();
    [high, middle, low]
}

/// Reads a sequence of certificates; all of them must be whole.
fn parse(name: &str, binary: &[u8], found: &mut Vec<Cert>) -> Result<(), KeyringError> {
    let parser = CertParser::from_bytes(binary).map_err(|error| KeyringError::malformed(name, &error))?;
    let before = found.len();
    for certificate in parser {
        let certificate = certificate.map_err(|error| KeyringError::malformed(name, &error))?;
        if certificate.is_tsk() {
            return Err(KeyringError::NotAKeyFile { name: name.to_owned(), reason: NotAKeyFile::Secret });
        }
        // What the library cannot verify is no damage: the certificate loads, and `keys` says that it is not supported.
        let strength = policy::key_strength(certificate.primary_key().key());
        if !is_bound(&certificate) && !matches!(strength, Strength::Unsupported(_)) {
            let fingerprint = Fingerprint::new(certificate.fingerprint().as_bytes());
            return Err(KeyringError::Unbound { name: name.to_owned(), fingerprint });
        }
        found.push(certificate);
    }
    if found.len() == before {
        return Err(KeyringError::NotAKeyFile { name: name.to_owned(), reason: NotAKeyFile::Empty });
    }
    Ok(())
}

/// Whether a self-signature of a certificate verifies. Without one it is cut short, or never was one.
fn is_bound(certificate: &Cert) -> bool {
    let of_users = certificate.userids().flat_map(|user| user.self_signatures().collect::<Vec<_>>());
    let of_keys = certificate.keys().flat_map(|key| key.self_signatures().collect::<Vec<_>>());
    let newest = of_users.chain(of_keys).filter_map(|signature| signature.signature_creation_time()).max();
    newest.is_some_and(|time| certificate.with_policy(&Explaining, time).is_ok())
}

/// Why a keyring could not be had.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum KeyringError {
    /// No key file holds a certificate.
    #[error("the keyring holds no certificate; without one nothing can be verified")]
    Empty,
    /// A keybox of GnuPG 2.1 or later.
    #[error("`{name}` is a GnuPG keybox, a format private to GnuPG")]
    Keybox {
        /// The file.
        name: String,
    },
    /// A certificate is damaged.
    #[error("`{name}` holds a damaged certificate: {reason}")]
    Malformed {
        /// The file.
        name: String,
        /// What the OpenPGP library says, for people.
        reason: String,
    },
    /// The file holds no OpenPGP certificates.
    #[error("`{name}` is no key file: {reason}")]
    NotAKeyFile {
        /// The file.
        name: String,
        /// What it is instead.
        reason: NotAKeyFile,
    },
    /// The file is over [`KEY_FILE_LIMIT`].
    #[error("`{name}` has {size} bytes; a key file of more than {KEY_FILE_LIMIT} is not read")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size, in bytes.
        size: usize,
    },
    /// A key without a self-signature that verifies.
    #[error("`{name}` holds key {fingerprint} without a self-signature that verifies: it is cut short or damaged")]
    Unbound {
        /// The file.
        name: String,
        /// The key.
        fingerprint: Fingerprint,
    },
}

impl KeyringError {
    pub(super) fn malformed(name: &str, error: &sequoia_openpgp::anyhow::Error) -> Self {
        Self::Malformed { name: name.to_owned(), reason: format!("{error:#}") }
    }

    /// What would be right, where that can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Keybox { .. } => Some("export the keys you trust: `gpg --export --armor KEYID > keys.asc`"),
            Self::NotAKeyFile { reason: NotAKeyFile::Secret, .. } => {
                Some("only the public key is needed here: `gpg --export --armor KEYID > keys.asc`")
            }
            Self::Malformed { .. } | Self::Unbound { .. } => Some("fetch or export the key again"),
            Self::Empty | Self::NotAKeyFile { .. } | Self::TooLarge { .. } => None,
        }
    }
}

/// What a file is that is no key file.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotAKeyFile {
    /// Text with something else in it.
    #[error("it mixes armored text with binary data")]
    BinaryInText,
    /// Armor without an end.
    #[error("its armor has no `{END}` line: it is cut short")]
    CutShort,
    /// Nothing.
    #[error("it holds no certificate")]
    Empty,
    /// Text without armor.
    #[error("it is neither binary OpenPGP data nor does it hold a `{BEGIN}` line")]
    NoArmor,
    /// A secret key.
    #[error("it holds a secret key, which does not belong on the machine that verifies")]
    Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> String {
        std::fs::read_to_string(format!("testdata/keys/{name}")).unwrap()
    }

    #[track_caller]
    fn count(text: &str) -> Result<usize, KeyringError> {
        certificates("keys", text.as_bytes()).map(|certificates| certificates.len())
    }

    #[test]
    fn text_around_armor_and_its_checksum_may_be_there_or_not() {
        let (one, two) = (key("ed25519.asc"), key("rsa2048.asc"));
        let without_checksum: String =
            one.lines().filter(|line| !line.starts_with('=')).map(|line| format!("{line}\n")).collect();
        for (text, expected) in [
            (one.clone(), 1),
            (without_checksum, 1),
            (one.replace('\n', "\r\n"), 1),
            (format!("pub rsa4096\n\n{one}some words\n{two}"), 2),
        ] {
            assert_eq!(count(&text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_file_that_would_load_in_part_does_not_load() {
        let (one, two, secret) = (key("ed25519.asc"), key("rsa2048.asc"), key("secret.asc"));
        let cut = one.replace(END, "");
        let changed = one.replacen('A', "B", 1);
        let missing: String =
            two.lines().enumerate().filter(|(line, _)| *line != 4).map(|(_, line)| format!("{line}\n")).collect();
        for text in
            [cut.clone(), format!("{cut}{two}"), changed, missing, format!("{two}{secret}"), format!("{secret}{two}")]
        {
            assert!(count(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_greatest_file_is_read_and_no_greater_one() {
        let read = |size: usize| certificates("key", &vec![b'a'; size]).unwrap_err();
        assert_eq!(
            read(KEY_FILE_LIMIT),
            KeyringError::NotAKeyFile { name: "key".to_owned(), reason: NotAKeyFile::NoArmor }
        );
        let size = KEY_FILE_LIMIT + 1;
        assert_eq!(read(size), KeyringError::TooLarge { name: "key".to_owned(), size });
        assert_eq!(read(size + 1), KeyringError::TooLarge { name: "key".to_owned(), size: size + 1 });
    }
}
