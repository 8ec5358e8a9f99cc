//! The hostile corpus: everything that an attacker might write, with what must come of it, in one table,
//! `testdata/hostile/cases.json`.

mod data;
mod table;
mod tests_named;
