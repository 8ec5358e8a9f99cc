//! A webhook of one's own: an axum handler around the gate, with a policy that can be replaced while it serves.
//!
//! `cargo run --features server --example axum-handler` answers one request of the test data.
#![expect(clippy::print_stdout, reason = "an example that shows something")]

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use vidimus::admission::{Gate, Hook, Kinds, Review};
use vidimus::source::{self, Index};
use vidimus::{Keyring, Verifier};

/// What requests are judged by: all of it is `Send` and `Sync`, and shared without a lock once it is had.
struct Judge {
    verifier: Verifier,
    images: Index,
    kinds: Kinds,
}

/// Where the judge is that is in force. To replace the policy is to put another `Arc` in its place.
type Shared = Arc<RwLock<Arc<Judge>>>;

async fn validate(State(shared): State<Shared>, body: Bytes) -> Response {
    let judge = Arc::clone(&shared.read().unwrap_or_else(PoisonError::into_inner));
    // Verification computes; it belongs on a thread for that.
    let answered = tokio::task::spawn_blocking(move || {
        let review = Review::read(&body, &judge.kinds).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
        let gate = Gate::new(&judge.verifier, &judge.images, &judge.kinds, SystemTime::now().into());
        let answer = gate.judge(&review, Hook::Validate);
        // Where there is no answer the call fails, and the webhook's failure policy decides.
        answer.review().ok_or_else(|| (StatusCode::INTERNAL_SERVER_ERROR, answer.message()))
    });
    match answered.await {
        Ok(Ok(review)) => ([("content-type", "application/json")], review.to_string()).into_response(),
        Ok(Err((status, message))) => (status, message).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let policy = source::policy::policy(&["testdata/admission/policy.yaml".into()], SystemTime::now().into())?;
    let images = Index::load(&["testdata/admission/export.json".to_owned()], false)?;
    let verifier = Verifier::with_policy(policy, vidimus::Rules::default());
    let shared: Shared = Arc::new(RwLock::new(Arc::new(Judge { verifier, images, kinds: Kinds::default() })));
    let router = Router::new().route("/validate", post(validate)).with_state(Arc::clone(&shared));

    let ask = async || -> Result<String, Box<dyn Error>> {
        let request = std::fs::read("testdata/admission/pod.signed.json")?;
        let request = Request::post("/validate").body(Body::from(request))?;
        let answer = router.clone().oneshot(request).await?.into_body().collect().await?;
        Ok(String::from_utf8(answer.to_bytes().to_vec())?)
    };
    println!("{}", ask().await?);

    // Another policy: only the attacker's key is trusted. Requests under way keep the one that they began with.
    let keyring = std::fs::read("testdata/keys/attacker.asc")?;
    let verifier = Verifier::new(Keyring::from_bytes("attacker.asc", &keyring)?);
    let judge = Judge { verifier, images: Index::default(), kinds: Kinds::default() };
    *shared.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(judge);
    println!("{}", ask().await?);
    Ok(())
}
