//! Looking after the files: what changed comes into force as a whole, and what is bad does not.
//!
//! Files are read again and compared by content, exports by what the file system says of them. So it does not matter how
//! they are replaced: by a new file, in place, or by a link to another directory, as Kubernetes does.

use std::sync::Arc;

use crate::admission::Images;
use crate::server::generation::{Generation, Hash, hash_images, hash_policy, name, read_policy};
use crate::server::state::{State, now};
use crate::server::tls::{self, Tls};
use crate::source::Index;

/// What was last looked at, good or bad, so that nothing is tried or told twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) policy: Option<Result<Hash, String>>,
    pub(super) keys: Vec<(bool, String)>,
    pub(super) images: Option<Result<Hash, String>>,
    pub(super) tls: Option<Result<Hash, String>>,
}

/// Looks at all files once.
pub(super) fn look(state: &State, certificates: &Tls, seen: &mut Seen) {
    policy(state, seen);
    images(state, seen);
    tls(state, certificates, seen);
}

fn policy(state: &State, seen: &mut Seen) {
    let judged = &state.config.judged;
    let found = hash_policy(judged, &seen.keys);
    if seen.policy.as_ref() == Some(&found) {
        return;
    }
    let read = read_policy(judged, now());
    // Files that change while they are read are read again the next time.
    let again = read.as_ref().map_or_else(|_| hash_policy(judged, &seen.keys), |read| hash_policy(judged, &read.keys));
    let outcome = match (&read, &again) {
        (Ok(read), Ok(again)) if read.hash != *again => return,
        (Err(_), again) if *again != found => return,
        (Ok(_), Err(problem)) | (Err(problem), _) => Err(problem.clone()),
        (Ok(_), Ok(_)) => Ok(()),
    };
    seen.policy = Some(again);
    if let Ok(read) = read
        && outcome.is_ok()
    {
        seen.keys = read.keys;
        state.metrics.keys(&read.verifier);
        let (verifier, policy_name) = (Arc::new(read.verifier), name(&read.hash));
        let change = |now: &Generation| Generation { verifier, policy_name, ..now.clone() };
        in_force(state, "policy", state.replace(change));
    }
    if let Err(problem) = &outcome {
        refused(state, "policy", problem);
    }
    state.note(|problems| problems.policy = outcome.err());
}

fn images(state: &State, seen: &mut Seen) {
    let sources = &state.config.judged.images;
    let found = hash_images(sources);
    if seen.images.as_ref() == Some(&found) {
        return;
    }
    let outcome = match &found {
        Err(problem) => Err(problem.clone()),
        Ok(_) => Index::load(sources, state.config.read_token.is_some()).map_err(|error| error.to_string()),
    };
    if hash_images(sources) != found {
        return;
    }
    seen.images = Some(found);
    let outcome = outcome.map(|index| {
        count_images(state, &index);
        let index = Arc::new(index);
        let images: Arc<dyn Images + Send + Sync> = Arc::<Index>::clone(&index);
        let change = |now: &Generation| Generation { images, index, ..now.clone() };
        in_force(state, "images", state.replace(change));
    });
    if let Err(problem) = &outcome {
        refused(state, "images", problem);
    }
    state.note(|problems| problems.images = outcome.err());
}

/// Says how much an index holds.
pub(super) fn count_images(state: &State, index: &Index) {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    state.metrics.images.set(count(index.image_count()));
    state.metrics.bad_items.set(count(index.problem_count()));
    for problem in index.problems() {
        tracing::warn!(%problem, "an item of an export cannot be read");
    }
}

fn tls(state: &State, certificates: &Tls, seen: &mut Seen) {
    let files = &state.config.tls;
    let found = tls::hash(files);
    if seen.tls.as_ref() == Some(&found) {
        return;
    }
    let read = tls::read(files, now());
    if tls::hash(files) != found {
        return;
    }
    seen.tls = Some(found);
    let outcome = read.map(|read| {
        certificates.replace(read.config);
        state.metrics.certificate_ends.set(read.ends.timestamp());
        state.note(|problems| problems.certificate_ends = Some(read.ends));
        state.metrics.reloaded("tls", "ok");
        tracing::info!(what = "tls", ends = %read.ends, "a change is in force");
    });
    if let Err(problem) = &outcome {
        refused(state, "tls", problem);
    }
    state.note(|problems| problems.tls = outcome.err());
}

fn in_force(state: &State, what: &'static str, number: u64) {
    state.metrics.generation.set(i64::try_from(number).unwrap_or(i64::MAX));
    state.metrics.reloaded(what, "ok");
    tracing::info!(what, generation = number, "a change is in force");
}

fn refused(state: &State, what: &'static str, problem: &str) {
    state.metrics.reloaded(what, "refused");
    tracing::error!(what, problem, "a change is refused, and the last good state kept");
}
