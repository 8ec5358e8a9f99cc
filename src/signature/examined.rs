//! Signatures that are authenticated once, and judged under as many terms as a policy has.

use chrono::{DateTime, Utc};

use crate::image::{AnchorError, ImageSignature};
use crate::signature::evidence::Findings;
use crate::signature::openpgp::policy::AlgorithmPolicy;
use crate::signature::openpgp::vouch::Judge;
use crate::signature::openpgp::{self, Refused};
use crate::signature::record::{self, RecordError};
use crate::signature::sigstore::blob::Content;
use crate::signature::{
    AuthenticationError, Claims, ClaimsError, Code, IdentityRule, KeyHint, KeyValidity, Keyring, Needs, Note,
    PayloadProfile, Rejection, Rules, SignatureKind, Signer, SigstoreTerms, Subject, Terms, Undecided, sigstore,
};

/// The types of record that hold a signature in the sense of container-signature(5). Both are in use: `atomic` by
/// containers/image, `AtomicImageV1` by OpenShift's import controller.
pub(super) const TYPES: [&str; 2] = ["atomic", "AtomicImageV1"];

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

    /// Authenticates one signature: an OpenPGP one against all trusted keys, a sigstore one against those that terms ask
    /// for. `needs` are those of all terms that will be asked for.
    pub(crate) fn examine<'i>(
        &self,
        signature: &'i ImageSignature<'_>,
        needs: &Needs,
        at: DateTime<Utc>,
    ) -> Examined<'i> {
        let mut kind = None;
        let authenticated = self.authenticate(signature, needs, at, &mut kind);
        Examined { name: &signature.metadata.name, kind, authenticated }
    }

    /// No payload is read before a trusted key has vouched for it.
    fn authenticate(
        &self,
        signature: &ImageSignature<'_>,
        needs: &Needs,
        at: DateTime<Utc>,
        kind: &mut Option<SignatureKind>,
    ) -> Result<Vouched, Box<Refusal>> {
        if !TYPES.contains(&signature.signature_type.as_str()) {
            return Err(Unfit::Undecided(Undecided::Type { found: signature.signature_type.to_string() }).into());
        }
        let content = record::content(signature).map_err(Unfit::from)?;
        let hint = record::key_hint(signature).map_err(Unfit::from)?;
        match Content::of(&content).map_err(Unfit::from)? {
            Content::OpenPgp(message) => {
                *kind = Some(SignatureKind::OpenPgp);
                if !needs.openpgp() {
                    return Err(Unfit::Undecided(Undecided::NotExamined).into());
                }
                self.openpgp(signature, message, hint.as_ref(), needs, at)
            }
            Content::Sigstore(json) => {
                *kind = Some(SignatureKind::Sigstore);
                if needs.sigstore_keys().is_empty() {
                    return Err(Unfit::Undecided(Undecided::NotExamined).into());
                }
                let authenticated = sigstore::authenticate(json, needs.sigstore_keys())?;
                let claims = Claims::parse_sigstore(authenticated.payload());
                let signer = authenticated.into_signer();
                let agreement = record::names(hint.as_ref(), &signer)
                    .and_then(|()| claims.as_ref().map_or(Ok(()), |claims| record::agrees(signature, claims, &signer)));
                Ok(Vouched { signer, notes: Vec::new(), claims: Read::Sigstore(Box::new(claims)), agreement })
            }
        }
    }

    fn openpgp(
        &self,
        signature: &ImageSignature<'_>,
        message: &[u8],
        hint: Option<&KeyHint>,
        needs: &Needs,
        at: DateTime<Utc>,
    ) -> Result<Vouched, Box<Refusal>> {
        let judge = Judge::with_validity(&self.rules, &self.policy, needs.validity(&self.rules), at);
        let authenticated =
            openpgp::authenticate(message, hint, &self.keyring, &judge).map_err(|Refused { error, signer }| {
                Refusal { unfit: error.into(), signer: signer.map(|signer| *signer) }
            })?;
        let read =
            |profile| needs.profile(profile, &self.rules).then(|| Claims::parse(authenticated.payload(), profile));
        let claims = Box::new([read(PayloadProfile::Containers), read(PayloadProfile::Release)]);
        let (signer, notes) = authenticated.into_signer();
        // What a record says beside its content is compared with what was signed, whichever grammar that is read by.
        let agreement =
            claims.iter().flatten().flatten().next().map(|claims| record::agrees(signature, claims, &signer));
        Ok(Vouched { signer, notes, claims: Read::OpenPgp(claims), agreement: agreement.unwrap_or(Ok(())) })
    }
}

