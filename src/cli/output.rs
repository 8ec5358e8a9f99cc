//! Where a report goes: standard output, or a file that is replaced as a whole.

use std::io::{self, BufWriter, IsTerminal as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anstream::AutoStream;
use anstyle::{AnsiColor, Effects, Style as AnsiStyle};
use clap::ColorChoice;

use crate::cli::error::Error;
use crate::policy::Policy;
use crate::report::{
    CsvReport, Escaped, Head, HtmlReport, JsonReport, JunitReport, MarkdownReport, NdjsonReport, PolicyReport, Report,
    SarifReport, Style, Summary, TextReport, totals_text,
};
use crate::signature::CertificateSummary;
use crate::source::Replacement;

/// A report that was asked for: its format, and the file it goes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Output {
    format: Format,
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Csv,
    Html,
    Json,
    Junit,
    Markdown,
    Ndjson,
    OpenReports,
    PolicyReport,
    Sarif,
    Text,
}

impl Format {
    /// Every format, by its name.
    const NAMES: [(&'static str, Self); 10] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("ndjson", Self::Ndjson),
        ("csv", Self::Csv),
        ("markdown", Self::Markdown),
        ("junit", Self::Junit),
        ("sarif", Self::Sarif),
        ("policyreport", Self::PolicyReport),
        ("openreports", Self::OpenReports),
        ("html", Self::Html),
    ];

    /// Who writes it. The trusted certificates are for the formats that tell of them.
    fn report(self, certificates: impl FnOnce() -> Vec<CertificateSummary>) -> Box<dyn Report> {
        match self {
            Self::Csv => Box::new(CsvReport),
            Self::Html => Box::new(HtmlReport::new(certificates())),
            Self::Json => Box::new(JsonReport),
            Self::Junit => Box::new(JunitReport),
            Self::Markdown => Box::new(MarkdownReport),
            Self::Ndjson => Box::new(NdjsonReport),
            Self::OpenReports => Box::new(PolicyReport::OPEN_REPORTS),
            Self::PolicyReport => Box::new(PolicyReport::POLICY_WORKING_GROUP),
            Self::Sarif => Box::new(SarifReport),
            Self::Text => Box::new(TextReport::default()),
        }
    }
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = match text.split_once('=') {
            Some((format, path)) => (format, Some(path)),
            None => (text, None),
        };
        let found = Format::NAMES.iter().find(|(name, _)| *name == format).map(|(_, format)| *format);
        let Some(format) = found else {
            let names: Vec<_> = Format::NAMES.iter().map(|(name, _)| *name).collect();
            return Err(format!("`{format}` is no format; there are {}", names.join(", ")));
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

    /// Opens what a text is written to that is no report of a verification.
    pub(super) fn stream(&self) -> Result<Stream, Error> {
        Ok(Stream { target: self.target()? })
    }

    /// The style of a text that goes there.
    pub(super) fn style(&self, terminal: &Terminal) -> Style {
        if self.path.is_some() { Style::default() } else { terminal.style() }
    }

    fn target(&self) -> Result<Target, Error> {
        Ok(match &self.path {
            Some(path) => Target::File(Box::new(Replacement::begin(path)?)),
            None => Target::Stdout(BufWriter::new(io::stdout())),
        })
    }

    /// Opens what the report is written to. The trusted certificates are for the formats that tell of them.
    pub(super) fn open(
        &self,
        terminal: &Terminal,
        certificates: impl FnOnce() -> Vec<CertificateSummary>,
    ) -> Result<Sink, Error> {
        let target = self.target()?;
        let report: Arc<dyn Report> = match (self.format, &target) {
            (Format::Text, Target::Stdout(_)) => Arc::new(TextReport::new(terminal.style())),
            (format, _) => format.report(certificates).into(),
        };
        let folder = self.path.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        let aside = report.totals_first().then(|| match folder {
            Some(folder) => tempfile::spooled_tempfile_in(ASIDE_IN_MEMORY, folder),
            None => tempfile::spooled_tempfile(ASIDE_IN_MEMORY),
        });
        Ok(Sink { report, target, aside, images: false, taken: 0, left_out: 0 })
    }
}

/// How much of a report that begins with its totals is kept in memory until they are known; more is in a file that no
/// name leads to.
const ASIDE_IN_MEMORY: usize = 1 << 20;

/// A report in the making.
pub(super) struct Sink {
    report: Arc<dyn Report>,
    target: Target,
    /// What stands behind the totals, in a report that begins with them.
    aside: Option<tempfile::SpooledTempFile>,
    /// An image was written.
    images: bool,
    /// How many bytes were written.
    taken: usize,
    /// How many pieces there was no room for.
    left_out: u64,
}

enum Target {
    File(Box<Replacement>),
    Stdout(BufWriter<io::Stdout>),
    /// Standard output whose reader has gone. That is no error; the verification goes on, as its status matters.
    Closed,
}

impl Sink {
    /// Who says what is to be written.
    pub(super) fn report(&self) -> Arc<dyn Report> {
        self.report.clone()
    }

    /// Writes a piece of the report: its beginning, or what is told of an item that is no image.
    pub(super) fn write(&mut self, piece: &str) -> Result<(), Error> {
        self.take(piece, "")
    }

    /// Writes the piece about an image.
    pub(super) fn write_image(&mut self, piece: &str) -> Result<(), Error> {
        if piece.is_empty() {
            return Ok(());
        }
        let between = if std::mem::replace(&mut self.images, true) { self.report.between() } else { "" };
        self.take(piece, between)
    }

    /// Shows what was written to whoever reads along.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        match &self.target {
            Target::Stdout(_) => self.target.attempt(|target| target.flush()),
            Target::File(_) | Target::Closed => Ok(()),
        }
    }

