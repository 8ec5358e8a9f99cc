//! Makes `testdata/`.
fn main() {}
