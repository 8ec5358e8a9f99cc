//! From YAML to JSON text and back.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::image::members::Members;
use crate::image::yaml::DEPTH_LIMIT;
use crate::source::export::ITEM_LIMIT;

/// JSON text that is being written from a YAML document.
pub(super) struct Out<'l> {
    text: String,
    /// The text would be larger than an item may be; what follows is read but not kept.
    full: bool,
    /// How many bytes the document has become.
    written: usize,
    /// How long the document is, as far as it was read.
    length: &'l Cell<usize>,
}

/// How many times longer than a document its JSON may be. Escapes need up to six bytes for one; the rest is aliases.
const EXPANSION: usize = 8;

/// How many bytes a document may become in any case.
const EXPANSION_FLOOR: usize = 1 << 16;

impl<'l> Out<'l> {
    /// The text of a document of `length` bytes, which may grow.
    pub(super) fn new(length: &'l Cell<usize>) -> Self {
        Self { text: String::new(), full: false, written: 0, length }
    }

    pub(super) fn push<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        self.written = self.written.saturating_add(text.len());
        // Aliases let a small document become a large one.
        if self.written > self.length.get().saturating_mul(EXPANSION).saturating_add(EXPANSION_FLOOR) {
            return Err(E::custom("the aliases expand to much more than the document itself"));
        }
        if self.text.len().saturating_add(text.len()) > ITEM_LIMIT {
            self.full = true;
        } else if !self.full {
            self.text.push_str(text);
        }
        Ok(())
    }

    fn push_string<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        self.push(&serde_json::to_string(text).map_err(E::custom)?)
    }

    /// Where the text ends.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text from `start` on.
    pub(super) fn since(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or_default()
    }

    /// The text from `start` on, taken out; nothing if it became too large.
    pub(super) fn take(&mut self, start: usize) -> Option<String> {
        let text = self.text.split_off(start.min(self.text.len()));
        (!std::mem::take(&mut self.full)).then_some(text)
    }
}

/// Writes a value as JSON.
pub(super) struct ToJson<'o, 'l>(pub(super) &'o mut Out<'l>);

impl<'de> DeserializeSeed<'de> for ToJson<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ToJson<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.0.push(if value { "true" } else { "false" })
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.0.push(&value.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.0.push(&value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.0.push(&serde_json::to_string(&value).map_err(E::custom)?)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.push_string(text)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.push("null")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.0.push("[")?;
        let mut comma = "";
        // The comma is taken back where the sequence has ended.
        loop {
            let (before, full) = (self.0.text.len(), self.0.full);
            self.0.push(comma)?;
            if seq.next_element_seed(ToJson(self.0))?.is_none() {
                self.0.text.truncate(before);
                self.0.full = full;
                break;
            }
            comma = ",";
        }
        self.0.push("]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.push("{")?;
        let mut comma = "";
        while let Some(key) = map.next_key::<String>()? {
            self.0.push(comma)?;
            self.0.member(&key)?;
            map.next_value_seed(ToJson(self.0))?;
            comma = ",";
        }
        self.0.push("}")
    }
}

impl Out<'_> {
    /// Writes the name of a member and its colon.
    pub(super) fn member<E: serde::de::Error>(&mut self, name: &str) -> Result<(), E> {
        self.push_string(name)?;
        self.push(":")
    }
}

/// Writes JSON text as one YAML document.
///
/// Fails where YAML would say something else: a number that is neither of 64 bits nor a fraction, or a string with
/// half a surrogate pair.
pub(super) fn to_yaml(json: &str) -> Result<String, String> {
    // A long reference stays on its line, as other writers have it.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(&ToYaml { json, depth: 0 }, options).map_err(|error| error.to_string())
}

/// A value that is JSON text, for a serializer.
struct ToYaml<'a> {
    json: &'a str,
    depth: usize,
}

impl<'a> ToYaml<'a> {
    fn inner(&self, json: &'a str) -> Self {
        Self { json, depth: self.depth.saturating_add(1) }
    }
}

