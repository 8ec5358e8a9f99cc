//! The rules that documents and the tree of files keep.

use super::code::Problem;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["common", "engine", "helper", "helpers", "manager", "managers", "misc", "type", "types", "util", "utils"];

/// Where a person's or a machine's own folders begin; in pieces, so that this file passes its own rule.
const PRIVATE_FOLDERS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

const MOST_LINES: usize = 400;

/// Files stay small.
pub(crate) fn size(_: &str, text: &str) -> Vec<Problem> {
    let lines = text.lines().count();
    if lines > MOST_LINES { vec![(lines, format!("more than {MOST_LINES} lines"))] } else { Vec::new() }
}

/// A file's name, and those of its folders, say what is inside.
pub(crate) fn names(file: &str, _: &str) -> Vec<Problem> {
    let parts = file.split('/').map(|part| part.split('.').next().unwrap_or(part));
    parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| (1, format!("`{part}` is no name"))).collect()
}

/// Nothing depends on where it was written.
pub(crate) fn private_folders(_: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in numbered(text) {
        for folder in PRIVATE_FOLDERS {
            let mut starts = line.match_indices(folder).filter_map(|(place, _)| line.get(..place));
            let inside_a_path = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}');
            if starts.any(|before| !before.ends_with(inside_a_path)) {
                problems.push((number, format!("`{folder}` is an absolute path")));
            }
        }
    }
    problems
}

/// Every relative link of a document leads to a file.
pub(crate) fn links(file: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut problems = Vec::new();
    let mut fenced = false;
    for (number, line) in numbered(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let definition =
            prose.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
        for target in inline.chain(definition) {
            let path = target.trim_matches(['<', '>']).split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            if path.starts_with('/') || !exists(&join(folder, path)) {
                problems.push((number, format!("`{target}` leads nowhere")));
            }
        }
    }
    problems
}

/// The quick start has two commands: one that shows what the program does, one that tests it.
pub(crate) fn quick_start(_: &str, readme: &str) -> Vec<Problem> {
    let mut commands = Vec::new();
    let (mut inside, mut fence) = (false, None);
    for (number, line) in numbered(readme) {
        match (line.strip_prefix("```"), fence) {
            (Some(language), None) => fence = Some(language.trim()),
            (Some(_), Some(_)) => fence = None,
            (None, None) if line.starts_with('#') => inside = line.trim_start_matches('#').trim() == "Quick start",
            (None, Some("sh" | "bash" | "console" | "shell")) if inside && !line.trim().is_empty() => {
                commands.push((number, line));
            }
            _ => {}
        }
    }
    match commands.as_slice() {
        [(_, run), (_, test)] if run.starts_with("cargo run ") && *test == "cargo test" => Vec::new(),
        [] => vec![(1, "no commands in a section `Quick start`".to_owned())],
        [(number, _), ..] => vec![(*number, "the quick start is `cargo run …` and `cargo test`".to_owned())],
    }
}

/// The version of the package is the newest that the change log tells of.
pub(crate) fn version(cargo_toml: &str, changelog: &str) -> Vec<Problem> {
    let package = cargo_toml.split("\n[").find(|table| table.trim_start_matches('[').starts_with("package]"));
    let version =
        package.into_iter().flat_map(str::lines).find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    let Some(version) = version else { return vec![(1, "Cargo.toml has no version".to_owned())] };
    let headings = numbered(changelog).filter_map(|(number, line)| Some((number, line.strip_prefix("## ")?)));
    let mut released = headings.filter(|(_, heading)| *heading != "[Unreleased]");
    match released.next() {
        Some((_, heading)) if heading.starts_with(&format!("[{version}]")) => Vec::new(),
        Some((number, heading)) => vec![(number, format!("`{heading}` is not the package's version {version}"))],
        None => vec![(1, format!("no entry for {version}"))],
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

/// `path` as seen from `folder`, from the repository's root.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
