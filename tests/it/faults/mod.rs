//! Faults of the machine: whatever happens, nothing is allowed by it, and no file is half of anything.
#![cfg(unix)]
#![expect(clippy::arithmetic_side_effects, reason = "counts of a test")]

mod killed;
mod limits;
mod moving;
mod space;
mod time;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{AT, vidimus};

const KEY: &str = "testdata/keys/release.asc";

/// An export of so many images, one a line, in a folder.
fn export(folder: &Path, count: usize) -> PathBuf {
    let image: Value = serde_json::from_slice(&fs::read("testdata/images/image.json").unwrap()).unwrap();
    let path = folder.join("export.ndjson");
    fs::write(&path, format!("{image}\n").repeat(count)).unwrap();
    path
}

/// The arguments of a run that verifies an export.
fn verify(source: &Path, more: &[&str]) -> Vec<String> {
    let source = source.to_str().unwrap();
    let arguments = [&["verify", "--keys", KEY, "--at", AT], more, &[source]].concat();
    arguments.into_iter().map(str::to_owned).collect()
}

/// Runs the command after what a shell does first, such as `ulimit -n 20`.
fn after(shell: &str, arguments: &[String]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} || exit 77\nexec \"$0\" \"$@\"")]).arg(vidimus().get_program());
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Tells a figure of the assurance.
fn figure(what: &str, tried: usize, outcome: &str) {
    println!("assurance | faults | {what} | {tried} | {outcome}");
}

/// Every test that the page on faults names is there.
#[test]
fn the_page_names_tests_that_exist() {
    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    sources(Path::new("tests"), &mut text);
    sources(Path::new("src"), &mut text);
    let page = fs::read_to_string("docs/assurance/faults.md").unwrap();
    let names = page.split('`').skip(1).step_by(2).filter(|name| name.contains("::") && !name.contains(['*', 'E']));
    let names: Vec<_> = names.map(|name| name.rsplit("::").next().unwrap()).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(text.contains(&format!("fn {name}(")), "the page names `{name}`, and there is no such test");
    }
}
