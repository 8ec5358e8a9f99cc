//! Reading an `AdmissionReview`: what is asked, and the images of the object that is asked about.

use thiserror::Error;

use crate::admission::kinds::Kinds;
use crate::admission::workload::{self, Seen, present, text};
use crate::image::JsonError;
use crate::image::json::{Document, Limits, Node};
use crate::image::quote::Escaped;

/// The largest review that is read, in bytes: an update carries two objects of up to 3 MiB, the most that an API server
/// takes.
pub const REVIEW_LIMIT: usize = 8 << 20;

/// How much of a review is read.
const LIMITS: Limits = Limits { bytes: REVIEW_LIMIT, depth: 100, values: 500_000 };

/// The version of reviews that is spoken.
pub(crate) const API_VERSION: &str = "admission.k8s.io/v1";

/// The kind of a review.
pub(crate) const KIND: &str = "AdmissionReview";

/// The longest uid that is repeated: a UUID has 36 characters.
const UID_LIMIT: usize = 128;

/// What an API server asks: one request, with the images that it is about.
///
/// It is read strictly where it decides (a member that is there twice, or of another type than the API's, is refused) and
/// leniently elsewhere: members that do not matter are ignored.
///
/// Source: `k8s.io/api/admission/v1` `types.go`.
#[derive(Clone, Debug)]
pub struct Review {
    pub(super) uid: String,
    pub(super) operation: Operation,
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) subresource: String,
    pub(super) namespace: String,
    pub(super) user: User,
    pub(super) dry_run: bool,
    pub(super) object: Option<Seen>,
    pub(super) old: Option<Seen>,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

/// What is to be done with the object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// It is connected to: `exec`, `attach`, `proxy`.
    Connect,
    /// It is made.
    Create,
    /// It is deleted.
    Delete,
    /// It is changed, also by a patch.
    Update,
}

impl Operation {
    /// The name as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Create => "CREATE",
            Self::Delete => "DELETE",
            Self::Update => "UPDATE",
        }
    }
}

impl Review {
    /// Reads a review, and finds the images of its object as `kinds` say.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if it is no review that could be answered. An object that is not what its kind says is no error:
    /// whoever wrote it is answered with a denial.
    pub fn read(bytes: &[u8], kinds: &Kinds) -> Result<Self, ReviewError> {
        let document = Document::read(bytes, &LIMITS)?;
        let mut review = document.root().object()?;
        let said = |node: Option<Node<'_>>| node.map(|node| node.string().map(str::to_owned)).transpose();
        let version = said(review.optional("apiVersion"))?.unwrap_or_default();
        let kind = said(review.optional("kind"))?.unwrap_or_default();
        if version != API_VERSION || kind != KIND {
            return Err(ReviewError::Version { version, kind });
        }
        let mut request = review.required("request")?.object()?;
        let uid = text(&mut request, "uid")?;
        if uid.is_empty() || uid.len() > UID_LIMIT {
            return Err(ReviewError::Uid);
        }
        let operation = match text(&mut request, "operation")?.as_str() {
            "CONNECT" => Operation::Connect,
            "CREATE" => Operation::Create,
            "DELETE" => Operation::Delete,
            "UPDATE" => Operation::Update,
            other => return Err(ReviewError::Operation { found: other.to_owned() }),
        };
        let mut resource = request.required("resource")?.object()?;
        let (group, resource) = (text(&mut resource, "group")?, text(&mut resource, "resource")?);
        if resource.is_empty() {
            return Err(ReviewError::Resource);
        }
        let subresource = text(&mut request, "subResource")?;
        let user = present(&mut request, "userInfo").map(user).transpose()?.unwrap_or_default();
        let dry_run = present(&mut request, "dryRun").is_some_and(|node| node.value().is_true());
        let mut seen =
            |name| present(&mut request, name).map(|object| workload::see(object, kinds.of(&group, &resource)));
        let (object, old) = (seen("object"), seen("oldObject"));
        let namespace = text(&mut request, "namespace")?;
        Ok(Self { uid, operation, group, resource, subresource, namespace, user, dry_run, object, old })
    }

    /// The identifier of the request, which its answer repeats.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// What is to be done.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The namespace of the object; empty for one that has none. It is that of the request, whatever the object says.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether nothing will come of it. The answer is the same.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// The resource, with its group and subresource: `deployments.apps/status`.
    pub fn resource(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        let slash = if self.subresource.is_empty() { "" } else { "/" };
        format!("{}{dot}{}{slash}{}", self.resource, self.group, self.subresource)
    }
}

/// The user of a request.
fn user(node: Node<'_>) -> Result<User, ReviewError> {
    let mut user = node.object()?;
    let name = text(&mut user, "username")?;
    let groups = match present(&mut user, "groups") {
        Some(groups) => groups.array()?.map(|group| group.string().map(str::to_owned)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(User { name, groups })
}

/// Why there is no answer to what was sent: whoever called is told, and its failure policy decides.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ReviewError {
    /// It is not JSON, or not in the form of a review.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// The operation is none of the four.
    #[error("the operation `{}` is none of CREATE, UPDATE, DELETE and CONNECT", Escaped(found))]
    Operation {
        /// What it is.
        found: String,
    },
    /// The request does not name its resource.
    #[error("the request does not name a resource")]
    Resource,
    /// The request has no usable identifier.
    #[error("the request has no `uid` of at most {UID_LIMIT} bytes, which an answer would have to repeat")]
    Uid,
    /// It is something else, or another version.
    #[error("`{API_VERSION}` `{KIND}` is needed, not `{}` `{}`", Escaped(version), Escaped(kind))]
    Version {
        /// The version that was found.
        version: String,
        /// The kind that was found.
        kind: String,
    },
}
