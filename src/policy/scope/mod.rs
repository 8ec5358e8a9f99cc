//! Which rule of a policy governs an image.

mod candidates;
mod transports;

pub(crate) use candidates::above;
pub(crate) use transports::TransportScopes;
