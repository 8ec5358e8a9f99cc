//! How much is under way between the threads.

use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A count of the bytes that were read and are not yet told, with a limit: who reads waits for who tells, so that memory
/// does not depend on who is faster.
#[derive(Debug)]
pub(super) struct Flow {
    limit: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: usize,
    closed: bool,
}

impl Flow {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until there is room for so many bytes, or nothing at all is under way; breaks when the flow is closed.
    pub(super) fn enter(&self, bytes: usize) -> ControlFlow<()> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return ControlFlow::Break(());
            }
            let sum = state.bytes.saturating_add(bytes);
            if sum <= self.limit || state.bytes == 0 {
                state.bytes = sum;
                return ControlFlow::Continue(());
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that so many bytes were told.
    pub(super) fn leave(&self, bytes: usize) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
        self.changed.notify_all();
    }

    /// Lets nothing more in.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A count is a count, whoever panicked with it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn what_is_larger_than_the_limit_goes_alone() {
        let flow = Flow::new(10);
        assert!(flow.enter(100).is_continue());
        flow.leave(100);
        assert!(flow.enter(10).is_continue());
    }

    #[test]
    fn who_waits_is_let_in_or_sent_away() {
        let flow = Arc::new(Flow::new(10));
        assert!(flow.enter(6).is_continue());
        let waiting = {
            let flow = flow.clone();
            thread::spawn(move || (flow.enter(6), flow.enter(6)))
        };
        flow.leave(6);
        while flow.lock().bytes == 0 {
            thread::yield_now();
        }
        flow.close();
        let (first, second) = waiting.join().unwrap();
        assert!(first.is_continue() && second.is_break());
    }
}
