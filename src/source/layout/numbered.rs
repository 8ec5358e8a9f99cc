//! Signatures in files that are numbered from 1.

use std::io;

use crate::signature::CONTENT_LIMIT;
use crate::source::SourceProblem;
use crate::source::layout::{LayoutProblem, Root, SIGNATURE_FILES_LIMIT};

/// The signatures up to the first number that is missing, as every reader of such layouts reads them, and what is wrong
/// with those that are not read.
#[expect(clippy::type_complexity, reason = "a name and a content, a name and a problem")]
pub(in crate::source) fn read_numbered(
    root: &Root,
    prefix: &str,
) -> (Vec<(String, Vec<u8>)>, Option<(String, SourceProblem)>) {
    let mut found = Vec::new();
    for number in 1..=SIGNATURE_FILES_LIMIT {
        let short = format!("signature-{number}");
        let name = format!("{prefix}{short}");
        // One byte more than the limit is enough for the verification to see that it is too long.
        match root.read_up_to(&name, CONTENT_LIMIT) {
            Ok(Some(content)) => found.push((short, content)),
            Ok(None) => {
                let missing = short;
                let behind = behind_gap(root, prefix, number);
                let wrong = behind.map(|behind| behind.map(|name| (name, LayoutProblem::Gap { missing }.into())));
                return (found, wrong.unwrap_or_else(|error| Some((String::new(), error.into()))));
            }
            Err(problem) => return (found, Some((name, problem))),
        }
    }
    let next = format!("{prefix}signature-{}", SIGNATURE_FILES_LIMIT.saturating_add(1));
    let wrong = match root.read_up_to(&next, 0) {
        Ok(None) => None,
        Ok(Some(_)) => Some((next, LayoutProblem::TooManySignatures.into())),
        Err(problem) => Some((next, problem)),
    };
    (found, wrong)
}

/// The first signature behind a number that is missing.
fn behind_gap(root: &Root, prefix: &str, missing: usize) -> io::Result<Option<String>> {
    let mut first: Option<(usize, String)> = None;
    for name in root.names()? {
        let name = name?;
        let number = name.strip_prefix(prefix).and_then(|name| name.strip_prefix("signature-"));
        // Only as it would be written: `signature-01` is nobody's.
        let number = number.and_then(|text| text.parse().ok().filter(|number: &usize| number.to_string() == text));
        if let Some(number) = number.filter(|number| *number > missing)
            && first.as_ref().is_none_or(|(first, _)| number < *first)
        {
            first = Some((number, name));
        }
    }
    Ok(first.map(|(_, name)| name))
}
