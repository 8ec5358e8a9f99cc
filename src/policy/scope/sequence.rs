//! Names in a row, of a host or of a path, with gaps: `**` stands for any number of names, also for none.

use crate::policy::scope::glob::{Glob, fits};

/// A row of parts, in the one form that is the same for all ways to write it: no `**` beside another, and before a
/// `**` rather than behind it what takes any one name (`**/*` is `*/**`).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Sequence(Vec<Part>);

/// What stands for names in a row of them.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Part {
    /// One name.
    One(Glob),
    /// Any number of names.
    Rest,
}

impl Sequence {
    pub(super) fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut ordered = Vec::new();
        let mut rest = false;
        for part in parts {
            match part {
                Part::Rest => rest = true,
                Part::One(glob) => {
                    if rest && !glob.is_any() {
                        ordered.push(Part::Rest);
                        rest = false;
                    }
                    ordered.push(Part::One(glob));
                }
            }
        }
        ordered.extend(rest.then_some(Part::Rest));
        Self(ordered)
    }

    /// The same without what matches no names at all: a path has one name at least.
    pub(super) fn of_one_at_least(self) -> Self {
        if self.0 == [Part::Rest] { Self(vec![Part::One(Glob::new("*")), Part::Rest]) } else { self }
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Whether it matches these names.
    pub(super) fn matches(&self, names: &[&str]) -> bool {
        fits(&self.0, names, Part::is_rest, |part, name| part.takes(|glob| glob.matches(name)))
    }

    /// Whether it matches all that `other` matches. If it says so, it is so.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // As for one name: a gap of the other is a name that only a gap takes.
        let covered = fits(&self.0, &other.0, Part::is_rest, |part, theirs| match theirs {
            Part::One(theirs) => part.takes(|glob| glob.covers(theirs)),
            Part::Rest => false,
        });
        covered || (self.mixes_gaps() && other.0.contains(&Part::Rest) && self.covers_each_length(other))
    }

    /// Whether names are taken by a gap and unseen by a `*` as well, so that what takes a gap of another may depend on
    /// how long the gap is: `*/**/x` covers `**/y/x`.
    fn mixes_gaps(&self) -> bool {
        self.0.contains(&Part::Rest) && self.0.iter().any(|part| part.takes(Glob::is_any))
    }

    /// Follows `other` through all lengths of its gaps. What is reached is a set of places in `self`; of two sets the
    /// one inside the other is enough to know.
    fn covers_each_length(&self, other: &Self) -> bool {
        let mut reached = vec![self.start()];
        for part in &other.0 {
            match part {
                Part::One(glob) => {
                    reached = reached.iter().map(|places| self.step(places, |part| part.covers(glob))).collect();
                }
                Part::Rest => {
                    let mut latest = reached.clone();
                    while let Some(places) = latest.pop() {
                        let next = self.step(&places, Glob::is_any);
                        if !reached.contains(&next) {
                            reached.push(next.clone());
                            latest.push(next);
                        }
                        if reached.len() > LENGTHS_LIMIT {
                            return false;
                        }
                    }
                }
            }
            reached = least(&reached);
        }
        reached.iter().all(|places| places.last() == Some(&true))
    }

    /// The places before anything is taken: before each part, and behind the last, whether one can be there.
    fn start(&self) -> Vec<bool> {
        let mut places = Vec::new();
        let mut here = true;
        for part in &self.0 {
            places.push(here);
            here = here && part.is_rest();
        }
        places.push(here);
        places
    }

    /// The places after one more name, which the parts take that `takes` tells.
    fn step(&self, places: &[bool], takes: impl Fn(&Glob) -> bool) -> Vec<bool> {
        let mut next = Vec::new();
        let mut entered = false;
        for (was_here, part) in places.iter().zip(&self.0) {
            match part {
                Part::One(glob) => {
                    next.push(entered);
                    entered = *was_here && takes(glob);
                }
                Part::Rest => {
                    entered = entered || *was_here;
                    next.push(entered);
                }
            }
        }
        next.push(entered);
        next
    }

    /// Whether some names are matched by both. If it says no, there are none.
    #[cfg(test)]
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        // A row per place in `self`, in it a place in `other` each: whether some names lead to both.
        let theirs = || other.0.iter().map(Some).chain([None]);
        let mut row: Vec<bool> = theirs().enumerate().map(|(place, _)| place == 0).collect();
        for part in &self.0 {
            let (mut next, mut along, mut across) = (Vec::new(), false, false);
            for (reached, theirs) in row.iter().zip(theirs()) {
                let here = *reached || along;
                along = here && (part.is_rest() || theirs.is_some_and(Part::is_rest));
                next.push(along || across);
                across = here && theirs.is_some_and(|theirs| part.shares(theirs));
            }
            row = next;
        }
        let mut here = false;
        for (reached, theirs) in row.iter().zip(theirs()) {
            here = *reached || here;
            if theirs.is_some_and(|theirs| !theirs.is_rest()) {
                here = false;
            } else if theirs.is_none() {
                return here;
            }
        }
        false
    }
}

