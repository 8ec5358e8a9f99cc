//! The integration tests, one binary.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

mod conformance_openpgp;
mod support;
