//! What is wrong with a pattern of images.

use thiserror::Error;

use crate::image::quote::Quoted;
use crate::policy::scope::pattern::{COMPONENTS_LIMIT, PATTERN_LIMIT};

/// Why a text is not a pattern of images. A pattern that can match nothing is none either: its author meant something
/// else.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(crate) enum PatternError {
    /// The host is another name of Docker Hub, which references are never written with.
    #[error("images of Docker Hub are matched as `docker.io`: write {}", Quoted(.suggestion))]
    Alias {
        /// What would be right.
        suggestion: String,
    },
    /// Something in the path is no component of a repository's path.
    #[error(
        "{} can be in no repository's path: a component is of lower-case letters and digits, with `.`, `_`, `__` or \
         `-` between them",
        Quoted(.component)
    )]
    Component {
        /// The component.
        component: String,
    },
    /// The pattern has a digest.
    #[error("a pattern is of repositories, and {} has a digest: demand it with `digestIn`", Quoted(.pattern))]
    Digest {
        /// The pattern.
        pattern: String,
    },
    /// There is nothing.
    #[error("a pattern is written `HOST/PATH`; `**` is every image")]
    Empty,
    /// There is nothing between two slashes or dots, or before or behind one.
    #[error("{} has an empty component; `**` is any number of components", Quoted(.pattern))]
    EmptyComponent {
        /// The pattern.
        pattern: String,
    },
    /// Something in the host is no label of a host's name.
    #[error("{} can be in no host's name: a label is of letters and digits, with `-` between them", Quoted(.label))]
    Label {
        /// The label.
        label: String,
    },
    /// The path is short for one under `docker.io/library`, and references are written in full.
    #[error("images of Docker Hub are matched by their whole path: write {}", Quoted(.suggestion))]
    Library {
        /// What would be right.
        suggestion: String,
    },
    /// There is a host without a path, or a path without a host.
    #[error("a pattern is written `HOST/PATH`: write {}", Quoted(.suggestion))]
    NoPath {
        /// What would be right.
        suggestion: String,
    },
    /// What follows the host's colon is no port.
    #[error("{} is no port: write 1 to 65535 without a leading zero, or `*` for any port and none", Quoted(.port))]
    Port {
        /// What stands there.
        port: String,
    },
    /// The pattern starts like an address.
    #[error("a pattern has no scheme: write {}", Quoted(.suggestion))]
    Scheme {
        /// What would be right.
        suggestion: String,
    },
    /// The host is one label without a port, and to references the first part of a path on Docker Hub.
    #[error(
        "a host of one label and no port is only ever `localhost`: write {}, or the whole name of the host",
        Quoted(.suggestion)
    )]
    ShortHost {
        /// What would be right.
        suggestion: String,
    },
    /// Two stars stand beside something else.
    #[error("`**` is a component of its own, and in {} it is not: write `*` for a part of one", Quoted(.component))]
    Stars {
        /// The component.
        component: String,
    },
    /// The pattern has a tag.
    #[error("a pattern is of repositories, and {} has a tag: leave it out; `digestIn` demands one image", Quoted(.pattern))]
    Tag {
        /// The pattern.
        pattern: String,
    },
    /// The pattern is too long.
    #[error("a pattern has at most {PATTERN_LIMIT} bytes")]
    TooLong,
    /// The pattern has too many components.
    #[error("a pattern has at most {COMPONENTS_LIMIT} components, those of the host included")]
    TooManyComponents,
    /// Letters are in upper case.
    #[error("patterns are in lower case: write {}", Quoted(.suggestion))]
    Uppercase {
        /// What would be right.
        suggestion: String,
    },
}
