//! Patterns of images: `registry.example.com/prod/**`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::image::{Reference, is_domain, is_path};
use crate::policy::scope::glob::Glob;
use crate::policy::scope::pattern_error::PatternError;
use crate::policy::scope::sequence::{Part, Sequence};

/// A pattern of repositories, `HOST[:PORT]/PATH`, or `**` for all of them.
///
/// Host, port and path are matched apart from each other, each as a whole, with the name of the repository in full
/// (`docker.io/library/busybox`). See [`crate::policy::scope`] for the grammar.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ImagePattern {
    written: String,
    host: Sequence,
    port: PortPattern,
    path: Sequence,
}

/// The port of a pattern.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum PortPattern {
    /// No port.
    Absent,
    /// Any port, or none.
    Any,
    /// This one.
    Number(u16),
}

/// The name of a repository, taken apart as patterns look at it.
#[derive(Debug)]
pub(super) struct Name<'r> {
    host: Cow<'r, str>,
    /// None for a port that no pattern names: 0, or beyond 65535.
    port: Option<PortPattern>,
    path: &'r str,
}

impl ImagePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// A [`PatternError`], also for a pattern that could never match.
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_LIMIT {
            return Err(PatternError::TooLong);
        }
        if text == "**" {
            return Ok(Self::everything());
        }
        let (authority, path) = split(text)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, read_port(port)?),
            None => (authority, PortPattern::Absent),
        };
        let labels = read_parts(text, host, '.', is_label)?;
        let components = read_parts(text, path, '/', is_path)?;
        if labels.iter().chain(&components).count() > COMPONENTS_LIMIT {
            return Err(PatternError::TooManyComponents);
        }
        refuse_docker_hub(host, port, path, &components)?;
        refuse_short_host(host, port, path)?;
        let path = Sequence::new(components).of_one_at_least();
        Ok(Self { written: text.to_owned(), host: Sequence::new(labels), port, path })
    }

    /// The pattern of all repositories: `**`.
    pub(super) fn everything() -> Self {
        let path = Sequence::new([Part::Rest]).of_one_at_least();
        Self { written: "**".to_owned(), host: Sequence::new([Part::Rest]), port: PortPattern::Any, path }
    }

    /// The pattern as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether the repository of `reference` is one of the pattern's.
    pub(crate) fn matches(&self, reference: &Reference) -> bool {
        let name = Name::of(reference);
        self.port.matches(name.port) && self.host.matches(&name.labels()) && self.path.matches(&name.components())
    }

    /// Whether every repository that `other` matches is one of this pattern's. If it says so, it is so.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.port.covers(other.port) && self.host.covers(&other.host) && self.path.covers(&other.path)
    }

    /// Whether some name of a repository is matched by both. If it says no, there is none.
    #[cfg(test)]
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.port.overlaps(other.port) && self.host.overlaps(&other.host) && self.path.overlaps(&other.path)
    }

    pub(super) fn host(&self) -> &Sequence {
        &self.host
    }

    pub(super) fn port(&self) -> PortPattern {
        self.port
    }

    pub(super) fn path(&self) -> &Sequence {
        &self.path
    }
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for ImagePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl PortPattern {
    fn matches(self, port: Option<Self>) -> bool {
        self == Self::Any || port == Some(self)
    }

    fn covers(self, other: Self) -> bool {
        self == Self::Any || self == other
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }
}

impl<'r> Name<'r> {
    /// Upper and lower case are the same host, and `05000` is port 5000: whoever pulls is led to the same registry, so
    /// another way to write it must not lead around the rule for it.
    pub(super) fn of(reference: &'r Reference) -> Self {
        let (host, port) = match reference.domain().split_once(':') {
            Some((host, port)) => (host, port.parse().ok().map(PortPattern::Number)),
            None => (reference.domain(), Some(PortPattern::Absent)),
        };
        let upper = host.bytes().any(|byte| byte.is_ascii_uppercase());
        let host = if upper { Cow::Owned(host.to_ascii_lowercase()) } else { Cow::Borrowed(host) };
        Self { host, port, path: reference.path() }
    }

    /// The labels of the host; none for a name whose first component cannot be a host.
    pub(super) fn labels(&self) -> Vec<&str> {
        self.host.split('.').filter(|label| !label.is_empty()).collect()
    }

