//! The same signature, stored twice.

use std::collections::BTreeMap;

use crate::image::ImageSignature;
use crate::signature::examined::TYPES;

/// The pairs of records that hold the same content under both type strings, as places in the object: the same signature
/// once written by a client and once by OpenShift's import controller.
pub(crate) fn duplicates(records: &[ImageSignature<'_>]) -> Vec<(usize, usize)> {
    // Mostly all records are of one type, and nothing has to be compared.
    if records.len() < TYPES.len()
        || TYPES.iter().any(|kind| records.iter().all(|record| record.signature_type.as_str() != *kind))
    {
        return Vec::new();
    }
    let mut first: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut pairs = Vec::new();
    let of_a_type = |record: &&ImageSignature<'_>| TYPES.contains(&record.signature_type.as_str());
    for (place, record) in records.iter().enumerate().filter(|(_, record)| of_a_type(record)) {
        let (content, kind) = (record.content.as_str(), record.signature_type.as_str());
        match first.get(content) {
            Some((earlier, other)) if *other != kind => pairs.push((*earlier, place)),
            Some(_) => {}
            None => {
                first.insert(content, (place, kind));
            }
        }
    }
    pairs
}
