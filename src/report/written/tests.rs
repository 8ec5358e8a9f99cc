//! Reading what a report told.

use super::*;
use crate::report::{Head, NdjsonReport, Report as _, Shard, Summary};
use crate::signature::Code;

const IMAGE: &str = r#"{"item":7,"name":"sha256:12","place":"a b.json: items[7]","decision":"Deny","signatures":[]}"#;

#[test]
fn what_is_told_of_an_image_stays_as_it_is() {
    let image = WrittenImage::read(IMAGE.as_bytes()).unwrap();
    assert_eq!((image.item(), image.name(), image.decision()), (7, "sha256:12", Effect::Deny));
    assert_eq!(image.element(), IMAGE);
    let spaced = crate::image::pretty(IMAGE);
    assert_eq!(WrittenImage::read(spaced.as_bytes()).unwrap(), image);
    let line = image.line();
    assert_eq!(WrittenLine::read(line.as_bytes()), Ok(WrittenLine::Told(Told::Image(image.clone()))));
    // Wherever the members stand.
    let moved = r#"{"kind":"Image","name":"sha256:12","apiVersion":"vidimus.dev/v1alpha1","item":7,"decision":"Deny"}"#;
    let Ok(WrittenLine::Told(Told::Image(moved))) = WrittenLine::read(moved.as_bytes()) else { panic!("{moved}") };
    assert_eq!(moved.element(), r#"{"name":"sha256:12","item":7,"decision":"Deny"}"#);
}

#[test]
fn what_is_no_image_is_refused() {
    for (text, error) in [
        ("[]", WrittenError::Syntax { message: "invalid type: sequence, expected an object".into() }),
        ("{}", WrittenError::Missing { name: "decision" }),
        (r#"{"decision":"Deny","item":1}"#, WrittenError::Missing { name: "name" }),
        (r#"{"decision":"Deny","name":"x"}"#, WrittenError::Missing { name: "item" }),
        (r#"{"decision":"Deny","name":"x","item":-1}"#, WrittenError::Value { name: "item" }),
        (r#"{"decision":"Deny","name":"x","item":1.0}"#, WrittenError::Value { name: "item" }),
        (r#"{"decision":"Deny","name":null,"item":1}"#, WrittenError::Value { name: "name" }),
        (r#"{"decision":"deny","name":"x","item":1}"#, WrittenError::Decision { found: "deny".into() }),
        (r#"{"decision":"Deny","item":1,"name":"x","it\u0065m":2}"#, WrittenError::Twice { name: "item".into() }),
    ] {
        assert_eq!(WrittenImage::read(text.as_bytes()), Err(error), "{text}");
    }
    for text in [&b"{\"decision\":\"Deny\",\"name\":\"\xff\",\"item\":1}"[..], b"{\"item\":1", b"", b"{} {}", b"{1:2}"]
    {
        assert!(matches!(WrittenImage::read(text), Err(WrittenError::Syntax { .. })), "{text:?}");
    }
}

#[test]
fn a_run_is_read_as_it_is_written() {
    let mut summary = Summary { images: 3, allowed: 1, denied: 2, errors: 4, partial: true, ..Summary::default() };
    summary.codes.extend([(Code::Verified, 1), (Code::UnknownKey, u64::MAX)]);
    for shard in [None, Some(Shard::new(2, 3).unwrap())] {
        let head = Head { at: "2026-06-01T00:00:00Z".parse().unwrap(), shard };
        let line = NdjsonReport.end(&head, &summary);
        let run = WrittenRun { head, summary: summary.clone() };
        assert_eq!(WrittenLine::read(line.as_bytes()), Ok(WrittenLine::Run(Box::new(run))));
        for (from, to) in [
            ("\"partial\":true", "\"partial\":1"),
            ("\"images\":3", "\"images\":\"3\""),
            ("\"images\":3,", ""),
            ("\"images\":3", "\"images\":3,\"more\":1"),
            ("\"images\":3", "\"images\":3,\"images\":3"),
            ("unknown-key", "key-of-the-future"),
            ("2026-06-01T", "2026-06-31T"),
            ("v1alpha1", "v1"),
            ("Summary", "Total"),
        ] {
            assert!(WrittenLine::read(line.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
    for shard in [r#"{"index":3,"count":3}"#, r#"{"index":0,"count":4294967296}"#, r#"{"index":0}"#, "null", "\"0/3\""]
    {
        let line = NdjsonReport.end(&Head::new("2026-06-01T00:00:00Z".parse().unwrap()), &summary);
        let line = line.replace("\"partial\"", &format!("\"shard\":{shard},\"partial\""));
        assert!(WrittenLine::read(line.as_bytes()).is_err(), "{shard}");
    }
}

#[test]
fn an_error_is_read_strictly() {
    let error = ItemError { item: 1, place: "a".into(), message: "b".into() };
    assert_eq!(read_error(br#"{"item":1,"place":"a","message":"b"}"#), Ok(error.clone()));
    let line = NdjsonReport.error(&error);
    assert_eq!(WrittenLine::read(line.as_bytes()), Ok(WrittenLine::Told(Told::Error(error))));
    for text in [r#"{"item":1,"place":"a"}"#, r#"{"item":1,"place":"a","message":"b","c":1}"#, "null"] {
        assert!(read_error(text.as_bytes()).is_err(), "{text}");
    }
}
