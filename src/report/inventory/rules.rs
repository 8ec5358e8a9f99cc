//! The rules that governed images.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::policy::{Requirement, Rule};

/// What stands for a rule where it is told of often: a hash of its place in its document.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RuleKey(String);

impl RuleKey {
    /// The key of a rule.
    pub fn of(rule: &Rule) -> Self {
        let hash =
            Sha256::new().chain_update(rule.document()).chain_update([0]).chain_update(rule.pointer()).finalize();
        Self(URL_SAFE_NO_PAD.encode(hash.first_chunk::<9>().unwrap_or(&[0; 9])))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A rule of a policy, and how much it governed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RuleTally {
    /// The rule's own name; empty in grammars that do not name rules.
    pub name: String,
    /// The name of the document.
    pub document: String,
    /// Where in the document the rule stands.
    pub pointer: String,
    /// Its scope, as the document writes it.
    pub scope: String,
    /// What becomes of images that do not meet it.
    pub mode: &'static str,
    /// What it demands.
    pub demand: DemandTold,
    /// Images that it governed.
    pub images: u64,
}

/// The shape of a demand: what it is called, where it stands, and what it is made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DemandTold {
    /// The name of the demand in a policy.
    pub name: &'static str,
    /// Where it stands in its document.
    pub pointer: String,
    /// The demands that it is made of.
    pub parts: Vec<Self>,
}

impl RuleTally {
    pub(super) fn new(rule: &Rule) -> Self {
        Self {
            name: rule.name().to_owned(),
            document: rule.document().to_owned(),
            pointer: rule.pointer().to_owned(),
            scope: rule.scope().to_owned(),
            mode: rule.mode().as_str(),
            demand: DemandTold::of(rule.requirement()),
            images: 0,
        }
    }
}

impl DemandTold {
    fn of(requirement: &Requirement) -> Self {
        Self {
            name: requirement.name(),
            pointer: requirement.pointer().to_owned(),
            parts: requirement.parts().iter().map(Self::of).collect(),
        }
    }
}
