//! The tests that there are, by their path: `it::cases::every_signature_has_its_outcome`, `server::life::…`,
//! `lib::image::digest::tests::…`. Those of this very binary are asked of it; of the others the sources are read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Every test.
pub(super) fn all() -> BTreeSet<String> {
    let mut all = of_this_binary();
    of_folder(Path::new("tests/server"), "server", &mut all);
    of_folder(Path::new("tests/heap"), "heap", &mut all);
    of_folder(Path::new("src"), "lib", &mut all);
    let mut read = BTreeSet::new();
    of_folder(Path::new("tests/it"), "it", &mut read);
    // What is read of this binary's sources is there by its own list: so what is read of the others can be believed.
    let missing: Vec<_> = read.difference(&all).collect();
    assert!(missing.is_empty() && read.len() > 300, "read, but not there: {missing:?}");
    all
}

fn of_this_binary() -> BTreeSet<String> {
    let output = Command::new(std::env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    let tests = list.lines().filter_map(|line| line.strip_suffix(": test"));
    tests.map(|test| format!("it::{test}")).collect()
}

fn of_folder(folder: &Path, module: &str, all: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            of_folder(&path, &format!("{module}::{name}"), all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inner =
                if matches!(name, "mod" | "lib" | "main") { module.to_owned() } else { format!("{module}::{name}") };
            of_text(&fs::read_to_string(&path).unwrap(), &inner, all);
        }
    }
}

/// The functions of a source that are marked as tests, in the file's module and in its `mod tests`. Those that are only
/// there in some builds are left out, but for those of Unix.
fn of_text(text: &str, module: &str, all: &mut BTreeSet<String>) {
    let mut inner = None;
    let mut attributes: Vec<&str> = Vec::new();
    for line in text.lines() {
        let code = line.trim_start();
        if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            inner = Some(name.to_owned());
        } else if line == "}" {
            inner = None;
        }
        if code.starts_with("#[") || code.starts_with("///") {
            attributes.push(code);
            continue;
        }
        let signature = code.strip_prefix("async ").unwrap_or(code);
        let is_test = attributes.iter().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"));
        let always = !attributes.iter().any(|line| line.starts_with("#[cfg(") && *line != "#[cfg(unix)]");
        if let Some((name, _)) = signature.strip_prefix("fn ").and_then(|rest| rest.split_once('('))
            && is_test
            && always
            // In a macro, the name stands for others.
            && !name.starts_with('$')
        {
            let module = inner.as_ref().map_or(module.to_owned(), |inner| format!("{module}::{inner}"));
            all.insert(format!("{module}::{name}"));
        }
        attributes.clear();
    }
}
