//! Payloads that a trusted key signed and that say what they should not, beside those of `payloads`.

use crate::images;
use crate::keys::Keys;
use crate::messages::Message;
use crate::payloads::{self, REPOSITORY, TAGGED};
use crate::sheet::Sheet;
use crate::wire::zip;

const BAD: &str = "invalid-claims";
const OK: &str = "verified";
const OTHER: &str = "identity-mismatch";
const TYPE: &str = "unsupported-claims-type";

/// Name, payload, outcome, outcome under the `release` profile.
type Variant = (String, Vec<u8>, &'static str, &'static str);

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let key = keys.get("ed25519");
    for (name, payload, containers, release) in
        [members(), texts(), encodings(), digests(), references(), others()].concat()
    {
        let bytes = Message::new(key, &payload).bytes();
        let content = if payload.len() > 4096 { zip(&bytes) } else { bytes };
        sheet
            .file(&format!("claims.{name}.sig"), &content)
            .is(containers)
            .option("payloadProfile", "release")
            .is(release);
    }
}

fn variant(name: &str, payload: impl AsRef<[u8]>, containers: &'static str, release: &'static str) -> Variant {
    (name.to_owned(), payload.as_ref().to_vec(), containers, release)
}

/// The good payload with one thing replaced.
fn with(name: &str, from: &str, to: &str, containers: &'static str, release: &'static str) -> Variant {
    let good = payloads::good();
    assert!(good.contains(from), "{name}: `{from}` is not in the payload");
    variant(name, good.replacen(from, to, 1), containers, release)
}

