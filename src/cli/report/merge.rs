//! `vidimus report merge`: the reports about the shards of a run, put together into the report of that run.

use clap::Args;
use thiserror::Error;

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::{Format, Output, Terminal};
use crate::cli::report::piece::{Piece, PieceError};
use crate::report::merge::{InOrder, MergeError, whole};
use crate::report::written::{ErrorsTold, Tally, TallyError, Told, WrittenImage, WrittenRun};
use crate::report::{ERRORS_LISTED, JsonReport, NdjsonReport};

/// Merge the reports about all shards of a run into the report of that run
///
/// The reports are what `vidimus verify --shard` wrote with `--output json` or `--output ndjson`, all in one format. The
/// merged report is, to the letter, the one that the same run without `--shard` would have written. Give `--at` to the
/// runs of all shards: without it each is judged by its own present, and the merged report says the earliest.
///
/// Nothing is verified again. Reports that are not of one run, as far as they show it, are refused: shards of different
/// counts, twice the same shard, missing shards, unreadable items that not all of them met. A report that is cut off, out
/// of order, or does not tell what it counts is refused too. However long the reports are, little of them is in memory:
/// each is read twice, and so has to be a file.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Merge {
    /// Reports, one for each shard
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<String>,

    /// The merged report: json or ndjson, to standard output or to a file
    #[arg(long, value_name = "FORMAT[=PATH]", default_value = "json", value_parser = parse_output)]
    output: Output,

    /// Merge although shards are missing; the merged report says that it is partial
    #[arg(long)]
    allow_missing: bool,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  every image is allowed
  1  at least one image is denied
  2  something could not be decided: the reports cannot be merged, tell of errors or undecided images, or are partial";

fn parse_output(text: &str) -> Result<Output, String> {
    match text.parse::<Output>()? {
        output if matches!(output.format(), Format::Json | Format::Ndjson) => Ok(output),
        _ => Err("a report is merged into json or ndjson; other formats cannot be merged".to_owned()),
    }
}

impl Merge {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let mut sink = self.output.open(terminal, Vec::new)?;
        let (pieces, mut run) = self.survey()?;
        let retell: fn(&WrittenImage) -> String = if self.output.format() == Format::Ndjson {
            |image: &WrittenImage| NdjsonReport.retold(image)
        } else {
            |image: &WrittenImage| JsonReport.retold(image)
        };
        let errors_told = pieces.first().map_or(ErrorsTold::All, Piece::errors_told);

        let mut told = Vec::new();
        for piece in &pieces {
            let telling = piece.told().map_err(MergeReportsError::from)?.into_iter();
            told.extend(telling.map(|told| told.map(|told| told.map_err(MergeReportsError::from))));
        }
        let mut tally = Tally::default();
        sink.write(&sink.report().begin(&run.head))?;
        for told in InOrder::of(told) {
            let told = told?;
            tally.count(&told);
            match told {
                Told::Image(image) => sink.write_image(&retell(&image))?,
                Told::Error(error) => {
                    sink.write(&sink.report().error(&error))?;
                    if run.summary.listed.len() < ERRORS_LISTED {
                        run.summary.listed.push(error);
                    }
                }
            }
        }
        tally.check(&run, errors_told).map_err(MergeReportsError::from)?;
        sink.end(&run.head, &run.summary)?;
        sink.finish()?;

        match Status::of(&run.summary) {
            Status::Undecided => Ok(Status::Undecided),
            _ if run.summary.images == 0 => Err(Error::NoImage { sources: self.reports.join(", ") }),
            status @ (Status::Allowed | Status::Denied) => Ok(status),
        }
    }

    /// Reads the reports through, and puts together what they say of the whole.
    fn survey(&self) -> Result<(Vec<Piece>, WrittenRun), MergeReportsError> {
        let pieces = self.reports.iter().map(|name| Piece::survey(name)).collect::<Result<Vec<_>, _>>()?;
        if let [first, rest @ ..] = pieces.as_slice()
            && let Some(other) = rest.iter().find(|piece| piece.errors_told() != first.errors_told())
        {
            return Err(MergeReportsError::Formats { first: first.name.clone(), other: other.name.clone() });
        }
        let parts: Vec<_> = pieces.iter().map(|piece| (piece.name.as_str(), &piece.run)).collect();
        let run = whole(&parts, self.allow_missing)?;
        let errors = run.summary.errors;
        let all_listed = usize::try_from(errors).is_ok_and(|errors| errors <= ERRORS_LISTED);
        let lists_first = pieces.iter().any(|piece| piece.errors_told() == ErrorsTold::First);
        if self.output.format() == Format::Ndjson && lists_first && !all_listed {
            return Err(MergeReportsError::ErrorsNotListed { errors });
        }
        Ok((pieces, run))
    }
}

/// Why reports are not merged.
#[derive(Debug, Error)]
pub(in crate::cli) enum MergeReportsError {
    #[error("`{first}` and `{other}` are of different formats: expected all JSON, or all NDJSON")]
    Formats { first: String, other: String },
    #[error("NDJSON tells all {errors} errors, and of them the JSON reports list the first {ERRORS_LISTED} only")]
    ErrorsNotListed { errors: u64 },
    #[error("{0}")]
    Merge(#[from] MergeError),
    #[error("{0}")]
    Piece(#[from] PieceError),
    #[error(
        "what the reports tell together is not what they count: {0}; they are not of one run over the same sources"
    )]
    Tally(#[from] TallyError),
}

impl MergeReportsError {
    /// What would help.
    pub(in crate::cli) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Merge(error) => error.hint(),
            Self::ErrorsNotListed { .. } => Some("merge into JSON, or let `vidimus verify` write NDJSON"),
            Self::Formats { .. } | Self::Piece(_) | Self::Tally(_) => None,
        }
    }
}
