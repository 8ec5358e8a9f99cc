//! The server end to end: a process of its own, over real TLS, with a real client.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

mod answers;
mod clients;
mod faults;
mod hostile;
mod life;
mod reload;
mod support;
