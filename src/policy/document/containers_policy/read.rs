//! Reads containers-policy.json(5): what the peer accepts is accepted, what it rejects is rejected, and all that is
//! wrong is told at once.
//!
//! Source: `signature/policy_config.go` of containers/image. Where we are stricter (a key file that is missing, empty
//! or damaged) it is as a signature could never be accepted.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::scopes::{self, TRANSPORTS};
use super::sigstore::sigstore;
use super::{ContainersPolicy, Demanded, Demands, KeySource, Scopes, Sigstore, SigstoreRoot, What, identity};
use crate::policy::document::field::{Field, Members, choice};
use crate::policy::document::finding::FindingCode;
use crate::policy::document::keys::Keys;
use crate::signature::{IdentityRule, SIGSTORE_KEYS_PER_RULE, SigstoreKey};

/// Base64 as Go's `StdEncoding` reads it: padding is needed, and bits that nobody needs are not looked at.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Reads a whole policy.
pub(crate) fn read(root: &Field<'_>, keys: &mut Keys<'_>) -> Option<ContainersPolicy> {
    let members = root.object()?;
    let default = members.required("default").and_then(|field| demands(&field, keys));
    let transports = members.optional("transports").map_or(Some(Vec::new()), |field| transports(&field, keys));
    members.finish();
    Some(ContainersPolicy { default: default?, transports: transports? })
}

fn transports(field: &Field<'_>, keys: &mut Keys<'_>) -> Option<Vec<(String, Scopes)>> {
    let mut all = Vec::new();
    for (transport, field) in field.object()?.entries() {
        if !TRANSPORTS.contains(&transport) {
            let what = choice(transport, &TRANSPORTS);
            field.tell(FindingCode::NeverMatches, format!("transport `{transport}` is {what}"));
        }
        let mut scopes = Scopes::new();
        for (scope, field) in field.object()?.entries() {
            scopes::check(&field, transport, scope);
            if let Some(demands) = demands(&field, keys) {
                scopes.push((scope.to_owned(), demands));
            }
        }
        all.push((transport.to_owned(), scopes));
    }
    Some(all)
}

fn demands(field: &Field<'_>, keys: &mut Keys<'_>) -> Option<Demands> {
    // To the peer `null` is an empty list.
    if field.is_null() {
        field.tell(FindingCode::Empty, "the list must hold at least one requirement");
        return None;
    }
    let elements = field.non_empty_array("requirement")?;
    let count = elements.len();
    let all: Vec<_> = elements.iter().filter_map(|element| demanded(element, keys)).collect();
    if all.len() < count {
        return None;
    }
    check_sigstore_keys(field, &all);
    let keyed = |demanded: &&Demanded| matches!(demanded.what, What::SignedBy { .. } | What::Sigstore(_));
    if all.iter().filter(keyed).count() > 1 {
        field.tell(
            FindingCode::AllKeysDemanded,
            "each of these must be met; if a signature by any of the keys is enough, list them as `keyPaths` of one",
        );
    }
    Some(Demands { document: field.document().to_owned(), pointer: field.pointer(), all })
}

/// Tells of more sigstore keys than are tried with a signature.
pub(crate) fn check_sigstore_keys(field: &Field<'_>, all: &[Demanded]) {
    let count = all.iter().flat_map(sigstore_keys).collect::<BTreeSet<_>>().len();
    if count > SIGSTORE_KEYS_PER_RULE {
        field.tell(
            FindingCode::Limit,
            format!("there are {count} sigstore keys in this scope, {SIGSTORE_KEYS_PER_RULE} at most"),
        );
    }
}

/// The public keys of a demand.
fn sigstore_keys(demanded: &Demanded) -> Vec<&SigstoreKey> {
    match &demanded.what {
        What::Sigstore(Sigstore { root: SigstoreRoot::Keys(keys), .. }) => keys.iter().collect(),
        What::AcceptAnything
        | What::Reject
        | What::SignedBaseLayer
        | What::SignedBy { .. }
        | What::SignedByOther { .. }
        | What::Sigstore(_) => Vec::new(),
    }
}

#[derive(Clone, Copy)]
enum Type {
    AcceptAnything,
    Reject,
    SignedBaseLayer,
    SignedBy,
    SigstoreSigned,
}

