//! What vouches for an image: OpenPGP signatures, the claims in them, and the evidence that they make.

mod claims;
mod code;
mod condition;
mod evidence;
mod fingerprint;
mod identity;
mod keyring;
mod note;
mod openpgp;
mod record;
mod rejection;
mod rules;
mod signer;
mod unverified;

pub use claims::{Claims, ClaimsError, PAYLOAD_LIMIT, PayloadProfile, UnverifiedClaims};
pub use code::Code;
pub use condition::conditions;
pub use evidence::{Evidence, Outcome, Subject, Trust};
pub use fingerprint::{Fingerprint, KeyHint, KeyHintError, KeyId};
pub use identity::{IdentityMismatch, IdentityRule, IdentityRuleError, MismatchReason, RemapIdentity};
pub use keyring::{CertificateSummary, KEY_FILE_LIMIT, KeySummary, Keyring, KeyringBuilder, KeyringError, NotAKeyFile};
pub use note::Note;
pub use openpgp::error::AuthenticationError;
pub use openpgp::framing::FramingError;
pub use openpgp::message::{CONTENT_LIMIT, INFLATED_LIMIT, SIGNATURE_PACKET_LIMIT, SUBPACKET_LIMIT};
pub use record::RecordError;
pub(crate) use record::rfc3339;
pub(crate) use rejection::anchor_code;
pub use rejection::{Rejection, Undecided};
pub use rules::{KeyValidity, Legacy, Rules};
pub use signer::Signer;
pub use unverified::Unverified;
