//! One certificate, with what is asked of it for every signature worked out beforehand.

use chrono::{DateTime, Utc};
use sequoia_openpgp::cert::amalgamation::key::{ErasedKeyAmalgamation, PrimaryKey as _};
use sequoia_openpgp::packet::{Key, Signature, key};
use sequoia_openpgp::types::RevocationType;
use sequoia_openpgp::{Cert, KeyHandle};

use crate::signature::keyring::standing::{self, Standings};
use crate::signature::openpgp::operation::Operation;
use crate::signature::openpgp::policy::{self, AlgorithmPolicy, Strength};
use crate::signature::{Fingerprint, KeyHint, Legacy};

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
    /// The key, ready to verify with.
    pub(crate) operation: Operation,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) algorithm: String,
    pub(crate) strength: Strength,
    /// The revocations of this key and of its primary key.
    pub(crate) revocations: Vec<Revocation>,
    /// How it stands at any time.
    pub(crate) standings: Standings,
    /// The same where self-signatures by SHA-1 count.
    pub(crate) standings_with_sha1: Standings,
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
        let revokers = revokers(&cert);
        let of_primary: Vec<_> = cert.keys().take(1).flat_map(|primary| revocations(&primary, &revokers)).collect();
        let (strict, with_sha1) = (AlgorithmPolicy::new(Legacy::Reject), AlgorithmPolicy::new(Legacy::Accept));
        let moments = standing::moments(&cert);
        let keys = cert
            .keys()
            .map(|amalgamation| {
                let key = amalgamation.key();
                let mut revocations = revocations(&amalgamation, &revokers);
                if !amalgamation.primary() {
                    revocations.extend(&of_primary);
                }
                SigningKey {
                    fingerprint: Fingerprint::new(key.fingerprint().as_bytes()),
                    algorithm: policy::algorithm_name(key),
                    strength: policy::key_strength(key),
                    revocations,
                    operation: Operation::prepare(key),
                    standings: Standings::of(&cert, key, &moments, &strict),
                    standings_with_sha1: Standings::of(&cert, key, &moments, &with_sha1),
                    key: key.clone(),
                }
            })
            .collect();
        let fingerprint = Fingerprint::new(cert.fingerprint().as_bytes());
        Self { fingerprint, user_ids: user_ids(&cert), keys, cert }
    }

    /// Whether one of its keys is the one that `hint` names.
    pub(crate) fn has_key(&self, hint: &KeyHint) -> bool {
        self.keys.iter().any(|key| hint.matches(&key.fingerprint))
    }

    /// The primary key.
    pub(crate) fn primary(&self) -> Option<&SigningKey> {
        self.keys.first()
    }
}

/// The user IDs that the certificate binds and has not revoked: the one marked as primary first, then the newest.
fn user_ids(cert: &Cert) -> Vec<String> {
    let mut bound: Vec<_> = cert
        .userids()
        .filter(|user| user.self_revocations().next().is_none())
        .filter_map(|user| {
            let newest = user.self_signatures().max_by_key(|signature| signature.signature_creation_time())?;
            let rank = (newest.primary_userid() == Some(true), newest.signature_creation_time());
            Some((rank, String::from_utf8_lossy(user.userid().value()).into_owned()))
        })
        .collect();
    bound.sort_by(|(one, _), (other, _)| other.cmp(one));
    bound.into_iter().map(|(_, user_id)| user_id).collect()
}

/// Whom the owner appointed to revoke the certificate.
fn revokers(cert: &Cert) -> Vec<KeyHandle> {
    let policy = AlgorithmPolicy::new(Legacy::Accept);
    cert.revocation_keys(&policy).map(|revoker| KeyHandle::from(revoker.revoker().1.clone())).collect()
}

/// The owner's revocations of a key, which verify; and those by the appointed revokers, which count without being
/// verified, as their certificates may not be at hand and a revocation that is missed is worse than one too many.
fn revocations(key: &ErasedKeyAmalgamation<'_, key::PublicParts>, revokers: &[KeyHandle]) -> Vec<Revocation> {
    let by_revoker = |signature: &&Signature| {
        signature.get_issuers().iter().any(|issuer| revokers.iter().any(|revoker| issuer.aliases(revoker)))
    };
    key.self_revocations().chain(key.other_revocations().filter(by_revoker)).map(Revocation::of).collect()
}

impl Revocation {
    fn of(signature: &Signature) -> Self {
        // No reason, an unknown one and "compromised" are all hard.
        let kind = match signature.reason_for_revocation().map(|(reason, _)| reason.revocation_type()) {
            Some(RevocationType::Soft) => RevocationKind::Soft,
            Some(RevocationType::Hard) | None => RevocationKind::Hard,
        };
        let time = signature.signature_creation_time().map_or_else(DateTime::default, policy::date_time);
        Self { time, kind }
    }
}

#[cfg(test)]
mod tests {
    use sequoia_openpgp::cert::CertBuilder;
    use sequoia_openpgp::packet::UserID;

    use super::*;

    #[test]
    fn a_user_id_that_the_owner_did_not_bind_is_nobodys_name() {
        let (cert, _) = CertBuilder::new().add_userid("Owner <owner@example.com>").generate().unwrap();
        let (cert, _) = cert.insert_packets(UserID::from("Forger <forger@example.com>")).unwrap();
        assert_eq!(Certificate::prepare(cert).user_ids, ["Owner <owner@example.com>"]);
    }

    #[test]
    fn a_revocation_of_the_certificate_is_one_of_each_of_its_keys() {
        let (cert, revocation) = CertBuilder::new().add_userid("a").add_signing_subkey().generate().unwrap();
        assert!(Certificate::prepare(cert.clone()).keys.iter().all(|key| key.revocations.is_empty()));
        let (revoked, _) = cert.insert_packets(revocation).unwrap();
        let keys = Certificate::prepare(revoked).keys;
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key.revocations.iter().all(|found| found.kind == RevocationKind::Hard)));
        assert!(keys.iter().all(|key| key.revocations.len() == 1));
    }
}
