//! The conditions of a signature: how evidence is written on the object.

use chrono::{DateTime, Utc};

use crate::image::{SignatureCondition, Text};
use crate::signature::record::rfc3339;
use crate::signature::{Evidence, Outcome};

/// The types that vidimus writes.
const COMPLETE: &str = "Complete";
const FAILED: &str = "Failed";

/// The API server accepts a list of conditions only if it begins with these two.
const FIRST: [&str; 2] = ["Trusted", "ForImage"];

/// The conditions of a signature after a verification at `at`, given those that it had.
///
/// `Complete` and `Failed` are computed from `evidence`; conditions of other types are kept as they are, `Trusted` and
/// `ForImage` first. `lastTransitionTime` moves only when the status changes.
pub fn conditions(
    evidence: &Evidence,
    previous: &[SignatureCondition<'_>],
    at: DateTime<Utc>,
) -> Vec<SignatureCondition<'static>> {
    let (complete, failed) = match evidence.outcome() {
        Outcome::Verified => ("True", "False"),
        Outcome::Rejected(_) => ("False", "True"),
        Outcome::Undecided(_) => ("Unknown", "Unknown"),
    };
    let (now, message) = (rfc3339(at), evidence.message());
    let ours = |condition_type: &'static str, status: &'static str| SignatureCondition {
        condition_type: Text::from(condition_type),
        status: Text::from(status),
        last_probe_time: Some(Text::from(now.clone())),
        last_transition_time: Some(Text::from(
            transition(previous, condition_type, status, at).map_or_else(|| now.clone(), rfc3339),
        )),
        reason: Text::from(evidence.code().reason()),
        message: Text::from(message.clone()),
    };
    let is_ours = |condition: &&SignatureCondition<'_>| [COMPLETE, FAILED].contains(&condition.condition_type.as_str());
    let is_first = |condition: &&SignatureCondition<'_>| FIRST.contains(&condition.condition_type.as_str());
    let mut conditions: Vec<_> = FIRST
        .iter()
        .flat_map(|first| previous.iter().filter(move |condition| condition.condition_type == **first))
        .chain(previous.iter().filter(|condition| !is_ours(condition) && !is_first(condition)))
        .map(one_owned)
        .collect();
    conditions.extend([ours(COMPLETE, complete), ours(FAILED, failed)]);
    conditions
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
