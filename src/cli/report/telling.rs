//! What a report tells, item after item, as its file is read.

use std::fs::File;
use std::io::BufReader;

use crate::cli::report::piece::{PieceError, PieceProblem, fail};
use crate::cli::report::scan::{Elements, Place, Scan, ScanError};
use crate::report::Shard;
use crate::report::written::{Told, WrittenImage, WrittenLine, WrittenRun, read_error};

/// A list of a report that is being read. It ends with its first error.
#[derive(Debug)]
pub(super) struct Telling {
    name: String,
    list: List,
    /// The shard to which every image is to fall.
    shard: Option<Shard>,
    /// The item that was told last.
    last: Option<u64>,
    /// The text of an item.
    text: Vec<u8>,
    ended: bool,
    /// What the last line of an NDJSON report tells.
    run: Option<WrittenRun>,
}

#[derive(Debug)]
enum List {
    Errors(Elements<BufReader<File>>),
    Images(Elements<BufReader<File>>),
    Lines(Scan<BufReader<File>>),
}

impl Telling {
    /// The list of images that comes next in a JSON report.
    pub(super) fn images(name: &str, scan: Scan<BufReader<File>>, shard: Option<Shard>) -> Result<Self, PieceError> {
        let place = scan.place();
        let elements = Elements::of(scan).map_err(|error| fail(name, Some(place), error))?;
        Ok(Self::of(name, List::Images(elements), shard))
    }

    /// The list of errors that comes next in a JSON report.
    pub(super) fn errors(name: &str, scan: Scan<BufReader<File>>) -> Result<Self, PieceError> {
        let place = scan.place();
        let elements = Elements::of(scan).map_err(|error| fail(name, Some(place), error))?;
        Ok(Self::of(name, List::Errors(elements), None))
    }

    /// The lines of an NDJSON report.
    pub(super) fn lines(name: &str, scan: Scan<BufReader<File>>, shard: Option<Shard>) -> Self {
        Self::of(name, List::Lines(scan), shard)
    }

    fn of(name: &str, list: List, shard: Option<Shard>) -> Self {
        Self { name: name.to_owned(), list, shard, last: None, text: Vec::new(), ended: false, run: None }
    }

    /// The text behind the list, once all of it was told.
    pub(super) fn into_scan(self) -> Scan<BufReader<File>> {
        match self.list {
            List::Errors(elements) | List::Images(elements) => elements.into_scan(),
            List::Lines(scan) => scan,
        }
    }

    /// What the last line of an NDJSON report tells, once it was read.
    pub(super) fn into_run(self) -> Option<WrittenRun> {
        self.run
    }

    fn step(&mut self) -> Result<Option<Told>, PieceError> {
        let Some(place) = self.take()? else { return Ok(None) };
        let read = match &self.list {
            List::Errors(_) => read_error(&self.text).map(Told::Error).map(Some),
            List::Images(_) => WrittenImage::read(&self.text).map(Told::Image).map(Some),
            List::Lines(_) => WrittenLine::read(&self.text).map(|line| match line {
                WrittenLine::Told(told) => Some(told),
                WrittenLine::Run(run) => {
                    self.run = Some(*run);
                    None
                }
            }),
        };
        let told = read.map_err(|error| fail(&self.name, Some(place), error))?;
        match &told {
            Some(told) => self.check(told).map_err(|problem| fail(&self.name, Some(place), problem))?,
            // Nothing stands behind the summary.
            None => drop(self.take()?),
        }
        Ok(told)
    }

    /// Takes the text of the next item; its place, or `None` at the end.
    fn take(&mut self) -> Result<Option<Place>, PieceError> {
        let (taken, now) = match &mut self.list {
            List::Errors(elements) | List::Images(elements) => {
                let taken = elements.next(&mut self.text);
                (taken, elements.place())
            }
            List::Lines(scan) => {
                let taken = line(scan, &mut self.text);
                (taken, scan.place())
            }
        };
        let taken = taken.map_err(|error| fail(&self.name, Some(now), error))?;
        match (&self.list, &self.run, taken) {
            (List::Lines(_), None, None) => Err(fail(&self.name, Some(now), ScanError::CutOff)),
            (List::Lines(_), Some(_), Some(place)) => Err(fail(&self.name, Some(place), PieceProblem::GoesOn)),
            (_, _, taken) => Ok(taken),
        }
    }

    fn check(&mut self, told: &Told) -> Result<(), PieceProblem> {
        let item = told.item();
        match self.last.replace(item) {
            Some(before) if before >= item => return Err(PieceProblem::Order { item, before }),
            Some(_) | None => {}
        }
        match (self.shard, told) {
            (Some(shard), Told::Image(image)) if !shard.holds(image.name()) => {
                Err(PieceProblem::OtherShard { item, shard })
            }
            _ => Ok(()),
        }
    }
}

/// Takes the text of the next line.
fn line(scan: &mut Scan<BufReader<File>>, text: &mut Vec<u8>) -> Result<Option<Place>, ScanError> {
    if scan.peek()?.is_none() {
        return Ok(None);
    }
    text.clear();
    let place = scan.place();
    scan.value(Some(text))?;
    Ok(Some(place))
}

impl Iterator for Telling {
    type Item = Result<Told, PieceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let told = self.step().transpose();
        self.ended = !matches!(told, Some(Ok(_)));
        told
    }
}
