//! What verification found out about one signature.

use chrono::{DateTime, Utc};

use crate::image::{Anchor, AnchorError, Image, ImageSignature, Reference};
use crate::signature::openpgp::policy::AlgorithmPolicy;
use crate::signature::openpgp::vouch::Judge;
use crate::signature::openpgp::{self, Refused};
use crate::signature::{Claims, Code, Keyring, Note, Rejection, Rules, Signer, Undecided, record};

/// The types of record that hold a signature in the sense of container-signature(5). Both are in use: `atomic` by
/// containers/image, `AtomicImageV1` by OpenShift's import controller.
const TYPES: [&str; 2] = ["atomic", "AtomicImageV1"];

/// Who is trusted to vouch for images, and by which rules.
#[derive(Debug)]
pub struct Trust {
    keyring: Keyring,
    rules: Rules,
    policy: AlgorithmPolicy,
}

impl Trust {
    /// Trusts the certificates of `keyring`, by `rules`.
    pub fn new(keyring: Keyring, rules: Rules) -> Self {
        let policy = AlgorithmPolicy::new(rules.sha1_self_signatures);
        Self { keyring, rules, policy }
    }

    /// The certificates that are trusted.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The rules in force.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn judge(&self, at: DateTime<Utc>) -> Judge<'_> {
        Judge::new(&self.rules, &self.policy, at)
    }

    /// Examines one signature of the image that `subject` stands for.
    pub(crate) fn examine(&self, subject: &Subject, signature: &ImageSignature<'_>, at: DateTime<Utc>) -> Evidence {
        let mut findings = Findings::default();
        let outcome = match self.steps(subject, signature, at, &mut findings) {
            Ok(()) => Outcome::Verified,
            Err(Stop::Rejected(rejection)) => Outcome::Rejected(*rejection),
            Err(Stop::Undecided(undecided)) => Outcome::Undecided(undecided),
        };
        Evidence { name: signature.metadata.name.to_string(), outcome, findings }
    }

    /// The steps of a verification, in the order in which they may be taken: no payload is read before a trusted key
    /// has vouched for it.
    fn steps(
        &self,
        subject: &Subject,
        signature: &ImageSignature<'_>,
        at: DateTime<Utc>,
        findings: &mut Findings,
    ) -> Result<(), Stop> {
        if !TYPES.contains(&signature.signature_type.as_str()) {
            return Err(Undecided::Type { found: signature.signature_type.to_string() }.into());
        }
        let content = record::content(signature)?;
        let hint = record::key_hint(signature)?;
        let authenticated = match openpgp::authenticate(&content, hint.as_ref(), &self.keyring, &self.judge(at)) {
            Ok(authenticated) => authenticated,
            Err(Refused { error, signer }) => {
                findings.signer = signer.map(|signer| *signer);
                return Err(error.into());
            }
        };
        let claims = Claims::parse(authenticated.payload(), self.rules.payload_profile);
        let (signer, notes) = authenticated.into_signer();
        let signer = findings.signer.insert(signer);
        findings.notes = notes;
        let claims = findings.claims.insert(claims?);

        if let Some(reference) = claims.contradicting_digest() {
            return Err(Rejection::Contradiction { signed: *claims.manifest_digest(), reference }.into());
        }

        let anchor = match &subject.anchor {
            Ok(anchor) => anchor,
            Err(error @ AnchorError::Name { .. }) => return Err(Undecided::Anchor(error.clone()).into()),
            Err(error) => return Err(Rejection::Anchor(error.clone()).into()),
        };
        if claims.manifest_digest() != anchor.digest() {
            return Err(Rejection::Digest { signed: *claims.manifest_digest(), image: *anchor.digest() }.into());
        }
        self.rules.identity.accepts(subject.reference.as_ref(), claims.docker_reference())?;
        record::agrees(signature, claims, signer)?;
        Ok(())
    }
}

/// What a signature is compared with, worked out once for an image.
#[derive(Clone, Debug)]
pub struct Subject {
    anchor: Result<Anchor, AnchorError>,
    reference: Option<Reference>,
}

impl Subject {
    pub(crate) fn of(image: &Image<'_>, rules: &Rules) -> Self {
        Self {
            anchor: Anchor::of(image, rules.schema1),
            reference: Reference::parse_normalized(&image.docker_image_reference).ok(),
        }
    }

    /// The digest of the image's manifest and what it rests on, or why there is none.
    pub fn anchor(&self) -> Result<&Anchor, &AnchorError> {
        self.anchor.as_ref()
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
struct Findings {
    signer: Option<Signer>,
    claims: Option<Claims>,
    notes: Vec<Note>,
}

impl Evidence {
    /// The evidence about a signature that is not looked at, as there are too many.
    pub(crate) fn not_examined(signature: &ImageSignature<'_>, limit: usize) -> Self {
        Self {
            name: signature.metadata.name.to_string(),
            outcome: Outcome::Undecided(Undecided::TooManySignatures { limit }),
            findings: Findings::default(),
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
            (Outcome::Verified, Some(signer)) => {
                let by = signer.user_id().unwrap_or("a certificate without user ID");
                format!("signed by {by}, key {}", signer.key())
            }
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

/// Where the steps of a verification end early.
enum Stop {
    Rejected(Box<Rejection>),
    Undecided(Undecided),
}

impl<E: Into<Rejection>> From<E> for Stop {
    fn from(rejection: E) -> Self {
        Self::Rejected(Box::new(rejection.into()))
    }
}

impl From<Undecided> for Stop {
    fn from(undecided: Undecided) -> Self {
        Self::Undecided(undecided)
    }
}
