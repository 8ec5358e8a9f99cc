//! Writing what was told: the reports, and the objects.

use std::path::PathBuf;

use crate::cli::error::Error;
use crate::cli::output::{Output, Sink};
use crate::cli::verify::judging::{Judge, Piece, Told};
use crate::cli::verify::progress::Progress;
use crate::report::Summary;
use crate::source::ImagesFile;

/// What a run came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) summary: Summary,
    pub(super) raw_signature: Option<String>,
}

/// The reports and the objects of a run in the making.
pub(super) struct Telling {
    reports: Vec<ReportSink>,
    objects: Option<ImagesFile>,
    summary: Summary,
    progress: Progress,
}

/// A report in the making.
struct ReportSink {
    sink: Sink,
    /// What stands between two images.
    between: &'static str,
    /// An image was told of.
    has_images: bool,
}

impl Telling {
    /// Opens what is written to.
    ///
    /// # Errors
    ///
    /// An [`Error`] for a target that cannot be written to.
    pub(super) fn begin(outputs: &[Output], images: Option<PathBuf>, progress: Progress) -> Result<Self, Error> {
        let objects = images.map(ImagesFile::new).transpose()?;
        let open = |output: &Output| Ok(ReportSink { sink: output.open()?, between: "", has_images: false });
        let reports = outputs.iter().map(open).collect::<Result<_, Error>>()?;
        Ok(Self { reports, objects, summary: Summary::default(), progress })
    }

    /// Whether the objects are wanted.
    pub(super) fn rewrites(&self) -> bool {
        self.objects.is_some()
    }

    pub(super) fn begin_reports(&mut self, judge: &Judge) -> Result<(), Error> {
        for (to, report) in self.reports.iter_mut().zip(&judge.reports) {
            to.between = report.between();
            to.sink.write(&report.begin(&judge.head))?;
        }
        Ok(())
    }

    /// Writes what came of the next batch.
    pub(super) fn tell(&mut self, told: Told) -> Result<(), Error> {
        for (to, piece) in self.reports.iter_mut().zip(&told.pieces) {
            to.write(piece)?;
        }
        if let Some(objects) = &mut self.objects {
            for object in &told.objects {
                objects.push(object)?;
            }
            if let Some(lost) = told.lost {
                objects.lose(lost);
            }
            if let Some(end) = &told.source_end {
                objects.end_source(end);
            }
        }
        self.summary.add(told.summary);
        self.progress.show(&self.summary);
        Ok(())
    }

    /// Shows what there is while nothing comes.
    pub(super) fn pause(&mut self) -> Result<(), Error> {
        self.progress.show(&self.summary);
        self.reports.iter_mut().try_for_each(|report| report.sink.flush())
    }

    /// Says that the run does not come to its end.
    pub(super) fn interrupt(&mut self) {
        self.summary.partial = true;
        if let Some(objects) = &mut self.objects {
            objects.lose("interrupted".to_owned());
        }
    }

    /// Ends the reports, and puts the files in their places.
    pub(super) fn finish(self, judge: &Judge, raw_signature: Option<String>) -> Result<Done, Error> {
        let Self { mut reports, objects, summary, progress } = self;
        progress.end();
        for (to, report) in reports.iter_mut().zip(&judge.reports) {
            to.sink.write(&report.end(&judge.head, &summary))?;
        }
        // The objects first: a report that says what was written should not be there without them. But a run that was
        // interrupted has no objects to write, and its reports are all there is.
        if !summary.partial {
            objects.map_or(Ok(()), ImagesFile::write)?;
        }
        reports.into_iter().try_for_each(|report| report.sink.finish())?;
        Ok(Done { summary, raw_signature })
    }
}

impl ReportSink {
    fn write(&mut self, piece: &Piece) -> Result<(), Error> {
        let Some(first_image) = piece.first_image else { return self.sink.write(&piece.text) };
        let (before, images) = piece.text.split_at_checked(first_image).unwrap_or((&piece.text, ""));
        self.sink.write(before)?;
        self.sink.write(if self.has_images { self.between } else { "" })?;
        self.has_images = true;
        self.sink.write(images)
    }
}
