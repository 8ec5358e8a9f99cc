//! Reports about parts of a run, put together: what the parts say of the whole must fit, their sums are added, and what
//! they tell of items is put in order.
//!
//! Put together, the reports of all shards of a run are the report of that run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use thiserror::Error;

use crate::report::written::{Told, WrittenRun};
use crate::report::{Head, Shard, Summary};

/// What parts say of the whole, put together.
///
/// The parts are those of one run, by all that can be seen: shards of one count, each there once, which met the same
/// errors and skipped the same number of objects; or one report about all images. Where `missing_allowed`, shards may
/// be missing, and the whole is then partial. The time is the earliest of theirs.
///
/// # Errors
///
/// A [`MergeError`] where the parts do not make a whole.
pub fn whole(parts: &[(&str, &WrittenRun)], missing_allowed: bool) -> Result<WrittenRun, MergeError> {
    let Some(((first_name, first), rest)) = parts.split_first() else { return Err(MergeError::Nothing) };
    let missing = match first.head.shard {
        Some(shard) => missing_shards((first_name, shard), rest)?,
        None => match rest.first() {
            Some((name, part)) if part.head.shard.is_some() => return Err(mixed(name, first_name)),
            Some((name, _)) => return Err(MergeError::Several { first: text(first_name), other: text(name) }),
            None => Vec::new(),
        },
    };
    if let (Some(shard), false) = (first.head.shard, missing.is_empty() || missing_allowed) {
        return Err(MergeError::Missing { missing, count: shard.count() });
    }
    let mut summary = Summary { partial: !missing.is_empty(), ..Summary::default() };
    for (_, part) in parts {
        add(&mut summary, &part.summary);
    }
    for (name, part) in parts {
        for (what, counted, most) in [
            ("unreadable items", part.summary.errors, summary.errors),
            ("skipped objects", part.summary.skipped, summary.skipped),
        ] {
            if counted != most && !part.summary.partial {
                return Err(MergeError::Differ { what, name: text(name), counted, most });
            }
        }
    }
    let at = parts.iter().map(|(_, part)| part.head.at).min().unwrap_or(first.head.at);
    Ok(WrittenRun { head: Head::new(at), summary })
}

/// The first shards that are not there, where those that are make sense together.
fn missing_shards(first: (&str, Shard), rest: &[(&str, &WrittenRun)]) -> Result<Vec<u32>, MergeError> {
    let (first_name, first) = first;
    let mut there = BTreeMap::from([(first.index(), first_name)]);
    for (name, part) in rest {
        let Some(shard) = part.head.shard else { return Err(mixed(first_name, name)) };
        if shard.count() != first.count() {
            return Err(MergeError::Counts {
                first: text(first_name),
                count: first.count(),
                other: text(name),
                other_count: shard.count(),
            });
        }
        if let Some(other) = there.insert(shard.index(), name) {
            return Err(MergeError::Twice { shard, first: text(other), other: text(name) });
        }
    }
    Ok((0..first.count()).filter(|index| !there.contains_key(index)).take(MISSING_TOLD).collect())
}

fn mixed(shard: &str, whole: &str) -> MergeError {
    MergeError::Mixed { shard: text(shard), whole: text(whole) }
}

fn text(name: &str) -> String {
    name.to_owned()
}

/// Adds a part to the sums. Every part meets all that is unreadable or skipped, so that these are not added up.
pub(super) fn add(sum: &mut Summary, part: &Summary) {
    let (errors, skipped) = (sum.errors.max(part.errors), sum.skipped.max(part.skipped));
    sum.add(Summary { listed: Vec::new(), ..part.clone() });
    (sum.errors, sum.skipped) = (errors, skipped);
}

/// What several parts tell of items, in the order of the items. What more than one part tells alike comes out once.
#[derive(Debug)]
pub struct InOrder<I> {
    parts: Vec<I>,
    /// What each part tells next, by its item and then by the part.
    next: BinaryHeap<Reverse<Next>>,
    begun: bool,
}

#[derive(Debug)]
struct Next {
    part: usize,
    told: Told,
}

