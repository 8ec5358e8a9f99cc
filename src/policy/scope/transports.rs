//! The scopes of containers-policy.json(5), and those that namespaces of a cluster add.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::candidates::{above, candidates};
use crate::image::Reference;
use crate::policy::{Context, Demand, Governing, NonEmpty, Requirement, Rule, Transport};
use crate::signature::{Code, Needs};

/// What governs images by the scopes of their transports. One scope governs alone: nothing is inherited or merged.
///
/// The scopes are looked up from the most specific that an image has to the least, so that it does not matter how many
/// there are.
#[derive(Debug)]
pub(crate) struct TransportScopes {
    default: Arc<Rule>,
    transports: HashMap<String, HashMap<String, Arc<Rule>>>,
    /// The scopes that a namespace adds, for images from registries.
    namespaces: HashMap<String, HashMap<String, Arc<Rule>>>,
    /// All of these together: where the namespace is not known, these cannot be judged.
    in_some_namespace: HashSet<String>,
}

impl TransportScopes {
    /// No scopes: `default` governs everything.
    pub(crate) fn new(default: Rule) -> Self {
        Self {
            default: Arc::new(default),
            transports: HashMap::new(),
            namespaces: HashMap::new(),
            in_some_namespace: HashSet::new(),
        }
    }

    /// Adds the scope of a transport. The empty scope is what governs where no other scope of the transport does.
    pub(crate) fn add(&mut self, transport: &str, scope: &str, rule: Rule) {
        self.transports.entry(transport.to_owned()).or_default().insert(scope.to_owned(), Arc::new(rule));
    }

    /// Adds a scope that governs images from registries in one namespace of the cluster, where no scope of the whole
    /// cluster is as specific. All scopes of the cluster have been added before.
    ///
    /// What the cluster demands there holds as well: a namespace only ever tightens it. It is the same for all images
    /// that the scope governs, as the scopes above it are the same for all of them.
    pub(crate) fn add_in_namespace(&mut self, namespace: &str, scope: &str, mut rule: Rule) {
        let cluster = self.above(scope);
        if *cluster.requirement.demand() != Demand::AcceptAnything {
            let place = format!("{} {}", cluster.document, cluster.pointer);
            let of_cluster = Requirement::new(place, cluster.requirement.demand().clone());
            let mut both = NonEmpty::from(of_cluster).into_vec();
            both.push(rule.requirement);
            let demand = NonEmpty::new(both).map_or(Demand::Reject, Demand::All);
            rule.requirement = Requirement::new(rule.pointer.clone(), demand);
            rule.needs = rule.requirement.needs(Needs::default());
        }
        self.namespaces.entry(namespace.to_owned()).or_default().insert(scope.to_owned(), Arc::new(rule));
        self.in_some_namespace.insert(scope.to_owned());
    }

    /// What the cluster demands of the images of a scope that it does not have itself.
    fn above(&self, scope: &str) -> &Rule {
        let docker = self.transports.get("docker");
        let rule = above(scope).iter().find_map(|above| docker.and_then(|scopes| scopes.get(above)));
        rule.or_else(|| docker.and_then(|scopes| scopes.get(""))).unwrap_or(&self.default)
    }

    /// How many rules there are, the default counted.
    pub(crate) fn rule_count(&self) -> usize {
        let scopes = self.transports.values().chain(self.namespaces.values());
        scopes.fold(1, |count, scopes| count.saturating_add(scopes.len()))
    }

    /// What governs an image that is asked for by `reference`.
    pub(crate) fn governing(&self, reference: Option<&Reference>, context: &Context) -> Governing {
        self.look_up(reference, context, &mut |_| {})
    }

    /// The same; `look` is told of each scope that is looked for.
    pub(crate) fn look_up(
        &self,
        reference: Option<&Reference>,
        context: &Context,
        look: &mut dyn FnMut(&str),
    ) -> Governing {
        let (name, for_namespaces) = match &context.transport {
            Transport::Docker => ("docker", true),
            Transport::Atomic => ("atomic", true),
            Transport::Other { name, .. } => (name.as_str(), false),
        };
        let scopes = self.transports.get(name);
        let in_namespaces = for_namespaces && !self.namespaces.is_empty();
        if scopes.is_none_or(HashMap::is_empty) && !in_namespaces {
            return Governing::Rule(Arc::clone(&self.default));
        }
        // A name that cannot be read may stand for an image that a strict scope is for; the default is not for it.
        let Some(candidates) = candidates(&context.transport, reference) else {
            return Governing::Unknown(Code::InvalidReference, "a valid reference of the image");
        };
        for candidate in &candidates {
            look(candidate);
            if let Some(rule) = scopes.and_then(|scopes| scopes.get(candidate)) {
                return Governing::Rule(Arc::clone(rule));
            }
            if !in_namespaces {
                continue;
            }
            match &context.namespace {
                None if self.in_some_namespace.contains(candidate) => {
                    return Governing::Unknown(Code::UnknownNamespace, "the namespace");
                }
                None => {}
                Some(namespace) => {
                    if let Some(rule) = self.namespaces.get(&namespace.name).and_then(|scopes| scopes.get(candidate)) {
                        return Governing::Rule(Arc::clone(rule));
                    }
                }
            }
        }
        look("");
        let of_transport = scopes.and_then(|scopes| scopes.get(""));
        Governing::Rule(Arc::clone(of_transport.unwrap_or(&self.default)))
    }
}
