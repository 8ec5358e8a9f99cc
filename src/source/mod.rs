//! Where images, signatures and keys come from, and where objects are written to: files and standard streams.

mod assembled;
mod collected;
mod documents;
pub mod export;
mod feed;
pub mod http;
mod input;
mod join;
mod json;
mod keys;
pub mod layout;
mod location;
pub mod lookaside;
mod open;
pub mod payload;
pub mod policy;
pub mod registry;
mod replacement;
mod resume;
mod rewritten;
mod scan;
mod spec;
mod transcode;
mod tree;
mod window;
mod yaml;

pub use collected::{COLLECTED_LIMIT, Collected};
pub use input::Input;
pub use join::{Joiner, SignatureStore, Stored, Wanted};
pub use keys::{KeyFileError, keyring};
pub use location::{Location, SourceError, SourceProblem};
pub use open::{OpenOptions, Source, open};
pub use replacement::{ReplaceError, Replacement};
pub use rewritten::{ImagesFile, WriteError};
pub use spec::{Layout, Selection, SourceSpec, SpecError};
pub use tree::export_files;
