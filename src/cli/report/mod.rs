//! `vidimus report`: what is done with reports after they were written.

mod merge;
mod piece;
mod scan;
mod telling;

use clap::{Args, Subcommand};

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::Terminal;

pub(super) use merge::MergeReportsError;

/// Merge reports
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(super) struct Report {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Merge(merge::Merge),
}

impl Report {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        match self.command {
            Command::Merge(merge) => merge.run(terminal),
        }
    }
}