impl Serialize for ToYaml<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth > DEPTH_LIMIT {
            return Err(S::Error::custom(format_args!("values are nested more than {DEPTH_LIMIT} deep")));
        }
        match self.json.bytes().next() {
            Some(b'{') => {
                let Members(members) = parse(self.json)?;
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(&name, &self.inner(value))?;
                }
                map.end()
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = parse(self.json)?;
                let mut seq = serializer.serialize_seq(Some(elements.len()))?;
                for value in elements {
                    seq.serialize_element(&self.inner(value.get()))?;
                }
                seq.end()
            }
            Some(b'"') => serializer.serialize_str(&parse::<Cow<'_, str>, _>(self.json)?),
            Some(b't' | b'f') => serializer.serialize_bool(parse(self.json)?),
            Some(b'n') => serializer.serialize_unit(),
            _ => self.number(serializer),
        }
    }
}

impl ToYaml<'_> {
    fn number<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(number) = self.json.parse::<u64>() {
            return serializer.serialize_u64(number);
        }
        if let Ok(number) = self.json.parse::<i64>() {
            return serializer.serialize_i64(number);
        }
        if !self.json.contains(['.', 'e', 'E']) {
            return Err(S::Error::custom(format_args!("the number `{}` does not fit 64 bits", self.json)));
        }
        serializer.serialize_f64(parse(self.json)?)
    }
}

fn parse<'a, T: Deserialize<'a>, E: serde::ser::Error>(json: &'a str) -> Result<T, E> {
    serde_json::from_str(json).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::*;
    use crate::source::export;

    /// What the reader of exports makes of a YAML document.
    fn read_back(yaml: &str) -> String {
        let mut read = Vec::new();
        export::read("x", yaml.as_bytes(), &mut |item| {
            read.push(item.json.map(str::to_owned).unwrap_or_else(|error| error.to_string()));
            ControlFlow::Continue(())
        });
        read.join("\n")
    }

    fn assert_round_trip(value: &serde_json::Value) {
        let json = serde_json::json!({ "v": value, "items": {"not": "a list"} }).to_string();
        let yaml = to_yaml(&json).unwrap();
        assert_eq!(read_back(&yaml), json, "{yaml}");
    }

    #[test]
    fn strings_stay_strings() {
        for text in [
            "yes",
            "no",
            "on",
            "y",
            "0.10",
            "1e3",
            "null",
            "~",
            "",
            " ",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "0x10",
            "0o7",
            "012",
            "1_000",
            ".inf",
            "1:30",
            "<<",
            "=",
            "- a",
            "---",
            "--- a",
            "...",
            "# c",
            "a # c",
            "a: b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`",
            "\"",
            "'",
            "{",
            "[",
            "\t",
            "\r\n",
            "a\r\nb",
            "a\n",
            "\na",
            "a\n\n",
            "  a\n b",
            "{\n   \"schemaVersion\": 2,\n\t\"layers\": []\n}",
            "a\n---\nb",
            "\u{85}\u{2028}\u{feff}\0\u{7f}",
            "é🔑",
            "a\nb \n c\n\n\n",
        ] {
            assert_round_trip(&text.into());
            assert_round_trip(&serde_json::json!([text, {text: text}, [[text]], [{}], []]));
        }
    }

    #[test]
    fn refuses_what_yaml_would_change() {
        for json in [
            r#"{"a":123456789012345678901234567890}"#,
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1,"a":2}"#,
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert!(to_yaml(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives(text in "(?s).{0,40}", lines in "[ a-c:#\\n\\t\\-\"'|>]{0,40}") {
            assert_round_trip(&serde_json::json!({"a": text, "b": [lines], lines.clone(): 1}));
        }

        #[test]
        fn any_number_survives(a in any::<i64>(), b in any::<u64>(), c in -1e300..1e300_f64) {
            assert_round_trip(&serde_json::json!([a, b, c, true, null]));
        }
    }
}
