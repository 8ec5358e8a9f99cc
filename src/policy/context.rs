//! What a policy is asked about, beside the image's own object, and its answer: what governs there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::{Exemption, Rule};
use crate::signature::Code;

/// Where an image is to run and where it comes from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Context {
    /// The namespace in which the image is to run, where it is known. A rule that asks for it cannot be judged
    /// otherwise.
    pub namespace: Option<Namespace>,
    /// How the image is fetched.
    pub transport: Transport,
}

/// A namespace of the cluster.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels, where they are known.
    pub labels: Option<BTreeMap<String, String>>,
}

/// How an image is fetched: the transports of containers-transports(5), as far as their scopes differ.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Transport {
    /// From a registry: `docker`. The scopes are those of the image's reference.
    #[default]
    Docker,
    /// From the registry of an OpenShift cluster: `atomic`. The scopes are those of the image's reference.
    Atomic,
    /// Another one, by its name. The scopes are those of a place: a path, or whatever the transport names images by.
    Other {
        /// The name of the transport: `dir`, `oci`.
        name: String,
        /// The place, as the transport's policy scopes write it: for `dir` and `oci` an absolute path.
        place: String,
    },
}

/// What governs an image.
#[derive(Clone, Debug)]
pub(crate) enum Governing {
    /// Leave to run.
    Exempt(Arc<Exemption>),
    /// A rule.
    Rule(Arc<Rule>),
    /// Nothing: no rule is for the image.
    Nothing,
    /// It cannot be told, for want of what is named.
    Unknown(Code, &'static str),
}
