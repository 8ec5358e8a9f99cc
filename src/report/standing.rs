//! What became of an image in one word, and texts cut to a length: what formats with little room make of a verdict.

use crate::policy::{Effect, Explanation, Mode, Truth};
use crate::report::{Entry, Escaped};

/// What became of an image, in one word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// It meets what is demanded.
    Allowed,
    /// Only the record tells that it does not meet what is demanded.
    Audited,
    /// It is denied.
    Denied,
    /// The policy exempts it.
    Exempt,
    /// Nothing could be decided.
    Undecided,
    /// It does not meet what is demanded, and is allowed with a warning.
    Warned,
}

impl Standing {
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        let decision = entry.verdict.decision();
        match (decision.effect(), decision.mode()) {
            (Effect::Deny, _) => Self::Denied,
            (Effect::Undecided, _) => Self::Undecided,
            (Effect::Allow, _) if decision.exemption().is_some() => Self::Exempt,
            (Effect::Allow, Mode::Audit) if decision.is_tolerated() => Self::Audited,
            (Effect::Allow, _) if decision.is_tolerated() => Self::Warned,
            (Effect::Allow, _) => Self::Allowed,
        }
    }

    /// The word, for a person.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Audited => "audited",
            Self::Denied => "denied",
            Self::Exempt => "exempt",
            Self::Undecided => "undecided",
            Self::Warned => "warned",
        }
    }

    /// Whether somebody has to look at the image.
    pub(super) fn wants_attention(self) -> bool {
        match self {
            Self::Allowed | Self::Exempt => false,
            Self::Audited | Self::Denied | Self::Undecided | Self::Warned => true,
        }
    }
}

/// Somebody else's text in visible characters ([`Escaped`]), cut behind `most` of its characters.
pub(super) fn shown(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", Escaped(text.get(..end).unwrap_or_default())),
        None => Escaped(text).to_string(),
    }
}

/// The source that an item stands in, of its place: `images.yaml` of `images.yaml: document 2 (line 57): items[0]`.
pub(super) fn source(place: &str) -> &str {
    let behind = |place: &'_ str, start: &str| -> Option<usize> {
        let (before, rest) = place.rsplit_once(": ")?;
        rest.starts_with(start).then_some(before.len())
    };
    let mut source = place;
    for start in ["items[", "document "] {
        source = behind(source, start).and_then(|end| source.get(..end)).unwrap_or(source);
    }
    source
}

/// The lines that say what would be accepted, of an image that does not meet what is demanded.
pub(super) fn remedies(entry: &Entry<'_>) -> Vec<String> {
    let explanation = entry.verdict.explanation().filter(|explanation| explanation.truth != Truth::Met);
    explanation.iter().flat_map(Explanation::remedies).map(str::to_owned).collect()
}

/// The kind, namespace and name of the object that an image came in.
pub(super) fn object<'a>(entry: &Entry<'a>) -> [&'a str; 3] {
    entry.carrier.map_or(["Image", "", ""], |carrier| [carrier.kind, carrier.namespace, carrier.name])
}

/// What tells an image of a report from all others: its name, its reference, and the object that it came in.
pub(super) fn identity<'a>(entry: &Entry<'a>) -> [&'a str; 5] {
    let [kind, namespace, object] = object(entry);
    [entry.verdict.name(), entry.verdict.docker_image_reference(), kind, namespace, object]
}

/// The text of the object's kind and name, for a person; empty for a plain `Image`.
pub(super) fn carrier(entry: &Entry<'_>) -> String {
    let Some(carrier) = entry.carrier else { return String::new() };
    let slash = if carrier.namespace.is_empty() { "" } else { "/" };
    format!("{} {}{slash}{}", carrier.kind, carrier.namespace, carrier.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_begins_with_its_source() {
        for (place, expected) in [
            ("export.json", "export.json"),
            ("export.json: items[3]", "export.json"),
            ("images.yaml: document 2 (line 57): items[0].items[1]", "images.yaml"),
            ("images.yaml: document 2 (line 57)", "images.yaml"),
            ("a: b.json: items[3]", "a: b.json"),
            ("", ""),
        ] {
            assert_eq!(source(place), expected);
        }
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_invisible_shown() {
        assert_eq!(shown("a\u{1b}é日", 4), r"a\u{1b}é日");
        assert_eq!(shown("a\u{1b}é日", 3), r"a\u{1b}é…");
        assert_eq!(shown("", 0), "");
    }
}
