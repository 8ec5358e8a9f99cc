//! `vidimus verify`: the main job.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::cli::context::ContextOptions;
use crate::cli::error::Error;
use crate::cli::output::{Output, Sink, Terminal};
use crate::cli::rules::RuleOptions;
use crate::cli::shard::ShardOptions;
use crate::cli::{EXIT_STATUS, Status, at, parse_time};
use crate::image::{Carried, Carrier, Digest, Image, Reference, Rewrite, Text};
use crate::policy::{Context, Requirement};
use crate::report::{self, Entry, Head, ItemError, Summary};
use crate::source::export::{self, Item};
use crate::source::{self, ImagesFile, Input};
use crate::verifier::{Verdict, Verifier};

/// Verify the signatures of images and decide whether they may run
///
/// An image is allowed when at least one of its signatures verifies with a trusted key and is for this image, by its
/// manifest digest and by its reference; or, with a policy, when it meets what the policy demands.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Verify {
    /// Exports: JSON, NDJSON or YAML with Image objects; `-` is standard input
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

    /// A report: text, json or ndjson, to standard output or to a file; may be given more than once
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<Output>,

    /// Write the objects with conditions and verified fields to a file; .yaml, .ndjson or JSON by its name
    #[arg(long, value_name = "PATH", conflicts_with = "shard")]
    write_images: Option<PathBuf>,

    /// The manifest digest that signature files must be for; every SOURCE is then one raw signature
    #[arg(long, value_name = "DIGEST", requires = "reference", conflicts_with_all = ["write_images", "shard"])]
    digest: Option<String>,

    /// The image reference that signature files must be for
    #[arg(long, value_name = "REFERENCE", requires = "digest")]
    reference: Option<String>,

    #[command(flatten)]
    shard: ShardOptions,

    /// What makes the exit status other than 0
    #[arg(long, value_name = "WHAT", value_enum, default_value = "denied")]
    fail_on: FailOn,

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
}

impl Verify {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let at = at(self.at);
        let verifier = if self.policy.is_empty() {
            Verifier::with_rules(source::keyring(&self.keys)?, self.rules.into(), Requirement::default())
        } else {
            let policy = source::policy::policy(&self.policy, at)?;
            terminal.remark_lints(&policy);
            Verifier::with_policy(policy, self.rules.into())
        };
        let context = self.context.into();
        let outputs = if self.output.is_empty() { vec![Output::text()] } else { self.output };
        refuse_shared_targets(&outputs, self.write_images.as_deref())?;
        let expected =
            self.digest.zip(self.reference).map(|(digest, reference)| expected(digest, reference)).transpose()?;
        let rewritten = self.write_images.map(ImagesFile::new).transpose()?;
        let sinks = outputs.iter().map(|output| output.open(terminal)).collect::<Result<_, _>>()?;
        let mut run = Run {
            verifier,
            context,
            head: Head { at, shard: self.shard.shard()? },
            fail_on: self.fail_on,
            items: 0,
            sinks,
            rewritten,
            summary: Summary::default(),
            raw_signature: None,
        };

        let head = run.head;
        run.write(|report| report.begin(&head))?;
        match expected {
            Some((digest, reference)) => {
                self.sources.iter().try_for_each(|name| run.signature_file(name, &digest, &reference))?;
            }
            None => self.sources.iter().try_for_each(|name| run.export(name))?,
        }
        run.finish(&self.sources)
    }
}

/// What raw signatures must be for.
fn expected(digest: String, reference: String) -> Result<(Digest, String), Error> {
    if let Err(source) = Reference::parse_normalized(&reference) {
        return Err(Error::Reference { reference, source });
    }
    match digest.parse() {
        Ok(parsed) => Ok((parsed, reference)),
        Err(source) => Err(Error::Digest { digest, source }),
    }
}

/// Two things cannot be written to one place.
fn refuse_shared_targets(outputs: &[Output], images: Option<&Path>) -> Result<(), Error> {
    let place = |output: &Output| output.path().map(place);
    let images_place = images.map(self::place);
    for (number, output) in outputs.iter().enumerate() {
        if images.is_some() && place(output) == images_place {
            let target = images.map(|path| path.display().to_string()).unwrap_or_default();
            return Err(Error::Usage(format!(
                "a report and the images go to `{target}`; give one of them another path"
            )));
        }
        if outputs.iter().take(number).any(|other| place(other) == place(output)) {
            let target = output.path().map_or("standard output".to_owned(), |path| format!("`{}`", path.display()));
            return Err(Error::Usage(format!("two reports go to {target}; give one of them another path")));
        }
    }
    Ok(())
}

/// A path by which a file is the same however it is written: `a`, `./a`, or by way of a link to its folder.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        // What is wrong with it is told when it is opened.
        _ => path.to_owned(),
    }
}

/// A verification under way.
struct Run {
    verifier: Verifier,
    context: Context,
    head: Head,
    fail_on: FailOn,
    /// The number of the next item.
    items: u64,
    sinks: Vec<Sink>,
    rewritten: Option<ImagesFile>,
    summary: Summary,
    /// The first source that was a signature where an export was expected.
    raw_signature: Option<String>,
}

impl Run {
    fn write(&mut self, mut piece: impl FnMut(&dyn report::Report) -> String) -> Result<(), Error> {
        self.sinks.iter_mut().try_for_each(|sink| sink.write(&mut piece))
    }

