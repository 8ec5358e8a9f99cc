//! The options by which requests to an API server are judged: alike for a saved request and for the server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::admission::{Kinds, Unchanged};
use crate::cli::rules::RuleOptions;

/// What requests are judged by
#[derive(Args, Debug)]
pub(super) struct JudgingOptions {
    /// Key files, or directories of them, that are trusted; may be given more than once
    #[arg(long, required_unless_present = "policy", value_name = "FILE|DIR")]
    pub(super) keys: Vec<PathBuf>,

    /// Policy documents, or directories of them; may be given more than once
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "keys")]
    pub(super) policy: Vec<PathBuf>,

    /// Exports with the images of the cluster, and with the ImageStreams and Namespaces that tell of tags and labels; may
    /// be given more than once
    #[arg(long, value_name = "SOURCE")]
    pub(super) images: Vec<String>,

    /// Where a resource that is not built in has its images, as `tasks.tekton.dev=spec.steps[*].image`; or that it has
    /// none, as `configmaps`; may be given more than once
    #[arg(long = "carrier", value_name = "RESOURCE[=PATH]")]
    carriers: Vec<String>,

    /// What becomes of images that an update leaves as they were
    #[arg(long, value_name = "WHAT", default_value = "passed")]
    unchanged: UnchangedOption,

    #[command(flatten)]
    pub(super) rules: RuleOptions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UnchangedOption {
    /// They pass, so that labels and finalizers can always be changed
    Passed,
    /// They are judged again, except in objects that are being deleted
    Judged,
}

impl JudgingOptions {
    /// The kinds that are known, with those that are declared.
    pub(super) fn kinds(&self) -> Result<Kinds, String> {
        let mut kinds = Kinds::default();
        self.carriers.iter().try_for_each(|carrier| kinds.declare(carrier)).map_err(|error| error.to_string())?;
        Ok(kinds)
    }

    pub(super) fn unchanged(&self) -> Unchanged {
        match self.unchanged {
            UnchangedOption::Passed => Unchanged::Passed,
            UnchangedOption::Judged => Unchanged::Judged,
        }
    }
}