/// The good payload with another `optional`.
fn optional(name: &str, value: &str, containers: &'static str, release: &'static str) -> Variant {
    let good = payloads::good();
    let (front, _) = good.split_once(r#""optional":"#).unwrap();
    variant(name, format!(r#"{front}"optional":{value}}}"#), containers, release)
}

/// Members that are missing, there twice, or unknown, at each level.
fn members() -> Vec<Variant> {
    let good = payloads::good();
    let digest = payloads::digest();
    let (_, tail) = good.split_once(r#","optional""#).unwrap();
    let twice = |name: &str, member: &str, value: &str| {
        with(name, &format!("\"{member}\":"), &format!("\"{member}\":{value},\"{member}\":"), BAD, BAD)
    };
    vec![
        twice("duplicate-type", "type", "\"x\""),
        twice("duplicate-identity", "identity", "{}"),
        twice("duplicate-reference", "docker-reference", "\"x\""),
        twice("duplicate-digest", "docker-manifest-digest", "\"x\""),
        twice("duplicate-optional", "optional", "{}"),
        twice("duplicate-creator", "creator", "\"x\""),
        twice("duplicate-timestamp", "timestamp", "1"),
        with(
            "duplicate-nul-member",
            r#"{"docker-reference""#,
            r#"{"docker-reference\u0000":"x","docker-reference""#,
            BAD,
            BAD,
        ),
        with("unknown-image-member", r#"{"docker-manifest-digest""#, r#"{"x":1,"docker-manifest-digest""#, BAD, BAD),
        with("unknown-identity-member", r#"{"docker-reference""#, r#"{"x":1,"docker-reference""#, BAD, BAD),
        variant("critical-missing", format!(r#"{{"optional"{tail}"#), BAD, BAD),
        variant("critical-null", format!(r#"{{"critical":null,"optional"{tail}"#), BAD, BAD),
        with("image-missing", &format!(r#","image":{{"docker-manifest-digest":"{digest}"}}"#), "", BAD, BAD),
        with("image-null", &format!(r#"{{"docker-manifest-digest":"{digest}"}}"#), "null", BAD, BAD),
        with(
            "image-array",
            &format!(r#"{{"docker-manifest-digest":"{digest}"}}"#),
            &format!(r#"["{digest}"]"#),
            BAD,
            BAD,
        ),
        with("identity-array", &format!(r#"{{"docker-reference":"{TAGGED}"}}"#), &format!(r#"["{TAGGED}"]"#), BAD, BAD),
        with("digest-null", &format!("\"{digest}\""), "null", BAD, BAD),
        with("digest-array", &format!("\"{digest}\""), &format!("[\"{digest}\"]"), BAD, BAD),
        with("reference-null", &format!("\"{TAGGED}\""), "null", OTHER, BAD),
        with("reference-object", &format!("\"{TAGGED}\""), "{}", BAD, BAD),
        with("upper-case-reference-member", "docker-reference", "Docker-Reference", BAD, BAD),
        with("long-s-member", "docker-manifest-digest", "docker-manife\u{17f}t-digest", BAD, BAD),
        optional("optional-number", "1", BAD, BAD),
        optional("optional-false", "false", BAD, BAD),
        optional("optional-upper-case", r#"{"Creator":"x"}"#, OK, BAD),
        optional("optional-duplicate-escaped", r#"{"creator":"a","cr\u0065ator":"b"}"#, BAD, BAD),
        optional("optional-duplicate-deep", r#"{"note":{"a":1,"a":2}}"#, BAD, BAD),
        optional("optional-16-deep", &format!(r#"{{"note":{}{}}}"#, "[".repeat(14), "]".repeat(14)), OK, BAD),
        optional("optional-17-deep", &format!(r#"{{"note":{}{}}}"#, "[".repeat(15), "]".repeat(15)), BAD, BAD),
        optional("optional-many", &format!(r#"{{"note":[{}1]}}"#, "1,".repeat(20_000)), BAD, BAD),
        optional("optional-long-name", &format!(r#"{{"{}":1}}"#, "n".repeat(60_000)), OK, BAD),
        optional("creator-null", r#"{"creator":null}"#, OK, OK),
        optional("timestamp-null", r#"{"timestamp":null}"#, OK, OK),
    ]
}

/// Values of the members that are read.
fn texts() -> Vec<Variant> {
    let kind = |name: &str, kind: &str, outcome: &'static str| {
        with(name, "\"atomic container signature\"", kind, outcome, outcome)
    };
    let time = |name: &str, value: &str, containers: &'static str, release: &'static str| {
        optional(name, &format!("{{\"timestamp\":{value}}}"), containers, release)
    };
    vec![
        kind("type-empty", "\"\"", TYPE),
        kind("type-space-behind", "\"atomic container signature \"", TYPE),
        kind("type-look-alike", "\"\u{430}tomic container signature\"", TYPE),
        kind("type-wide", "\"\u{ff41}tomic container signature\"", TYPE),
        kind("type-nul-behind", r#""atomic container signature\u0000""#, TYPE),
        kind("type-escaped", r#""\u0061tomic container signature""#, OK),
        kind("type-array", r#"["atomic container signature"]"#, BAD),
        time("timestamp-infinite", "1e400", BAD, BAD),
        time("timestamp-2-63", "9223372036854775808", BAD, BAD),
        time("timestamp-minus-zero", "-0.0", OK, BAD),
        time("timestamp-exponent", "1.7092944e9", OK, BAD),
        time("timestamp-hexadecimal", "0x65", BAD, BAD),
        time("timestamp-not-a-number", "NaN", BAD, BAD),
        time("timestamp-leading-zero", "01709294400", BAD, BAD),
        time("timestamp-true", "true", BAD, BAD),
    ]
}

/// Texts that are no JSON, or not only JSON, and octets that are no text.
fn encodings() -> Vec<Variant> {
    let good = payloads::good();
    let utf_16 = |big: bool| {
        good.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect::<Vec<_>>()
    };
    let mut in_key = good.clone().into_bytes();
    let position = good.find("docker-reference").unwrap();
    in_key[position] = 0xFF;
    let bad = |name: &str, payload: &[u8]| variant(name, payload, BAD, BAD);
    vec![
        bad("utf-16-le", &utf_16(false)),
        bad("utf-16-be", &utf_16(true)),
        bad("utf-16-with-mark", &[&[0xFF, 0xFE], utf_16(false).as_slice()].concat()),
        bad("utf-7", good.replace('{', "+AHs-").as_bytes()),
        bad("invalid-utf-8-in-member", &in_key),
        bad(
            "overlong-slash",
            &good
                .replacen('/', "\u{1}", 1)
                .into_bytes()
                .into_iter()
                .flat_map(|octet| if octet == 1 { vec![0xC0, 0xAF] } else { vec![octet] })
                .collect::<Vec<_>>(),
        ),
        bad(
            "surrogates-as-utf-8",
            &[good.as_bytes()[..good.len() - 1].to_vec(), b",\"\xED\xA0\x80\":1}".to_vec()].concat(),
        ),
        bad("raw-control", good.replacen("vidimus testdata", "vidimus\u{1}testdata", 1).as_bytes()),
        bad("raw-line-feed", good.replacen("vidimus testdata", "vidimus\ntestdata", 1).as_bytes()),
        bad("single-quotes", good.replace('"', "'").as_bytes()),
        bad("comment", format!("/* signed */{good}").as_bytes()),
        bad("trailing-comma", good.replacen("},\"optional\"", ",},\"optional\"", 1).as_bytes()),
        bad("no-break-space", format!("\u{a0}{good}").as_bytes()),
        bad("form-feed", format!("\u{c}{good}").as_bytes()),
        bad("two-documents", format!("{good}\n{good}").as_bytes()),
        bad("number", b"1"),
        bad("text", b"\"x\""),
        bad("nul", b"\0"),
        bad("yaml", b"critical: {type: atomic container signature}\noptional: {}\n"),
        bad("xml", b"<critical type=\"atomic container signature\"/>"),
    ]
}

fn digests() -> Vec<Variant> {
    let digest = payloads::digest();
    let hex = digest.trim_start_matches("sha256:");
    let bad = |name: &str, digest: &str| variant(name, payloads::payload(TAGGED, digest), BAD, BAD);
    let layer = images::frontend().layers[0]["name"].as_str().unwrap().to_owned();
    vec![
        bad("digest-empty", ""),
        bad("digest-long", &format!("{digest}0")),
        bad("digest-without-algorithm", hex),
        bad("digest-algorithm-upper-case", &format!("SHA256:{hex}")),
        bad("digest-space", &format!("sha256 :{hex}")),
        bad("digest-line-feed", &format!("{digest}\\n")),
        bad("digest-nul", &format!("{digest}\\u0000")),
        bad("digest-space-before", &format!(" {digest}")),
        bad("digest-with-component", &format!("sha256+b64:{hex}")),
        bad("digest-md5", &format!("md5:{}", &hex[..32])),
        bad("digest-unknown-algorithm", &format!("sha257:{hex}")),
        bad("digest-wide", &format!("sha256:{}", hex.replace('0', "\u{ff10}"))),
        bad("digest-two", &format!("{digest},{digest}")),
        bad("digest-with-repository", &format!("{REPOSITORY}@{digest}")),
        variant("digest-escaped", payloads::payload(TAGGED, &digest.replace('s', r"\u0073")), OK, OK),
        variant("digest-of-layer", payloads::payload(TAGGED, &layer), "digest-mismatch", "digest-mismatch"),
        variant(
            "digest-of-nothing",
            payloads::payload(TAGGED, &images::sha256(b"")),
            "digest-mismatch",
            "digest-mismatch",
        ),
    ]
}

fn references() -> Vec<Variant> {
    let digest = payloads::digest();
    let other = |name: &str, reference: &str| {
        variant(&format!("reference-{name}"), payloads::payload(reference, &digest), OTHER, OTHER)
    };
    let another = images::sha256(b"another manifest");
    vec![
        other("upper-case-path", "registry.example.com/shop/Frontend:1.0.0"),
        other("homoglyph", "registry.ex\u{430}mple.com/shop/frontend:1.0.0"),
        other("punycode", "registry.xn--exmple-4nf.com/shop/frontend:1.0.0"),
        other("zero-width", "registry.example.com/shop/front\u{200b}end:1.0.0"),
        other("percent", "registry.example.com/shop/%66rontend:1.0.0"),
        other("trailing-dot", "registry.example.com./shop/frontend:1.0.0"),
        other("two-slashes", "registry.example.com//shop/frontend:1.0.0"),
        other("dots", "registry.example.com/shop/../shop/frontend:1.0.0"),
        other("scheme", "https://registry.example.com/shop/frontend:1.0.0"),
        other("transport", "docker://registry.example.com/shop/frontend:1.0.0"),
        other("user", "registry.example.com@evil.test/shop/frontend:1.0.0"),
        other("default-port", "registry.example.com:443/shop/frontend:1.0.0"),
        other("space-before", " registry.example.com/shop/frontend:1.0.0"),
        other("line-feed-behind", r"registry.example.com/shop/frontend:1.0.0\n"),
        other("without-registry", "shop/frontend:1.0.0"),
        other("shorter-path", "registry.example.com/shop:1.0.0"),
        other("longer-path", "registry.example.com/shop/frontend/x:1.0.0"),
        other("empty-tag", "registry.example.com/shop/frontend:"),
        other("formula", "=cmd|' /C calc'!A0"),
        other("markup", r"<script>alert(1)</script>"),
        other("4-kib", &format!("registry.example.com/{}:1", "a".repeat(4096))),
        other("60-kib", &format!("registry.example.com/{}:1", "a/".repeat(30_000))),
        variant(
            "reference-upper-case-host",
            payloads::payload("REGISTRY.example.com/shop/frontend:1.0.0", &digest),
            OTHER,
            OTHER,
        ),
        variant("reference-tag-128", payloads::payload(&format!("{REPOSITORY}:{}", "t".repeat(128)), &digest), OK, OK),
        variant(
            "reference-tag-129",
            payloads::payload(&format!("{REPOSITORY}:{}", "t".repeat(129)), &digest),
            OTHER,
            OTHER,
        ),
        variant("reference-with-tag-and-digest", payloads::payload(&format!("{TAGGED}@{digest}"), &digest), OK, OK),
        variant(
            "reference-with-another-digest",
            payloads::payload(&format!("{REPOSITORY}@{another}"), &digest),
            BAD,
            BAD,
        ),
        variant(
            "reference-with-two-digests",
            payloads::payload(&format!("{REPOSITORY}@{digest}@{digest}"), &digest),
            OTHER,
            OTHER,
        ),
    ]
}

/// What other formats sign.
fn others() -> Vec<Variant> {
    let digest = payloads::digest();
    let hex = digest.trim_start_matches("sha256:");
    vec![
        variant(
            "in-toto",
            format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"{TAGGED}","digest":{{"sha256":"{hex}"}}}}],"predicateType":"x","predicate":{{}}}}"#
            ),
            TYPE,
            TYPE,
        ),
        variant(
            "dsse",
            r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":"AA=="}]}"#,
            TYPE,
            TYPE,
        ),
        variant("cosign-payload", payloads::cosign(TAGGED, &digest, "null"), TYPE, TYPE),
        variant("jwt", "eyJhbGciOiJub25lIn0.e30.", BAD, BAD),
        variant("manifest-itself", images::frontend().manifest, TYPE, TYPE),
        variant(
            "two-images",
            payloads::good().replacen(
                r#""image":{"#,
                &format!(r#""image":{{"docker-manifest-digest":"{}","#, images::sha256(b"another manifest")),
                1,
            ),
            BAD,
            BAD,
        ),
    ]
}
