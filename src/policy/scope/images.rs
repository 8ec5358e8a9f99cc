//! The rules and exemptions of `SignaturePolicy` documents, as far as they are about where they apply.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::image::Reference;
use crate::policy::scope::{Governs, Scope, Scopes, Within};
use crate::policy::{Context, Exemption, Governing, Rule, Transport};
use crate::signature::Code;

/// What governs images by patterns of their names, and by namespace.
#[derive(Debug)]
pub(crate) struct ImageScopes {
    scopes: Scopes,
    /// In the order of `scopes`.
    rules: Vec<Arc<Rule>>,
    exemptions: Vec<(Scope, Arc<Exemption>)>,
    /// What governs images that no rule is for, where they may run.
    no_match: Option<Arc<Rule>>,
    /// Whether any rule or exemption asks for the name of an image.
    asks_for_names: bool,
}

impl ImageScopes {
    /// `rules` are in the order of `scopes`.
    pub(crate) fn new(
        scopes: Scopes,
        rules: Vec<Arc<Rule>>,
        exemptions: Vec<(Scope, Arc<Exemption>)>,
        no_match: Option<Arc<Rule>>,
    ) -> Self {
        let asks_for_names = rules.iter().any(|rule| !rule.scope().is_empty())
            || exemptions.iter().any(|(scope, _)| scope.images.is_some());
        Self { scopes, rules, exemptions, no_match, asks_for_names }
    }

    /// How many rules there are, what governs where no rule matches counted.
    pub(crate) fn rule_count(&self) -> usize {
        self.rules.len().saturating_add(usize::from(self.no_match.is_some()))
    }

    /// The rules that are for an image that is asked for by `reference`, in the order in which they come.
    pub(crate) fn applying<'s>(
        &'s self,
        reference: Option<&Reference>,
        context: &Context,
    ) -> impl Iterator<Item = &'s Rule> {
        let rules = self.scopes.applying(named(reference, context), context.namespace.as_ref());
        rules.into_iter().filter_map(|rule| self.rules.get(rule)).map(|rule| &**rule)
    }

    /// What governs an image that is asked for by `reference`, at `at`. An exemption comes before every rule.
    pub(crate) fn governing(&self, reference: Option<&Reference>, context: &Context, at: DateTime<Utc>) -> Governing {
        let reference = named(reference, context);
        // A name that cannot be read may stand for an image that a strict rule is for; a wide one is not for it.
        if reference.is_none() && self.asks_for_names {
            return Governing::Unknown(Code::InvalidReference, "a valid reference of the image");
        }
        let namespace = context.namespace.as_ref();
        let mut unknown = None;
        for (scope, exemption) in self.exemptions.iter().filter(|(_, exemption)| at < exemption.expires()) {
            match scope.matches(reference, namespace) {
                Within::Yes => return Governing::Exempt(Arc::clone(exemption)),
                Within::Unknown(what) => unknown = unknown.or(Some(what)),
                Within::No => {}
            }
        }
        if let Some(what) = unknown {
            return Governing::Unknown(Code::UnknownNamespace, what);
        }
        match self.scopes.governing(reference, namespace) {
            Governs::Unknown(what) => Governing::Unknown(Code::UnknownNamespace, what),
            Governs::Rule(rule, _) => match self.rules.get(rule) {
                Some(rule) => Governing::Rule(Arc::clone(rule)),
                None => Governing::Nothing,
            },
            Governs::Nothing => match &self.no_match {
                Some(rule) => Governing::Rule(Arc::clone(rule)),
                None => Governing::Nothing,
            },
        }
    }
}

/// The name that patterns are compared with. Images that do not come from a registry have none.
fn named<'r>(reference: Option<&'r Reference>, context: &Context) -> Option<&'r Reference> {
    match context.transport {
        Transport::Docker | Transport::Atomic => reference,
        Transport::Other { .. } => None,
    }
}
