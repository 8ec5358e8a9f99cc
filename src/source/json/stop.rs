//! Where a JSON document cannot be read any further, and why.

use serde::de::IgnoredAny;

use crate::source::SourceProblem;
use crate::source::export::{ITEM_LIMIT, LIST_DEPTH};
use crate::source::window::Window;

/// Why reading a document ends early.
pub(super) enum Stop {
    /// The visitor has enough.
    Visitor,
    /// Lists are nested too deep.
    TooDeep,
    /// The document is larger than an item may be.
    TooLarge,
    /// The text ended.
    CutOff,
    /// It is no JSON, at this byte.
    Syntax { message: String, at: usize },
    /// It is no text, from this byte on.
    Encoding { at: usize },
}

impl Stop {
    pub(super) fn syntax(message: &str, at: usize) -> Self {
        Self::Syntax { message: message.to_owned(), at }
    }

    /// Where it was noticed.
    pub(super) fn at(&self, window: &Window<'_>) -> usize {
        match self {
            Self::Syntax { at, .. } | Self::Encoding { at } => *at,
            Self::CutOff => window.end(),
            Self::Visitor | Self::TooDeep | Self::TooLarge => window.at(),
        }
    }

    pub(super) fn problem(self, window: &mut Window<'_>) -> SourceProblem {
        let end = window.end();
        match self {
            Self::Visitor | Self::CutOff => match window.failure() {
                Some(error) => SourceProblem::Stopped { offset: end, source: error },
                None => {
                    let (line, column) = window.position(end);
                    SourceProblem::CutOff { line, column }
                }
            },
            Self::TooDeep => SourceProblem::Nesting { limit: LIST_DEPTH },
            Self::TooLarge => SourceProblem::TooLarge { limit: ITEM_LIMIT },
            Self::Encoding { at } => SourceProblem::Encoding { offset: at },
            Self::Syntax { message, at } => {
                let (line, column) = window.position(at);
                SourceProblem::Syntax { message, line, column }
            }
        }
    }
}

/// What is wrong with the JSON text that begins at `start`.
pub(super) fn error(text: &[u8], start: usize) -> Option<Stop> {
    if let Err(error) = std::str::from_utf8(text) {
        return Some(Stop::Encoding { at: start.saturating_add(error.valid_up_to()) });
    }
    let error = serde_json::from_slice::<IgnoredAny>(text).err()?;
    if error.is_eof() {
        return Some(Stop::CutOff);
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let lines = error.line().saturating_sub(1);
    let line = match lines.checked_sub(1) {
        None => 0,
        Some(ends) => memchr::memchr_iter(b'\n', text).nth(ends).map_or(0, |at| at.saturating_add(1)),
    };
    let at = start.saturating_add(line).saturating_add(error.column()).saturating_sub(1);
    Some(Stop::Syntax { message: message.to_owned(), at })
}
