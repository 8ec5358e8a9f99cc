//! The integration tests, one binary.

#[cfg(test)]
mod conformance_tables;
