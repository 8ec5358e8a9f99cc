//! Payloads of signatures, and reports that are read again.

use serde_json::Value;
use vidimus::report::written::{WrittenImage, WrittenLine, read_error};
use vidimus::signature::{PayloadProfile, Unverified, UnverifiedClaims};

use super::testdata;

/// One way to read a payload.
type Reading = fn(&[u8]) -> Option<UnverifiedClaims>;

/// What is claimed is what the payload says to any reader of JSON, however it is laid out.
pub(crate) fn claims(input: &[u8]) {
    let read: [Reading; 3] = [
        |payload| UnverifiedClaims::read(payload, PayloadProfile::Containers).ok(),
        |payload| UnverifiedClaims::read(payload, PayloadProfile::Release).ok(),
        |payload| UnverifiedClaims::read_sigstore(payload).ok(),
    ];
    let found = read.map(|read| read(input));
    assert!(found[2].is_none() || (found[0].is_none() && found[1].is_none()), "two types of one payload");
    for (read, claims) in read.iter().zip(&found).filter_map(|(read, claims)| Some((read, claims.as_ref()?))) {
        let Ok(value) = serde_json::from_slice::<Value>(input) else {
            // The one thing that the other reader refuses: numbers without a value.
            assert!(input.iter().any(|byte| matches!(byte, b'e' | b'E')), "claims are read from what is no JSON");
            continue;
        };
        let critical = &value["critical"];
        assert_eq!(critical["image"]["docker-manifest-digest"], claims.manifest_digest().to_string());
        // The peers take `null` for an empty text, which is the name of no image.
        let reference = &critical["identity"]["docker-reference"];
        assert!(reference.is_string() || reference.is_null(), "a reference that is no text");
        assert_eq!(reference.as_str().unwrap_or_default(), claims.docker_reference());
        assert_eq!(value["optional"]["creator"].as_str(), claims.creator());
        for written in [value.to_string(), format!("{value:#}")] {
            let again = read(written.as_bytes()).expect("claims that are laid out anew are claims");
            assert_eq!(again.manifest_digest(), claims.manifest_digest());
            assert_eq!(again.docker_reference(), claims.docker_reference());
            assert_eq!((again.creator(), again.timestamp()), (claims.creator(), claims.timestamp()));
        }
    }
}

pub(crate) fn claims_seeds() -> Vec<Vec<u8>> {
    let contents = testdata::contents("signatures", "").into_iter();
    contents.filter_map(|content| Some(Unverified::read(&content).ok()?.payload().to_vec())).collect()
}

/// What can be read of a report says the same whoever reads it.
pub(crate) fn report(input: &[u8]) {
    if let Ok(image) = WrittenImage::read(input) {
        let value: Value = serde_json::from_slice(input).expect("an image of a report is JSON");
        assert_eq!(value["item"].as_u64(), Some(image.item()));
        assert_eq!(value["name"], image.name());
        assert_eq!(value["decision"], image.decision().to_string());
    }
    if let Ok(error) = read_error(input) {
        let value: Value = serde_json::from_slice(input).expect("an error of a report is JSON");
        assert_eq!((value["item"].as_u64(), value["place"].as_str()), (Some(error.item), Some(error.place.as_str())));
    }
    let _ = WrittenLine::read(input);
}

pub(crate) fn report_seeds() -> Vec<Vec<u8>> {
    let report = testdata::read("../docs/report.schema.json");
    let schema: Value = serde_json::from_slice(&report).expect("the schema of reports");
    let api = schema["properties"]["apiVersion"]["const"].as_str().unwrap_or("vidimus.dev/report/v1").to_owned();
    [
        r#"{"item":0,"place":"export.json: items[0]","message":"it is no object"}"#.to_owned(),
        r#"{"item":1,"name":"sha256:00","decision":"Allow","signatures":[]}"#.to_owned(),
        format!(r#"{{"apiVersion":"{api}","kind":"Image","item":1,"name":"a","decision":"Deny"}}"#),
        format!(r#"{{"apiVersion":"{api}","kind":"Error","item":1,"place":"a","message":"b"}}"#),
    ]
    .map(String::into_bytes)
    .into()
}
