//! Fuzz targets of vidimus. What each does is in `targets`, which `cargo test` of the main package includes as well, so
//! that whatever was found once is tried in every run of the tests.
#![forbid(unsafe_code)]

mod targets;

pub use targets::{TARGETS, Target};

/// Tries an input on the target of this name.
///
/// # Panics
///
/// Where a law is broken, which is what fuzzing looks for, and where there is no such target.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a file of `fuzz_targets` has a row in the table of targets").run)(input);
}
