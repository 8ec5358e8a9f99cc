//! `require`: what is demanded of an image, as a tree.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::{NamedKeyring, Require, RequireWhat, WrittenTerms};
use crate::image::Digest;
use crate::image::quote::Quoted;
use crate::policy::document::containers_policy;
use crate::policy::document::field::{Field, Members, choice};
use crate::policy::document::finding::FindingCode;
use crate::signature::{Fingerprint, IdentityRule, KeyValidity, PayloadProfile, RemapIdentity};

/// The demands. Each stands alone in its object, so that a reader sees at once what it is.
const DEMANDS: [&str; 8] = ["all", "any", "atLeast", "signedBy", "digestIn", "not", "insecureAcceptAnything", "reject"];

/// The keyrings of the document, and which of them a rule asks for.
#[derive(Debug)]
pub(super) struct Known<'k> {
    keyrings: &'k BTreeMap<String, NamedKeyring>,
    used: RefCell<BTreeMap<String, KeyValidity>>,
}

impl<'k> Known<'k> {
    pub(super) fn new(keyrings: &'k BTreeMap<String, NamedKeyring>) -> Self {
        Self { keyrings, used: RefCell::default() }
    }

    /// The keyrings that rules ask for, and whether any asks for keys that are valid now.
    pub(super) fn into_uses(self) -> BTreeMap<String, KeyValidity> {
        self.used.into_inner()
    }

    fn name(&self, field: &Field<'_>) -> Option<String> {
        let name = field.text()?;
        if !self.keyrings.contains_key(name) {
            field.tell_with(FindingCode::UnknownName, || {
                let known: Vec<_> = self.keyrings.keys().map(String::as_str).collect();
                format!("keyring {} is {}", Quoted(name), choice(name, &known))
            });
            return None;
        }
        Some(name.to_owned())
    }

    fn is_used(&self, name: &str, key_expiry: KeyValidity) {
        let mut used = self.used.borrow_mut();
        let use_of_it = used.entry(name.to_owned()).or_insert(key_expiry);
        if key_expiry == KeyValidity::Now {
            *use_of_it = key_expiry;
        }
    }

    /// The certificates whose signatures can count for these demands.
    fn signers(&self, parts: &[Require]) -> BTreeSet<&'k Fingerprint> {
        self.keyrings_of(parts).flat_map(|keyring| keyring.trusted.keys()).collect()
    }

    /// Whether these demands name no keyring that could not be read: one that could holds something.
    fn are_whole(&self, parts: &[Require]) -> bool {
        self.keyrings_of(parts).all(|keyring| !keyring.trusted.is_empty())
    }

    fn keyrings_of<'p>(&self, parts: &'p [Require]) -> impl Iterator<Item = &'k NamedKeyring> + use<'k, 'p> {
        let keyrings = self.keyrings;
        parts.iter().filter_map(Require::signed_by).filter_map(move |terms| keyrings.get(&terms.keyring))
    }
}

/// Reads a demand.
pub(super) fn require(field: &Field<'_>, known: &Known<'_>) -> Option<Require> {
    let members = field.object()?;
    let demands = DEMANDS.map(|name| members.optional(name));
    let of = members.optional("of");
    members.finish();
    let one = containers_policy::one_of(
        field,
        "`all`, `any`, `atLeast`, `signedBy`, `digestIn`, `not`, `insecureAcceptAnything` and `reject`",
        &demands,
    )?;
    let [all, any, at_least, signed_by, digest_in, not, accept, _] = &demands;
    if let (Some(of), None) = (&of, at_least) {
        of.tell(FindingCode::UnknownMember, "member `of` belongs to `atLeast`");
        return None;
    }
    let what = if all.is_some() {
        RequireWhat::All(list(one, known)?)
    } else if any.is_some() {
        RequireWhat::Any(list(one, known)?)
    } else if at_least.is_some() {
        count_of(field, one, of, known)?
    } else if signed_by.is_some() {
        RequireWhat::SignedBy(terms(one, known)?)
    } else if digest_in.is_some() {
        RequireWhat::DigestIn(digests(one)?)
    } else if not.is_some() {
        let members = one.object()?;
        let listed = members.required("digestIn");
        members.finish();
        RequireWhat::NotDigestIn(digests(&listed?)?)
    } else {
        one.object()?.finish();
        if accept.is_some() { RequireWhat::AcceptAnything } else { RequireWhat::Reject }
    };
    if matches!(what, RequireWhat::AcceptAnything) {
        one.tell(FindingCode::AcceptsAnything, "any image is accepted here, signed or not");
    }
    Some(Require { pointer: field.pointer(), what })
}

