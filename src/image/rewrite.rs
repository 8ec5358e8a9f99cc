//! Writing what verification found into the original text of an object, and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::image::edit::{Changes, Edits, Object, Place, Value};
use crate::image::patch::{Operation, json_text};
use crate::image::tracked::read;
use crate::image::{
    Carrier, CarrierKind, ObjectError, ObjectProblem, Patch, SignatureCondition, SignatureIssuer, SignatureSubject,
};

/// The informative members that the API server accepts only where the status of `Trusted` is known.
const INFORMATIVE: [&str; 4] = ["imageIdentity", "signedClaims", "issuedBy", "issuedTo"];

/// What is to be written into an object: into its signatures, and into the annotations of the image.
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
    annotations: BTreeMap<String, Option<String>>,
}

/// What is to be written into one signature.
#[derive(Clone, Debug, Default)]
pub struct SignatureUpdate {
    /// All conditions the signature shall have, in this order.
    pub conditions: Vec<SignatureCondition<'static>>,
    /// The informative members, for a signature that was verified.
    pub filled: Option<Filled>,
    /// Takes away `imageIdentity`, `signedClaims`, `issuedBy` and `issuedTo`, unless they are filled: the API server
    /// refuses them where the status of `Trusted` is `Unknown`.
    pub cleared: bool,
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

    /// Says what the annotation `name` of the image shall be; `None` takes it away. Other annotations stay.
    ///
    /// In an object that carries an image it is the image that is annotated, not the carrier.
    pub fn annotation(&mut self, name: &str, value: Option<&str>) {
        self.annotations.insert(name.to_owned(), value.map(str::to_owned));
    }

    /// The text of `json`, an `Image` or an object that carries one, with the changes made.
    ///
    /// # Errors
    ///
    /// An [`ObjectError`] if the object cannot be read, if a member on the way to a change occurs twice, or if there
    /// is no signature of an index.
    pub fn apply(&self, json: &str) -> Result<String, ObjectError> {
        if self.signatures.is_empty() && self.annotations.is_empty() {
            return Ok(json.to_owned());
        }
        let (image, place, _) = image_of(json)?;
        let (edits, _) = self.edits(json, &image, &place)?;
        Ok(edits.apply())
    }

    /// The same changes as a patch of the `Image` that `json` is or carries; nothing if there is nothing to change, and
    /// nothing for an image without a name, which no server has.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn patch(&self, json: &str) -> Result<Option<Patch>, ObjectError> {
        if self.signatures.is_empty() && self.annotations.is_empty() {
            return Ok(None);
        }
        let (image, place, name) = image_of(json)?;
        let (edits, tests) = self.edits(json, &image, &place)?;
        if edits.count() == 0 || name.is_empty() {
            return Ok(None);
        }
        let mut operations = vec![Operation::Test { path: "/metadata/name".to_owned(), value: json_text(&name) }];
        operations.extend(test(&image, &Place::image("$"), "dockerImageReference"));
        operations.extend(tests);
        operations.extend(edits.into_operations());
        Ok(Some(Patch { name, operations }))
    }

    /// The changes, and the tests that whoever makes them elsewhere should make before.
    fn edits<'a>(
        &self,
        json: &'a str,
        image: &Object<'a>,
        place: &Place,
    ) -> Result<(Edits<'a>, Vec<Operation>), ObjectError> {
        let (mut edits, mut tests) = (Edits::of(json), Vec::new());
        self.annotate(image, place, &mut edits, &mut tests)?;
        let Some((&last, _)) = self.signatures.last_key_value() else { return Ok((edits, tests)) };
        // Whether an image is denied follows from all signatures.
        let all = edits.count() > 0;
        let place = place.member("signatures");
        let signatures = match image.present("signatures") {
            None => Vec::new(),
            Some(text) => read::<Vec<&RawValue>>(text).map_err(|error| error.within(&place.path))?,
        };
        if last >= signatures.len() {
            let problem = ObjectProblem::NoSignature { found: signatures.len() };
            return Err(ObjectError::new(&place.item(last).path, problem));
        }
        for (index, update) in &self.signatures {
            if let Some(signature) = signatures.get(*index) {
                let place = place.item(*index);
                let signature = Object::read(signature.get(), &place.path)?;
                let before = edits.count();
                let members = update.members(signature.get("conditions"))?;
                edits.set(&signature, &place, members)?;
                if all || edits.count() > before {
                    tests.extend(tests_of_signature(&signature, &place)?);
                }
            }
        }
        Ok((edits, tests))
    }

    /// Changes annotations.
    fn annotate<'a>(
        &self,
        image: &Object<'a>,
        place: &Place,
        edits: &mut Edits<'a>,
        tests: &mut Vec<Operation>,
    ) -> Result<(), ObjectError> {
        if self.annotations.is_empty() {
            return Ok(());
        }
        let changes = self.annotations.iter().map(|(name, value)| {
            let value = value.as_ref().map_or(Value::Absent, |value| Value::Text(json_text(value)));
            (name.clone().into(), value)
        });
        let changes = vec![("annotations".into(), Value::Members(changes.collect()))];
        edits.set(image, place, vec![("metadata".into(), Value::Members(changes))])?;
        let Some(metadata) = image.present("metadata").filter(|_| edits.count() > 0) else { return Ok(()) };
        let place = place.member("metadata");
        let metadata = Object::read(metadata, &place.path)?;
        match metadata.present("annotations") {
            Some(annotations) => {
                let place = place.member("annotations");
                let annotations = Object::read(annotations, &place.path)?;
                let changed = self.annotations.keys().filter_map(|name| test(&annotations, &place, name));
                tests.extend(changed);
            }
            // Where there are none, all of them are written: that must not take away those that came meanwhile.
            None => {
                tests.push(test(&metadata, &place, "resourceVersion").unwrap_or_else(|| Operation::Test {
                    path: place.pointer.clone(),
                    value: metadata.text().to_owned(),
                }))
            }
        }
        Ok(())
    }
}

