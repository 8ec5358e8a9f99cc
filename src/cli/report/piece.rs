//! A report that is to be merged: read through once to see what it is, and once more to tell what it tells.

use std::fs::File;
use std::io::{self, BufReader, Seek as _, SeekFrom};

use thiserror::Error;

use crate::cli::report::scan::{OBJECT, Place, START, Scan, ScanError};
use crate::cli::report::telling::Telling;
use crate::report::Shard;
use crate::report::written::{ErrorsTold, Tally, TallyError, WrittenError, WrittenRun};

/// A report in a file, of which nothing is held but what it says of the whole.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) run: WrittenRun,
    form: Form,
}

/// How a report is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// One document, with the places of its lists.
    Json { images: Place, errors: Place },
    /// One object a line.
    Ndjson,
}

impl Piece {
    /// Reads a report through: that it is one, whole, in order, and that it counts what it tells.
    pub(super) fn survey(name: &str) -> Result<Self, PieceError> {
        if name == "-" {
            return Err(fail(name, None, PieceProblem::NotAFile));
        }
        let (run, form, tally) = if is_document(name)? { document(name)? } else { lines(name)? };
        let piece = Self { name: name.to_owned(), run, form };
        tally.check(&piece.run, piece.errors_told()).map_err(|error| fail(name, None, error))?;
        Ok(piece)
    }

    /// Which errors it tells.
    pub(super) fn errors_told(&self) -> ErrorsTold {
        match self.form {
            Form::Json { .. } => ErrorsTold::First,
            Form::Ndjson => ErrorsTold::All,
        }
    }

    /// What it tells, in the order of items; each list of a JSON report by itself.
    pub(super) fn told(&self) -> Result<Vec<Telling>, PieceError> {
        let (name, shard) = (self.name.as_str(), self.run.head.shard);
        Ok(match self.form {
            Form::Json { images, errors } => {
                let mut told = vec![Telling::images(name, open(name, images)?, shard)?];
                if self.run.summary.errors > 0 {
                    told.push(Telling::errors(name, open(name, errors)?)?);
                }
                told
            }
            Form::Ndjson => vec![Telling::lines(name, open(name, START)?, shard)],
        })
    }
}

/// Opens a report where `place` is.
fn open(name: &str, place: Place) -> Result<Scan<BufReader<File>>, PieceError> {
    let fail = |error: io::Error| fail(name, None, ScanError::from(error));
    let mut file = File::open(name).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return Err(self::fail(name, None, PieceProblem::NotAFile));
    }
    file.seek(SeekFrom::Start(place.offset)).map_err(fail)?;
    Ok(Scan::from(BufReader::with_capacity(BUFFER, file), place))
}

/// Whether a report is one document, rather than lines: by the kind of its first object, or by its lists.
fn is_document(name: &str) -> Result<bool, PieceError> {
    let mut scan = open(name, START)?;
    let mut look = || -> Result<Result<bool, PieceProblem>, ScanError> {
        if scan.peek()? != Some(b'{') {
            return Ok(Err(PieceProblem::NoReport));
        }
        scan.mark(OBJECT.open)?;
        let (mut any, mut text) = (false, Vec::new());
        while !OBJECT.end(&mut scan, any)? {
            any = true;
            text.clear();
            scan.value(Some(&mut text))?;
            scan.mark(b":")?;
            let member: String = serde_json::from_slice(&text).unwrap_or_default();
            let is_list = scan.peek()? == Some(b'[');
            match member.as_str() {
                "images" | "errors" if is_list => return Ok(Ok(true)),
                "kind" => {
                    text.clear();
                    scan.value(Some(&mut text))?;
                    let kind: String = serde_json::from_slice(&text).unwrap_or_default();
                    return Ok(match kind.as_str() {
                        "VerificationReport" => Ok(true),
                        "Image" | "Error" | "Summary" => Ok(false),
                        _ => Err(PieceProblem::OtherKind { kind }),
                    });
                }
                _ => scan.value(None)?,
            }
        }
        Ok(Err(PieceProblem::NoReport))
    };
    let looked = look();
    match looked {
        Ok(Ok(is_document)) => Ok(is_document),
        Ok(Err(problem)) => Err(fail(name, None, problem)),
        Err(error) => Err(fail(name, Some(scan.place()), error)),
    }
}

