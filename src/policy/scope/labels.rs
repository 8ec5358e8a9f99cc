//! Selectors of labels, with the meaning that Kubernetes gives them.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::image::quote::Quoted;
use crate::policy::NonEmpty;

/// What is asked of the labels of a namespace: `matchLabels` and `matchExpressions`, all of which must hold. A selector
/// that asks nothing selects every namespace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LabelSelector {
    /// What is left for each label that something is asked of.
    keys: BTreeMap<String, Permitted>,
}

/// One of a selector's `matchExpressions`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LabelExpression {
    /// The label.
    pub(crate) key: String,
    /// What is asked of it.
    pub(crate) operator: LabelOperator,
}

/// What a selector asks of one label.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LabelOperator {
    /// It is not there.
    DoesNotExist,
    /// It is there, with any value.
    Exists,
    /// It is there, with one of these values.
    In(NonEmpty<String>),
    /// It is not there, or has none of these values.
    NotIn(NonEmpty<String>),
}

/// What a label may be: a set of values, and absence.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Permitted {
    absent: bool,
    values: Values,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Values {
    AllBut(BTreeSet<String>),
    Only(BTreeSet<String>),
}

impl LabelSelector {
    /// A selector of `matchLabels` and `matchExpressions`.
    ///
    /// # Errors
    ///
    /// A [`SelectorError`] for what no label can be called or hold, and for demands that no labels meet.
    pub(crate) fn new(
        match_labels: BTreeMap<String, String>,
        match_expressions: Vec<LabelExpression>,
    ) -> Result<Self, SelectorError> {
        let labels = match_labels.into_iter().map(|(key, value)| (key, LabelOperator::In(value.into())));
        let expressions = match_expressions.into_iter().map(|expression| (expression.key, expression.operator));
        let mut keys: BTreeMap<String, Permitted> = BTreeMap::new();
        for (key, operator) in labels.chain(expressions) {
            if !is_key(&key) {
                return Err(SelectorError::Key { key });
            }
            let mut permitted = Permitted::by(operator)?;
            if let Some(before) = keys.get(&key) {
                permitted = permitted.and(before);
            }
            if permitted.is_nothing() {
                return Err(SelectorError::Contradiction { key });
            }
            keys.insert(key, permitted);
        }
        Ok(Self { keys })
    }

    /// Whether it selects what has these labels.
    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.keys.iter().all(|(key, permitted)| permitted.permits(labels.get(key)))
    }

    /// Whether it asks nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether it selects all that `other` selects.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.keys.iter().all(|(key, ours)| other.keys.get(key).is_some_and(|theirs| ours.covers(theirs)))
    }

    /// Whether some labels are selected by both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let both = self.keys.iter().filter_map(|(key, ours)| Some((ours, other.keys.get(key)?)));
        both.into_iter().all(|(ours, theirs)| !ours.and(theirs).is_nothing())
    }
}

impl Permitted {
    fn by(operator: LabelOperator) -> Result<Self, SelectorError> {
        let (absent, values) = match operator {
            LabelOperator::DoesNotExist => (true, Values::Only(BTreeSet::new())),
            LabelOperator::Exists => (false, Values::AllBut(BTreeSet::new())),
            LabelOperator::In(values) => (false, Values::Only(read_values(values)?)),
            LabelOperator::NotIn(values) => (true, Values::AllBut(read_values(values)?)),
        };
        Ok(Self { absent, values })
    }

    fn permits(&self, value: Option<&String>) -> bool {
        match (value, &self.values) {
            (None, _) => self.absent,
            (Some(value), Values::AllBut(values)) => !values.contains(value),
            (Some(value), Values::Only(values)) => values.contains(value),
        }
    }

    fn and(&self, other: &Self) -> Self {
        let values = match (&self.values, &other.values) {
            (Values::AllBut(ours), Values::AllBut(theirs)) => Values::AllBut(ours | theirs),
            (Values::AllBut(without), Values::Only(values)) | (Values::Only(values), Values::AllBut(without)) => {
                Values::Only(values.difference(without).cloned().collect())
            }
            (Values::Only(ours), Values::Only(theirs)) => Values::Only(ours & theirs),
        };
        Self { absent: self.absent && other.absent, values }
    }

    fn covers(&self, other: &Self) -> bool {
        self.and(other) == *other
    }

    fn is_nothing(&self) -> bool {
        !self.absent && self.values == Values::Only(BTreeSet::new())
    }
}

