//! The release whose images are trusted for being named in it.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::image::Carrier;
use crate::policy::{Demand, NonEmpty, Requirement};
use crate::signature::Code;
use crate::source::payload::{PayloadError, components};
use crate::source::{Joiner, OpenOptions, SourceError, SourceSpec, open};
use crate::verifier::Verifier;

/// The demand of a run with a release: an accepted signature, or to be named in the release.
///
/// The release image itself is verified first, and only by its signatures; its manifest leads to the layer that names
/// the components.
pub(super) fn requirement(
    spec: &SourceSpec,
    options: &OpenOptions,
    joiner: &mut Joiner,
    verifier: &Verifier,
    at: DateTime<Utc>,
) -> Result<Requirement, ReleaseError> {
    let (mut found, mut failure) = (Vec::new(), None);
    for mut source in open(spec, options) {
        source.read(&mut |item| {
            joiner.join(item, &mut |item| {
                match item.json {
                    Ok(json) => found.push(json.to_owned()),
                    Err(error) => failure = Some(error),
                }
                if failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        });
    }
    if let Some(error) = failure {
        return Err(error.into());
    }
    let [json] = found.as_slice() else { return Err(ReleaseError::Count { found: found.len() }) };
    let Ok(Carrier::Image(carried)) = Carrier::read(json) else { return Err(ReleaseError::Count { found: 0 }) };
    let verdict = verifier.verify(&carried.image, at);
    if !verdict.is_allowed() || verdict.decision().code() != Code::Verified {
        return Err(ReleaseError::Denied { reason: verdict.decision().reason().to_owned() });
    }
    // The signature is for the name, and the anchor holds the manifest against it.
    let digests = components(spec, &carried.image.docker_image_manifest)?;
    let signed = Requirement::new("$.any[0]", Requirement::default().demand().clone());
    let parts = vec![signed, Requirement::new("$.any[1]", Demand::DigestIn(digests))];
    Ok(NonEmpty::new(parts).map_or_else(Requirement::default, |parts| Requirement::new("$", Demand::Any(parts))))
}

/// Why a release vouches for nothing.
#[derive(Debug, Error)]
pub(super) enum ReleaseError {
    #[error("the release has {found} images: expected one; `--platform` chooses one of a list")]
    Count { found: usize },
    #[error("the release image is not trusted, nor what it names: {reason}")]
    Denied { reason: String },
    #[error("the release: {0}")]
    Payload(#[from] PayloadError),
    #[error("{0}")]
    Source(#[from] SourceError),
}