/// The image in `json`, where it stands, and its name.
pub(super) fn image_of(json: &str) -> Result<(Object<'_>, Place, String), ObjectError> {
    let (image, path, name) = match Carrier::read(json)? {
        Carrier::Image(carried) if carried.kind == CarrierKind::Image => {
            (json.trim_ascii(), "$", carried.image.metadata.name.into_owned())
        }
        Carrier::Image(carried) => {
            let image = Object::read(json, "$")?.get("image").unwrap_or("null");
            (image, "$.image", carried.image.metadata.name.into_owned())
        }
        Carrier::Other(other) => {
            let carrier = other.to_string();
            return Err(ObjectError::new("$", ObjectProblem::NoImage { carrier }));
        }
    };
    Ok((Object::read(image, path)?, Place::image(path), name.to_string()))
}

/// A test that a member of an object is what it is, if it is there.
fn test(object: &Object<'_>, place: &Place, name: &str) -> Option<Operation> {
    let value = object.present(name)?;
    Some(Operation::Test { path: place.member(name).pointer, value: value.to_owned() })
}

/// Tests that a record is the one that was judged: by what it holds, or, if that is nothing, as a whole.
fn tests_of_signature(signature: &Object<'_>, place: &Place) -> Result<Vec<Operation>, ObjectError> {
    let content = test(signature, place, "content");
    if content.is_none() {
        return Ok(vec![Operation::Test { path: place.pointer.clone(), value: signature.text().to_owned() }]);
    }
    let metadata = match signature.present("metadata") {
        None => None,
        Some(metadata) => {
            let place = place.member("metadata");
            test(&Object::read(metadata, &place.path)?, &place, "name")
        }
    };
    Ok(metadata.into_iter().chain(test(signature, place, "type")).chain(content).collect())
}

impl SignatureUpdate {
    /// The members to set. Conditions that are among the `previous` ones, and stay, keep what else is in them.
    fn members(&self, previous: Option<&str>) -> Result<Changes, ObjectError> {
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
        let mut members: Changes = vec![("conditions".into(), to_json(&conditions)?)];
        if self.cleared && self.filled.is_none() {
            members.extend(INFORMATIVE.map(|name| (name.into(), Value::Absent)));
        }
        let Some(filled) = &self.filled else { return Ok(members) };
        push_text(&mut members, "imageIdentity", &filled.image_identity)?;
        if !filled.signed_claims.is_empty() {
            members.push(("signedClaims".into(), to_json(&Claims(&filled.signed_claims))?));
        }
        push_text(&mut members, "created", &filled.created)?;
        if let Some(issuer) = &filled.issued_by {
            let mut inner = Vec::new();
            push_text(&mut inner, "organization", &issuer.organization)?;
            push_text(&mut inner, "commonName", &issuer.common_name)?;
            members.push(("issuedBy".into(), Value::Members(inner)));
        }
        if let Some(subject) = &filled.issued_to {
            let mut inner = Vec::new();
            push_text(&mut inner, "organization", &subject.organization)?;
            push_text(&mut inner, "commonName", &subject.common_name)?;
            push_text(&mut inner, "publicKeyID", &subject.public_key_id)?;
            members.push(("issuedTo".into(), Value::Members(inner)));
        }
        Ok(members)
    }
}

/// Adds a member unless its text is empty.
fn push_text(members: &mut Changes, name: &'static str, text: &str) -> Result<(), ObjectError> {
    if !text.is_empty() {
        members.push((name.into(), to_json(text)?));
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
mod tests;
