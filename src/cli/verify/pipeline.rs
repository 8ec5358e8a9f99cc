//! The threads of a run, and what goes between them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::TERM_SIGNALS;
use signal_hook::flag;

use crate::cli::error::Error;
use crate::cli::verify::batch::Batch;
use crate::cli::verify::flow::Flow;
use crate::cli::verify::judging::{Judge, Told};
use crate::cli::verify::reading::Sources;
use crate::cli::verify::telling::{Done, Telling};

/// How much text may be under way for each worker, in bytes. An item that is larger than all of it goes alone.
const TEXT_OF_WORKER: usize = 2 << 20;

/// How often is looked whether somebody wants it to end.
const TICK: Duration = Duration::from_millis(100);

/// Reads, judges and tells.
///
/// # Errors
///
/// An [`Error`] if something cannot be written; then no file is replaced.
pub(super) fn run(sources: Sources, judge: Judge, mut telling: Telling, jobs: NonZeroUsize) -> Result<Done, Error> {
    let interrupted = interruption()?;
    let judge = Arc::new(judge);
    telling.begin_reports(&judge.head)?;
    let flow = Arc::new(Flow::new(TEXT_OF_WORKER.saturating_mul(jobs.get())));
    let (to_workers, batches) = channel();
    let (to_writer, told) = channel();
    {
        let flow = flow.clone();
        spawn("reader", move || sources.read(&flow, to_workers))?;
    }
    let batches = Arc::new(Mutex::new(batches));
    for _ in 0..jobs.get() {
        let (judge, batches, to_writer) = (judge.clone(), batches.clone(), to_writer.clone());
        spawn("worker", move || work(&judge, &batches, &to_writer))?;
    }
    // Only the workers speak from here on.
    drop(to_writer);

    let order = Order { flow: &flow, told, interrupted: &interrupted };
    let ended = order.tell(&mut telling);
    // Whoever still reads or works finds nobody to hand it to. None of them is waited for: a reader may be stuck at what
    // nobody writes.
    flow.close();
    let raw_signature = match ended? {
        Ended::Complete { raw_signature } => raw_signature,
        Ended::Interrupted => {
            telling.interrupt();
            None
        }
    };
    telling.finish(&judge.head, raw_signature)
}

/// Set when the process is asked to end. Asked twice, it ends at once.
fn interruption() -> Result<Arc<AtomicBool>, Error> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in TERM_SIGNALS {
        flag::register_conditional_shutdown(*signal, 2, asked.clone())
            .and_then(|_| flag::register(*signal, asked.clone()))
            .map_err(|source| Error::Thread { source })?;
    }
    Ok(asked)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map(|_| ()).map_err(|source| Error::Thread { source })
}

/// Judges batches until there are no more.
fn work(judge: &Judge, batches: &Mutex<Receiver<Batch>>, to: &Sender<Result<Told, Error>>) {
    loop {
        let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return };
        // Whatever went wrong, nobody is to wait for what does not come.
        let told = catch_unwind(AssertUnwindSafe(|| judge.batch(batch))).unwrap_or(Err(Error::Worker));
        if to.send(told).is_err() {
            return;
        }
    }
}

/// How a run ended.
enum Ended {
    Complete { raw_signature: Option<String> },
    Interrupted,
}

/// Puts what the workers tell in the order of the sources.
struct Order<'r> {
    flow: &'r Flow,
    told: Receiver<Result<Told, Error>>,
    interrupted: &'r AtomicBool,
}

impl Order<'_> {
    fn tell(&self, telling: &mut Telling) -> Result<Ended, Error> {
        let mut early = BTreeMap::new();
        let mut next: u64 = 0;
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Ok(Ended::Interrupted);
            }
            match self.told.recv_timeout(TICK) {
                Ok(told) => {
                    let told = told?;
                    early.insert(told.number, told);
                }
                Err(RecvTimeoutError::Timeout) => {
                    telling.pause()?;
                    continue;
                }
                // A thread is gone that had more to say.
                Err(RecvTimeoutError::Disconnected) => return Err(Error::Worker),
            }
            while let Some(mut told) = early.remove(&next) {
                next = next.saturating_add(1);
                let (size, run_end) = (told.size, told.run_end.take());
                telling.tell(told)?;
                self.flow.leave(size);
                if let Some(end) = run_end {
                    return Ok(Ended::Complete { raw_signature: end.raw_signature });
                }
            }
        }
    }
}
