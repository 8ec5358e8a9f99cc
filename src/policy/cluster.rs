//! A policy in its one internal form: who is trusted at all, and what governs which image.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::image::Reference;
use crate::policy::document::Finding;
use crate::policy::scope::{ImageScopes, TransportScopes};
use crate::policy::{Context, Governing, Lookup, Mode, Requirement, Rule};
use crate::signature::{Fingerprint, Keyring};

/// A policy that is ready to decide. It is loaded from documents, or made of one requirement.
#[derive(Debug)]
pub struct Policy {
    pub(super) keyring: Keyring,
    pub(super) governance: Governance,
    pub(super) lints: Vec<Finding>,
}

/// What governs which image.
#[derive(Debug)]
pub(super) enum Governance {
    /// One rule, everywhere.
    Everywhere(Arc<Rule>),
    /// The rules whose patterns match.
    Images(ImageScopes),
    /// One rule for each scope of a transport.
    Transports(TransportScopes),
}

impl Policy {
    /// The policy that demands the same of every image, with the certificates of `keyring` trusted.
    pub fn everywhere(keyring: Keyring, requirement: Requirement) -> Self {
        let mut rule = Rule::new("", "$".to_owned(), String::new(), Mode::Enforce, requirement);
        rule.names = names(&keyring);
        Self { keyring, governance: Governance::Everywhere(Arc::new(rule)), lints: Vec::new() }
    }

    /// What is worth a second look in the documents that the policy was loaded from.
    pub fn lints(&self) -> &[Finding] {
        &self.lints
    }

    /// How many rules there are, those of the defaults counted.
    pub fn rule_count(&self) -> usize {
        match &self.governance {
            Governance::Everywhere(_) => 1,
            Governance::Images(scopes) => scopes.rule_count(),
            Governance::Transports(scopes) => scopes.rule_count(),
        }
    }

    /// How many certificates are trusted by some rule.
    pub fn certificate_count(&self) -> usize {
        self.keyring.certificate_count()
    }

    /// Who is trusted, and the rest of the policy.
    pub(crate) fn into_parts(self) -> (Keyring, Governor) {
        (self.keyring, Governor(self.governance))
    }
}

/// Tells what governs an image.
#[derive(Debug)]
pub(crate) struct Governor(Governance);

impl Governor {
    /// What governs an image that is asked for by `reference`, in `context`, at `at`.
    pub(crate) fn governing(&self, reference: Option<&Reference>, context: &Context, at: DateTime<Utc>) -> Governing {
        match &self.0 {
            Governance::Everywhere(rule) => Governing::Rule(Arc::clone(rule)),
            Governance::Images(scopes) => scopes.governing(reference, context, at),
            Governance::Transports(scopes) => scopes.governing(reference, context),
        }
    }

    /// The same, with the way that led there.
    pub(crate) fn look_up(&self, reference: Option<&Reference>, context: &Context, at: DateTime<Utc>) -> Lookup {
        let (mut scopes, mut rules) = (Vec::new(), Vec::new());
        let governing = match &self.0 {
            Governance::Everywhere(_) => self.governing(reference, context, at),
            Governance::Images(images) => {
                rules.extend(images.applying(reference, context).map(|rule| rule.name().to_owned()));
                self.governing(reference, context, at)
            }
            Governance::Transports(transports) => {
                transports.look_up(reference, context, &mut |scope| scopes.push(scope.to_owned()))
            }
        };
        Lookup { governing, scopes, rules }
    }
}

/// The first user IDs of the certificates of a keyring.
pub(super) fn names(keyring: &Keyring) -> Arc<BTreeMap<Fingerprint, String>> {
    Arc::new(keyring.user_ids().map(|(certificate, name)| (certificate.clone(), name.to_owned())).collect())
}
