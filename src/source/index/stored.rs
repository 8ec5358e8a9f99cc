//! An image as the index keeps it: the text of what is verified, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::image::{Image, LAYERS_ORDER};

/// Members of an image that are verified against its manifest, where the object carries that.
const MANIFEST: [&str; 5] = [
    "dockerImageConfig",
    "dockerImageLayers",
    "dockerImageManifest",
    "dockerImageManifestMediaType",
    "dockerImageManifests",
];

/// Members of a signature that say something about it; conditions are what somebody found out earlier.
const SIGNATURE: [&str; 7] = ["type", "content", "imageIdentity", "signedClaims", "created", "issuedBy", "issuedTo"];

/// An image, as the JSON text of an `Image` object.
#[derive(Debug)]
pub(super) struct Stored(Box<str>);

impl Stored {
    pub(super) fn new(mut image: Value) -> Self {
        let mut kept = Map::new();
        let mut metadata = named(&image);
        let annotations = image.pointer("/metadata/annotations");
        if let (Some(order), Value::Object(metadata)) =
            (annotations.and_then(|annotations| annotations.get(LAYERS_ORDER)), &mut metadata)
        {
            metadata.insert("annotations".to_owned(), json!({ LAYERS_ORDER: order }));
        }
        kept.insert("metadata".to_owned(), metadata);
        let has_manifest = ["dockerImageManifest", "dockerImageConfig"]
            .iter()
            .any(|member| image.get(*member).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
        if has_manifest {
            let taken =
                MANIFEST.iter().filter_map(|member| Some(((*member).to_owned(), image.get_mut(*member)?.take())));
            kept.extend(taken);
        }
        let signatures = image.get_mut("signatures").and_then(Value::as_array_mut);
        let signatures = signatures.map(std::mem::take).unwrap_or_default();
        kept.insert("signatures".to_owned(), signatures.into_iter().map(signature).collect());
        Self(Value::Object(kept).to_string().into())
    }

    /// Adds the signatures that another object of the same image has.
    pub(super) fn merge(&mut self, other: Value) {
        let Ok(mut image) = serde_json::from_str::<Value>(&self.0) else { return };
        let other = Self::new(other);
        let Ok(mut other) = serde_json::from_str::<Value>(&other.0) else { return };
        let (Some(kept), Some(others)) = (signatures_of(&mut image), signatures_of(&mut other)) else { return };
        let content = |signature: &Value| signature.get("content").map(Value::to_string);
        let known: BTreeSet<_> = kept.iter().map(content).collect();
        kept.extend(std::mem::take(others).into_iter().filter(|signature| !known.contains(&content(signature))));
        self.0 = image.to_string().into();
    }

    pub(super) fn image(&self) -> Option<Image<'_>> {
        serde_json::from_str(&self.0).ok()
    }
}

fn signatures_of(image: &mut Value) -> Option<&mut Vec<Value>> {
    image.get_mut("signatures")?.as_array_mut()
}

/// The metadata of an object, of which only the name counts.
fn named(object: &Value) -> Value {
    json!({ "name": object.pointer("/metadata/name") })
}

fn signature(mut record: Value) -> Value {
    let mut kept = Map::new();
    kept.insert("metadata".to_owned(), named(&record));
    for member in SIGNATURE {
        if let Some(value) = record.get_mut(member).filter(|value| !value.is_null()) {
            kept.insert(member.to_owned(), value.take());
        }
    }
    Value::Object(kept)
}
