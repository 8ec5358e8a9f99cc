//! The admission webhook: HTTP, TLS, metrics, reload and shutdown around the [`admission`](crate::admission) room.
//!
//! Nothing in here decides: a handler hands the bytes of a request to the core and sends what comes back. What could not be
//! decided is a failed call. The other files are about the hour when something goes wrong.

mod admit;
mod body;
mod config;
mod connection;
mod deadline;
mod generation;
mod health;
mod listen;
mod metrics;
mod reload;
mod routes;
mod run;
mod state;
mod stream_images;
#[cfg(test)]
mod tests;
mod tls;

pub use config::{Bounds, Config, Judged, TlsFiles};
pub use deadline::go_duration;
pub use run::{ServeError, serve};
/// Where a server listens.
pub use std::net::SocketAddr;
