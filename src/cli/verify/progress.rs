//! Long work shows itself: a bar on the terminal.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output::{Output, Terminal};
use crate::report::Summary;

/// How often a second the bar is drawn.
const DRAWN: u8 = 10;

/// With how much of the sources there is, the bar says how much is left of it.
const WITH_END: &str = "{bar:24} {percent:>3}%  {bytes} of {total_bytes}  {msg}  {eta} left";

/// What can be said of a stream.
const WITHOUT_END: &str = "{spinner} {bytes}  {msg}  {elapsed}";

/// What is shown of a run under way.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    taken: Arc<AtomicU64>,
}

impl Progress {
    /// A bar on standard error, if that is a terminal that shows no report at the same time.
    pub(super) fn begin(terminal: &Terminal, outputs: &[Output], sources: &[String]) -> Self {
        let is_shown = terminal.shows_progress() && !outputs.iter().any(Output::is_on_terminal);
        let (length, template) = match size(sources) {
            Some(length) => (Some(length), WITH_END),
            None => (None, WITHOUT_END),
        };
        let target = if is_shown { ProgressDrawTarget::stderr_with_hz(DRAWN) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(length, target);
        // The templates are tested; with a broken one the bar would look as indicatif has it.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, begun: Instant::now(), taken: Arc::default() }
    }

    /// Where those who read count the bytes.
    pub(super) fn taken(&self) -> Arc<AtomicU64> {
        self.taken.clone()
    }

    pub(super) fn show(&self, summary: &Summary) {
        if self.bar.is_hidden() {
            return;
        }
        let milliseconds = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let a_second = summary.images.saturating_mul(1000).checked_div(milliseconds).unwrap_or_default();
        self.bar.set_message(format!(
            "{} images ({}/s), {} denied",
            HumanCount(summary.images),
            HumanCount(a_second),
            HumanCount(summary.denied)
        ));
        self.bar.set_position(self.taken.load(Ordering::Relaxed));
        self.bar.tick();
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

/// The size of all sources together, if it is known.
fn size(sources: &[String]) -> Option<u64> {
    let sizes = sources.iter().map(|name| fs::metadata(name).ok().filter(fs::Metadata::is_file).map(|file| file.len()));
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_sound() {
        for template in [WITH_END, WITHOUT_END] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn the_size_of_a_stream_is_not_known() {
        let (directory, path) = (tempfile::tempdir().unwrap(), "x");
        let path = directory.path().join(path);
        fs::write(&path, "12345").unwrap();
        let path = path.to_str().unwrap().to_owned();
        assert_eq!(size(&[path.clone(), path.clone()]), Some(10));
        assert_eq!(size(&[path.clone(), "-".to_owned()]), None);
        assert_eq!(size(&[directory.path().to_str().unwrap().to_owned()]), None);
    }
}
