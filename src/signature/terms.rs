//! Under which terms a signature counts: who made it, when, and under which name.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::signature::{Code, Fingerprint, IdentityRule, KeyValidity, PayloadProfile, Signer};

/// What a signature must be like to count for a demand.
///
/// Whether it is genuine, and for this manifest, is not a matter of terms.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Terms {
    /// Whose signatures count.
    pub signers: Signers,
    /// Which images the signed reference may stand for; the verification's rules say so if nothing is given.
    pub identity: Option<IdentityRule>,
    /// When the signer's key must be valid; the verification's rules say so if nothing is given.
    pub key_validity: Option<KeyValidity>,
    /// The grammar of the payload; the verification's rules say so if nothing is given.
    pub payload_profile: Option<PayloadProfile>,
    /// How old a signature may be at the time of verification. The time of a signature is the signer's word.
    pub max_age: Option<TimeDelta>,
    /// The time after which a signature must have been made.
    pub signed_after: Option<DateTime<Utc>>,
}

/// Whose signatures count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Signers {
    /// Those of every trusted certificate.
    #[default]
    Any,
    /// Those of these certificates, each while it is trusted.
    These(BTreeMap<Fingerprint, TrustWindow>),
}

/// The time during which a certificate is trusted, beside what the certificate itself says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TrustWindow {
    /// The first moment; the beginning of time if nothing is given.
    pub from: Option<DateTime<Utc>>,
    /// The moment at which trust has ended; never if nothing is given.
    pub until: Option<DateTime<Utc>>,
}

impl Signers {
    /// These certificates, trusted at all times.
    pub fn these(fingerprints: impl IntoIterator<Item = Fingerprint>) -> Self {
        Self::These(fingerprints.into_iter().map(|fingerprint| (fingerprint, TrustWindow::default())).collect())
    }
}

impl TrustWindow {
    fn is_unbounded(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether the certificate is trusted at `time`.
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }
}

impl Terms {
    /// Whether `signer` is one whose signatures count.
    pub(super) fn accept_signer(
        &self,
        signer: &Signer,
        validity: KeyValidity,
        at: DateTime<Utc>,
    ) -> Result<(), TermsError> {
        let Signers::These(signers) = &self.signers else { return Ok(()) };
        let Some(window) = signers.get(signer.certificate()) else {
            return Err(TermsError::Signer {
                certificate: signer.certificate().clone(),
                user_id: signer.user_id().map(str::to_owned),
            });
        };
        let Some(signed) = signer.signed_at().or(window.is_unbounded().then_some(at)) else {
            return Err(TermsError::NoTime);
        };
        // The time of a signature is the signer's word: who keeps a key beyond its time can date back.
        let times = match validity {
            KeyValidity::Now => [signed, at],
            KeyValidity::WhenSigned => [signed, signed],
        };
        match times.into_iter().find(|time| !window.contains(*time)) {
            None => Ok(()),
            Some(time) => Err(TermsError::Window { certificate: signer.certificate().clone(), window: *window, time }),
        }
    }

    /// Whether a signature made at `signed` is neither too old nor from before the earliest time. Where either is asked
    /// for, a signature without a time is not accepted.
    pub(super) fn accept_time(&self, signed: Option<DateTime<Utc>>, at: DateTime<Utc>) -> Result<(), TermsError> {
        let Some(signed) = signed else {
            let asked = self.max_age.is_some() || self.signed_after.is_some();
            return if asked { Err(TermsError::NoTime) } else { Ok(()) };
        };
        if let Some(limit) = self.max_age.filter(|limit| at.signed_duration_since(signed) > *limit) {
            return Err(TermsError::TooOld { signed, limit });
        }
        match self.signed_after {
            Some(after) if signed <= after => Err(TermsError::TooEarly { signed, after }),
            _ => Ok(()),
        }
    }
}

/// Why a genuine signature does not count for a demand.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TermsError {
    /// The signer is a sigstore key that counts elsewhere, but not for this.
    #[error("signed by the sigstore key {key}, whose signatures do not count here")]
    Key {
        /// The fingerprint of the key.
        key: Fingerprint,
    },
    /// The signature says no time, and when it was made matters.
    #[error("the signature does not say when it was made, which matters here")]
    NoTime,
    /// The signer is trusted, but not for this.
    #[error("signed by {}, certificate {certificate}, whose signatures do not count here", user_id.as_deref().unwrap_or("a certificate without user ID"))]
    Signer {
        /// The certificate.
        certificate: Fingerprint,
        /// Its first user ID.
        user_id: Option<String>,
    },
    /// The signature was made before the earliest time.
    #[error("signed on {}; only signatures made after {} count here", signed.date_naive(), after.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))]
    TooEarly {
        /// When it was made.
        signed: DateTime<Utc>,
        /// The time after which it must have been made.
        after: DateTime<Utc>,
    },
    /// The signature is too old.
    #[error("signed on {}; signatures older than {} count no more here", signed.date_naive(), Days(*limit))]
    TooOld {
        /// When it was made.
        signed: DateTime<Utc>,
        /// How old it may be.
        limit: TimeDelta,
    },
    /// The policy trusts the certificate at another time.
    #[error("certificate {certificate} is trusted here {}, not on {}", Window(window), time.date_naive())]
    Window {
        /// The certificate.
        certificate: Fingerprint,
        /// When it is trusted.
        window: TrustWindow,
        /// The time in question.
        time: DateTime<Utc>,
    },
}

