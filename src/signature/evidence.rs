//! What verification found out about one signature.

use crate::image::{Anchor, AnchorError, Image, Reference};
use crate::signature::{Claims, Code, Examined, Note, Rejection, Rules, Signer, Undecided, Unfit};

/// What a signature is compared with, worked out once for an image.
#[derive(Clone, Debug)]
pub struct Subject {
    anchor: Result<Anchor, AnchorError>,
    reference: Option<Reference>,
}

impl Subject {
    pub(crate) fn of(image: &Image<'_>, rules: &Rules) -> Self {
        let reference = Reference::parse_normalized(&image.docker_image_reference).ok();
        Self { anchor: Anchor::with_reference(image, reference.as_ref(), rules.schema1), reference }
    }

    /// The digest of the image's manifest and what it rests on, or why there is none.
    pub fn anchor(&self) -> Result<&Anchor, &AnchorError> {
        self.anchor.as_ref()
    }

    /// The reference by which the image is asked for, where it has a valid one.
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }
}

/// What was found out about one signature. Only a verification makes it.
#[derive(Clone, Debug)]
pub struct Evidence {
    name: String,
    outcome: Outcome,
    findings: Findings,
}

/// What is known of a signature beside its outcome.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) signer: Option<Signer>,
    pub(super) claims: Option<Claims>,
    pub(super) notes: Vec<Note>,
}

impl Evidence {
    /// The evidence that an examination makes, judged under the terms that were asked for.
    pub(crate) fn of(examined: Examined<'_>, judged: Result<(), Unfit>) -> Self {
        Self {
            name: examined.name().to_owned(),
            outcome: match judged {
                Ok(()) => Outcome::Verified,
                Err(Unfit::Rejected(rejection)) => Outcome::Rejected(*rejection),
                Err(Unfit::Undecided(undecided)) => Outcome::Undecided(undecided),
            },
            findings: examined.into_findings(),
        }
    }

    /// The name of the signature record, as the object gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What came out.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The code of what came out.
    pub fn code(&self) -> Code {
        match &self.outcome {
            Outcome::Verified => Code::Verified,
            Outcome::Rejected(rejection) => rejection.code(),
            Outcome::Undecided(undecided) => undecided.code(),
        }
    }

    /// Whether the signature verifies and is for this image.
    pub fn is_verified(&self) -> bool {
        matches!(self.outcome, Outcome::Verified)
    }

    /// Who signed: known where the signature is right, even if it is rejected for another reason.
    pub fn signer(&self) -> Option<&Signer> {
        self.findings.signer.as_ref()
    }

    /// What was signed: known where a trusted key vouches for it, even if it is about another image.
    pub fn claims(&self) -> Option<&Claims> {
        self.findings.claims.as_ref()
    }

    /// What was accepted with reservations.
    pub fn notes(&self) -> &[Note] {
        &self.findings.notes
    }

    /// What was found, as a sentence for a person.
    pub fn message(&self) -> String {
        match (&self.outcome, self.signer()) {
            (Outcome::Verified, Some(signer)) => format!("signed by {}", signer.described()),
            (Outcome::Verified, None) => String::new(),
            (Outcome::Rejected(rejection), _) => rejection.to_string(),
            (Outcome::Undecided(undecided), _) => undecided.to_string(),
        }
    }
}

/// What came out of examining a signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// A trusted key vouches for this image.
    Verified,
    /// The signature does not vouch for this image.
    Rejected(Rejection),
    /// It could not be judged.
    Undecided(Undecided),
}
