//! How the server is: for those who route to it, and those who look after it.

use std::sync::Arc;

use axum::extract::{RawQuery, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::server::routes::{json_response, refusal, text_response};
use crate::server::state::{State, now};

/// Whether requests should be sent here. With `?verbose`, each check by itself; a change that could not come into force
/// is told, and does not keep the last good state from being served.
pub(super) async fn ready(Shared(state): Shared<Arc<State>>, RawQuery(query): RawQuery) -> Response {
    let problems = state.problems();
    let has_ended = problems.certificate_ends.is_some_and(|ends| ends <= now());
    let mut checks = vec![
        (!state.is_draining(), "not-draining", String::new()),
        (!has_ended, "tls-certificate", if has_ended { "it has expired".to_owned() } else { String::new() }),
    ];
    let is_ready = checks.iter().all(|(good, ..)| *good);
    let (status, headline) = if is_ready {
        (StatusCode::OK, "readyz check passed")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "readyz check failed")
    };
    let is_verbose = query.is_some_and(|query| query.split('&').any(|part| part.split('=').next() == Some("verbose")));
    if !is_verbose {
        return refusal(status, if is_ready { "ok" } else { "not ready" });
    }
    let generation = state.generation();
    checks.push((true, "policy", format!("generation {}, {}", generation.number, generation.policy_name)));
    let informative = [("policy", problems.policy), ("images", problems.images), ("tls", problems.tls)];
    let mut text = String::new();
    for (good, name, said) in &checks {
        let (sign, space) = (if *good { '+' } else { '-' }, if said.is_empty() { "" } else { ": " });
        text.push_str(&format!("[{sign}]{name} {}{space}{said}\n", if *good { "ok" } else { "failed" }));
    }
    for (name, problem) in informative {
        if let Some(problem) = problem {
            let problem = crate::report::Escaped(&problem).to_string();
            text.push_str(&format!("[!]{name}-reload the last good state is kept: {problem}\n"));
        }
    }
    refusal(status, &format!("{text}{headline}"))
}

pub(super) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    text_response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", state.metrics.text())
}

pub(super) async fn version() -> Response {
    json_response(StatusCode::OK, &json!({ "name": "vidimus", "version": env!("CARGO_PKG_VERSION") }))
}