impl<I: Iterator<Item = Result<Told, E>>, E: From<MergeError>> InOrder<I> {
    /// Puts in order what `parts` tell, each of which is in order already.
    pub fn of(parts: Vec<I>) -> Self {
        Self { parts, next: BinaryHeap::new(), begun: false }
    }

    /// Takes the next out of a part.
    fn advance(&mut self, part: usize) -> Result<(), E> {
        if let Some(told) = self.parts.get_mut(part).and_then(Iterator::next).transpose()? {
            self.next.push(Reverse(Next { part, told }));
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Option<Told>, E> {
        if !std::mem::replace(&mut self.begun, true) {
            (0..self.parts.len()).try_for_each(|part| self.advance(part))?;
        }
        let Some(Reverse(Next { part, told })) = self.next.pop() else { return Ok(None) };
        self.advance(part)?;
        while let Some(Reverse(same)) = self.next.peek().filter(|Reverse(next)| next.told.item() == told.item()) {
            // Of errors all parts tell. An image falls to one.
            if matches!(told, Told::Image(_)) || same.told != told {
                return Err(MergeError::Conflict { item: told.item() }.into());
            }
            let part = same.part;
            self.next.pop();
            self.advance(part)?;
        }
        Ok(Some(told))
    }
}

impl<I: Iterator<Item = Result<Told, E>>, E: From<MergeError>> Iterator for InOrder<I> {
    type Item = Result<Told, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.told.item(), self.part).cmp(&(other.told.item(), other.part))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Next {}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

/// Why reports cannot be put together.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum MergeError {
    /// An image or error is told in more than one way.
    #[error("the reports tell different things of item {item}: they are not of one run over the same sources")]
    Conflict {
        /// The item.
        item: u64,
    },
    /// They are parts of different divisions.
    #[error("`{first}` is one of {count} shards, `{other}` one of {other_count}: expected shards of one count")]
    Counts {
        /// One of them.
        first: String,
        /// Into how many shards its run is divided.
        count: u32,
        /// Another.
        other: String,
        /// Into how many shards that one's run is divided.
        other_count: u32,
    },
    /// They met other things in the sources.
    #[error("`{name}` counts {counted} {what}, another report {most}: they are not of one run over the same sources")]
    Differ {
        /// What was counted.
        what: &'static str,
        /// The report with fewer.
        name: String,
        /// How many it counts.
        counted: u64,
        /// The most that any counts.
        most: u64,
    },
    /// Shards are not there.
    #[error("of {count} shards, these are missing: {}", list(missing))]
    Missing {
        /// The first of those that are missing.
        missing: Vec<u32>,
        /// How many shards there are.
        count: u32,
    },
    /// One is about a part, another about everything.
    #[error("`{shard}` is about one shard of the images, `{whole}` about all of them: expected shards of one run")]
    Mixed {
        /// A report about a shard.
        shard: String,
        /// A report about all images.
        whole: String,
    },
    /// There is none.
    #[error("there is no report to merge")]
    Nothing,
    /// They are about all images, each of a run of its own.
    #[error("`{first}` and `{other}` are reports of two runs, each of which numbers its items anew")]
    Several {
        /// One.
        first: String,
        /// Another.
        other: String,
    },
    /// Two are about the same images.
    #[error("`{first}` and `{other}` are both the report of shard {shard}")]
    Twice {
        /// The shard.
        shard: Shard,
        /// One.
        first: String,
        /// Another.
        other: String,
    },
}

impl MergeError {
    /// What would help.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => Some("`--allow-missing` merges what there is, into a report that says `partial`"),
            Self::Several { .. } => Some("`vidimus verify` with all the sources makes one report about all of them"),
            Self::Conflict { .. }
            | Self::Counts { .. }
            | Self::Differ { .. }
            | Self::Mixed { .. }
            | Self::Nothing
            | Self::Twice { .. } => None,
        }
    }
}

fn list(missing: &[u32]) -> String {
    let told = missing.iter().take(MISSING_TOLD.saturating_sub(1)).map(u32::to_string).collect::<Vec<_>>().join(", ");
    if missing.len() < MISSING_TOLD { told } else { format!("{told}, …") }
}

