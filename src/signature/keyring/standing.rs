//! How a key stands at any time, worked out once: whether self-signatures bind it, for signing, and until when.
//!
//! The library tells this for one time, by looking at all self-signatures and how they bear on each other; a batch asks it
//! for each signature, twice. But it only changes where something begins or ends: so it is asked there, when the keyring
//! is loaded, and in between the last answer holds.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use sequoia_openpgp::packet::{Key, Signature, key};
use sequoia_openpgp::types::HashAlgorithm;

use crate::signature::openpgp::policy::{AlgorithmPolicy, date_time, system_time};

/// The most times at which something may begin or end. A certificate with more is asked anew each time.
const MOMENTS: usize = 512;

/// How a key stands at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Standing {
    /// Whether it may sign data.
    pub(crate) for_signing: bool,
    /// When it ends, by its own lifetime or by its certificate's.
    pub(crate) expires: Option<DateTime<Utc>>,
    /// Whether SHA-1 stands between the certificate and the key.
    pub(crate) sha1: bool,
}

/// How a key stands at all times, by one algorithm policy. Nothing stands for a key that is not bound.
#[derive(Debug)]
pub(crate) struct Standings(Option<Vec<(DateTime<Utc>, Option<Standing>)>>);

impl Standings {
    /// Works it out for the key of a certificate, or not, if that would be too much.
    pub(crate) fn of(
        cert: &Cert,
        key: &Key<key::PublicParts, key::UnspecifiedRole>,
        moments: &[DateTime<Utc>],
        policy: &AlgorithmPolicy,
    ) -> Self {
        if moments.len() > MOMENTS {
            return Self(None);
        }
        let mut standings: Vec<(DateTime<Utc>, Option<Standing>)> = Vec::new();
        for moment in moments {
            let standing = Standing::at(cert, key, policy, *moment);
            if standings.last().is_none_or(|(_, last)| *last != standing) {
                standings.push((*moment, standing));
            }
        }
        Self(Some(standings))
    }

    /// How the key stands at `time`. The arguments are those that this was made of.
    pub(crate) fn at(
        &self,
        cert: &Cert,
        key: &Key<key::PublicParts, key::UnspecifiedRole>,
        policy: &AlgorithmPolicy,
        time: DateTime<Utc>,
    ) -> Option<Standing> {
        let Some(standings) = &self.0 else { return Standing::at(cert, key, policy, time) };
        let after = standings.partition_point(|(from, _)| *from <= time);
        // The first moment is the beginning of OpenPGP's time, which stands for what lies before as well.
        let place = after.saturating_sub(1);
        standings.get(place).and_then(|(_, standing)| *standing)
    }
}

impl Standing {
    /// What the library tells.
    fn at(
        cert: &Cert,
        key: &Key<key::PublicParts, key::UnspecifiedRole>,
        policy: &AlgorithmPolicy,
        time: DateTime<Utc>,
    ) -> Option<Self> {
        let certificate = cert.with_policy(policy, system_time(time)).ok()?;
        let fingerprint = key.fingerprint();
        let key: ValidErasedKeyAmalgamation<'_, key::PublicParts> =
            certificate.keys().find(|bound| bound.key().fingerprint() == fingerprint)?;
        let primary = certificate.primary_key();
        let ends = [key.key_expiration_time(), primary.key_expiration_time()];
        let bindings = [primary.binding_signature().hash_algo(), key.binding_signature().hash_algo()];
        Some(Self {
            for_signing: key.for_signing(),
            expires: ends.into_iter().flatten().map(date_time).min(),
            sha1: bindings.contains(&HashAlgorithm::SHA1),
        })
    }
}

/// The times at which the answer of the library may change: where a key or a self-signature begins or ends. In between it
/// only compares.
pub(crate) fn moments(cert: &Cert) -> Vec<DateTime<Utc>> {
    let mut moments = vec![DateTime::default()];
    let mut add = |time: DateTime<Utc>| {
        // Whichever of the two seconds is the first for which it is different.
        moments.push(time);
        moments.extend(time.checked_add_signed(chrono::TimeDelta::seconds(1)));
    };
    let primary = cert.primary_key().key().creation_time();
    for key in cert.keys() {
        let created = key.key().creation_time();
        add(date_time(created));
        key.self_signatures().for_each(|signature| times(signature, created, &mut add));
    }
    for user in cert.userids() {
        user.self_signatures().for_each(|signature| times(signature, primary, &mut add));
    }
    for user in cert.user_attributes() {
        user.self_signatures().for_each(|signature| times(signature, primary, &mut add));
    }
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// When a signature and those inside it begin and end, and when the key that it binds ends, which was made at `made`.
fn times(signature: &Signature, made: SystemTime, add: &mut impl FnMut(DateTime<Utc>)) {
    let ends = |from: SystemTime, period: Option<Duration>| period.and_then(|period| from.checked_add(period));
    let created = signature.signature_creation_time();
    let end = created.and_then(|created| ends(created, signature.signature_validity_period()));
    [created, end, ends(made, signature.key_validity_period())]
        .into_iter()
        .flatten()
        .for_each(|time| add(date_time(time)));
    for inner in signature.embedded_signatures() {
        times(inner, made, add);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::signature::{KeyringBuilder, Legacy};

    /// Every certificate of the test data.
    fn certificates() -> Vec<(String, Cert)> {
        let mut all = Vec::new();
        for entry in fs::read_dir("testdata/keys").unwrap() {
            let path = entry.unwrap().path();
            let mut builder = KeyringBuilder::default();
            if path.is_file() && builder.add("keys", &fs::read(&path).unwrap()).is_ok() {
                let keyring = builder.build().unwrap();
                all.extend(keyring.certificates().map(|one| (path.display().to_string(), one.cert.clone())));
            }
        }
        assert!(all.len() > 30, "{}", all.len());
        all
    }

    fn compare(name: &str, cert: &Cert, time: DateTime<Utc>) {
        let moments = moments(cert);
        for policy in [Legacy::Accept, Legacy::Reject].map(AlgorithmPolicy::new) {
            for key in cert.keys().map(|key| key.key().clone()) {
                let asked = Standing::at(cert, &key, &policy, time);
                let known = Standings::of(cert, &key, &moments, &policy).at(cert, &key, &policy, time);
                assert_eq!(known, asked, "{name} at {time}");
                // A certificate with too many moments is asked.
                assert_eq!(Standings(None).at(cert, &key, &policy, time), asked);
            }
        }
    }

    #[test]
    fn around_each_moment_what_is_known_is_what_the_library_tells() {
        for (name, cert) in certificates() {
            for moment in moments(&cert) {
                for seconds in [-2, -1, 0, 1, 2] {
                    compare(&name, &cert, moment + chrono::TimeDelta::seconds(seconds));
                }
            }
        }
    }

    #[test]
    fn before_and_after_everything_too() {
        for (name, cert) in certificates() {
            for time in ["1901-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"] {
                compare(&name, &cert, time.parse().unwrap());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn at_any_time_what_is_known_is_what_the_library_tells(seconds in 1_500_000_000..2_000_000_000_i64) {
            for (name, cert) in certificates() {
                compare(&name, &cert, DateTime::from_timestamp(seconds, 0).unwrap());
            }
        }
    }
}
