//! What the cluster demands: requirements, and the decision that they lead to.

mod decision;
mod requirement;

pub use decision::{Decision, Effect};
pub use requirement::{Requirement, SignedBy};
