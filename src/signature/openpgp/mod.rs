//! From opaque content to an authenticated payload and its signer.
//!
//! What the gate ([`message`]) lets through is one small signature packet. sequoia-openpgp parses it, says what is
//! hashed, and judges certificates; the order of the checks, and every choice that RFC 9580 leaves open, is here.
//!
//! The library's stream verifier is not used: it accepts several shapes of message, judges a certificate at the
//! signature's own time only, and remembers every signature it ever saw.

pub(crate) mod error;
pub(crate) mod framing;
mod inflate;
pub(crate) mod message;
pub(crate) mod operation;
mod packet;
pub(crate) mod policy;
pub(crate) mod vouch;

use chrono::{DateTime, Utc};
use sequoia_openpgp::crypto::hash::Hash as _;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::packet::signature::subpacket::{SubpacketTag, SubpacketValue};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::types::SignatureType;

use crate::signature::keyring::Candidate;
use crate::signature::openpgp::error::AuthenticationError;
use crate::signature::openpgp::framing::FramingError;
use crate::signature::openpgp::message::{Message, OnePass, OnePassIssuer};
use crate::signature::openpgp::policy::Strength;
use crate::signature::openpgp::vouch::Judge;
use crate::signature::{Fingerprint, KeyHint, KeyId, Keyring, Legacy, Note, Rules, Signer};

/// Octets that a trusted key has vouched for, and the signer. Made by [`authenticate`] only.
#[derive(Debug)]
pub(crate) struct Authenticated {
    payload: Vec<u8>,
    signer: Signer,
    notes: Vec<Note>,
}

impl Authenticated {
    /// The signed octets.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Who signed, and what was accepted with reservations.
    pub(crate) fn into_signer(self) -> (Signer, Vec<Note>) {
        (self.signer, self.notes)
    }
}

/// Why a content is not authenticated. The signer is known where the signature itself is right.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: AuthenticationError,
    pub(crate) signer: Option<Box<Signer>>,
}

impl<E: Into<AuthenticationError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), signer: None }
    }
}

/// Authenticates `content` against the keyring of `judge`, at its time.
///
/// `hint` is the key that the record names, which narrows the candidates.
pub(crate) fn authenticate(
    content: &[u8],
    hint: Option<&KeyHint>,
    keyring: &Keyring,
    judge: &Judge<'_>,
) -> Result<Authenticated, Refused> {
    let message = Message::parse(content)?;
    let signature = parse(&message.signature)?;
    let facts = Facts::of(&signature, judge.rules())?;
    agrees(&message.one_pass, &signature, &facts)?;
    let candidates = candidates(hint, facts.issuer, keyring)?;
    let digest = digest(&signature, &message.payload)?;

    let mut accepted: Option<(Signer, Vec<Note>)> = None;
    let mut refused = Refused::from(AuthenticationError::BadSignature);
    for candidate in candidates {
        if let Strength::Unsupported(algorithm) = &candidate.key.strength {
            refused = AuthenticationError::UnsupportedKey { algorithm: algorithm.clone() }.into();
            continue;
        }
        if !fits(&signature, &candidate, &digest) {
            continue;
        }
        let signer = Signer::new(&candidate, facts.created);
        match (judge.signature(&facts).and_then(|()| judge.key(&candidate, facts.created)), &accepted) {
            // Anyone can list another's key in a certificate; only one that is bound on both sides counts.
            (Err(error), _) => refused = Refused { error, signer: Some(Box::new(signer)) },
            (Ok(_), Some((other, _))) if other.certificate() != signer.certificate() => {
                return Err(AuthenticationError::AmbiguousKey { key: candidate.key.fingerprint.clone() }.into());
            }
            (Ok(notes), _) => accepted = Some((signer, notes)),
        }
    }
    let (signer, reservations) = accepted.ok_or(refused)?;
    let mut notes = message.notes;
    if signature.version() == 3 {
        notes.push(Note::V3Signature);
    }
    notes.extend(reservations);
    Ok(Authenticated { payload: message.payload, signer, notes })
}

/// Parses the body of a signature packet. Its first octet is the version.
fn parse(body: &[u8]) -> Result<Signature, AuthenticationError> {
    match body.first() {
        Some(3 | 4 | 6) | None => {}
        Some(version) => return Err(AuthenticationError::Version { version: *version }),
    }
    let malformed = |_| FramingError::Malformed { found: "a signature packet that cannot be read" };
    Ok(Signature::from_bytes(body).map_err(malformed)?)
}

