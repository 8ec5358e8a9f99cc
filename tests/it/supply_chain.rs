//! Each direct dependency has a record that says what it is for and why it is trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const PAGE: &str = "docs/assurance/supply-chain.md";
const HEAD: &str = "| crate | version | for | kept by | licence | unsafe, C | trusted because |";

/// The names in the sections of dependencies of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut is_dependencies = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_dependencies = line.ends_with("dependencies]");
        } else if is_dependencies && let Some((name, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

/// The versions of packages in a lock file.
fn locked(lock: &str) -> BTreeMap<String, Vec<String>> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_matches('"').to_owned()
        };
        versions.entry(value("name = ")).or_default().push(value("version = "));
    }
    versions
}

/// The rows of the record: the name, and the other cells.
fn records(page: &str) -> BTreeMap<String, Vec<String>> {
    let lines = page.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    lines.map(cells).map(|mut cells| (cells.remove(0).trim_matches('`').to_owned(), cells)).collect()
}

/// What is wrong with the record of a manifest and its lock.
fn problems(manifest: &str, lock: &str, page: &str) -> Vec<String> {
    let (wanted, records, locked) = (dependencies(manifest), records(page), locked(lock));
    let mut problems: Vec<_> = wanted
        .iter()
        .filter(|name| !records.contains_key(*name))
        .map(|name| format!("`{name}` has no record in {PAGE}"))
        .collect();
    for (name, cells) in &records {
        if !wanted.contains(name) {
            problems.push(format!("`{name}` is no direct dependency any more"));
        }
        if cells.len() != 6 || cells.iter().any(String::is_empty) {
            problems.push(format!("`{name}`: a cell is missing"));
        }
        let version = cells.first().map_or("", String::as_str);
        if !locked.get(name).is_some_and(|versions| versions.iter().any(|locked| locked == version)) {
            problems.push(format!("`{name}`: `{version}` is not the version in Cargo.lock: {:?}", locked.get(name)));
        }
    }
    problems
}

#[test]
fn every_direct_dependency_has_a_record() {
    let read = |file: &str| fs::read_to_string(file).unwrap();
    let (manifest, lock, page) = (read("Cargo.toml"), read("Cargo.lock"), read(PAGE));
    assert!(dependencies(&manifest).len() > 40, "the manifest is read");
    assert_eq!(problems(&manifest, &lock, &page), Vec::<String>::new());

    // A dependency without a record, a record without a dependency, another version, and an empty cell are found.
    let with_more = manifest.replace("[dependencies]\n", "[dependencies]\nleft-pad = \"1\"\n");
    assert_eq!(problems(&with_more, &lock, &page), [format!("`left-pad` has no record in {PAGE}")]);
    let strsim = manifest.lines().find(|line| line.starts_with("strsim")).unwrap();
    assert!(problems(&manifest.replace(strsim, ""), &lock, &page)[0].contains("`strsim` is no direct dependency"));
    assert!(!problems(&manifest, &lock, &page.replace("| `strsim` | 0.", "| `strsim` | 9.")).is_empty());
    assert!(!problems(&manifest, &lock, &page.replace("| decides nothing |", "| |")).is_empty());
}

#[test]
fn every_package_is_audited_or_exempted_and_nothing_else_is() {
    let read = |file: &str| fs::read_to_string(file).unwrap();
    let (config, imports) = (read("supply-chain/config.toml"), read("supply-chain/imports.lock"));
    let exempted: BTreeSet<_> = config
        .split("[[exemptions.")
        .skip(1)
        .map(|entry| {
            let (name, rest) = entry.split_once("]]").unwrap();
            let version = rest.lines().find_map(|line| line.strip_prefix("version = ")).unwrap();
            (name.trim_matches('"').to_owned(), version.trim_matches('"').to_owned())
        })
        .collect();
    let packages = locked(&read("Cargo.lock"));
    let mut problems = Vec::new();
    for (name, version) in &exempted {
        if !packages.get(name).is_some_and(|versions| versions.contains(version)) {
            problems.push(format!("{name} {version} is exempted and not in Cargo.lock"));
        }
    }
    for (name, versions) in packages.iter().filter(|(name, _)| *name != "vidimus") {
        for version in versions {
            // Which audits add up to a version is worked out by `cargo vet`.
            let is_audited = imports.contains(&format!(".audits.{name}]]"));
            if !is_audited && !exempted.contains(&(name.clone(), version.clone())) {
                problems.push(format!("{name} {version} is neither audited nor exempted: `cargo vet` says what to do"));
            }
        }
    }
    assert_eq!(problems, Vec::<String>::new());
}
