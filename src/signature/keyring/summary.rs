//! What each certificate of a keyring can vouch for, told to a person.

use chrono::{DateTime, Utc};

use crate::signature::keyring::{Candidate, Certificate, KeyringBuilder, SigningKey};
use crate::signature::openpgp::error::AuthenticationError;
use crate::signature::openpgp::policy::{AlgorithmPolicy, date_time};
use crate::signature::openpgp::vouch::Judge;
use crate::signature::{Fingerprint, Note, Rules, Trust};

/// A certificate, as of a time.
#[derive(Clone, Debug)]
pub struct CertificateSummary {
    /// The fingerprint of its primary key.
    pub fingerprint: Fingerprint,
    /// Its user IDs: the owner's word.
    pub user_ids: Vec<String>,
    /// Its keys, the primary one first.
    pub keys: Vec<KeySummary>,
}

/// A key of a certificate, as of a time.
#[derive(Clone, Debug)]
pub struct KeySummary {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its algorithm, such as `RSA-4096`.
    pub algorithm: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it expires, or its certificate does; `None` for never, or where nothing binds the key.
    pub expires: Option<DateTime<Utc>>,
    /// When it was first revoked.
    pub revoked: Option<DateTime<Utc>>,
    /// Whether a signature that it makes at this time counts: with what reservations, or why not.
    pub usable: Result<Vec<Note>, AuthenticationError>,
}

impl Trust {
    /// What each certificate can vouch for at `at`.
    pub fn certificates(&self, at: DateTime<Utc>) -> Vec<CertificateSummary> {
        let judge = self.judge(at);
        self.keyring().certificates().map(|certificate| CertificateSummary::of(certificate, &judge)).collect()
    }
}

impl KeyringBuilder {
    /// Whether a signature that the certificate makes at `at` can count, by the default rules.
    pub(crate) fn can_vouch(&self, certificate: &Fingerprint, at: DateTime<Utc>) -> bool {
        let rules = Rules::default();
        let policy = AlgorithmPolicy::new(rules.sha1_self_signatures);
        let judge = Judge::new(&rules, &policy, at);
        self.certificates.get(certificate).is_some_and(|certificate| {
            let summary = CertificateSummary::of(&Certificate::prepare(certificate.clone()), &judge);
            summary.keys.iter().any(|key| key.usable.is_ok())
        })
    }
}

impl CertificateSummary {
    fn of(certificate: &Certificate, judge: &Judge<'_>) -> Self {
        Self {
            fingerprint: certificate.fingerprint.clone(),
            user_ids: certificate.user_ids.clone(),
            keys: certificate.keys.iter().map(|key| KeySummary::of(certificate, key, judge)).collect(),
        }
    }
}

impl KeySummary {
    fn of(certificate: &Certificate, key: &SigningKey, judge: &Judge<'_>) -> Self {
        let candidate = Candidate { certificate, key };
        Self {
            fingerprint: key.fingerprint.clone(),
            algorithm: key.algorithm.clone(),
            created: date_time(key.key.creation_time()),
            expires: judge.expiry(&candidate),
            revoked: key.revocations.iter().map(|revocation| revocation.time).min(),
            usable: judge.key(&candidate, judge.at()),
        }
    }
}
