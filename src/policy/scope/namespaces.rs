//! In which namespaces a rule governs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::image::quote::Quoted;
use crate::policy::scope::glob::Glob;
use crate::policy::scope::labels::LabelSelector;
use crate::policy::{Namespace, NonEmpty};

/// The namespaces of a scope, by name, by labels, or by both: then both must hold. With neither it is all of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct NamespaceScope {
    /// The names, one of which must match.
    pub(crate) names: Option<NonEmpty<NamePattern>>,
    /// What is asked of the labels.
    pub(crate) selector: Option<LabelSelector>,
}

/// The name of a namespace, in which `*` stands for any run of characters: `team-*`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NamePattern(Glob);

/// Whether something is in a scope, as far as can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Within {
    /// It is not.
    No,
    /// It cannot be told, for want of what is named.
    Unknown(&'static str),
    /// It is.
    Yes,
}

/// How closely a scope says which namespaces are meant. The greater comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rank {
    /// Not at all.
    All,
    /// By labels alone.
    Selector,
    /// By a name with `*`.
    Glob,
    /// By a name in full.
    Name,
}

/// One way to be in a scope of namespaces: one of its names, with the labels that it asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    name: Option<NamePattern>,
    selector: Option<Arc<LabelSelector>>,
}

impl NamespaceScope {
    /// Whether `namespace` is one of the scope's; none stands for a namespace that is not known.
    pub(crate) fn matches(&self, namespace: Option<&Namespace>) -> Within {
        let mut found = Within::No;
        for place in self.places() {
            match place.matches(namespace) {
                Within::No => {}
                Within::Unknown(what) => found = Within::Unknown(what),
                Within::Yes => return Within::Yes,
            }
        }
        found
    }

    pub(super) fn places(&self) -> Vec<Place> {
        let selector = self.selector.clone().map(Arc::new);
        match &self.names {
            Some(names) => {
                let names = names.as_slice().iter();
                names.map(|name| Place { name: Some(name.clone()), selector: selector.clone() }).collect()
            }
            None => vec![Place { name: None, selector }],
        }
    }
}

impl NamePattern {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// A [`NameError`] for what no namespace can be called.
    pub(crate) fn parse(text: &str) -> Result<Self, NameError> {
        if text.contains("**") {
            return Err(NameError::Stars { name: text.to_owned() });
        }
        // If any name fits, then one with a letter for each star does, or with nothing for it if that is too long.
        let with_letters = text.replace('*', "a");
        let written = text.bytes().filter(|byte| *byte != b'*').count();
        let ends = [with_letters.bytes().next(), with_letters.bytes().last()];
        let is_fine = written <= NAME_LIMIT
            && text.len() <= WRITTEN_LIMIT
            && ends.iter().all(|end| end.is_some_and(|byte| byte != b'-'))
            && with_letters.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if is_fine { Ok(Self(Glob::new(text))) } else { Err(NameError::Name { name: text.to_owned() }) }
    }

    pub(super) fn glob(&self) -> &Glob {
        &self.0
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl Within {
    fn of(within: bool) -> Self {
        if within { Self::Yes } else { Self::No }
    }
}

impl Place {
    /// Anywhere.
    pub(super) fn all() -> Self {
        Self { name: None, selector: None }
    }

    pub(super) fn name(&self) -> Option<&NamePattern> {
        self.name.as_ref()
    }

    /// Whether `namespace` is in this place. What the name decides, no labels are needed for.
    pub(super) fn matches(&self, namespace: Option<&Namespace>) -> Within {
        let asks = self.selector.as_deref().filter(|selector| !selector.is_empty());
        if self.name.is_none() && self.selector.is_none() {
            return Within::Yes;
        }
        let Some(namespace) = namespace else { return Within::Unknown(NAMESPACE) };
        if self.name.as_ref().is_some_and(|name| !name.0.matches(&namespace.name)) {
            return Within::No;
        }
        match (asks, &namespace.labels) {
            (None, _) => Within::Yes,
            (Some(_), None) => Within::Unknown(LABELS),
            (Some(selector), Some(labels)) => Within::of(selector.matches(labels)),
        }
    }

    pub(super) fn rank(&self) -> Rank {
        match (&self.name, &self.selector) {
            (Some(name), _) if name.0.literal().is_some() => Rank::Name,
            (Some(_), _) => Rank::Glob,
            (None, Some(_)) => Rank::Selector,
            (None, None) => Rank::All,
        }
    }

    /// Whether every namespace of `other` is in this place. If it says so, it is so.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let name = match (&self.name, &other.name) {
            (None, _) => true,
            (Some(ours), None) => ours.0.is_any(),
            (Some(ours), Some(theirs)) => ours.0.covers(&theirs.0),
        };
        let selector = match (&self.selector, &other.selector) {
            (None, _) => true,
            (Some(ours), None) => ours.is_empty(),
            (Some(ours), Some(theirs)) => ours.covers(theirs),
        };
        name && selector
    }

