//! Payloads that must pass, and those that must not. Cases are named after what they try.

use proptest::prelude::*;

use super::PayloadProfile::{Containers, Release};
use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn payload(optional: &str) -> String {
    format!(
        r#"{{"critical":{{"type":"atomic container signature","image":{{"docker-manifest-digest":"sha256:{HEX}"}},"identity":{{"docker-reference":"example.com/a:v1"}}}}{optional}}}"#
    )
}

fn plain() -> String {
    payload(r#","optional":{}"#)
}

fn parse(text: &str, profile: PayloadProfile) -> Result<Claims, ClaimsError> {
    Claims::parse(text.as_bytes(), profile)
}

#[test]
fn reads_the_claims() {
    let text = payload(r#","optional":{"creator":"x","z":{"a":[1,"b"]},"timestamp":1e3,"y":"\n"}"#);
    let claims = parse(&text, Containers).unwrap();
    assert_eq!(claims.manifest_digest().to_string(), format!("sha256:{HEX}"));
    assert_eq!(claims.docker_reference(), "example.com/a:v1");
    assert_eq!((claims.creator(), claims.timestamp()), (Some("x"), Some(1000)));
    let flat = claims.flat();
    let flat: Vec<_> = flat.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(
        flat,
        [
            ("critical.type", TYPE),
            ("critical.image.docker-manifest-digest", &format!("sha256:{HEX}")),
            ("critical.identity.docker-reference", "example.com/a:v1"),
            ("optional.creator", "x"),
            ("optional.timestamp", "1000"),
            ("optional.z", r#"{"a":[1,"b"]}"#),
            ("optional.y", "\n"),
        ]
    );
    let unverified = UnverifiedClaims::read(text.as_bytes(), Containers).unwrap();
    assert_eq!((unverified.flat(), unverified.timestamp()), (claims.flat(), Some(1000)));
    assert_eq!(unverified.docker_reference(), "example.com/a:v1");
}

#[test]
fn the_profiles_differ_as_the_peers_do() {
    for (optional, containers, release) in [
        ("", false, true),
        (r#","optional":null"#, false, true),
        (r#","optional":[]"#, false, false),
        (r#","optional":1"#, false, false),
        (r#","optional":{}"#, true, true),
        (r#","optional":{"x":1}"#, true, false),
        (r#","optional":{"Creator":1}"#, true, false),
        (r#","optional":{"creator":null,"timestamp":null}"#, true, true),
        (r#","optional":{"creator":1}"#, false, false),
        (r#","optional":{"creator":"x","timestamp":1}"#, true, true),
        (r#","optional":{"timestamp":1.0}"#, true, false),
        (r#","optional":{"timestamp":-0.0}"#, true, false),
        (r#","optional":{"timestamp":9223372036854775807}"#, false, true),
        (r#","optional":{"timestamp":9223372036854775808}"#, false, false),
        (r#","optional":{"timestamp":-9223372036854775808}"#, true, true),
        (r#","optional":{"timestamp":0.5}"#, false, false),
        (r#","optional":{"timestamp":1e300}"#, false, false),
        (r#","optional":{"timestamp":1e400}"#, false, false),
        (r#","optional":{"timestamp":"1"}"#, false, false),
        (r#","optional":{"timestamp":true}"#, false, false),
        (r#","optional":{"timestamp":[]}"#, false, false),
    ] {
        let text = payload(optional);
        assert_eq!(parse(&text, Containers).is_ok(), containers, "{optional}");
        assert_eq!(parse(&text, Release).is_ok(), release, "{optional}");
    }
    let empty = plain().replace("example.com/a:v1", "");
    assert!(parse(&empty, Containers).is_ok());
    assert_eq!(parse(&empty, Release).unwrap_err().path(), "$.critical.identity.docker-reference");
    assert_eq!(parse(&plain().replace("\"example.com/a:v1\"", "null"), Containers).unwrap().docker_reference(), "");
    assert!(parse(&plain().replace("\"example.com/a:v1\"", "null"), Release).is_err());
}

#[test]
fn timestamps_are_doubles_to_one_peer() {
    for (text, seconds) in [
        ("9007199254740993", 9_007_199_254_740_992),
        ("-9223372036854775809", i64::MIN),
        ("-1", -1),
        ("1e18", 1_000_000_000_000_000_000),
        ("9223372036854774784", 9_223_372_036_854_774_784),
    ] {
        let payload = payload(&format!(r#","optional":{{"timestamp":{text}}}"#));
        assert_eq!(parse(&payload, Containers).unwrap().timestamp(), Some(seconds));
    }
}

#[test]
fn refuses_invalid_claims() {
    let text = plain();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let digest = |digest: &str| with(&format!("sha256:{HEX}"), digest);
    let deep = |depth: usize| payload(&format!(",\"optional\":{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
    for (case, bad, path) in [
        ("C-01 critical twice", with("{\"critical\"", "{\"critical\":{},\"critical\""), "$"),
        ("C-01 type twice", with("\"type\"", "\"type\":\"atomic container signature\",\"type\""), "$.critical"),
        ("C-01 image twice", with("\"image\"", "\"image\":{},\"image\""), "$.critical"),
        ("C-01 identity twice", with("\"identity\"", "\"identity\":{},\"identity\""), "$.critical"),
        (
            "C-01 reference twice",
            with("\"docker-ref", "\"docker-reference\":\"b\",\"docker-ref"),
            "$.critical.identity",
        ),
        ("C-02 escape", with("\"docker-ref", "\"docker\\u002dreference\":\"b\",\"docker-ref"), "$.critical.identity"),
        ("C-02 NUL", with("docker-reference\"", "docker-reference\\u0000\""), "$.critical.identity"),
        ("C-03 in optional", payload(r#","optional":{"x":1,"x":2}"#), "$.optional"),
        ("C-03 deep in optional", payload(r#","optional":{"x":[{"a":1,"a":2}]}"#), "$.optional.x[0]"),
        ("C-04 in critical", with("\"type\"", "\"x\":1,\"type\""), "$.critical.x"),
        ("C-04 in image", with("{\"docker-man", "{\"x\":1,\"docker-man"), "$.critical.image.x"),
        ("C-04 in identity", with("{\"docker-ref", "{\"x\":1,\"docker-ref"), "$.critical.identity.x"),
        ("C-05", with("{\"critical\"", "{\"x\":1,\"critical\""), "$.x"),
        ("C-06 no critical", r#"{"optional":{}}"#.into(), "$"),
        ("C-06 null", r#"{"critical":null,"optional":{}}"#.into(), "$.critical"),
        ("C-08 top", r#"[["atomic container signature",["a"],["b"]],{}]"#.into(), "$"),
        (
            "C-08 critical",
            r#"{"critical":["atomic container signature",["a"],["b"]],"optional":{}}"#.into(),
            "$.critical",
        ),
        ("C-08 identity", with("{\"docker-reference\":\"example.com/a:v1\"}", "[\"b\"]"), "$.critical.identity"),
        ("C-09 critical", with("critical", "CRITICAL"), "$"),
        ("C-09 reference", with("docker-reference", "Docker-Reference"), "$.critical.identity"),
        ("C-10 surrogate", with("example.com", "\\ud800"), "$.critical.identity.docker-reference"),
        ("C-11 BOM", format!("\u{feff}{text}"), "$"),
        ("C-12 object after", format!("{text}{{}}"), "$"),
        ("C-12 NUL after", format!("{text}\0"), "$"),
        ("C-13 control", with("example.com", "\n"), "$.critical.identity.docker-reference"),
        ("C-13 NUL in digest", digest(&format!("sha256:{HEX}\\u0000")), "$.critical.image.docker-manifest-digest"),
        ("C-14 depth", deep(15), "$.optional.x[0][0][0][0][0][0][0][0][0][0][0][0][0][0]"),
        ("C-14 deeper", deep(10_000), "$.optional.x[0][0][0][0][0][0][0][0][0][0][0][0][0][0]"),
        ("C-15 size", format!("{text}{}", " ".repeat(PAYLOAD_LIMIT)), "$"),
        ("C-15 values", payload(&format!(r#","optional":{{"x":[0{}]}}"#, ",0".repeat(5000))), "$.optional.x[4087]"),
        ("C-17 empty", String::new(), "$"),
        ("C-17 number", "1".into(), "$"),
        ("C-17 string", "\"x\"".into(), "$"),
        ("C-17 null", "null".into(), "$"),
        ("C-19 short", digest(&HEX.replacen('0', "sha256:", 1)), "$.critical.image.docker-manifest-digest"),
        ("C-19 long", digest(&format!("sha256:{HEX}0")), "$.critical.image.docker-manifest-digest"),
        ("C-19 upper", digest(&format!("sha256:{}", HEX.to_uppercase())), "$.critical.image.docker-manifest-digest"),
        ("C-19 none", digest(HEX), "$.critical.image.docker-manifest-digest"),
        ("C-19 dots", digest("sha256:../.."), "$.critical.image.docker-manifest-digest"),
        ("C-19 newline", digest(&format!("sha256:{HEX}\\n")), "$.critical.image.docker-manifest-digest"),
        ("C-19 SHA256", digest(&format!("SHA256:{HEX}")), "$.critical.image.docker-manifest-digest"),
        ("C-19 space", digest(&format!("sha256 :{HEX}")), "$.critical.image.docker-manifest-digest"),
        ("C-19 empty", digest(""), "$.critical.image.docker-manifest-digest"),
        ("C-20 sha1", digest(&format!("sha1:{HEX:.40}")), "$.critical.image.docker-manifest-digest"),
        ("C-20 md5", digest(&format!("md5:{HEX:.32}")), "$.critical.image.docker-manifest-digest"),
        ("null digest", with(&format!("\"sha256:{HEX}\""), "null"), "$.critical.image.docker-manifest-digest"),
        ("number", with("\"example.com/a:v1\"", "1"), "$.critical.identity.docker-reference"),
    ] {
        for profile in [Containers, Release] {
            let error = parse(&bad, profile).unwrap_err();
            assert!(!error.is_unsupported_type(), "{case}: {error}");
            if profile == Containers {
                assert_eq!(error.path(), path, "{case}: {error}");
            }
        }
    }
    let mut utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Claims::parse(&utf16, Containers).is_err());
    utf16.splice(0..0, *b"\xff\xfe");
    assert!(Claims::parse(&utf16, Containers).is_err());
    for member in ["docker-reference", "example.com", "optional\":{"] {
        let mut bytes = text.clone().into_bytes();
        let position = text.find(member).unwrap() + member.len();
        bytes.insert(position, 0xff);
        assert!(Claims::parse(&bytes, Containers).is_err(), "C-10 {member}");
    }
    assert!(parse(&deep(14), Containers).is_ok());
    assert!(parse(&format!(" \n{text}\n "), Containers).is_ok());
    assert!(parse(&format!("{text}{}", " ".repeat(PAYLOAD_LIMIT - text.len())), Containers).is_ok());
}

#[test]
fn says_of_other_types_that_they_are_that() {
    for text in [
        plain().replace(TYPE, "cosign container image signature"),
        payload(r#","optional":null"#).replace(TYPE, "cosign container image signature"),
        plain().replace(TYPE, "Atomic Container Signature"),
        plain().replace(TYPE, "atomic container signature "),
        plain().replace(TYPE, "\u{ff41}tomic container signature"),
        plain().replace(TYPE, ""),
        plain().replace("\"atomic container signature\"", "null"),
        r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}"#.into(),
        r#"{"_type":"https://in-toto.io/Statement/v1","subject":[]}"#.into(),
        r#"{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.3"}"#.into(),
    ] {
        for profile in [Containers, Release] {
            assert!(parse(&text, profile).unwrap_err().is_unsupported_type(), "{text}");
        }
    }
    assert!(parse(&plain().replace("atomic ", "atomic\\u0020"), Containers).is_ok());
}

#[test]
fn notices_claims_that_contradict_themselves() {
    let other = HEX.replace('0', "1");
    let with = |reference: String| parse(&plain().replace("example.com/a:v1", &reference), Containers).unwrap();
    assert_eq!(with("example.com/a:v1".into()).contradicting_digest(), None);
    assert_eq!(with(format!("example.com/a@sha256:{HEX}")).contradicting_digest(), None);
    let found = with(format!("example.com/a:v1@sha256:{other}")).contradicting_digest();
    assert_eq!(found.unwrap().to_string(), format!("sha256:{other}"));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = UnverifiedClaims::read(&bytes, Containers);
    }

    #[test]
    fn accepted_claims_are_what_another_reader_reads(position in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = plain().into_bytes();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok(claims) = Claims::parse(&bytes, Containers) {
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let critical = &value["critical"];
            prop_assert_eq!(critical["identity"]["docker-reference"].as_str(), Some(claims.docker_reference()));
            let digest = claims.manifest_digest().to_string();
            prop_assert_eq!(critical["image"]["docker-manifest-digest"].as_str(), Some(digest.as_str()));
        }
    }
}

#[test]
fn a_sigstore_payload_has_its_own_type_and_may_have_no_optional_members() {
    let sigstore = |optional: &str| payload(optional).replace(TYPE, SIGSTORE_TYPE);
    let parse = |text: &str| Claims::parse_sigstore(text.as_bytes());
    for (optional, accepted) in [
        (r#","optional":null"#, true),
        (r#","optional":{}"#, true),
        (r#","optional":{"creator":null,"timestamp":1.0,"x":[1]}"#, true),
        ("", false),
        (r#","optional":[]"#, false),
        (r#","optional":{"creator":1}"#, false),
        (r#","optional":{"timestamp":0.5}"#, false),
        (r#","optional":{},"x":1"#, false),
    ] {
        assert_eq!(parse(&sigstore(optional)).is_ok(), accepted, "{optional}");
    }
    let claims = parse(&sigstore(r#","optional":null"#)).unwrap();
    assert_eq!(claims.flat()[0], ("critical.type".to_owned(), SIGSTORE_TYPE.to_owned()));
    assert_eq!(
        parse(&plain()),
        Err(ClaimsError::UnsupportedType {
            path: "$.critical.type".to_owned(),
            found: TYPE.to_owned(),
            expected: SIGSTORE_TYPE,
        })
    );
    assert!(parse(&sigstore(r#","optional":{}"#).replace("example.com/a:v1", "")).is_ok());
}
