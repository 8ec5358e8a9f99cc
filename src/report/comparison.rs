//! What changed from one report to another.
//!
//! Of the old report a few bytes an image are held, so that each image of the new one is looked up as it comes. Images
//! are the same whose names, references and carriers are. Where the old report tells several times of one, the best is
//! held, so that whatever is worse now is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::policy::Effect;
use crate::report::json::json;
use crate::report::written::{WrittenFacts, WrittenSigner};
use crate::signature::Code;

/// The most signers of two reports that are told apart.
pub const SIGNERS_COMPARED: usize = 100_000;

/// What is different about an image.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Change {
    /// The new report does not tell of it.
    Gone,
    /// The old report does not tell of it.
    New,
    /// It is allowed, and was not.
    NewlyAllowed,
    /// It is denied, and was not; or it is new.
    NewlyDenied,
    /// It is allowed only as the rule is not enforced, and met what is demanded before; or it is new.
    NewlyTolerated,
    /// Nothing could be decided about it, and could before; or it is new.
    NewlyUndecided,
    /// It carries no signature, and did before; or it is new.
    NewlyUnsigned,
    /// The decision is the same, for another reason.
    Reason,
}

impl Change {
    /// Every change.
    pub const ALL: [Self; 8] = [
        Self::Gone,
        Self::New,
        Self::NewlyAllowed,
        Self::NewlyDenied,
        Self::NewlyTolerated,
        Self::NewlyUndecided,
        Self::NewlyUnsigned,
        Self::Reason,
    ];

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::New => "new",
            Self::NewlyAllowed => "newly-allowed",
            Self::NewlyDenied => "newly-denied",
            Self::NewlyTolerated => "newly-tolerated",
            Self::NewlyUndecided => "newly-undecided",
            Self::NewlyUnsigned => "newly-unsigned",
            Self::Reason => "changed-reason",
        }
    }

    /// Whether something got worse.
    pub fn is_worse(self) -> bool {
        match self {
            Self::Gone | Self::New | Self::NewlyAllowed | Self::Reason => false,
            Self::NewlyDenied | Self::NewlyTolerated | Self::NewlyUndecided | Self::NewlyUnsigned => true,
        }
    }
}

impl Serialize for Change {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// How an image stands in a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State {
    /// What was decided.
    pub decision: Effect,
    /// The code of the reason.
    pub code: Code,
    /// Whether it is allowed only as the rule is not enforced.
    pub tolerated: bool,
    /// Whether it carries no signature.
    pub unsigned: bool,
}

impl State {
    fn of(image: &WrittenFacts) -> Self {
        let WrittenFacts { decision, code, tolerated, unsigned, .. } = *image;
        Self { decision, code, tolerated, unsigned }
    }

    /// The better, the smaller.
    fn rank(self) -> (u8, bool) {
        let decision = match (self.decision, self.tolerated) {
            (Effect::Allow, false) => 0,
            (Effect::Allow, true) => 1,
            (Effect::Undecided, _) => 2,
            (Effect::Deny, _) => 3,
        };
        (decision, self.unsigned)
    }
}

/// What tells an image from others: 128 bits of a hash, so that two of a million images are not taken for one.
type Key = [u8; 16];

/// An image of the old report: 21 bytes.
#[derive(Clone, Copy, Debug)]
struct Held {
    key: Key,
    state: State,
    seen: bool,
}

/// The images of the old report.
#[derive(Debug, Default)]
pub struct Old {
    held: Vec<Held>,
    signers: BTreeSet<String>,
}

impl Old {
    /// An old report of so many images.
    pub fn of(images: u64) -> Self {
        Self { held: Vec::with_capacity(usize::try_from(images).unwrap_or(0)), signers: BTreeSet::new() }
    }

    /// Holds an image of the old report.
    ///
    /// # Errors
    ///
    /// A [`ComparisonError`] where there are too many signers.
    pub fn hold(&mut self, image: &WrittenFacts) -> Result<(), ComparisonError> {
        self.held.push(Held { key: key(image), state: State::of(image), seen: false });
        for signer in &image.signers {
            if !self.signers.contains(&signer.fingerprint) {
                bounded(self.signers.len())?;
                self.signers.insert(signer.fingerprint.clone());
            }
        }
        Ok(())
    }

    /// All of the old report was held.
    pub fn compared(mut self) -> Comparison {
        self.held.sort_unstable_by_key(|held| (held.key, held.state.rank()));
        self.held.dedup_by_key(|held| held.key);
        Comparison { old: self, new_signers: BTreeMap::new(), counts: BTreeMap::new(), images: 0, worse: 0 }
    }
}

/// The comparison under way.
#[derive(Debug)]
pub struct Comparison {
    old: Old,
    new_signers: BTreeMap<String, NewSigner>,
    counts: BTreeMap<Change, u64>,
    images: u64,
    worse: u64,
}

/// A signer that the old report does not tell of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewSigner {
    /// The first user ID, where there is one.
    pub user_id: Option<String>,
    /// How many images of the new report it signed.
    pub images: u64,
}

