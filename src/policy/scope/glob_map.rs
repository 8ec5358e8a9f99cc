//! Things by globs, of which those that match a name are found without looking at all of them.

use std::collections::BTreeMap;

use crate::policy::scope::glob::Glob;

/// Things by globs. Names in full are found at once; the others by what they start with, up to the first star.
#[derive(Clone, Debug)]
pub(super) struct GlobMap<T> {
    literals: BTreeMap<String, T>,
    by_prefix: BTreeMap<String, BTreeMap<Glob, T>>,
}

impl<T: Default> GlobMap<T> {
    /// What is there for this glob; a new one if nothing is yet.
    pub(super) fn entry(&mut self, glob: &Glob) -> &mut T {
        if let Some(name) = glob.literal() {
            return self.literals.entry(name.to_owned()).or_default();
        }
        self.by_prefix.entry(glob.prefix().to_owned()).or_default().entry(glob.clone()).or_default()
    }
}

impl<T> GlobMap<T> {
    /// The things of the globs that match this name.
    pub(super) fn matching<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m T> {
        let buckets = self.prefixes_of(name).flatten();
        let globs = buckets.filter(|(glob, _)| glob.matches(name)).map(|(_, thing)| thing);
        self.literals.get(name).into_iter().chain(globs)
    }

    /// The things of the globs that match some name which `glob` matches too.
    pub(super) fn overlapping<'m>(&'m self, glob: &'m Glob) -> Box<dyn Iterator<Item = &'m T> + 'm> {
        if let Some(name) = glob.literal() {
            return Box::new(self.matching(name));
        }
        let prefix = glob.prefix();
        let literals = self.literals.range(prefix.to_owned()..).take_while(move |(name, _)| name.starts_with(prefix));
        let literals = literals.filter(move |(name, _)| glob.matches(name)).map(|(_, thing)| thing);
        let longer = self.by_prefix.range(prefix.to_owned()..).take_while(move |(start, _)| start.starts_with(prefix));
        let longer = longer.filter(move |(start, _)| start.len() > prefix.len()).map(|(_, bucket)| bucket);
        let globs = self.prefixes_of(prefix).chain(longer).flatten();
        Box::new(literals.chain(globs.filter(move |(other, _)| other.overlaps(glob)).map(|(_, thing)| thing)))
    }

    /// All things.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.literals.values().chain(self.by_prefix.values().flatten().map(|(_, thing)| thing))
    }

    /// The globs that start, up to the first star, with a start of `name`.
    fn prefixes_of<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m BTreeMap<Glob, T>> {
        let name = if self.by_prefix.is_empty() { "" } else { name };
        let ends = name.char_indices().map(|(end, _)| end).chain([name.len()]);
        ends.filter_map(move |end| self.by_prefix.get(name.get(..end)?))
    }
}

impl<T> Default for GlobMap<T> {
    fn default() -> Self {
        Self { literals: BTreeMap::new(), by_prefix: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_glob_that_meets_another_is_found_once() {
        let texts = ["*", "a*", "ab*", "abc*x", "abd", "ab", "b*", "*c", "b"];
        let mut map = GlobMap::default();
        for text in texts {
            *map.entry(&Glob::new(text)) = text;
        }
        for (asked, expected) in [
            ("*", &["*", "*c", "a*", "ab", "ab*", "abc*x", "abd", "b", "b*"][..]),
            ("a*", &["*", "*c", "a*", "ab", "ab*", "abc*x", "abd"]),
            ("ab*", &["*", "*c", "a*", "ab", "ab*", "abc*x", "abd"]),
            ("abc*", &["*", "*c", "a*", "ab*", "abc*x"]),
            ("*d", &["*", "a*", "ab*", "abd", "b*"]),
            ("abd", &["*", "a*", "ab*", "abd"]),
        ] {
            let glob = Glob::new(asked);
            let mut found: Vec<_> = map.overlapping(&glob).copied().collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{asked}");
        }
    }
}
