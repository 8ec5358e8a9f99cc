//! The decision about an image, and the reason that a person should read first.

use std::fmt;

use crate::image::AnchorError;
use crate::policy::Requirement;
use crate::signature::{Code, Evidence, Subject, anchor_code};

/// Allow or deny.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Effect {
    /// The image meets the requirement.
    Allow,
    /// It does not, or that could not be found out.
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// What was decided, and why. It is computed from evidence and cannot disagree with it.
#[derive(Clone, Debug)]
pub struct Decision {
    effect: Effect,
    code: Code,
    reason: String,
}

impl Decision {
    /// Decides about the image that `subject` stands for.
    pub(crate) fn of(requirement: &Requirement, subject: &Subject, all: &[Evidence]) -> Self {
        let effect = if requirement.is_met(all) { Effect::Allow } else { Effect::Deny };
        let headline = match effect {
            Effect::Allow => all.iter().find(|evidence| evidence.is_verified()),
            Effect::Deny => all.iter().rev().max_by_key(|evidence| usefulness(evidence.code())),
        };
        let (code, reason) = match (headline, subject.anchor()) {
            (Some(evidence), _) if evidence.is_verified() && effect == Effect::Deny => {
                (Code::TooFewSigners, requirement.shortfall(all))
            }
            (Some(evidence), _) => (evidence.code(), evidence.message()),
            (None, Ok(_) | Err(AnchorError::Name { .. })) => {
                (Code::NoSignature, "the image carries no signature".to_owned())
            }
            (None, Err(error)) => (anchor_code(error), error.to_string()),
        };
        Self { effect, code, reason }
    }

    /// Allow or deny.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The code of the most useful reason.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The most useful reason, as a sentence.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// How much a reason helps the person who reads it: the nearer to an acceptance, the more.
///
/// An image of Red Hat carries one signature for each of its names. That the other names do not match is worth telling
/// only where nothing came nearer.
fn usefulness(code: Code) -> u8 {
    match code {
        Code::Verified => 100,
        Code::TooFewSigners => 95,
        Code::IdentityMismatch => 90,
        Code::RecordMismatch => 85,
        Code::ConfigMismatch
        | Code::LayersMismatch
        | Code::ManifestListMismatch
        | Code::ManifestMismatch
        | Code::ReferenceDigestMismatch => 80,
        Code::AmbiguousManifest | Code::MalformedManifest | Code::ManifestTooLarge | Code::Schema1Refused => 78,
        Code::NoManifestDigest => 76,
        Code::DigestMismatch => 75,
        Code::InvalidClaims | Code::UnsupportedClaimsType => 70,
        Code::KeyExpired
        | Code::KeyRevoked
        | Code::KeyNotYetValid
        | Code::SignatureExpired
        | Code::SignatureNotYetValid => 65,
        Code::AmbiguousKey | Code::KeyNotBound | Code::KeyNotForSigning | Code::WeakKey | Code::WeakSelfSignature => 60,
        Code::CriticalUnknown
        | Code::UnsupportedAlgorithm
        | Code::UnsupportedSignatureType
        | Code::UnsupportedSignatureVersion
        | Code::WeakHash => 55,
        Code::BadSignature => 50,
        Code::UnknownKey => 45,
        Code::Unsigned => 40,
        Code::ArmoredSignature
        | Code::CleartextSignature
        | Code::DetachedSignature
        | Code::EncryptedMessage
        | Code::SignatureCount
        | Code::TrailingData
        | Code::UnsupportedFraming => 35,
        Code::ContentTooLarge | Code::PayloadTooLarge | Code::TooComplex => 30,
        Code::MalformedSignature => 25,
        Code::MalformedRecord => 20,
        Code::TooManySignatures => 15,
        Code::UnsupportedType => 10,
        Code::NoSignature => 0,
    }
}
