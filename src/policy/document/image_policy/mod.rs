//! OpenShift's `ImagePolicy` and `ClusterImagePolicy` (`config.openshift.io/v1` and `v1alpha1`), as its API server checks
//! them, and as its machine config operator puts them together with the policy of the nodes.
//!
//! Of an object, `apiVersion`, `kind`, `metadata.name`, `metadata.namespace` and all of `spec` are read. The rest of
//! `metadata`, and `status`, are kept by the API server; they say nothing about images and are not looked at.

mod identity;
mod merge;
mod read;
mod root;
mod scope;

pub(crate) use identity::prefix_problem;
pub(crate) use merge::{Merged, duplicates, merge};
pub(crate) use read::{Reach, read};
pub(crate) use root::{CERTIFICATES, EMAIL, HOST, ISSUER, PUBLIC_KEY, Pem, RootOfTrust, Rule};
pub(crate) use scope::{COUNT_LIMIT, problem as scope_problem};

use crate::policy::document::containers_policy::{Demanded, Demands, Sigstore, SigstoreRoot, What};
use crate::policy::document::field::Field;
use crate::signature::IdentityRule;

/// What one object demands.
#[derive(Clone, Debug)]
pub(crate) struct ImagePolicy<'d> {
    /// The object.
    pub(crate) field: Field<'d>,
    pub(crate) name: &'d str,
    /// The namespace in which it holds; nothing where it holds in all of them.
    pub(crate) namespace: Option<&'d str>,
    /// The scopes, and where each one stands.
    pub(crate) scopes: Vec<(Field<'d>, &'d str)>,
    /// Where the demand stands.
    pub(crate) policy: Field<'d>,
    pub(crate) root: RootOfTrust,
    pub(crate) identity: IdentityRule,
}

impl ImagePolicy<'_> {
    /// What is demanded in the scope that stands at `scope`, in the form that containers-policy.json(5) is read into.
    fn demands(&self, scope: &Field<'_>) -> Demands {
        let (root, rekor) = match &self.root {
            RootOfTrust::FulcioWithRekor { .. } => (SigstoreRoot::Fulcio, true),
            RootOfTrust::Pki { .. } => (SigstoreRoot::Pki, false),
            RootOfTrust::PublicKey { key, rekor, .. } => (SigstoreRoot::Keys(key.clone().into()), rekor.is_some()),
        };
        let sigstore = Sigstore { root, rekor, identity: self.identity.clone() };
        Demands {
            document: scope.document().to_owned(),
            pointer: scope.pointer(),
            all: vec![Demanded { pointer: self.policy.pointer(), what: What::Sigstore(sigstore) }],
        }
    }
}
