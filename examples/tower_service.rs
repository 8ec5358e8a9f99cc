//! The gate as a tower service, to be put behind the layers that a controller has already: limits, timeouts, traces.
//!
//! `cargo run --features server --example tower-service` answers one request of the test data.
#![expect(clippy::print_stdout, reason = "an example that shows something")]

use std::error::Error;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use tower::{Service, ServiceExt as _};
use vidimus::Verifier;
use vidimus::admission::{Gate, Hook, Kinds, Review, ReviewError};
use vidimus::source::{self, Index};

/// Judges reviews: bytes in, the review to send out. `None` is a call that must fail, so that the failure policy decides.
#[derive(Clone)]
struct Judging {
    verifier: Arc<Verifier>,
    images: Arc<Index>,
    kinds: Arc<Kinds>,
}

impl Service<Vec<u8>> for Judging {
    type Response = Option<String>;
    type Error = ReviewError;
    type Future = Ready<Result<Option<String>, ReviewError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ReviewError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, review: Vec<u8>) -> Self::Future {
        let answer = Review::read(&review, &self.kinds).map(|review| {
            let gate = Gate::new(&self.verifier, &*self.images, &self.kinds, SystemTime::now().into());
            gate.judge(&review, Hook::Validate).review().map(|review| review.to_string())
        });
        ready(answer)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let policy = source::policy::policy(&["testdata/admission/policy.yaml".into()], SystemTime::now().into())?;
    let images = Index::load(&["testdata/admission/export.json".to_owned()], false)?;
    let judging = Judging {
        verifier: Arc::new(Verifier::with_policy(policy, vidimus::Rules::default())),
        images: Arc::new(images),
        kinds: Arc::new(Kinds::default()),
    };
    let answer = judging.oneshot(std::fs::read("testdata/admission/bypass.ephemeral-container.json")?).await?;
    println!("{}", answer.as_deref().unwrap_or("no answer"));
    Ok(())
}
