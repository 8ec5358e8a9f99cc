//! Judging items, and telling each report of them: what the workers do.

use std::sync::Arc;

use base64::Engine as _;
use serde::de::IgnoredAny;

use crate::cli::error::Error;
use crate::cli::verify::batch::{Batch, Content, Pending, RunEnd};
use crate::cli::verify::writing::Writing;
use crate::image::{Carried, Carrier, Digest, Image, ObjectError, Text};
use crate::policy::Context;
use crate::report::{self, Entry, Head, ItemError, Report, Summary};
use crate::source::export;
use crate::verifier::{Verdict, Verifier};

/// Everything that judging needs; the workers share it.
pub(super) struct Judge {
    pub(super) verifier: Verifier,
    pub(super) context: Context,
    pub(super) head: Head,
    /// What raw signatures must be for.
    pub(super) expected: Option<(Digest, String)>,
    pub(super) reports: Vec<Arc<dyn Report>>,
    pub(super) writing: Writing,
}

/// What came of a batch.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) number: u64,
    /// What the batch was accounted for.
    pub(super) size: usize,
    /// For each report, what it tells.
    pub(super) pieces: Vec<Piece>,
    /// The objects, if they are wanted.
    pub(super) objects: Vec<String>,
    /// The patches of images, if they are wanted: a line each.
    pub(super) patches: String,
    /// An item whose text is not fit to be written again.
    pub(super) lost: Option<String>,
    pub(super) summary: Summary,
    pub(super) source_end: Option<export::Summary>,
    pub(super) run_end: Option<RunEnd>,
}

/// What is told of several items, in one report.
#[derive(Debug, Default)]
pub(super) struct Piece {
    text: String,
    /// Where what is told of an item ends, and whether the item is an image.
    ends: Vec<(usize, bool)>,
}

impl Piece {
    fn push(&mut self, told: &str, is_image: bool) {
        self.text.push_str(told);
        self.ends.push((self.text.len(), is_image));
    }

    /// What is told of each item, and whether the item is an image.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, bool)> {
        self.ends.iter().scan(0, |begin, &(end, is_image)| {
            let part = self.text.get(*begin..end)?;
            *begin = end;
            Some((part, is_image))
        })
    }
}

impl Judge {
    /// Judges the items of a batch.
    ///
    /// # Errors
    ///
    /// An [`Error`] for an object that cannot be written with what was found.
    pub(super) fn batch(&self, mut batch: Batch) -> Result<Told, Error> {
        let size = batch.size();
        let items = std::mem::take(&mut batch.items);
        let mut told = Told {
            number: batch.number,
            size,
            pieces: self.reports.iter().map(|_| Piece::default()).collect(),
            objects: Vec::new(),
            patches: String::new(),
            lost: None,
            summary: Summary::default(),
            source_end: batch.source_end.take(),
            run_end: batch.run_end.take(),
        };
        for Pending { number, location, content } in &items {
            let place = Place { number: *number, text: location.to_string() };
            match content {
                Content::Object(range) => self.object(place, batch.text(range), &mut told)?,
                Content::Signature(bytes) => self.signature(place, bytes, &mut told),
                Content::Unreadable { message, verbatim } => {
                    if let (true, Some(range)) = (self.writing.is_any(), verbatim) {
                        let text = batch.text(range);
                        if serde_json::from_str::<IgnoredAny>(text).is_err() {
                            told.lost.get_or_insert_with(|| format!("{}: {message}", place.text));
                        } else if self.writing.objects {
                            told.objects.push(text.to_owned());
                        }
                    }
                    self.error(place, message.clone(), &mut told);
                }
            }
        }
        Ok(told)
    }

    fn object(&self, place: Place, json: &str, told: &mut Told) -> Result<(), Error> {
        let mut written = None;
        match Carrier::read(json) {
            Err(error) => {
                let error = error.to_string();
                if self.writing.is_any() && serde_json::from_str::<IgnoredAny>(json).is_err() {
                    told.lost.get_or_insert_with(|| format!("{}: {error}", place.text));
                }
                self.error(place, error, told);
            }
            Ok(Carrier::Other(_)) => told.summary.count_skipped(),
            Ok(Carrier::Image(carried))
                if self.head.shard.is_some_and(|shard| !shard.holds(&carried.image.metadata.name)) => {}
            Ok(Carrier::Image(carried)) => {
                let verdict = self.verifier.verify_in(&carried.image, &self.context, self.head.at);
                if self.writing.is_any() {
                    written = self
                        .write(json, &verdict, told)
                        .map_err(|error| Error::Usage(format!("{}: cannot be written: {error}", place.text)))?;
                }
                self.image(place, Some(&carried), &verdict, told);
            }
        }
        if self.writing.objects {
            told.objects.push(written.unwrap_or_else(|| json.to_owned()));
        }
        Ok(())
    }

    /// The object's text with what verification found, if that is wanted; and its patch, if that is.
    fn write(&self, json: &str, verdict: &Verdict, told: &mut Told) -> Result<Option<String>, ObjectError> {
        let rewrite = self.writing.rewrite(verdict);
        if self.writing.patches
            && let Some(patch) = rewrite.patch(json)?
        {
            told.patches.push_str(&patch.to_string());
            told.patches.push('\n');
        }
        self.writing.objects.then(|| rewrite.apply(json)).transpose()
    }

    /// Judges one raw signature.
    fn signature(&self, place: Place, bytes: &[u8], told: &mut Told) {
        let Some((digest, reference)) = &self.expected else {
            return self.error(place, "there is nothing that the signature should be for".to_owned(), told);
        };
        let content = base64::engine::general_purpose::STANDARD.encode(bytes);
        let image = Image::with_signature(
            Text::from(digest.to_string()),
            Text::from(reference.as_str()),
            Text::from(place.text.as_str()),
            Text::from(content),
        );
        let verdict = self.verifier.verify_in(&image, &self.context, self.head.at);
        self.image(place, None, &verdict, told);
    }

    fn image(&self, place: Place, carried: Option<&Carried<'_>>, verdict: &Verdict, told: &mut Told) {
        told.summary.count(verdict);
        let entry =
            Entry { item: place.number, place: &place.text, carrier: carried.and_then(report::Carrier::of), verdict };
        for (report, piece) in self.reports.iter().zip(&mut told.pieces) {
            piece.push(&report.image(&entry), true);
        }
    }

    fn error(&self, place: Place, message: String, told: &mut Told) {
        let error = ItemError { item: place.number, place: place.text, message };
        told.summary.count_error(&error);
        for (report, piece) in self.reports.iter().zip(&mut told.pieces) {
            piece.push(&report.error(&error), false);
        }
    }
}

/// Where an item stands.
struct Place {
    number: u64,
    text: String,
}