/// The payload of `content` and what its signature packet says, where it can be read: nobody has vouched for either.
pub(crate) fn unverified(content: &[u8]) -> Result<(Vec<u8>, Option<SignatureFacts>), FramingError> {
    let message = Message::parse(content)?;
    let facts = parse(&message.signature).ok().map(|signature| SignatureFacts {
        issuer: issuer(&signature).ok().flatten(),
        created: signature.signature_creation_time().map(policy::date_time),
        packet: format!("version {}, {}, {}", signature.version(), signature.pk_algo(), signature.hash_algo()),
    });
    Ok((message.payload, facts))
}

/// What an unverified signature packet says, for display.
#[derive(Clone, Debug)]
pub(crate) struct SignatureFacts {
    pub(crate) issuer: Option<KeyId>,
    pub(crate) created: Option<DateTime<Utc>>,
    pub(crate) packet: String,
}

/// What a signature packet says about itself.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) created: DateTime<Utc>,
    pub(crate) expires: Option<DateTime<Utc>>,
    issuer: Option<KeyId>,
}

impl Facts {
    /// Reads the packet, refusing what is refused whoever signed.
    fn of(signature: &Signature, rules: &Rules) -> Result<Self, AuthenticationError> {
        if signature.version() == 3 && rules.v3_signatures == Legacy::Reject {
            return Err(AuthenticationError::Version { version: 3 });
        }
        if signature.typ() != SignatureType::Binary {
            return Err(AuthenticationError::Type { found: signature.typ().to_string() });
        }
        match policy::payload_hash(signature.hash_algo()) {
            Strength::Strong => {}
            Strength::Weak(algorithm) => return Err(AuthenticationError::WeakHash { algorithm }),
            Strength::Unsupported(algorithm) => return Err(AuthenticationError::UnsupportedHash { algorithm }),
        }
        let malformed = |found| AuthenticationError::Framing(FramingError::Malformed { found });
        for tag in [
            SubpacketTag::SignatureCreationTime,
            SubpacketTag::SignatureExpirationTime,
            SubpacketTag::IssuerFingerprint,
        ] {
            if signature.hashed_area().subpackets(tag).count() > 1 {
                return Err(malformed("a signature that says the same thing twice"));
            }
        }
        for subpacket in signature.hashed_area().iter().filter(|subpacket| subpacket.critical()) {
            if let Some(name) = not_understood(subpacket.value()) {
                return Err(AuthenticationError::Critical { name });
            }
        }
        let created = signature.signature_creation_time().ok_or(malformed("a signature without a creation time"))?;
        Ok(Self {
            created: policy::date_time(created),
            expires: signature.signature_expiration_time().map(policy::date_time),
            issuer: issuer(signature)?,
        })
    }
}

/// The name of a critical subpacket that a verifier of documents does not act upon: to ignore it would be wrong.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may learn of more, and what is not listed is refused")]
fn not_understood(value: &SubpacketValue) -> Option<String> {
    match value {
        SubpacketValue::SignatureCreationTime(_)
        | SubpacketValue::SignatureExpirationTime(_)
        | SubpacketValue::Issuer(_)
        | SubpacketValue::IssuerFingerprint(_)
        | SubpacketValue::SignersUserID(_)
        | SubpacketValue::PolicyURI(_) => None,
        SubpacketValue::NotationData(notation) => Some(format!("notation `{}`", notation.name())),
        other => Some(format!("subpacket `{}`", other.tag())),
    }
}

/// The key ID of the issuer, wherever it stands. One signature has one issuer.
fn issuer(signature: &Signature) -> Result<Option<KeyId>, AuthenticationError> {
    let mut ids = signature.get_issuers().into_iter().map(|handle| {
        let mut octets = [0; 8];
        let id = sequoia_openpgp::KeyID::from(handle);
        octets.iter_mut().zip(id.as_bytes()).for_each(|(to, from)| *to = *from);
        KeyId::new(octets)
    });
    let Some(first) = ids.next() else { return Ok(None) };
    if ids.any(|other| other != first) {
        return Err(FramingError::Malformed { found: "a signature that names two issuers" }.into());
    }
    Ok(Some(first))
}