/// A signature after authentication, before anybody asks whose it should be and under which name.
#[derive(Debug)]
pub(crate) struct Examined<'i> {
    /// Of the record.
    name: &'i str,
    /// Known where the content can be read that far.
    kind: Option<SignatureKind>,
    authenticated: Result<Vouched, Box<Refusal>>,
}

/// What a trusted key vouches for.
#[derive(Debug)]
struct Vouched {
    signer: Signer,
    notes: Vec<Note>,
    claims: Read,
    /// Whether the record agrees with what is signed.
    agreement: Result<(), RecordError>,
}

/// What is signed, as it was read.
#[derive(Debug)]
enum Read {
    /// By each grammar that terms ask for.
    OpenPgp(Box<[Option<Result<Claims, ClaimsError>>; 2]>),
    /// By the one grammar that there is.
    Sigstore(Box<Result<Claims, ClaimsError>>),
}

/// Why nothing is vouched for.
#[derive(Debug)]
struct Refusal {
    unfit: Unfit,
    /// Known where the signature itself is right.
    signer: Option<Signer>,
}

impl From<Unfit> for Box<Refusal> {
    fn from(unfit: Unfit) -> Self {
        Self::new(Refusal { unfit, signer: None })
    }
}

impl<'i> Examined<'i> {
    /// A signature that is not looked at, as there are too many.
    pub(crate) fn not_examined(signature: &'i ImageSignature<'_>, limit: usize) -> Self {
        let unfit = Unfit::Undecided(Undecided::TooManySignatures { limit });
        Self { name: &signature.metadata.name, kind: None, authenticated: Err(unfit.into()) }
    }

    /// The name of the record.
    pub(crate) fn name(&self) -> &'i str {
        self.name
    }

    /// Who signed, where the signature itself is right.
    pub(crate) fn signer(&self) -> Option<&Signer> {
        match &self.authenticated {
            Ok(vouched) => Some(&vouched.signer),
            Err(refusal) => refusal.signer.as_ref(),
        }
    }

    /// What is known of the signature beside its outcome: what was signed by the first grammar by which it can be read.
    pub(super) fn into_findings(self) -> Findings {
        match self.authenticated {
            Ok(Vouched { signer, notes, claims, .. }) => {
                let claims = match claims {
                    Read::OpenPgp(claims) => claims.into_iter().flatten().flatten().next(),
                    Read::Sigstore(claims) => (*claims).ok(),
                };
                Findings { signer: Some(signer), claims, notes }
            }
            Err(refusal) => Findings { signer: refusal.signer, claims: None, notes: Vec::new() },
        }
    }

    /// Whether the OpenPGP signature vouches under `terms` for the image that `subject` stands for, at `at`; and by whom.
    ///
    /// The order in which terms are looked at is that of [`Rejection`]s in reports: the first that fails names the
    /// outcome.
    pub(crate) fn judge(
        &self,
        subject: &Subject,
        terms: &Terms,
        rules: &Rules,
        at: DateTime<Utc>,
    ) -> Result<&Signer, Unfit> {
        let vouched = self.vouched(SignatureKind::OpenPgp)?;
        let validity = terms.key_validity.unwrap_or(rules.key_validity);
        let signer_accepted = terms.accept_signer(&vouched.signer, validity, at);
        if validity == KeyValidity::Now {
            vouched.valid_now()?;
        }
        let profile = terms.payload_profile.unwrap_or(rules.payload_profile);
        let claims = match (&vouched.claims, profile) {
            (Read::OpenPgp(claims), PayloadProfile::Containers) => claims.first(),
            (Read::OpenPgp(claims), PayloadProfile::Release) => claims.last(),
            (Read::Sigstore(_), _) => None,
        };
        // Terms that nobody announced: there is no answer, and so no acceptance.
        let claims = claims.and_then(Option::as_ref).ok_or(Unfit::Undecided(Undecided::NotExamined))?;
        vouched.is_for(claims, subject, terms.identity.as_ref().unwrap_or(&rules.identity))?;
        signer_accepted?;
        terms.accept_time(vouched.signer.signed_at(), at)?;
        Ok(&vouched.signer)
    }

    /// As [`judge`](Self::judge), of a sigstore signature.
    pub(crate) fn judge_sigstore(
        &self,
        subject: &Subject,
        terms: &SigstoreTerms,
        rules: &Rules,
    ) -> Result<&Signer, Unfit> {
        let vouched = self.vouched(SignatureKind::Sigstore)?;
        let Read::Sigstore(claims) = &vouched.claims else { return Err(Unfit::Undecided(Undecided::NotExamined)) };
        vouched.is_for(claims, subject, terms.identity.as_ref().unwrap_or(&rules.identity))?;
        terms.accept_signer(&vouched.signer)?;
        Ok(&vouched.signer)
    }

    /// What is vouched for, if the signature is of the kind that is demanded.
    fn vouched(&self, demanded: SignatureKind) -> Result<&Vouched, Unfit> {
        match self.kind {
            Some(found) if found != demanded => Err(Rejection::Kind { found }.into()),
            Some(_) | None => self.authenticated.as_ref().map_err(|refusal| refusal.unfit.clone()),
        }
    }
}

