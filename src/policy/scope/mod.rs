//! Which rule of a `SignaturePolicy` governs an image.
//!
//! # Images
//!
//! A pattern of images is written `HOST/PATH` or `HOST:PORT/PATH`; `**` alone is every image. It is compared with the
//! repository's whole name, as references have it once they are completed: `docker.io/library/busybox` for `busybox`.
//! Host, port and path are compared apart from each other, so what is in a path never passes for a host.
//!
//! | in a pattern | stands for |
//! | --- | --- |
//! | `*` in a label of the host or a component of the path | any run of characters within it, also none |
//! | `*` as a whole label or component | exactly one of them |
//! | `**` as a whole label or component | any number of them, also none |
//! | no port | no port |
//! | `:5000` | this port |
//! | `:*` | any port, and none |
//!
//! | pattern | matches | does not match |
//! | --- | --- | --- |
//! | `quay.io/prod/**` | `quay.io/prod`, `quay.io/prod/a/b` | `quay.io/production`, `quay.io:443/prod` |
//! | `quay.io/prod/*` | `quay.io/prod/a` | `quay.io/prod`, `quay.io/prod/a/b` |
//! | `quay.io/*-prod/**` | `quay.io/team-prod/a` | `quay.io/x/team-prod/a` |
//! | `*.example.com/**` | `a.example.com/x` | `example.com/x`, `a.b.example.com/x`, `evil.com/a.example.com/x` |
//! | `**.example.com/**` | `example.com/x`, `a.b.example.com/x` | `notexample.com/x`, `a.example.com:5000/x` |
//! | `**:*/prod/**` | `prod` and all below it in any registry | `quay.io/x/prod` |
//!
//! Patterns are of repositories; tags and digests are not part of them. Patterns are in lower case. A host is the same
//! in upper case, and a port with leading zeros; a path in upper case is no reference. What could never match is
//! refused, with what was probably meant: `busybox`, `docker.io/busybox`, `index.docker.io/library/busybox`,
//! `team/app`, upper case. A pattern has at most 512 bytes and 32 components, the host's included.
//!
//! # Namespaces
//!
//! A scope may be limited to namespaces, by names (with `*` for any run of characters), by a selector of their labels
//! as Kubernetes has it, or by both, which must then both hold. In a selector, `NotIn` holds as well where the label is
//! missing. If a namespace or its labels are asked for and not known, it cannot be told what governs.
//!
//! # Which rule comes first
//!
//! Among the rules whose scopes apply to an image in a namespace, one governs:
//!
//! 1. The image decides. Of two patterns that match it, the one that is inside the other comes first:
//!    `quay.io/prod/**` before `quay.io/**` before `*.io/**` before `**`. The order in the document never matters.
//! 2. If the patterns are the same, the namespace decides: a name in full comes before a name with `*`, that before a
//!    selector alone, and that before a rule for all namespaces. In the same rank the one inside the other comes first:
//!    `team-a-*` before `team-*`, and a name with a selector before the name alone.
//!
//! A rule without patterns is for every image like a rule for `**`, and also for one that has no valid reference.
//!
//! If the rule that comes first cannot be judged, because the namespace or its labels are not known, nothing else
//! governs in its place.
//!
//! Two rules are *ambiguous* if some image in some namespace is in the scopes of both and neither comes first:
//! `quay.io/*/app` and `quay.io/prod/*`, or the same patterns with two selectors of which one namespace may meet both.
//! Then make one the narrower, or keep their namespaces apart: a third rule for what they share does not help. A rule
//! is *unreachable* if others come first wherever it applies: a rule for a selector beside one for the name `*` with
//! the same patterns.

mod candidates;
mod conflict;
mod glob;
mod glob_map;
mod images;
mod index;
mod labels;
mod namespaces;
mod pattern;
mod pattern_error;
mod precedence;
mod sequence;
mod transports;
mod trie;

pub(crate) use candidates::above;
pub use candidates::registry_scopes;
pub(crate) use conflict::ConflictKind;
pub(crate) use images::ImageScopes;
pub(crate) use index::{Governs, Scope, Scopes};
pub(crate) use labels::{LabelExpression, LabelOperator, LabelSelector};
pub(crate) use namespaces::{NamePattern, NamespaceScope, Within};
pub(crate) use pattern::ImagePattern;
pub(crate) use transports::TransportScopes;

#[cfg(test)]
mod tests;
