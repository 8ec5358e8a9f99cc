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
    /// The scopes that namespaces add, by transport.
    namespaces: HashMap<String, OfNamespaces>,
}

impl TransportScopes {
    /// No scopes: `default` governs everything.
    pub(crate) fn new(default: Rule) -> Self {
        Self { default: Arc::new(default), transports: HashMap::new(), namespaces: HashMap::new() }
    }

    /// Adds the scope of a transport. The empty scope is what governs where no other scope of the transport does.
    pub(crate) fn add(&mut self, transport: &str, scope: &str, rule: Rule) {
        self.transports.entry(transport.to_owned()).or_default().insert(scope.to_owned(), Arc::new(rule));
    }

    /// Adds a scope of a transport from registries, `docker` or `atomic`, that governs images in one namespace of the
    /// cluster, where no scope of the whole cluster is more specific. All scopes of the cluster have been added before.
    ///
    /// What the cluster demands there holds as well: a namespace only ever tightens it. It is the same for all images
    /// that the scope governs, as the scope and those above it are the same for all of them.
    pub(crate) fn add_in_namespace(&mut self, transport: &str, namespace: &str, scope: &str, mut rule: Rule) {
        let cluster = self.of_cluster(transport, scope);
        if *cluster.requirement.demand() != Demand::AcceptAnything {
            let place = format!("{} {}", cluster.document, cluster.pointer);
            let of_cluster = Requirement::new(place, cluster.requirement.demand().clone());
            let mut both = NonEmpty::from(of_cluster).into_vec();
            both.push(rule.requirement);
            let demand = NonEmpty::new(both).map_or(Demand::Reject, Demand::All);
            rule.requirement = Requirement::new(rule.pointer.clone(), demand);
            rule.needs = rule.requirement.needs(Needs::default());
        }
        let scopes = self.namespaces.entry(transport.to_owned()).or_default();
        scopes.each.entry(namespace.to_owned()).or_default().insert(scope.to_owned(), Arc::new(rule));
        scopes.all.insert(scope.to_owned());
    }

    /// What the cluster demands of the images of a scope, but for those that it has a more specific scope for.
    fn of_cluster(&self, transport: &str, scope: &str) -> &Rule {
        let scopes = self.transports.get(transport);
        let all = std::iter::once(scope.to_owned()).chain(above(scope)).chain([String::new()]);
        let rule = scopes.and_then(|scopes| all.into_iter().find_map(|scope| scopes.get(&scope)));
        rule.unwrap_or(&self.default)
    }

    /// How many rules there are, the default counted.
    pub(crate) fn rule_count(&self) -> usize {
        let in_namespaces = self.namespaces.values().flat_map(|scopes| scopes.each.values());
        let scopes = self.transports.values().chain(in_namespaces);
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
        let (name, in_namespaces) = match &context.transport {
            Transport::Docker => ("docker", self.namespaces.get("docker")),
            Transport::Atomic => ("atomic", self.namespaces.get("atomic")),
            Transport::Other { name, .. } => (name.as_str(), None),
        };
        let scopes = self.transports.get(name);
        if scopes.is_none_or(HashMap::is_empty) && in_namespaces.is_none() {
            return Governing::Rule(Arc::clone(&self.default));
        }
        // A name that cannot be read may stand for an image that a strict scope is for; the default is not for it.
        let Some(candidates) = candidates(&context.transport, reference) else {
            return Governing::Unknown(Code::InvalidReference, "a valid reference of the image");
        };
        for candidate in &candidates {
            look(candidate);
            let in_namespaces = in_namespaces.filter(|scopes| scopes.all.contains(candidate));
            let in_namespace = match (in_namespaces, &context.namespace) {
                (None, _) => None,
                (Some(_), None) => return Governing::Unknown(Code::UnknownNamespace, "the namespace"),
                (Some(scopes), Some(namespace)) => {
                    scopes.each.get(&namespace.name).and_then(|scopes| scopes.get(candidate))
                }
            };
            // The rule of the namespace holds what the cluster demands in the same scope.
            if let Some(rule) = in_namespace.or_else(|| scopes.and_then(|scopes| scopes.get(candidate))) {
                return Governing::Rule(Arc::clone(rule));
            }
        }
        look("");
        let of_transport = scopes.and_then(|scopes| scopes.get(""));
        Governing::Rule(Arc::clone(of_transport.unwrap_or(&self.default)))
    }
}

