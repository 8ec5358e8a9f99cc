//! `vidimus policy`: what a policy says, before and beside its decisions.

mod check;
mod convert;
mod diff;
mod explain;
mod images;
mod schema;
mod suite;
mod target;
mod test;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

use crate::cli::context::ContextOptions;
use crate::cli::error::Error;
use crate::cli::output::Terminal;
use crate::cli::rules::PracticeOptions;
use crate::cli::{Status, parse_time};

/// Check, explain, test, compare and convert policies
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Explain(explain::Explain),
    Test(test::Test),
    Diff(diff::Diff),
    Convert(convert::Convert),
    Schema(schema::Schema),
}

impl Policy {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        match self.command {
            Command::Check(check) => check.run(terminal),
            Command::Explain(explain) => explain.run(terminal),
            Command::Test(test) => test.run(terminal),
            Command::Diff(diff) => diff.run(terminal),
            Command::Convert(convert) => convert.run(),
            Command::Schema(schema) => schema.run(),
        }
    }
}

/// By what is judged, beside the policy
#[derive(Args, Debug)]
struct JudgeOptions {
    /// The time to judge by, such as 2026-01-31 or 2026-01-31T12:00:00Z; now, if not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<DateTime<Utc>>,

    #[command(flatten)]
    context: ContextOptions,

    #[command(flatten)]
    practices: PracticeOptions,
}

/// The format of what is told on standard output.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Text,
}
