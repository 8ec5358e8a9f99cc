//! `keyrings`: certificates with a name, each trusted for a time.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{KeyPlace, NamedKeyring, WrittenKey};
use crate::policy::document::field::{Field, Members};
use crate::policy::document::finding::FindingCode;
use crate::policy::document::keys::{KeyLocation, Keys};
use crate::signature::TrustWindow;

/// Reads `keyrings`.
pub(super) fn keyrings(field: &Field<'_>, keys: &mut Keys<'_>) -> Option<BTreeMap<String, NamedKeyring>> {
    let mut all = BTreeMap::new();
    for (name, field) in field.object()?.entries() {
        if name.is_empty() {
            field.tell(FindingCode::Empty, "a keyring needs a name");
        }
        let keyring = keyring(&field, keys).unwrap_or_default();
        all.insert(name.to_owned(), keyring);
    }
    Some(all)
}

fn keyring(field: &Field<'_>, keys: &mut Keys<'_>) -> Option<NamedKeyring> {
    let members = field.object()?;
    let list = members.required("keys");
    members.finish();
    let mut keyring = NamedKeyring::default();
    for field in list?.non_empty_array("key")? {
        let Some(key) = key(&field, keys) else { continue };
        for certificate in &key.certificates {
            match keyring.trusted.entry(certificate.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(key.window);
                }
                Entry::Occupied(entry) if *entry.get() == key.window => {}
                Entry::Occupied(_) => field.tell(
                    FindingCode::Exclusive,
                    format!("certificate {certificate} is in this keyring already, trusted at other times"),
                ),
            }
        }
        keyring.keys.push(key);
    }
    Some(keyring)
}

fn key(field: &Field<'_>, keys: &mut Keys<'_>) -> Option<WrittenKey> {
    let members = field.object()?;
    let places = ["file", "inline", "directory"].map(|name| members.optional(name));
    let window = window(&members);
    members.finish();
    let one = members_one_of(field, &places)?;
    let text = one.text()?.to_owned();
    let [file, inline, _] = &places;
    let place = match (file, inline) {
        (Some(_), _) => KeyPlace::File(text),
        (_, Some(_)) => KeyPlace::Inline(text),
        (None, None) => KeyPlace::Directory(text),
    };
    let certificates = match &place {
        KeyPlace::Directory(path) => keys.certificates(one, KeyLocation::Directory(&beside(field.document(), path))),
        KeyPlace::File(path) => keys.certificates(one, KeyLocation::File(&beside(field.document(), path))),
        KeyPlace::Inline(text) => keys.certificates_of(one, &one.pointer(), text.as_bytes()),
    };
    Some(WrittenKey { place, window: window?, certificates: certificates? })
}

fn members_one_of<'f, 'd>(field: &Field<'d>, places: &'f [Option<Field<'d>>]) -> Option<&'f Field<'d>> {
    let names = "`file`, `inline` and `directory`";
    crate::policy::document::containers_policy::one_of(field, names, places)
}

/// A path as it is for whoever reads the document: relative to the document's folder.
pub(crate) fn beside(document: &str, path: &str) -> String {
    match document.rsplit_once('/') {
        Some((folder, _)) if !path.starts_with('/') => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}

fn window(members: &Members<'_>) -> Option<TrustWindow> {
    let from = members.optional("trustedFrom").map_or(Some(None), |field| field.time().map(Some));
    let until = members.optional("trustedUntil");
    let end = until.as_ref().map_or(Some(None), |field| field.time().map(Some));
    let window = TrustWindow { from: from?, until: end? };
    if let (Some(from), Some(end), Some(field)) = (window.from, window.until, until)
        && end <= from
    {
        field.tell(FindingCode::InvalidValue, "trust ends before it begins");
        return None;
    }
    Some(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_folder_of_its_document() {
        for (document, path, expected) in [
            ("policy.yaml", "keys/a.asc", "keys/a.asc"),
            ("team/policy.yaml", "keys/a.asc", "team/keys/a.asc"),
            ("/etc/policy.yaml", "a.asc", "/etc/a.asc"),
            ("team/policy.yaml", "/keys/a.asc", "/keys/a.asc"),
        ] {
            assert_eq!(beside(document, path), expected);
        }
    }
}
