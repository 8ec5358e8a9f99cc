//! Reads the repository and enforces its rules: the layers, the purity of the core, where OpenPGP is known, and what
//! files and documents look like.
#![expect(clippy::arithmetic_side_effects, reason = "counts lines and words of our own sources")]

mod code;
mod documents;
mod impure;
mod source;

use std::path::Path;
use std::{fs, io};

use code::{Problem, RULES};
use source::Source;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Where code is; other folders hold documents and data.
const CODE: &[&str] =
    &["src/", "tests/", "benches/", "examples/", "fuzz/src/", "fuzz/fuzz_targets/", "testdata/generator/"];

/// Folders of the repository's top level that are not part of it.
const NOT_OURS: &[&str] = &[".git", "target", "fuzz/target", "fuzz/corpus", "fuzz/regressions", "fuzz/artifacts"];

/// Every file of the repository by its path from the root, with its text.
fn files() -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    walk(Path::new(ROOT), "", &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if NOT_OURS.contains(&file.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{file}/"), found)?;
        } else {
            let bytes = fs::read(entry.path())?;
            found.push((file, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Ok(())
}

fn text_of(file: &str) -> io::Result<String> {
    fs::read_to_string(Path::new(ROOT).join(file))
}

fn exists(file: &str) -> bool {
    Path::new(ROOT).join(file).exists()
}

#[track_caller]
fn assert_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn told(file: &str, rule: &str, problems: Vec<Problem>) -> Vec<String> {
    problems.into_iter().map(|(line, problem)| format!("{file}:{line}: {problem} ({rule})")).collect()
}

fn is_code(file: &str) -> bool {
    file.ends_with(".rs") && CODE.iter().any(|folder| file.starts_with(folder))
}

#[test]
fn code_keeps_its_rules() {
    let files = files().unwrap();
    let read = files.iter().filter(|(file, _)| file.starts_with("src/") && file.ends_with(".rs"));
    let sources: Vec<_> = read.map(|(file, text)| Source::read(file, text)).collect();
    assert!(sources.iter().any(|source| source.file == "src/image/digest.rs"), "the walk finds the sources");
    let test_files: Vec<_> = sources.iter().flat_map(|source| &source.test_files).collect();
    let is_test = |file: &str| {
        test_files.iter().any(|test| if test.ends_with('/') { file.starts_with(*test) } else { file == *test })
    };
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| !is_test(source.file)) {
        for rule in RULES {
            problems.extend(told(source.file, rule.name, (rule.check)(source)));
        }
    }
    assert_none(problems);
}

#[test]
fn each_rule_of_code_reports_what_breaks_it_and_nothing_else() {
    for rule in RULES {
        assert!(!rule.bad.is_empty() && !rule.good.is_empty(), "{}: no examples", rule.name);
        for (file, text) in rule.bad {
            assert!(!(rule.check)(&Source::read(file, text)).is_empty(), "{}: misses {file}: {text}", rule.name);
        }
        for (file, text) in rule.good {
            let problems = (rule.check)(&Source::read(file, text));
            assert!(problems.is_empty(), "{}: {file}: {text}: {problems:?}", rule.name);
        }
    }
}

#[test]
fn problems_carry_their_line() {
    let text = "//! a\n\nuse std::fmt;\nuse crate::{\n    image::X,\n    policy::Y,\n};\n";
    let layers = RULES.first().expect("a first rule");
    let problems = (layers.check)(&Source::read("src/image/digest.rs", text));
    assert_eq!(problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [6]);
}

#[test]
fn paths_are_spelled_out_and_resolved() {
    let text =
        "use a::{b, c::{self, d as e}, f::*}; mod m { fn x() { super::super::y(self::z) } } fn g() { h::<i>::j }";
    let source = Source::read("src/image/digest.rs", text);
    let paths: Vec<_> = source.paths().into_iter().map(|named| named.path).filter(|path| path.contains("::")).collect();
    assert_eq!(paths, ["a::b", "a::c", "a::c::d", "a::f::*", "crate::image::y", "crate::image::digest::m::z"]);
}

#[test]
fn test_modules_in_files_of_their_own_are_known() {
    let source = Source::read("src/image/mod.rs", "#[cfg(test)]\n#[expect(x)]\npub(crate) mod tests;\nmod other;");
    assert_eq!(source.test_files, ["src/image/tests.rs", "src/image/tests/"]);
    let source = Source::read("src/image/digest.rs", "#[cfg(not(test))] mod tests;");
    assert!(source.test_files.is_empty());
}

#[test]
fn files_are_small_and_named_for_what_they_hold() {
    let mut problems = Vec::new();
    for (file, text) in files().unwrap().iter().filter(|(file, _)| is_code(file)) {
        problems.extend(told(file, "size", documents::size(file, text)));
        problems.extend(told(file, "names", documents::names(file, text)));
    }
    assert_none(problems);

    assert!(documents::size("src/x.rs", &"\n".repeat(400)).is_empty());
    assert!(!documents::size("src/x.rs", &"\n".repeat(401)).is_empty());
    for bad in
        ["src/utils.rs", "src/image/common/mod.rs", "tests/it/helpers.rs", "src/types.rs", "src/policy/engine.rs"]
    {
        assert!(!documents::names(bad, "").is_empty(), "{bad}");
    }
    assert!(documents::names("src/image/mod.rs", "").is_empty());
}

#[test]
fn nothing_names_a_private_folder() {
    let files = files().unwrap();
    assert_none(
        files.iter().flat_map(|(file, text)| told(file, "paths", documents::private_folders(file, text))).collect(),
    );

    for bad in [concat!("cd /wo", "rk/main"), concat!("x\n\"/ro", "ot/key\""), concat!("file:///ho", "me/me/x")] {
        assert!(!documents::private_folders("x.md", bad).is_empty(), "{bad}");
    }
    for good in ["example.org/work/x", "../work/x", "work/x", "/workdir"] {
        assert!(documents::private_folders("x.md", good).is_empty(), "{good}");
    }
}

#[test]
fn links_lead_somewhere() {
    let files = files().unwrap();
    let documents = files.iter().filter(|(file, _)| file.ends_with(".md"));
    assert_none(
        documents.flat_map(|(file, text)| told(file, "links", documents::links(file, text, &exists))).collect(),
    );

    let there = |file: &str| file == "docs/a.md" || file == "b.md";
    for bad in ["[x](c.md)", "see [`x`](a.md#y) and [z](../c.md)", "[x]: c.md", "[x](/docs/a.md)", "```\n```\n[x](c)"] {
        assert!(!documents::links("docs/x.md", bad, &there).is_empty(), "{bad}");
    }
    for good in
        ["[x](a.md#y)", "[x](../b.md \"t\")", "[x](https://a.example/c)", "[x](#y)", "`[x](c)`", "```\n[x](c)\n```"]
    {
        assert!(documents::links("docs/x.md", good, &there).is_empty(), "{good}");
    }
}

#[test]
fn the_quick_start_is_two_commands() {
    assert_none(told("README.md", "quick start", documents::quick_start("README.md", &text_of("README.md").unwrap())));

    let good = "# x\n\n## Quick start\n\n```sh\ncargo run -- verify x\n```\n\ntext\n\n```text\nout\n```\n\n```sh\ncargo test\n```\n";
    assert!(documents::quick_start("README.md", good).is_empty());
    for bad in [
        good.replace("cargo test", "cargo test\nmake check"),
        good.replace("cargo test", "cargo test --all-features"),
        good.replace("cargo run -- verify x\n", ""),
        good.replace("cargo run", "vidimus"),
        good.replace("Quick start", "Start"),
        String::new(),
    ] {
        assert!(!documents::quick_start("README.md", &bad).is_empty(), "{bad}");
    }
}

#[test]
fn the_change_log_knows_the_version() {
    assert_none(told(
        "CHANGELOG.md",
        "version",
        documents::version(&text_of("Cargo.toml").unwrap(), &text_of("CHANGELOG.md").unwrap()),
    ));

    let cargo = "[package]\nname = \"x\"\nversion = \"1.2.3\"\n\n[dependencies]\n";
    for good in ["## [1.2.3] - unreleased\n", "# C\n\n## [Unreleased]\n\n## [1.2.3] - 2024-01-01\n\n## [1.2.2]\n"] {
        assert!(documents::version(cargo, good).is_empty(), "{good}");
    }
    for bad in ["", "## [Unreleased]\n", "## [1.2.30]\n", "## [1.3.0]\n\n## [1.2.3]\n", "1.2.3\n"] {
        assert!(!documents::version(cargo, bad).is_empty(), "{bad}");
    }
    assert!(!documents::version("[workspace]\nversion = \"1.2.3\"\n", "## [1.2.3]\n").is_empty());
}
