//! The conditions of a signature: how evidence is written on the object.

use chrono::{DateTime, Utc};

use crate::image::{SignatureCondition, Text};
use crate::signature::record::rfc3339;
use crate::signature::{Code, Evidence, Outcome, Rejection, Undecided};

/// The types that vidimus writes.
const COMPLETE: &str = "Complete";
const FAILED: &str = "Failed";

const TRUE: &str = "True";
const FALSE: &str = "False";
const UNKNOWN: &str = "Unknown";

/// The API server accepts a list of conditions only if it begins with these two.
const FIRST: [&str; 2] = ["Trusted", "ForImage"];

/// Which conditions are written on a signature.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ConditionSet {
    /// `Complete` and `Failed`, after those of other types, of which `Trusted` and `ForImage` come first.
    #[default]
    Own,
    /// What an API server accepts: `Trusted` and `ForImage`, by what was found, then `Complete` and `Failed`, then those
    /// of other types; each type once.
    Native,
}

/// The conditions of a signature after a verification at `at`, given those that it had.
///
/// `Complete` and `Failed` are computed from `evidence`; conditions of other types are kept as they are, `Trusted` and
/// `ForImage` first. `lastTransitionTime` moves only when the status changes.
pub fn conditions(
    evidence: &Evidence,
    previous: &[SignatureCondition<'_>],
    at: DateTime<Utc>,
) -> Vec<SignatureCondition<'static>> {
    let is_first = |condition: &&SignatureCondition<'_>| FIRST.contains(&condition.condition_type.as_str());
    let first =
        FIRST.iter().flat_map(|first| previous.iter().filter(move |condition| condition.condition_type == **first));
    let mut conditions: Vec<_> = first
        .chain(previous.iter().filter(|condition| !is_ours(condition) && !is_first(condition)))
        .map(one_owned)
        .collect();
    conditions.extend(ours(evidence, previous, at));
    conditions
}

/// The conditions of a signature as an API server accepts them ([`ConditionSet::Native`]): all that are computed are
/// computed from `evidence`, and of several conditions of another type the latest is kept, by the server's rule.
pub fn native_conditions(
    evidence: &Evidence,
    previous: &[SignatureCondition<'_>],
    at: DateTime<Utc>,
) -> Vec<SignatureCondition<'static>> {
    let mut conditions = Vec::from(native(evidence, previous, at));
    conditions.extend(ours(evidence, previous, at));
    let computed = conditions.len();
    for condition in
        previous.iter().filter(|condition| !is_ours(condition) && !FIRST.contains(&&*condition.condition_type))
    {
        let kept = conditions.iter_mut().skip(computed).find(|kept| kept.condition_type == condition.condition_type);
        match kept {
            None => conditions.push(one_owned(condition)),
            Some(kept) if probed(condition) >= probed(kept) => *kept = one_owned(condition),
            Some(_) => {}
        }
    }
    conditions
}

/// When a condition was last probed; before everything else, if that is not known.
fn probed(condition: &SignatureCondition<'_>) -> Option<DateTime<Utc>> {
    let time = condition.last_probe_time.as_ref()?;
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.with_timezone(&Utc))
}

fn is_ours(condition: &SignatureCondition<'_>) -> bool {
    [COMPLETE, FAILED].contains(&condition.condition_type.as_str())
}

