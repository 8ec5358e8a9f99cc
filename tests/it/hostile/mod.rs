//! The hostile corpus: everything that an attacker might write, with what must come of it, in one table,
//! `testdata/hostile/cases.json`.

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
