//! `sigstoreSigned`: public keys, or certificates by Fulcio or a PKI; and Rekor.

use super::read::{data, file, files, one_of, signed_identity};
use super::{KeySource, Sigstore, SigstoreRoot};
use crate::policy::document::field::{Field, Members};
use crate::policy::document::finding::FindingCode;
use crate::policy::document::keys::Keys;

/// Reads the members of a `sigstoreSigned` requirement.
pub(super) fn sigstore(members: &Members<'_>, keys: &mut Keys<'_>) -> Option<Sigstore> {
    let names = ["keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki"];
    let roots = names.map(|name| members.optional(name));
    let rekor_names = ["rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"];
    let rekor = rekor_names.map(|name| members.optional(name));
    let identity = signed_identity(members);

    let all = "`keyPath`, `keyPaths`, `keyData`, `keyDatas`, `fulcio` and `pki`";
    let one = one_of(members.field(), all, &roots);
    let [path, paths, inline, inlines, fulcio_field, pki_field] = &roots;
    let source = source([path, paths, inline, inlines]);
    let root = one.and_then(|field| match (fulcio_field, pki_field) {
        (Some(fulcio_field), _) => fulcio(fulcio_field).map(|()| SigstoreRoot::Fulcio),
        (_, Some(pki_field)) => pki(pki_field).map(|()| SigstoreRoot::Pki),
        (None, None) => keys.public_keys(field, &source?).map(SigstoreRoot::Keys),
    });

    let [rekor_path, rekor_paths, rekor_datum, rekor_data] = &rekor;
    let rekor_there: Vec<_> = rekor.iter().flatten().collect();
    if let [_, other, ..] = rekor_there.as_slice() {
        other.tell(FindingCode::Exclusive, "only one of `rekorPublicKeyPath`, `rekorPublicKeyPaths`, `rekorPublicKeyData` and `rekorPublicKeyDatas` may be there");
        return None;
    }
    let rekor_source = self::source([rekor_path, rekor_paths, rekor_datum, rekor_data]);
    let has_rekor = !rekor_there.is_empty();
    if has_rekor && rekor_source.is_none() {
        return None;
    }
    if fulcio_field.is_some() && !has_rekor {
        members.field().tell(
            FindingCode::MissingMember,
            "with `fulcio` a public key of Rekor is needed: `rekorPublicKeyPath` or one of its kin",
        );
    }
    if let (Some(_), [rekor, ..]) = (pki_field, rekor_there.as_slice()) {
        rekor.tell(FindingCode::Exclusive, "with `pki` no public key of Rekor may be there");
    }
    let root = root?;
    let demands_more = match (&root, has_rekor) {
        (SigstoreRoot::Fulcio, _) => Some("certificates by Fulcio"),
        (SigstoreRoot::Pki, _) => Some("certificates by a PKI"),
        (SigstoreRoot::Keys(_), true) => Some("an entry in Rekor"),
        (SigstoreRoot::Keys(_), false) => None,
    };
    if let Some(what) = demands_more {
        members
            .field()
            .tell(FindingCode::Unsupported, format!("{what} cannot be checked yet: every image is denied here"));
    }
    Some(Sigstore { root, rekor: has_rekor, identity: identity? })
}

/// Where keys are: the first of a file, files, one piece of data and several that can be read.
fn source([path, paths, datum, data]: [&Option<Field<'_>>; 4]) -> Option<KeySource> {
    let read = [
        path.as_ref().and_then(file),
        paths.as_ref().and_then(files),
        datum.as_ref().and_then(one_datum),
        data.as_ref().and_then(data_list),
    ];
    read.into_iter().flatten().next()
}

fn one_datum(field: &Field<'_>) -> Option<KeySource> {
    data(field).map(|data| KeySource::Data(vec![data]))
}

fn data_list(field: &Field<'_>) -> Option<KeySource> {
    let fields = field.non_empty_array("key")?;
    let read: Vec<_> = fields.iter().filter_map(data).collect();
    (read.len() == fields.len()).then_some(KeySource::Data(read))
}

/// `fulcio`: validated, and not evaluated yet.
fn fulcio(field: &Field<'_>) -> Option<()> {
    let members = field.object()?;
    let ca = ["caPath", "caData"].map(|name| members.optional(name));
    one_of(members.field(), "`caPath` and `caData`", &ca);
    let [path, inline] = &ca;
    let path = path.as_ref().map(Field::text);
    let inline = inline.as_ref().map(data);
    let required = ["oidcIssuer", "subjectEmail"].map(|name| members.required(name).and_then(|field| field.text()));
    members.finish();
    let ca_is_right = path.is_none_or(|path| path.is_some()) && inline.is_none_or(|inline| inline.is_some());
    (ca_is_right && required.iter().all(Option::is_some)).then_some(())
}

/// `pki`: validated, and not evaluated yet.
fn pki(field: &Field<'_>) -> Option<()> {
    let members = field.object()?;
    let roots = ["caRootsPath", "caRootsData"].map(|name| members.optional(name));
    one_of(members.field(), "`caRootsPath` and `caRootsData`", &roots);
    let intermediates = ["caIntermediatesPath", "caIntermediatesData"].map(|name| members.optional(name));
    if let [Some(_), Some(other)] = &intermediates {
        other.tell(FindingCode::Exclusive, "only one of `caIntermediatesPath` and `caIntermediatesData` may be there");
    }
    let subjects = ["subjectEmail", "subjectHostname"].map(|name| members.optional(name));
    if subjects.iter().all(Option::is_none) {
        members
            .field()
            .tell(FindingCode::MissingMember, "one of `subjectEmail` and `subjectHostname` is needed, or both");
    }
    let [roots_path, roots_data] = roots;
    let [intermediates_path, intermediates_data] = intermediates;
    let texts: Vec<_> = [roots_path, intermediates_path].into_iter().chain(subjects).flatten().collect();
    let read = texts.iter().filter(|field| field.text().is_some()).count();
    let inline: Vec<_> = [roots_data, intermediates_data].into_iter().flatten().collect();
    let decoded = inline.iter().filter(|field| data(field).is_some()).count();
    members.finish();
    (read == texts.len() && decoded == inline.len()).then_some(())
}
