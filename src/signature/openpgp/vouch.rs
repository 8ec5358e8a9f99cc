//! Whether a key may vouch for a signature: the table of time, revocation and algorithms in `ARCHITECTURE.md`.
//!
//! The library judges a certificate at the time the signature claims, which the signer chose. Here the same
//! certificate is judged twice, when signed and at the time of verification, and its revocations on their own.

use crate::signature::keyring::{Candidate, Certificate, Revocation, RevocationKind, SigningKey, Standing};
use crate::signature::openpgp::Facts;
use crate::signature::openpgp::error::AuthenticationError;
use crate::signature::openpgp::policy::{self, AlgorithmPolicy, Explaining, Strength};
use crate::signature::{KeyValidity, Legacy, Note, Rules};
use chrono::{DateTime, Utc};

/// Judges signatures and keys by given rules, at a given time.
#[derive(Debug)]
pub(crate) struct Judge<'r> {
    rules: &'r Rules,
    key_validity: KeyValidity,
    policy: &'r AlgorithmPolicy,
    at: DateTime<Utc>,
}

impl<'r> Judge<'r> {
    pub(crate) fn new(rules: &'r Rules, policy: &'r AlgorithmPolicy, at: DateTime<Utc>) -> Self {
        Self::with_validity(rules, policy, rules.key_validity, at)
    }

    /// As by `rules`, but for when keys must be valid.
    pub(crate) fn with_validity(
        rules: &'r Rules,
        policy: &'r AlgorithmPolicy,
        key_validity: KeyValidity,
        at: DateTime<Utc>,
    ) -> Self {
        Self { rules, key_validity, policy, at }
    }

