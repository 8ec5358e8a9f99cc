//! `vidimus serve`: the admission webhook.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::judging::JudgingOptions;
use crate::server::{self, Bounds, Config, Judged, SocketAddr, TlsFiles, go_duration};

const EXIT_STATUS: &str = "\
Exit status:
  0  the server was told to stop, and has
  2  the server cannot start: usage, a policy, a keyring, an export, a certificate, an address";

/// Serve the admission webhook
///
/// Over TLS: POST /validate, /mutate, /warn and /audit for API servers, /v1/verify and /gatekeeper/v1/verify for other
/// controllers, and the imagestreamimages of the API of OpenShift. In plain text: /livez, /readyz, /metrics, /version.
/// Policy, keys, exports and certificates are read again when they change. The log goes to standard error, as JSON.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Serve {
    /// Where the webhook is served, over TLS
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    listen: SocketAddr,

    /// Where health and metrics are served, in plain text
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    plain: SocketAddr,

    /// The certificate chain of the server, in PEM
    #[arg(long, value_name = "FILE")]
    tls_certificate: PathBuf,

    /// The private key of the server, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: PathBuf,

    /// Who vouches for clients, in PEM; without it clients show no certificate
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,

    /// A name that clients may have; may be given more than once. Without any, every certificate of the authority is good
    #[arg(long = "client-name", value_name = "NAME", requires = "client_ca")]
    client_names: Vec<String>,

    /// A file with the bearer token of those who may read imagestreamimages; without it nobody may
    #[arg(long, value_name = "FILE")]
    read_token: Option<PathBuf>,

    /// How often files are looked at for changes
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    reload: Duration,

    /// How long requests are still taken after SIGTERM, while endpoints learn of it
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    shutdown_delay: Duration,

    /// How long requests under way may take after that
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    drain: Duration,

    /// The most connections
    #[arg(long, value_name = "NUMBER", default_value = "1024")]
    max_connections: NonZeroUsize,

    /// The most requests that are answered or wait for it; more are turned away
    #[arg(long, value_name = "NUMBER", default_value = "256")]
    max_requests: NonZeroUsize,

    /// The most requests that are computed at a time; the number of processors, if not given
    #[arg(long, value_name = "NUMBER")]
    workers: Option<NonZeroUsize>,

    /// How much is logged
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LogLevel,

    #[command(flatten)]
    judging: JudgingOptions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

fn duration(text: &str) -> Result<Duration, String> {
    match go_duration(text) {
        Some(duration) if duration <= Duration::from_secs(86_400) => Ok(duration),
        Some(_) | None => Err("a duration is written as 10s, 1m30s or 500ms, and is a day at most".to_owned()),
    }
}

impl Serve {
    pub(super) fn run(self) -> Result<Status, Error> {
        log_as_json(self.log_level);
        if self.reload < Duration::from_millis(100) {
            return Err(Error::Usage("--reload is at least 100ms".to_owned()));
        }
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let kinds = self.judging.kinds().map_err(Error::Usage)?;
        let unchanged = self.judging.unchanged();
        let config = Config {
            listen: self.listen,
            plain: self.plain,
            tls: TlsFiles {
                certificates: self.tls_certificate,
                key: self.tls_key,
                client_ca: self.client_ca,
                client_names: self.client_names,
            },
            judged: Judged {
                policy: self.judging.policy,
                keys: self.judging.keys,
                images: self.judging.images,
                kinds,
                unchanged,
                rules: self.judging.rules.into(),
            },
            read_token: self.read_token,
            bounds: Bounds {
                connections: self.max_connections.get(),
                requests: self.max_requests.get(),
                workers: self.workers.map_or(processors, NonZeroUsize::get),
            },
            reload: self.reload,
            shutdown_delay: self.shutdown_delay,
            drain: self.drain,
        };
        server::serve(config).map_err(|error| Error::Usage(error.to_string()))?;
        Ok(Status::Allowed)
    }
}

/// Has everything that is logged written to standard error, and a failure of the program with it.
fn log_as_json(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(level)
        .with_target(false)
        .with_writer(std::io::stderr)
        .finish();
    // It is the first of the process.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "the program failed");
    }));
}
