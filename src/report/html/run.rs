//! What is told of a run as a whole: the totals, the keys, the signers, and what could not be read.

use serde_json::{Map, Value, json};

use crate::report::html::row::PLAIN_NOTES;
use crate::report::html::shorthand::PHRASES;
use crate::report::inventory::{DemandTold, EXPIRING, SignerTally, Standing, end};
use crate::report::{Head, Summary};
use crate::signature::{CertificateSummary, Code, Fingerprint, KeySummary, rfc3339};

/// The data behind the rows, by names.
pub(super) fn run(head: &Head, summary: &Summary, certificates: &[CertificateSummary]) -> Value {
    let inventory = &summary.inventory;
    let is_certificate =
        |signer: &Fingerprint| certificates.iter().any(|certificate| certificate.fingerprint == *signer);
    let others = inventory.signers.iter().filter(|(signer, _)| !is_certificate(signer));
    let certificates = certificates.iter().map(|certificate| {
        let tally = inventory.signers.get(&certificate.fingerprint).cloned().unwrap_or_default();
        json!({
            "fingerprint": certificate.fingerprint.to_string(),
            "userIds": certificate.user_ids,
            "standing": Standing::of(certificate, head.at).as_str(),
            "end": end(certificate).map(rfc3339),
            "keys": certificate.keys.iter().map(key).collect::<Vec<_>>(),
            "tally": told(&tally),
        })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "at": rfc3339(head.at),
        "shard": head.shard.map(|shard| shard.to_string()),
        "summary": summary,
        "codes": Code::ALL,
        "notes": PLAIN_NOTES.iter().map(|note| [note.as_str().to_owned(), note.to_string()]).collect::<Vec<_>>(),
        "phrases": PHRASES.iter().map(|(phrase, mark)| (mark.to_string(), Value::from(*phrase))).collect::<Map<_, _>>(),
        "expiringDays": EXPIRING.num_days(),
        "certificates": certificates.collect::<Vec<_>>(),
        "otherSigners": others
            .map(|(signer, tally)| json!({ "fingerprint": signer.to_string(), "tally": told(tally) }))
            .collect::<Vec<_>>(),
        "rules": inventory.rules.iter().map(|(key, rule)| (key.to_string(), json!({
            "name": rule.name,
            "document": rule.document,
            "pointer": rule.pointer,
            "scope": rule.scope,
            "mode": rule.mode,
            "demand": demand(&rule.demand),
            "images": rule.images,
        }))).collect::<Map<_, _>>(),
        "misplaced": inventory.misplaced,
        "duplicates": inventory.duplicates,
        "errors": summary.listed,
    })
}

fn demand(told: &DemandTold) -> Value {
    let parts: Vec<_> = told.parts.iter().map(demand).collect();
    json!({ "name": told.name, "pointer": told.pointer, "parts": parts })
}

fn key(key: &KeySummary) -> Value {
    json!({
        "fingerprint": key.fingerprint.to_string(),
        "algorithm": key.algorithm,
        "created": rfc3339(key.created),
        "expires": key.expires.map(rfc3339),
        "revoked": key.revoked.map(rfc3339),
        "code": key.usable.as_ref().err().map(|error| error.code().as_str()),
        "message": key.usable.as_ref().err().map(ToString::to_string),
        "notes": key.usable.iter().flatten().map(|note| [note.as_str().to_owned(), note.to_string()]).collect::<Vec<_>>(),
    })
}

fn told(tally: &SignerTally) -> Value {
    let SignerTally { images, allowed, verified, rejected, first, last } = tally;
    json!({
        "images": images,
        "allowed": allowed,
        "verified": verified,
        "rejected": rejected,
        "first": first.map(rfc3339),
        "last": last.map(rfc3339),
    })
}
