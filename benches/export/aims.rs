//! What the project wants to reach, and what it aims for, next to what was measured.

use crate::table;

/// The rows of the last table.
#[derive(Default)]
pub(crate) struct Aims(Vec<[String; 5]>);

/// Whether more is better.
#[derive(Clone, Copy)]
pub(crate) enum Better {
    Higher,
    Lower,
}

impl Aims {
    /// Adds a row; `show` makes text of each number.
    pub(crate) fn row(
        &mut self,
        what: &str,
        [reach, aim]: [f64; 2],
        measured: f64,
        better: Better,
        show: fn(f64) -> String,
    ) {
        let meets = |bound: f64| match better {
            Better::Higher => measured >= bound,
            Better::Lower => measured <= bound,
        };
        let outcome = if meets(aim) {
            "aim"
        } else if meets(reach) {
            "reached"
        } else {
            "short"
        };
        self.0.push([what.to_owned(), show(reach), show(aim), show(measured), outcome.to_owned()]);
    }

    /// Adds a row that could not be measured.
    pub(crate) fn missing(&mut self, what: &str, [reach, aim]: [f64; 2], why: &str, show: fn(f64) -> String) {
        self.0.push([what.to_owned(), show(reach), show(aim), why.to_owned(), "not measured".to_owned()]);
    }

    pub(crate) fn print(&self) {
        table::print("What was to be reached", ["what", "reach", "aim", "measured", "outcome"], &self.0);
    }
}
