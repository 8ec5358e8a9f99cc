//! The command line: one file a verb, its arguments and its function together.

mod context;
mod error;
mod inspect;
mod judging;
mod keys;
mod layouts;
#[cfg(not(feature = "server"))]
mod no_server;
mod output;
mod policy;
mod release;
mod report;
mod review;
mod rules;
#[cfg(feature = "server")]
mod serve;
mod shard;
mod verify;

use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{ColorChoice, Parser, Subcommand};

#[cfg(not(feature = "server"))]
use crate::cli::no_server::Serve;
use crate::cli::output::Terminal;
#[cfg(feature = "server")]
use crate::cli::serve::Serve;
use crate::report::Summary;

/// Runs the command that the process was called with.
///
/// The exit status is 0 when every image is allowed, 1 when at least one is denied, and 2 when something could not be
/// decided: wrong usage, a broken keyring or source, an item that cannot be read.
pub fn run() -> ExitCode {
    // Clap itself exits with 2 on wrong usage, and with 0 after --help.
    let arguments = Arguments::parse();
    let terminal = Terminal::new(arguments.color, arguments.quiet);
    let outcome = match arguments.command {
        Command::Verify(verify) => verify.run(&terminal),
        Command::Inspect(inspect) => inspect.run(),
        Command::Keys(keys) => keys.run(&terminal),
        Command::Policy(policy) => policy.run(&terminal),
        Command::Report(report) => report.run(&terminal),
        Command::Review(review) => review.run(&terminal),
        Command::Serve(serve) => serve.run(),
    };
    match outcome {
        Ok(status) => status.into(),
        Err(error) => {
            terminal.complain(&error);
            Status::Undecided.into()
        }
    }
}

/// What the process ends with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Status {
    Allowed,
    Denied,
    Undecided,
}

impl Status {
    /// What a run ends with that comes to this. What could not be decided outweighs what was denied.
    fn of(summary: &Summary) -> Self {
        if summary.errors > 0 || summary.undecided_images > 0 || summary.partial {
            Self::Undecided
        } else if summary.denied > 0 {
            Self::Denied
        } else {
            Self::Allowed
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Allowed => 0,
            Status::Denied => 1,
            Status::Undecided => 2,
        })
    }
}

const EXIT_STATUS: &str = "\
Exit status:
  0  every image is allowed
  1  at least one image is denied
  2  something could not be decided: usage, a keyring, a source, or an item of it";

/// Verify the signatures that OpenShift keeps in its Image objects
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_STATUS, arg_required_else_help = true)]
struct Arguments {
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    /// Say nothing on standard error but errors: no lints about a policy
    #[arg(long, short, global = true)]
    quiet: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Box<verify::Verify>),
    Inspect(inspect::Inspect),
    Keys(keys::Keys),
    Policy(Box<policy::Policy>),
    Report(report::Report),
    Review(Box<review::Review>),
    Serve(Box<Serve>),
}

/// The time of verification: given, or the present. This is where the clock is read, and nowhere else.
fn at(given: Option<DateTime<Utc>>) -> DateTime<Utc> {
    given.unwrap_or_else(|| std::time::SystemTime::now().into())
}

/// Reads a time of the command line: RFC 3339, or a day, which begins at midnight UTC.
fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.with_timezone(&Utc));
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| day.and_time(NaiveTime::MIN).and_utc())
        .map_err(|_| "a time is written as 2026-01-31 or 2026-01-31T12:00:00Z".to_owned())
}