/// Why there is no such selector.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum SelectorError {
    /// What is asked of a label cannot all hold.
    #[error("what is asked of the label {} cannot all hold: the selector would select nothing", Quoted(.key))]
    Contradiction {
        /// The label.
        key: String,
    },
    /// No label has this name.
    #[error(
        "no label is called {}: write `name` or `prefix.example.com/name`, the name of at most 63 letters and digits \
         with `-`, `_` or `.` between them",
        Quoted(.key)
    )]
    Key {
        /// The name.
        key: String,
    },
    /// No label has this value.
    #[error(
        "no label has the value {}: write nothing, or at most 63 letters and digits with `-`, `_` or `.` between them",
        Quoted(.value)
    )]
    Value {
        /// The value.
        value: String,
    },
}

fn read_values(values: NonEmpty<String>) -> Result<BTreeSet<String>, SelectorError> {
    let read = |value: String| {
        if value.is_empty() || is_word(&value) { Ok(value) } else { Err(SelectorError::Value { value }) }
    };
    values.into_vec().into_iter().map(read).collect()
}

/// Whether a label can be called this: Kubernetes' qualified name.
fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => {
            let is_label = |label: &str| {
                let ends = [label.bytes().next(), label.bytes().last()];
                ends.iter().all(|end| end.is_some_and(|byte| byte != b'-'))
                    && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            };
            prefix.len() <= PREFIX_LIMIT && prefix.split('.').all(is_label) && is_word(name)
        }
        None => is_word(text),
    }
}

