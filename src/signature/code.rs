//! The vocabulary of outcomes: one name for each, in the two spellings that are in use.

use std::fmt;

use serde::{Serialize, Serializer};

/// Declares the codes with both spellings side by side, so that neither can be forgotten.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $kebab:literal,)+) => {
        /// A stable name for an outcome: kebab-case in reports, CamelCase as the reason of a condition.
        ///
        /// Codes are an interface: they are added to, never renamed.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Both spellings: kebab-case, and CamelCase.
            const fn spellings(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($kebab, stringify!($name)),)+
                }
            }

            /// What the documentation says of it.
            const fn documentation(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+),)+
                }
            }
        }
    };
}

codes! {
    /// The policy accepts any image here, signed or not.
    AcceptAnything "accept-anything",
    /// Two trusted certificates hold the key that made the signature.
    AmbiguousKey "ambiguous-key",
    /// The manifest can be read as two kinds of manifest.
    AmbiguousManifest "ambiguous-manifest",
    /// The content is ASCII-armored text; only the binary form is a stored signature.
    ArmoredSignature "armored-signature",
    /// The signature does not fit the payload and the key.
    BadSignature "bad-signature",
    /// The content uses the cleartext signature framework.
    CleartextSignature "cleartext-signature",
    /// `dockerImageConfig` is not the configuration that the manifest names.
    ConfigMismatch "config-mismatch",
    /// The content of the record is larger than is looked at.
    ContentTooLarge "content-too-large",
    /// The signature carries a critical subpacket or notation that is not understood.
    CriticalUnknown "critical-unknown",
    /// The content is a signature without the data it signs.
    DetachedSignature "detached-signature",
    /// The policy lists the digest as one that must not run.
    DigestDenied "digest-denied",
    /// The policy lists the digest as one that may run.
    DigestListed "digest-listed",
    /// The signature is for another manifest.
    DigestMismatch "digest-mismatch",
    /// The policy lists the digests that may run, and this is none of them.
    DigestNotListed "digest-not-listed",
    /// The content is encrypted.
    EncryptedMessage "encrypted-message",
    /// The policy exempts the image, for a reason and until a day.
    Exempted "exempted",
    /// The policy rejects every image here.
    ExplicitReject "explicit-reject",
    /// The signature is for another image name or tag.
    IdentityMismatch "identity-mismatch",
    /// The payload is not what a container signature says.
    InvalidClaims "invalid-claims",
    /// The image has no valid reference, by which a policy could be looked up.
    InvalidReference "invalid-reference",
    /// The key had expired when it signed, or has since.
    KeyExpired "key-expired",
    /// No acceptable self-signature binds the key to its certificate.
    KeyNotBound "key-not-bound",
    /// The key may not sign data.
    KeyNotForSigning "key-not-for-signing",
    /// The signature claims a time before its key was made.
    KeyNotYetValid "key-not-yet-valid",
    /// The key is revoked.
    KeyRevoked "key-revoked",
    /// `dockerImageLayers` are not the manifest's layers.
    LayersMismatch "layers-mismatch",
    /// The manifest cannot be read.
    MalformedManifest "malformed-manifest",
    /// The signature record itself is broken.
    MalformedRecord "malformed-record",
    /// The content is not a well-formed OpenPGP message or sigstore attachment.
    MalformedSignature "malformed-signature",
    /// `dockerImageManifests` are not the manifests of the list.
    ManifestListMismatch "manifest-list-mismatch",
    /// The manifest does not hash to the image's name.
    ManifestMismatch "manifest-mismatch",
    /// The manifest or configuration is larger than is looked at.
    ManifestTooLarge "manifest-too-large",
    /// Nothing says what the manifest's digest is.
    NoManifestDigest "no-manifest-digest",
    /// No rule of the policy is for this image.
    NoMatchingRule "no-matching-rule",
    /// The image carries no signature.
    NoSignature "no-signature",
    /// The signature is no sigstore one, and sigstore signatures are demanded.
    NotSigstore "not-sigstore",
    /// The payload, or the message once inflated, is larger than is looked at.
    PayloadTooLarge "payload-too-large",
    /// What is written beside the signature contradicts it.
    RecordMismatch "record-mismatch",
    /// `dockerImageReference` names another digest than the image's name.
    ReferenceDigestMismatch "reference-digest-mismatch",
    /// The manifest is of schema 1, which is not accepted unless asked for.
    Schema1Refused "schema1-refused",
    /// The message is signed more than once.
    SignatureCount "signature-count",
    /// The signature has expired.
    SignatureExpired "signature-expired",
    /// The signature claims a time in the future.
    SignatureNotYetValid "signature-not-yet-valid",
    /// The signature is older than the policy accepts.
    SignatureTooOld "signature-too-old",
    /// The signer is trusted, and not for this image.
    SignerNotAccepted "signer-not-accepted",
    /// The policy trusts the signer at another time.
    SignerNotTrusted "signer-not-trusted",
    /// The signature is a sigstore one, and OpenPGP signatures are demanded.
    SigstoreSignature "sigstore-signature",
    /// The message is more deeply nested, or its signature busier, than is looked at.
    TooComplex "too-complex",
    /// Trusted signers vouch for the image, but not as many, or not those, that are demanded.
    TooFewSigners "too-few-signers",
    /// The policy asks for more sigstore keys than are tried.
    TooManyKeys "too-many-keys",
    /// The image carries more signatures than are looked at.
    TooManySignatures "too-many-signatures",
    /// Bytes follow the message.
    TrailingData "trailing-data",
    /// No trusted key has the signature's key ID.
    UnknownKey "unknown-key",
    /// The policy asks for the namespace of the workload or its labels, which are not known.
    UnknownNamespace "unknown-namespace",
    /// The message carries data, but no signature over it.
    Unsigned "unsigned",
    /// The signature or key uses an algorithm that is not supported.
    UnsupportedAlgorithm "unsupported-algorithm",
    /// The payload is a statement of another kind.
    UnsupportedClaimsType "unsupported-claims-type",
    /// The content is stored in a format that is not read.
    UnsupportedFormat "unsupported-format",
    /// The message is put together in a way that stored signatures are not.
    UnsupportedFraming "unsupported-framing",
    /// The policy demands what cannot be checked yet.
    UnsupportedRequirement "unsupported-requirement",
    /// The signature is not one over binary data.
    UnsupportedSignatureType "unsupported-signature-type",
    /// The signature packet is of a version that is not accepted.
    UnsupportedSignatureVersion "unsupported-signature-version",
    /// The record is of a type other than `atomic` and `AtomicImageV1`.
    UnsupportedType "unsupported-type",
    /// The signature verifies and is for this image.
    Verified "verified",
    /// The signature is over a digest by an algorithm that no longer holds.
    WeakHash "weak-hash",
    /// The key is too weak to vouch for anything.
    WeakKey "weak-key",
    /// The certificate is bound by self-signatures that no longer hold.
    WeakSelfSignature "weak-self-signature",
}

impl Code {
    /// The kebab-case spelling, `digest-mismatch`.
    pub const fn as_str(self) -> &'static str {
        self.spellings().0
    }

    /// The CamelCase spelling, `DigestMismatch`: the reason of a condition.
    pub const fn reason(self) -> &'static str {
        self.spellings().1
    }

    /// What it means, as a sentence for whoever meets it in a report.
    pub fn meaning(self) -> &'static str {
        self.documentation().trim()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same_words() {
        for code in Code::ALL {
            assert_eq!(code.as_str().replace('-', ""), code.reason().to_lowercase());
            let words = code.as_str().split('-').count();
            assert_eq!(code.reason().chars().filter(char::is_ascii_uppercase).count(), words);
        }
    }

    #[test]
    fn a_meaning_is_a_sentence() {
        for code in Code::ALL {
            assert!(code.meaning().ends_with('.') && !code.meaning().starts_with(' '), "{code}: {}", code.meaning());
        }
        assert_eq!(Code::Verified.meaning(), "The signature verifies and is for this image.");
    }

    #[test]
    fn are_sorted_and_unique() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }
}
