//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// How long a client may take to say what it wants, and be silent between two requests over HTTP/1.1.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// The largest head of a request.
const HEADER_LIMIT: u32 = 16 << 10;

/// The most requests over one connection at a time.
const STREAMS: u32 = 256;

/// How long a silent client over HTTP/2 is left alone, and how long it has to answer then.
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_TIME: Duration = Duration::from_secs(10);

/// Serves a connection until it ends, or until `stop` says so and what is under way is done.
pub(super) async fn serve<S>(stream: S, is_http2: bool, router: Router, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let response: Result<Response<Body>, Infallible> = router.oneshot(request.map(Body::new)).await;
            response
        }
    });
    let stream = TokioIo::new(stream);
    // An error is the client's way of going; there is nobody to tell.
    if is_http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_header_list_size(HEADER_LIMIT)
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING_AFTER)
            .keep_alive_timeout(PING_TIME);
        let connection = builder.serve_connection(stream, service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .max_buf_size(usize::try_from(HEADER_LIMIT).unwrap_or(usize::MAX));
        let connection = builder.serve_connection(stream, service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
