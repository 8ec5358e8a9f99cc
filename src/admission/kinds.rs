//! Which resources carry images, and where.

use std::collections::BTreeMap;

use thiserror::Error;

/// The longest declaration of a resource that is read.
const DECLARATION_LIMIT: usize = 512;

/// What is known of the resources of a cluster: where each has its images.
///
/// The built-in ones are those of Kubernetes and OpenShift that have a pod's template. A resource that is not known is
/// not waved through: a request about it is denied, until it is declared.
///
/// ```
/// use vidimus::admission::Kinds;
///
/// let mut kinds = Kinds::default();
/// kinds.declare("tasks.tekton.dev=spec.steps[*].image")?;
/// kinds.declare("configmaps")?; // carries no image
/// assert!(kinds.declare("configmaps=").is_err());
/// # Ok::<(), vidimus::admission::KindError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Kinds {
    /// By group and resource.
    shapes: BTreeMap<(String, String), Shape>,
}

/// Where a resource has its images.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// Nowhere.
    Nowhere,
    /// In a pod's specification, and perhaps at other places.
    Pod {
        /// The kind of the objects.
        kind: &'static str,
        /// The members that lead to the specification.
        spec: &'static [&'static str],
        /// Whether it is a Pod itself rather than a template of some.
        is_pod: bool,
    },
    /// At declared places.
    Declared(Vec<Vec<Step>>),
}

/// A step of a declared path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Each element of an array.
    Each,
    /// A member.
    Member(String),
}

/// Group, resources, kind, and where the specification of the pod is.
const BUILT_IN: &[(&str, &str, &str, &[&str])] = &[
    ("", "pods", "Pod", &["spec"]),
    ("", "podtemplates", "PodTemplate", &["template", "spec"]),
    ("", "replicationcontrollers", "ReplicationController", TEMPLATE),
    ("apps", "daemonsets", "DaemonSet", TEMPLATE),
    ("apps", "deployments", "Deployment", TEMPLATE),
    ("apps", "replicasets", "ReplicaSet", TEMPLATE),
    ("apps", "statefulsets", "StatefulSet", TEMPLATE),
    ("apps.openshift.io", "deploymentconfigs", "DeploymentConfig", TEMPLATE),
    ("batch", "cronjobs", "CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
    ("batch", "jobs", "Job", TEMPLATE),
];

const TEMPLATE: &[&str] = &["spec", "template", "spec"];

impl Default for Kinds {
    fn default() -> Self {
        let shape = |kind, spec| Shape::Pod { kind, spec, is_pod: kind == "Pod" };
        let known = BUILT_IN
            .iter()
            .map(|(group, resource, kind, spec)| (((*group).to_owned(), (*resource).to_owned()), shape(kind, spec)));
        Self { shapes: known.collect() }
    }
}

impl Kinds {
    /// Declares a resource: `tasks.tekton.dev=spec.steps[*].image` says where its images are, and may be said again for
    /// another place; `configmaps` says that it has none. What is found at a place is an image if it is a text, and a
    /// pod's template or specification if it is an object with containers.
    ///
    /// # Errors
    ///
    /// A [`KindError`] if the declaration is not written so, or contradicts what is known.
    pub fn declare(&mut self, declaration: &str) -> Result<(), KindError> {
        let refuse = |problem| KindError { declaration: declaration.to_owned(), problem };
        if declaration.len() > DECLARATION_LIMIT {
            return Err(refuse(KindProblem::TooLong));
        }
        let (resource, path) = match declaration.split_once('=') {
            Some((resource, path)) => (resource, Some(path)),
            None => (declaration, None),
        };
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let is_name = |text: &str, dots: bool| {
            text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || (dots && byte == b'.')
            })
        };
        if resource.is_empty() || !is_name(resource, false) || !is_name(group, true) {
            return Err(refuse(KindProblem::Resource));
        }
        let key = (group.to_owned(), resource.to_owned());
        let path = path.map(|path| steps(path).ok_or_else(|| refuse(KindProblem::Path))).transpose()?;
        match (self.shapes.get_mut(&key), path) {
            (Some(Shape::Declared(paths)), Some(path)) => paths.push(path),
            (Some(_), _) => return Err(refuse(KindProblem::Known)),
            (None, Some(path)) => {
                self.shapes.insert(key, Shape::Declared(vec![path]));
            }
            (None, None) => {
                self.shapes.insert(key, Shape::Nowhere);
            }
        }
        Ok(())
    }

    pub(super) fn of(&self, group: &str, resource: &str) -> Option<&Shape> {
        // Templates of the old group are converted by the API server; where they are not, they look the same.
        let group = if group == "extensions" { "apps" } else { group };
        self.shapes.get(&(group.to_owned(), resource.to_owned()))
    }
}

/// A path such as `spec.steps[*].image`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, arrays) = match part.find('[') {
            Some(end) => part.split_at_checked(end)?,
            None => (part, ""),
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return None;
        }
        steps.push(Step::Member(name.to_owned()));
        if !arrays.replace("[*]", "").is_empty() {
            return None;
        }
        steps.extend(arrays.matches("[*]").map(|_| Step::Each));
    }
    Some(steps)
}

/// Why a declaration of a resource is refused.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{declaration}`: {problem}")]
pub struct KindError {
    declaration: String,
    problem: KindProblem,
}

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
enum KindProblem {
    #[error("it is known already where this resource has its images")]
    Known,
    #[error("a place of images is written as `spec.steps[*].image`")]
    Path,
    #[error("a resource is written as `tasks.tekton.dev` or, in the core group, `configmaps`")]
    Resource,
    #[error("a declaration has at most {DECLARATION_LIMIT} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_cannot_be_declared_away() {
        let mut kinds = Kinds::default();
        for known in ["pods", "deployments.apps", "pods=spec.image"] {
            assert_eq!(kinds.declare(known).unwrap_err().problem, KindProblem::Known, "{known}");
        }
        kinds.declare("configmaps").unwrap();
        assert_eq!(kinds.declare("configmaps=data.image").unwrap_err().problem, KindProblem::Known);
        kinds.declare("tasks.tekton.dev=spec.steps[*].image").unwrap();
        kinds.declare("tasks.tekton.dev=spec.sidecars[*].image").unwrap();
        assert_eq!(kinds.declare("tasks.tekton.dev").unwrap_err().problem, KindProblem::Known);
    }

    #[test]
    fn what_is_no_declaration_is_refused() {
        let mut kinds = Kinds::default();
        for bad in ["", "=spec.image", "Pods", "x y", "x/y", "x=", "x=a..b", "x=a[0]", "x=[*]", "x=$.a", "x=a[*]b"] {
            assert!(kinds.declare(bad).is_err(), "{bad}");
        }
        assert!(kinds.declare(&format!("x={}", "a".repeat(DECLARATION_LIMIT))).is_err());
    }
}