    /// Verifies the images of an export. A source that cannot be read is an error beside those that can.
    fn export(&mut self, name: &str) -> Result<(), Error> {
        let input = match Input::read(name) {
            Ok(input) => input,
            Err(error) => {
                return self.lost_source(error.location.to_string(), error.problem.to_string());
            }
        };
        if looks_like_signature(&input.bytes) {
            self.raw_signature.get_or_insert_with(|| input.name.clone());
            let found = if input.bytes.starts_with(b"\0") { "a stored signature" } else { "an OpenPGP file" };
            return self.lost_source(input.name, format!("expected an export, found {found}"));
        }
        let mut failure = None;
        let read = export::read(&input.name, &input.bytes, &mut |item| match self.item(&item) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        });
        if let Some(rewritten) = &mut self.rewritten {
            rewritten.end_source(&read);
        }
        failure.map_or(Ok(()), Err)
    }

    /// Reports a source of which nothing can be read.
    fn lost_source(&mut self, place: String, message: String) -> Result<(), Error> {
        if let Some(rewritten) = &mut self.rewritten {
            rewritten.end_source(&export::Summary { lost: Some(format!("{place}: {message}")), ..Default::default() });
        }
        let number = self.number();
        self.error(number, place, message)
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), Error> {
        let number = self.number();
        let mut written = item.verbatim.map(str::to_owned);
        match &item.json {
            Err(error) => {
                let place = error.location.to_string();
                self.error(number, place, error.problem.to_string())?;
            }
            Ok(json) => match Carrier::read(json) {
                Err(error) => {
                    let place = item.location.to_string();
                    self.error(number, place, error.to_string())?;
                }
                Ok(Carrier::Other(_)) => self.summary.count_skipped(),
                Ok(Carrier::Image(carried))
                    if self.head.shard.is_some_and(|shard| !shard.holds(&carried.image.metadata.name)) => {}
                Ok(Carrier::Image(carried)) => {
                    let verdict = self.verifier.verify_in(&carried.image, &self.context, self.head.at);
                    if self.rewritten.is_some() {
                        written =
                            Some(rewrite(json, &verdict).map_err(|error| {
                                Error::Usage(format!("{}: cannot be written: {error}", item.location))
                            })?);
                    }
                    self.image(number, &item.location.to_string(), Some(&carried), &verdict)?;
                }
            },
        }
        if let (Some(rewritten), Some(written)) = (&mut self.rewritten, written) {
            rewritten.push(written);
        }
        Ok(())
    }

    /// Verifies one raw signature.
    fn signature_file(&mut self, name: &str, digest: &Digest, reference: &str) -> Result<(), Error> {
        let number = self.number();
        let input = match Input::read(name) {
            Ok(input) => input,
            Err(error) => {
                let place = error.location.to_string();
                return self.error(number, place, error.problem.to_string());
            }
        };
        let content = base64::engine::general_purpose::STANDARD.encode(&input.bytes);
        let image = Image::with_signature(
            Text::from(digest.to_string()),
            Text::from(reference),
            Text::from(input.name.as_str()),
            Text::from(content),
        );
        let verdict = self.verifier.verify_in(&image, &self.context, self.head.at);
        self.image(number, &input.name, None, &verdict)
    }

    fn image(
        &mut self,
        number: u64,
        place: &str,
        carried: Option<&Carried<'_>>,
        verdict: &Verdict,
    ) -> Result<(), Error> {
        self.summary.count(verdict);
        let entry = Entry { item: number, place, carrier: carried.and_then(report::Carrier::of), verdict };
        self.sinks.iter_mut().try_for_each(|sink| sink.write_image(|report| report.image(&entry)))
    }

    fn error(&mut self, number: u64, place: String, message: String) -> Result<(), Error> {
        let error = ItemError { item: number, place, message };
        self.summary.count_error(&error);
        self.write(|report| report.error(&error))
    }

    /// The number of the next item; each takes one, whatever comes of it.
    fn number(&mut self) -> u64 {
        let number = self.items;
        self.items = number.saturating_add(1);
        number
    }

    /// Ends the reports, puts the files in their places, and says how it went.
    fn finish(mut self, sources: &[String]) -> Result<Status, Error> {
        let summary = std::mem::take(&mut self.summary);
        let head = self.head;
        self.write(|report| report.end(&head, &summary))?;
        // The objects first: a report that says what was written should not be there without them.
        self.rewritten.map_or(Ok(()), ImagesFile::write)?;
        self.sinks.into_iter().try_for_each(Sink::finish)?;
        if let Some(name) = self.raw_signature {
            return Err(Error::RawSignature { name });
        }
        match Status::of(&summary) {
            Status::Undecided => Ok(Status::Undecided),
            // Nothing denied is not everything allowed.
            _ if summary.images == 0 && self.head.shard.is_none() => {
                Err(Error::NoImage { sources: sources.join(", ") })
            }
            Status::Denied if self.fail_on == FailOn::Undecided => Ok(Status::Allowed),
            status @ (Status::Allowed | Status::Denied) => Ok(status),
        }
    }
}

/// The object's text with what verification found.
fn rewrite(json: &str, verdict: &Verdict) -> Result<String, crate::image::ObjectError> {
    let mut rewrite = Rewrite::default();
    for (index, update) in verdict.updates().into_iter().enumerate() {
        rewrite.signature(index, update);
    }
    rewrite.apply(json)
}

/// Whether a source is a signature rather than an export: an OpenPGP message, binary or armored text, or the content of
/// a `signature-N` file in another format.
pub(super) fn looks_like_signature(bytes: &[u8]) -> bool {
    // The byte order marks of text are no packets.
    let is_text = |first: &u8| first & 0x80 == 0 || [0xef, 0xfe, 0xff].contains(first);
    bytes.first().is_some_and(|first| !is_text(first))
        || [&b"-----BEGIN PGP "[..], b"\0sigstore-json\n", b"\0simple-signing\n"]
            .iter()
            .any(|start| bytes.starts_with(start))
}
