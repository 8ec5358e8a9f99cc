//! Documents that describe a layout, and read in one way only.

use serde::de::DeserializeOwned;

use crate::image::json::{Document, Limits, Node};
use crate::image::look_alike::looks_like_one;
use crate::image::{CONFIG_LIMIT, JsonError};
use crate::source::layout::LayoutProblem;

const LIMITS: Limits = Limits { bytes: CONFIG_LIMIT, depth: 128, values: 1 << 20 };

/// What a document is built of, as far as it is looked at.
pub(super) enum Shape {
    /// An object, and its members that count.
    Object(&'static [(&'static str, Self)]),
    /// An array of these.
    List(&'static Self),
    /// Whatever it is.
    Any,
}

/// Reads a document; a member that others would take for one that counts is an error.
pub(super) fn read<T: DeserializeOwned>(text: &[u8], shape: &Shape) -> Result<T, LayoutProblem> {
    let malformed = |error: JsonError| LayoutProblem::Malformed(error.to_string());
    check(Document::read(text, &LIMITS).map_err(malformed)?.root(), shape)?;
    serde_json::from_slice(text).map_err(|error| LayoutProblem::Malformed(error.to_string()))
}

fn check(node: Node<'_>, shape: &Shape) -> Result<(), LayoutProblem> {
    let malformed = |error: JsonError| LayoutProblem::Malformed(error.to_string());
    match shape {
        Shape::List(inner) if !node.is_null() => {
            node.array().map_err(malformed)?.try_for_each(|element| check(element, inner))
        }
        Shape::Object(known) if !node.is_null() => {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            for (member, value) in node.object().map_err(malformed)?.rest() {
                if looks_like_one(member, &names) {
                    let why = format!("`{member}` at {} differs only in case from a member that counts", value.path());
                    return Err(LayoutProblem::Malformed(why));
                }
                if let Some((_, inner)) = known.iter().find(|(name, _)| *name == member) {
                    check(value, inner)?;
                }
            }
            Ok(())
        }
        Shape::Object(_) | Shape::List(_) | Shape::Any => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_others_take_for_a_member() {
        const SHAPE: Shape = Shape::Object(&[("manifests", Shape::List(&Shape::Object(&[("digest", Shape::Any)])))]);
        let read = |text: &str| read::<serde_json::Value>(text.as_bytes(), &SHAPE).map_err(|error| error.to_string());
        for text in [
            r#"{"manifests":[],"Manifests":[]}"#,
            r#"{"manifests":[],"manifest\u017f":[]}"#,
            r#"{"manifests":[{"digest":"a","Digest":"b"}]}"#,
        ] {
            assert!(read(text).unwrap_err().contains("differs only in case"), "{text}");
        }
        assert!(read(r#"{"manifests":[],"manifests":[]}"#).is_err());
        assert!(read(r#"[[]]"#).is_err());
        assert!(read(r#"{"manifests":[{"digest":"a","x":{"Digest":1}}],"Other":null}"#).is_ok());
    }
}