/// Reads a JSON report through.
fn document(name: &str) -> Result<(WrittenRun, Form, Tally), PieceError> {
    let mut scan = open(name, START)?;
    let mut tally = Tally::default();
    let (mut images, mut errors) = (None, None);
    // The members that are no lists of items, as a document of their own.
    let mut rest = b"{".to_vec();
    let (mut any, mut text) = (false, Vec::new());
    scan.mark(OBJECT.open).map_err(|error| fail(name, Some(scan.place()), error))?;
    while !OBJECT.end(&mut scan, any).map_err(|error| fail(name, Some(scan.place()), error))? {
        any = true;
        text.clear();
        let member = scan.value(Some(&mut text)).and_then(|()| scan.mark(b":")).and_then(|_| scan.peek());
        let mark = member.map_err(|error| fail(name, Some(scan.place()), error))?;
        let place = scan.place();
        let member: String = serde_json::from_slice(&text).unwrap_or_default();
        let (slot, mut telling) = match member.as_str() {
            "images" if mark == Some(b'[') => (&mut images, Telling::images(name, scan, None)?),
            "errors" if mark == Some(b'[') => (&mut errors, Telling::errors(name, scan)?),
            _ => {
                if rest.len() > 1 {
                    rest.push(b',');
                }
                rest.append(&mut text);
                rest.push(b':');
                scan.value(Some(&mut rest)).map_err(|error| fail(name, Some(scan.place()), error))?;
                continue;
            }
        };
        if slot.replace(place).is_some() {
            return Err(fail(name, Some(place), WrittenError::Twice { name: member }));
        }
        telling.by_ref().try_for_each(|told| told.map(|told| tally.count(&told)))?;
        scan = telling.into_scan();
    }
    rest.push(b'}');
    if scan.peek().map_err(|error| fail(name, Some(scan.place()), error))?.is_some() {
        return Err(fail(name, Some(scan.place()), PieceProblem::GoesOn));
    }
    let run = WrittenRun::read(&rest).map_err(|error| fail(name, None, error))?;
    let list = |place: Option<Place>, member| place.ok_or(fail(name, None, WrittenError::Missing { name: member }));
    let form = Form::Json { images: list(images, "images")?, errors: list(errors, "errors")? };
    Ok((run, form, tally))
}

/// Reads an NDJSON report through.
fn lines(name: &str) -> Result<(WrittenRun, Form, Tally), PieceError> {
    let mut tally = Tally::default();
    let mut telling = Telling::lines(name, open(name, START)?, None);
    telling.by_ref().try_for_each(|told| told.map(|told| tally.count(&told)))?;
    let run = telling.into_run().ok_or_else(|| fail(name, None, ScanError::CutOff))?;
    Ok((run, Form::Ndjson, tally))
}

/// Why a file is no report that could be merged.
#[derive(Debug, Error)]
#[error("{name}{}: {problem}", at(*line))]
pub(in crate::cli) struct PieceError {
    name: String,
    line: Option<u64>,
    problem: PieceProblem,
}

/// What is wrong with it.
#[derive(Debug, Error)]
pub(super) enum PieceProblem {
    #[error("the text goes on after the end of the report: expected one report a file")]
    GoesOn,
    #[error("no report: expected what `vidimus verify` writes with `--output json` or `--output ndjson`")]
    NoReport,
    #[error("not a file; a report is read twice, so that it has to be one")]
    NotAFile,
    #[error("item {item} stands behind item {before}: expected the items in their order")]
    Order { item: u64, before: u64 },
    #[error(
        "no report, `kind` is `{kind}`: expected what `vidimus verify` writes with `--output json` or `--output ndjson`"
    )]
    OtherKind { kind: String },
    #[error("the image of item {item} does not fall to shard {shard}, which the report says to be of")]
    OtherShard { item: u64, shard: Shard },
    #[error("{0}")]
    Scan(#[from] ScanError),
    #[error("the summary is not that of this report: {0}")]
    Tally(#[from] TallyError),
    #[error("{0}")]
    Written(#[from] WrittenError),
}

/// A problem with the report of that name, at a place of it.
pub(super) fn fail(name: &str, place: Option<Place>, problem: impl Into<PieceProblem>) -> PieceError {
    PieceError { name: name.to_owned(), line: place.map(|place| place.line), problem: problem.into() }
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(": line {line}")).unwrap_or_default()
}

/// How much of a file is read at once.
const BUFFER: usize = 64 << 10;
