//! Editing JSON text in place: objects as lists of untouched members, and changes of some of them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use crate::image::members::Members;
use crate::image::patch::{Operation, json_text};
use crate::image::tracked::read;
use crate::image::{ObjectError, compact};

/// Names, and what becomes of the members of these names.
pub(crate) type Changes = Vec<(Cow<'static, str>, Value)>;

/// The new value of a member.
pub(crate) enum Value {
    /// Replaces the value or is added.
    Text(String),
    /// Members of an object, of which others stay.
    Members(Changes),
    /// The member goes.
    Absent,
}

/// Where something stands: as messages say it, and as a JSON pointer (RFC 6901) from the image.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) pointer: String,
}

impl Place {
    /// The image itself, which messages call `path`.
    pub(crate) fn image(path: &str) -> Self {
        Self { path: path.to_owned(), pointer: String::new() }
    }

    /// A member of what stands here.
    pub(crate) fn member(&self, name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self { path: format!("{}.{name}", self.path), pointer: format!("{}/{escaped}", self.pointer) }
    }

    /// An item of the list that stands here.
    pub(crate) fn item(&self, index: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), pointer: format!("{}/{index}", self.pointer) }
    }
}

/// Changes of a text, each of a range of it, and the same as the operations of a JSON patch.
pub(crate) struct Edits<'a> {
    json: &'a str,
    all: Vec<(Range<usize>, String)>,
    operations: Vec<Operation>,
}

impl<'a> Edits<'a> {
    /// No changes of `json` yet.
    pub(crate) fn of(json: &'a str) -> Self {
        Self { json, all: Vec::new(), operations: Vec::new() }
    }

    /// Changes members of an object that stands at `place`: in place where they are there, else behind the last member.
    /// What has its new value already stays as it is written.
    pub(crate) fn set(&mut self, object: &Object<'_>, place: &Place, changes: Changes) -> Result<(), ObjectError> {
        let (mut added, mut gone) = (Vec::new(), BTreeSet::new());
        for (name, value) in changes {
            let place = place.member(&name);
            match (object.position(&name), value) {
                (Some((_, old)), Value::Members(inner)) if old.starts_with('{') => {
                    self.set(&Object::read(old, &place.path)?, &place, inner)?;
                }
                (Some((index, _)), Value::Absent) => {
                    gone.insert(index);
                    self.operations.push(Operation::Remove { path: place.pointer });
                }
                (_, value) if value.is_nothing() => {}
                (Some((_, old)), value) => {
                    let value = value.to_string();
                    if compact(old) != compact(&value) {
                        let start = self.offset(old);
                        self.all.push((start..start.saturating_add(old.len()), value.clone()));
                        self.operations.push(Operation::Add { path: place.pointer, value });
                    }
                }
                (None, value) => {
                    let value = value.to_string();
                    added.push(format!("{}:{value}", json_text(&name)));
                    self.operations.push(Operation::Add { path: place.pointer, value });
                }
            }
        }
        self.remove(object, &gone);
        if !added.is_empty() {
            let end = object.members.last().map_or(self.begin(object), |(_, last)| self.end(last));
            let comma = if object.members.len() > gone.len() { "," } else { "" };
            self.all.push((end..end, format!("{comma}{}", added.join(","))));
        }
        Ok(())
    }

    /// Takes members out of an object, each with one comma if others stay.
    fn remove(&mut self, object: &Object<'_>, gone: &BTreeSet<usize>) {
        let others_stay = object.members.len() > gone.len();
        let (mut start, mut has_stayed) = (self.begin(object), false);
        for (index, (_, value)) in object.members.iter().enumerate() {
            let mut end = self.end(value);
            if !gone.contains(&index) {
                has_stayed = true;
            } else {
                // The comma before it; or, of those in front, the one behind.
                if others_stay && !has_stayed {
                    let comma = self.json.get(end..).and_then(|rest| rest.find(','));
                    end = end.saturating_add(comma.map_or(0, |comma| comma.saturating_add(1)));
                }
                self.all.push((start..end, String::new()));
            }
            start = end;
        }
    }

    /// Where a part of the text begins.
    fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.json.as_ptr().addr())
    }

    /// Where a part of the text ends.
    fn end(&self, part: &str) -> usize {
        self.offset(part).saturating_add(part.len())
    }

    /// Where the members of an object begin.
    fn begin(&self, object: &Object<'_>) -> usize {
        self.offset(object.text).saturating_add(1)
    }

    /// How many operations there are.
    pub(crate) fn count(&self) -> usize {
        self.operations.len()
    }

    /// The changes as operations of a JSON patch.
    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.operations
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

