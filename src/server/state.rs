//! What all requests of a server share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use crate::admission::REVIEW_LIMIT;
use crate::server::config::Config;
use crate::server::generation::Generation;
use crate::server::metrics::Metrics;

/// How many requests of the greatest size are held at a time; smaller ones are more.
const LARGEST_REQUESTS: usize = 16;

/// What bodies are counted in.
pub(super) const BODY_UNIT: usize = 1 << 10;

/// What all requests share.
pub(super) struct State {
    pub(super) config: Config,
    pub(super) metrics: Metrics,
    /// Leave to be answered.
    pub(super) requests: Arc<Semaphore>,
    /// Leave to compute.
    pub(super) workers: Arc<Semaphore>,
    /// Memory for bodies, in kibibytes.
    pub(super) bodies: Arc<Semaphore>,
    current: RwLock<Arc<Generation>>,
    is_draining: AtomicBool,
    pub(super) problems: Mutex<Problems>,
}

/// What keeps a change from coming into force; the last good state stays.
#[derive(Clone, Debug, Default)]
pub(super) struct Problems {
    pub(super) policy: Option<String>,
    pub(super) images: Option<String>,
    pub(super) tls: Option<String>,
    /// The end of the server's certificate.
    pub(super) certificate_ends: Option<DateTime<Utc>>,
}

impl State {
    pub(super) fn new(config: Config, metrics: Metrics, first: Generation) -> Self {
        let bodies = REVIEW_LIMIT.saturating_mul(LARGEST_REQUESTS) / BODY_UNIT;
        Self {
            requests: Arc::new(Semaphore::new(config.bounds.requests)),
            workers: Arc::new(Semaphore::new(config.bounds.workers)),
            bodies: Arc::new(Semaphore::new(bodies)),
            config,
            metrics,
            current: RwLock::new(Arc::new(first)),
            is_draining: AtomicBool::new(false),
            problems: Mutex::default(),
        }
    }

    /// What requests are judged by now.
    pub(super) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another generation in force, made from the present one.
    pub(super) fn replace(&self, change: impl FnOnce(&Generation) -> Generation) -> u64 {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = change(&current);
        next.number = current.number.saturating_add(1);
        let number = next.number;
        *current = Arc::new(next);
        number
    }

    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    pub(super) fn problems(&self) -> Problems {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Problems)) {
        change(&mut self.problems.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The present. This is where the server reads the clock.
pub(super) fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
