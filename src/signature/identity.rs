//! Which images a signed reference may stand for.
//!
//! Source: `containers/image` `signature/policy_reference_match.go` and `policy_config.go`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::image::quote::Quoted;
use crate::image::{Reference, ReferenceError, is_domain, is_path};

/// The rule by which a signed reference is accepted for an image.
///
/// The digest is compared elsewhere, always; this is about the name under which a signer vouched for it.
///
/// On the command line: `matchExact`, `matchRepoDigestOrExact`, `matchRepository`, `exactReference=REFERENCE`,
/// `exactRepository=REPOSITORY`, `remapIdentity=PREFIX=SIGNEDPREFIX` (`=matchRepository` may follow).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum IdentityRule {
    /// The signed reference is the image's, tag and digest included.
    MatchExact,
    /// As [`MatchExact`](Self::MatchExact); but for an image referred to by digest alone, the repository is enough, as
    /// long as the signed reference has a tag or a digest.
    #[default]
    MatchRepoDigestOrExact,
    /// The repository is the image's.
    MatchRepository,
    /// The signed reference is this one. Whatever the image is called does not matter.
    ExactReference(Reference),
    /// The signed repository is this one. Whatever the image is called does not matter.
    ExactRepository(Reference),
    /// The image is called otherwise than it was signed, as one from a mirror is.
    RemapIdentity(RemapIdentity),
}

/// A prefix of image names, and what stood in its place when images were signed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RemapIdentity {
    prefix: String,
    signed_prefix: String,
    /// Whether the remapped repository is enough, whatever the tag or digest.
    repository: bool,
}

impl RemapIdentity {
    /// Remaps names that are `prefix`, or lie under it, to `signed_prefix`.
    ///
    /// # Errors
    ///
    /// [`IdentityRuleError::Prefix`] if one of the two is not `host[:port]` or `host[:port]/path`.
    pub fn new(prefix: &str, signed_prefix: &str) -> Result<Self, IdentityRuleError> {
        for found in [prefix, signed_prefix] {
            let valid = found.len() <= crate::image::REFERENCE_LIMIT
                && match found.split_once('/') {
                    Some((domain, path)) => is_domain(domain) && is_path(path),
                    None => is_domain(found),
                };
            if !valid {
                return Err(IdentityRuleError::Prefix { found: found.to_owned() });
            }
        }
        Ok(Self { prefix: prefix.to_owned(), signed_prefix: signed_prefix.to_owned(), repository: false })
    }

    /// The same, where the remapped repository is enough, as for
    /// [`MatchRepository`](IdentityRule::MatchRepository). The peers have no such rule; it is for mirrors that tag anew.
    pub fn matching_repository(self) -> Self {
        Self { repository: true, ..self }
    }

    /// Whether the remapped repository is enough.
    pub fn matches_repository(&self) -> bool {
        self.repository
    }

    /// The prefix of the image's name.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What stands in its place in the signed reference.
    pub fn signed_prefix(&self) -> &str {
        &self.signed_prefix
    }

    /// What the image was called when it was signed. Images outside of the prefix keep their names.
    fn remap(&self, image: &Reference) -> Result<Reference, MismatchReason> {
        let rest = image.name().strip_prefix(&self.prefix);
        if rest.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')) {
            return Ok(image.clone());
        }
        let image = image.to_string();
        let rest = image.strip_prefix(&self.prefix).unwrap_or_default();
        let remapped = format!("{}{rest}", self.signed_prefix);
        Reference::parse_canonical(&remapped).map_err(|error| MismatchReason::Remapped { remapped, error })
    }
}

impl IdentityRule {
    /// The rule [`ExactReference`](Self::ExactReference).
    ///
    /// # Errors
    ///
    /// An [`IdentityRuleError`] if the text is no reference, or one without tag and digest.
    pub fn exact_reference(text: &str) -> Result<Self, IdentityRuleError> {
        let reference = parse(text)?;
        if reference.is_name_only() {
            return Err(IdentityRuleError::NameOnly { found: text.to_owned() });
        }
        Ok(Self::ExactReference(reference))
    }

    /// The rule [`ExactRepository`](Self::ExactRepository). A tag and a digest are ignored, as they are by the peers.
    ///
    /// # Errors
    ///
    /// An [`IdentityRuleError`] if the text is no reference.
    pub fn exact_repository(text: &str) -> Result<Self, IdentityRuleError> {
        Ok(Self::ExactRepository(parse(text)?.without_tag_or_digest()))
    }

