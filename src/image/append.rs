//! Adding signatures to the text of an object that has none, or others.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::image::edit::{Edits, Value};
use crate::image::rewrite::image_of;
use crate::image::tracked::read;
use crate::image::{ImageSignature, ObjectError};

/// A signature that was kept beside the image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddedSignature {
    /// What it is called there.
    pub name: String,
    /// The signature as an `ImageSignature` stores it: base64.
    pub content: String,
}

/// The text of `json`, an `Image` or an object that carries one, with signatures added behind those that it has. What
/// the object has already, by its content, is not added again.
///
/// The text is edited, not written anew, as by [`Rewrite`](crate::image::Rewrite).
///
/// # Errors
///
/// An [`ObjectError`] if the object cannot be read, or is no image.
pub fn with_signatures(json: &str, added: &[AddedSignature]) -> Result<String, ObjectError> {
    let (image, place, name) = image_of(json)?;
    let written = match image.get("signatures") {
        None | Some("null") => "[]",
        Some(text) => text,
    };
    let there: Vec<ImageSignature<'_>> =
        read(written).map_err(|error| error.within(&place.member("signatures").path))?;
    let mut known: BTreeSet<&str> = there.iter().map(|signature| signature.content.as_str()).collect();
    let mut texts = Vec::new();
    for signature in added.iter().filter(|signature| known.insert(&signature.content)) {
        let record = Record {
            metadata: Metadata { name: format!("{name}@{}", signature.name) },
            signature_type: "atomic",
            content: &signature.content,
        };
        texts.push(serde_json::to_string(&record).map_err(|error| ObjectError::from_json(place.path.clone(), &error))?);
    }
    if texts.is_empty() {
        return Ok(json.to_owned());
    }
    let before = written.strip_suffix(']').unwrap_or(written).trim_ascii_end();
    let comma = if there.is_empty() { "" } else { "," };
    let list = format!("{before}{comma}{}]", texts.join(","));
    let mut edits = Edits::of(json);
    edits.set(&image, &place, vec![("signatures".into(), Value::Text(list))])?;
    Ok(edits.apply())
}

#[derive(Serialize)]
struct Record<'a> {
    metadata: Metadata,
    #[serde(rename = "type")]
    signature_type: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(contents: &[&str]) -> Vec<AddedSignature> {
        let named = |(number, content): (usize, &&str)| AddedSignature {
            name: format!("signature-{number}"),
            content: (*content).to_owned(),
        };
        contents.iter().enumerate().map(named).collect()
    }

    #[test]
    fn the_rest_of_the_text_stays() {
        let record = |content: &str, number: usize| {
            format!(r#"{{"metadata":{{"name":"sha256:a@signature-{number}"}},"type":"atomic","content":"{content}"}}"#)
        };
        let (zero, one) = (record("AA==", 0), record("AQ==", 1));
        for (json, expected) in [
            (
                r#"{"kind": "Image", "metadata": {"name": "sha256:a"}, "x": 1.50}"#.to_owned(),
                format!(
                    r#"{{"kind": "Image", "metadata": {{"name": "sha256:a"}}, "x": 1.50,"signatures":[{zero},{one}]}}"#
                ),
            ),
            (
                r#"{"kind":"Image","signatures":null,"metadata":{"name":"sha256:a"}}"#.to_owned(),
                format!(r#"{{"kind":"Image","signatures":[{zero},{one}],"metadata":{{"name":"sha256:a"}}}}"#),
            ),
            (
                r#" {"metadata":{"name":"sha256:a"},"signatures":[ {"content":"AA=="} ]} "#.to_owned(),
                format!(r#" {{"metadata":{{"name":"sha256:a"}},"signatures":[ {{"content":"AA=="}},{one}]}} "#),
            ),
            (
                r#"{"kind":"ImageStreamImage","image":{"metadata":{"name":"sha256:a"},"signatures":[]}}"#.to_owned(),
                format!(
                    r#"{{"kind":"ImageStreamImage","image":{{"metadata":{{"name":"sha256:a"}},"signatures":[{zero},{one}]}}}}"#
                ),
            ),
        ] {
            assert_eq!(with_signatures(&json, &added(&["AA==", "AQ=="])).unwrap(), expected);
        }
    }

    #[test]
    fn nothing_is_added_twice_or_to_nothing() {
        let json = r#"{"kind":"Image","signatures":[{"content":"AA=="}]}"#;
        assert_eq!(with_signatures(json, &added(&["AA==", "AA=="])).unwrap(), json);
        let once = with_signatures(json, &added(&["AQ==", "AQ=="])).unwrap();
        assert_eq!(once.matches("AQ==").count(), 1);
        assert!(with_signatures(r#"{"kind":"Pod"}"#, &added(&["AA=="])).is_err());
        assert!(with_signatures(r#"{"kind":"Image","signatures":{}}"#, &added(&["AA=="])).is_err());
        assert!(with_signatures("", &added(&["AA=="])).is_err());
    }
}
