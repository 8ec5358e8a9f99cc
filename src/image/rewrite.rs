//! Writing what verification found into the original text of an object, and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::image::edit::{Edits, Object, Value};
use crate::image::tracked::read;
use crate::image::{
    Carrier, CarrierKind, ObjectError, ObjectProblem, SignatureCondition, SignatureIssuer, SignatureSubject,
};

/// What is to be written into an object's signatures.
///
/// The object's text is edited, not written anew: what is not mentioned here stays byte for byte as it was, unknown
/// members, the spelling of numbers, and the content of signatures that failed among it.
///
/// ```
/// use vidimus::image::{Rewrite, SignatureUpdate};
///
/// let mut rewrite = Rewrite::default();
/// rewrite.signature(0, SignatureUpdate::default());
/// let json = r#"{"kind": "Image", "signatures": [{"content": "AA==", "x": 1.50}]}"#;
/// let written = rewrite.apply(json)?;
/// assert_eq!(written, r#"{"kind": "Image", "signatures": [{"content": "AA==", "x": 1.50,"conditions":[]}]}"#);
/// # Ok::<(), vidimus::image::ObjectError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rewrite {
    signatures: BTreeMap<usize, SignatureUpdate>,
}

/// What is to be written into one signature.
#[derive(Clone, Debug, Default)]
pub struct SignatureUpdate {
    /// All conditions the signature shall have, in this order.
    pub conditions: Vec<SignatureCondition<'static>>,
    /// The informative members, for a signature that was verified.
    pub filled: Option<Filled>,
}

/// The informative members of a signature. What is empty here leaves the object's member as it is.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// When the signature was made, RFC 3339.
    pub created: String,
    /// The signed reference.
    pub image_identity: String,
    /// The signed claims, in the order to write them in.
    pub signed_claims: Vec<(String, String)>,
    /// Who issued the key; other members of an existing `issuedBy` stay.
    pub issued_by: Option<SignatureIssuer<'static>>,
    /// Whom the key was issued to; other members of an existing `issuedTo` stay.
    pub issued_to: Option<SignatureSubject<'static>>,
}

impl Rewrite {
    /// Says what to write into the signature of this index.
    pub fn signature(&mut self, index: usize, update: SignatureUpdate) {
        self.signatures.insert(index, update);
    }

    /// The text of `json`, an `Image` or an object that carries one, with the changes made.
    ///
    /// # Errors
    ///
    /// An [`ObjectError`] if the object cannot be read, if a member on the way to a change occurs twice, or if there
    /// is no signature of an index.
    pub fn apply(&self, json: &str) -> Result<String, ObjectError> {
        let Some((&last, _)) = self.signatures.last_key_value() else { return Ok(json.to_owned()) };
        let (image, path) = match Carrier::read(json)? {
            Carrier::Image(carried) if carried.kind == CarrierKind::Image => (json.trim_ascii(), "$"),
            Carrier::Image(_) => (Object::read(json, "$")?.get("image").unwrap_or("null"), "$.image"),
            Carrier::Other(other) => {
                let carrier = other.to_string();
                return Err(ObjectError::new("$", ObjectProblem::NoImage { carrier }));
            }
        };
        let image = Object::read(image, path)?;
        let path = format!("{path}.signatures");
        let signatures = match image.get("signatures") {
            None | Some("null") => Vec::new(),
            Some(text) => read::<Vec<&RawValue>>(text).map_err(|error| error.within(&path))?,
        };
        if last >= signatures.len() {
            let problem = ObjectProblem::NoSignature { found: signatures.len() };
            return Err(ObjectError::new(&format!("{path}[{last}]"), problem));
        }
        let mut edits = Edits::of(json);
        for (index, update) in &self.signatures {
            if let Some(signature) = signatures.get(*index) {
                let path = format!("{path}[{index}]");
                let signature = Object::read(signature.get(), &path)?;
                let members = update.members(signature.get("conditions"))?;
                edits.set(&signature, &path, members)?;
            }
        }
        Ok(edits.apply())
    }
}

impl SignatureUpdate {
    /// The members to set. Conditions that are among the `previous` ones, and stay, keep what else is in them.
    fn members(&self, previous: Option<&str>) -> Result<Vec<(&'static str, Value)>, ObjectError> {
        let mut previous: Vec<(&RawValue, SignatureCondition<'_>)> = match previous {
            None | Some("null") => Vec::new(),
            Some(text) => {
                let raw: Vec<&RawValue> = read(text)?;
                raw.into_iter().map(|raw| Ok((raw, read(raw.get())?))).collect::<Result<_, ObjectError>>()?
            }
        };
        let mut conditions = Vec::new();
        for condition in &self.conditions {
            match previous.iter().position(|(_, before)| before == condition) {
                Some(place) => conditions.push(previous.remove(place).0.to_owned()),
                None => {
                    let written = serde_json::value::to_raw_value(condition);
                    conditions.push(written.map_err(|error| ObjectError::from_json("$".to_owned(), &error))?);
                }
            }
        }
        let mut members = vec![("conditions", to_json(&conditions)?)];
        let Some(filled) = &self.filled else { return Ok(members) };
        push_text(&mut members, "imageIdentity", &filled.image_identity)?;
        if !filled.signed_claims.is_empty() {
            members.push(("signedClaims", to_json(&Claims(&filled.signed_claims))?));
        }
        push_text(&mut members, "created", &filled.created)?;
        if let Some(issuer) = &filled.issued_by {
            let mut inner = Vec::new();
            push_text(&mut inner, "organization", &issuer.organization)?;
            push_text(&mut inner, "commonName", &issuer.common_name)?;
            members.push(("issuedBy", Value::Members(inner)));
        }
        if let Some(subject) = &filled.issued_to {
            let mut inner = Vec::new();
            push_text(&mut inner, "organization", &subject.organization)?;
            push_text(&mut inner, "commonName", &subject.common_name)?;
            push_text(&mut inner, "publicKeyID", &subject.public_key_id)?;
            members.push(("issuedTo", Value::Members(inner)));
        }
        Ok(members)
    }
}

/// Adds a member unless its text is empty.
fn push_text(members: &mut Vec<(&'static str, Value)>, name: &'static str, text: &str) -> Result<(), ObjectError> {
    if !text.is_empty() {
        members.push((name, to_json(text)?));
    }
    Ok(())
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, ObjectError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| ObjectError::from_json("$".to_owned(), &error))
}

/// Claims as an object, in their order.
struct Claims<'c>(&'c [(String, String)]);

impl Serialize for Claims<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
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
        let written = rewritten(&json, &[(0, SignatureUpdate { conditions, filled: None })]).unwrap();
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
}
