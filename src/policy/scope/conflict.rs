//! What is wrong with the scopes of a policy as a whole.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::scope::index::{Claim, Group, Scopes};
use crate::policy::scope::namespaces::Rank;
use crate::policy::scope::pattern::ImagePattern;
use crate::policy::scope::precedence::{Nesting, place_before};

/// Two rules whose scopes do not go together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Conflict {
    /// What is wrong.
    pub(crate) kind: ConflictKind,
    /// The position of the rule that is never reached; of an ambiguous two, of the first.
    pub(crate) rule: usize,
    /// The rule's pattern of images; none for every image.
    pub(crate) pattern: Option<ImagePattern>,
    /// The position of the other rule.
    pub(crate) other: usize,
    /// The other rule's pattern of images; none for every image.
    pub(crate) other_pattern: Option<ImagePattern>,
}

/// What is wrong with two scopes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ConflictKind {
    /// Some image in some namespace is in both scopes, and neither comes first. A third rule that comes before both
    /// does not help.
    Ambiguous,
    /// The rule never governs: wherever it could, the other comes first. It may take several others; one is told.
    Unreachable,
}

/// The conflicts, each two rules once a kind, in the order of the rules. With [`CONFLICTS_LIMIT`] found no more are
/// looked for.
pub(super) fn find(scopes: &Scopes) -> Vec<Conflict> {
    let mut found = Found { scopes, conflicts: BTreeMap::new() };
    for group in scopes.groups.iter().filter(|group| !group.claims.is_empty()) {
        found.in_group(group);
        if found.is_full() {
            break;
        }
        for other in scopes.trie.overlapping(&group.pattern).into_iter().filter(|other| *other > group.number) {
            if let Some(other) = scopes.groups.get(other) {
                found.between(group, other);
            }
            if found.is_full() {
                break;
            }
        }
    }
    found.unreachable();
    found.conflicts.into_values().collect()
}

struct Found<'s> {
    scopes: &'s Scopes,
    conflicts: BTreeMap<(ConflictKind, usize, usize), Conflict>,
}

impl<'s> Found<'s> {
    fn is_full(&self) -> bool {
        self.conflicts.len() >= CONFLICTS_LIMIT
    }

    /// Claims on the same images: between ranks there is an order.
    fn in_group(&mut self, group: &'s Group) {
        if group.only_rule.is_some() {
            return;
        }
        for claim in claims(self.scopes, group) {
            let same_kind = |other: &&Claim| other.place.name().is_some() == claim.place.name().is_some();
            for other in overlapping(self.scopes, group, claim).filter(same_kind) {
                let ordered = || place_before(&claim.place, &other.place) || place_before(&other.place, &claim.place);
                if claim.rule < other.rule && !ordered() {
                    self.add(ConflictKind::Ambiguous, claim, other);
                }
            }
            if self.is_full() {
                return;
            }
        }
    }

    /// Claims on images that some are in common of. Whether the namespaces meet is asked first, of the smaller group:
    /// that costs less than to compare the patterns.
    fn between(&mut self, group: &'s Group, other_group: &'s Group) {
        let same_rule = group.only_rule.is_some() && group.only_rule == other_group.only_rule;
        if same_rule {
            return;
        }
        let in_order = group.claims.len() <= other_group.claims.len();
        let (small, large) = if in_order { (group, other_group) } else { (other_group, group) };
        let scopes = self.scopes;
        let meeting = |claim: &'s Claim| {
            overlapping(scopes, large, claim).filter(|other| other.rule != claim.rule).map(move |other| (claim, other))
        };
        let mut pairs = claims(scopes, small).flat_map(meeting).peekable();
        if pairs.peek().is_none() || Nesting::of(group, other_group) != Nesting::Neither {
            return;
        }
        for (claim, other) in pairs {
            let (first, second) = if claim.rule < other.rule { (claim, other) } else { (other, claim) };
            self.add(ConflictKind::Ambiguous, first, second);
            if self.is_full() {
                return;
            }
        }
    }

    /// The rules each of whose claims has one before it that applies wherever it does.
    fn unreachable(&mut self) {
        let mut reachable = BTreeSet::new();
        let mut hidden: BTreeMap<usize, (&Claim, &Claim)> = BTreeMap::new();
        for group in &self.scopes.groups {
            let claims: Vec<_> = claims(self.scopes, group).collect();
            // Only these can hold all of another claim's namespaces and come before it.
            let wide: Vec<_> = claims.iter().filter(|claim| is_wide(claim)).collect();
            for claim in &claims {
                let hides = |other: &&&&Claim| {
                    other.rule != claim.rule
                        && (other.image.is_none() || claim.image.is_some())
                        && place_before(&other.place, &claim.place)
                        && other.place.covers(&claim.place)
                };
                let named = matches!(claim.place.rank(), Rank::Glob | Rank::Name);
                match wide.iter().find(hides).filter(|_| !named) {
                    Some(other) => {
                        hidden.entry(claim.rule).or_insert((claim, other));
                    }
                    None => {
                        reachable.insert(claim.rule);
                    }
                }
            }
        }
        for (rule, (claim, other)) in hidden {
            if !reachable.contains(&rule) {
                self.add(ConflictKind::Unreachable, claim, other);
            }
        }
    }

    fn add(&mut self, kind: ConflictKind, claim: &Claim, other: &Claim) {
        if self.is_full() {
            return;
        }
        self.conflicts.entry((kind, claim.rule, other.rule)).or_insert_with(|| Conflict {
            kind,
            rule: claim.rule,
            pattern: claim.image.clone(),
            other: other.rule,
            other_pattern: other.image.clone(),
        });
    }
}

fn claims<'s>(scopes: &'s Scopes, group: &'s Group) -> impl Iterator<Item = &'s Claim> {
    group.claims.iter().filter_map(|number| scopes.claims.get(*number))
}

/// The claims of `group` on namespaces of which some are `claim`'s as well.
fn overlapping<'s>(scopes: &'s Scopes, group: &'s Group, claim: &'s Claim) -> impl Iterator<Item = &'s Claim> {
    let named: Box<dyn Iterator<Item = &Vec<usize>>> = match claim.place.name() {
        Some(name) => group.named.overlapping(name.glob()),
        None => Box::new(group.named.values()),
    };
    let claims = named.flatten().chain(&group.unnamed).filter_map(|number| scopes.claims.get(*number));
    claims.filter(|other| other.place.overlaps(&claim.place))
}

/// Whether the claim is on namespaces of any name, though it comes before some other of that kind.
fn is_wide(claim: &Claim) -> bool {
    claim.place.name().is_none_or(|name| name.glob().is_any()) && claim.place.rank() > Rank::All
}

/// The most conflicts that are told of a policy.
pub(super) const CONFLICTS_LIMIT: usize = 1000;