fn demanded(field: &Field<'_>, keys: &mut Keys<'_>) -> Option<Demanded> {
    let members = field.object()?;
    let kind = members.required("type")?.word(&[
        ("insecureAcceptAnything", Type::AcceptAnything),
        ("reject", Type::Reject),
        ("signedBy", Type::SignedBy),
        ("sigstoreSigned", Type::SigstoreSigned),
        ("signedBaseLayer", Type::SignedBaseLayer),
    ])?;
    let what = match kind {
        Type::AcceptAnything => {
            field.tell(FindingCode::AcceptsAnything, "any image is accepted here, signed or not");
            Some(What::AcceptAnything)
        }
        Type::Reject => Some(What::Reject),
        Type::SignedBaseLayer => {
            field.tell(
                FindingCode::Unsupported,
                "base layers cannot be checked, by the peers neither: every image is rejected here",
            );
            let read = members.required("baseLayerIdentity").and_then(|field| identity(&field, |_, remap| Some(remap)));
            read.map(|_| What::SignedBaseLayer)
        }
        Type::SignedBy => signed_by(&members, keys),
        Type::SigstoreSigned => sigstore(&members, keys).map(What::Sigstore),
    };
    members.finish();
    Some(Demanded { pointer: field.pointer(), what: what? })
}

#[derive(Clone, Copy)]
enum KeyType {
    Gpg,
    Other(&'static str),
}

fn signed_by(members: &Members<'_>, keys: &mut Keys<'_>) -> Option<What> {
    let key_type = members.required("keyType").and_then(|field| {
        field.word(&[
            ("GPGKeys", KeyType::Gpg),
            ("signedByGPGKeys", KeyType::Other("signedByGPGKeys")),
            ("X509Certificates", KeyType::Other("X509Certificates")),
            ("signedByX509CAs", KeyType::Other("signedByX509CAs")),
        ])
    });
    let sources = ["keyPath", "keyPaths", "keyData"].map(|name| members.optional(name));
    let signed_identity = signed_identity(members);
    let [path, paths, data] = &sources;
    let source = one_of(members.field(), "`keyPath`, `keyPaths` and `keyData`", &sources)?;
    let read = path
        .as_ref()
        .and_then(file)
        .or_else(|| paths.as_ref().and_then(files))
        .or_else(|| data.as_ref().and_then(|field| self::data(field).map(|data| KeySource::Data(vec![data]))));
    match (key_type?, read?) {
        (KeyType::Other(key_type), _) => {
            source.tell(
                FindingCode::Unsupported,
                format!(
                    "keys of type `{key_type}` cannot be checked, by the peers neither: every image is rejected here"
                ),
            );
            Some(What::SignedByOther { key_type: key_type.to_owned() })
        }
        (KeyType::Gpg, keys_in) => {
            let certificates = keys.certificates_in(source, &keys_in)?;
            if !keys.can_vouch(&certificates) {
                source.tell(
                    FindingCode::ExpiredKeyring,
                    "none of these keys can vouch any more: expired, revoked or too weak",
                );
            }
            Some(What::SignedBy { keys: keys_in, identity: signed_identity?, certificates })
        }
    }
}

/// `signedIdentity`, and what it is where it is not there.
pub(super) fn signed_identity(members: &Members<'_>) -> Option<IdentityRule> {
    match members.optional("signedIdentity") {
        Some(field) => identity(&field, |_, remap| Some(remap)),
        None => Some(IdentityRule::MatchRepoDigestOrExact),
    }
}

/// The one member that is there; none, and more than one, are told.
pub(crate) fn one_of<'f, 'd>(
    object: &Field<'d>,
    names: &str,
    fields: &'f [Option<Field<'d>>],
) -> Option<&'f Field<'d>> {
    let mut there = fields.iter().flatten();
    match (there.next(), there.next()) {
        (Some(one), None) => Some(one),
        (None, _) => {
            object.tell(FindingCode::MissingMember, format!("exactly one of {names} is needed"));
            None
        }
        (Some(_), Some(other)) => {
            other.tell(FindingCode::Exclusive, format!("exactly one of {names} may be there, and this is one more"));
            None
        }
    }
}

/// A file with keys.
pub(super) fn file(field: &Field<'_>) -> Option<KeySource> {
    Some(KeySource::Files(vec![field.text()?.to_owned()]))
}

/// Files with keys, of which any will do.
pub(super) fn files(field: &Field<'_>) -> Option<KeySource> {
    let paths = field.non_empty_array("key file")?;
    let read: Vec<_> = paths.iter().filter_map(|path| Some(path.text()?.to_owned())).collect();
    (read.len() == paths.len()).then_some(KeySource::Files(read))
}

/// Keys in the document itself.
pub(crate) fn data(field: &Field<'_>) -> Option<Vec<u8>> {
    let text = field.text()?;
    let compact: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    BASE64
        .decode(compact)
        .map_err(|error| {
            field.tell(
                FindingCode::InvalidValue,
                format!(
                    "this is no base64 (standard alphabet, padded): {}",
                    error.to_string().to_lowercase().trim_end_matches('.')
                ),
            )
        })
        .ok()
}
