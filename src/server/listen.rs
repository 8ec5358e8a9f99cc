//! Taking connections, over TLS and in plain text.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::server::connection;
use crate::server::state::State;
use crate::server::tls::{self, Tls};

/// How long a client has for its handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// How long nothing is taken after an error of the machine, such as too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// The most connections in plain text.
const PLAIN_CONNECTIONS: usize = 64;

/// Takes connections over TLS until `stop` says so. `open` is given to each for as long as it lasts.
pub(super) async fn secure(
    listener: TcpListener,
    state: Arc<State>,
    certificates: Arc<Tls>,
    router: Router,
    open: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    while let Some(stream) = next(&listener, &mut stop).await {
        // A connection more than there may be is closed: to keep it waiting would only hide that.
        let Ok(leave) = open.clone().try_acquire_owned() else {
            state.metrics.refused_connections.with_label_values(&["too-many"]).inc();
            continue;
        };
        let (state, router, stop) = (Arc::clone(&state), router.clone(), stop.clone());
        let acceptor = TlsAcceptor::from(certificates.config());
        tokio::spawn(async move {
            state.metrics.connections.inc();
            one(stream, acceptor, &state, router, stop).await;
            state.metrics.connections.dec();
            drop(leave);
        });
    }
}

async fn one(stream: TcpStream, acceptor: TlsAcceptor, state: &State, router: Router, stop: watch::Receiver<bool>) {
    // Answers are small and wanted now.
    let _ = stream.set_nodelay(true);
    let refused = |reason: &str| state.metrics.refused_connections.with_label_values(&[reason]).inc();
    let stream = match timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "no handshake");
            return refused("handshake");
        }
        Err(_) => return refused("slow-handshake"),
    };
    let (_, session) = stream.get_ref();
    if !tls::is_welcome(session, &state.config.tls.client_names) {
        tracing::warn!("a client has none of the names that clients may have");
        return refused("client-name");
    }
    let is_http2 = session.alpn_protocol() == Some(b"h2");
    connection::serve(stream, is_http2, router, stop).await;
}

/// The next connection; `None` when `stop` says so.
async fn next(listener: &TcpListener, stop: &mut watch::Receiver<bool>) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return None,
        };
        match accepted {
            Ok((stream, _)) => return Some(stream),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Takes connections in plain text until `stop` says so.
pub(super) async fn plain(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let open = Arc::new(Semaphore::new(PLAIN_CONNECTIONS));
    while let Some(stream) = next(&listener, &mut stop).await {
        let Ok(leave) = open.clone().try_acquire_owned() else { continue };
        tokio::spawn(plain_one(stream, router.clone(), stop.clone(), leave));
    }
}

async fn plain_one(stream: TcpStream, router: Router, stop: watch::Receiver<bool>, leave: OwnedSemaphorePermit) {
    connection::serve(stream, false, router, stop).await;
    drop(leave);
}
