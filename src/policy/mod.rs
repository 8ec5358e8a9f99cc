//! What the cluster demands: scopes, requirements, and the decision that they lead to.

mod cluster;
mod context;
mod decision;
pub mod document;
mod evaluate;
mod explain;
mod lookup;
mod requirement;
mod rule;
mod scope;
mod usefulness;

pub(crate) use cluster::Governor;
pub use cluster::Policy;
pub(crate) use context::Governing;
pub use context::{Context, Namespace, Transport};
pub use decision::{Decision, Effect};
/// The strict reader of documents, for those that are no policies.
#[cfg(feature = "cli")]
pub(crate) use document::{
    field::{Field, Members, suggestion},
    sink::Sink,
    written::Written,
};
pub use evaluate::Truth;
pub(crate) use evaluate::{Case, evaluate};
pub use explain::{Counted, Explanation};
pub use lookup::{Governs, Lookup};
pub use requirement::{Demand, NonEmpty, Requirement};
pub use rule::{Exemption, Mode, Rule};
#[cfg(feature = "cli")]
pub(crate) use scope::NamePattern;
pub use scope::registry_scopes;
