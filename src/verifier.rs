//! The front door: an image and a time in, a verdict out.

use chrono::{DateTime, Utc};

use crate::image::{Filled, Image, Reference, SignatureCondition, SignatureSubject, SignatureUpdate, Text};
use crate::policy::{
    Case, Context, Decision, Effect, Explanation, Governing, Governor, Lookup, Policy, Requirement, evaluate,
};
use crate::signature::{
    self, ConditionSet, Evidence, Examined, Keyring, Needs, Rules, SignatureKind, Signer, Subject, Terms, Trust,
};

/// The most signatures of one image that are examined. Those after it are reported as not looked at.
///
/// OpenShift's import controller itself stops at 10; Red Hat's images have up to about 20.
pub const SIGNATURES_PER_IMAGE: usize = 64;

/// Verifies images. It is prepared once and shared: verification needs no lock and changes nothing.
///
/// ```
/// use vidimus::{Image, Keyring, Verifier};
///
/// let keyring = std::fs::read("testdata/quickstart/keyring.asc")?;
/// let verifier = Verifier::new(Keyring::from_bytes("keyring.asc", &keyring)?);
///
/// let export = std::fs::read_to_string("testdata/images/image.json")?;
/// let image: Image<'_> = serde_json::from_str(&export)?;
/// let verdict = verifier.verify(&image, "2026-06-01T00:00:00Z".parse()?);
/// assert!(verdict.is_allowed());
/// assert_eq!(verdict.evidence()[0].code().as_str(), "verified");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    trust: Trust,
    governor: Governor,
}

impl Verifier {
    /// A verifier that demands one signature by any certificate of `keyring`, by the default rules.
    pub fn new(keyring: Keyring) -> Self {
        Self::with_rules(keyring, Rules::default(), Requirement::default())
    }

    /// A verifier by explicit rules, with an explicit demand.
    pub fn with_rules(keyring: Keyring, rules: Rules, requirement: Requirement) -> Self {
        Self::with_policy(Policy::everywhere(keyring, requirement), rules)
    }

    /// A verifier that decides by a policy. The rules fill in what the policy leaves open.
    pub fn with_policy(policy: Policy, rules: Rules) -> Self {
        let (keyring, governor) = policy.into_parts();
        Self { trust: Trust::new(keyring, rules), governor }
    }

    /// Who is trusted, and by which rules.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What governs an image that is asked for by `reference`, in `context`, as of `at`: the policy alone is asked.
    pub fn look_up(&self, reference: Option<&Reference>, context: &Context, at: DateTime<Utc>) -> Lookup {
        self.governor.look_up(reference, context, at)
    }

    /// Verifies every signature of `image` as of `at`, and decides; the image comes from a registry, and the namespace
    /// in which it is to run is not known.
    ///
    /// This is total: whatever is wrong with an image or a signature is part of the verdict.
    pub fn verify(&self, image: &Image<'_>, at: DateTime<Utc>) -> Verdict {
        self.verify_in(image, &Context::default(), at)
    }

    /// Verifies every signature of `image` as of `at`, and decides what is right in `context`.
    ///
    /// Signatures are authenticated once, however many rules of the policy look at them.
    pub fn verify_in(&self, image: &Image<'_>, context: &Context, at: DateTime<Utc>) -> Verdict {
        let rules = self.trust.rules();
        let subject = Subject::of(image, rules);
        let governing = self.governor.governing(subject.reference(), context, at);
        let asked = match &governing {
            Governing::Rule(rule) => Some(rule.needs()).filter(|needs| needs.are_any()),
            Governing::Exempt(_) | Governing::Nothing | Governing::Unknown(..) => None,
        };
        // Where no rule looks at signatures they are judged by the rules alone, for the record.
        let any = Terms::default();
        let looked_at = asked.is_some();
        let by_rules = Needs::default().with(&any);
        let needs = asked.unwrap_or(&by_rules);
        let (looked, rest) = image.signatures.split_at(image.signatures.len().min(SIGNATURES_PER_IMAGE));
        let looked = looked.iter().map(|signature| self.trust.examine(signature, needs, at));
        let rest = rest.iter().map(|signature| Examined::not_examined(signature, SIGNATURES_PER_IMAGE));
        let examined: Vec<_> = looked.chain(rest).collect();
        let outcome = match &governing {
            Governing::Rule(rule) => {
                Some(evaluate(rule.requirement(), &Case { subject: &subject, examined: &examined, rules, at }))
            }
            Governing::Exempt(_) | Governing::Nothing | Governing::Unknown(..) => None,
        };
        let evidence: Vec<_> = examined
            .into_iter()
            .enumerate()
            .map(|(index, examined)| {
                let judged = match &outcome {
                    Some(outcome) if looked_at => outcome.judged(index),
                    Some(_) | None => examined.judge(&subject, &any, rules, at).map(|_| ()),
                };
                Evidence::of(examined, judged)
            })
            .collect();
        let stored = image.signatures.iter().map(|signature| signature::owned(&signature.conditions)).collect();
        let decision = Decision::of(governing, outcome, &subject, &evidence);
        let looked = image.signatures.get(..SIGNATURES_PER_IMAGE).unwrap_or(&image.signatures);
        Verdict {
            name: image.metadata.name.to_string(),
            uid: image.metadata.uid.to_string(),
            docker_image_reference: image.docker_image_reference.to_string(),
            subject,
            evidence,
            stored,
            at,
            decision,
            duplicates: signature::duplicates(looked),
        }
    }
}

