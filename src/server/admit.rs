//! From the bytes of a request to its answer: on the thread that read them, if they are few, or on one for computing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant as Clock};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::admission::{Answer, Gate, Hook, ProviderError, Review, Ruling};
use crate::server::generation::Generation;
use crate::server::routes::{json_response, refusal};
use crate::server::state::{State, now};
use crate::server::{body, deadline};

/// The largest request that is computed where it was read, in bytes. A review of a Pod has a tenth of it; handing it to
/// another thread and back takes as long as judging it.
const SMALL: usize = 64 << 10;

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    Gatekeeper,
    Hook(Hook),
    Plain,
}

impl Question {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Gatekeeper => "gatekeeper",
            Self::Hook(hook) => hook.as_str(),
            Self::Plain => "verify",
        }
    }
}

/// A request that is being computed.
struct Work {
    state: Arc<State>,
    generation: Arc<Generation>,
    question: Question,
    bytes: Vec<u8>,
    end: Clock,
    /// The identifier of the request, once it is known: an answer is possible then, whatever happens.
    uid: Arc<OnceLock<String>>,
}

/// Answers a request, or turns it away at once.
pub(super) async fn answer(state: Arc<State>, question: Question, request: Request<Body>) -> Response {
    let started = Clock::now();
    let counted = UnderWay::count(&state);
    let response = admitted(&state, question, request, started).await;
    drop(counted);
    state.metrics.took(question.path(), started.elapsed());
    response
}

/// A request that is under way, also when its client goes and nobody waits for the answer.
struct UnderWay(Arc<State>);

impl UnderWay {
    fn count(state: &Arc<State>) -> Self {
        state.metrics.inflight.inc();
        Self(Arc::clone(state))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.metrics.inflight.dec();
    }
}

async fn admitted(state: &Arc<State>, question: Question, request: Request<Body>, started: Clock) -> Response {
    let (head, body) = request.into_parts();
    let time: Duration = deadline::of(head.uri.query());
    let end = started.checked_add(time).unwrap_or(started);
    let deadline = Instant::from_std(end);
    let (bytes, held) = match body::read(state, &head.headers, body, deadline).await {
        Ok(read) => read,
        Err((status, reason, sentence)) => return turned_away(state, status, reason, sentence),
    };
    // Only what has come in full takes a place among those that wait.
    let Ok(place) = state.requests.clone().try_acquire_owned() else {
        return turned_away(state, StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too much is under way");
    };
    let late = |state| turned_away(state, StatusCode::SERVICE_UNAVAILABLE, "late", "there was no time left");
    let Ok(Ok(leave)) = timeout_at(deadline, state.workers.clone().acquire_owned()).await else {
        return late(state);
    };
    let uid = Arc::new(OnceLock::new());
    let work =
        Work { state: Arc::clone(state), generation: state.generation(), question, bytes, end, uid: Arc::clone(&uid) };
    let is_small = work.bytes.len() <= SMALL;
    // What it holds it keeps to its end: work that nobody waits for any more counts still.
    let compute = move || {
        let _holds = (leave, held, place);
        work.compute()
    };
    let computed = if is_small {
        catch_unwind(AssertUnwindSafe(compute)).map_err(drop)
    } else {
        match timeout_at(deadline, tokio::task::spawn_blocking(compute)).await {
            Err(_) => return late(state),
            Ok(joined) => joined.map_err(drop),
        }
    };
    computed.unwrap_or_else(|()| failed(state, question, uid.get()))
}

impl Work {
    fn compute(&self) -> Response {
        let has_time = || Clock::now() < self.end;
        let generation = &self.generation;
        let judged = &self.state.config.judged;
        let gate = Gate::new(&generation.verifier, &*generation.images, &judged.kinds, now())
            .with_unchanged(judged.unchanged)
            .with_generation(&generation.policy_name)
            .with_time(&has_time);
        let answered = match self.question {
            Question::Hook(hook) => return self.review(&gate, hook),
            Question::Gatekeeper => crate::admission::gatekeeper(&gate, &self.bytes),
            Question::Plain => crate::admission::plain(&gate, &self.bytes),
        };
        match answered {
            Ok(answer) => json_response(StatusCode::OK, &answer),
            Err(error @ ProviderError::OutOfTime) => {
                self.state.metrics.unanswered("late");
                refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())
            }
            Err(error) => {
                self.state.metrics.unanswered("malformed");
                refusal(StatusCode::BAD_REQUEST, &error.to_string())
            }
        }
    }

    fn review(&self, gate: &Gate<'_>, hook: Hook) -> Response {
        let review = match Review::read(&self.bytes, &self.state.config.judged.kinds) {
            Ok(review) => review,
            Err(error) => {
                self.state.metrics.unanswered("malformed");
                tracing::warn!(hook = hook.as_str(), %error, "no review");
                return refusal(StatusCode::BAD_REQUEST, &error.to_string());
            }
        };
        // Once it is known the request can be denied, whatever becomes of this thread.
        let _ = self.uid.set(review.uid().to_owned());
        let answer = gate.judge(&review, hook);
        self.state.metrics.answered(hook, review.operation(), review.is_dry_run(), &answer);
        self.log(&review, hook, &answer);
        match answer.review() {
            Some(review) => json_response(StatusCode::OK, &review),
            None => {
                self.state.metrics.unanswered("undecided");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, &answer.message())
            }
        }
    }

    fn log(&self, review: &Review, hook: Hook, answer: &Answer) {
        let denial = match answer.ruling() {
            Ruling::Allowed => String::new(),
            Ruling::Denied | Ruling::Undecided => answer.message(),
        };
        tracing::info!(
            hook = hook.as_str(),
            uid = review.uid(),
            operation = review.operation().as_str(),
            resource = review.resource(),
            namespace = review.namespace(),
            dry_run = review.is_dry_run(),
            ruling = answer.ruling().as_str(),
            reason = answer.reason().as_str(),
            images = answer.images().len(),
            decision = answer.decision_id(),
            generation = self.generation.number,
            policy = self.generation.policy_name,
            denial,
            "decided"
        );
    }
}

/// The answer where the program itself failed: a denial, so that no failure policy turns it into leave.
fn failed(state: &State, question: Question, uid: Option<&String>) -> Response {
    state.metrics.panics.inc();
    tracing::error!(path = question.path(), uid, "the program failed in a request");
    let sentence = "the program failed; its log says more";
    match (question, uid) {
        (Question::Hook(_), Some(uid)) => json_response(StatusCode::OK, &denial(uid, sentence)),
        (Question::Hook(_) | Question::Gatekeeper | Question::Plain, _) => {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
    }
}

fn denial(uid: &str, message: &str) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {
            "uid": uid,
            "allowed": false,
            "status": { "status": "Failure", "reason": "InternalError", "code": 500, "message": message },
        },
    })
}

fn turned_away(state: &State, status: StatusCode, reason: &'static str, sentence: &str) -> Response {
    state.metrics.unanswered(reason);
    let mut response = refusal(status, sentence).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("1"));
    }
    response
}
