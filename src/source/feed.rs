//! What the readers of all formats have in common: whom they tell, and what is counted.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::source::export::{Item, Shape, Summary, check};
use crate::source::window::{Place, Window};
use crate::source::{Location, SourceError, SourceProblem};

/// The way from a reader to the visitor.
pub(super) struct Feed<'v> {
    name: Arc<str>,
    visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>,
    summary: Summary,
    several: bool,
}

impl<'v> Feed<'v> {
    pub(super) fn new(name: &str, visit: &'v mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Self {
        Self { name: name.into(), visit, summary: Summary::default(), several: false }
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

    /// Says that the current document is not the only one.
    pub(super) fn more_follows(&mut self) {
        self.several = true;
    }

    /// Whether it is known that the source has several documents.
    pub(super) fn is_several(&self) -> bool {
        self.several
    }

    /// Says what form the current document has.
    pub(super) fn shape(&mut self, shape: impl FnOnce() -> Shape) {
        self.summary.shape = if self.summary.documents == 1 { shape() } else { Shape::Documents };
    }

    /// Hands over an item.
    pub(super) fn item(&mut self, place: Place, path: &str, json: &str) -> ControlFlow<()> {
        let location = self.location(place, path);
        let checked = check(json).map(|()| json);
        let json_or_error = checked.map_err(|problem| SourceError { location: location.clone(), problem });
        self.hand_over(Item { location, json: json_or_error, verbatim: Some(json) })
    }

    /// Hands over an error of an item that is there in full.
    pub(super) fn bad_item(
        &mut self,
        place: Place,
        path: &str,
        problem: SourceProblem,
        verbatim: &str,
    ) -> ControlFlow<()> {
        let location = self.location(place, path);
        let error = SourceError { location: location.clone(), problem };
        self.hand_over(Item { location, json: Err(error), verbatim: Some(verbatim) })
    }

    /// Hands over an error after which text of the source is missing.
    pub(super) fn lost(&mut self, place: Place, path: &str, problem: SourceProblem) -> ControlFlow<()> {
        let location = self.location(place, path);
        let error = SourceError { location: location.clone(), problem };
        self.summary.lost.get_or_insert_with(|| error.to_string());
        self.hand_over(Item { location, json: Err(error), verbatim: None })
    }

    fn location(&self, place: Place, path: &str) -> Location {
        Location {
            source: self.name.clone(),
            document: self.summary.documents.max(1),
            several: self.several,
            path: path.to_owned(),
            line: place.line,
            offset: place.offset,
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
    pub(super) fn finish(mut self, window: &mut Window<'_>, read: ControlFlow<()>) -> Summary {
        if read.is_continue() {
            let end = window.end();
            if let Some(source) = window.failure() {
                let place = window.place(end);
                let _ = self.lost(place, "", SourceProblem::Stopped { offset: end, source });
            } else if self.summary.documents == 0 {
                let _ = self.lost(Place { offset: 0, line: 1 }, "", SourceProblem::Empty);
            }
        }
        self.into_summary()
    }

    /// What the source held.
    pub(super) fn into_summary(self) -> Summary {
        self.summary
    }
}
