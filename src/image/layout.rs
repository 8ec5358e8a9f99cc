//! Laying out JSON text anew: only the space between tokens changes.

/// How many levels are indented; what lies deeper stands as far in as that level.
///
/// Without a bound, a few kilobytes of brackets would become gigabytes of spaces.
const INDENTED_LEVELS: usize = 128;

/// Lays out JSON text, four spaces a level, as `oc` does. Strings and numbers are copied as they are written.
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_add(json.len() / 4));
    Layout::pretty().feed(json, &mut out);
    out
}

/// Takes out all space between tokens. Strings and numbers are copied as they are written.
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    Layout::compact().feed(json, &mut out);
    out
}

/// A layout of text that comes in pieces; pieces may end between any two tokens.
///
/// The text is not checked: what is no JSON comes out as tokens all the same.
#[derive(Clone, Debug)]
pub struct Layout {
    indented: bool,
    depth: usize,
    /// A bracket was opened and nothing has followed.
    opened: bool,
    string: InString,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum InString {
    No,
    Yes,
    AfterBackslash,
}

impl Layout {
    /// Four spaces a level.
    pub fn pretty() -> Self {
        Self { indented: true, depth: 0, opened: false, string: InString::No }
    }

    /// No space at all.
    pub fn compact() -> Self {
        Self { indented: false, ..Self::pretty() }
    }

    /// Appends the next piece of the text to `out`.
    pub fn feed(&mut self, json: &str, out: &mut String) {
        let mut rest = json;
        while let Some(first) = rest.chars().next() {
            let length = match self.string {
                InString::No => self.token(first, rest, out),
                InString::Yes => self.characters(rest, out),
                InString::AfterBackslash => {
                    self.string = InString::Yes;
                    out.push(first);
                    first.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// Copies the first token, or the beginning of a string, and returns its length.
    fn token(&mut self, first: char, rest: &str, out: &mut String) -> usize {
        match first {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                self.begin(out);
                out.push(first);
                self.depth = self.depth.saturating_add(1);
                self.opened = true;
            }
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                if !self.opened {
                    self.line(out);
                }
                self.opened = false;
                out.push(first);
            }
            ',' => {
                out.push(',');
                self.line(out);
            }
            ':' => out.push_str(if self.indented { ": " } else { ":" }),
            '"' => {
                self.begin(out);
                out.push('"');
                self.string = InString::Yes;
            }
            _ => {
                self.begin(out);
                let end = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '{' | '}' | '[' | ']' | ',' | ':' | '"');
                let length = rest.find(end).unwrap_or(rest.len());
                out.push_str(rest.get(..length).unwrap_or_default());
                return length;
            }
        }
        first.len_utf8()
    }

    /// Copies up to the end of the string or behind the next backslash, and returns the length.
    fn characters(&mut self, rest: &str, out: &mut String) -> usize {
        let length = match rest.find(['"', '\\']) {
            None => rest.len(),
            Some(at) => {
                let quote = rest.get(at..).is_some_and(|rest| rest.starts_with('"'));
                self.string = if quote { InString::No } else { InString::AfterBackslash };
                at.saturating_add(1)
            }
        };
        out.push_str(rest.get(..length).unwrap_or_default());
        length
    }

    /// Makes room for the first thing in a bracket.
    fn begin(&mut self, out: &mut String) {
        if self.opened {
            self.opened = false;
            self.line(out);
        }
    }

    fn line(&self, out: &mut String) {
        if self.indented {
            out.push('\n');
            out.extend(std::iter::repeat_n("    ", self.depth.min(INDENTED_LEVELS)));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any JSON value, with space and escapes in odd places.
    pub(crate) fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?",
            r#""([ -!#-\[\]-~é🔑]|\\[\\"/bfnrt]|\\u00[0-9a-f]{2}){0,12}""#,
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(|all| format!("[ {}\r\n]", all.join("\t,"))),
                proptest::collection::btree_map("[a-z/ :{}]{0,6}", inner, 0..5).prop_map(|all| {
                    let all: Vec<_> = all.into_iter().map(|(key, value)| format!("\"x{key}\" :{value}")).collect();
                    format!("{{{}  }}", all.join(" ,\n"))
                }),
            ]
        })
    }

    #[test]
    fn lays_out_as_oc_does() {
        let json = "{\"a\":[1.50 ,1e3,{}, [ ]],\"b\\\"{\":\"\\u0041 ,: \"}";
        assert_eq!(
            pretty(json),
            "{\n    \"a\": [\n        1.50,\n        1e3,\n        {},\n        []\n    ],\n    \"b\\\"{\": \"\\u0041 ,: \"\n}"
        );
        assert_eq!(compact(&pretty(json)), "{\"a\":[1.50,1e3,{},[]],\"b\\\"{\":\"\\u0041 ,: \"}");
    }

    #[test]
    fn brackets_do_not_become_gigabytes() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(pretty(&deep).len() < 20_000 * (4 * INDENTED_LEVELS + 2));
    }

    proptest! {
        #[test]
        fn only_space_changes(json in any_json()) {
            prop_assert_eq!(compact(&pretty(&json)), compact(&json));
            let (before, after): (serde_json::Value, serde_json::Value) =
                (serde_json::from_str(&json).unwrap(), serde_json::from_str(&pretty(&json)).unwrap());
            prop_assert_eq!(before, after);
        }

        #[test]
        fn never_panics(text in ".*") {
            pretty(&text);
        }
    }
}
