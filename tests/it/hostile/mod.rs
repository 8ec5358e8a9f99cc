//! The hostile corpus: everything that an attacker might write, with what must come of it, in one table,
//! `testdata/hostile/cases.json`.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "counts and changes octets of our own test data, and stops at the first surprise"
)]

mod changes;
mod data;
mod documents;
mod mutants;
mod numbers;
mod objects;
mod openpgp;
mod originals;
mod streams;
mod table;
mod tests_named;
mod worst;