/// What is announced before the payload must be what follows it.
fn agrees(announced: &OnePass, signature: &Signature, facts: &Facts) -> Result<(), FramingError> {
    let issuer = match &announced.issuer {
        OnePassIssuer::KeyId(octets) => {
            signature.version() != 6 && facts.issuer.is_none_or(|id| id == KeyId::new(*octets))
        }
        OnePassIssuer::Fingerprint { fingerprint, salt } => {
            signature.version() == 6
                && signature.salt() == Some(salt)
                && facts.issuer.is_none_or(|id| id == Fingerprint::new(fingerprint).key_id())
        }
    };
    let same = announced.signature_type == u8::from(signature.typ())
        && announced.hash_algorithm == u8::from(signature.hash_algo())
        && announced.key_algorithm == u8::from(signature.pk_algo());
    if issuer && same {
        return Ok(());
    }
    Err(FramingError::Malformed { found: "a one-pass signature packet that announces another signature" })
}

/// The trusted keys that may have made the signature: those of the issuer's key ID. What the record says can narrow them
/// down, and never stands in for an issuer that the signature does not name: whoever may write the object may write it.
fn candidates<'a>(
    hint: Option<&KeyHint>,
    issuer: Option<KeyId>,
    keyring: &'a Keyring,
) -> Result<Vec<Candidate<'a>>, AuthenticationError> {
    let issuer = issuer.ok_or(AuthenticationError::NoIssuer)?;
    let mut candidates: Vec<_> = keyring.keys_with_id(issuer).collect();
    if let Some(hint) = hint {
        candidates.retain(|candidate| candidate.certificate.has_key(hint));
    }
    match hint {
        _ if !candidates.is_empty() => Ok(candidates),
        Some(hint) if !hint.to_string().contains(&issuer.to_string()) => {
            Err(AuthenticationError::HintMismatch { hint: hint.to_string(), issuer })
        }
        _ => Err(AuthenticationError::UnknownKey { key: issuer }),
    }
}

/// The digest that is signed: salt, payload, and the hashed part of the signature packet.
fn digest(signature: &Signature, payload: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
    let unsupported = |_| AuthenticationError::UnsupportedHash { algorithm: signature.hash_algo().to_string() };
    let mut context = signature.hash_algo().context().map_err(unsupported)?.for_signature(signature.version());
    if let Some(salt) = signature.salt() {
        if signature.hash_algo().salt_size().ok() != Some(salt.len()) {
            return Err(FramingError::Malformed { found: "a signature whose salt has the wrong size" }.into());
        }
        context.update(salt);
    }
    context.update(payload);
    signature.hash(&mut context).map_err(unsupported)?;
    context.into_digest().map_err(unsupported)
}

/// Whether the key made the signature.
fn fits(signature: &Signature, candidate: &Candidate<'_>, digest: &[u8]) -> bool {
    let key = &candidate.key.key;
    // Version 6 keys make version 6 signatures, and no others do (RFC 9580, section 5.2.3).
    (signature.version() == 6) == (key.version() == 6)
        && signature.pk_algo() == key.pk_algo()
        && candidate.key.operation.made(key, signature, digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_what_follows() {
        for file in ["good.v6.sig", "good.ed25519.sig"] {
            let message = Message::parse(&std::fs::read(format!("testdata/signatures/{file}")).unwrap()).unwrap();
            let signature = parse(&message.signature).unwrap();
            let facts = Facts::of(&signature, &Rules::default()).unwrap();
            let with = |issuer| agrees(&OnePass { issuer, ..message.one_pass }, &signature, &facts).is_ok();
            match message.one_pass.issuer {
                OnePassIssuer::KeyId(ref id) => {
                    assert!(with(OnePassIssuer::KeyId(*id)));
                    assert!(!with(OnePassIssuer::KeyId([0; 8])));
                    let none = OnePassIssuer::Fingerprint { fingerprint: vec![0; 32], salt: Vec::new() };
                    assert!(!with(none));
                }
                OnePassIssuer::Fingerprint { ref fingerprint, ref salt } => {
                    let (fingerprint, salt) = (fingerprint.clone(), salt.clone());
                    // The key ID of version 6: what a packet of version 3 would say of the same key.
                    assert!(!with(OnePassIssuer::KeyId(*fingerprint.first_chunk().unwrap())));
                    assert!(with(OnePassIssuer::Fingerprint { fingerprint: fingerprint.clone(), salt: salt.clone() }));
                    assert!(!with(OnePassIssuer::Fingerprint { fingerprint: vec![0; 32], salt: salt.clone() }));
                    assert!(!with(OnePassIssuer::Fingerprint { fingerprint, salt: vec![0; salt.len()] }));
                }
            }
        }
    }
}