    /// Whether a signature with the reference `signed` may stand for `image`.
    ///
    /// `image` is the reference by which the image is asked for; there is none for an image in a file.
    ///
    /// # Errors
    ///
    /// An [`IdentityMismatch`], which says what would have been accepted.
    pub fn accepts(&self, image: Option<&Reference>, signed: &str) -> Result<(), IdentityMismatch> {
        let reference = Reference::parse_normalized(signed);
        self.accepts_parsed(image, signed, reference.as_ref().map_err(|error| *error))
    }

    /// As [`accepts`](Self::accepts), where `reference` is what the text `signed` is.
    pub(crate) fn accepts_parsed(
        &self,
        image: Option<&Reference>,
        signed: &str,
        reference: Result<&Reference, ReferenceError>,
    ) -> Result<(), IdentityMismatch> {
        let compare = |reference| match self.wanted(image)? {
            wanted if wanted.is(reference) => Ok(()),
            wanted => Err(wanted.into()),
        };
        reference.map_err(MismatchReason::Signed).and_then(compare).map_err(|reason| IdentityMismatch {
            signed: signed.to_owned(),
            image: image.map(Reference::to_string),
            rule: Box::new(self.clone()),
            reason,
        })
    }

    /// What must be signed for `image`.
    ///
    /// # Errors
    ///
    /// A [`MismatchReason`] where no signed reference is accepted, whatever it is.
    pub(crate) fn wanted(&self, image: Option<&Reference>) -> Result<Wanted, MismatchReason> {
        let image = image.ok_or(MismatchReason::NoImage);
        match self {
            Self::MatchExact => exact(image?),
            Self::MatchRepoDigestOrExact => repository_digest_or_exact(image?),
            Self::MatchRepository => Ok(repository(image?)),
            Self::ExactReference(wanted) => exact(wanted),
            Self::ExactRepository(wanted) => Ok(repository(wanted)),
            Self::RemapIdentity(remap) => {
                let remapped = remap.remap(image?)?;
                if remap.repository { Ok(repository(&remapped)) } else { repository_digest_or_exact(&remapped) }
            }
        }
    }

    /// The rule's name in policies.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MatchExact => "matchExact",
            Self::MatchRepoDigestOrExact => "matchRepoDigestOrExact",
            Self::MatchRepository => "matchRepository",
            Self::ExactReference(_) => "exactReference",
            Self::ExactRepository(_) => "exactRepository",
            Self::RemapIdentity(_) => "remapIdentity",
        }
    }
}

/// What a signed reference must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Wanted {
    /// This reference.
    Reference(Reference),
    /// A reference to this repository.
    Repository(String),
    /// A reference to this repository, with a tag or a digest.
    TagOrDigest(String),
}

impl Wanted {
    fn is(&self, signed: &Reference) -> bool {
        match self {
            Self::Reference(wanted) => wanted == signed,
            Self::Repository(name) => name == signed.name(),
            Self::TagOrDigest(name) => name == signed.name() && !signed.is_name_only(),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(reference) => write!(f, "`{reference}`"),
            Self::Repository(name) => write!(f, "the repository `{name}`"),
            Self::TagOrDigest(name) => write!(f, "the repository `{name}` with any tag or digest"),
        }
    }
}

impl From<Wanted> for MismatchReason {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Reference(reference) => Self::Reference { accepted: reference.to_string() },
            Wanted::Repository(accepted) => Self::Repository { accepted },
            Wanted::TagOrDigest(accepted) => Self::TagOrDigest { accepted },
        }
    }
}

fn exact(image: &Reference) -> Result<Wanted, MismatchReason> {
    if image.is_name_only() { Err(MismatchReason::NameOnly) } else { Ok(Wanted::Reference(image.clone())) }
}

fn repository_digest_or_exact(image: &Reference) -> Result<Wanted, MismatchReason> {
    if image.tag().is_some() || image.digest().is_none() {
        return exact(image);
    }
    Ok(Wanted::TagOrDigest(image.name().to_owned()))
}

fn repository(image: &Reference) -> Wanted {
    Wanted::Repository(image.name().to_owned())
}

fn parse(text: &str) -> Result<Reference, IdentityRuleError> {
    text.parse().map_err(|error| IdentityRuleError::Reference { found: text.to_owned(), error })
}

impl fmt::Display for IdentityRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::MatchExact | Self::MatchRepoDigestOrExact | Self::MatchRepository => Ok(()),
            Self::ExactReference(reference) | Self::ExactRepository(reference) => write!(f, "={reference}"),
            Self::RemapIdentity(remap) => {
                write!(f, "={}={}", remap.prefix, remap.signed_prefix)?;
                if remap.repository { f.write_str("=matchRepository") } else { Ok(()) }
            }
        }
    }
}

