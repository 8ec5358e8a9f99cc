//! Signers whose certificate has something about it.

use crate::keys::Keys;
use crate::messages::Message;
use crate::payloads;
use crate::sheet::Sheet;
use crate::time::{self, Time};

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let payload = payload.as_bytes();
    let made_at = |key: &str, created: Time| Message::made_at(keys.get(key), payload, created).bytes();
    let ended = [
        ("expired", "expired", "key-expired", true),
        ("expired-subkey", "expired-subkey.signing", "key-expired", true),
        ("soft-revoked", "soft-revoked", "key-revoked", true),
        ("soft-revoked-subkey", "soft-revoked-subkey.signing", "key-revoked", true),
        ("hard-revoked", "hard-revoked", "key-revoked", false),
        ("hard-revoked-subkey", "hard-revoked-subkey.signing", "key-revoked", false),
        ("unexplained-revoked", "unexplained-revoked", "key-revoked", false),
        ("revoked-with-sha1", "revoked-with-sha1", "key-revoked", false),
        ("designated-revoked", "designated-revoked", "key-revoked", false),
    ];
    for (certificate, key, outcome, was_good) in ended {
        let before = if was_good { "verified" } else { outcome };
        sheet
            .file(&format!("signer.{certificate}.before.sig"), &made_at(key, time::SIGNATURES))
            .keys(&[certificate])
            .is(outcome)
            .option("keyValidity", "when-signed")
            .is(before);
        sheet
            .file(&format!("signer.{certificate}.after.sig"), &made_at(key, time::AFTER_END))
            .keys(&[certificate])
            .is(outcome)
            .option("keyValidity", "when-signed")
            .is(outcome);
    }
    sheet
        .file("signer.hard-revoked.before.sig", &made_at("hard-revoked", time::SIGNATURES))
        .keys(&["hard-revoked", "hard-revoked.revocation-removed"])
        .note("copies of a certificate are merged")
        .is("key-revoked")
        .keys(&["hard-revoked.revocation-removed", "hard-revoked"])
        .is("key-revoked")
        .keys(&["hard-revoked"])
        .at("2024-06-01T00:00:00Z")
        .note("a compromised key never was good")
        .is("key-revoked");
    sheet
        .file("signer.revoked-with-sha1.before.sig", &made_at("revoked-with-sha1", time::SIGNATURES))
        .keys(&["revoked-with-sha1"])
        .at("2031-06-01T00:00:00Z")
        .note("a revocation does not fade")
        .is("key-revoked")
        .at("2030-03-01T00:00:00Z")
        .is("key-revoked")
        .at("2029-06-01T00:00:00Z")
        .is("key-revoked");
    sheet
        .file("signer.designated-revoked.before.sig", &made_at("designated-revoked", time::SIGNATURES))
        .keys(&["designated-revoked", "revoker"])
        .is("key-revoked");
    sheet
        .file("signer.expired.before.sig", &made_at("expired", time::SIGNATURES))
        .keys(&["expired"])
        .at("2024-06-01T00:00:00Z")
        .is("verified");
    sheet
        .file("signer.soft-revoked.before.sig", &made_at("soft-revoked", time::SIGNATURES))
        .keys(&["soft-revoked"])
        .at("2024-06-01T00:00:00Z")
        .is("verified");
    sheet
        .file("signer.soft-revoked-renewed.sig", &made_at("soft-revoked-renewed", time::SIGNATURES))
        .keys(&["soft-revoked-renewed"])
        .note("a newer self-signature does not take a revocation back: as GnuPG, unlike sequoia")
        .is("key-revoked");

    let mut one = |certificate: &str, key: &str, outcome: &str| {
        sheet
            .file(&format!("signer.{certificate}.sig"), &made_at(key, time::SIGNATURES))
            .keys(&[certificate])
            .is(outcome);
    };
    one("no-back-signature", "no-back-signature.signing", "key-not-bound");
    one("unbound-subkey", "unbound-subkey.signing", "key-not-bound");
    one("no-self-signature", "no-self-signature", "key-not-bound");
    one("bad-self-signature", "bad-self-signature", "key-not-bound");
    one("encrypt-only", "encrypt-only.subkey", "key-not-for-signing");
    one("no-key-flags", "no-key-flags", "key-not-for-signing");
    one("future", "future", "key-not-yet-valid");
    one("md5-self-signature", "md5-self-signature", "weak-self-signature");
    one("hostile-user-id", "hostile-user-id", "verified");
    sheet
        .file("signer.certify-only-primary.sig", &made_at("subkey", time::SIGNATURES))
        .keys(&["subkey"])
        .is("key-not-for-signing");
    sheet
        .file("signer.sha1-self-signature.sig", &made_at("sha1-self-signature", time::SIGNATURES))
        .keys(&["sha1-self-signature"])
        .is("verified")
        .option("sha1SelfSignatures", "reject")
        .is("weak-self-signature");
    sheet
        .file("signer.extended.sig", &made_at("extended", time::SIGNATURES))
        .keys(&["extended"])
        .is("key-not-bound")
        .option("lateBindings", "accept")
        .is("verified");
    sheet
        .file("signer.late-subkey.sig", &made_at("late-subkey.signing", time::SIGNATURES))
        .keys(&["late-subkey"])
        .note("the subkey itself is younger than the signature")
        .is("key-not-yet-valid")
        .option("lateBindings", "accept")
        .is("key-not-yet-valid");
}
