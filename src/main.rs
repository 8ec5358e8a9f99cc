//! The `vidimus` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    vidimus::cli::run()
}
