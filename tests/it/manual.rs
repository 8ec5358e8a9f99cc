//! The manual shows what happens: its files are written, its commands run, and their output compared to the letter.
#![cfg(unix)]
#![expect(clippy::arithmetic_side_effects, reason = "counts commands")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// A fenced block of a page: what stands after the fence, and what is in it.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((info.to_owned(), body.iter().map(|line| format!("{line}\n")).collect()));
    }
    blocks
}

/// Runs a line of a page as its reader would, and returns all that it prints.
fn shell(line: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_vidimus")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    let mut command = Command::new("sh");
    command.env_clear().env("PATH", path).env("COLUMNS", "100").env("LC_ALL", "C").current_dir(folder);
    let output = command.arg("-c").arg(format!("exec 2>&1; {line}")).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Plays a page in a folder that holds what is in `testdata/manual/`; returns how many commands it has.
#[track_caller]
fn play(page: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    fs::create_dir(&keys).unwrap();
    for entry in fs::read_dir("testdata/manual").unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            let inner = folder.path().join(name);
            fs::create_dir(&inner).unwrap();
            for file in fs::read_dir(path).unwrap().map(Result::unwrap) {
                fs::copy(file.path(), inner.join(file.file_name())).unwrap();
            }
            continue;
        }
        let is_key = path.extension().is_some_and(|extension| extension == "asc");
        fs::copy(&path, if is_key { keys.join(name) } else { folder.path().join(name) }).unwrap();
    }
    let text = fs::read_to_string(format!("docs/manual/{page}")).unwrap();
    let mut commands = 0;
    for (info, body) in blocks(&text) {
        if let Some((_, file)) = info.split_once(",file=") {
            fs::write(folder.path().join(file), &body).unwrap();
        } else if info == "console" {
            let (command, expected) = body.split_once('\n').unwrap();
            let command = command.strip_prefix("$ ").unwrap_or_else(|| panic!("{page}: no command: {body}"));
            assert_eq!(shell(command, folder.path()), expected, "{page}: {command}");
            commands += 1;
        }
    }
    commands
}

#[test]
fn the_first_policy_is_written_checked_explained_and_tested() {
    assert!(play("first-policy.md") >= 7);
}

#[test]
fn policies_are_tested_compared_and_rolled_out() {
    assert!(play("rollout.md") >= 4);
}

#[test]
fn grammars_are_converted() {
    assert!(play("grammars.md") >= 2);
}

#[test]
fn shards_are_verified_and_merged() {
    assert!(play("many-machines.md") >= 5);
}

#[test]
fn reports_are_written_summed_up_and_compared() {
    assert!(play("reports.md") >= 6);
}

#[test]
fn a_report_for_a_browser_is_written() {
    assert!(play("html-report.md") >= 1);
}

#[test]
fn images_are_read_from_wherever_they_are() {
    assert!(play("sources.md") >= 7);
}

#[test]
fn a_request_is_answered_as_the_webhook_would() {
    assert!(play("admission.md") >= 1);
}

#[test]
fn what_was_found_is_written_back() {
    assert!(play("write-back.md") >= 3);
}
