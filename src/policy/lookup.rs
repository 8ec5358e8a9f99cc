//! What governs an image, and how that was found: for whoever asks about a policy before there is an image.

use crate::policy::context::Governing;
use crate::policy::{Exemption, Rule};
use crate::signature::Code;

/// What a policy has for an image, before anybody looks at its signatures.
#[derive(Clone, Debug)]
pub struct Lookup {
    pub(super) governing: Governing,
    pub(super) considered: Vec<String>,
}

/// What governs an image.
#[derive(Clone, Copy, Debug)]
pub enum Governs<'l> {
    /// Leave to run, without signatures.
    Exemption(&'l Exemption),
    /// Nothing: no rule is for the image, which is denied.
    Nothing,
    /// A rule.
    Rule(&'l Rule),
    /// It cannot be told.
    Unknown {
        /// The stable code.
        code: Code,
        /// What is missing, as a noun phrase.
        missing: &'static str,
    },
}

impl Lookup {
    /// What governs the image.
    pub fn governs(&self) -> Governs<'_> {
        match &self.governing {
            Governing::Exempt(exemption) => Governs::Exemption(exemption),
            Governing::Rule(rule) => Governs::Rule(rule),
            Governing::Nothing => Governs::Nothing,
            Governing::Unknown(code, missing) => Governs::Unknown { code: *code, missing },
        }
    }

    /// The scopes that were looked for, in this order, the one that governs included; the empty one is what governs
    /// where no other scope of the transport does. There is none where the policy has no scopes for the image at all.
    pub fn considered(&self) -> &[String] {
        &self.considered
    }
}
