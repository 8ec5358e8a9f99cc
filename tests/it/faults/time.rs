//! The clock: it is an input, so what it does before or after a verification means nothing to it.

use std::fs;

use chrono::{DateTime, Utc};
use vidimus::{Code, Keyring, Verifier};

use super::figure;
use crate::support::raw_signature;

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

fn verifier(key: &str) -> Verifier {
    Verifier::new(Keyring::from_bytes(key, &fs::read(format!("testdata/keys/{key}")).unwrap()).unwrap())
}

/// Times at which clocks are known to stand when something is wrong, and others, out of order.
const TIMES: [&str; 12] = [
    "2026-06-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "2026-06-02T00:00:00Z",
    "2026-05-31T00:00:00Z",
    "2024-03-01T11:50:00Z",
    "2024-03-01T12:00:00Z",
    "2030-03-01T00:00:00Z",
    "1901-12-13T20:45:52Z",
    "2038-01-20T00:00:00Z",
    "2106-02-08T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
];

#[test]
fn a_clock_that_goes_back_and_forth_changes_no_verdict() {
    let cases = [
        ("release.asc", "good.rsa4096.sig"),
        ("expired.asc", "signer.expired.before.sig"),
        ("soft-revoked.asc", "signer.soft-revoked.before.sig"),
        ("hard-revoked.asc", "signer.hard-revoked.before.sig"),
        ("revoked-with-sha1.asc", "signer.revoked-with-sha1.before.sig"),
        ("ed25519.asc", "expires.2024-03-06.sig"),
    ];
    let mut tried = 0;
    for (key, file) in cases {
        let content = fs::read(format!("testdata/signatures/{file}")).unwrap();
        let image = raw_signature(&content, DIGEST, "registry.example.com/shop/frontend:1.0.0");
        let kept = verifier(key);
        let code = |verifier: &Verifier, at: &str| {
            let at: DateTime<Utc> = at.parse().unwrap();
            verifier.verify(&image, at).evidence()[0].code()
        };
        for _ in 0..2 {
            for at in TIMES {
                tried += 1;
                assert_eq!(code(&kept, at), code(&verifier(key), at), "{file} at {at}, by whoever was asked before");
            }
        }
        // A revocation that voids all is never outlived, and before its time nothing is signed.
        let hard = file.contains("hard-revoked") || file.contains("revoked-with-sha1");
        for at in TIMES {
            assert!(!hard || code(&kept, at) != Code::Verified, "{file} at {at}");
            assert!(at >= "2024-03-01T11:55:00Z" || code(&kept, at) != Code::Verified, "{file} at {at}");
        }
    }
    assert_eq!(tried, 144);
    figure("clock back and forth", tried, "the verdict of a verifier that was never asked before");
}