    /// Writes a piece and what stands before it, if there is room.
    fn take(&mut self, text: &str, before: &str) -> Result<(), Error> {
        let taken = self.taken.saturating_add(before.len()).saturating_add(text.len());
        if self.report.room().is_some_and(|room| taken > room) {
            self.left_out = self.left_out.saturating_add(1);
            return Ok(());
        }
        self.taken = taken;
        match &mut self.aside {
            Some(aside) => aside
                .write_all(before.as_bytes())
                .and_then(|()| aside.write_all(text.as_bytes()))
                .map_err(|source| Error::Write { source }),
            None => self.target.attempt(|target| {
                target.write_all(before.as_bytes())?;
                target.write_all(text.as_bytes())
            }),
        }
    }

    /// Writes the end and, in a report that begins with its totals, all of it.
    pub(super) fn end(&mut self, head: &Head, summary: &Summary) -> Result<(), Error> {
        if let Some(mut aside) = self.aside.take() {
            aside.rewind().map_err(|source| Error::Write { source })?;
            let totals = self.report.totals(head, summary, self.left_out);
            self.target.attempt(|target| {
                target.write_all(totals.as_bytes())?;
                io::copy(&mut aside, target).map(|_| ())
            })?;
        }
        let end = self.report.end(head, summary);
        self.target.attempt(|target| target.write_all(end.as_bytes()))
    }

    /// Ends the report; only now a file takes the place of the old one.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.target.finish()
    }
}

/// A text in the making.
pub(super) struct Stream {
    target: Target,
}

impl Stream {
    /// Writes a piece of the text.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Error> {
        self.target.attempt(|target| target.write_all(text.as_bytes()))
    }

    /// Ends the text; only now a file takes the place of the old one.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.target.finish()
    }
}

impl Target {
    fn finish(mut self) -> Result<(), Error> {
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

    /// Tells of what is wrong with a source of which the rest is good.
    pub(super) fn remark(&self, problems: &[String]) {
        if self.quiet {
            return;
        }
        let mut stderr = self.stderr();
        for problem in problems {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(stderr, "{}", Escaped(problem));
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
