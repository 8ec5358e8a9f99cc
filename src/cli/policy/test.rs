//! `vidimus policy test`: whether a policy decides as its author means it to.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::suite::told::Counts;
use super::suite::{self, SuiteError, SuiteResult, junit, told};
use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::{Terminal, print};
use crate::report::Style;
use crate::source::Replacement;
use crate::source::policy::{PolicyFileError, policy_files};

const EXIT_STATUS: &str = "\
Exit status:
  0  every case is decided as expected
  1  at least one case is not
  2  a suite, or a case of one, could not be run";

/// Test a policy: cases with an image, a time and the decision that is expected
///
/// A suite is a YAML or JSON document of the kind PolicyTest; `vidimus policy schema policy-test` describes it. Paths in
/// it are relative to its own folder, but for the keys that a policy names. Nothing depends on the day: a suite says
/// what time it is.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Test {
    /// Files with suites, or directories with .json, .yaml and .yml files
    #[arg(required = true, value_name = "SUITE")]
    suites: Vec<PathBuf>,

    /// A report: text, json or junit, to standard output or to a file; may be given more than once
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<Output>,
}

/// A report that was asked for: its format, and the file it goes to.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Output {
    format: Format,
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Format {
    Json,
    Junit,
    Text,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no path after `=`".to_owned()),
            Some((format, path)) => (format, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let format = match format {
            "json" => Format::Json,
            "junit" => Format::Junit,
            "text" => Format::Text,
            other => return Err(format!("`{other}` is no format; there are text, json and junit")),
        };
        Ok(Self { format, path })
    }
}

impl Test {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let text = Output { format: Format::Text, path: None };
        let outputs = if self.output.is_empty() { vec![text] } else { self.output };
        for (place, output) in outputs.iter().enumerate() {
            if outputs.iter().take(place).any(|other| other.path == output.path) {
                let target =
                    output.path.as_ref().map_or("standard output".to_owned(), |path| format!("`{}`", path.display()));
                return Err(Error::Usage(format!("two reports go to {target}; give one of them another path")));
            }
        }
        // What cannot be written to is to be known before the work is done.
        let mut files = Vec::new();
        for output in &outputs {
            files.push(output.path.as_deref().map(Replacement::begin).transpose()?);
        }
        let results = results(&self.suites, terminal);
        for (output, file) in outputs.iter().zip(files) {
            let style = if file.is_none() { terminal.style() } else { Style::default() };
            let text = match output.format {
                Format::Json => told::json(&results),
                Format::Junit => junit::junit(&results),
                Format::Text => told::text(&results, style),
            };
            match file {
                Some(mut file) => {
                    use std::io::Write as _;
                    file.write_all(text.as_bytes()).map_err(|source| Error::Write { source })?;
                    file.commit()?;
                }
                None => print(&text)?,
            }
        }
        let counts = Counts::of(&results);
        Ok(if counts.errors > 0 {
            Status::Undecided
        } else if counts.failed > 0 {
            Status::Denied
        } else {
            Status::Allowed
        })
    }
}

/// Runs all suites, each in the order of its cases. One that cannot be run takes nothing away from the others.
fn results(paths: &[PathBuf], terminal: &Terminal) -> Vec<SuiteResult> {
    let mut results = Vec::new();
    for path in paths {
        let files = match policy_files(std::slice::from_ref(path)) {
            Ok(files) => files,
            Err(error) => {
                let error = SuiteError { message: said(&error), ..SuiteError::default() };
                results.push(lost(path.display().to_string(), error));
                continue;
            }
        };
        for file in files {
            match suite::read(&file.name, &file.bytes) {
                Ok(suites) => {
                    results
                        .extend(suites.iter().map(|suite| suite::run(suite, |policy| terminal.remark_lints(policy))));
                }
                Err(error) => {
                    let message = "the suite cannot be read".to_owned();
                    let name = file.name.clone();
                    results.push(lost(name, SuiteError::new(message, error.findings(), vec![file])));
                }
            }
        }
    }
    results
}

fn lost(file: String, error: SuiteError) -> SuiteResult {
    SuiteResult { name: file.clone(), file, error: Some(error), cases: Vec::new() }
}

/// What is wrong with the files of a suite; the words for a policy do not fit.
fn said(error: &PolicyFileError) -> String {
    match error {
        PolicyFileError::Unreadable { source, .. } => format!("the suite cannot be read: {source}"),
        PolicyFileError::NoFile { .. } | PolicyFileError::Policy(_) => error.to_string(),
    }
}
