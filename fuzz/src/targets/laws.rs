//! The laws of decisions: what may and what may not change one, whatever is decided about. Broken is a law where
//! something panics. The tests and the fuzz targets make scenes, and hold them against these.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use vidimus::image::ImageSignature;
use vidimus::policy::{NonEmpty, Truth};
use vidimus::signature::{SignatureKind, Unverified};
use vidimus::{Demand, Effect, Image, Keyring, KeyringBuilder, Requirement, Rules, Verdict, Verifier};

/// Everything that a decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct Scene<'k> {
    /// The key files that are trusted, each with one certificate that no other of them has.
    pub(crate) keys: Vec<&'k [u8]>,
    /// What is demanded.
    pub(crate) requirement: Requirement,
    /// What it is demanded of.
    pub(crate) image: Image<'static>,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

/// Who has signed what: the fingerprint of the certificate or the key, and a payload.
pub(crate) type Signed = BTreeSet<(String, Vec<u8>)>;

impl Scene<'_> {
    /// Judges the image.
    pub(crate) fn verdict(&self) -> Verdict {
        self.judge().1
    }

    /// The fingerprints of the certificates that are trusted, and the verdict.
    fn judge(&self) -> (BTreeSet<String>, Verdict) {
        let mut builder = KeyringBuilder::default();
        let trusted = self.keys.iter().flat_map(|key| builder.add("keys", key).expect("a key file of the test data"));
        let trusted = trusted.map(|fingerprint| fingerprint.to_string()).collect();
        let keyring = builder.build().unwrap_or_else(|_| Keyring::empty());
        let verifier = Verifier::with_rules(keyring, Rules::default(), self.requirement.clone());
        (trusted, verifier.verify(&self.image, self.at))
    }

    /// What is decided.
    pub(crate) fn effect(&self) -> Effect {
        self.verdict().decision().effect()
    }

    fn allows(&self) -> bool {
        self.effect() == Effect::Allow
    }

    /// A signature more, wherever it is put, never takes an allowance away.
    pub(crate) fn a_signature_more_never_denies(&self, at: usize, more: ImageSignature<'static>) {
        let mut with = self.clone();
        let places = self.image.signatures.len().saturating_add(1);
        with.image.signatures.insert(at.checked_rem(places).unwrap_or_default(), more);
        assert!(!self.allows() || with.allows(), "one signature more denies: {:?}", self.requirement);
    }

    /// One more demand that must be met as well never makes an allowance.
    pub(crate) fn a_demand_more_never_allows(&self, more: Requirement) {
        let parts = vec![self.requirement.clone(), more];
        let all = NonEmpty::new(parts).map(Demand::All).expect("two parts");
        let both = Self { requirement: Requirement::new("$", all), ..self.clone() };
        assert!(!both.allows() || self.allows(), "one demand more allows: {:?}", both.requirement);
    }

    /// A certificate less never makes an allowance.
    pub(crate) fn a_key_less_never_allows(&self, key: usize) {
        let mut without = self.clone();
        if key < without.keys.len() {
            without.keys.remove(key);
        }
        assert!(!without.allows() || self.allows(), "one key less allows: {:?}", self.requirement);
    }

    /// A certificate that is known to be revoked never makes an allowance, beside the copy that does not say so.
    pub(crate) fn a_revocation_more_never_allows(&self, revoked: &[u8]) {
        let mut with = Scene { keys: self.keys.clone(), ..self.clone() };
        with.keys.push(revoked);
        assert!(!with.allows() || self.allows(), "a revocation allows: {:?}", self.requirement);
    }

    /// Neither the order of signatures nor that of the parts of a demand matters.
    pub(crate) fn order_never_matters(&self) {
        let mut backwards = self.clone();
        backwards.image.signatures.reverse();
        let expected = self.effect();
        assert_eq!(backwards.effect(), expected, "the order of signatures matters: {:?}", self.requirement);
        let turned = Self { requirement: reversed(&self.requirement), ..self.clone() };
        assert_eq!(turned.effect(), expected, "the order of demands matters: {:?}", self.requirement);
    }

    /// Whoever vouches is trusted, and signed exactly what is vouched for.
    pub(crate) fn only_who_signed_vouches(&self, signed: &Signed) {
        let (mut trusted, verdict) = self.judge();
        sigstore_keys(&self.requirement, &mut trusted);
        for (evidence, signature) in verdict.evidence().iter().zip(&self.image.signatures) {
            if !evidence.is_verified() {
                continue;
            }
            let vouched = vouched(evidence, signature);
            assert!(trusted.contains(&vouched.0), "who is not trusted vouches: {vouched:x?}");
            assert!(signed.contains(&vouched), "vouched for without having signed: {vouched:x?}");
        }
        assert_eq!(verdict.is_allowed(), verdict.decision().effect() == Effect::Allow);
    }

    /// A decision follows from what each demand of a signature finds by itself, and from nothing else.
    pub(crate) fn the_parts_decide(&self) {
        let truth = self.truth(&self.requirement);
        let expected = match truth {
            Truth::Met => Effect::Allow,
            Truth::Unknown => Effect::Undecided,
            Truth::Unmet => Effect::Deny,
        };
        assert_eq!(self.effect(), expected, "the parts say otherwise: {:?}", self.requirement);
    }

    fn truth(&self, requirement: &Requirement) -> Truth {
        let of = |met: bool| if met { Truth::Met } else { Truth::Unmet };
        let parts = requirement.parts().iter();
        match requirement.demand() {
            Demand::All(_) => parts.map(|part| self.truth(part)).min().unwrap_or(Truth::Unmet),
            Demand::Any(_) => parts.map(|part| self.truth(part)).max().unwrap_or(Truth::Unmet),
            Demand::AtLeast { count, .. } => {
                let signers: BTreeSet<_> = parts.flat_map(|part| self.signers(part)).collect();
                of(signers.len() >= count.get())
            }
            Demand::SignedBy(_) | Demand::SigstoreSigned(_) => of(!self.signers(requirement).is_empty()),
            Demand::AcceptAnything => Truth::Met,
            Demand::Reject | Demand::Unsupported { .. } => Truth::Unmet,
            // There is nothing to take apart.
            Demand::DigestIn(_) | Demand::DigestNotIn(_) => {
                match (Self { requirement: requirement.clone(), ..self.clone() }).effect() {
                    Effect::Allow => Truth::Met,
                    Effect::Undecided => Truth::Unknown,
                    Effect::Deny => Truth::Unmet,
                }
            }
            other => panic!("no law says what this is: {other:?}"),
        }
    }

    /// Whose signatures a demand accepts when nothing else is demanded.
    fn signers(&self, requirement: &Requirement) -> BTreeSet<String> {
        if !matches!(requirement.demand(), Demand::SignedBy(_) | Demand::SigstoreSigned(_)) {
            return BTreeSet::new();
        }
        let alone = Self { requirement: requirement.clone(), ..self.clone() };
        let verdict = alone.verdict();
        let verified = verdict.evidence().iter().filter(|evidence| evidence.is_verified());
        verified.filter_map(|evidence| Some(evidence.signer()?.certificate().to_string())).collect()
    }
}