/// The scopes that namespaces add to a transport.
#[derive(Debug, Default)]
struct OfNamespaces {
    each: HashMap<String, HashMap<String, Arc<Rule>>>,
    /// All of these together: where the namespace is not known, these cannot be judged.
    all: HashSet<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::image::Digest;
    use crate::policy::{Mode, Namespace};

    /// Scopes that nest in every way, and images in and outside of them.
    const SCOPES: [&str; 9] = [
        "",
        "*.com",
        "*.example.com",
        "r.example.com",
        "r.example.com:5000",
        "r.example.com/a",
        "r.example.com/a/b",
        "r.example.com/a/b:tag",
        "quay.io/a",
    ];
    const IMAGES: [&str; 6] = [
        "r.example.com/a/b:tag",
        "r.example.com/a/b:other",
        "r.example.com/c/d:tag",
        "r.example.com:5000/a/b:tag",
        "s.example.com/a:tag",
        "quay.io/a:tag",
    ];
    const NAMESPACES: [&str; 2] = ["one", "two"];
    const TRANSPORTS: [&str; 2] = ["docker", "atomic"];

    /// A demand that is always met, one that never is, and one that this very image meets or not.
    fn demand() -> impl Strategy<Value = Demand> {
        prop_oneof![
            Just(Demand::AcceptAnything),
            Just(Demand::Reject),
            Just(Demand::DigestNotIn(BTreeSet::<Digest>::new())),
        ]
    }

    fn rule(demand: &Demand) -> Rule {
        Rule::new("", "$".to_owned(), String::new(), Mode::Enforce, Requirement::new("$", demand.clone()))
    }

    /// Whether the image runs; nothing where that is not known. `met` is what comes of the demand for digests.
    fn runs(scopes: &TransportScopes, image: &str, context: &Context, met: bool) -> Option<bool> {
        fn is_met(requirement: &Requirement, met: bool) -> bool {
            let demand = requirement.demand();
            if let Demand::All(parts) = demand {
                return parts.as_slice().iter().all(|part| is_met(part, met));
            }
            *demand == Demand::AcceptAnything || (met && matches!(demand, Demand::DigestNotIn(_)))
        }
        match scopes.governing(Some(&image.parse().unwrap()), context) {
            Governing::Rule(rule) => Some(is_met(&rule.requirement, met)),
            Governing::Exempt(_) | Governing::Nothing | Governing::Unknown(..) => None,
        }
    }

    fn contexts() -> Vec<Context> {
        let namespace = |name: &str| Some(Namespace { name: name.to_owned(), labels: None });
        let namespaces = [None, namespace("one"), namespace("two"), namespace("three")];
        let both = |namespace: Option<Namespace>| {
            [Transport::Docker, Transport::Atomic].map(|transport| Context { namespace: namespace.clone(), transport })
        };
        namespaces.into_iter().flat_map(both).collect()
    }

    proptest! {
        #[test]
        fn a_namespace_only_ever_tightens(
            default in demand(),
            cluster in vec((select(&TRANSPORTS[..]), select(&SCOPES[..]), demand()), 0..8),
            added in vec((select(&TRANSPORTS[..]), select(&NAMESPACES[..]), select(&SCOPES[1..]), demand()), 1..6),
        ) {
            let cluster = || {
                let mut scopes = TransportScopes::new(rule(&default));
                for (transport, scope, demand) in &cluster {
                    scopes.add(transport, scope, rule(demand));
                }
                scopes
            };
            let (before, mut after) = (cluster(), cluster());
            for (transport, namespace, scope, demand) in &added {
                after.add_in_namespace(transport, namespace, scope, rule(demand));
            }
            for (image, context) in IMAGES.iter().flat_map(|image| contexts().into_iter().map(move |context| (image, context))) {
                for met in [false, true] {
                    if runs(&before, image, &context, met) != Some(true) {
                        prop_assert_ne!(runs(&after, image, &context, met), Some(true), "{} {:?}", image, context);
                    }
                }
            }
        }
    }

    #[test]
    fn a_namespace_does_tighten() {
        let mut scopes = TransportScopes::new(rule(&Demand::AcceptAnything));
        scopes.add("docker", "quay.io", rule(&Demand::AcceptAnything));
        scopes.add_in_namespace("docker", "one", "quay.io", rule(&Demand::Reject));
        let found: Vec<_> = contexts().iter().map(|context| runs(&scopes, "quay.io/a:tag", context, true)).collect();
        let (not, yes) = (Some(false), Some(true));
        assert_eq!(found, [None, yes, not, yes, yes, yes, yes, yes]);
    }
}
