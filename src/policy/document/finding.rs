//! What is wrong with a policy, or worth a second look, and where.

use std::fmt;

use thiserror::Error;

use crate::image::quote::Escaped;

/// Declares the kinds of finding with their names and severities side by side.
macro_rules! finding_codes {
    ($($(#[$doc:meta])+ $name:ident $kebab:literal $severity:ident,)+) => {
        /// A stable name for a kind of finding. Names are added to, never changed.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$doc])+ $name,)+
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The kebab-case name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $kebab,)+
                }
            }

            /// Whether the finding keeps a policy from being loaded.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)+
                }
            }
        }
    };
}

finding_codes! {
    /// Everything in scope is allowed, whether signed or not.
    AcceptsAnything "accepts-anything" Lint,
    /// Two rules are equally specific for some image, so that neither governs it.
    AmbiguousScope "ambiguous-scope" Error,
    /// Several keys are demanded together where one of them may have been meant.
    AllKeysDemanded "all-keys-demanded" Lint,
    /// A namespaced policy is set aside, as a cluster-wide one covers its scope.
    ConflictingScope "conflicting-scope" Lint,
    /// Two members of one object have the same name.
    DuplicateMember "duplicate-member" Error,
    /// Two parts of a policy have the same name.
    DuplicateName "duplicate-name" Error,
    /// A list or a text that must say something says nothing.
    Empty "empty" Error,
    /// A member excludes another one that is there too.
    Exclusive "exclusive" Error,
    /// An exemption has ended and exempts nothing any more.
    ExpiredExemption "expired-exemption" Lint,
    /// No key of a keyring is trusted any more.
    ExpiredKeyring "expired-keyring" Lint,
    /// What a policy says cannot be said in the grammar that it is to be written in.
    Inexpressible "inexpressible" Error,
    /// A value is of the right type and still not what is needed.
    InvalidValue "invalid-value" Error,
    /// Key material cannot be read, or is none.
    Key "key" Error,
    /// A policy has more parts than are looked at.
    Limit "limit" Error,
    /// A member is missing.
    MissingMember "missing-member" Error,
    /// A scope can match no image.
    NeverMatches "never-matches" Lint,
    /// What is demanded cannot be met, whatever is signed.
    NeverSatisfied "never-satisfied" Lint,
    /// A name that is kept for somebody else.
    ReservedName "reserved-name" Lint,
    /// The text is not JSON, not YAML, or not UTF-8.
    Syntax "syntax" Error,
    /// A scope with a tag, which governs less than it seems to.
    TagScope "tag-scope" Lint,
    /// A member has a name that means nothing here.
    UnknownMember "unknown-member" Error,
    /// A name stands for nothing in the policy.
    UnknownName "unknown-name" Error,
    /// A rule that never governs, as others always come before it.
    UnreachableRule "unreachable-rule" Error,
    /// What is demanded is valid, and not built yet: it denies.
    Unsupported "unsupported" Lint,
    /// A keyring that no rule asks for.
    UnusedKeyring "unused-keyring" Lint,
    /// A value is of the wrong type.
    WrongType "wrong-type" Error,
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a finding means for the policy.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The policy is not loaded.
    Error,
    /// The policy is loaded; somebody should look at it.
    Lint,
}

/// One thing that is wrong with a policy, or worth a second look.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    pub(super) code: FindingCode,
    pub(super) document: String,
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

impl Finding {
    /// The stable name of the kind of finding.
    pub fn code(&self) -> FindingCode {
        self.code
    }

    /// Whether it keeps the policy from being loaded.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The document, as its name was given.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The path of the value in the document: `$.default[0].type`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, in characters from 1, at which the value begins.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, and what would be right.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// `policy.json:3:7: error: member `x` is unknown … [unknown-member] at $.default[0]`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity() {
            Severity::Error => "error",
            Severity::Lint => "lint",
        };
        let Self { code, document, path, line, column, message } = self;
        write!(f, "{}:{line}:{column}: {severity}: {} [{code}] at {path}", Escaped(document), Escaped(message))
    }
}

/// Why a policy is not loaded: everything that is wrong with its documents.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the policy is not loaded: {}", Count(findings))]
pub struct PolicyError {
    pub(super) findings: Vec<Finding>,
}

impl PolicyError {
    /// What was found, lints included, in the order of the documents; at least one is an error.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// How many of the findings are errors.
struct Count<'f>(&'f [Finding]);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.iter().filter(|finding| finding.severity() == Severity::Error).count() {
            1 => f.write_str("1 error"),
            count => write!(f, "{count} errors"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut names: Vec<_> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FindingCode::ALL.len());
    }
}
