//! Taking in a request: what it may be, how large, and how long it may take to come.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::admission::REVIEW_LIMIT;
use crate::server::state::{BODY_UNIT, State};

/// The longest that a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Why a request is not taken in: the status, the reason to count, and a sentence.
pub(super) type Refusal = (StatusCode, &'static str, &'static str);

const TOO_LARGE: Refusal = (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is larger than 8 MiB");

const OVERLOADED: Refusal = (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too much is under way");

/// Reads a JSON body, and holds leave for its memory with it. What has not come yet takes none, so that whoever announces
/// much and sends little keeps nobody out.
pub(super) async fn read(
    state: &State,
    headers: &HeaderMap,
    body: Body,
    deadline: Instant,
) -> Result<(Vec<u8>, OwnedSemaphorePermit), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", "the content type must be application/json"));
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", "no content encoding is understood"));
    }
    if body.size_hint().lower() > u64::try_from(REVIEW_LIMIT).unwrap_or(u64::MAX) {
        return Err(TOO_LARGE);
    }
    let end = Instant::now().checked_add(BODY_TIME).map_or(deadline, |end| end.min(deadline));
    match timeout_at(end, collect(state, body)).await {
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "slow-body", "the body did not come in time")),
        Ok(read) => read,
    }
}

async fn collect(state: &State, mut body: Body) -> Result<(Vec<u8>, OwnedSemaphorePermit), Refusal> {
    let mut held = state.bodies.clone().try_acquire_owned().map_err(|_| OVERLOADED)?;
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| (StatusCode::BAD_REQUEST, "broken-body", "the body ended early"))?;
        // Trailers say nothing here.
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len().saturating_add(data.len());
        if length > REVIEW_LIMIT {
            return Err(TOO_LARGE);
        }
        let wanted = length.div_ceil(BODY_UNIT).saturating_sub(held.num_permits());
        if let Some(wanted) = u32::try_from(wanted).ok().filter(|wanted| *wanted > 0) {
            held.merge(state.bodies.clone().try_acquire_many_owned(wanted).map_err(|_| OVERLOADED)?);
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, held))
}