/// `Complete` and `Failed`.
fn ours(
    evidence: &Evidence,
    previous: &[SignatureCondition<'_>],
    at: DateTime<Utc>,
) -> [SignatureCondition<'static>; 2] {
    let (complete, failed) = match evidence.outcome() {
        Outcome::Verified => (TRUE, FALSE),
        Outcome::Rejected(_) => (FALSE, TRUE),
        Outcome::Undecided(_) => (UNKNOWN, UNKNOWN),
    };
    let (reason, message) = (evidence.code().reason(), evidence.message());
    [(COMPLETE, complete), (FAILED, failed)]
        .map(|(condition_type, status)| condition(condition_type, status, (reason, message.clone()), previous, at))
}

/// `Trusted` and `ForImage`. What holds says why it does; what does not, or is not known, says what was found.
fn native(
    evidence: &Evidence,
    previous: &[SignatureCondition<'_>],
    at: DateTime<Utc>,
) -> [SignatureCondition<'static>; 2] {
    let (trusted, for_image) = standing(evidence);
    let by = evidence.signer().map_or_else(String::new, |signer| format!("signed by {}", signer.described()));
    let of = evidence.claims().map_or_else(String::new, |claims| format!("signed for `{}`", claims.docker_reference()));
    [("Trusted", trusted, by), ("ForImage", for_image, of)].map(|(condition_type, status, holds)| {
        let said = match status {
            TRUE => (Code::Verified.reason(), holds),
            _ => (evidence.code().reason(), evidence.message()),
        };
        condition(condition_type, status, said, previous, at)
    })
}

/// The statuses of `Trusted` and `ForImage`. Both are `True` for what verified and for nothing else; what was not
/// looked at, as something before it failed, is `Unknown`.
fn standing(evidence: &Evidence) -> (&'static str, &'static str) {
    match evidence.outcome() {
        Outcome::Verified => (TRUE, TRUE),
        Outcome::Rejected(rejection) => match rejection {
            // Nobody who is trusted vouches for anything: no claim was read.
            Rejection::Authentication(_) | Rejection::Kind { .. } | Rejection::Sigstore(_) => (FALSE, UNKNOWN),
            Rejection::Record(_) if evidence.signer().is_none() => (FALSE, UNKNOWN),
            // Somebody does, for something else; or it is not said for what.
            Rejection::Anchor(_)
            | Rejection::Claims(_)
            | Rejection::Contradiction { .. }
            | Rejection::Digest { .. }
            | Rejection::Identity(_)
            | Rejection::Record(_) => (TRUE, FALSE),
            // It is for the image, and by nobody who is accepted for it.
            Rejection::Terms(_) => (FALSE, TRUE),
        },
        Outcome::Undecided(undecided) => match undecided {
            Undecided::Anchor(_) => (TRUE, UNKNOWN),
            Undecided::NotExamined
            | Undecided::TooManyKeys { .. }
            | Undecided::TooManySignatures { .. }
            | Undecided::Type { .. } => (UNKNOWN, UNKNOWN),
        },
    }
}

fn condition(
    condition_type: &'static str,
    status: &'static str,
    (reason, message): (&'static str, String),
    previous: &[SignatureCondition<'_>],
    at: DateTime<Utc>,
) -> SignatureCondition<'static> {
    let now = rfc3339(at);
    SignatureCondition {
        condition_type: Text::from(condition_type),
        status: Text::from(status),
        last_transition_time: Some(Text::from(
            transition(previous, condition_type, status, at).map_or_else(|| now.clone(), rfc3339),
        )),
        last_probe_time: Some(Text::from(now)),
        reason: Text::from(reason),
        message: Text::from(message),
    }
}

/// Whether the API server refuses the informative members beside these conditions.
pub(crate) fn is_standing_unknown(conditions: &[SignatureCondition<'_>]) -> bool {
    conditions.first().is_some_and(|first| first.condition_type == *"Trusted" && first.status == *UNKNOWN)
}

/// When the status became what it is: at the earlier transition if it is unchanged; nothing if that is now. A time that
/// cannot be, as it is in the future or before the first second of 1970, is not kept.
fn transition(
    previous: &[SignatureCondition<'_>],
    condition_type: &str,
    status: &str,
    at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    previous
        .iter()
        .rfind(|condition| condition.condition_type == *condition_type)
        .filter(|condition| condition.status == *status)
        .and_then(|condition| condition.last_transition_time.as_ref())
        .and_then(|time| DateTime::parse_from_rfc3339(time).ok())
        .map(|time| time.with_timezone(&Utc))
        .filter(|time| *time <= at && time.timestamp() >= 0)
}

/// Conditions that do not need their document any more.
pub(crate) fn owned(conditions: &[SignatureCondition<'_>]) -> Vec<SignatureCondition<'static>> {
    conditions.iter().map(one_owned).collect()
}

fn one_owned(condition: &SignatureCondition<'_>) -> SignatureCondition<'static> {
    SignatureCondition {
        condition_type: condition.condition_type.clone().into_owned(),
        status: condition.status.clone().into_owned(),
        last_probe_time: condition.last_probe_time.clone().map(Text::into_owned),
        last_transition_time: condition.last_transition_time.clone().map(Text::into_owned),
        reason: condition.reason.clone().into_owned(),
        message: condition.message.clone().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_of_transition(status: &str, time: &str) -> String {
        let previous = SignatureCondition {
            condition_type: Text::from("Complete"),
            status: Text::from(status),
            last_transition_time: Some(Text::from(time)),
            ..SignatureCondition::default()
        };
        let at = "2026-06-01T00:00:00Z".parse().unwrap();
        rfc3339(transition(&[previous], COMPLETE, "True", at).unwrap_or(at))
    }

    #[test]
    fn the_time_of_transition_moves_with_the_status() {
        assert_eq!(time_of_transition("True", "2024-03-01T14:00:00+02:00"), "2024-03-01T12:00:00Z");
        assert_eq!(time_of_transition("False", "2024-03-01T12:00:00Z"), "2026-06-01T00:00:00Z");
    }

    #[test]
    fn a_time_that_cannot_be_is_not_kept() {
        for time in [
            "2026-06-01T00:00:01Z",
            "9999-12-31T23:59:59Z",
            "0000-01-01T00:00:00+23:59",
            "1969-12-31T23:59:59Z",
            "yesterday",
            "",
        ] {
            assert_eq!(time_of_transition("True", time), "2026-06-01T00:00:00Z", "{time:?}");
        }
    }
}