impl Vouched {
    /// Whether the claims are about the image that `subject` stands for, and the record agrees with them.
    fn is_for(
        &self,
        claims: &Result<Claims, ClaimsError>,
        subject: &Subject,
        identity: &IdentityRule,
    ) -> Result<(), Unfit> {
        let claims = claims.as_ref().map_err(|error| Unfit::from(error.clone()))?;
        if let Some(reference) = claims.contradicting_digest() {
            return Err(Rejection::Contradiction { signed: *claims.manifest_digest(), reference }.into());
        }
        let anchor = match subject.anchor() {
            Ok(anchor) => anchor,
            Err(error @ AnchorError::Name { .. }) => {
                return Err(Unfit::Undecided(Undecided::Anchor(error.clone())));
            }
            Err(error) => return Err(Rejection::Anchor(error.clone()).into()),
        };
        if claims.manifest_digest() != anchor.digest() {
            return Err(Rejection::Digest { signed: *claims.manifest_digest(), image: *anchor.digest() }.into());
        }
        identity.accepts_parsed(subject.reference(), claims.docker_reference(), claims.reference())?;
        Ok(self.agreement.clone()?)
    }

    /// Whether the key is still valid: what was accepted as it was valid when it signed is not.
    fn valid_now(&self) -> Result<(), AuthenticationError> {
        let key = || self.signer.key().clone();
        for note in &self.notes {
            match note {
                Note::KeyExpiredSince(expired) => {
                    return Err(AuthenticationError::KeyExpired { key: key(), expired: *expired, when_signed: false });
                }
                Note::KeyRevokedSince(revoked) => {
                    return Err(AuthenticationError::KeyRevoked { key: key(), revoked: *revoked, hard: false });
                }
                Note::BindingNewerThanSignature
                | Note::Sha1SelfSignature
                | Note::ShortPartialLength
                | Note::V3Signature => {}
            }
        }
        Ok(())
    }
}

/// Why a signature does not vouch under given terms.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Unfit {
    Rejected(Box<Rejection>),
    Undecided(Undecided),
}

impl Unfit {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::Undecided(undecided) => undecided.code(),
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Rejected(rejection) => rejection.to_string(),
            Self::Undecided(undecided) => undecided.to_string(),
        }
    }
}

impl<E: Into<Rejection>> From<E> for Unfit {
    fn from(rejection: E) -> Self {
        Self::Rejected(Box::new(rejection.into()))
    }
}
