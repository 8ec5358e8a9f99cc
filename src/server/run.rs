//! The life of a server: start, serve, stop.

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::admission::Images;
use crate::server::config::Config;
use crate::server::generation::{Generation, hash_images, name, read_policy};
use crate::server::metrics::Metrics;
use crate::server::reload::{self, Seen};
use crate::server::state::{State, now};
use crate::server::tls::{self, Tls};
use crate::server::{listen, routes};
use crate::source::Index;

/// Serves until the process is told to stop (SIGTERM, SIGINT), then lets requests under way end.
///
/// # Errors
///
/// A [`ServeError`] if the server cannot start: it does not serve with a policy that cannot be loaded, or without one.
pub fn serve(config: Config) -> Result<(), ServeError> {
    let threads = config.bounds.workers;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(run(config))?;
    // Work that nobody waits for any more does not keep the process.
    runtime.shutdown_background();
    Ok(())
}

async fn run(config: Config) -> Result<(), ServeError> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let metrics = Metrics::new().map_err(|error| ServeError::Start(error.to_string()))?;
    let (first, seen) = first_generation(&config).map_err(ServeError::Start)?;
    let read = tls::read(&config.tls, now()).map_err(ServeError::Start)?;
    let certificates = Arc::new(Tls::new(read.config));
    let open = config.bounds.connections;
    let (delay, drain, every) = (config.shutdown_delay, config.drain, config.reload);
    let (listener, plain) = (TcpListener::bind(config.listen).await?, std::net::TcpListener::bind(config.plain)?);
    let (address, plain_address) = (listener.local_addr()?, plain.local_addr()?);

    metrics.keys(&first.verifier);
    metrics.certificate_ends.set(read.ends.timestamp());
    metrics.generation.set(1);
    let state = Arc::new(State::new(config, metrics, first));
    state.note(|problems| problems.certificate_ends = Some(read.ends));
    reload::count_images(&state, &state.generation().index);
    let (stop, stopped) = watch::channel(false);
    let connections = Arc::new(Semaphore::new(open));
    let secure = routes::secure(Arc::clone(&state));
    let secure = listen::secure(
        listener,
        Arc::clone(&state),
        Arc::clone(&certificates),
        secure,
        Arc::clone(&connections),
        stopped.clone(),
    );
    let secure = tokio::spawn(secure);
    let (stop_plain, plain_stopped) = watch::channel(false);
    serve_plain(plain, Arc::clone(&state), plain_stopped)?;
    let looking = tokio::spawn(keep_looking(Arc::clone(&state), certificates, seen, every));
    tracing::info!(
        %address,
        plain = %plain_address,
        policy = state.generation().policy_name,
        images = state.generation().index.image_count(),
        version = env!("CARGO_PKG_VERSION"),
        "serving"
    );

    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    tracing::info!("stopping: not ready any more");
    state.drain();
    sleep(delay).await;
    stop.send_replace(true);
    let _ = secure.await;
    let all = u32::try_from(open).unwrap_or(u32::MAX);
    let is_done = timeout(drain, connections.acquire_many(all)).await.is_ok();
    looking.abort();
    stop_plain.send_replace(true);
    tracing::info!(is_done, "stopped");
    Ok(())
}

/// Serves in plain text on a thread of its own: whether the server lives is told also while all others compute.
fn serve_plain(listener: std::net::TcpListener, state: Arc<State>, stop: watch::Receiver<bool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    listener.set_nonblocking(true)?;
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let serve = move || runtime.block_on(listen::plain(listener, routes::plain(state), stop));
    std::thread::Builder::new().name("plain".to_owned()).spawn(serve).map(|_| ())
}

/// Reads everything for the first time.
fn first_generation(config: &Config) -> Result<(Generation, Seen), String> {
    let judged = &config.judged;
    if judged.images.iter().any(|source| source == "-") || judged.policy.iter().any(|path| path.as_os_str() == "-") {
        return Err("standard input cannot be read again, so a server does not take it".to_owned());
    }
    let seen_images = hash_images(&judged.images);
    let read = read_policy(judged, now())?;
    let index = Index::load(&judged.images, config.read_token.is_some()).map_err(|error| error.to_string())?;
    let index = Arc::new(index);
    let images: Arc<dyn Images + Send + Sync> = Arc::<Index>::clone(&index);
    let generation =
        Generation { number: 1, verifier: Arc::new(read.verifier), policy_name: name(&read.hash), images, index };
    // Whatever changed while it was read differs from this, and is read again.
    let seen = Seen { policy: Some(Ok(read.hash)), keys: read.keys, images: Some(seen_images), tls: None };
    Ok((generation, Seen { tls: Some(tls::hash(&config.tls)), ..seen }))
}

/// Looks at the files again and again, on a thread for computing.
async fn keep_looking(state: Arc<State>, certificates: Arc<Tls>, mut seen: Seen, every: std::time::Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (state, certificates, mut looked) = (Arc::clone(&state), Arc::clone(&certificates), seen.clone());
        let look = tokio::task::spawn_blocking(move || {
            reload::look(&state, &certificates, &mut looked);
            looked
        });
        match look.await {
            Ok(looked) => seen = looked,
            Err(error) => tracing::error!(%error, "the program failed while it looked at files"),
        }
    }
}

/// Why a server cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The machine does not let it: an address in use, for example.
    #[error("the server cannot start: {0}")]
    Io(#[from] io::Error),
    /// What it needs cannot be read.
    #[error("the server cannot start: {0}")]
    Start(String),
}
