//! Which of several reasons to tell first.

use crate::signature::Code;

/// How much a reason helps the person who reads it: the nearer to an acceptance, the more.
///
/// An image of Red Hat carries one signature for each of its names. That the other names do not match is worth telling
/// only where nothing came nearer.
pub(super) fn usefulness(code: Code) -> u8 {
    match code {
        Code::Verified => 100,
        Code::Exempted | Code::DigestListed | Code::AcceptAnything => 97,
        Code::UnsupportedRequirement => 96,
        Code::TooFewSigners => 95,
        Code::DigestDenied | Code::ExplicitReject => 94,
        Code::SignatureTooOld | Code::SignerNotTrusted => 93,
        Code::IdentityMismatch => 90,
        Code::SignerNotAccepted => 87,
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
        // The one that counts may be among those that are not looked at.
        Code::TooManySignatures => 47,
        Code::UnknownKey => 45,
        Code::Unsigned => 40,
        Code::ArmoredSignature
        | Code::CleartextSignature
        | Code::DetachedSignature
        | Code::EncryptedMessage
        | Code::SignatureCount
        | Code::TrailingData
        | Code::UnsupportedFormat
        | Code::UnsupportedFraming => 35,
        Code::ContentTooLarge | Code::PayloadTooLarge | Code::TooComplex => 30,
        Code::MalformedSignature => 25,
        Code::MalformedRecord => 20,
        Code::TooManyKeys => 15,
        Code::UnsupportedType => 10,
        // Of a signature of the other kind only the demands of that kind have more to say.
        Code::NotSigstore | Code::SigstoreSignature => 8,
        Code::DigestNotListed => 5,
        Code::InvalidReference | Code::NoMatchingRule | Code::NoSignature | Code::UnknownNamespace => 0,
    }
}
