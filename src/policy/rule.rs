//! A requirement where it applies, and what becomes of an image that does not meet it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::policy::Requirement;
use crate::signature::{Fingerprint, Needs};

/// A requirement, the scope in which it governs, and what becomes of images that do not meet it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule's own name, in grammars that name rules.
    pub(super) name: String,
    /// The name of the document that the rule stands in.
    pub(super) document: String,
    /// Where in the document: `$.transports.docker["registry.example.com"]`.
    pub(super) pointer: String,
    /// The scope, as the document writes it.
    pub(super) scope: String,
    pub(super) mode: Mode,
    pub(super) requirement: Requirement,
    pub(super) needs: Needs,
    /// The first user IDs of the certificates that the policy trusts.
    pub(super) names: Arc<BTreeMap<Fingerprint, String>>,
}

impl Rule {
    pub(super) fn new(document: &str, pointer: String, scope: String, mode: Mode, requirement: Requirement) -> Self {
        let needs = requirement.needs(Needs::default());
        let names = Arc::default();
        let name = String::new();
        Self { name, document: document.to_owned(), pointer, scope, mode, requirement, needs, names }
    }

    /// The rule's own name; empty in grammars that do not name rules.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the document that the rule stands in; empty for a rule that no document makes.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// Where in the document the rule stands.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The scope in which it governs, as the document writes it.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// What becomes of an image that does not meet the requirement.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What is demanded.
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    pub(crate) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The first user ID of a certificate that the policy trusts.
    pub fn user_id(&self, certificate: &Fingerprint) -> Option<&str> {
        self.names.get(certificate).map(String::as_str)
    }
}

/// What becomes of an image that does not meet a requirement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Mode {
    /// It is denied.
    #[default]
    Enforce,
    /// It is allowed, and whoever asks is warned.
    Warn,
    /// It is allowed, and only the record tells.
    Audit,
}

impl Mode {
    /// The name in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
        }
    }
}

/// Leave to run for some images, for a reason and until a day.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// The name of the document that makes it.
    pub(super) document: String,
    /// Where in the document it stands.
    pub(super) pointer: String,
    pub(super) reason: String,
    pub(super) expires: DateTime<Utc>,
}

impl Exemption {
    /// The name of the document that makes it.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// Where in the document it stands.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Why images are exempt.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The moment from which they are not.
    pub fn expires(&self) -> DateTime<Utc> {
        self.expires
    }
}