fn list(field: &Field<'_>, known: &Known<'_>) -> Option<Vec<Require>> {
    let elements = field.non_empty_array("demand")?;
    let read: Vec<_> = elements.iter().filter_map(|element| require(element, known)).collect();
    (read.len() == elements.len()).then_some(read)
}

/// `atLeast` signers, `of` those that these demands accept.
fn count_of(field: &Field<'_>, count: &Field<'_>, of: Option<Field<'_>>, known: &Known<'_>) -> Option<RequireWhat> {
    let number = count.unsigned().map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    if number == Some(0) {
        count.tell(FindingCode::InvalidValue, "at least one signer must be demanded");
    }
    let Some(of) = of else {
        field.tell(FindingCode::MissingMember, "with `atLeast`, `of` lists whose signatures count");
        return None;
    };
    let elements = of.non_empty_array("`signedBy`")?;
    let parts: Vec<_> = elements.iter().filter_map(|element| require(element, known)).collect();
    for (part, element) in parts.iter().zip(&elements) {
        if !matches!(part.what, RequireWhat::SignedBy(_)) {
            element.tell(FindingCode::InvalidValue, "only `signedBy` brings signers that can be counted");
        }
    }
    // Of what cannot be read, nobody knows how many signers it would bring.
    let is_whole = parts.len() == elements.len() && known.are_whole(&parts);
    let signers = known.signers(&parts).len();
    if is_whole && number.is_some_and(|number| number > signers) {
        let can = if signers == 1 { "signer can" } else { "different signers can" };
        count.tell(FindingCode::NeverSatisfied, format!("only {signers} {can} sign here, so that this is never met"));
    }
    let count = NonZeroUsize::new(number?)?;
    (parts.len() == elements.len()).then_some(RequireWhat::AtLeast { count, of: parts })
}

fn terms(field: &Field<'_>, known: &Known<'_>) -> Option<WrittenTerms> {
    let members = field.object()?;
    let keyring = members.required("keyring").and_then(|field| known.name(&field));
    let identity = members
        .optional("identity")
        .map_or(Some(IdentityRule::MatchRepoDigestOrExact), |field| containers_policy::identity(&field, remap));
    let max_signature_age = members.optional("maxSignatureAge").map_or(Some(None), |field| field.duration().map(Some));
    let signed_after = members.optional("signedAfter").map_or(Some(None), |field| field.time().map(Some));
    let key_expiry = members.optional("keyExpiry").map_or(Some(KeyValidity::Now), |field| {
        field.word(&[("now", KeyValidity::Now), ("when-signed", KeyValidity::WhenSigned)])
    });
    let payload_profile = members.optional("payloadProfile").map_or(Some(PayloadProfile::Containers), |field| {
        field.word(&[("containers", PayloadProfile::Containers), ("release", PayloadProfile::Release)])
    });
    members.finish();
    if let Some(keyring) = &keyring {
        known.is_used(keyring, key_expiry.unwrap_or_default());
    }
    Some(WrittenTerms {
        keyring: keyring?,
        identity: identity?,
        max_signature_age: max_signature_age?,
        signed_after: signed_after?,
        key_expiry: key_expiry?,
        payload_profile: payload_profile?,
    })
}

/// What `remapIdentity` has here beyond the peer's: how the remapped name is compared.
fn remap(members: &Members<'_>, remap: RemapIdentity) -> Option<RemapIdentity> {
    let Some(field) = members.optional("match") else { return Some(remap) };
    let repository = field.word(&[("matchRepoDigestOrExact", false), ("matchRepository", true)])?;
    Some(if repository { remap.matching_repository() } else { remap })
}

fn digests(field: &Field<'_>) -> Option<BTreeSet<Digest>> {
    let elements = field.non_empty_array("digest")?;
    let read: Vec<_> = elements
        .iter()
        .filter_map(|element| {
            let text = element.string()?;
            text.parse::<Digest>().map_err(|error| element.tell(FindingCode::InvalidValue, error.to_string())).ok()
        })
        .collect();
    (read.len() == elements.len()).then(|| read.into_iter().collect())
}
