//! `vidimus report`: what is done with reports after they were written.

mod diff;
mod merge;
mod piece;
mod scan;
mod summary;
mod telling;

use clap::{Args, Subcommand};
use thiserror::Error as ThisError;

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::{Format, Output, Terminal};
use crate::cli::report::piece::{Piece, PieceError};
use crate::report::comparison::ComparisonError;
use crate::report::merge::MergeError;
use crate::report::written::{Told, WrittenError, WrittenFacts};

pub(super) use merge::MergeReportsError;

/// Merge, sum up and compare reports
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(super) struct Report {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::Diff),
    Merge(merge::Merge),
    Summary(summary::Summary),
}

impl Report {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        match self.command {
            Command::Diff(diff) => diff.run(terminal),
            Command::Merge(merge) => merge.run(terminal),
            Command::Summary(summary) => summary.run(terminal),
        }
    }
}

/// The outputs of what is read from reports.
fn parse_output(text: &str) -> Result<Output, String> {
    match text.parse::<Output>()? {
        output if matches!(output.format(), Format::Json | Format::Text) => Ok(output),
        _ => Err("there are text and json".to_owned()),
    }
}

/// Reads every image that a report tells of.
fn images(piece: &Piece, take: &mut dyn FnMut(&WrittenFacts) -> Result<(), Error>) -> Result<(), Error> {
    for telling in piece.told().map_err(ReadReportsError::from)? {
        for told in telling {
            if let Told::Image(image) = told.map_err(ReadReportsError::from)? {
                let item = image.item();
                let facts = WrittenFacts::of(&image);
                take(&facts.map_err(|error| ReadReportsError::Image { name: piece.name.clone(), item, error })?)?;
            }
        }
    }
    Ok(())
}

/// Why reports are not summed up or compared.
#[derive(Debug, ThisError)]
pub(super) enum ReadReportsError {
    #[error("{0}")]
    Comparison(#[from] ComparisonError),
    #[error("{name}: the image of item {item}: {error}")]
    Image { name: String, item: u64, error: WrittenError },
    #[error("{0}")]
    Merge(#[from] MergeError),
    #[error("`{name}` is partial: what it does not tell of would look as if it were gone")]
    Partial { name: String },
    #[error("{0}")]
    Piece(#[from] PieceError),
    #[error("`{old}` and `{new}` are not about the same shard of the images: expected two reports about the same")]
    Shards { old: String, new: String },
}

impl ReadReportsError {
    /// What would help.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Shards { .. } => Some("`vidimus report merge` puts the reports about all shards together"),
            Self::Comparison(_) | Self::Image { .. } | Self::Merge(_) | Self::Partial { .. } | Self::Piece(_) => None,
        }
    }
}