/// How an image differs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// In which ways; at least one.
    pub changes: Vec<Change>,
    /// How it stood in the old report.
    pub before: Option<State>,
    /// How it stands in the new one.
    pub after: Option<State>,
}

impl Comparison {
    /// Compares an image of the new report; `None` where nothing changed.
    ///
    /// # Errors
    ///
    /// A [`ComparisonError`] where there are too many signers.
    pub fn compare(&mut self, image: &WrittenFacts) -> Result<Option<Difference>, ComparisonError> {
        for signer in &image.signers {
            self.signer(signer)?;
        }
        increase(&mut self.images);
        let after = State::of(image);
        let before = self.find(image).map(|held| {
            held.seen = true;
            held.state
        });
        Ok(self.difference(before, Some(after)))
    }

    /// Looks up an image of the old report after all of the new one were compared; `None` where that tells of it.
    pub fn gone(&mut self, image: &WrittenFacts) -> Option<Difference> {
        let held = self.find(image).filter(|held| !held.seen)?;
        held.seen = true;
        let before = held.state;
        self.difference(Some(before), None)
    }

    fn find(&mut self, image: &WrittenFacts) -> Option<&mut Held> {
        let key = key(image);
        let place = self.old.held.binary_search_by_key(&key, |held| held.key).ok()?;
        self.old.held.get_mut(place)
    }

    fn signer(&mut self, signer: &WrittenSigner) -> Result<(), ComparisonError> {
        if self.old.signers.contains(&signer.fingerprint) {
            return Ok(());
        }
        if !self.new_signers.contains_key(&signer.fingerprint) {
            bounded(self.new_signers.len())?;
            let new = NewSigner { user_id: signer.user_id.clone(), images: 0 };
            self.new_signers.insert(signer.fingerprint.clone(), new);
        }
        if let Some(new) = self.new_signers.get_mut(&signer.fingerprint) {
            increase(&mut new.images);
        }
        Ok(())
    }

    fn difference(&mut self, before: Option<State>, after: Option<State>) -> Option<Difference> {
        let changes = changes(before, after);
        if changes.is_empty() {
            return None;
        }
        for change in &changes {
            increase(self.counts.entry(*change).or_default());
        }
        if changes.iter().any(|change| change.is_worse()) {
            increase(&mut self.worse);
        }
        Some(Difference { changes, before, after })
    }

    /// Signers that only the new report tells of, by their fingerprints.
    pub fn new_signers(&self) -> impl Iterator<Item = (&str, &NewSigner)> {
        self.new_signers.iter().map(|(fingerprint, new)| (fingerprint.as_str(), new))
    }

    /// How many images changed in a way.
    pub fn count(&self, change: Change) -> u64 {
        self.counts.get(&change).copied().unwrap_or_default()
    }

    /// How many images of the new report were compared.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// How many images are worse off.
    pub fn worse(&self) -> u64 {
        self.worse
    }
}

fn changes(before: Option<State>, after: Option<State>) -> Vec<Change> {
    let Some(after) = after else { return vec![Change::Gone] };
    let effect = before.map(|before| before.decision);
    let mut changes = Vec::new();
    if before.is_none() {
        changes.push(Change::New);
    }
    match after.decision {
        Effect::Deny if effect != Some(Effect::Deny) => changes.push(Change::NewlyDenied),
        Effect::Undecided if effect != Some(Effect::Undecided) => changes.push(Change::NewlyUndecided),
        Effect::Allow if effect.is_some_and(|effect| effect != Effect::Allow) => changes.push(Change::NewlyAllowed),
        Effect::Allow if after.tolerated && !before.is_some_and(|before| before.tolerated) => {
            changes.push(Change::NewlyTolerated);
        }
        Effect::Allow | Effect::Deny | Effect::Undecided => {}
    }
    if after.unsigned && !before.is_some_and(|before| before.unsigned) {
        changes.push(Change::NewlyUnsigned);
    }
    let same = before.filter(|before| before.decision == after.decision && before.code != after.code);
    if same.is_some() && !changes.contains(&Change::NewlyTolerated) {
        changes.push(Change::Reason);
    }
    changes
}

fn key(image: &WrittenFacts) -> Key {
    let what = json(&(&image.name, &image.docker_image_reference, &image.carrier));
    let mut key = Key::default();
    key.iter_mut().zip(Sha256::digest(what.as_bytes())).for_each(|(to, from)| *to = from);
    key
}

fn bounded(signers: usize) -> Result<(), ComparisonError> {
    if signers < SIGNERS_COMPARED { Ok(()) } else { Err(ComparisonError::Signers) }
}

fn increase(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// Why reports are not compared.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ComparisonError {
    /// More signers than are told apart.
    #[error("a report tells of more than {SIGNERS_COMPARED} signers: no set of trusted keys is that large")]
    Signers,
}

#[cfg(test)]
mod tests;
