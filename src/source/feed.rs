//! What the readers of all formats have in common: where they are, and whom they tell.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::source::export::{Item, Shape, Summary, check};
use crate::source::{Location, SourceError, SourceProblem};

/// The way from a reader to the visitor.
pub(super) struct Feed<'v, 't> {
    /// The whole text; what follows the first byte that is not UTF-8 is cut off.
    pub(super) text: &'t str,
    /// That byte.
    pub(super) cut: Option<usize>,
    name: Arc<str>,
    visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>,
    summary: Summary,
    several: bool,
    /// The last place whose line was counted.
    counted: (usize, usize),
}

impl<'v, 't> Feed<'v, 't> {
    pub(super) fn new(
        name: &str,
        text: &'t str,
        cut: Option<usize>,
        visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Self {
        let summary = Summary::default();
        Self { text, cut, name: name.into(), visit, summary, several: false, counted: (0, 1) }
    }

    /// Begins the next document.
    pub(super) fn begin(&mut self) {
        self.several |= self.summary.documents > 0;
        self.summary.documents = self.summary.documents.saturating_add(1);
    }

    /// Whether a document was read already.
    pub(super) fn has_documents(&self) -> bool {
        self.summary.documents > 0
    }

    /// Where in the source `part` begins, if it is a part of it.
    pub(super) fn offset_of(&self, part: &str) -> Option<usize> {
        let offset = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        (offset < self.text.len()).then_some(offset)
    }

    /// Says that the current document is not the only one.
    pub(super) fn more_follows(&mut self) {
        self.several = true;
    }

    /// Says what form the current document has.
    pub(super) fn shape(&mut self, shape: impl FnOnce() -> Shape) {
        self.summary.shape = if self.summary.documents == 1 { shape() } else { Shape::Documents };
    }

    /// Hands over an item, whose text is sound JSON.
    pub(super) fn item(&mut self, offset: usize, path: &str, json: &str) -> ControlFlow<()> {
        let location = self.location(offset, path);
        let checked = check(json).map(|()| json);
        let json_or_error = checked.map_err(|problem| SourceError { location: location.clone(), problem });
        self.hand_over(Item { location, json: json_or_error, verbatim: Some(json) })
    }

    /// Hands over an error of an item that is there in full.
    pub(super) fn bad_item(
        &mut self,
        offset: usize,
        path: &str,
        problem: SourceProblem,
        verbatim: &str,
    ) -> ControlFlow<()> {
        let location = self.location(offset, path);
        let error = SourceError { location: location.clone(), problem };
        self.hand_over(Item { location, json: Err(error), verbatim: Some(verbatim) })
    }

    /// Hands over an error after which text of the source is missing.
    pub(super) fn lost(&mut self, offset: usize, path: &str, problem: SourceProblem) -> ControlFlow<()> {
        let location = self.location(offset, path);
        let error = SourceError { location: location.clone(), problem };
        self.summary.lost.get_or_insert_with(|| error.to_string());
        self.hand_over(Item { location, json: Err(error), verbatim: None })
    }

    /// The problem at the end of the text, where it was cut for its encoding.
    pub(super) fn cut_problem(&mut self) -> Option<SourceProblem> {
        self.cut.take().map(|offset| SourceProblem::Encoding { offset })
    }

    /// The line and the column of a byte, counted from 1; columns are characters.
    pub(super) fn position(&mut self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let before = self.text.get(..offset).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        (line, column)
    }

    fn line(&mut self, offset: usize) -> usize {
        let (counted, line) = self.counted;
        let between = |from, to| {
            let bytes = self.text.as_bytes().get(from..to).unwrap_or_default();
            bytes.iter().filter(|byte| **byte == b'\n').count()
        };
        let line = line.saturating_add(between(counted, offset)).saturating_sub(between(offset, counted));
        self.counted = (offset, line);
        line
    }

    fn location(&mut self, offset: usize, path: &str) -> Location {
        Location {
            source: self.name.clone(),
            document: self.summary.documents.max(1),
            several: self.several,
            path: path.to_owned(),
            line: self.line(offset),
            offset,
        }
    }

    fn hand_over(&mut self, item: Item<'_>) -> ControlFlow<()> {
        self.summary.items = self.summary.items.saturating_add(1);
        if item.json.is_err() {
            self.summary.bad = self.summary.bad.saturating_add(1);
        }
        let flow = (self.visit)(item);
        if flow.is_break() {
            self.summary.lost.get_or_insert_with(|| format!("{}: not read to the end", self.name));
        }
        flow
    }

    /// Reports what is left to say when the text has ended.
    pub(super) fn finish(mut self) -> Summary {
        if self.summary.lost.is_none() {
            let offset = self.text.len();
            if let Some(problem) = self.cut_problem() {
                let _ = self.lost(offset, "", problem);
            } else if self.summary.documents == 0 {
                let _ = self.lost(0, "", SourceProblem::Empty);
            }
        }
        self.summary
    }
}