/// What verification found out about one image, and what follows from it.
#[derive(Clone, Debug)]
pub struct Verdict {
    name: String,
    uid: String,
    docker_image_reference: String,
    subject: Subject,
    evidence: Vec<Evidence>,
    /// The conditions that each signature had.
    stored: Vec<Vec<SignatureCondition<'static>>>,
    at: DateTime<Utc>,
    decision: Decision,
    duplicates: Vec<(usize, usize)>,
}

impl Verdict {
    /// The time that the image was judged by.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The name of the image, as the object gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The UID of the image, as the object gives it; empty if it gives none.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The reference of the image, as the object gives it.
    pub fn docker_image_reference(&self) -> &str {
        &self.docker_image_reference
    }

    /// What the signatures were compared with.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What was found out about each signature, in the order of the object.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// The conditions of each signature, in the same order: `Complete` and `Failed`, after those of other types.
    ///
    /// They are written when they are asked for: most verdicts end as a decision.
    pub fn conditions(&self) -> Vec<Vec<SignatureCondition<'static>>> {
        let signatures = self.evidence.iter().zip(&self.stored);
        signatures.map(|(evidence, stored)| signature::conditions(evidence, stored, self.at)).collect()
    }

    /// The decision.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Pairs of signatures, by their places in the object, that are the same under both type strings: one of the two
    /// records could go. Only those that are examined are compared.
    pub fn duplicates(&self) -> &[(usize, usize)] {
        &self.duplicates
    }

    /// The decision in full: each demand of the rule that governs the image, what came of it, and what would meet what
    /// is not met. There is none where no rule governs the image.
    pub fn explanation(&self) -> Option<Explanation<'_>> {
        self.decision.explain(&self.subject, &self.evidence)
    }

    /// Whether the image may run.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision.effect() == Effect::Allow
    }

    /// What is to be written on the object: the conditions of each signature and, for those that verified, the
    /// informative fields as the signature has them.
    pub fn updates(&self) -> Vec<SignatureUpdate> {
        self.updates_with(ConditionSet::Own)
    }

    /// As [`updates`](Self::updates), with the conditions that are asked for.
    ///
    /// With those that an API server accepts ([`ConditionSet::Native`]) the informative fields are taken away where the
    /// server refuses them: beside a `Trusted` that is `Unknown`.
    pub fn updates_with(&self, set: ConditionSet) -> Vec<SignatureUpdate> {
        let write = match set {
            ConditionSet::Own => signature::conditions,
            ConditionSet::Native => signature::native_conditions,
        };
        self.evidence
            .iter()
            .zip(&self.stored)
            .map(|(evidence, stored)| {
                let conditions = write(evidence, stored, self.at);
                SignatureUpdate {
                    cleared: set == ConditionSet::Native && signature::is_standing_unknown(&conditions),
                    conditions,
                    filled: evidence.is_verified().then(|| filled(evidence)).flatten(),
                }
            })
            .collect()
    }
}

/// The informative fields of a verified signature, as the API documents them.
fn filled(evidence: &Evidence) -> Option<Filled> {
    let (signer, claims) = (evidence.signer()?, evidence.claims()?);
    Some(Filled {
        created: signer.signed_at().map(signature::rfc3339).unwrap_or_default(),
        image_identity: claims.docker_reference().to_owned(),
        signed_claims: claims.flat(),
        // Who certified the key is not known from its certificate alone.
        issued_by: None,
        issued_to: Some(SignatureSubject {
            organization: Text::default(),
            common_name: Text::from(signer.user_id().unwrap_or_default().to_owned()),
            public_key_id: Text::from(format!("0x{}", key_id(signer).to_lowercase())),
        }),
    })
}

/// What names the key in the object. A sigstore key has no key ID, only a fingerprint.
fn key_id(signer: &Signer) -> String {
    match signer.kind() {
        SignatureKind::OpenPgp => signer.key().key_id().to_string(),
        SignatureKind::Sigstore => signer.key().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shared_by_threads_without_a_lock() {
        fn shared<T: Send + Sync>() {}
        shared::<Verifier>();
        shared::<Verdict>();
    }
}
