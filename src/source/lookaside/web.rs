//! Stores on a web server.

use crate::signature::CONTENT_LIMIT;
use crate::source::SourceProblem;
use crate::source::http::{Client, HttpProblem, Url};
use crate::source::join::Stored;
use crate::source::layout::{LayoutProblem, SIGNATURE_FILES_LIMIT};

/// The signatures in a folder of the store at `base`, up to the first number that the server does not have.
///
/// That end is taken from the server: one that leaves out the last signatures cannot be told from one that has no more.
/// A signature less never allows what was denied.
pub(super) fn signatures(client: &mut Client, base: &Url, folder: &str) -> Result<Vec<Stored>, SourceProblem> {
    let mut found = Vec::new();
    for number in 1.. {
        let name = format!("signature-{number}");
        let url = base.join(&format!("{folder}/{name}"));
        let told =
            |problem: SourceProblem| SourceProblem::Stored { place: url.to_string(), problem: Box::new(problem) };
        // One byte more than the limit is enough for the verification to see that it is too long.
        let Some(body) = client.get(&url, CONTENT_LIMIT).map_err(|problem| told(problem.into()))? else { break };
        if number > SIGNATURE_FILES_LIMIT {
            return Err(told(LayoutProblem::TooManySignatures.into()));
        }
        if body.is_page {
            return Err(told(HttpProblem::Page.into()));
        }
        found.push(Stored { name, content: body.bytes });
    }
    Ok(found)
}
