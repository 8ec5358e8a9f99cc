//! Who signed what, counted in parts and added up.

use serde_json::Value;
use vidimus::report::Inventory;
use vidimus::{Image, Keyring, Verdict, Verifier};

use crate::html_page::export;
use crate::support::{AT, load};

/// The verdicts on the images of the export that the tests of the HTML report read.
fn verdicts(verifier: &Verifier) -> Vec<Verdict> {
    let export: Value = serde_json::from_str(&export(false)).unwrap();
    let items = export["items"].as_array().unwrap().iter().map(Value::to_string);
    items
        .map(|item| {
            let image: Image<'_> = serde_json::from_str(&item).unwrap();
            verifier.verify(&image, AT.parse().unwrap())
        })
        .collect()
}

fn counted<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> Inventory {
    let mut inventory = Inventory::default();
    verdicts.into_iter().for_each(|verdict| inventory.count(verdict));
    inventory
}

fn keyring() -> Verifier {
    let keyring = std::fs::read("testdata/quickstart/keyring.asc").unwrap();
    Verifier::new(Keyring::from_bytes("keyring.asc", &keyring).unwrap())
}

#[test]
fn parts_add_up_to_the_whole_in_any_order() {
    let policy = r#"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "release.asc"}]}"#;
    let policy = Verifier::with_policy(load(&[policy]).unwrap(), vidimus::Rules::default());
    for verifier in [keyring(), policy] {
        let verdicts = verdicts(&verifier);
        let whole = counted(&verdicts);
        assert_ne!(whole, Inventory::default());
        for parts in 1..=verdicts.len() {
            let mut sums = [Inventory::default(), Inventory::default()];
            let parts: Vec<_> = verdicts.chunks(parts).map(counted).collect();
            parts.iter().for_each(|part| sums[0].add(part));
            parts.iter().rev().for_each(|part| sums[1].add(part));
            assert_eq!(sums, [whole.clone(), whole.clone()]);
        }
    }
}

#[test]
fn says_who_signed_what() {
    let inventory = counted(&verdicts(&keyring()));
    // Two signers vouch for an image each; one of them signed two more that do not count where they are stored.
    let mut tallies: Vec<_> =
        inventory.signers.values().map(|tally| (tally.images, tally.verified, tally.rejected)).collect();
    tallies.sort_unstable();
    assert_eq!(tallies, [(1, 1, 0), (1, 1, 2)]);
    assert_eq!((inventory.misplaced, inventory.duplicates), (1, 0));
    assert!(inventory.rules.is_empty(), "there is no policy");
    assert!(inventory.signers.values().all(|tally| tally.first.is_some() && tally.first <= tally.last));
}

#[test]
fn what_is_stored_under_both_types_is_a_duplicate_and_nothing_else_is() {
    let export: Value = serde_json::from_str(&export(false)).unwrap();
    let of = |types: &[(&str, &str)]| {
        let mut item = export["items"][0].clone();
        let record = item["signatures"][0].clone();
        let records = types.iter().map(|(kind, content)| {
            let mut record = record.clone();
            record["type"] = (*kind).into();
            if !content.is_empty() {
                record["content"] = (*content).into();
            }
            record
        });
        item["signatures"] = records.collect();
        let item = item.to_string();
        let image: Image<'_> = serde_json::from_str(&item).unwrap();
        keyring().verify(&image, AT.parse().unwrap()).duplicates().to_vec()
    };
    assert_eq!(of(&[("atomic", ""), ("AtomicImageV1", "")]), [(0, 1)]);
    assert_eq!(of(&[("atomic", "x"), ("AtomicImageV1", ""), ("atomic", "")]), [(1, 2)]);
    assert_eq!(of(&[("atomic", ""), ("atomic", "")]), []);
    assert_eq!(of(&[("atomic", ""), ("AtomicImageV1", "x")]), []);
    assert_eq!(of(&[("atomic", ""), ("Other", "")]), []);
    let many: Vec<_> = std::iter::repeat_n(("atomic", ""), 64).chain([("AtomicImageV1", "")]).collect();
    assert_eq!(of(&many), [], "what is not examined is not compared");
}
