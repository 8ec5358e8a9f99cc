//! Typed reading of JSON that knows where it is.
//!
//! What serde derives accepts an array where an object belongs, and its errors do not say which member they are
//! about. The deserializer here stands between the two: objects must be objects, and the path of the first error is
//! kept. It costs nothing where there is no error: a path is a chain of frames on the stack.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::image::ObjectError;

/// Reads one value from `json`, which must hold nothing else.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, ObjectError> {
    let failed = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let place = Place { path: &Path { parent: None, step: Step::Root }, failed: &failed };
    T::deserialize(Tracked { inner: &mut deserializer, place })
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| ObjectError::from_json(failed.take().unwrap_or_else(|| "$".to_owned()), &error))
}

/// Where the reader is, and where the first error will be noted.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p Path<'p>,
    failed: &'p RefCell<Option<String>>,
}

impl Place<'_> {
    /// Notes the path of the innermost value that failed.
    fn note<T, E>(self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.failed.borrow_mut().get_or_insert_with(|| self.path.to_string());
        }
        result
    }
}

/// A path such as `$.signatures[2].content`, as a chain of borrowed steps.
struct Path<'p> {
    parent: Option<&'p Self>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Member(&'p str),
    Element(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => f.write_str("$"),
            Step::Member(name) if is_plain(name) => write!(f, ".{name}"),
            Step::Member(name) => write!(f, "[{:?}]", name.chars().take(64).collect::<String>()),
            Step::Element(index) => write!(f, "[{index}]"),
        }
    }
}

/// Whether a member can stand after a dot.
fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The deserializer of one value, or the seed that makes one.
struct Tracked<'p, T> {
    inner: T,
    place: Place<'p>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tracked<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_option(OptionVisitor { visitor, place: self.place })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_seq(ArrayVisitor { visitor, place: self.place })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(ObjectVisitor { visitor, place: self.place })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_map(visitor)
    }

    /// Raw values come this way; there is nothing to track inside them.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct tuple tuple_struct enum identifier
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Tracked<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Tracked { inner: deserializer, place: self.place })
    }
}

/// Accepts `null` and a value.
struct OptionVisitor<'p, V> {
    visitor: V,
    place: Place<'p>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for OptionVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Tracked { inner: deserializer, place: self.place })
    }
}

/// Accepts an array only.
struct ArrayVisitor<'p, V> {
    visitor: V,
    place: Place<'p>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ArrayVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Elements { seq, index: 0, place: self.place })
    }
}

/// Accepts an object only.
struct ObjectVisitor<'p, V> {
    visitor: V,
    place: Place<'p>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ObjectVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Members { map, key: Cow::Borrowed(""), place: self.place })
    }
}

struct Elements<'p, A> {
    seq: A,
    index: usize,
    place: Place<'p>,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let path = Path { parent: Some(self.place.path), step: Step::Element(self.index) };
        let place = Place { path: &path, failed: self.place.failed };
        self.index = self.index.saturating_add(1);
        place.note(self.seq.next_element_seed(Tracked { inner: seed, place }))
    }
}

struct Members<'de, 'p, A> {
    map: A,
    key: Cow<'de, str>,
    place: Place<'p>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'de, '_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Key(key)) = self.map.next_key()? else { return Ok(None) };
        self.key = key;
        match &self.key {
            Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
            Cow::Owned(key) => seed.deserialize(CowStrDeserializer::new(Cow::Borrowed(key.as_str()))),
        }
        .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        let path = Path { parent: Some(self.place.path), step: Step::Member(&self.key) };
        let place = Place { path: &path, failed: self.place.failed };
        place.note(self.map.next_value_seed(Tracked { inner: seed, place }))
    }
}

/// The name of a member, borrowed unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Key<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;

    #[test]
    fn names_the_place_of_an_error() {
        for (json, path, says) in [
            (
                r#"{"signatures":[{},{},{"content":5}]}"#,
                "$.signatures[2].content",
                "expected a string, found integer `5`",
            ),
            (r#"{"metadata":["a","b"]}"#, "$.metadata", "expected an object, found an array"),
            (r#"{"metadata":{"annotations":{"a/b c":1}}}"#, r#"$.metadata.annotations["a/b c"]"#, "expected a string"),
            (r#"{"signatures":{}}"#, "$.signatures", "expected an array, found an object"),
            (r#"{"dockerImageLayers":[{"size":"big"}]}"#, "$.dockerImageLayers[0].size", "expected a whole number"),
            (r#"{"signatures":[{"type":"a","type":"b"}]}"#, "$.signatures[0].type", "the member occurs twice"),
            (r#"{"s\u0069gnatures":[1]}"#, "$.signatures[0]", "expected an object"),
            (r#"[]"#, "$", "expected an object, found an array"),
            (r#"{"signatures":[{"#, "$.signatures[0]", "cut off"),
            (r#"{} x"#, "$", "trailing characters"),
        ] {
            let error = read::<Image<'_>>(json).unwrap_err();
            assert_eq!(error.path(), path, "{json}");
            assert!(error.to_string().contains(says), "{json}: {error}");
        }
    }

    #[test]
    fn still_borrows() {
        let image: Image<'_> = read(r#"{"dockerImageMetadata":{"a": 1 },"metadata":{"name":"n"}}"#).unwrap();
        assert_eq!(image.docker_image_metadata.unwrap().get(), r#"{"a": 1 }"#);
        assert_eq!(&*image.metadata.name, "n");
    }
}
