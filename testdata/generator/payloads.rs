//! What is signed: the JSON of simple signing, well-formed and otherwise.

use crate::images;

/// The image that everything in `signatures/` is about.
pub(crate) const REPOSITORY: &str = "registry.example.com/shop/frontend";
pub(crate) const TAGGED: &str = "registry.example.com/shop/frontend:1.0.0";

const TYPE: &str = "atomic container signature";
const COSIGN_TYPE: &str = "cosign container image signature";
const OPTIONAL: &str = r#"{"creator":"vidimus testdata","timestamp":1709294400}"#;

/// The digest of that image's manifest.
pub(crate) fn digest() -> String {
    images::frontend().digest
}

/// The payload for that image.
pub(crate) fn good() -> String {
    payload(TAGGED, &digest())
}

/// A well-formed payload, as containers/image writes it.
pub(crate) fn payload(reference: &str, digest: &str) -> String {
    document(TYPE, reference, digest, OPTIONAL)
}

/// A well-formed payload, as cosign writes it.
pub(crate) fn cosign(reference: &str, digest: &str, optional: &str) -> String {
    document(COSIGN_TYPE, reference, digest, optional)
}

fn document(kind: &str, reference: &str, digest: &str, optional: &str) -> String {
    format!(r#"{{"critical":{},"optional":{optional}}}"#, critical(kind, reference, digest))
}

fn critical(kind: &str, reference: &str, digest: &str) -> String {
    format!(
        r#"{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"{kind}"}}"#
    )
}

/// Payloads that are signed well and say something: name, payload, outcome, outcome under the `release` profile.
pub(crate) fn variants() -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    let sha256 = digest();
    let hex = sha256.trim_start_matches("sha256:");
    let critical = critical(TYPE, TAGGED, &sha256);
    let good = good();
    let with_optional = |optional: &str| document(TYPE, TAGGED, &sha256, optional);
    let with_digest = |digest: &str| payload(TAGGED, digest);
    let (bad, ok) = ("invalid-claims", "verified");
    let text: Vec<(&'static str, String, &'static str, &'static str)> = vec![
        (
            "python-style",
            good.replace(':', ": ").replace(',', ", ").replace(": 1.0.0", ":1.0.0").replace("sha256: ", "sha256:"),
            ok,
            ok,
        ),
        ("whitespace-around", format!("\n {good}\n\n"), ok, ok),
        ("optional-empty", with_optional("{}"), ok, ok),
        ("optional-missing", format!(r#"{{"critical":{critical}}}"#), bad, ok),
        ("optional-null", with_optional("null"), bad, ok),
        ("optional-array", with_optional("[]"), bad, bad),
        ("optional-unknown-member", with_optional(r#"{"creator":"x","note":"y"}"#), ok, bad),
        ("optional-duplicate-member", with_optional(r#"{"note":1,"note":2}"#), bad, bad),
        ("optional-deep", with_optional(&format!(r#"{{"note":{}{}}}"#, "[".repeat(1000), "]".repeat(1000))), bad, bad),
        ("creator-number", with_optional(r#"{"creator":1}"#), bad, bad),
        ("creator-hostile", with_optional(r#"{"creator":"\u001b[31mred\u202e\n<script>"}"#), ok, ok),
        ("creator-lone-surrogate", with_optional(r#"{"creator":"\ud800"}"#), bad, bad),
        ("timestamp-fraction", with_optional(r#"{"timestamp":1709294400.5}"#), bad, bad),
        ("timestamp-huge", with_optional(r#"{"timestamp":1e300}"#), bad, bad),
        ("timestamp-string", with_optional(r#"{"timestamp":"1709294400"}"#), bad, bad),
        ("timestamp-negative", with_optional(r#"{"timestamp":-1}"#), ok, ok),
        (
            "duplicate-member",
            good.replacen(r#""image":"#, r#""image":{"docker-manifest-digest":"sha256:00"},"image":"#, 1),
            bad,
            bad,
        ),
        (
            "duplicate-escaped-member",
            good.replacen(r#"{"docker-reference""#, r#"{"docker\u002dreference":"x","docker-reference""#, 1),
            bad,
            bad,
        ),
        ("duplicate-critical", format!(r#"{{"critical":{critical},"critical":{critical},"optional":{{}}}}"#), bad, bad),
        ("unknown-member", format!(r#"{{"critical":{critical},"extra":1,"optional":{{}}}}"#), bad, bad),
        ("unknown-critical-member", good.replacen(r#""type":"#, r#""extra":1,"type":"#, 1), bad, bad),
        ("upper-case-member", good.replacen("critical", "Critical", 1), bad, bad),
        (
            "identity-missing",
            good.replacen(&format!(r#""identity":{{"docker-reference":"{TAGGED}"}},"#), "", 1),
            bad,
            bad,
        ),
        ("type-missing", good.replacen(&format!(r#","type":"{TYPE}""#), "", 1), bad, bad),
        ("type-number", good.replacen(&format!(r#""{TYPE}""#), "1", 1), bad, bad),
        (
            "type-other-case",
            document("Atomic Container Signature", TAGGED, &sha256, OPTIONAL),
            "unsupported-claims-type",
            "unsupported-claims-type",
        ),
        (
            "type-cosign",
            document("cosign container image signature", TAGGED, &sha256, "{}"),
            "unsupported-claims-type",
            "unsupported-claims-type",
        ),
        (
            "array-for-object",
            format!(r#"{{"critical":["{TYPE}",["{sha256}"],["{TAGGED}"]],"optional":{{}}}}"#),
            bad,
            bad,
        ),
        ("array", format!(r#"[{critical},{{}}]"#), bad, bad),
        ("trailing-data", format!("{good}{{}}"), bad, bad),
        ("trailing-nul", format!("{good}\0"), bad, bad),
        ("byte-order-mark", format!("\u{feff}{good}"), bad, bad),
        ("empty", String::new(), bad, bad),
        ("not-json", "critical: yes\n".to_owned(), bad, bad),
        ("null", "null".to_owned(), bad, bad),
        ("truncated", good[..good.len() - 20].to_owned(), bad, bad),
        ("digest-sha1", with_digest(&format!("sha1:{}", &hex[..40])), bad, bad),
        ("digest-upper-case", with_digest(&format!("sha256:{}", hex.to_uppercase())), bad, bad),
        ("digest-path", with_digest("sha256:../../etc/passwd"), bad, bad),
        ("digest-short", with_digest(&sha256[..sha256.len() - 1]), bad, bad),
        (
            "digest-sha512",
            with_digest(&images::sha512(images::frontend().manifest.as_bytes())),
            "digest-mismatch",
            "digest-mismatch",
        ),
        (
            "digest-of-other-image",
            with_digest(&images::sha256(b"another manifest")),
            "digest-mismatch",
            "digest-mismatch",
        ),
        ("digest-of-config", with_digest(&images::frontend().config_digest), "digest-mismatch", "digest-mismatch"),
        ("reference-empty", payload("", &sha256), "identity-mismatch", bad),
        ("reference-invalid", payload("UPPER/case:??", &sha256), "identity-mismatch", "identity-mismatch"),
        (
            "reference-hostile",
            payload(r"\u001b[2J\u202e<img src=x>", &sha256),
            "identity-mismatch",
            "identity-mismatch",
        ),
        (
            "reference-nul",
            payload(&TAGGED.replace(":1", r"\u0000:1"), &sha256),
            "identity-mismatch",
            "identity-mismatch",
        ),
        ("reference-without-tag", payload(REPOSITORY, &sha256), "identity-mismatch", "identity-mismatch"),
        ("reference-by-digest", payload(&format!("{REPOSITORY}@{sha256}"), &sha256), ok, ok),
        ("other-tag", payload(&format!("{REPOSITORY}:2.0.0"), &sha256), ok, ok),
        (
            "other-repository",
            payload("registry.example.com/shop/backend:1.0.0", &sha256),
            "identity-mismatch",
            "identity-mismatch",
        ),
        (
            "other-registry",
            payload("mirror.example.net/shop/frontend:1.0.0", &sha256),
            "identity-mismatch",
            "identity-mismatch",
        ),
        (
            "other-port",
            payload("registry.example.com:5000/shop/frontend:1.0.0", &sha256),
            "identity-mismatch",
            "identity-mismatch",
        ),
        (
            "longer-host",
            payload("registry.example.com.evil.test/shop/frontend:1.0.0", &sha256),
            "identity-mismatch",
            "identity-mismatch",
        ),
    ];
    let mut variants: Vec<_> =
        text.into_iter().map(|(name, text, one, two)| (name, text.into_bytes(), one, two)).collect();
    let mut invalid = good.into_bytes();
    let position = invalid.windows(7).position(|window| window == b"vidimus").unwrap();
    invalid[position] = 0xFF;
    variants.push(("invalid-utf-8", invalid, bad, bad));
    variants
}

/// A payload of more than 64 KiB.
pub(crate) fn huge() -> String {
    document(TYPE, TAGGED, &digest(), &format!(r#"{{"creator":"{}"}}"#, "x".repeat(65 * 1024)))
}