impl FromStr for IdentityRule {
    type Err = IdentityRuleError;

    /// Parses a rule as it is written on the command line.
    fn from_str(text: &str) -> Result<Self, IdentityRuleError> {
        match text.split_once('=') {
            None if text == "matchExact" => Ok(Self::MatchExact),
            None if text == "matchRepoDigestOrExact" => Ok(Self::MatchRepoDigestOrExact),
            None if text == "matchRepository" => Ok(Self::MatchRepository),
            Some(("exactReference", reference)) => Self::exact_reference(reference),
            Some(("exactRepository", repository)) => Self::exact_repository(repository),
            Some(("remapIdentity", prefixes)) => match prefixes.split_once('=') {
                Some((prefix, signed_prefix)) => {
                    let (signed_prefix, repository) = match signed_prefix.strip_suffix("=matchRepository") {
                        Some(signed_prefix) => (signed_prefix, true),
                        None => (signed_prefix, false),
                    };
                    let remap = RemapIdentity::new(prefix, signed_prefix)?;
                    Ok(Self::RemapIdentity(if repository { remap.matching_repository() } else { remap }))
                }
                None => Err(IdentityRuleError::Unknown { found: text.to_owned() }),
            },
            _ => Err(IdentityRuleError::Unknown { found: text.to_owned() }),
        }
    }
}

/// Why there is no such rule.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum IdentityRuleError {
    /// `exactReference` needs a tag or a digest.
    #[error("{} has neither tag nor digest: add one, or use `exactRepository`", Quoted(found))]
    NameOnly {
        /// The text.
        found: String,
    },
    /// A prefix of `remapIdentity` is not one.
    #[error("{} is no prefix of image names: write `host[:port]` or `host[:port]/path`", Quoted(found))]
    Prefix {
        /// The text.
        found: String,
    },
    /// The reference is not one.
    #[error("{} is no reference: {error}", Quoted(found))]
    Reference {
        /// The text.
        found: String,
        /// What is wrong with it.
        error: ReferenceError,
    },
    /// There is no rule of that name, or it is not written so.
    #[error(
        "{} is no rule for signed identities: write `matchExact`, `matchRepoDigestOrExact`, `matchRepository`, \
         `exactReference=REFERENCE`, `exactRepository=REPOSITORY` or `remapIdentity=PREFIX=SIGNEDPREFIX`",
        Quoted(found)
    )]
    Unknown {
        /// The text.
        found: String,
    },
}

/// Why a signed reference is not accepted for an image.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("signed for {}: {reason} (rule `{rule}`)", Quoted(signed))]
pub struct IdentityMismatch {
    signed: String,
    image: Option<String>,
    rule: Box<IdentityRule>,
    reason: MismatchReason,
}

impl IdentityMismatch {
    /// The reference that was signed, as it was signed.
    pub fn signed(&self) -> &str {
        &self.signed
    }

    /// The image's reference, in canonical form.
    pub fn image(&self) -> Option<&str> {
        self.image.as_deref()
    }

    /// The rule that was applied.
    pub fn rule(&self) -> &IdentityRule {
        &self.rule
    }

    /// What does not fit, and what would have been accepted.
    pub fn reason(&self) -> &MismatchReason {
        &self.reason
    }
}

/// What about a signed reference does not fit.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum MismatchReason {
    /// The image's reference has neither tag nor digest, so no signed reference can be exactly it.
    #[error("no signature is accepted for an image referred to without tag and digest; add one")]
    NameOnly,
    /// The image has no reference.
    #[error("the image has no valid reference to compare with")]
    NoImage,
    /// The signed reference is another one.
    #[error("only `{accepted}` would be accepted")]
    Reference {
        /// What would have been accepted.
        accepted: String,
    },
    /// The image's name cannot be remapped.
    #[error("the image's name becomes {}, which is not accepted: {error}", Quoted(remapped))]
    Remapped {
        /// The name after remapping.
        remapped: String,
        /// What is wrong with it.
        error: ReferenceError,
    },
    /// The signed repository is another one.
    #[error("only the repository `{accepted}` would be accepted")]
    Repository {
        /// What would have been accepted.
        accepted: String,
    },
    /// The signed text is no reference.
    #[error("that is no valid reference: {0}")]
    Signed(ReferenceError),
    /// The signed repository is another one, or the signed reference has neither tag nor digest.
    #[error("only the repository `{accepted}` with any tag or digest would be accepted")]
    TagOrDigest {
        /// What would have been accepted.
        accepted: String,
    },
}

#[cfg(test)]
mod tests;
