//! Policy documents: read strictly, with all problems told at once, each with its place.

mod containers_policy;
mod convert;
pub(super) mod field;
mod finding;
mod image_policy;
mod keys;
mod load;
mod signature_policy;
pub(super) mod sink;
pub(super) mod written;

pub use convert::{ConvertError, Grammar, convert};
pub use finding::{Finding, FindingCode, PolicyError, Severity};
pub use keys::{KeyFile, KeyLocation, ReadKeys};
pub use load::PolicyFile;
pub use sink::FINDING_LIMIT;
pub use written::DOCUMENT_LIMIT;
