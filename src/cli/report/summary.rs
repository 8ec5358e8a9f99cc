//! `vidimus report summary`: what reports tell all together.

use clap::Args;

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::{Format, Output, Terminal};
use crate::cli::report::piece::Piece;
use crate::cli::report::{ReadReportsError, images, parse_output};
use crate::report::totals::{Totals, together};

/// Sum up reports: images by decision and reason, by registry and repository, and by signer
///
/// The reports are what `vidimus verify` wrote with `--output json` or `--output ndjson`. Reports about shards are taken
/// for those of one run, and it is said where some are missing; otherwise each report is of a run of its own, and all
/// images are added up. Nothing is verified again.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Summary {
    /// Reports
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<String>,

    /// The summary: text or json, to standard output or to a file
    #[arg(long, value_name = "FORMAT[=PATH]", default_value = "text", value_parser = parse_output)]
    output: Output,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  the reports are summed up, whatever they tell
  2  a report cannot be read, or the reports do not belong together";

impl Summary {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let mut stream = self.output.stream()?;
        let mut totals = Totals::default();
        let mut pieces = Vec::new();
        for name in &self.reports {
            let piece = Piece::survey(name).map_err(ReadReportsError::from)?;
            images(&piece, &mut |image| {
                totals.count(image);
                Ok(())
            })?;
            pieces.push(piece);
        }
        let parts: Vec<_> = pieces.iter().map(|piece| (piece.name.as_str(), &piece.run)).collect();
        let run = together(&parts).map_err(ReadReportsError::from)?;
        let text = if self.output.format() == Format::Json {
            totals.json(pieces.len(), &run)
        } else {
            totals.text(pieces.len(), &run, self.output.style(terminal))
        };
        stream.write(&text)?;
        stream.finish()?;
        Ok(Status::Allowed)
    }
}
