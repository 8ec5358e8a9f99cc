use proptest::prelude::*;

use super::*;
use crate::image::layout::tests::any_json;
use crate::image::{Text, compact};

fn verified() -> SignatureUpdate {
    let condition = SignatureCondition {
        condition_type: Text::from("Complete"),
        status: Text::from("True"),
        last_probe_time: Some(Text::from("2024-01-01T00:00:00Z")),
        last_transition_time: None,
        reason: Text::from("Verified"),
        message: Text::from("a \"quoted\" message"),
    };
    let subject = SignatureSubject { public_key_id: "0xAB".into(), common_name: "N".into(), ..Default::default() };
    SignatureUpdate {
        conditions: vec![condition],
        filled: Some(Filled {
            created: "2022-01-01T00:00:00Z".into(),
            image_identity: "r/i:t".into(),
            signed_claims: vec![("z".into(), "1".into()), ("a".into(), "2".into())],
            issued_by: Some(SignatureIssuer { common_name: "I".into(), ..Default::default() }),
            issued_to: Some(subject),
        }),
        cleared: false,
    }
}

fn rewritten(json: &str, updates: &[(usize, SignatureUpdate)]) -> Result<String, ObjectError> {
    let mut rewrite = Rewrite::default();
    updates.iter().for_each(|(index, update)| rewrite.signature(*index, update.clone()));
    rewrite.apply(json)
}

#[test]
fn a_condition_that_stays_keeps_what_is_not_known_of_it() {
    let kept = r#"{"type":"Trusted", "status":"True", "lastProbeTime":null, "observedGeneration":1.50}"#;
    let gone = r#"{"type":"Complete","status":"False","x":1}"#;
    let json = format!(r#"{{"kind":"Image","signatures":[{{"content":"AA==","conditions":[{gone},{kept}]}}]}}"#);
    let trusted: SignatureCondition<'_> = serde_json::from_str(kept).unwrap();
    let trusted = SignatureCondition {
        condition_type: trusted.condition_type.into_owned(),
        status: trusted.status.into_owned(),
        ..SignatureCondition::default()
    };
    let conditions = vec![trusted, verified().conditions.remove(0)];
    let written =
        rewritten(&json, &[(0, SignatureUpdate { conditions, filled: None, ..SignatureUpdate::default() })]).unwrap();
    assert!(written.contains(kept), "{written}");
    assert!(!written.contains(gone), "{written}");
}

const CONDITIONS: &str = r#"[{"type":"Complete","status":"True","lastProbeTime":"2024-01-01T00:00:00Z","lastTransitionTime":null,"reason":"Verified","message":"a \"quoted\" message"}]"#;

#[test]
fn fills_a_signature_and_touches_nothing_else() {
    let json = r#" {"kind":"Image", "x":[1.50, {"a":1,"a":2}],"signatures":[{"content":"not base64!"},{
        "issuedTo": {"organization" : "O","x":0.10, "publicKeyID":"old"}, "conditions":[1,2] ,"content":"AA==","issuedBy":null}]} "#;
    let json = json.replace("[1,2]", "[{\"type\":\"Old\"}]");
    let expected = format!(
        r#" {{"kind":"Image", "x":[1.50, {{"a":1,"a":2}}],"signatures":[{{"content":"not base64!"}},{{
        "issuedTo": {{"organization" : "O","x":0.10, "publicKeyID":"0xAB","commonName":"N"}}, "conditions":{CONDITIONS} ,"content":"AA==","issuedBy":{{"commonName":"I"}},"imageIdentity":"r/i:t","signedClaims":{{"z":"1","a":"2"}},"created":"2022-01-01T00:00:00Z"}}]}} "#
    );
    assert_eq!(rewritten(&json, &[(1, verified())]).unwrap(), expected);
}

#[test]
fn rewrites_in_a_carrier_and_in_an_empty_signature() {
    let json = r#"{"image":{"signatures":[{}]},"signatures":[{"x":1}],"kind":"ImageStreamImage"}"#;
    assert_eq!(
        rewritten(json, &[(0, SignatureUpdate { filled: None, ..verified() })]).unwrap(),
        format!(
            r#"{{"image":{{"signatures":[{{"conditions":{CONDITIONS}}}]}},"signatures":[{{"x":1}}],"kind":"ImageStreamImage"}}"#
        )
    );
}

#[test]
fn refuses_what_would_lose_something() {
    for (json, path) in [
        (r#"{"kind":"Image","signatures":[]}"#, "$.signatures[0]"),
        (r#"{"kind":"Image","signatures":null}"#, "$.signatures[0]"),
        (r#"{"kind":"Pod"}"#, "$"),
        (r#"{"kind":"Image","x":1,"x":2,"signatures":[{}]}"#, "$.x"),
        (r#"{"kind":"Image","signatures":[{"x":1,"x":2}]}"#, "$.signatures[0].x"),
        (r#"{"kind":"Image","signatures":[{"issuedTo":{"x":1,"x":2}}]}"#, "$.signatures[0].issuedTo.x"),
        (r#"{"kind":"ImageStreamTag","image":{"x":1,"\u0078":2,"signatures":[{}]}}"#, "$.image.x"),
        (r#"{"kind":"Image","signatures":[{}]"#, "$"),
    ] {
        assert_eq!(rewritten(json, &[(0, verified())]).unwrap_err().path(), path, "{json}");
    }
}

proptest! {
    #[test]
    fn no_update_changes_nothing(json in any_json()) {
        prop_assert_eq!(compact(&rewritten(&json, &[]).unwrap()), compact(&json));
    }

    #[test]
    fn unknown_members_survive(a in any_json(), b in any_json(), c in any_json(), d in any_json()) {
        let json = format!(
            r#"{{"u1":{a},"kind":"Image","signatures":[{{"u2":{b},"content":"!","issuedTo":{{"u3":{c}}}}}],"u4":{d}}}"#
        );
        let written = compact(&rewritten(&json, &[(0, verified())]).unwrap());
        let kept = format!(
            r#"{{"u1":{a},"kind":"Image","signatures":[{{"u2":{b},"content":"!","issuedTo":{{"u3":{c},"commonName":"N","publicKeyID":"0xAB"}},"conditions":{CONDITIONS},"imageIdentity":"r/i:t","signedClaims":{{"z":"1","a":"2"}},"created":"2022-01-01T00:00:00Z","issuedBy":{{"commonName":"I"}}}}],"u4":{d}}}"#
        );
        prop_assert_eq!(&written, &compact(&kept));
        // Written again, it stays as it is.
        prop_assert_eq!(compact(&rewritten(&written, &[(0, verified())]).unwrap()), written);
    }
}
