//! One certificate, with what is asked of it for every signature worked out beforehand.

use chrono::{DateTime, Utc};
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::amalgamation::key::PrimaryKey as _;
use sequoia_openpgp::packet::{Key, key};
use sequoia_openpgp::types::RevocationType;

use crate::signature::Fingerprint;
use crate::signature::openpgp::policy::{self, AlgorithmPolicy, Strength};

/// A certificate and its keys.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) cert: Cert,
    pub(crate) fingerprint: Fingerprint,
    /// The user IDs that the certificate binds, the primary one first. They are the owner's word, for display.
    pub(crate) user_ids: Vec<String>,
    /// The primary key, then the subkeys, bound or not.
    pub(crate) keys: Vec<SigningKey>,
}

/// A key of a certificate that may have made a signature.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pub(crate) key: Key<key::PublicParts, key::UnspecifiedRole>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) algorithm: String,
    pub(crate) strength: Strength,
    /// The revocations of this key and of its primary key.
    pub(crate) revocations: Vec<Revocation>,
}

/// A revocation, by the key's owner or by whom the owner appointed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Revocation {
    pub(crate) time: DateTime<Utc>,
    pub(crate) kind: RevocationKind,
}

/// What a revocation means for what was signed before it (RFC 9580, section 5.2.3.31).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RevocationKind {
    /// The key is or may be in other hands: nothing it ever signed counts.
    Hard,
    /// The key is retired or superseded.
    Soft,
}

impl Certificate {
    pub(crate) fn prepare(cert: Cert) -> Self {
        let primary = revocations_of_primary(&cert);
        let keys = cert
            .keys()
            .map(|amalgamation| {
                let key = amalgamation.key();
                let mut revocations = primary.clone();
                if !amalgamation.primary() {
                    revocations.extend(amalgamation.self_revocations().map(Revocation::of));
                }
                SigningKey {
                    fingerprint: Fingerprint::new(key.fingerprint().as_bytes()),
                    algorithm: policy::algorithm_name(key),
                    strength: policy::key_strength(key),
                    revocations,
                    key: key.clone(),
                }
            })
            .collect();
        Self {
            fingerprint: Fingerprint::new(cert.fingerprint().as_bytes()),
            user_ids: cert.userids().map(|user| String::from_utf8_lossy(user.userid().value()).into_owned()).collect(),
            keys,
            cert,
        }
    }

    /// The primary key.
    pub(crate) fn primary(&self) -> Option<&SigningKey> {
        self.keys.first()
    }
}

/// The primary key's own revocations, which verify; and those by the revokers that it appointed, which count without
/// being verified, as their certificates may not be at hand and a revocation that is missed is worse than one too many.
fn revocations_of_primary(cert: &Cert) -> Vec<Revocation> {
    let policy = AlgorithmPolicy::new(crate::signature::Legacy::Accept);
    let revokers: Vec<_> = cert.revocation_keys(&policy).map(|revoker| revoker.revoker().1.clone()).collect();
    let primary = cert.primary_key();
    let appointed = primary.other_revocations().filter(|signature| {
        signature.get_issuers().iter().any(|issuer| {
            revokers.iter().any(|revoker| issuer.aliases(sequoia_openpgp::KeyHandle::from(revoker.clone())))
        })
    });
    primary.self_revocations().chain(appointed).map(Revocation::of).collect()
}

impl Revocation {
    fn of(signature: &sequoia_openpgp::packet::Signature) -> Self {
        // No reason, an unknown one and "compromised" are all hard.
        let kind = match signature.reason_for_revocation().map(|(reason, _)| reason.revocation_type()) {
            Some(RevocationType::Soft) => RevocationKind::Soft,
            Some(RevocationType::Hard) | None => RevocationKind::Hard,
        };
        let time = signature.signature_creation_time().map_or_else(DateTime::default, policy::date_time);
        Self { time, kind }
    }
}
