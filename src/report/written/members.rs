//! The members of an object of which most are only copied.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::WrittenError;
use crate::image::compact;
use crate::report::json::json;

/// The members of an object, their values as they are written.
pub(super) struct Members<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'t> Members<'t> {
    pub(super) fn read(text: &'t [u8]) -> Result<Self, WrittenError> {
        let syntax = |error: serde_json::Error| WrittenError::Syntax { message: told_without_line(&error) };
        let members: Self = serde_json::from_slice(text).map_err(syntax)?;
        let mut names: Vec<_> = members.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names
            .windows(2)
            .find_map(|pair| if let [one, other] = pair { (one == other).then_some(*one) } else { None })
        {
            Some(name) => Err(WrittenError::Twice { name: name.to_owned() }),
            None => Ok(members),
        }
    }

    pub(super) fn value<T: Deserialize<'t>>(&self, name: &'static str) -> Result<T, WrittenError> {
        let value = self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value);
        let value = value.ok_or(WrittenError::Missing { name })?;
        serde_json::from_str(value.get()).map_err(|_| WrittenError::Value { name })
    }

    /// The members as a report has them: without space.
    pub(super) fn text(&self) -> String {
        let members = self.0.iter().map(|(name, value)| format!("{}:{}", json(name), compact(value.get())));
        members.collect::<Vec<_>>().join(",")
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// What the tokenizer says, without the line and column, which are those of an item.
pub(super) fn told_without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
