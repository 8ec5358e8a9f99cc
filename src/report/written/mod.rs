//! Reports read again: what was told of each item and of the whole, out of the text it was written as.
//!
//! Nothing is judged anew. What is told of an image is kept as it stands, with no more read of it than its number, its
//! name and its decision; what is told of the whole is read strictly, as sums are computed with it.

mod error;
mod facts;
mod members;
mod run;
mod tally;

pub use error::WrittenError;
pub use facts::{WrittenFacts, WrittenSigner};
pub use run::WrittenRun;
pub use tally::{ErrorsTold, Tally, TallyError};

use members::{Members, told_without_line};
use run::check_version;

use crate::image::json::{Document, Limits, Object};
use crate::policy::Effect;
use crate::report::ItemError;
use crate::report::json::{API_VERSION, json};

/// The greatest length of what a report tells about one item, in bytes.
///
/// Of an object of 16 MiB that is full of empty signatures a report tells some hundred times as much as it holds.
pub const WRITTEN_ITEM_LIMIT: usize = 1 << 30;

/// What a report tells of one item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    /// The verdict on an image.
    Image(WrittenImage),
    /// That the item could not be read.
    Error(ItemError),
}

impl Told {
    /// The item's number in the run.
    pub fn item(&self) -> u64 {
        match self {
            Self::Image(image) => image.item,
            Self::Error(error) => error.item,
        }
    }
}

/// What a report tells of an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrittenImage {
    item: u64,
    name: String,
    decision: Effect,
    /// The members, from `item` on, without the braces around them.
    members: String,
}

impl WrittenImage {
    /// Reads an element of `images` of the JSON report.
    ///
    /// # Errors
    ///
    /// A [`WrittenError`] where the text is something else.
    pub fn read(text: &[u8]) -> Result<Self, WrittenError> {
        Self::of(&Members::read(text)?)
    }

    fn of(members: &Members<'_>) -> Result<Self, WrittenError> {
        let decision: String = members.value("decision")?;
        let effects = [Effect::Allow, Effect::Deny, Effect::Undecided];
        let Some(decision) = effects.into_iter().find(|effect| effect.to_string() == decision) else {
            return Err(WrittenError::Decision { found: decision });
        };
        Ok(Self { item: members.value("item")?, name: members.value("name")?, decision, members: members.text() })
    }

    /// The item's number in the run.
    pub fn item(&self) -> u64 {
        self.item
    }

    /// The name of the image.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was decided.
    pub fn decision(&self) -> Effect {
        self.decision
    }

    /// The image as an element of the JSON report.
    pub(in crate::report) fn element(&self) -> String {
        format!("{{{}}}", self.members)
    }

    /// The image as a line of the NDJSON report.
    pub(in crate::report) fn line(&self) -> String {
        format!("{{\"apiVersion\":{},\"kind\":\"Image\",{}}}\n", json(&API_VERSION), self.members)
    }
}

/// Reads an element of `errors` of the JSON report.
///
/// # Errors
///
/// A [`WrittenError`] where the text is something else.
pub fn read_error(text: &[u8]) -> Result<ItemError, WrittenError> {
    let document = Document::read(text, &LIMITS)?;
    item_error(document.root().object()?)
}

fn item_error(mut members: Object<'_>) -> Result<ItemError, WrittenError> {
    let item = members.required("item")?.unsigned()?;
    let place = members.required("place")?.string()?.to_owned();
    let message = members.required("message")?.string()?.to_owned();
    members.finish()?;
    Ok(ItemError { item, place, message })
}

/// A line of the NDJSON report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WrittenLine {
    /// What is told of an item.
    Told(Told),
    /// What is told of the whole: the last line.
    Run(Box<WrittenRun>),
}

impl WrittenLine {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// A [`WrittenError`] where the text is something else.
    pub fn read(text: &[u8]) -> Result<Self, WrittenError> {
        let mut members = Members::read(text)?;
        let (version, kind): (String, String) = (members.value("apiVersion")?, members.value("kind")?);
        check_version(&version)?;
        match kind.as_str() {
            "Image" => {
                members.0.retain(|(name, _)| name != "apiVersion" && name != "kind");
                Ok(Self::Told(Told::Image(WrittenImage::of(&members)?)))
            }
            "Error" => {
                let document = Document::read(text, &LIMITS)?;
                let mut members = document.root().object()?;
                let _ = (members.required("apiVersion")?, members.required("kind")?);
                Ok(Self::Told(Told::Error(item_error(members)?)))
            }
            "Summary" => {
                let document = Document::read(text, &LIMITS)?;
                let mut members = document.root().object()?;
                let _ = (members.required("apiVersion")?, members.required("kind")?);
                Ok(Self::Run(Box::new(WrittenRun::of_line(members)?)))
            }
            _ => Err(WrittenError::Kind { found: kind, expected: "`Image`, `Error` or `Summary`" }),
        }
    }
}

/// What is read of a summary or an error.
const LIMITS: Limits = Limits { bytes: WRITTEN_ITEM_LIMIT, depth: 8, values: 10_000 };

#[cfg(test)]
mod tests;
