//! Changes of an image as a JSON patch, for a server that may hold another state of it.

use std::fmt;

use crate::image::compact;

/// What changes one `Image`, as a JSON patch (RFC 6902) for whoever holds the object.
///
/// Its first operations are tests of everything that the changes follow from: the name, the reference, and of each
/// signature whose conditions change the name, the type and the content. So a patch fails as a whole where the object has
/// become another one.
///
/// Shown, it is one line: `{"kind":"Image","name":"sha256:…","patch":[…]}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Patch {
    pub(crate) name: String,
    pub(crate) operations: Vec<Operation>,
}

impl Patch {
    /// The name of the `Image` that is to be patched.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The patch itself: a JSON array of operations, on one line.
    pub fn operations(&self) -> String {
        let operations: Vec<_> = self.operations.iter().map(ToString::to_string).collect();
        format!("[{}]", operations.join(","))
    }
}

impl fmt::Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"kind":"Image","name":{},"patch":{}}}"#, json_text(&self.name), self.operations())
    }
}

/// An operation of RFC 6902. Paths are JSON pointers from the image, values are JSON.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    /// Adds a member, or replaces it where it is.
    Add { path: String, value: String },
    /// Takes a member away.
    Remove { path: String },
    /// Fails the patch where the value is another one.
    Test { path: String, value: String },
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (op, path, value) = match self {
            Self::Add { path, value } => ("add", path, Some(value)),
            Self::Remove { path } => ("remove", path, None),
            Self::Test { path, value } => ("test", path, Some(value)),
        };
        write!(f, r#"{{"op":"{op}","path":{}"#, json_text(path))?;
        if let Some(value) = value {
            write!(f, r#","value":{}"#, compact(value))?;
        }
        f.write_str("}")
    }
}

/// A text as JSON says it, in quotes.
pub(crate) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
