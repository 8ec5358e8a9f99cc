//! Policy documents: read strictly, with all problems told at once, each with its place.

mod containers_policy;
mod field;
mod finding;
mod keys;
mod load;
mod signature_policy;
mod sink;
mod written;

pub(crate) use field::{Field, Members, suggestion};
pub use finding::{Finding, FindingCode, PolicyError, Severity};
pub use keys::{KeyFile, KeyLocation, ReadKeys};
pub use load::PolicyFile;
pub use sink::FINDING_LIMIT;
pub(crate) use sink::Sink;
pub use written::DOCUMENT_LIMIT;
pub(crate) use written::Written;
