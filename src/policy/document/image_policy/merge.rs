//! Puts policies together as OpenShift's machine config operator does when it writes `policy.json` for the nodes.
//!
//! Source: `getValidScopePolicies` and `updatePolicyJSON` of the operator.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::ImagePolicy;
use super::scope::covering;
use crate::image::quote::Quoted;
use crate::policy::document::containers_policy::{
    self, ContainersPolicy, Demanded, Demands, What, check_sigstore_keys, is_atomic,
};
use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;
use crate::policy::scope::TransportScopes;
use crate::signature::Fingerprint;

/// What all the documents together demand.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    /// Of the whole cluster.
    pub(crate) cluster: ContainersPolicy,
    /// The scopes that namespaces add.
    pub(crate) namespaces: Vec<(String, Vec<(String, Demands)>)>,
}

/// Tells of objects with the name of another one, of which the cluster could hold only one.
pub(crate) fn duplicates(policies: &[ImagePolicy<'_>]) {
    let mut seen = HashSet::new();
    for policy in policies.iter().filter(|policy| !seen.insert((policy.namespace, policy.name))) {
        policy.field.tell(FindingCode::DuplicateName, format!("there is another policy {}", Quoted(policy.name)));
    }
}

/// Adds policies to `base`, the policy that the nodes have without them. Where there is none, what no policy is for is
/// accepted, as it is on a cluster.
///
/// In each scope every policy for it must be met, and what `base` demands in the very same scope as well. The scopes of
/// `docker` are copied to `atomic`, but for those that `atomic` has not. A scope of a namespace that is, or lies in, a
/// scope of a `ClusterImagePolicy` is set aside.
pub(crate) fn merge(base: Option<ContainersPolicy>, policies: &[ImagePolicy<'_>]) -> Option<Merged> {
    let mut cluster = base.or_else(|| policies.first().map(accepting))?;
    let of_cluster = add(&mut cluster, policies);
    let mut namespaces: BTreeMap<&str, Scopes> = BTreeMap::new();
    for policy in policies {
        let Some(namespace) = policy.namespace else { continue };
        let scopes = namespaces.entry(namespace).or_default();
        for (field, scope) in &policy.scopes {
            match covering(scope, |scope| of_cluster.contains(scope)) {
                Some(covering) => field.tell(
                    FindingCode::ConflictingScope,
                    format!(
                        "this scope is set aside: a `ClusterImagePolicy` has the scope {}, and it alone governs there",
                        Quoted(&covering)
                    ),
                ),
                None => scopes.add(scope, policy.demands(field), Some(field)),
            }
        }
    }
    let namespaces = namespaces.into_iter().map(|(name, scopes)| (name.to_owned(), scopes.entries)).collect();
    Some(Merged { cluster, namespaces })
}

impl Merged {
    /// The rules of the whole. `names` are the user IDs of the certificates that the policy trusts.
    pub(crate) fn compile(&self, names: &Arc<BTreeMap<Fingerprint, String>>) -> TransportScopes {
        let mut scopes = containers_policy::compile(&self.cluster, names);
        for (namespace, entries) in &self.namespaces {
            for (scope, demands) in entries {
                for transport in transports(scope) {
                    let rule = containers_policy::rule(demands, scope, names);
                    scopes.add_in_namespace(transport, namespace, scope, rule);
                }
            }
        }
        scopes
    }
}

/// The transports that a scope is for.
///
/// The operator leaves out of `atomic` only what has three slashes or more. Its peers refuse some more, tags of names
/// with one component; the names of images in that transport have two always, so that nothing is lost without them.
fn transports(scope: &str) -> &'static [&'static str] {
    if is_atomic(scope) { &["docker", "atomic"] } else { &["docker"] }
}

/// The policy of a node that nobody gave one.
fn accepting(policy: &ImagePolicy<'_>) -> ContainersPolicy {
    policy.field.tell(
        FindingCode::AcceptsAnything,
        "no policy of containers-policy.json(5) is beside this one: images outside of the scopes of `ImagePolicy` and \
         `ClusterImagePolicy` are accepted, signed or not, as OpenShift does",
    );
    let (document, pointer) = (policy.field.document().to_owned(), policy.field.pointer());
    let all = vec![Demanded { pointer: pointer.clone(), what: What::AcceptAnything }];
    ContainersPolicy { default: Demands { document, pointer, all }, transports: Vec::new() }
}

/// Adds the scopes of the whole cluster to those of the base, and says which they are.
fn add<'p>(base: &mut ContainersPolicy, policies: &'p [ImagePolicy<'_>]) -> HashSet<&'p str> {
    let mut docker = Scopes::taken(base, "docker");
    let mut atomic = Scopes::taken(base, "atomic");
    let scopes: Vec<_> = policies
        .iter()
        .filter(|policy| policy.namespace.is_none())
        .flat_map(|policy| policy.scopes.iter().map(move |(field, scope)| (policy, field, *scope)))
        .collect();
    for (policy, field, scope) in &scopes {
        docker.add(scope, policy.demands(field), Some(field));
        if atomic.of(scope).is_some() {
            atomic.add(scope, policy.demands(field), None);
        }
    }
    for (_, _, scope) in scopes.iter().filter(|(_, _, scope)| is_atomic(scope)) {
        if let (None, Some(demands)) = (atomic.of(scope), docker.of(scope)) {
            atomic.add(scope, demands.clone(), None);
        }
    }
    base.transports.push(("docker".to_owned(), docker.entries));
    base.transports.push(("atomic".to_owned(), atomic.entries));
    scopes.into_iter().map(|(_, _, scope)| scope).collect()
}

/// Scopes in the order of the documents.
#[derive(Default)]
struct Scopes {
    entries: Vec<(String, Demands)>,
    index: HashMap<String, usize>,
}

impl Scopes {
    /// The scopes of a transport, taken out of a policy.
    fn taken(policy: &mut ContainersPolicy, transport: &str) -> Self {
        let position = policy.transports.iter().position(|(name, _)| name == transport);
        let entries = position.map(|position| policy.transports.remove(position).1).unwrap_or_default();
        let index = entries.iter().enumerate().map(|(position, (scope, _))| (scope.clone(), position)).collect();
        Self { entries, index }
    }

    fn of(&self, scope: &str) -> Option<&Demands> {
        self.index.get(scope).and_then(|position| self.entries.get(*position)).map(|(_, demands)| demands)
    }

    /// Adds demands to those of a scope; all must be met. Where that may not be meant, it is told about `field`.
    fn add(&mut self, scope: &str, demands: Demands, field: Option<&Field<'_>>) {
        let known = self.index.get(scope).and_then(|position| self.entries.get_mut(*position));
        let Some((_, known)) = known else {
            self.index.insert(scope.to_owned(), self.entries.len());
            self.entries.push((scope.to_owned(), demands));
            return;
        };
        let is_keyed = |demanded: &Demanded| matches!(demanded.what, What::SignedBy { .. } | What::Sigstore(_));
        if let Some(field) = field.filter(|_| known.all.iter().any(is_keyed) && demands.all.iter().any(is_keyed)) {
            field.tell(
                FindingCode::AllKeysDemanded,
                format!(
                    "another policy is for this scope ({} {}), and each must be met: no policy of this kind accepts \
                     the one key or the other",
                    known.document, known.pointer
                ),
            );
        }
        let Demands { document, all, .. } = demands;
        let is_elsewhere = document != known.document;
        known.all.extend(all.into_iter().map(|demanded| match is_elsewhere {
            // A place of another document is told with its name.
            true => Demanded { pointer: format!("{document} {}", demanded.pointer), ..demanded },
            false => demanded,
        }));
        if let Some(field) = field {
            check_sigstore_keys(field, &known.all);
        }
    }
}
