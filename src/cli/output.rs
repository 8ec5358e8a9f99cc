//! Where a report goes: standard output, or a file that is replaced as a whole.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anstream::AutoStream;
use anstyle::{AnsiColor, Effects, Style as AnsiStyle};
use clap::ColorChoice;

use crate::cli::error::Error;
use crate::policy::Policy;
use crate::report::{Escaped, JsonReport, NdjsonReport, Report, Style, Summary, TextReport, totals_text};
use crate::source::Replacement;

/// A report that was asked for: its format, and the file it goes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Output {
    format: Format,
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Json,
    Ndjson,
    Text,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = match text.split_once('=') {
            Some((format, path)) => (format, Some(path)),
            None => (text, None),
        };
        let format = match format {
            "json" => Format::Json,
            "ndjson" => Format::Ndjson,
            "text" => Format::Text,
            other => return Err(format!("`{other}` is no format; there are text, json and ndjson")),
        };
        if path == Some("") {
            return Err("there is no path after `=`".to_owned());
        }
        Ok(Self { format, path: path.map(PathBuf::from) })
    }
}

impl Output {
    /// The text report on standard output.
    pub(super) fn text() -> Self {
        Self { format: Format::Text, path: None }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether it goes to a terminal.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.path.is_none() && io::stdout().is_terminal()
    }

    /// Who writes the report.
    pub(super) fn report(&self, terminal: &Terminal) -> Box<dyn Report> {
        match (self.format, &self.path) {
            (Format::Json, _) => Box::new(JsonReport),
            (Format::Ndjson, _) => Box::new(NdjsonReport),
            (Format::Text, None) => Box::new(TextReport::new(terminal.style())),
            (Format::Text, Some(_)) => Box::new(TextReport::default()),
        }
    }

    /// Opens what the report is written to.
    pub(super) fn open(&self) -> Result<Sink, Error> {
        Ok(match &self.path {
            Some(path) => Sink::File(Box::new(Replacement::begin(path)?)),
            None => Sink::Stdout(BufWriter::new(io::stdout())),
        })
    }
}

/// What a report is written to.
pub(super) enum Sink {
    File(Box<Replacement>),
    Stdout(BufWriter<io::Stdout>),
    /// Standard output whose reader has gone. That is no error; the verification goes on, as its status matters.
    Closed,
}

impl Sink {
    /// Writes a piece of the report.
    pub(super) fn write(&mut self, piece: &str) -> Result<(), Error> {
        self.attempt(|target| target.write_all(piece.as_bytes()))
    }

    /// Shows what was written to whoever reads along.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::Stdout(_) => self.attempt(|target| target.flush()),
            Self::File(_) | Self::Closed => Ok(()),
        }
    }

    /// Ends the report; only now a file takes the place of the old one.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.attempt(|target| target.flush())?;
        match self {
            Self::File(file) => Ok(file.commit()?),
            Self::Stdout(_) | Self::Closed => Ok(()),
        }
    }

    fn attempt(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        let outcome = match self {
            Self::File(file) => write(file.as_mut()),
            Self::Stdout(stdout) => write(stdout),
            Self::Closed => return Ok(()),
        };
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // What is buffered would be written, and fail, when the writer is dropped.
                if let Self::Stdout(stdout) = std::mem::replace(self, Self::Closed) {
                    let _ = stdout.into_parts();
                }
                Ok(())
            }
            Err(source) => Err(Error::Write { source }),
            Ok(()) => Ok(()),
        }
    }
}

/// Writes a text that is there as a whole to standard output; a reader that has gone is no error.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Write { source: error }),
        _ => Ok(()),
    }
}

/// What is known of the terminal, and how much is said on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    choice: ColorChoice,
    /// Nothing but errors is said on standard error.
    quiet: bool,
}

impl Terminal {
    pub(super) fn new(choice: ColorChoice, quiet: bool) -> Self {
        Self { choice, quiet }
    }

    /// The style of text on standard output.
    pub(super) fn style(&self) -> Style {
        if !self.colored() {
            return Style::default();
        }
        Style { good: "\u{1b}[1;32m", bad: "\u{1b}[1;31m", unclear: "\u{1b}[1;33m", dim: "\u{1b}[2m", end: "\u{1b}[0m" }
    }

    fn colored(&self) -> bool {
        match self.choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                io::stdout().is_terminal() && AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
            }
        }
    }

    /// Writes what is worth a second look in a policy to standard error.
    pub(super) fn remark_lints(&self, policy: &Policy) {
        if self.quiet {
            return;
        }
        let mut stderr = self.stderr();
        for lint in policy.lints() {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(stderr, "{lint}");
        }
    }

    /// Whether what is under way may be shown on standard error.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Says on standard error what a run came to.
    pub(super) fn summarize(&self, summary: &Summary) {
        if !self.quiet {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(self.stderr(), "{}", totals_text(summary));
        }
    }

    fn stderr(&self) -> AutoStream<io::Stderr> {
        let choice = match self.choice {
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
            ColorChoice::Auto => anstream::ColorChoice::Auto,
        };
        AutoStream::new(io::stderr(), choice)
    }

    /// Writes an error to standard error, causes first to last, then what would help.
    pub(super) fn complain(&self, error: &Error) {
        let mut stderr = self.stderr();
        let red = AnsiStyle::new().fg_color(Some(AnsiColor::Red.into())).effects(Effects::BOLD);
        // With standard error gone there is nobody left to tell.
        let _ = writeln!(stderr, "{red}error:{red:#} {}", Escaped(&error.to_string()));
        for finding in error.findings() {
            let _ = writeln!(stderr, "{finding}");
        }
        if let Some(hint) = error.hint() {
            let _ = writeln!(stderr, "hint: {}", Escaped(&hint));
        }
    }
}
