//! One name with gaps: `team-*`. A `*` stands for any run of characters, also for none.

use std::fmt;

/// A name in which `*` stands for any run of characters. What it is matched with is never empty.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Glob(String);

impl Glob {
    /// What characters and how many stars in a row are fine is the caller's to check.
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The only name that it matches, if there is only one.
    pub(super) fn literal(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }

    /// Whether it matches every name.
    pub(super) fn is_any(&self) -> bool {
        self.0 == "*"
    }

    /// What every name that it matches starts with.
    pub(super) fn prefix(&self) -> &str {
        self.0.split_once('*').map_or(&self.0, |(prefix, _)| prefix)
    }

    /// What every name that it matches ends with.
    fn suffix(&self) -> &str {
        self.0.rsplit_once('*').map_or(&self.0, |(_, suffix)| suffix)
    }

    /// Whether it matches `name`.
    pub(super) fn matches(&self, name: &str) -> bool {
        fits(self.0.as_bytes(), name.as_bytes(), |byte| *byte == b'*', |byte, other| byte == other)
    }

    /// Whether it matches every name that `other` matches. A star of the other is a character that only a star takes:
    /// what fits then fits with anything in its place.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }

    /// Whether some name is matched by both. Two stars take up whatever stands between the starts and the ends.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self.literal(), other.literal()) {
            (Some(name), _) => other.matches(name),
            (None, Some(name)) => self.matches(name),
            (None, None) => {
                let (starts, ends) = ((self.prefix(), other.prefix()), (self.suffix(), other.suffix()));
                (starts.0.starts_with(starts.1) || starts.1.starts_with(starts.0))
                    && (ends.0.ends_with(ends.1) || ends.1.ends_with(ends.0))
            }
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` fits a pattern in which some parts take any run of it and each other part takes one piece.
///
/// When a piece does not fit, only the last run so far is made longer: an earlier one has nothing to gain. So the time
/// is that of the two lengths multiplied, at most.
pub(super) fn fits<P, T>(
    mut pattern: &[P],
    mut text: &[T],
    is_run: impl Fn(&P) -> bool,
    takes: impl Fn(&P, &T) -> bool,
) -> bool {
    let mut last_run: Option<(&[P], &[T])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((part, after)), _) if is_run(part) => {
                last_run = Some((after, text));
                pattern = after;
            }
            (Some((part, after)), Some((piece, rest))) if takes(part, piece) => {
                (pattern, text) = (after, rest);
            }
            (None, None) => return true,
            _ => {
                let Some((after, from)) = last_run else { return false };
                let Some((_, longer)) = from.split_first() else { return false };
                last_run = Some((after, longer));
                (pattern, text) = (after, longer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob {
        Glob::new(text)
    }

    #[test]
    fn a_star_is_any_run_and_may_be_empty() {
        for (pattern, yes, no) in [
            ("team", &["team"][..], &["tea", "teams", "a-team"][..]),
            ("team-*", &["team-", "team-a", "team-a-b"], &["team", "a-team-b"]),
            ("*-prod", &["-prod", "a-prod", "a-prod-prod"], &["prod", "a-prod-b"]),
            ("a*b*c", &["abc", "aXbYc", "abbc", "abcbc"], &["ab", "ac", "abcd", "acb"]),
            ("*", &["a", "abc"], &[]),
        ] {
            for name in yes {
                assert!(glob(pattern).matches(name), "{pattern} {name}");
            }
            for name in no {
                assert!(!glob(pattern).matches(name), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn one_glob_inside_another() {
        for (wide, narrow, covers, back) in [
            ("*", "a*", true, false),
            ("a*", "ab*", true, false),
            ("a*", "a*b", true, false),
            ("a*b*", "ab", true, false),
            ("*a*", "*a", true, false),
            ("a*", "*a", false, false),
            ("a*a", "a", false, false),
            ("a*b", "a*b", true, true),
        ] {
            let (wide, narrow) = (glob(wide), glob(narrow));
            assert_eq!((wide.covers(&narrow), narrow.covers(&wide)), (covers, back), "{wide} {narrow}");
        }
    }

    #[test]
    fn globs_that_share_a_name() {
        for (one, other, overlap) in [
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("*a", "*b", false),
            ("aba*", "*aba", true),
            ("a*c", "ab*", true),
            ("a*c", "a*d", false),
            ("abc", "a*c", true),
            ("abc", "a*d", false),
            ("abc", "abc", true),
        ] {
            assert_eq!(glob(one).overlaps(&glob(other)), overlap, "{one} {other}");
            assert_eq!(glob(other).overlaps(&glob(one)), overlap, "{other} {one}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_the_lengths_multiplied() {
        let pattern = format!("{}b", "a*".repeat(250));
        let name = "a".repeat(500);
        let taken = std::cell::Cell::new(0_u32);
        let takes = |byte: &u8, other: &u8| {
            taken.set(taken.get() + 1);
            byte == other
        };
        assert!(!fits(pattern.as_bytes(), name.as_bytes(), |byte| *byte == b'*', takes));
        assert!(taken.get() < 500 * 501, "{}", taken.get());
    }
}