impl TermsError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Key { .. } | Self::Signer { .. } => Code::SignerNotAccepted,
            Self::NoTime | Self::TooEarly { .. } | Self::TooOld { .. } => Code::SignatureTooOld,
            Self::Window { .. } => Code::SignerNotTrusted,
        }
    }
}

/// Displays a span of time in its largest whole units.
pub(crate) struct Days(pub(crate) TimeDelta);

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (days, hours) = (self.0.num_days(), self.0.num_hours());
        match (days, hours) {
            (1.., _) if self.0 == TimeDelta::days(days) => write!(f, "{days} days"),
            (_, 1..) if self.0 == TimeDelta::hours(hours) => write!(f, "{hours} hours"),
            _ => write!(f, "{} seconds", self.0.num_seconds()),
        }
    }
}

struct Window<'w>(&'w TrustWindow);

impl std::fmt::Display for Window<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.from, self.0.until) {
            (Some(from), Some(until)) => write!(f, "from {} until {}", from.date_naive(), until.date_naive()),
            (Some(from), None) => write!(f, "from {}", from.date_naive()),
            (None, Some(until)) => write!(f, "until {}", until.date_naive()),
            (None, None) => f.write_str("always"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_without_a_time_is_refused_where_its_time_matters() {
        let at = DateTime::UNIX_EPOCH;
        let (none, day) = (Terms::default(), TimeDelta::days(1));
        let young = Terms { max_age: Some(day), ..none.clone() };
        let late = Terms { signed_after: Some(at), ..none.clone() };
        assert_eq!(none.accept_time(None, at), Ok(()));
        for terms in [&young, &late] {
            let error = terms.accept_time(None, at).unwrap_err();
            assert_eq!((error.clone(), error.code()), (TermsError::NoTime, Code::SignatureTooOld));
        }
        assert_eq!(young.accept_time(Some(at), at), Ok(()));
    }

    #[test]
    fn a_signer_without_a_time_is_refused_where_trust_has_an_end() {
        let text = std::fs::read("testdata/keys/cosign-p256.pub").unwrap();
        let signer = Signer::sigstore(&crate::signature::SigstoreKey::from_pem(&text).unwrap());
        let at = DateTime::UNIX_EPOCH;
        let terms = |from, until| Terms {
            signers: Signers::These(BTreeMap::from([(signer.key().clone(), TrustWindow { from, until })])),
            ..Terms::default()
        };
        for validity in [KeyValidity::Now, KeyValidity::WhenSigned] {
            assert_eq!(terms(None, None).accept_signer(&signer, validity, at), Ok(()));
            for bounded in [terms(Some(at), None), terms(None, Some(at + TimeDelta::days(1)))] {
                assert_eq!(bounded.accept_signer(&signer, validity, at), Err(TermsError::NoTime));
            }
        }
    }

    #[test]
    fn the_limits_of_time_are_exact() {
        let (signed, day, second) = (DateTime::UNIX_EPOCH, TimeDelta::days(1), TimeDelta::seconds(1));
        let young = Terms { max_age: Some(day), ..Terms::default() };
        assert_eq!(young.accept_time(Some(signed), signed + day), Ok(()));
        assert!(young.accept_time(Some(signed), signed + day + second).is_err());
        let late = Terms { signed_after: Some(signed), ..Terms::default() };
        assert!(late.accept_time(Some(signed), signed).is_err());
        assert_eq!(late.accept_time(Some(signed + second), signed + day), Ok(()));
        let window = TrustWindow { from: Some(signed), until: Some(signed + day) };
        for (time, expected) in
            [(signed - second, false), (signed, true), (signed + day - second, true), (signed + day, false)]
        {
            assert_eq!(window.contains(time), expected, "{time}");
        }
    }

    #[test]
    fn a_span_is_told_in_its_largest_whole_units() {
        for (span, expected) in [
            (TimeDelta::days(2), "2 days"),
            (TimeDelta::hours(36), "36 hours"),
            (TimeDelta::minutes(90), "5400 seconds"),
            (TimeDelta::seconds(86_401), "86401 seconds"),
        ] {
            assert_eq!(Days(span).to_string(), expected);
        }
    }

    #[test]
    fn a_window_is_told_with_the_ends_that_it_has() {
        let (from, until) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::days(1));
        for (from, until, expected) in [
            (Some(from), Some(until), "from 1970-01-01 until 1970-01-02"),
            (Some(from), None, "from 1970-01-01"),
            (None, Some(until), "until 1970-01-02"),
            (None, None, "always"),
        ] {
            assert_eq!(Window(&TrustWindow { from, until }).to_string(), expected);
        }
    }
}
