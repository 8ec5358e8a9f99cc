//! What vouches for an image: the claims that were signed, and the images they may stand for.

mod claims;
mod identity;

pub use claims::{Claims, ClaimsError, PAYLOAD_LIMIT, PayloadProfile, UnverifiedClaims};
pub use identity::{IdentityMismatch, IdentityRule, IdentityRuleError, MismatchReason, RemapIdentity};