impl Part {
    pub(super) fn is_rest(&self) -> bool {
        matches!(self, Self::Rest)
    }

    fn takes(&self, takes: impl Fn(&Glob) -> bool) -> bool {
        match self {
            Self::One(glob) => takes(glob),
            Self::Rest => false,
        }
    }

    /// Whether both stand for one name, and can stand for the same.
    #[cfg(test)]
    fn shares(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(glob), Self::One(other)) => glob.overlaps(other),
            (Self::Rest, _) | (_, Self::Rest) => false,
        }
    }
}

/// Those of the sets that no other is inside of.
fn least(sets: &[Vec<bool>]) -> Vec<Vec<bool>> {
    let inside = |inner: &[bool], outer: &[bool]| inner.iter().zip(outer).all(|(inner, outer)| !inner || *outer);
    let mut kept: Vec<Vec<bool>> = Vec::new();
    for set in sets {
        if kept.iter().any(|kept| inside(kept, set)) {
            continue;
        }
        kept.retain(|kept| !inside(set, kept));
        kept.push(set.clone());
    }
    kept
}

/// The most sets of places that are followed at once. It takes several gaps, each in a place of its own, to get there;
/// one pattern is then not taken to be inside another.
const LENGTHS_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(text: &str) -> Sequence {
        let part = |part| if part == "**" { Part::Rest } else { Part::One(Glob::new(part)) };
        Sequence::new(text.split('/').filter(|part| !part.is_empty()).map(part))
    }

    #[test]
    fn has_one_form_however_it_is_written() {
        for (one, other) in
            [("**/*", "*/**"), ("**/**", "**"), ("a/**/*/**/*/b", "a/*/*/**/b"), ("*/**/*", "*/*/**"), ("", "")]
        {
            assert_eq!(sequence(one), sequence(other), "{one} {other}");
        }
        assert_ne!(sequence("**/x/*"), sequence("*/x/**"));
        assert_eq!(sequence("**").of_one_at_least(), sequence("*/**"));
        assert_eq!(sequence("**/x").of_one_at_least(), sequence("**/x"));
    }

    #[test]
    fn a_gap_takes_any_number_of_names() {
        for (pattern, names, expected) in [
            ("a/**", "a", true),
            ("a/**", "a/b/c", true),
            ("a/**", "ab", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/b/y/b", true),
            ("a/**/b", "a/b/x", false),
            ("**/a/*/**", "a", false),
            ("**/a/*/**", "x/a/y", true),
            ("a/*", "a/b/c", false),
        ] {
            let names: Vec<_> = names.split('/').collect();
            assert_eq!(sequence(pattern).matches(&names), expected, "{pattern} {names:?}");
        }
    }

    #[test]
    fn one_sequence_inside_another() {
        for (wide, narrow, expected) in [
            ("**", "a/**/b*", true),
            ("a/**", "a", true),
            ("a/**", "a/*/c/**", true),
            ("a/*", "a/**", false),
            ("**/a/**", "b/**/a", true),
            // Only when the lengths of the gap are looked at one by one.
            ("*/**/x", "**/y/x", true),
            ("*/**/x", "**/x", false),
            ("**/x/*/**", "**/x/x", true),
            ("*/*/**", "**/a/**/b", true),
            ("*/*/**", "**/a/**", false),
            // True of the shortest gap alone.
            ("x/*/**", "**/x/y", false),
            ("x/**/*", "x/**/y/**", true),
            ("x/*/**/z", "**/x/y/z", false),
            ("x/*/y/**", "x/**/a/y", false),
            ("**/x/*/y", "x/**/a/y", false),
        ] {
            assert_eq!(sequence(wide).covers(&sequence(narrow)), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn sequences_that_share_names() {
        for (one, other, expected) in [
            ("a/**", "**/b", true),
            ("a/*", "**/b", true),
            ("a/*", "*/b/**", true),
            ("a/*", "b/*", false),
            ("a/*", "a/*/*", false),
            ("**/a", "**/b", false),
            ("**/a/**", "**/b/**", true),
            ("**", "", true),
            ("*/**", "", false),
            ("a/**/b/**/c", "a/c", false),
        ] {
            assert_eq!(sequence(one).overlaps(&sequence(other)), expected, "{one} {other}");
            assert_eq!(sequence(other).overlaps(&sequence(one)), expected, "{other} {one}");
        }
    }
}