/// Who vouches, and for which payload, by a signature that is verified.
pub(crate) fn vouched(evidence: &vidimus::Evidence, signature: &ImageSignature<'_>) -> (String, Vec<u8>) {
    let signer = evidence.signer().expect("who is verified has signed");
    let content = Unverified::content(signature).expect("what is verified has a content");
    let read = Unverified::read(&content).expect("what is verified can be read");
    assert_eq!(read.kind(), signer.kind(), "one kind passes for the other");
    assert!(signer.kind() == SignatureKind::Sigstore || signer.signed_at().is_some());
    (signer.certificate().to_string(), read.payload().to_vec())
}

fn sigstore_keys(requirement: &Requirement, found: &mut BTreeSet<String>) {
    if let Demand::SigstoreSigned(terms) = requirement.demand() {
        found.extend(terms.keys.iter().map(|key| key.fingerprint().to_string()));
    }
    requirement.parts().iter().for_each(|part| sigstore_keys(part, found));
}

/// The same demand with the parts of each list in reverse.
fn reversed(requirement: &Requirement) -> Requirement {
    let parts: Vec<_> = requirement.parts().iter().rev().map(reversed).collect();
    let parts = NonEmpty::new(parts);
    let demand = match (requirement.demand(), parts) {
        (Demand::All(_), Some(parts)) => Demand::All(parts),
        (Demand::Any(_), Some(parts)) => Demand::Any(parts),
        (Demand::AtLeast { count, .. }, Some(of)) => Demand::AtLeast { count: *count, of },
        (other, _) => other.clone(),
    };
    Requirement::new("$", demand)
}

/// A change of a content. Places are taken modulo the length.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Delete(usize),
    Flip(usize, u8),
    Insert(usize, u8),
    /// What comes from the first place on is that of another content from the second place on.
    Splice(usize, usize, Vec<u8>),
    Truncate(usize),
}

impl Mutation {
    pub(crate) fn apply(&self, content: &[u8]) -> Vec<u8> {
        let mut mutant = content.to_vec();
        let within = |place: usize, length: usize| place.checked_rem(length).unwrap_or_default();
        match self {
            Self::Delete(at) if !mutant.is_empty() => {
                mutant.remove(within(*at, content.len()));
            }
            Self::Flip(at, bit) => {
                if let Some(octet) = mutant.get_mut(within(*at, content.len())) {
                    *octet ^= 1 << (bit & 7);
                }
            }
            Self::Insert(at, octet) => mutant.insert(within(*at, content.len().saturating_add(1)), *octet),
            Self::Splice(at, from, other) => {
                mutant.truncate(within(*at, content.len()));
                mutant.extend(other.iter().skip(within(*from, other.len())));
            }
            Self::Truncate(at) => mutant.truncate(within(*at, content.len())),
            Self::Delete(_) => {}
        }
        mutant
    }
}
