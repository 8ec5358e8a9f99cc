//! Which of two scopes comes first where both apply.

use crate::policy::scope::index::{Claim, Group};
use crate::policy::scope::namespaces::Place;

/// How the images of one pattern lie to those of another that some image matches too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Nesting {
    /// The first is inside the second.
    Inside,
    /// Neither is inside the other.
    Neither,
    /// The second is inside the first.
    Outside,
    /// They are the same.
    Same,
}

impl Nesting {
    pub(super) fn of(one: &Group, other: &Group) -> Self {
        if one.number == other.number {
            return Self::Same;
        }
        match (other.pattern.covers(&one.pattern), one.pattern.covers(&other.pattern)) {
            (true, false) => Self::Inside,
            (false, true) => Self::Outside,
            // Patterns that are the same are in one group. Should two ever not be seen to be, neither comes first.
            (false, false) | (true, true) => Self::Neither,
        }
    }
}

/// Whether `one` comes before `other`: the image decides, then the namespace.
///
/// This is a strict partial order: of two claims that it does not order, either none ever applies where the other does,
/// or they are one rule's, or the policy has a conflict.
pub(super) fn before((one, group): (&Claim, &Group), (other, other_group): (&Claim, &Group)) -> bool {
    match Nesting::of(group, other_group) {
        Nesting::Inside => true,
        Nesting::Same => place_before(&one.place, &other.place),
        Nesting::Neither | Nesting::Outside => false,
    }
}

/// Whether `one` says more closely than `other` which namespaces are meant: by its rank, and in the same rank by being
/// inside the other.
pub(super) fn place_before(one: &Place, other: &Place) -> bool {
    let (rank, other_rank) = (one.rank(), other.rank());
    rank > other_rank || rank == other_rank && other.covers(one) && !one.covers(other)
}