/// How many missing shards are looked for; all but the last are told.
const MISSING_TOLD: usize = 11;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::ItemError;
    use crate::report::written::WrittenImage;

    fn image(item: u64) -> Told {
        let text = format!(r#"{{"item":{item},"name":"","decision":"Allow"}}"#);
        Told::Image(WrittenImage::read(text.as_bytes()).unwrap())
    }

    fn error(item: u64) -> Told {
        Told::Error(ItemError { item, place: String::new(), message: String::new() })
    }

    fn in_order(parts: &[Vec<Told>]) -> Result<Vec<Told>, MergeError> {
        InOrder::of(parts.iter().map(|part| part.iter().cloned().map(Ok)).collect()).collect()
    }

    #[test]
    fn errors_come_out_once_and_images_are_of_one_part() {
        let once = Ok(vec![image(0), error(1), image(2)]);
        assert_eq!(in_order(&[vec![image(0), error(1)], vec![error(1), image(2)], vec![error(1)]]), once);
        assert_eq!(in_order(&[]), Ok(Vec::new()));
        for parts in [[vec![image(1)], vec![image(1)]], [vec![image(1)], vec![error(1)]]] {
            assert_eq!(in_order(&parts), Err(MergeError::Conflict { item: 1 }));
        }
        let other = Told::Error(ItemError { item: 1, place: "other".into(), message: String::new() });
        assert_eq!(in_order(&[vec![error(1)], vec![other]]), Err(MergeError::Conflict { item: 1 }));
    }

    fn part(shard: &str, summary: Summary) -> WrittenRun {
        let shard = (!shard.is_empty()).then(|| shard.parse().unwrap());
        WrittenRun { head: Head { shard, ..Head::new("2026-06-01T00:00:00Z".parse().unwrap()) }, summary }
    }

    #[test]
    fn sums_are_added_and_what_all_met_is_not() {
        let counted = |images, errors, partial| Summary { images, errors, partial, ..Summary::default() };
        let [one, other] = ["0/3", "2/3"].map(|shard| part(shard, counted(5, 2, false)));
        let interrupted = part("1/3", counted(7, 1, true));
        let merged = |parts: &[&WrittenRun], missing| {
            let parts: Vec<_> = parts.iter().map(|part| ("name", *part)).collect();
            whole(&parts, missing)
        };
        let expected = part("", counted(17, 2, true));
        assert_eq!(merged(&[&one, &interrupted, &other], false), Ok(expected));
        assert_eq!(merged(&[&other, &one], true), Ok(part("", counted(10, 2, true))));
        let missing = MergeError::Missing { missing: vec![1], count: 3 };
        assert_eq!(merged(&[&other, &one], false), Err(missing));
        let few = part("1/3", counted(7, 1, false));
        assert!(matches!(merged(&[&few, &one, &other], true), Err(MergeError::Differ { counted: 1, most: 2, .. })));
        assert_eq!(merged(&[], true), Err(MergeError::Nothing));
        let alone = part("", counted(1, 0, false));
        assert_eq!(merged(&[&alone], false).as_ref(), Ok(&alone));
    }

    #[test]
    fn of_many_missing_shards_the_first_are_told() {
        let only = part("7/4294967295", Summary::default());
        let error = whole(&[("name", &only)], false).unwrap_err();
        assert!(error.to_string().ends_with("missing: 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, …"), "{error}");
    }

    proptest! {
        #[test]
        fn whatever_the_partition_the_order_is_that_of_the_items(
            told in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..60),
            count in 1..8_usize,
        ) {
            let mut parts = vec![Vec::new(); count];
            let mut expected = Vec::new();
            for (item, (is_image, part)) in (0..).zip(&told) {
                let told = if *is_image { image(item) } else { error(item) };
                match parts.get_mut(part.index(count)).filter(|_| *is_image) {
                    Some(part) => part.push(told.clone()),
                    None => parts.iter_mut().for_each(|part| part.push(told.clone())),
                }
                expected.push(told);
            }
            prop_assert_eq!(in_order(&parts), Ok(expected));
        }
    }
}
