//! Typed access to the values of a document.

use serde_json::Number;

use super::{JsonError, JsonErrorKind, Step, Value};
use crate::image::Text;

/// A value of a document. Where it stands is looked up only when there is something to tell of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'d> {
    text: &'d str,
    root: &'d Value<'d>,
    value: &'d Value<'d>,
}

impl<'d> Node<'d> {
    pub(super) fn root(text: &'d str, value: &'d Value<'d>) -> Self {
        Self { text, root: value, value }
    }

    /// A value in this one.
    fn child(self, value: &'d Value<'d>) -> Self {
        Self { value, ..self }
    }

    /// The value itself.
    pub(crate) fn value(&self) -> &'d Value<'d> {
        self.value
    }

    /// The value's place.
    pub(crate) fn path(&self) -> String {
        super::Path(&self.steps()).to_string()
    }

    /// Whether the value is `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The member of that name, if the value is an object that has one.
    pub(crate) fn member(&self, name: &str) -> Option<Self> {
        let Value::Object(members) = self.value else { return None };
        let (_, value) = members.iter().find(|(found, _)| found.as_str() == name)?;
        Some(self.child(value))
    }

    /// The value as an object whose members are to be taken one by one.
    pub(crate) fn object(self) -> Result<Object<'d>, JsonError> {
        let Value::Object(members) = self.value else { return Err(self.expected("an object")) };
        Ok(Object { node: self, members, known: Vec::new() })
    }

    /// The elements of an array.
    pub(crate) fn array(&self) -> Result<impl DoubleEndedIterator<Item = Self> + ExactSizeIterator, JsonError> {
        let Value::Array(elements) = self.value else { return Err(self.expected("an array")) };
        let node = *self;
        Ok(elements.iter().map(move |element| node.child(element)))
    }

    /// The text of a string.
    pub(crate) fn string(&self) -> Result<&'d str, JsonError> {
        let Value::String(text) = self.value else { return Err(self.expected("a string")) };
        Ok(text.as_str())
    }

    /// A number.
    pub(crate) fn number(&self) -> Result<&'d Number, JsonError> {
        let Value::Number(number) = self.value else { return Err(self.expected("a number")) };
        Ok(number)
    }

    /// A whole number that is not negative, written without fraction and exponent.
    pub(crate) fn unsigned(&self) -> Result<u64, JsonError> {
        self.number()?.as_u64().ok_or_else(|| self.expected("a whole number from 0"))
    }

    fn expected(&self, expected: &'static str) -> JsonError {
        self.error(JsonErrorKind::Expected { expected, found: self.value.what() })
    }

    /// An error about this value.
    fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError::at(self.text, &self.steps(), kind)
    }

    /// The way to the value from the root.
    fn steps(&self) -> Vec<Step<'d>> {
        let mut steps = Vec::new();
        find(self.root, self.value, &mut steps);
        steps
    }
}

