//! Reads one object: which images it is for, and what it demands of them.

use super::identity::signed_identity;
use super::root::root_of_trust;
use super::scope::scopes;
use super::{ImagePolicy, RootOfTrust};
use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;
use crate::signature::IdentityRule;

/// Where an object holds, by its kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    Cluster,
    Namespace,
}

impl Reach {
    /// The kind of the object.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Cluster => "ClusterImagePolicy",
            Self::Namespace => "ImagePolicy",
        }
    }
}

/// Reads an object of a kind. What is wrong is told, all of it.
pub(crate) fn read<'d>(root: &Field<'d>, reach: Reach) -> Option<ImagePolicy<'d>> {
    let members = root.object()?;
    if let Some(version) = members.required("apiVersion") {
        // Another API has objects of these kinds too, and nothing else in them is as here.
        version.word(&[("config.openshift.io/v1", ()), ("config.openshift.io/v1alpha1", ())])?;
    }
    if let Some(kind) = members.required("kind") {
        kind.word(&[(reach.kind(), ())])?;
    }
    let metadata = members.required("metadata").and_then(|field| metadata(&field, reach));
    let spec = members.required("spec").and_then(|field| spec(&field));
    members.optional("status");
    members.finish();
    let ((name, namespace), spec) = (metadata?, spec?);
    let Spec { scopes, policy, root: trust, identity } = spec;
    Some(ImagePolicy { field: root.clone(), name, namespace, scopes, policy, root: trust, identity })
}

/// The name and the namespace.
fn metadata<'d>(field: &Field<'d>, reach: Reach) -> Option<(&'d str, Option<&'d str>)> {
    // What else is in here is taken as it is.
    let members = field.object()?;
    let name = members.required("name").and_then(|field| {
        let name = dns_name(&field, NAME_LIMIT, "the name is made of lower-case letters, digits, `-` and `.`")?;
        if reach == Reach::Cluster && name.starts_with(RESERVED) {
            field.tell(
                FindingCode::ReservedName,
                format!("names that begin with `{RESERVED}` are for the policies that OpenShift brings itself"),
            );
        }
        Some(name)
    });
    let namespace = match reach {
        Reach::Cluster => {
            if let Some(field) = members.optional("namespace") {
                field.tell(
                    FindingCode::Exclusive,
                    "a `ClusterImagePolicy` is in no namespace: for one namespace write an `ImagePolicy`",
                );
                return None;
            }
            None
        }
        Reach::Namespace => {
            let namespace = members.required("namespace").and_then(|field| {
                let message = "the name of a namespace is made of lower-case letters, digits and `-`";
                let name = dns_name(&field, LABEL_LIMIT, message)?;
                if name.contains('.') {
                    field.tell(FindingCode::InvalidValue, message);
                    return None;
                }
                Some(name)
            });
            Some(namespace?)
        }
    };
    Some((name?, namespace))
}

fn dns_name<'d>(field: &Field<'d>, limit: usize, message: &str) -> Option<&'d str> {
    let name = field.text()?;
    if name.len() > limit || !is_dns_subdomain(name) {
        field.tell(FindingCode::InvalidValue, format!("{message}, and has at most {limit} characters"));
        return None;
    }
    Some(name)
}

/// Labels of lower-case letters, digits and inner hyphens, joined by full stops.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| is_letter(byte) || byte == b'-')
    })
}

struct Spec<'d> {
    scopes: Vec<(Field<'d>, &'d str)>,
    policy: Field<'d>,
    root: RootOfTrust,
    identity: IdentityRule,
}

fn spec<'d>(field: &Field<'d>) -> Option<Spec<'d>> {
    let members = field.object()?;
    let scopes = members.required("scopes").and_then(|field| scopes(&field));
    let policy = members.required("policy").and_then(|field| Some((policy(&field)?, field)));
    members.finish();
    let (scopes, ((root, identity), policy)) = (scopes?, policy?);
    Some(Spec { scopes, policy, root, identity })
}

fn policy(field: &Field<'_>) -> Option<(RootOfTrust, IdentityRule)> {
    let members = field.object()?;
    let root = members.required("rootOfTrust").and_then(|field| root_of_trust(&field));
    let identity = match members.optional("signedIdentity") {
        Some(field) => signed_identity(&field),
        None => Some(IdentityRule::MatchRepoDigestOrExact),
    };
    members.finish();
    Some((root?, identity?))
}

/// How names begin that are not for users.
const RESERVED: &str = "openshift";

/// The longest name of an object.
const NAME_LIMIT: usize = 253;

/// The longest name of a namespace.
const LABEL_LIMIT: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_domain_name_system() {
        for (name, expected) in [
            ("a", true),
            ("0-a.b1", true),
            ("", false),
            ("-a", false),
            ("a-", false),
            ("a.-b", false),
            ("a..b", false),
            (".a", false),
            ("a.", false),
            ("A", false),
            ("a_b", false),
            ("ä", false),
        ] {
            assert_eq!(is_dns_subdomain(name), expected, "{name}");
        }
    }
}
