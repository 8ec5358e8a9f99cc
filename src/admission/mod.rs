//! Requests to an API server: an `AdmissionReview` in, an answer out.
//!
//! A [`Review`] is read with the [`Kinds`] that say where resources have their images; a [`Gate`] judges it by a
//! [`Verifier`](crate::verifier::Verifier) and the [`Images`] that are known, as of a time; the [`Answer`] is written as
//! a review again. Nothing is kept between two requests, and nothing that a requester can write is believed.
//!
//! What is judged is every image that would be pulled, as nodes pull it: under the name in the request, by its digest.
//! `docs/manual/admission.md` lists the rules, among them the few things that pass without being judged.

mod answer;
mod gate;
mod index;
mod judgement;
mod kinds;
mod message;
mod provider;
mod reason;
mod review;
mod spelling;
mod standing;
mod workload;

pub use answer::{Answer, JudgedImage, Ruling};
pub use gate::{Gate, Hook};
pub use index::{Images, NoImages, Resolution};
pub use judgement::Judgement;
pub use kinds::{KindError, Kinds};
pub use message::MESSAGE_LIMIT;
pub use provider::{ProviderError, gatekeeper, plain};
pub use reason::Reason;
pub use review::{Operation, REVIEW_LIMIT, Review, ReviewError};
pub use standing::Unchanged;
pub use workload::IMAGES_PER_REVIEW;