/// Finds the way to `wanted` itself, not to one that is equal. The reader has bounded the depth.
fn find<'d>(within: &'d Value<'d>, wanted: &Value<'_>, steps: &mut Vec<Step<'d>>) -> bool {
    let mut enter = |step, value| {
        steps.push(step);
        let found = find(value, wanted, steps);
        if !found {
            steps.pop();
        }
        found
    };
    std::ptr::eq(within, wanted)
        || match within {
            Value::Array(elements) => {
                elements.iter().enumerate().any(|(index, element)| enter(Step::Element(index), element))
            }
            Value::Object(members) => members.iter().any(|(name, value)| enter(Step::Member(name), value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
}

/// An object whose members are taken one by one; [`Object::finish`] refuses those that nobody asked for.
#[derive(Debug)]
pub(crate) struct Object<'d> {
    node: Node<'d>,
    members: &'d [(Text<'d>, Value<'d>)],
    /// The names that were asked for. Members of these are taken, as no two have the same name.
    known: Vec<&'static str>,
}

impl<'d> Object<'d> {
    /// Takes a member that must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<Node<'d>, JsonError> {
        self.optional(name).ok_or_else(|| self.node.error(JsonErrorKind::Missing { name }))
    }

    /// Takes a member that may be there. `null` is there.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Node<'d>> {
        self.known.push(name);
        self.node.member(name)
    }

    /// The members not taken so far, in the document's order.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (&'d str, Node<'d>)> {
        let untaken = self.members.iter().filter(|(name, _)| !self.known.contains(&name.as_str()));
        untaken.map(|(name, value)| (name.as_str(), self.node.child(value)))
    }

    /// Refuses the object if it has members that were not asked for.
    pub(crate) fn finish(self) -> Result<(), JsonError> {
        let unknown = self.rest().next();
        match unknown {
            None => Ok(()),
            Some((name, node)) => Err(node.error(JsonErrorKind::Unknown { name: name.to_owned(), known: self.known })),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Document, Limits, Node, Path, Step, Value};

    const LIMITS: Limits = Limits { bytes: 1000, depth: 4, values: 20 };

    fn refusal(bytes: &[u8]) -> String {
        Document::read(bytes, &LIMITS).unwrap_err().to_string()
    }

    #[test]
    fn refuses_what_is_not_one_strict_document() {
        for (text, start) in [
            (r#"{"a":1,"a":1}"#, "member `a` is there twice at $ (line 1, column 10)"),
            ("{\"x\":[{\"a\":1,\n \"\\u0061\":1}]}", "member `a` is there twice at $.x[0] (line 2, column 9)"),
            (
                r#"{"x":{"a b":{"c":,}}}"#,
                "the text is not valid JSON: expected value at $.x[\"a b\"].c (line 1, column 18)",
            ),
            ("{} {}", "the text is not valid JSON: trailing characters at $ (line 1, column 4)"),
            ("{}\0", "the text is not valid JSON: trailing characters at $"),
            ("", "the text is not valid JSON: EOF"),
            ("\u{feff}{}", "the text is not UTF-8 without a byte order mark at $"),
            (r#"{"a":[[[[]]]]}"#, "values are nested deeper than 4 levels at $.a[0][0][0] "),
            ("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "there are more than 20 values at $[19]"),
            (r#"["\ud800"]"#, "the text is not valid JSON: "),
            ("[\"\n\"]", "the text is not valid JSON: control character"),
            ("[1e400]", "the text is not valid JSON: number out of range at $[0]"),
            ("[NaN]", "the text is not valid JSON: "),
            ("{'a':1}", "the text is not valid JSON: "),
            ("{\"a\":1,}", "the text is not valid JSON: "),
            ("{/**/}", "the text is not valid JSON: "),
        ] {
            let message = refusal(text.as_bytes());
            assert!(message.starts_with(start), "{text:?}: {message}");
        }
        assert_eq!(refusal(&[b' '; 1001]), "the text is longer than 1000 bytes at $ (line 1, column 1)");
        for bytes in [&b"{\n\"\xff\":1}"[..], b"\xff\xfe{\0}\0", b"{\"a\":\"\xc3\"}"] {
            assert!(refusal(bytes).starts_with("the text is not UTF-8"));
        }
        assert!(refusal(b"{\n\"\xff\":1}").ends_with("(line 2, column 2)"));
    }

    #[test]
    fn says_what_is_needed_and_where() {
        let text = b"{\"a\": {\"b\": [1,\n  {\"c\": -1}]}, \"z\": 1}";
        let document = Document::read(text, &LIMITS).unwrap();
        let mut root = document.root().object().unwrap();
        assert!(root.optional("q").is_none());
        assert!(root.required("p").unwrap_err().to_string().starts_with("member `p` is missing at $ "));
        let mut a = root.required("a").unwrap().object().unwrap();
        let b: Vec<_> = a.required("b").unwrap().array().unwrap().collect();
        assert_eq!(b[0].unsigned(), Ok(1));
        assert_eq!(b[1].path(), "$.a.b[1]");
        let error = b[1].string().unwrap_err();
        assert_eq!((error.path(), error.line(), error.column()), ("$.a.b[1]", 2, 2));
        let c = b[1].object().unwrap().required("c").unwrap();
        assert!(c.unsigned().unwrap_err().to_string().starts_with("a whole number from 0 is needed, not a number, at"));
        assert!(c.object().is_err());
        assert_eq!(
            root.finish().unwrap_err().to_string(),
            "member `z` is unknown; known here: `q`, `p`, `a` at $.z (line 2, column 20)"
        );
        a.finish().unwrap();
    }

    #[test]
    fn an_array_is_no_object() {
        let document = Document::read(b"[]", &LIMITS).unwrap();
        let error = document.root().object().unwrap_err();
        assert_eq!(error.to_string(), "an object is needed, not an array, at $ (line 1, column 1)");
    }

    /// Compares the place of each value in `node` with the way by which it was reached.
    fn paths_hold(node: Node<'_>, steps: &[Step<'_>]) {
        let below = |step| [steps, &[step]].concat();
        assert_eq!(node.path(), Path(steps).to_string());
        match node.value() {
            Value::Array(_) => {
                node.array().unwrap().enumerate().for_each(|(at, node)| paths_hold(node, &below(Step::Element(at))));
            }
            Value::Object(_) => {
                node.object().unwrap().rest().for_each(|(name, node)| paths_hold(node, &below(Step::Member(name))));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn places_are_those_of_values_and_not_of_equal_ones() {
        let text = br#"{"a":[1,1,[1,[]],{}],"b":{"a":[1,1,[1,[]],{}],"c":[]},"c":[],"":""}"#;
        let limits = Limits { depth: 6, values: 50, ..LIMITS };
        paths_hold(Document::read(text, &limits).unwrap().root(), &[]);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Document::read(&bytes, &LIMITS);
        }

        #[test]
        fn never_panics_on_something_like_json(text in r#"[\[\]{}",:a0\\u\n -]{0,60}"#) {
            let ours = Document::read(text.as_bytes(), &Limits { bytes: 1000, depth: 100, values: 1000 });
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            if let Ok(document) = ours {
                prop_assert_eq!(theirs.unwrap().to_string(), document.root().value().to_string());
            }
        }
    }
}
