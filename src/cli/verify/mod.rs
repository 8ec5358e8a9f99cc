//! `vidimus verify`: the main job.
//!
//! One thread reads the sources and makes batches of their items, workers judge them and write what each report tells of
//! them, and the thread that began it all puts that in order and writes it out.

mod batch;
mod flow;
mod judging;
mod pipeline;
mod progress;
mod reading;
mod targets;
mod telling;
mod writing;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::cli::context::ContextOptions;
use crate::cli::error::Error;
use crate::cli::layouts::LayoutOptions;
use crate::cli::output::{Output, Terminal};
use crate::cli::rules::RuleOptions;
use crate::cli::shard::ShardOptions;
use crate::cli::{EXIT_STATUS, Status, at, parse_time};
use crate::image::{Digest, Reference};
use crate::policy::Requirement;
use crate::report::Head;
use crate::signature::Rules;
use crate::source::{self, SourceSpec};
use crate::verifier::Verifier;

use self::judging::Judge;
use self::progress::Progress;
pub(super) use self::reading::looks_like_signature;
use self::reading::{Named, Sources};
use self::telling::Telling;
use self::writing::WriteOptions;

/// Verify the signatures of images and decide whether they may run
///
/// An image is allowed when at least one of its signatures verifies with a trusted key and is for this image, by its
/// manifest digest and by its reference; or, with a policy, when it meets what the policy demands.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Verify {
    /// Exports: files, directories or patterns of them, of JSON, NDJSON or YAML with Image objects; `-` is standard
    /// input. Or layouts: [REFERENCE=]dir:PATH, oci:PATH, oci-archive:PATH or docker-archive:PATH
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,

    /// Key files, or directories of them, that are trusted; may be given more than once
    #[arg(long, required_unless_present = "policy", value_name = "FILE|DIR")]
    keys: Vec<PathBuf>,

    /// Policy documents, or directories of them: policy.json, ClusterImagePolicy and ImagePolicy, or SignaturePolicy;
    /// may be given more than once
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "keys")]
    policy: Vec<PathBuf>,

    /// The time to judge by, such as 2026-01-31 or 2026-01-31T12:00:00Z; now, if not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<DateTime<Utc>>,

    /// A report, to standard output or to a file: text, json, ndjson, csv, markdown, junit, sarif, policyreport,
    /// openreports or html; may be given more than once
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<Output>,

    /// The manifest digest that signature files must be for; every SOURCE is then one raw signature
    #[arg(long, value_name = "DIGEST", requires = "reference", conflicts_with = "shard")]
    digest: Option<String>,

    /// The image reference that signature files must be for; or what the images of layouts are called that have no
    /// REFERENCE= of their own
    #[arg(long, value_name = "REFERENCE")]
    reference: Option<String>,

    #[command(flatten)]
    write: WriteOptions,

    #[command(flatten)]
    layouts: LayoutOptions,

    #[command(flatten)]
    shard: ShardOptions,

    /// What makes the exit status other than 0
    #[arg(long, value_name = "WHAT", value_enum, default_value = "denied")]
    fail_on: FailOn,

    /// How many threads verify; as many as there are processors, if not given
    #[arg(long, short, value_name = "COUNT")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    context: ContextOptions,

    #[command(flatten)]
    rules: RuleOptions,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum FailOn {
    /// Denied images, and whatever could not be decided
    Denied,
    /// Only what could not be decided
    Undecided,
    /// Whatever `denied` fails on, and images that a rule in mode `warn` warns of
    Warned,
}

impl Verify {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let at = at(self.at);
        let mut joiner = self.layouts.joiner()?;
        let verifier = if self.policy.is_empty() {
            let with =
                |rules, demand| Ok::<_, Error>(Verifier::with_rules(source::keyring(&self.keys)?, rules, demand));
            let rules: Rules = self.rules.into();
            let verifier = with(rules.clone(), Requirement::default())?;
            let demand = self.layouts.release(&mut joiner, &verifier, at)?;
            demand.map_or(Ok(verifier), |demand| with(rules, demand))?
        } else {
            let policy = source::policy::policy(&self.policy, at)?;
            terminal.remark_lints(&policy);
            Verifier::with_policy(policy, self.rules.into())
        };
        let outputs = if self.output.is_empty() { vec![Output::text()] } else { self.output };
        let (images, patches) = (self.write.write_images.as_deref(), self.write.write_patches.as_deref());
        targets::refuse_shared(&outputs, images, patches)?;
        let reference = self.reference.as_deref().map(parse_reference).transpose()?;
        let expected = self.digest.map(parse_digest).transpose()?.zip(self.reference);
        let named = match expected {
            None => {
                let (specs, options) = self.layouts.sources(&self.sources, reference)?;
                if patches.is_some() && specs.iter().any(|spec| matches!(spec, SourceSpec::Layout { .. })) {
                    let message = "`--write-patches` is for the objects of a cluster, and a layout holds none; \
                                   `--write-images` writes what an export would hold";
                    return Err(Error::Usage(message.to_owned()));
                }
                Named::Images(specs, options)
            }
            Some(_) => Named::Signatures(self.sources.clone()),
        };
        let head = Head { at, shard: self.shard.shard()? };
        let progress = Progress::begin(terminal, &outputs, &self.sources);
        let sources = Sources { named, joiner, taken: progress.taken() };
        let certificates = || verifier.trust().certificates(at);
        let reports = outputs.iter().map(|output| output.open(terminal, certificates)).collect::<Result<_, _>>()?;
        let writing = self.write.writing();
        let telling = Telling::begin(reports, &self.write, progress)?;
        let judge =
            Judge { verifier, context: self.context.into(), head, expected, reports: telling.reports(), writing };
        let done = pipeline::run(sources, judge, telling, self.jobs.unwrap_or_else(processors))?;
        if outputs.iter().all(|output| output.path().is_some()) {
            terminal.summarize(&done.summary);
        }
        if done.summary.partial {
            return Err(Error::Interrupted);
        }
        if let Some(name) = done.raw_signature {
            return Err(Error::RawSignature { name });
        }
        match Status::of(&done.summary) {
            Status::Undecided => Ok(Status::Undecided),
            // Nothing denied is not everything allowed.
            _ if done.summary.images == 0 && head.shard.is_none() => {
                Err(Error::NoImage { sources: self.sources.join(", ") })
            }
            Status::Denied if self.fail_on == FailOn::Undecided => Ok(Status::Allowed),
            Status::Allowed if self.fail_on == FailOn::Warned && done.summary.warned > 0 => Ok(Status::Denied),
            status @ (Status::Allowed | Status::Denied) => Ok(status),
        }
    }
}

/// As many workers as there are processors for the process.
fn processors() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn parse_reference(reference: &str) -> Result<Reference, Error> {
    Reference::parse_normalized(reference)
        .map_err(|source| Error::Reference { reference: reference.to_owned(), source })
}

fn parse_digest(digest: String) -> Result<Digest, Error> {
    digest.parse().map_err(|source| Error::Digest { digest, source })
}
