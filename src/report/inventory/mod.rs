//! What auditors ask next: who signed what, which keys nobody needs, and which records do not fit.

mod rules;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::policy::Effect;
use crate::report::json::of_a_document;
use crate::signature::{CertificateSummary, Code, Evidence, Fingerprint, KeySummary};
use crate::verifier::Verdict;

pub use rules::{DemandTold, RuleKey, RuleTally};

/// How long before its end a key is told of as one that is about to expire.
pub const EXPIRING: TimeDelta = TimeDelta::days(90);

/// What is counted over the verdicts of a run. Counts of parts of a run can be added, in any order.
///
/// It is as large as the trusted keys and the rules of the policy are many, however many images there are: a signer is
/// counted only once a trusted key has vouched for a signature, a rule only once it governs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inventory {
    /// Those who made authentic signatures, by the fingerprint that tells them apart.
    pub signers: BTreeMap<Fingerprint, SignerTally>,
    /// The rules of policy documents that governed images.
    pub rules: BTreeMap<RuleKey, RuleTally>,
    /// Authentic signatures that are for another manifest than the one they are stored with.
    pub misplaced: u64,
    /// Pairs of records of one image that hold the same signature under both type strings.
    pub duplicates: u64,
}

/// What a signer has signed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SignerTally {
    /// Images for which a signature of this signer verified.
    pub images: u64,
    /// Those among them that are allowed.
    pub allowed: u64,
    /// Signatures that verified and are for their image.
    pub verified: u64,
    /// Authentic signatures that do not count for their image, whatever for.
    pub rejected: u64,
    /// When the oldest authentic signature was made, by its own word; sigstore signatures say nothing.
    pub first: Option<DateTime<Utc>>,
    /// When the newest was made.
    pub last: Option<DateTime<Utc>>,
}

impl Inventory {
    /// Counts a verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        let mut vouching: Vec<&Fingerprint> = Vec::new();
        for evidence in verdict.evidence() {
            let Some(signer) = evidence.signer() else { continue };
            if is_misplaced(evidence) {
                increase(&mut self.misplaced);
            }
            let tally = match self.signers.get_mut(signer.certificate()) {
                Some(tally) => tally,
                None => self.signers.entry(signer.certificate().clone()).or_default(),
            };
            increase(if evidence.is_verified() { &mut tally.verified } else { &mut tally.rejected });
            tally.saw(signer.signed_at(), signer.signed_at());
            if evidence.is_verified() && !vouching.contains(&signer.certificate()) {
                vouching.push(signer.certificate());
                increase(&mut tally.images);
                if verdict.decision().effect() == Effect::Allow {
                    increase(&mut tally.allowed);
                }
            }
        }
        if let Some(rule) = verdict.decision().rule().filter(|_| of_a_document(verdict)) {
            increase(&mut self.rules.entry(RuleKey::of(rule)).or_insert_with(|| RuleTally::new(rule)).images);
        }
        let pairs = u64::try_from(verdict.duplicates().len()).unwrap_or(u64::MAX);
        self.duplicates = self.duplicates.saturating_add(pairs);
    }

    /// Adds what was counted over other images of the same run.
    pub fn add(&mut self, other: &Self) {
        self.misplaced = self.misplaced.saturating_add(other.misplaced);
        self.duplicates = self.duplicates.saturating_add(other.duplicates);
        for (key, counted) in &other.rules {
            match self.rules.get_mut(key) {
                Some(tally) => tally.images = tally.images.saturating_add(counted.images),
                None => drop(self.rules.insert(key.clone(), counted.clone())),
            }
        }
        for (signer, counted) in &other.signers {
            let tally = self.signers.entry(signer.clone()).or_default();
            tally.images = tally.images.saturating_add(counted.images);
            tally.allowed = tally.allowed.saturating_add(counted.allowed);
            tally.verified = tally.verified.saturating_add(counted.verified);
            tally.rejected = tally.rejected.saturating_add(counted.rejected);
            tally.saw(counted.first, counted.last);
        }
    }
}

impl SignerTally {
    fn saw(&mut self, first: Option<DateTime<Utc>>, last: Option<DateTime<Utc>>) {
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.into_iter().chain(last).max();
    }
}

/// Whether an authentic signature is for another manifest than the image that it is stored with.
pub fn is_misplaced(evidence: &Evidence) -> bool {
    evidence.claims().is_some() && evidence.code() == Code::DigestMismatch
}

/// How a certificate stands, for those who have to care for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It can vouch for images, and will for a while.
    Good,
    /// It can, with reservations: it is held together by what newer software no longer accepts.
    Legacy,
    /// It can, and within [`EXPIRING`] it no longer will.
    Expiring,
    /// It cannot.
    Unusable,
}

impl Standing {
    /// How a certificate stands at `at`.
    pub fn of(certificate: &CertificateSummary, at: DateTime<Utc>) -> Self {
        let usable = || certificate.keys.iter().filter(|key| key.usable.is_ok());
        let soon = |key: &KeySummary| key.expires.is_some_and(|expires| expires <= within(at));
        if usable().next().is_none() {
            Self::Unusable
        } else if usable().all(soon) {
            Self::Expiring
        } else if usable().all(|key| key.usable.as_ref().is_ok_and(|notes| !notes.is_empty())) {
            Self::Legacy
        } else {
            Self::Good
        }
    }

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Legacy => "legacy",
            Self::Expiring => "expiring",
            Self::Unusable => "unusable",
        }
    }
}

/// When a certificate can vouch no longer: the latest end of the keys with which it can vouch now or, where there is
/// none, of all its keys; `None` for never.
pub fn end(certificate: &CertificateSummary) -> Option<DateTime<Utc>> {
    let usable = certificate.keys.iter().filter(|key| key.usable.is_ok());
    let ends: Vec<_> = usable.map(|key| key.expires).collect();
    if ends.is_empty() {
        return certificate.keys.iter().filter_map(|key| key.revoked.into_iter().chain(key.expires).min()).max();
    }
    ends.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The end of the time in which keys that expire are about to.
fn within(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_add_signed(EXPIRING).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn increase(count: &mut u64) {
    *count = count.saturating_add(1);
}
