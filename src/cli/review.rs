//! `vidimus review`: what the webhook would answer.

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::admission::{Gate, Hook, REVIEW_LIMIT, Review as Request};
use crate::cli::error::Error;
use crate::cli::judging::JudgingOptions;
use crate::cli::output::Terminal;
use crate::cli::{Status, at, parse_time};
use crate::image::pretty;
use crate::policy::Requirement;
use crate::source::{self, Index, Input};
use crate::verifier::Verifier;

const EXIT_STATUS: &str = "\
Exit status:
  0  the request is allowed
  1  the request is denied
  2  there is no answer: usage, a keyring, a source, no review, or something that could not be decided";

/// Answer a saved AdmissionReview, exactly as the webhook would
///
/// The answer goes to standard output. Nothing is written where the webhook would let the call fail.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Review {
    /// An AdmissionReview as JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,

    /// Which webhook answers
    #[arg(long, value_name = "HOOK", default_value = "validate")]
    hook: HookOption,

    /// The time to judge by, such as 2026-01-31 or 2026-01-31T12:00:00Z; now, if not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<DateTime<Utc>>,

    #[command(flatten)]
    judging: JudgingOptions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HookOption {
    Validate,
    Mutate,
    Warn,
    Audit,
}

impl Review {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let at = at(self.at);
        let kinds = self.judging.kinds().map_err(Error::Usage)?;
        let unchanged = self.judging.unchanged();
        let verifier = if self.judging.policy.is_empty() {
            Verifier::with_rules(
                source::keyring(&self.judging.keys)?,
                self.judging.rules.into(),
                Requirement::default(),
            )
        } else {
            let policy = source::policy::policy(&self.judging.policy, at)?;
            terminal.remark_lints(&policy);
            Verifier::with_policy(policy, self.judging.rules.into())
        };
        let index = Index::load(&self.judging.images, false)?;
        // The webhook goes on too: what is not known is judged as unsigned.
        terminal.remark(index.problems());
        let input = Input::open(&self.file)?;
        let name = input.name().to_owned();
        // One byte more shows that it is too long.
        let bytes = input.into_bytes(REVIEW_LIMIT.saturating_add(1))?;
        let request = Request::read(&bytes, &kinds).map_err(|error| Error::Usage(format!("{}: {error}", name)))?;
        let answer =
            Gate::new(&verifier, &index, &kinds, at).with_unchanged(unchanged).judge(&request, self.hook.into());
        let Some(review) = answer.review() else {
            return Err(Error::Usage(format!("{}: there is no answer: {}", name, answer.message())));
        };
        let text = pretty(&review.to_string());
        match writeln!(io::stdout(), "{text}") {
            Err(source) if source.kind() != io::ErrorKind::BrokenPipe => return Err(Error::Write { source }),
            Ok(()) | Err(_) => {}
        }
        Ok(if answer.is_allowed() { Status::Allowed } else { Status::Denied })
    }
}

impl From<HookOption> for Hook {
    fn from(option: HookOption) -> Self {
        match option {
            HookOption::Validate => Self::Validate,
            HookOption::Mutate => Self::Mutate,
            HookOption::Warn => Self::Warn,
            HookOption::Audit => Self::Audit,
        }
    }
}