impl Value {
    /// Whether there is nothing to write where nothing is.
    fn is_nothing(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Members(members) => members.iter().all(|(_, value)| value.is_nothing()),
            Self::Absent => true,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Members(members) => {
                let there = members.iter().filter(|(_, value)| !value.is_nothing());
                f.write_str("{")?;
                for (index, (name, value)) in there.enumerate() {
                    write!(f, "{}{}:{value}", if index == 0 { "" } else { "," }, json_text(name))?;
                }
                f.write_str("}")
            }
            Self::Absent => Ok(()),
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
        self.position(name).map(|(_, value)| value)
    }

    /// The value of a member, unless it is `null`.
    pub(crate) fn present(&self, name: &str) -> Option<&'a str> {
        self.get(name).filter(|value| *value != "null")
    }

    /// The object as it is written.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    fn position(&self, name: &str) -> Option<(usize, &'a str)> {
        self.members
            .iter()
            .enumerate()
            .find(|(_, (member, _))| member == name)
            .map(|(index, (_, value))| (index, *value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::layout::tests::any_json;

    fn edited(json: &str, changes: Changes) -> String {
        let mut edits = Edits::of(json);
        edits.set(&Object::read(json, "$").unwrap(), &Place::image("$"), changes).unwrap();
        edits.apply()
    }

    #[test]
    fn members_go_with_one_comma_each() {
        let without = |names: &[&'static str]| {
            let gone = names.iter().map(|name| (Cow::from(*name), Value::Absent)).collect();
            edited(r#"{ "a" : 1 , "b":{}, "c":"," }"#, gone)
        };
        assert_eq!(without(&["a"]), r#"{ "b":{}, "c":"," }"#);
        assert_eq!(without(&["b"]), r#"{ "a" : 1, "c":"," }"#);
        assert_eq!(without(&["c"]), r#"{ "a" : 1 , "b":{} }"#);
        assert_eq!(without(&["a", "b"]), r#"{ "c":"," }"#);
        assert_eq!(without(&["a", "c"]), r#"{ "b":{} }"#);
        assert_eq!(without(&["b", "c"]), r#"{ "a" : 1 }"#);
        assert_eq!(without(&["c", "b", "a"]), "{ }");
        assert_eq!(without(&["x"]), r#"{ "a" : 1 , "b":{}, "c":"," }"#);
    }

    #[test]
    fn nothing_is_made_to_take_something_out_of_it() {
        let inner = || vec![("x".into(), Value::Members(vec![("y".into(), Value::Absent)]))];
        for json in [r#"{"x":null}"#, "{}", r#"{"x": {}}"#, r#"{"x":{"z":1}}"#] {
            assert_eq!(edited(json, inner()), json);
        }
        assert_eq!(edited(r#"{"x":{"y":1}}"#, inner()), r#"{"x":{}}"#);
    }

    proptest! {
        #[test]
        fn whatever_goes_and_comes_the_rest_stays(
            values in prop::collection::vec(any_json(), 0..5),
            fates in prop::collection::vec(0..3_u8, 5),
            more in 0..2_u8,
        ) {
            let names = ["a/", "b~", "c\"", "d", "e"];
            let written = |members: &[(&str, String)]| {
                let members: Vec<_> = members.iter().map(|(name, value)| format!("{}: {value}", json_text(name))).collect();
                format!("{{{}}}", members.join(" , "))
            };
            let before: Vec<_> = names.into_iter().zip(values.iter().cloned()).collect();
            let mut after = before.clone();
            let mut changes: Changes = Vec::new();
            for ((name, _), fate) in before.iter().zip(&fates) {
                match fate {
                    0 => {
                        after.retain(|(other, _)| other != name);
                        changes.push(((*name).into(), Value::Absent));
                    }
                    1 => {
                        after.iter_mut().filter(|(other, _)| other == name).for_each(|(_, value)| *value = "7".to_owned());
                        changes.push(((*name).into(), Value::Text("7".to_owned())));
                    }
                    _ => {}
                }
            }
            if more == 1 {
                after.push(("new", "8".to_owned()));
                changes.push(("new".into(), Value::Text("8".to_owned())));
            }
            prop_assert_eq!(compact(&edited(&written(&before), changes)), compact(&written(&after)));
        }
    }
}
