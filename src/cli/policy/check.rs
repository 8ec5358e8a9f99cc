//! `vidimus policy check`: what is wrong with the documents of a policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use super::Format;
use crate::cli::error::Error;
use crate::cli::output::{Terminal, print};
use crate::cli::{Status, at, parse_time};
use crate::policy::Policy;
use crate::policy::document::{Finding, FindingCode, PolicyFile, Severity};
use crate::report::{Style, finding_json, finding_text};
use crate::signature::rfc3339;
use crate::source::policy::{policy_files, read_keys};

const EXIT_STATUS: &str = "\
Exit status:
  0  the policy is loaded; there may be lints
  1  the policy is loaded, and there are lints although --deny-lints is given
  2  the policy is not loaded";

/// Check the documents of a policy: all that is wrong, or worth a second look, and where
///
/// All the documents together are one policy, as they are to `vidimus verify --policy`. What keeps it from being loaded
/// is an error; what is valid and hardly meant, or cannot be checked yet, is a lint.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Check {
    /// Policy documents, or directories with .json, .yaml and .yml files; `-` is standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    documents: Vec<PathBuf>,

    /// End with exit status 1 if there are lints
    #[arg(long)]
    deny_lints: bool,

    /// The time by which keys and exemptions have ended; now, if not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<DateTime<Utc>>,

    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

impl Check {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let at = at(self.at);
        let read = policy_files(&self.documents)?;
        let files: Vec<_> = read.iter().map(|file| PolicyFile { name: &file.name, bytes: &file.bytes }).collect();
        let loaded = Policy::load(&files, at, &mut |location| read_keys(location));
        let findings = match &loaded {
            Ok(policy) => policy.lints(),
            Err(error) => error.findings(),
        };
        let checked = Checked { files: &files, loaded: loaded.as_ref().ok(), findings };
        print(&match self.output {
            Format::Json => checked.as_json(at),
            Format::Text => checked.as_text(terminal.style()),
        })?;
        Ok(match &loaded {
            Ok(_) if self.deny_lints && !findings.is_empty() => Status::Denied,
            Ok(_) => Status::Allowed,
            Err(_) => Status::Undecided,
        })
    }
}

/// What came of a check.
struct Checked<'c> {
    files: &'c [PolicyFile<'c>],
    loaded: Option<&'c Policy>,
    findings: &'c [Finding],
}

impl Checked<'_> {
    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity() == severity).count()
    }

    fn documents(&self) -> usize {
        self.files.iter().map(PolicyFile::document_count).sum()
    }

    fn as_text(&self, style: Style) -> String {
        let texts: BTreeMap<_, _> =
            self.files.iter().filter_map(|file| Some((file.name, std::str::from_utf8(file.bytes).ok()?))).collect();
        let mut out = String::new();
        for finding in self.findings {
            out.push_str(&finding_text(finding, texts.get(finding.document()).copied(), style));
            out.push('\n');
        }
        let Style { good, bad, unclear, end, .. } = style;
        let unsupported = self.findings.iter().filter(|finding| finding.code() == FindingCode::Unsupported).count();
        // Writing to a string cannot fail.
        if unsupported > 0 {
            let what = if unsupported == 1 { "requirement is" } else { "requirements are" };
            let _ = writeln!(
                out,
                "{unclear}{unsupported} {what} valid but cannot be checked yet{end}: no image meets what is marked \
                 `{}` above\n",
                FindingCode::Unsupported
            );
        }
        let (errors, lints) =
            (counted(self.count(Severity::Error), "error"), counted(self.count(Severity::Lint), "lint"));
        let documents = counted(self.documents(), "document");
        let _ = match self.loaded {
            Some(policy) => writeln!(
                out,
                "{good}loaded{end}: {documents}, {}, {}; {lints}",
                counted(policy.rule_count(), "rule"),
                counted(policy.certificate_count(), "certificate")
            ),
            None => writeln!(out, "{bad}not loaded{end}: {documents}; {errors}, {lints}"),
        };
        out
    }

    fn as_json(&self, at: DateTime<Utc>) -> String {
        let document = json!({
            "apiVersion": "vidimus.dev/v1alpha1",
            "kind": "PolicyCheckReport",
            "at": rfc3339(at),
            "loaded": self.loaded.is_some(),
            "findings": self.findings.iter().map(finding_json).collect::<Vec<_>>(),
            "summary": {
                "documents": self.documents(),
                "rules": self.loaded.map(Policy::rule_count),
                "certificates": self.loaded.map(Policy::certificate_count),
                "errors": self.count(Severity::Error),
                "lints": self.count(Severity::Lint),
            },
        });
        format!("{document:#}\n")
    }
}

/// `1 lint`, `2 lints`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