    /// Whether some namespace is in both. If it says no, there is none.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let names = (&self.name, &other.name);
        let selectors = (&self.selector, &other.selector);
        (if let (Some(ours), Some(theirs)) = names { ours.0.overlaps(&theirs.0) } else { true })
            && (if let (Some(ours), Some(theirs)) = selectors { ours.overlaps(theirs) } else { true })
    }
}

/// Why a text is not the name of a namespace, nor a pattern of such names.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum NameError {
    /// No namespace has such a name.
    #[error(
        "no namespace is called {}: a name has at most {NAME_LIMIT} lower-case letters and digits, with `-` between \
         them; `*` is any run of them",
        Quoted(.name)
    )]
    Name {
        /// The name.
        name: String,
    },
    /// There are two stars in a row.
    #[error("a name has no components, and {} has `**`: write `*`", Quoted(.name))]
    Stars {
        /// The name.
        name: String,
    },
}

const NAMESPACE: &str = "the namespace";
const LABELS: &str = "the labels of the namespace";

/// The longest name of a namespace, in bytes: that of a label of a host.
const NAME_LIMIT: usize = 63;

/// The longest pattern of names, in bytes: a star before, between and behind the characters of the longest name.
const WRITTEN_LIMIT: usize = 127;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn place(name: &str, label: &str) -> Place {
        let selector = label.split_once('=').map(|(key, value)| {
            Arc::new(LabelSelector::new(BTreeMap::from([(key.to_owned(), value.to_owned())]), Vec::new()).unwrap())
        });
        Place { name: (!name.is_empty()).then(|| NamePattern::parse(name).unwrap()), selector }
    }

    fn namespace(name: &str, label: Option<&str>) -> Namespace {
        let labels = |label: &str| {
            label.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect()
        };
        Namespace { name: name.to_owned(), labels: label.map(labels) }
    }

    #[test]
    fn tells_what_it_would_have_to_know() {
        let known = namespace("team-a", Some("env=prod"));
        let without_labels = namespace("team-a", None);
        let other = namespace("kube-system", None);
        for (name, label, expected) in [
            ("", "", [Within::Yes; 4]),
            ("team-*", "", [Within::Unknown(NAMESPACE), Within::Yes, Within::Yes, Within::No]),
            ("*", "", [Within::Unknown(NAMESPACE), Within::Yes, Within::Yes, Within::Yes]),
            (
                "",
                "env=prod",
                [Within::Unknown(NAMESPACE), Within::Unknown(LABELS), Within::Yes, Within::Unknown(LABELS)],
            ),
            (
                "",
                "env=test",
                [Within::Unknown(NAMESPACE), Within::Unknown(LABELS), Within::No, Within::Unknown(LABELS)],
            ),
            // What the name decides needs no labels.
            ("team-*", "env=prod", [Within::Unknown(NAMESPACE), Within::Unknown(LABELS), Within::Yes, Within::No]),
        ] {
            let place = place(name, label);
            let asked = [None, Some(&without_labels), Some(&known), Some(&other)];
            assert_eq!(asked.map(|namespace| place.matches(namespace)), expected, "{name} {label}");
        }
    }

    #[test]
    fn a_scope_is_any_of_its_names_with_all_of_its_labels() {
        let names = ["team-a", "kube-*"].map(|name| NamePattern::parse(name).unwrap());
        let names = NonEmpty::new(names.to_vec());
        let by_name = NamespaceScope { names: names.clone(), selector: None };
        assert_eq!(by_name.matches(Some(&namespace("kube-system", None))), Within::Yes);
        assert_eq!(by_name.matches(Some(&namespace("team-ab", None))), Within::No);
        assert_eq!(by_name.matches(None), Within::Unknown(NAMESPACE));
        let selector = LabelSelector::new(BTreeMap::from([("env".into(), "prod".into())]), Vec::new()).unwrap();
        let by_both = NamespaceScope { names, selector: Some(selector) };
        assert_eq!(by_both.matches(Some(&namespace("kube-system", Some("env=prod")))), Within::Yes);
        assert_eq!(by_both.matches(Some(&namespace("kube-system", Some("")))), Within::No);
        assert_eq!(by_both.matches(Some(&namespace("kube-system", None))), Within::Unknown(LABELS));
        assert_eq!(by_both.matches(Some(&namespace("other", None))), Within::No);
        assert_eq!(NamespaceScope::default().matches(None), Within::Yes);
    }

    #[test]
    fn ranks_by_how_closely_namespaces_are_meant() {
        let ranks = [("", ""), ("", "a=b"), ("a*", ""), ("a", "")].map(|(name, label)| place(name, label).rank());
        assert_eq!(ranks, [Rank::All, Rank::Selector, Rank::Glob, Rank::Name]);
        assert!(ranks.is_sorted());
        assert_eq!((place("a", "a=b").rank(), place("*", "a=b").rank()), (Rank::Name, Rank::Glob));
    }

    #[test]
    fn a_selector_that_asks_nothing_needs_no_labels() {
        let nothing = LabelSelector::new(BTreeMap::new(), Vec::new()).unwrap();
        let anywhere = Place { name: None, selector: Some(Arc::new(nothing)) };
        assert_eq!(anywhere.matches(Some(&namespace("team-a", None))), Within::Yes);
        assert_eq!(anywhere.matches(None), Within::Unknown(NAMESPACE));
        assert!(anywhere.covers(&Place::all()));
    }

    #[test]
    fn one_place_inside_or_beside_another() {
        for (wide, narrow, covers, overlaps) in [
            (("", ""), ("a", "x=y"), true, true),
            (("*", ""), ("", ""), true, true),
            (("*", "x=y"), ("", ""), false, true),
            (("a*", ""), ("", ""), false, true),
            (("a*", ""), ("ab*", "x=y"), true, true),
            (("a*", "x=y"), ("ab*", ""), false, true),
            (("a*", ""), ("b*", ""), false, false),
            (("a", "x=y"), ("a", "x=z"), false, false),
            (("", "x=y"), ("a", ""), false, true),
        ] {
            let (wide, narrow) = (place(wide.0, wide.1), place(narrow.0, narrow.1));
            assert_eq!((wide.covers(&narrow), wide.overlaps(&narrow)), (covers, overlaps), "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn refuses_what_no_namespace_is_called() {
        for name in ["", "Team", "team_a", "-a", "a-", "-*", "a.b", "a b", &"a".repeat(64), &"*a".repeat(64)] {
            assert_eq!(NamePattern::parse(name), Err(NameError::Name { name: name.to_owned() }), "{name}");
        }
        assert_eq!(NamePattern::parse("a**"), Err(NameError::Stars { name: "a**".to_owned() }));
        for name in ["a", "*", "*-a*", "0", &"a".repeat(63), &format!("*{}*", "a".repeat(63))] {
            assert_eq!(NamePattern::parse(name).unwrap().to_string(), name);
        }
    }
}
