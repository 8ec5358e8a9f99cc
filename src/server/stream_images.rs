//! `GET …/namespaces/{namespace}/imagestreamimages/{name}`, as the API of OpenShift specifies it, with what its page
//! promises and its server does not do: conditions and informative fields that are read from the signatures.

use std::fs;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::image::{Carrier, Digest, Rewrite, pretty};
use crate::policy::{Context, Namespace, Transport};
use crate::server::generation::Generation;
use crate::server::routes::{json_response, text_response};
use crate::server::state::{State, now};

/// Members that the API leaves empty.
const BLANK: [&str; 2] = ["dockerImageManifest", "dockerImageConfig"];

/// Answers whoever has the token.
pub(super) async fn get(state: Arc<State>, namespace: String, name: String, request: Request<Body>) -> Response {
    if !may_read(&state, &request) {
        return status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized", Value::Null);
    }
    let is_pretty = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .any(|pair| matches!(pair.split_once('='), Some(("pretty", value)) if value != "false" && value != "0"));
    let Ok(_leave) = state.workers.acquire().await else { return not_found(&name) };
    let generation = state.generation();
    let made = tokio::task::spawn_blocking(move || {
        let made = make(&generation, &namespace, &name);
        (made, name)
    });
    match made.await {
        Ok((Some(object), _)) => {
            let text = object.to_string();
            text_response(StatusCode::OK, "application/json", if is_pretty { pretty(&text) } else { text })
        }
        Ok((None, name)) => not_found(&name),
        Err(_) => {
            state.metrics.panics.inc();
            status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the program failed", Value::Null)
        }
    }
}

/// Whether a request has the token. Hashes are compared, so that the time it takes tells nothing about the token.
fn may_read(state: &State, request: &Request<Body>) -> bool {
    let Some(path) = &state.config.read_token else { return false };
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(given) = given.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
    // Read each time, so that a new token counts at once.
    let Ok(token) = fs::read(path) else { return false };
    let token = token.trim_ascii();
    !token.is_empty() && Sha256::digest(token) == Sha256::digest(given.trim().as_bytes())
}

/// The object, with what verification finds now.
fn make(generation: &Generation, namespace: &str, name: &str) -> Option<Value> {
    let (stream, digest) = name.split_once('@')?;
    let digest: Digest = digest.parse().ok()?;
    let image = generation.index.stream_image(namespace, stream, &digest)?;
    let metadata = json!({ "name": name, "namespace": namespace });
    let object = format!(
        r#"{{"kind":"ImageStreamImage","apiVersion":"image.openshift.io/v1","metadata":{metadata},"image":{image}}}"#
    );
    let Carrier::Image(carried) = Carrier::read(&object).ok()? else { return None };
    let labels = generation.images.namespace_labels(namespace);
    let context =
        Context { namespace: Some(Namespace { name: namespace.to_owned(), labels }), transport: Transport::Docker };
    let verdict = generation.verifier.verify_in(&carried.image, &context, now());
    let mut rewrite = Rewrite::default();
    for (index, update) in verdict.updates().into_iter().enumerate() {
        rewrite.signature(index, update);
    }
    let mut object: Value = serde_json::from_str(&rewrite.apply(&object).ok()?).ok()?;
    for member in BLANK {
        if let Some(value) = object.get_mut("image").and_then(|image| image.get_mut(member)) {
            *value = "".into();
        }
    }
    Some(object)
}

fn not_found(name: &str) -> Response {
    let message = format!("imagestreamimages.image.openshift.io \"{name}\" not found");
    let details = json!({ "name": name, "group": "image.openshift.io", "kind": "imagestreamimages" });
    status(StatusCode::NOT_FOUND, "NotFound", &message, details)
}

fn status(code: StatusCode, reason: &str, message: &str, details: Value) -> Response {
    let mut status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code.as_u16(),
    });
    if !details.is_null()
        && let Some(status) = status.as_object_mut()
    {
        status.insert("details".to_owned(), details);
    }
    json_response(code, &status)
}
