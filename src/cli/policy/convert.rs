//! `vidimus policy convert`: a policy in another grammar.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::cli::error::Error;
use crate::cli::output::print;
use crate::cli::{Status, at, parse_time};
use crate::policy::document::{Grammar, PolicyFile, convert};
use crate::source::policy::{policy_files, read_keys};

const EXIT_STATUS: &str = "\
Exit status:
  0  the policy is written
  2  the policy is not loaded, or the other grammar cannot say the same: nothing is written";

/// Write a policy in another grammar, where that can say the same
///
/// All the documents together are one policy. What is written, as JSON, decides as what was read; what the other grammar
/// cannot say is told, all of it, and nothing is written then.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Convert {
    /// Policy documents, or directories with .json, .yaml and .yml files; `-` is standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    documents: Vec<PathBuf>,

    /// The grammar to write
    #[arg(long, value_name = "GRAMMAR")]
    to: To,

    /// The time by which keys have ended; now, if not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<DateTime<Utc>>,
}

/// A grammar that can be written.
#[expect(clippy::enum_variant_names, reason = "these are the names of the grammars")]
#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    /// A List of `ClusterImagePolicy` of OpenShift; what is in key files is written into it
    ClusterImagePolicy,
    /// containers-policy.json(5), the policy.json of a node
    ContainersPolicy,
    /// `SignaturePolicy` of vidimus
    SignaturePolicy,
}

impl Convert {
    pub(super) fn run(self) -> Result<Status, Error> {
        let to = match self.to {
            To::ClusterImagePolicy => Grammar::ClusterImagePolicy,
            To::ContainersPolicy => Grammar::ContainersPolicy,
            To::SignaturePolicy => Grammar::SignaturePolicy,
        };
        let read = policy_files(&self.documents)?;
        let files: Vec<_> = read.iter().map(|file| PolicyFile { name: &file.name, bytes: &file.bytes }).collect();
        print(&convert(&files, to, at(self.at), &mut |location| read_keys(location))?)?;
        Ok(Status::Allowed)
    }
}
