//! The table, and the walk along it: each row is tried, each file has a row, and no number is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use glob::Pattern;
use serde::Deserialize;

use super::data::Bench;
use super::tests_named;

/// How many rows each layer has that come from the catalogue which the table was begun with, by the letter of the layer.
/// Rows of our own have the letter, an `X`, and numbers without a gap.
const CATALOGUE: [(&str, &str, usize); 6] = [
    ("O", "openpgp", 81),
    ("C", "claims", 36),
    ("I", "image", 16),
    ("R", "replay", 7),
    ("P", "policy", 20),
    ("S", "system", 25),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "says to a reader what the table is")]
    about: String,
    layers: BTreeMap<String, Vec<Row>>,
    /// What must be accepted, so that the rest is not refused for want of anything that works.
    accepted: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Row {
    id: String,
    /// What is tried.
    tried: String,
    /// What must come of it, in words.
    required: String,
    /// Files of the test data by pattern, and the outcomes that they have, all of them and no others.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Tests, by their path.
    #[serde(default)]
    tests: Vec<String>,
    /// Why there is nothing to try here.
    not_applicable: Option<String>,
}

fn table() -> Table {
    serde_json::from_str(&fs::read_to_string("testdata/hostile/cases.json").unwrap()).unwrap()
}

impl Table {
    fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.layers.iter().flat_map(|(layer, rows)| rows.iter().map(move |row| (layer.as_str(), row)))
    }

    fn patterns(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let of_rows = self.rows().flat_map(|(_, row)| {
            row.files.iter().map(|(pattern, outcomes)| (row.id.as_str(), pattern.as_str(), outcomes.as_str()))
        });
        of_rows.chain(self.accepted.iter().map(|(pattern, outcomes)| ("accepted", pattern.as_str(), outcomes.as_str())))
    }
}

#[test]
fn every_number_has_a_row_and_every_row_shows_something() {
    let table = table();
    let layers: BTreeSet<_> = table.layers.keys().map(String::as_str).collect();
    assert_eq!(layers, CATALOGUE.iter().map(|(_, layer, _)| *layer).collect());
    for (letter, layer, count) in CATALOGUE {
        let rows = &table.layers[layer];
        let own = rows.iter().filter(|row| row.id.starts_with(&format!("{letter}X-"))).count();
        let wanted: BTreeSet<_> = (1..=count)
            .map(|number| format!("{letter}-{number:02}"))
            .chain((1..=own).map(|number| format!("{letter}X-{number:02}")))
            .collect();
        let ids: BTreeSet<_> = rows.iter().map(|row| row.id.clone()).collect();
        assert_eq!(ids, wanted, "{layer}");
        assert_eq!(rows.len(), wanted.len(), "{layer}: a number is there twice");
        assert!(own > 0, "{layer}: nothing of our own");
    }
    for (_, row) in table.rows() {
        let shown = !row.files.is_empty() || !row.tests.is_empty();
        assert!(shown != row.not_applicable.is_some(), "{}: shown by something, or not applicable", row.id);
        assert!(row.tried.len() > 15 && row.required.len() > 5, "{}: says too little", row.id);
        assert!(row.not_applicable.as_ref().is_none_or(|reason| reason.len() > 30), "{}: needs a reason", row.id);
    }
}

#[test]
fn every_test_that_a_row_names_is_there() {
    let known = tests_named::all();
    let table = table();
    let missing: Vec<_> = table
        .rows()
        .flat_map(|(_, row)| {
            row.tests.iter().filter(|test| !known.contains(*test)).map(|test| format!("{}: {test}", row.id))
        })
        .collect();
    assert!(missing.is_empty(), "no such tests:\n{}", missing.join("\n"));
}

#[test]
fn every_file_has_the_outcome_that_its_row_asks_for() {
    let table = table();
    let bench = Bench::default();
    let files = bench.files();
    let mut wrong = Vec::new();
    let mut covered = BTreeSet::new();
    for (id, pattern, outcomes) in table.patterns() {
        let compiled = Pattern::new(pattern).unwrap();
        let matching: Vec<_> = files.iter().filter(|file| compiled.matches(file)).collect();
        if matching.is_empty() {
            wrong.push(format!("{id}: `{pattern}` is no file"));
        }
        let found: BTreeSet<_> = matching.iter().flat_map(|file| bench.outcomes(file)).collect();
        covered.extend(matching.into_iter().cloned());
        let wanted: BTreeSet<_> = outcomes.split(", ").map(str::to_owned).collect();
        if found != wanted {
            wrong.push(format!("{id}: {pattern}: {found:?}, not {wanted:?}"));
        }
    }
    wrong.extend(
        files
            .iter()
            .filter(|file| !covered.contains(*file))
            .map(|file| format!("`{file}` has no row: {:?}", bench.outcomes(file))),
    );
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));

    for (_, layer, _) in CATALOGUE {
        let rows = &table.layers[layer];
        let patterns: Vec<_> =
            rows.iter().flat_map(|row| row.files.keys()).map(|key| Pattern::new(key).unwrap()).collect();
        let inputs = files.iter().filter(|file| patterns.iter().any(|pattern| pattern.matches(file))).count();
        let tests: BTreeSet<_> = rows.iter().flat_map(|row| &row.tests).collect();
        let aside = rows.iter().filter(|row| row.not_applicable.is_some()).count();
        println!(
            "assurance | hostile | {layer} | {} rows, {inputs} files, {} tests | every required outcome met, {aside} rows not applicable",
            rows.len(),
            tests.len()
        );
    }
}
