//! What a server is told when it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::admission::{Kinds, Unchanged};
use crate::signature::Rules;

/// What a server is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where webhooks are served, over TLS.
    pub listen: SocketAddr,
    /// Where health and metrics are served, in plain text.
    pub plain: SocketAddr,
    /// Certificates and keys of the server itself.
    pub tls: TlsFiles,
    /// What requests are judged by.
    pub judged: Judged,
    /// A file with the bearer token of those who may read images; without one nobody may.
    pub read_token: Option<PathBuf>,
    /// How much is taken on at a time.
    pub bounds: Bounds,
    /// How often files are looked at for changes.
    pub reload: Duration,
    /// How long requests are still taken after the order to stop, while endpoints learn of it.
    pub shutdown_delay: Duration,
    /// How long requests under way may take after that.
    pub drain: Duration,
}

/// Certificates and keys of the server itself, in PEM. They are read again when they change.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificates: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// Who vouches for clients; without one, clients show no certificate.
    pub client_ca: Option<PathBuf>,
    /// The names that clients may have, as common or alternative name; without any, every certificate of the authority is
    /// good.
    pub client_names: Vec<String>,
}

/// What requests are judged by.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Policy documents and directories of them.
    pub policy: Vec<PathBuf>,
    /// Key files and directories of them, where there is no policy.
    pub keys: Vec<PathBuf>,
    /// Exports.
    pub images: Vec<String>,
    /// Where resources have their images.
    pub kinds: Kinds,
    /// What becomes of images that an update leaves as they were.
    pub unchanged: Unchanged,
    /// The rules that a policy leaves open.
    pub rules: Rules,
}

/// How much is taken on at a time. What is beyond that is turned away at once: a late answer is worth nothing.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections.
    pub connections: usize,
    /// Requests that are answered or wait for it.
    pub requests: usize,
    /// Requests that are computed at a time.
    pub workers: usize,
}
