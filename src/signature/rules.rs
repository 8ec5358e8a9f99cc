//! What is accepted where peers and practice differ: each choice is one field, with the strictest default that
//! still accepts what genuine signers do today. `ARCHITECTURE.md` has the table.

use chrono::TimeDelta;

use crate::image::Schema1;
use crate::signature::{IdentityRule, PayloadProfile};

/// The choices in force for a verification.
///
/// The default is what an admin should want; every other value is an explicit choice, and what it lets through is
/// reported as a [`Note`](crate::signature::Note).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// When a signer's key must be valid.
    pub key_validity: KeyValidity,
    /// What becomes of a certificate that is bound by SHA-1 self-signatures.
    pub sha1_self_signatures: Legacy,
    /// What becomes of version 3 signature packets.
    pub v3_signatures: Legacy,
    /// What becomes of a signature that is older than the self-signature which binds its key.
    pub late_bindings: Legacy,
    /// How far a signature may lie in the future of the time of verification.
    pub clock_skew: TimeDelta,
    /// The grammar of the payload.
    pub payload_profile: PayloadProfile,
    /// Which images a signed reference may stand for.
    pub identity: IdentityRule,
    /// What becomes of Docker schema 1 manifests.
    pub schema1: Schema1,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            key_validity: KeyValidity::Now,
            // Red Hat's release key 2 circulates with one, and signed by version 3 packets until 2022.
            sha1_self_signatures: Legacy::Accept,
            v3_signatures: Legacy::Accept,
            // Nobody's current practice needs it: the genuine certificates carry the binding they signed under.
            late_bindings: Legacy::Reject,
            clock_skew: TimeDelta::seconds(300),
            payload_profile: PayloadProfile::Containers,
            identity: IdentityRule::MatchRepoDigestOrExact,
            schema1: Schema1::Refused,
        }
    }
}

/// When the key of a signer must be valid: neither expired nor revoked.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyValidity {
    /// When the signature was made, and at the time of verification. The time of a signature is the signer's word:
    /// a thief of an expired key can choose it. What GnuPG and so skopeo, podman and CRI-O demand.
    #[default]
    Now,
    /// When the signature was made; for archives. A key that is known or feared to be compromised ("hard" revoked)
    /// is refused all the same.
    WhenSigned,
}

/// What becomes of a practice that is on its way out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Legacy {
    /// Accepted, and reported.
    Accept,
    /// Rejected.
    Reject,
}
