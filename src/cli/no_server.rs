//! `vidimus serve` of a build without a server.

use std::ffi::OsString;

use clap::Args;

use crate::cli::Status;
use crate::cli::error::Error;

/// Serve the admission webhook
///
/// This build has no server; one that has is built with `--features server`.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// What a build with a server takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _options: Vec<OsString>,
}

impl Serve {
    pub(super) fn run(self) -> Result<Status, Error> {
        Err(Error::Usage(
            "this build has no server; one that has is built with `cargo build --release --features server`".to_owned(),
        ))
    }
}
