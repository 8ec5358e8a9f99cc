//! Writing what was told: the reports, the objects, and the patches of them.

use std::sync::Arc;

use crate::cli::error::Error;
use crate::cli::output::Sink;
use crate::cli::verify::judging::Told;
use crate::cli::verify::progress::Progress;
use crate::cli::verify::writing::WriteOptions;
use crate::report::{Head, Report, Summary};
use crate::source::{ImagesFile, PatchesFile};

/// What a run came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) summary: Summary,
    pub(super) raw_signature: Option<String>,
}

/// The reports and the objects of a run in the making.
pub(super) struct Telling {
    reports: Vec<Sink>,
    objects: Option<ImagesFile>,
    patches: Option<PatchesFile>,
    summary: Summary,
    progress: Progress,
}

impl Telling {
    /// Opens what the objects and the patches are written to.
    ///
    /// # Errors
    ///
    /// An [`Error`] if that cannot be written to.
    pub(super) fn begin(reports: Vec<Sink>, to: &WriteOptions, progress: Progress) -> Result<Self, Error> {
        let objects = to.write_images.as_ref().map(ImagesFile::new).transpose()?;
        let patches = to.write_patches.as_ref().map(PatchesFile::new).transpose()?;
        Ok(Self { reports, objects, patches, summary: Summary::default(), progress })
    }

    /// Who says what is to be written, for each report.
    pub(super) fn reports(&self) -> Vec<Arc<dyn Report>> {
        self.reports.iter().map(Sink::report).collect()
    }

    pub(super) fn begin_reports(&mut self, head: &Head) -> Result<(), Error> {
        self.reports.iter_mut().try_for_each(|sink| sink.write(&sink.report().begin(head)))
    }

    /// Writes what came of the next batch.
    pub(super) fn tell(&mut self, told: Told) -> Result<(), Error> {
        for (to, piece) in self.reports.iter_mut().zip(&told.pieces) {
            for (text, is_image) in piece.parts() {
                if is_image { to.write_image(text)? } else { to.write(text)? }
            }
        }
        if let Some(objects) = &mut self.objects {
            for object in &told.objects {
                objects.push(object)?;
            }
            if let Some(lost) = &told.lost {
                objects.lose(lost.clone());
            }
            if let Some(end) = &told.source_end {
                objects.end_source(end);
            }
        }
        if let Some(patches) = &mut self.patches {
            patches.push(&told.patches)?;
            if let Some(lost) = told.lost {
                patches.lose(lost);
            }
            if let Some(end) = &told.source_end {
                patches.end_source(end);
            }
        }
        self.summary.add(told.summary);
        self.progress.show(&self.summary);
        Ok(())
    }

    /// Shows what there is while nothing comes.
    pub(super) fn pause(&mut self) -> Result<(), Error> {
        self.progress.show(&self.summary);
        self.reports.iter_mut().try_for_each(Sink::flush)
    }

    /// Says that the run does not come to its end.
    pub(super) fn interrupt(&mut self) {
        self.summary.partial = true;
        if let Some(objects) = &mut self.objects {
            objects.lose("interrupted".to_owned());
        }
        if let Some(patches) = &mut self.patches {
            patches.lose("interrupted".to_owned());
        }
    }

    /// Ends the reports, and puts the files in their places.
    pub(super) fn finish(self, head: &Head, raw_signature: Option<String>) -> Result<Done, Error> {
        let Self { mut reports, objects, patches, summary, progress } = self;
        progress.end();
        reports.iter_mut().try_for_each(|sink| sink.end(head, &summary))?;
        // The objects first: a report that says what was written should not be there without them. But a run that was
        // interrupted has no objects to write, and its reports are all there is.
        if !summary.partial {
            objects.map_or(Ok(()), ImagesFile::write)?;
            patches.map_or(Ok(()), PatchesFile::write)?;
        }
        reports.into_iter().try_for_each(Sink::finish)?;
        Ok(Done { summary, raw_signature })
    }
}