fn is_word(text: &str) -> bool {
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= WORD_LIMIT
        && ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The longest name and the longest value of a label, in bytes.
const WORD_LIMIT: usize = 63;

/// The longest prefix of a label's name, in bytes.
const PREFIX_LIMIT: usize = 253;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(text: &str) -> LabelExpression {
        let (key, operator) = text.split_once(' ').unwrap();
        let values = |list: &str| NonEmpty::new(list.split(',').map(str::to_owned).collect()).unwrap();
        let operator = match operator.split_once(' ') {
            None if operator == "exists" => LabelOperator::Exists,
            None => LabelOperator::DoesNotExist,
            Some(("in", list)) => LabelOperator::In(values(list)),
            Some((_, list)) => LabelOperator::NotIn(values(list)),
        };
        LabelExpression { key: key.to_owned(), operator }
    }

    fn read(texts: &[&str]) -> Result<LabelSelector, SelectorError> {
        LabelSelector::new(BTreeMap::new(), texts.iter().map(|text| expression(text)).collect())
    }

    fn selector(texts: &[&str]) -> LabelSelector {
        read(texts).unwrap_or_else(|error| panic!("{texts:?}: {error}"))
    }

    fn labels(text: &str) -> BTreeMap<String, String> {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn selects_as_kubernetes_does() {
        for (texts, yes, no) in [
            (&[][..], &["", "env=a"][..], &[][..]),
            (&["env in a,b"], &["env=a", "env=b tier=x"], &["", "env=c", "tier=a"]),
            (&["env notin a,b"], &["", "env=c", "tier=a"], &["env=a", "env=b"]),
            (&["env exists"], &["env=", "env=a"], &["", "tier=a"]),
            (&["env absent"], &["", "tier=a"], &["env="]),
            (&["env exists", "env notin a"], &["env=b"], &["", "env=a"]),
            (&["env in a,b", "env notin a", "tier exists"], &["env=b tier=x"], &["env=a tier=x", "env=b"]),
            (&["env in ,a"], &["env=", "env=a"], &[""]),
        ] {
            for text in yes {
                assert!(selector(texts).matches(&labels(text)), "{texts:?} {text}");
            }
            for text in no {
                assert!(!selector(texts).matches(&labels(text)), "{texts:?} {text}");
            }
        }
        let by_labels = LabelSelector::new(labels("env=a"), vec![expression("tier exists")]).unwrap();
        assert_eq!(by_labels, selector(&["env in a", "tier exists"]));
    }

    #[test]
    fn refuses_what_no_labels_meet() {
        let contradiction = SelectorError::Contradiction { key: "env".to_owned() };
        for texts in [
            &["env in a", "env in b"][..],
            &["env in a", "env notin a"],
            &["env exists", "env absent"],
            &["env absent", "tier exists", "env in a"],
        ] {
            assert_eq!(read(texts), Err(contradiction.clone()), "{texts:?}");
        }
        assert!(LabelSelector::new(labels("env=a"), vec![expression("env in b")]).is_err());
        for key in
            ["", "/a", "a/", "Example.com/a", "example..com/a", "-a", "a-", "a b", "a/b/c", "-x.y/a", &"a".repeat(64)]
        {
            let operator = LabelOperator::Exists;
            let expressions = vec![LabelExpression { key: key.to_owned(), operator }];
            let error = Err(SelectorError::Key { key: key.to_owned() });
            assert_eq!(LabelSelector::new(BTreeMap::new(), expressions), error);
        }
        for key in ["a", "A.b_c-d", "kubernetes.io/metadata.name", &"a".repeat(63)] {
            assert!(LabelSelector::new(BTreeMap::from([(key.to_owned(), String::new())]), Vec::new()).is_ok(), "{key}");
        }
        for value in ["a b", "-a", "a.", "ä", &"a".repeat(64)] {
            let error = Err(SelectorError::Value { value: value.to_owned() });
            let labels = BTreeMap::from([("env".to_owned(), value.to_owned())]);
            assert_eq!(LabelSelector::new(labels, Vec::new()), error);
        }
    }

    #[test]
    fn one_selector_inside_or_beside_another() {
        for (wide, narrow, covers, overlaps) in [
            (&[][..], &["env in a"][..], true, true),
            (&["env in a,b"], &["env in a"], true, true),
            (&["env in a"], &["env in a,b"], false, true),
            (&["env in a"], &["env in b"], false, false),
            (&["env in a"], &["tier in a"], false, true),
            (&["env notin a"], &["env in b"], true, true),
            (&["env notin a"], &["env absent"], true, true),
            (&["env exists"], &["env in b", "tier exists"], true, true),
            (&["env exists"], &["env absent"], false, false),
            (&["env notin a"], &["env in a"], false, false),
        ] {
            let (wide, narrow) = (selector(wide), selector(narrow));
            let found = (wide.covers(&narrow), wide.overlaps(&narrow));
            assert_eq!(found, (covers, overlaps), "{wide:?} {narrow:?}");
        }
    }

    fn expressions() -> impl Strategy<Value = Vec<LabelExpression>> {
        let values = || prop::sample::subsequence(vec!["a", "b", "c"], 1..=2);
        let operator = prop_oneof![
            values().prop_map(|list| format!("in {}", list.join(","))),
            values().prop_map(|list| format!("notin {}", list.join(","))),
            Just("exists".to_owned()),
            Just("absent".to_owned()),
        ];
        let one = ("[xy]", operator).prop_map(|(key, operator)| expression(&format!("{key} {operator}")));
        prop::collection::vec(one, 0..=3)
    }

    fn holds(expression: &LabelExpression, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&expression.key);
        match &expression.operator {
            LabelOperator::DoesNotExist => value.is_none(),
            LabelOperator::Exists => value.is_some(),
            LabelOperator::In(values) => value.is_some_and(|value| values.as_slice().contains(value)),
            LabelOperator::NotIn(values) => value.is_none_or(|value| !values.as_slice().contains(value)),
        }
    }

    proptest! {
        /// Of two labels with four values and absence each there are few enough to try them all.
        #[test]
        fn agrees_with_all_labels_there_are(one in expressions(), other in expressions()) {
            let states = ["", "a", "b", "c", "d"];
            let all: Vec<_> = states.iter().flat_map(|x| states.map(|y| {
                let pairs = [("x", *x), ("y", y)].into_iter().filter(|(_, value)| !value.is_empty());
                pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
            })).collect();
            let selected = |asked: &[LabelExpression]| -> Vec<bool> {
                all.iter().map(|labels| asked.iter().all(|expression| holds(expression, labels))).collect()
            };
            let (expected, expected_other) = (selected(&one), selected(&other));
            let read = |asked: Vec<LabelExpression>| LabelSelector::new(BTreeMap::new(), asked);
            match (read(one), read(other)) {
                (Ok(first), Ok(second)) => {
                    let matched: Vec<_> = all.iter().map(|labels| first.matches(labels)).collect();
                    prop_assert_eq!(&matched, &expected);
                    let mut pairs = expected.iter().zip(&expected_other);
                    prop_assert_eq!(first.covers(&second), pairs.clone().all(|(one, other)| *one || !other));
                    prop_assert_eq!(first.overlaps(&second), pairs.any(|(one, other)| *one && *other));
                }
                (first, _) => {
                    let nothing = if first.is_err() { expected } else { expected_other };
                    prop_assert!(nothing.iter().all(|selected| !selected));
                }
            }
        }
    }
}
