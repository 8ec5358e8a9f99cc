//! Which rule of a policy governs an image.

mod candidates;
mod transports;

pub(crate) use transports::TransportScopes;
