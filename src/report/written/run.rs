//! What a report tells of the whole run.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{LIMITS, WrittenError};
use crate::image::json::{Document, Node, Object, Value};
use crate::report::json::API_VERSION;
use crate::report::{Head, Inventory, Shard, ShardError, Summary};
use crate::signature::Code;

/// What a report tells of the whole run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrittenRun {
    /// What it begins with.
    pub head: Head,
    /// What it ends with; which errors are listed is not part of it.
    pub summary: Summary,
}

impl WrittenRun {
    /// Reads the JSON report without its `images` and `errors`.
    ///
    /// # Errors
    ///
    /// A [`WrittenError`] where the text is something else.
    pub fn read(text: &[u8]) -> Result<Self, WrittenError> {
        let document = Document::read(text, &LIMITS)?;
        let mut members = document.root().object()?;
        let version = members.required("apiVersion")?;
        check_version(version.string()?)?;
        let kind = members.required("kind")?.string()?;
        if kind != "VerificationReport" {
            return Err(WrittenError::Kind { found: kind.to_owned(), expected: "`VerificationReport`" });
        }
        let head = head(&mut members)?;
        let summary = summary(members.required("summary")?.object()?)?;
        members.finish()?;
        Ok(Self { head, summary })
    }

    /// What the last line of the NDJSON report holds beside its `apiVersion` and `kind`.
    pub(super) fn of_line(mut members: Object<'_>) -> Result<Self, WrittenError> {
        Ok(Self { head: head(&mut members)?, summary: summary(members)? })
    }
}

pub(super) fn check_version(found: &str) -> Result<(), WrittenError> {
    if found == API_VERSION { Ok(()) } else { Err(WrittenError::Version { found: found.to_owned() }) }
}

fn head(members: &mut Object<'_>) -> Result<Head, WrittenError> {
    let at = members.required("at")?.string()?;
    let at = DateTime::parse_from_rfc3339(at).map_err(|_| WrittenError::Time { found: at.to_owned() })?;
    let shard = members.optional("shard").map(shard).transpose()?;
    Ok(Head { at: at.with_timezone(&Utc), shard })
}

fn shard(node: Node<'_>) -> Result<Shard, WrittenError> {
    let mut members = node.object()?;
    let mut number = |name| -> Result<u32, WrittenError> {
        let node = members.required(name)?;
        u32::try_from(node.unsigned()?).map_err(|_| WrittenError::Shard(ShardError::Malformed { found: node.path() }))
    };
    let (index, count) = (number("index")?, number("count")?);
    members.finish()?;
    Ok(Shard::new(index, count)?)
}

/// Reads the members of a summary, all of them and no others: one that is not known could not be added up.
fn summary(mut members: Object<'_>) -> Result<Summary, WrittenError> {
    let Value::Bool(partial) = members.required("partial")?.value() else { return Err(WrittenError::Partial) };
    let mut codes = BTreeMap::new();
    for (name, node) in members.required("codes")?.object()?.rest() {
        let code = Code::ALL.iter().find(|code| code.as_str() == name);
        let code = code.ok_or_else(|| WrittenError::Code { found: name.to_owned() })?;
        codes.insert(*code, node.unsigned()?);
    }
    let mut number = |name| members.required(name).and_then(|node| node.unsigned());
    let summary = Summary {
        images: number("images")?,
        allowed: number("allowed")?,
        denied: number("denied")?,
        undecided_images: number("undecidedImages")?,
        tolerated: number("tolerated")?,
        warned: number("warned")?,
        exempted: number("exempted")?,
        unsigned: number("unsigned")?,
        signatures: number("signatures")?,
        verified: number("verified")?,
        rejected: number("rejected")?,
        undecided: number("undecided")?,
        errors: number("errors")?,
        skipped: number("skipped")?,
        codes,
        partial: *partial,
        listed: Vec::new(),
        // A report that is merged does not tell it.
        inventory: Inventory::default(),
    };
    members.finish()?;
    Ok(summary)
}
