//! What a report ends with.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::policy::{Effect, Mode};
use crate::report::{Inventory, ItemError};
use crate::signature::{Code, Outcome};
use crate::verifier::Verdict;

/// How many errors are kept to be listed at the end of a report. All are counted.
pub const ERRORS_LISTED: usize = 10_000;

/// The totals of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Whether the run was interrupted, so that items are missing.
    pub partial: bool,
    /// Images judged.
    pub images: u64,
    /// Images allowed.
    pub allowed: u64,
    /// Images denied.
    pub denied: u64,
    /// Images about which nothing could be decided.
    pub undecided_images: u64,
    /// Images that do not meet what a policy demands and are allowed as it does not enforce that; they are among the
    /// allowed.
    pub tolerated: u64,
    /// Images that do not meet what a rule demands that warns of it; they are among the tolerated.
    pub warned: u64,
    /// Images that a policy exempts; they are among the allowed.
    pub exempted: u64,
    /// Images without any signature.
    pub unsigned: u64,
    /// Signatures looked at.
    pub signatures: u64,
    /// Signatures that verified and are for their image.
    pub verified: u64,
    /// Signatures that were rejected.
    pub rejected: u64,
    /// Signatures that could not be judged.
    pub undecided: u64,
    /// Items that could not be read.
    pub errors: u64,
    /// Objects of other kinds, which carry no image.
    pub skipped: u64,
    /// How often each code came out, over all signatures.
    pub codes: BTreeMap<Code, u64>,
    /// The first [`ERRORS_LISTED`] of the items that could not be read.
    #[serde(skip)]
    pub listed: Vec<ItemError>,
    /// Who signed what, for reports that tell it.
    #[serde(skip)]
    pub inventory: Inventory,
}

impl Summary {
    /// Counts a verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        self.inventory.count(verdict);
        increase(&mut self.images);
        match verdict.decision().effect() {
            Effect::Allow => increase(&mut self.allowed),
            Effect::Deny => increase(&mut self.denied),
            Effect::Undecided => increase(&mut self.undecided_images),
        }
        if verdict.decision().is_tolerated() {
            increase(&mut self.tolerated);
            if verdict.decision().mode() == Mode::Warn {
                increase(&mut self.warned);
            }
        }
        if verdict.decision().exemption().is_some() {
            increase(&mut self.exempted);
        }
        if verdict.evidence().is_empty() {
            increase(&mut self.unsigned);
        }
        for evidence in verdict.evidence() {
            increase(&mut self.signatures);
            increase(self.codes.entry(evidence.code()).or_default());
            increase(match evidence.outcome() {
                Outcome::Verified => &mut self.verified,
                Outcome::Rejected(_) => &mut self.rejected,
                Outcome::Undecided(_) => &mut self.undecided,
            });
        }
    }

    /// Counts an item that could not be read.
    pub fn count_error(&mut self, error: &ItemError) {
        increase(&mut self.errors);
        if self.listed.len() < ERRORS_LISTED {
            self.listed.push(error.clone());
        }
    }

    /// Adds what another part of the run came to, whose items stand behind those counted here.
    pub fn add(&mut self, part: Self) {
        // Named one by one, so that none is forgotten.
        let Self {
            partial,
            images,
            allowed,
            denied,
            undecided_images,
            tolerated,
            warned,
            exempted,
            unsigned,
            signatures,
            verified,
            rejected,
            undecided,
            errors,
            skipped,
            codes,
            listed,
            inventory,
        } = part;
        for (sum, count) in [
            (&mut self.images, images),
            (&mut self.allowed, allowed),
            (&mut self.denied, denied),
            (&mut self.undecided_images, undecided_images),
            (&mut self.tolerated, tolerated),
            (&mut self.warned, warned),
            (&mut self.exempted, exempted),
            (&mut self.unsigned, unsigned),
            (&mut self.signatures, signatures),
            (&mut self.verified, verified),
            (&mut self.rejected, rejected),
            (&mut self.undecided, undecided),
            (&mut self.errors, errors),
            (&mut self.skipped, skipped),
        ] {
            *sum = sum.saturating_add(count);
        }
        for (code, count) in codes {
            let sum = self.codes.entry(code).or_default();
            *sum = sum.saturating_add(count);
        }
        self.partial |= partial;
        self.inventory.add(&inventory);
        let room = ERRORS_LISTED.saturating_sub(self.listed.len());
        self.listed.extend(listed.into_iter().take(room));
    }

    /// Counts an object that carries no image.
    pub fn count_skipped(&mut self) {
        increase(&mut self.skipped);
    }
}

fn increase(count: &mut u64) {
    *count = count.saturating_add(1);
}
