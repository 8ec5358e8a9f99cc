//! Runs that wait for what does not come, and are asked to end.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use crate::support::{AT, vidimus};

/// A run that reads what is written to it for as long as somebody does.
fn begin(arguments: &[&str]) -> (Child, ChildStdin) {
    let mut command = vidimus();
    command.args(["verify", "--keys", "testdata/keys/release.asc", "--at", AT]).args(arguments).arg("-");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

fn image() -> String {
    let image: Value = serde_json::from_slice(&fs::read("testdata/images/image.json").unwrap()).unwrap();
    image.to_string()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until a line of output tells of an image.
fn until_told(child: &mut Child) -> BufReader<std::process::ChildStdout> {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"decision\"") {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "the output ended");
    }
    stdout
}

#[test]
fn what_came_is_told_while_more_is_waited_for() {
    let (mut child, mut stdin) = begin(&["--output", "ndjson"]);
    writeln!(stdin, "{}\n{}\n{}", image(), image(), image()).unwrap();
    let mut stdout = until_told(&mut child);
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"images\":3"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn who_is_interrupted_tells_what_was_verified_and_that_it_is_not_all() {
    for name in ["INT", "TERM"] {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let (report, images, patches) = (path("report.json"), path("images.json"), path("patches.ndjson"));
        fs::write(&images, "old").unwrap();
        fs::write(&patches, "old").unwrap();
        let to_report = format!("json={report}");
        let (mut child, mut stdin) = begin(&[
            "--output",
            "ndjson",
            "--output",
            &to_report,
            "--write-images",
            &images,
            "--write-patches",
            &patches,
        ]);
        writeln!(stdin, "{}\n{}\n{}", image(), image(), image()).unwrap();
        let mut stdout = until_told(&mut child);
        signal(&child, name);
        // It is still waiting for its input.
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2), "{name}");
        drop(stdin);

        assert!(rest.contains("\"partial\":true"), "{rest}");
        let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
        assert_eq!(report["summary"]["partial"], true);
        let told = report["images"].as_array().unwrap().len();
        assert!((1..=3).contains(&told));
        assert_eq!(report["summary"]["images"], told);
        assert_eq!(fs::read_to_string(&images).unwrap(), "old");
        assert_eq!(fs::read_to_string(&patches).unwrap(), "old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3, "nothing is left behind");
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert!(errors.contains("error: interrupted: "), "{errors}");
    }
}

#[test]
fn who_is_killed_leaves_the_old_files_and_the_next_run_is_not_disturbed() {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.json");
    fs::write(&report, "old").unwrap();
    let to_report = format!("json={}", report.display());
    let (mut child, mut stdin) = begin(&["--output", "ndjson", "--output", &to_report]);
    writeln!(stdin, "{}\n{}\n{}", image(), image(), image()).unwrap();
    drop(until_told(&mut child));
    signal(&child, "KILL");
    child.wait().unwrap();
    assert_eq!(fs::read_to_string(&report).unwrap(), "old");

    let (mut child, mut stdin) = begin(&["--output", &to_report]);
    writeln!(stdin, "{}", image()).unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let report: Value = serde_json::from_slice(&fs::read(Path::new(&report)).unwrap()).unwrap();
    assert_eq!(report["summary"]["images"], 1);
}
