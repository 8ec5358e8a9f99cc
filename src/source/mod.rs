//! Where images, signatures and keys come from, and where objects are written to: files and standard streams.

mod documents;
pub mod export;
mod feed;
mod input;
mod json;
mod keys;
mod location;
pub mod policy;
mod replacement;
mod resume;
mod rewritten;
mod scan;
mod transcode;
mod window;
mod yaml;

pub use input::Input;
pub use keys::{KeyFileError, keyring};
pub use location::{Location, SourceError, SourceProblem};
pub use replacement::{ReplaceError, Replacement};
pub use rewritten::{ImagesFile, WriteError};
