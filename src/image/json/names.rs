//! Whether a member is there twice.

use std::collections::BTreeSet;

use super::Value;
use crate::image::Text;

/// How many members of an object are looked through one by one.
const FEW: usize = 16;

/// The names of an object's members, kept apart from these only if there are more than few.
#[derive(Debug, Default)]
pub(super) struct Names<'a>(BTreeSet<Text<'a>>);

impl<'a> Names<'a> {
    /// Whether one of the `members` read so far has the name; if none has, the next of them will.
    pub(super) fn has(&mut self, members: &[(Text<'a>, Value<'a>)], name: &Text<'a>) -> bool {
        if members.len() < FEW {
            return members.iter().any(|(other, _)| other == name);
        }
        if self.0.is_empty() {
            self.0.extend(members.iter().map(|(other, _)| other.clone()));
        }
        !self.0.insert(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::collections::btree_map::Entry;

    use proptest::prelude::*;

    use super::super::{Document, JsonErrorKind, Limits, Repeats, Value, values};

    const LIMITS: Limits = Limits { bytes: 10_000, depth: 4, values: 1000 };

    proptest! {
        // Few names and many members: whether they are looked through one by one or not, and few repeats and none.
        #[test]
        fn finds_every_repeated_member(names in proptest::collection::vec("[ab]{0,7}|\\\\u006[12]", 0..40)) {
            let members: Vec<_> = names.iter().enumerate().map(|(at, name)| format!("\"{name}\":{at}")).collect();
            let text = format!("{{{}}}", members.join(","));
            let (mut first, mut again) = (BTreeMap::new(), Vec::new());
            for (at, name) in names.iter().enumerate() {
                let name = name.replace("\\u0061", "a").replace("\\u0062", "b");
                match first.entry(name) {
                    Entry::Occupied(known) => again.push(known.key().clone()),
                    Entry::Vacant(fresh) => {
                        fresh.insert(at);
                    }
                }
            }
            let (value, repeated) = values(&text, &LIMITS, Repeats::Gathered).unwrap();
            let Value::Object(read) = value else { panic!("{text}") };
            let read: BTreeMap<_, _> = read.iter().map(|(name, at)| (name.to_string(), at.to_string())).collect();
            prop_assert_eq!(read, first.into_iter().map(|(name, at)| (name, at.to_string())).collect());
            let repeated: Vec<_> = repeated.into_iter().map(|member| member.name).collect();
            prop_assert_eq!(&repeated, &again);
            match (Document::read(text.as_bytes(), &LIMITS), again.into_iter().next()) {
                (Ok(_), None) => {}
                (Err(error), Some(name)) => prop_assert_eq!(error.kind(), &JsonErrorKind::Duplicate { name }),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
