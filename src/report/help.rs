//! What to do about a code.

use crate::signature::Code;

/// What whoever meets the code can do about it, in a sentence or two.
pub(super) fn help(code: Code) -> &'static str {
    match code {
        Code::AcceptAnything | Code::DigestListed | Code::Exempted | Code::Verified => "There is nothing to do.",
        Code::AmbiguousKey => "Remove one of the two certificates from the keyring, the one that does not own the key.",
        Code::BadSignature | Code::DigestMismatch | Code::RecordMismatch => {
            "The object was changed, or the signature is of another image: find out who wrote it, and have the image \
             signed again."
        }
        Code::AmbiguousManifest
        | Code::ConfigMismatch
        | Code::LayersMismatch
        | Code::MalformedManifest
        | Code::ManifestListMismatch
        | Code::ManifestMismatch
        | Code::ReferenceDigestMismatch => {
            "The object contradicts itself: find out who wrote it, and import the image again."
        }
        Code::ManifestTooLarge | Code::NoManifestDigest => {
            "Import the image again, so that its object has the digest and the manifest that the registry serves."
        }
        Code::Schema1Refused => "Push the image in a format of today; `--schema1 accept` is for archives.",
        Code::ArmoredSignature
        | Code::CleartextSignature
        | Code::DetachedSignature
        | Code::EncryptedMessage
        | Code::MalformedRecord
        | Code::MalformedSignature
        | Code::SignatureCount
        | Code::TrailingData
        | Code::Unsigned
        | Code::UnsupportedFormat
        | Code::UnsupportedFraming
        | Code::UnsupportedSignatureType
        | Code::UnsupportedType => {
            "Sign the image with a tool that makes simple signatures, such as `skopeo copy --sign-by`, and store what it \
             writes as it is."
        }
        Code::ContentTooLarge
        | Code::PayloadTooLarge
        | Code::TooComplex
        | Code::TooManyKeys
        | Code::TooManySignatures => {
            "No signature of ordinary practice is beyond this limit: find out who wrote it, and remove what nobody needs."
        }
        Code::CriticalUnknown
        | Code::UnsupportedAlgorithm
        | Code::UnsupportedSignatureVersion
        | Code::WeakHash
        | Code::WeakKey
        | Code::WeakSelfSignature => "Have the image signed with a key and algorithms of today.",
        Code::DigestDenied | Code::DigestNotListed | Code::ExplicitReject | Code::NoMatchingRule => {
            "If the image is to run, the policy has to say so; `vidimus policy explain` shows which rule governs."
        }
        Code::IdentityMismatch => {
            "Have the image signed for this name. If it is a mirror of the one that was signed, let the policy say so, \
             such as by `remapIdentity`."
        }
        Code::InvalidClaims | Code::UnsupportedClaimsType => {
            "The signer signed something else than an image: have the image signed with a tool that makes simple \
             signatures."
        }
        Code::InvalidReference => "Give the object the reference by which the image is pulled.",
        Code::KeyExpired
        | Code::KeyNotBound
        | Code::KeyNotForSigning
        | Code::KeyNotYetValid
        | Code::KeyRevoked
        | Code::SignatureExpired
        | Code::SignatureNotYetValid => {
            "`vidimus keys` shows how the key stands: get its owner's current certificate, or have the image signed \
             again by a key that is valid."
        }
        Code::NoSignature => "Have the image signed, or import it again if signatures were made since.",
        Code::NotSigstore | Code::SigstoreSignature => {
            "Have the image signed by the kind of signature that the policy demands."
        }
        Code::SignatureTooOld => "Have the image signed again, or built anew and signed.",
        Code::SignerNotAccepted | Code::SignerNotTrusted | Code::TooFewSigners => {
            "Have the image signed by the signers that the policy names, or let the policy name those who signed."
        }
        Code::UnknownKey => "If the signer is to be trusted, add the certificate to the keyring.",
        Code::UnknownNamespace => "Say where the image is to run, by `--namespace` and `--namespace-label`.",
        Code::UnsupportedRequirement => "Demand public keys instead: what the policy asks for is not checked yet.",
    }
}
