//! What is served where.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use serde_json::Value;

use crate::admission::Hook;
use crate::server::admit::{Question, answer};
use crate::server::health;
use crate::server::state::State;
use crate::server::stream_images;

/// What is served over TLS.
pub(super) fn secure(state: Arc<State>) -> Router {
    Router::new()
        .route("/validate", asks(Question::Hook(Hook::Validate)))
        .route("/mutate", asks(Question::Hook(Hook::Mutate)))
        .route("/warn", asks(Question::Hook(Hook::Warn)))
        .route("/audit", asks(Question::Hook(Hook::Audit)))
        .route("/v1/verify", asks(Question::Plain))
        .route("/gatekeeper/v1/verify", asks(Question::Gatekeeper))
        .route(
            "/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamimages/{name}",
            get(
                |Shared(state): Shared<Arc<State>>,
                 Path((namespace, name)): Path<(String, String)>,
                 request: Request| { stream_images::get(state, namespace, name, request) },
            ),
        )
        .fallback(async || refusal(StatusCode::NOT_FOUND, "nothing is served here"))
        .with_state(state)
}

/// What is served in plain text: nothing of it tells about images.
pub(super) fn plain(state: Arc<State>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/healthz", get(health::ready))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/version", get(health::version))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "nothing is served here"))
        .with_state(state)
}

fn asks(question: Question) -> MethodRouter<Arc<State>> {
    post(move |Shared(state): Shared<Arc<State>>, request: Request| answer(state, question, request))
}

pub(super) fn json_response(status: StatusCode, value: &Value) -> Response {
    text_response(status, "application/json", value.to_string())
}

pub(super) fn text_response(status: StatusCode, kind: &'static str, text: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text.into()).into_response()
}

/// A refusal with a sentence that says why, on one line.
pub(super) fn refusal(status: StatusCode, sentence: &str) -> Response {
    text_response(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
}
