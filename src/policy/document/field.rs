//! Typed access to the values of a policy document. What is wrong is told to the sink, and reading goes on, so that
//! all problems of a document are found in one go.

use std::cell::RefCell;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::image::json::{JsonErrorKind, Path, Step, Value};
use crate::image::quote::Quoted;
use crate::policy::document::finding::FindingCode;
use crate::policy::document::sink::Sink;
use crate::policy::document::written::Written;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Field<'d> {
    document: &'d Written<'d>,
    sink: &'d Sink,
    /// The value itself.
    pub(crate) value: &'d Value<'d>,
    path: Vec<Step<'d>>,
}

impl<'d> Field<'d> {
    /// The outermost value of a document.
    pub(crate) fn root(document: &'d Written<'d>, sink: &'d Sink) -> Self {
        Self { document, sink, value: &document.root, path: Vec::new() }
    }

    fn child(&self, step: Step<'d>, value: &'d Value<'d>) -> Self {
        let mut path = self.path.clone();
        path.push(step);
        Self { path, value, ..self.clone() }
    }

    /// The path of the value: `$.default[0]`.
    pub(crate) fn pointer(&self) -> String {
        Path(&self.path).to_string()
    }

    /// The name of the document.
    pub(crate) fn document(&self) -> &'d str {
        self.document.name
    }

    /// Tells of something about this value.
    pub(crate) fn tell(&self, code: FindingCode, message: impl Into<String>) {
        self.tell_with(code, || message.into());
    }

    /// Tells of something in words that take some time to find: they are looked for only if they are told.
    pub(crate) fn tell_with(&self, code: FindingCode, message: impl FnOnce() -> String) {
        if self.sink.takes(code) {
            self.sink.push(self.document.finding(code, &self.path, message()));
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Tells that a value of another type is needed, and is no value.
    pub(crate) fn expected<T>(&self, expected: &'static str) -> Option<T> {
        let found = self.value.what();
        self.tell(FindingCode::WrongType, format!("{expected} is needed here, not {found}"));
        None
    }

    /// The text of a string.
    pub(crate) fn string(&self) -> Option<&'d str> {
        let Value::String(text) = self.value else { return self.expected("a string") };
        Some(text.as_str())
    }

    /// The text of a string; nothing, and nothing told, where it is none.
    pub(crate) fn as_text(&self) -> Option<&'d str> {
        let Value::String(text) = self.value else { return None };
        Some(text.as_str())
    }

    /// The text of a string that is not empty.
    pub(crate) fn text(&self) -> Option<&'d str> {
        let text = self.string()?;
        if text.is_empty() {
            self.tell(FindingCode::Empty, "the text is empty");
            return None;
        }
        Some(text)
    }

    /// A whole number from 0.
    pub(crate) fn unsigned(&self) -> Option<u64> {
        let Value::Number(number) = self.value else { return self.expected("a whole number from 0") };
        number.as_u64().or_else(|| self.expected("a whole number from 0"))
    }

    /// A time: RFC 3339, or a day, which begins at midnight UTC.
    pub(crate) fn time(&self) -> Option<DateTime<Utc>> {
        let text = self.string()?;
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let time = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).or_else(|_| day());
        if time.is_err() {
            self.tell(FindingCode::InvalidValue, "a time is written as `2026-01-31` or `2026-01-31T12:00:00Z`");
        }
        time.ok()
    }

    /// A span of time: a whole number of hours, days or weeks, such as `180d`; at most a hundred years.
    pub(crate) fn duration(&self) -> Option<TimeDelta> {
        let text = self.string()?;
        let span = text.char_indices().next_back().and_then(|(at, unit)| {
            let (number, _) = text.split_at_checked(at)?;
            let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse::<i64>().ok())??;
            match unit {
                'h' => TimeDelta::try_hours(number),
                'd' => TimeDelta::try_days(number),
                'w' => TimeDelta::try_weeks(number),
                _ => None,
            }
        });
        let span = span.filter(|span| *span > TimeDelta::zero() && *span <= TimeDelta::days(36_525));
        if span.is_none() {
            let right = "a span of time is a whole number of hours, days or weeks, such as `12h`, `180d` or `4w`";
            self.tell(FindingCode::InvalidValue, right);
        }
        span
    }

    /// The elements of an array.
    pub(crate) fn array(&self) -> Option<Vec<Self>> {
        let Value::Array(elements) = self.value else { return self.expected("a list") };
        Some(elements.iter().enumerate().map(|(index, element)| self.child(Step::Element(index), element)).collect())
    }

    /// How many elements an array has; nothing, and nothing told, where it is none.
    pub(crate) fn len(&self) -> Option<usize> {
        let Value::Array(elements) = self.value else { return None };
        Some(elements.len())
    }

    /// The elements of an array that is not empty; `what` is what it lists.
    pub(crate) fn non_empty_array(&self, what: &str) -> Option<Vec<Self>> {
        let elements = self.array()?;
        if elements.is_empty() {
            self.tell(FindingCode::Empty, format!("the list must hold at least one {what}"));
            return None;
        }
        Some(elements)
    }

    /// A member of an object, without taking it; nothing where there is none, or no object.
    pub(crate) fn peek(&self, name: &str) -> Option<Self> {
        let Value::Object(members) = self.value else { return None };
        let (name, value) = members.iter().find(|(found, _)| found.as_str() == name)?;
        Some(self.child(Step::Member(name), value))
    }

    /// The members of an object, to be taken one by one.
    pub(crate) fn object(&self) -> Option<Members<'d>> {
        let Value::Object(members) = self.value else { return self.expected("an object") };
        let taken = members.iter().map(|_| false).collect();
        Some(Members { field: self.clone(), members, taken: RefCell::new(taken), known: RefCell::new(Vec::new()) })
    }

    /// The value as it is, for writing it.
    pub(crate) fn json(&self) -> serde_json::Value {
        json(self.value)
    }

    /// One of a few words; a word that is meant is suggested.
    pub(crate) fn word<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        let found = self.string()?;
        let word = words.iter().find(|(word, _)| *word == found);
        if word.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.tell_with(FindingCode::InvalidValue, || format!("{} is {}", Quoted(found), choice(found, &known)));
        }
        word.map(|(_, value)| *value)
    }
}