    pub(super) fn port(&self) -> Option<PortPattern> {
        self.port
    }

    pub(super) fn components(&self) -> Vec<&str> {
        self.path.split('/').collect()
    }
}

/// Splits the host with its port from the path, and refuses what a reference has and a pattern has not.
fn split(text: &str) -> Result<(&str, &str), PatternError> {
    let pattern = || text.to_owned();
    if text.is_empty() {
        return Err(PatternError::Empty);
    }
    if let Some((_, suggestion)) = text.split_once("://") {
        return Err(PatternError::Scheme { suggestion: suggestion.to_owned() });
    }
    if text.contains('@') {
        return Err(PatternError::Digest { pattern: pattern() });
    }
    let Some((authority, path)) = text.split_once('/') else { return Err(without_path(text)) };
    if path.contains(':') {
        return Err(PatternError::Tag { pattern: pattern() });
    }
    if text.chars().any(char::is_uppercase) {
        return Err(PatternError::Uppercase { suggestion: text.to_lowercase() });
    }
    Ok((authority, path))
}

/// What is wrong with a text that has no slash.
fn without_path(text: &str) -> PatternError {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let suggestion = if text == "*" {
        "**".to_owned()
    } else if port == Some("*") || host.contains('.') || host == "localhost" || host == "**" {
        if port.is_some_and(|port| read_port(port).is_err()) {
            return PatternError::Tag { pattern: text.to_owned() };
        }
        format!("{text}/**")
    } else if port.is_some() {
        return PatternError::Tag { pattern: text.to_owned() };
    } else {
        format!("docker.io/library/{text}")
    };
    PatternError::NoPath { suggestion: suggestion.to_lowercase() }
}

fn read_port(text: &str) -> Result<PortPattern, PatternError> {
    if text == "*" {
        return Ok(PortPattern::Any);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = if digits { text.parse().ok() } else { None };
    number.map(PortPattern::Number).ok_or_else(|| PatternError::Port { port: text.to_owned() })
}

fn read_parts(
    pattern: &str,
    text: &str,
    separator: char,
    is_fine: impl Fn(&str) -> bool,
) -> Result<Vec<Part>, PatternError> {
    let read = |part: &str| {
        // If any name fits, then one with a letter for each star does: no rule of names forbids a letter anywhere.
        match part {
            "" => Err(PatternError::EmptyComponent { pattern: pattern.to_owned() }),
            "**" => Ok(Part::Rest),
            _ if part.contains("**") => Err(PatternError::Stars { component: part.to_owned() }),
            _ if is_fine(&part.replace('*', "a")) => Ok(Part::One(Glob::new(part))),
            _ if separator == '.' => Err(PatternError::Label { label: part.to_owned() }),
            _ => Err(PatternError::Component { component: part.to_owned() }),
        }
    };
    text.split(separator).map(read).collect()
}

fn is_label(text: &str) -> bool {
    !text.contains([':', '.']) && is_domain(text)
}

/// References name Docker Hub in one way, with the whole path.
fn refuse_docker_hub(host: &str, port: PortPattern, path: &str, components: &[Part]) -> Result<(), PatternError> {
    if !matches!(host, "docker.io" | "index.docker.io") || matches!(port, PortPattern::Number(_)) {
        return Ok(());
    }
    let short = matches!(components, [Part::One(_)]);
    let suggestion = format!("docker.io/{}{path}", if short { "library/" } else { "" });
    match host {
        "docker.io" if short => Err(PatternError::Library { suggestion }),
        "docker.io" => Ok(()),
        _ => Err(PatternError::Alias { suggestion }),
    }
}

/// To a reference, `team/app` is `docker.io/team/app`.
fn refuse_short_host(host: &str, port: PortPattern, path: &str) -> Result<(), PatternError> {
    if port != PortPattern::Absent || host.contains('.') || matches!(host, "localhost" | "**") {
        return Ok(());
    }
    let suggestion = if host.contains('*') { format!("**/{path}") } else { format!("docker.io/{host}/{path}") };
    Err(PatternError::ShortHost { suggestion })
}

/// The longest pattern, in bytes: twice the longest name of a repository.
pub(super) const PATTERN_LIMIT: usize = 512;

/// The most components of a pattern, labels of the host included.
pub(super) const COMPONENTS_LIMIT: usize = 32;

#[cfg(test)]
mod tests;