    pub(crate) fn rules(&self) -> &'r Rules {
        self.rules
    }

    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Whether the signature's own times allow it to count at the time of verification.
    pub(crate) fn signature(&self, facts: &Facts) -> Result<(), AuthenticationError> {
        let latest = self.at.checked_add_signed(self.rules.clock_skew).unwrap_or(self.at);
        if facts.created > latest {
            return Err(AuthenticationError::SignatureNotYetValid { signed: facts.created, at: self.at });
        }
        match facts.expires {
            Some(expired) if expired <= self.at => Err(AuthenticationError::SignatureExpired { expired }),
            _ => Ok(()),
        }
    }

    /// Whether `candidate` may vouch for a signature made at `signed`, and with what reservations.
    pub(crate) fn key(
        &self,
        candidate: &Candidate<'_>,
        signed: DateTime<Utc>,
    ) -> Result<Vec<Note>, AuthenticationError> {
        let Candidate { certificate, key } = candidate;
        strength(key)?;
        certificate.primary().map_or(Ok(()), strength)?;
        // A key is no older than the certificate that it belongs to, whatever its own packet says.
        let primary = certificate.primary().map_or(key.key.creation_time(), |primary| primary.key.creation_time());
        let created = policy::date_time(key.key.creation_time().max(primary));
        if signed < created {
            return Err(AuthenticationError::KeyNotYetValid { created, signed });
        }
        let mut notes = Vec::new();
        notes.extend(self.revocations(key, signed)?);
        notes.extend(self.bound(candidate, signed)?);
        Ok(notes)
    }

    /// When the key or its certificate expires, as last bound.
    pub(crate) fn expiry(&self, candidate: &Candidate<'_>) -> Option<DateTime<Utc>> {
        self.standing(candidate, self.at).and_then(|standing| standing.expires)
    }

    /// Revocations count whatever digest they use and whatever self-signatures followed.
    fn revocations(&self, key: &SigningKey, signed: DateTime<Utc>) -> Result<Option<Note>, AuthenticationError> {
        let error = |revocation: &Revocation| AuthenticationError::KeyRevoked {
            key: key.fingerprint.clone(),
            revoked: revocation.time,
            hard: revocation.kind == RevocationKind::Hard,
        };
        if let Some(hard) = key.revocations.iter().find(|revocation| revocation.kind == RevocationKind::Hard) {
            return Err(error(hard));
        }
        let Some(first) = key.revocations.iter().min_by_key(|revocation| revocation.time) else { return Ok(None) };
        if first.time <= signed {
            return Err(error(first));
        }
        match self.key_validity {
            _ if first.time > self.at => Ok(None),
            KeyValidity::Now => Err(error(first)),
            KeyValidity::WhenSigned => Ok(Some(Note::KeyRevokedSince(first.time))),
        }
    }

    /// The key must be bound for signing, and alive, when it signed; and by default at the time of verification too.
    fn bound(&self, candidate: &Candidate<'_>, signed: DateTime<Utc>) -> Result<Vec<Note>, AuthenticationError> {
        let key = candidate.key;
        let mut notes = Vec::new();
        let sha1 = |standing: Standing| standing.sha1.then_some(Note::Sha1SelfSignature);
        match self.standing(candidate, signed) {
            Some(standing) => {
                for_signing(standing, key)?;
                alive(standing, key, signed, true)?;
                notes.extend(sha1(standing));
            }
            None => {
                let late = self.standing(candidate, self.at).filter(|_| signed <= self.at);
                let (Some(standing), Legacy::Accept) = (late, self.rules.late_bindings) else {
                    return Err(self.unbound(candidate, late.is_some()));
                };
                for_signing(standing, key)?;
                // What the newer binding says about the key's end holds for the older signature too.
                alive(standing, key, signed, true)?;
                notes.extend(sha1(standing));
                notes.push(Note::BindingNewerThanSignature);
            }
        }
        // Inside the allowed skew a signature is from the future, and so is nothing that is known about its key.
        let now = self.at.max(signed);
        let Some(standing) = self.standing(candidate, now) else { return Err(self.unbound(candidate, false)) };
        for_signing(standing, key)?;
        match (alive(standing, key, now, false), self.key_validity) {
            (Err(AuthenticationError::KeyExpired { expired, .. }), KeyValidity::WhenSigned) => {
                notes.push(Note::KeyExpiredSince(expired));
            }
            (outcome, _) => outcome?,
        }
        Ok(notes)
    }

    /// How the key stood at `time`; nothing where nothing bound it.
    fn standing(&self, candidate: &Candidate<'_>, time: DateTime<Utc>) -> Option<Standing> {
        let Candidate { certificate, key } = candidate;
        let standings = match self.rules.sha1_self_signatures {
            Legacy::Accept => &key.standings_with_sha1,
            Legacy::Reject => &key.standings,
        };
        standings.at(&certificate.cert, &key.key, self.policy, time)
    }

    /// Says why nothing binds the key.
    fn unbound(&self, candidate: &Candidate<'_>, late: bool) -> AuthenticationError {
        let Candidate { certificate, key } = candidate;
        let newest = policy::system_time(self.at);
        let weakly = |certificate: &Certificate| {
            let valid = certificate.cert.with_policy(&Explaining, newest).ok()?;
            valid.keys().find(|bound| bound.key().fingerprint() == key.key.fingerprint()).map(|_| ())
        };
        if !late && weakly(certificate).is_some() && self.standing(candidate, self.at).is_none() {
            return AuthenticationError::WeakSelfSignature { certificate: certificate.fingerprint.clone() };
        }
        AuthenticationError::KeyNotBound { key: key.fingerprint.clone(), late }
    }
}

/// Whether the key may sign data.
fn for_signing(standing: Standing, key: &SigningKey) -> Result<(), AuthenticationError> {
    if standing.for_signing {
        return Ok(());
    }
    Err(AuthenticationError::KeyNotForSigning { key: key.fingerprint.clone() })
}

/// Whether neither the key nor its certificate had expired at `time`.
fn alive(
    standing: Standing,
    key: &SigningKey,
    time: DateTime<Utc>,
    when_signed: bool,
) -> Result<(), AuthenticationError> {
    match standing.expires {
        Some(expired) if expired <= time => {
            Err(AuthenticationError::KeyExpired { key: key.fingerprint.clone(), expired, when_signed })
        }
        _ => Ok(()),
    }
}

fn strength(key: &SigningKey) -> Result<(), AuthenticationError> {
    match &key.strength {
        Strength::Strong => Ok(()),
        Strength::Weak(algorithm) => Err(AuthenticationError::WeakKey { algorithm: algorithm.clone() }),
        Strength::Unsupported(algorithm) => Err(AuthenticationError::UnsupportedKey { algorithm: algorithm.clone() }),
    }
}