fn json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => serde_json::Value::Bool(*value),
        Value::Number(number) => serde_json::Value::Number(number.clone()),
        Value::String(text) => serde_json::Value::String(text.as_str().to_owned()),
        Value::Array(elements) => serde_json::Value::Array(elements.iter().map(json).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.as_str().to_owned(), json(value)));
            serde_json::Value::Object(members.collect())
        }
    }
}

/// The members of an object.
#[derive(Debug)]
pub(crate) struct Members<'d> {
    field: Field<'d>,
    members: &'d [(crate::image::Text<'d>, Value<'d>)],
    taken: RefCell<Vec<bool>>,
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Members<'d> {
    /// The object itself.
    pub(crate) fn field(&self) -> &Field<'d> {
        &self.field
    }

    /// Takes a member that must be there, and tells if it is not.
    pub(crate) fn required(&self, name: &'static str) -> Option<Field<'d>> {
        let field = self.optional(name);
        if field.is_none() {
            self.field.tell(FindingCode::MissingMember, JsonErrorKind::Missing { name }.to_string());
        }
        field
    }

    /// Takes a member that may be there. `null` is there.
    pub(crate) fn optional(&self, name: &'static str) -> Option<Field<'d>> {
        self.known.borrow_mut().push(name);
        let index = self.members.iter().position(|(found, _)| found.as_str() == name)?;
        self.taken.borrow_mut().get_mut(index).map(|taken| *taken = true)?;
        let (name, value) = self.members.get(index)?;
        Some(self.field.child(Step::Member(name), value))
    }

    /// Takes all members whatever their names, in the document's order.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'d str, Field<'d>)> {
        let Self { field, members, .. } = self;
        members.iter().map(move |(name, value)| (name.as_str(), field.child(Step::Member(name), value)))
    }

    /// Tells of each member that was not asked for, and of what may have been meant.
    pub(crate) fn finish(self) {
        let known = self.known.into_inner();
        for ((name, value), _) in self.members.iter().zip(self.taken.into_inner()).filter(|(_, taken)| !taken) {
            let field = self.field.child(Step::Member(name), value);
            let name = name.as_str();
            field.tell_with(FindingCode::UnknownMember, || {
                format!("member {} is {}", Quoted(name), choice(name, &known))
            });
        }
    }
}

/// The known word that may have been meant.
pub(crate) fn suggestion<'w>(found: &str, known: &[&'w str]) -> Option<&'w str> {
    if let Some(same) = known.iter().find(|word| word.eq_ignore_ascii_case(found)) {
        return Some(same);
    }
    // To compare takes as much memory and time as both words are long.
    if found.len() > MISSPELT_LIMIT {
        return None;
    }
    let close = known.iter().map(|word| (strsim::damerau_levenshtein(found, word), *word));
    let meant = close.min().filter(|(distance, word)| *distance <= 2.max(word.len() / 4) && *distance < word.len());
    meant.map(|(_, word)| word)
}

/// What to say of a word that is none of those known.
pub(crate) fn choice(found: &str, known: &[&str]) -> String {
    let meant = suggestion(found, known).map_or(String::new(), |word| format!("; did you mean `{word}`?"));
    let more = if known.len() > KNOWN_SHOWN { ", …" } else { "" };
    let known: Vec<_> = known.iter().take(KNOWN_SHOWN).map(|word| format!("`{word}`")).collect();
    format!("unknown here{meant} (known: {}{more})", known.join(", "))
}

/// The longest word for which another one is suggested, in bytes.
const MISSPELT_LIMIT: usize = 256;

/// The most known words that a message repeats.
const KNOWN_SHOWN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_suggested_where_it_is_near() {
        let known = ["signedBy", "reject", "insecureAcceptAnything", "of"];
        for (found, expected) in [
            ("signdBy", Some("signedBy")),
            ("singedBy", Some("signedBy")),
            ("sgndBy", Some("signedBy")),
            ("sgnd", None),
            ("insecureAcceptAny", Some("insecureAcceptAnything")),
            ("insecureAccept", None),
            ("REJECT", Some("reject")),
            ("OF", Some("of")),
            ("xx", None),
            ("o", Some("of")),
            ("", None),
        ] {
            assert_eq!(suggestion(found, &known), expected, "{found}");
        }
    }
}
