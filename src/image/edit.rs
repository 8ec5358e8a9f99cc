//! Editing JSON text in place: objects as lists of untouched members, and changes of some of them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::image::ObjectError;
use crate::image::members::Members;
use crate::image::tracked::read;

/// The new value of a member.
pub(crate) enum Value {
    /// Replaces the value or is added.
    Text(String),
    /// Members of an object, of which others stay.
    Members(Vec<(&'static str, Self)>),
}

/// Changes of a text, each of a range of it.
pub(crate) struct Edits<'a> {
    json: &'a str,
    all: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    /// No changes of `json` yet.
    pub(crate) fn of(json: &'a str) -> Self {
        Self { json, all: Vec::new() }
    }

    /// Sets members of an object that stands at `path`: in place where they are there, else behind the last member.
    pub(crate) fn set(
        &mut self,
        object: &Object<'_>,
        path: &str,
        members: Vec<(&'static str, Value)>,
    ) -> Result<(), ObjectError> {
        let mut added = String::new();
        for (name, value) in members {
            match (object.get(name), value) {
                (Some(old), Value::Members(inner)) if old.starts_with('{') => {
                    let path = format!("{path}.{name}");
                    self.set(&Object::read(old, &path)?, &path, inner)?;
                }
                (Some(old), value) => {
                    let start = self.offset(old);
                    self.all.push((start..start.saturating_add(old.len()), value.to_string()));
                }
                (None, value) => {
                    let comma = if object.members.is_empty() && added.is_empty() { "" } else { "," };
                    added.push_str(&format!("{comma}\"{name}\":{value}"));
                }
            }
        }
        let end = match object.members.last() {
            Some((_, last)) => self.offset(last).saturating_add(last.len()),
            None => self.offset(object.text).saturating_add(1),
        };
        self.all.push((end..end, added));
        Ok(())
    }

    /// Where a part of the text begins.
    fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.json.as_ptr().addr())
    }

    /// The text with the changes made.
    pub(crate) fn apply(mut self) -> String {
        self.all.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(self.json.len());
        let mut done = 0;
        for (range, text) in self.all {
            out.push_str(self.json.get(done..range.start).unwrap_or_default());
            out.push_str(&text);
            done = range.end;
        }
        out.push_str(self.json.get(done..).unwrap_or_default());
        out
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Members(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}\"{name}\":{value}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// An object as text: its members in order, values untouched.
pub(crate) struct Object<'a> {
    text: &'a str,
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// Reads the object that stands at `path`; a member that occurs twice is an error.
    pub(crate) fn read(text: &'a str, path: &str) -> Result<Self, ObjectError> {
        let Members(members) = read(text).map_err(|error| error.within(path))?;
        Ok(Self { text: text.trim_ascii(), members })
    }

    /// The value of a member, as it is written.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, value)| *value)
    }
}
