//! Why an object could not be read or rewritten.

use std::fmt;

use thiserror::Error;

/// What is wrong with an object, where, and what would be right.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub struct ObjectError {
    path: String,
    line: usize,
    column: usize,
    problem: ObjectProblem,
}

/// What is wrong with an object.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ObjectProblem {
    /// The text is not JSON.
    #[error("{0}")]
    Syntax(String),
    /// A value has another type than the API says.
    #[error("{0}")]
    Type(String),
    /// A member occurs more than once, so that readers may differ on what it says.
    #[error("the member occurs twice")]
    Duplicate,
    /// An object that should carry an image carries none.
    #[error("the `{carrier}` carries no image: expected an object")]
    NoImage {
        /// The kind and the name of the object.
        carrier: String,
    },
    /// The object does not say what it is.
    #[error("expected an object with a `kind`, found one without that does not look like an `Image` either")]
    NoKind,
    /// There is no signature of this index.
    #[error("there is no such signature, the image has {found}")]
    NoSignature {
        /// The number of signatures.
        found: usize,
    },
    /// An object that is or carries an image is of a version that is not known.
    #[error("the `{kind}` is of `{found}`: expected `image.openshift.io/v1` or `v1`")]
    Version {
        /// The kind.
        kind: String,
        /// The group and version.
        found: String,
    },
}

impl ObjectError {
    /// An error that has no line of its own.
    pub(crate) fn new(path: &str, problem: ObjectProblem) -> Self {
        Self { path: path.to_owned(), line: 0, column: 0, problem }
    }

    /// What the JSON reader said about the value at `path`.
    pub(crate) fn from_json(mut path: String, error: &serde_json::Error) -> Self {
        let message = message(error);
        let problem = match message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(member) => {
                path.push('.');
                path.push_str(member);
                ObjectProblem::Duplicate
            }
            None if error.is_data() => ObjectProblem::Type(type_message(&message)),
            None if error.is_eof() => ObjectProblem::Syntax("the object is cut off".to_owned()),
            None => ObjectProblem::Syntax(message),
        };
        Self { path, line: error.line(), column: error.column(), problem }
    }

    /// The path of the value, such as `$.signatures[2].content`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line within the object's own text, counted from 1; 0 where there is no single place.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column within the object's own text, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    pub fn problem(&self) -> &ObjectProblem {
        &self.problem
    }

    /// The same error of a value that stands at `prefix` of a larger text.
    pub(crate) fn within(mut self, prefix: &str) -> Self {
        self.path.replace_range(..self.path.len().min(1), prefix);
        self.line = 0;
        self
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.problem)?;
        match self.line {
            0 => Ok(()),
            line => write!(f, " (line {line}, column {} of the object)", self.column),
        }
    }
}

/// The message of a JSON error without the place, which is kept apart.
fn message(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    if message.ends_with(&place) {
        message.truncate(message.len().saturating_sub(place.len()));
    }
    message
}

/// `invalid type: map, expected a string` in the words of JSON, shortened where the input is long.
fn type_message(message: &str) -> String {
    let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return message.chars().take(200).collect();
    };
    let found = match found {
        "map" => "an object".to_owned(),
        "sequence" => "an array".to_owned(),
        found if found.chars().nth(80).is_some() => found.chars().take(80).chain(['…']).collect(),
        found => found.to_owned(),
    };
    let expected = if expected == "i64" { "a whole number" } else { expected };
    format!("expected {expected}, found {found}")
}
