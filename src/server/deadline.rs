//! How long an answer is worth waiting for.

use std::time::Duration;

/// The time that an API server waits where it does not say.
const DEFAULT: Duration = Duration::from_secs(10);

/// The longest that is waited, whatever is said: no API server takes more.
const LONGEST: Duration = Duration::from_secs(30);

/// The part of the time that is for the answer; the rest is for the way back.
const SHARE: f64 = 0.9;

/// The time that a request has: what its `timeout` parameter says, less a tenth for the way back.
pub(super) fn of(query: Option<&str>) -> Duration {
    let said = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("timeout="));
    let timeout = said.and_then(go_duration).unwrap_or(DEFAULT).min(LONGEST);
    timeout.mul_f64(SHARE)
}

/// Reads a duration as Go writes it: `10s`, `1m30s`, `250ms`, `1.5s`.
pub fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let unit = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at_checked(unit)?;
        let end = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, wanted) in
            [("10s", 10_000), ("1m30s", 90_000), ("250ms", 250), ("1.5s", 1500), ("1h", 3_600_000), ("0s", 0)]
        {
            assert_eq!(go_duration(text), Some(Duration::from_millis(wanted)), "{text}");
        }
        for text in ["", "10", "s", "-1s", "10 s", "10x", "1..5s", "99999999999999999999h", "1e3s", "NaNs"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_tenth_is_kept_for_the_way_back_and_nobody_waits_for_ever() {
        assert_eq!(of(Some("timeout=10s")), Duration::from_secs(9));
        assert_eq!(of(Some("a=b&timeout=2s")), Duration::from_millis(1800));
        assert_eq!(of(None), Duration::from_secs(9));
        assert_eq!(of(Some("timeout=soon")), Duration::from_secs(9));
        assert_eq!(of(Some("timeout=1000h")), Duration::from_secs(27));
    }
}
