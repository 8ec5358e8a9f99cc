//! No room to write, or no leave.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{after, export, figure, names, verify};
use crate::support::{long, vidimus};

/// Runs the command with a file system of its own at `folder`, which nobody else sees and which ends with the run. In it
/// is a file `report` that says "old". The last line tells what is there afterwards.
fn in_a_file_system(size: &str, is_writable: bool, folder: &Path, arguments: &[String]) -> Option<Output> {
    let script = r#"
        folder=$1; size=$2; writable=$3; shift 3
        mount -t tmpfs -o size="$size" tmpfs "$folder" && printf old >"$folder/report" || exit 77
        [ "$writable" = true ] || mount -o remount,ro "$folder" || exit 77
        "$@" 2>&1
        status=$?
        echo "--- $(head -c 3 "$folder/report") $(ls -A "$folder" | tr '\n' ' ')"
        exit $status"#;
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]).arg(folder);
    let output = command.args([size, &is_writable.to_string()]).arg(vidimus().get_program()).args(arguments).output();
    let output = output.ok().filter(|output| output.status.code() != Some(77) && !is_refused(output));
    if output.is_none() {
        println!("skipped: no file system of one's own can be mounted here");
    }
    output
}

/// Whether the machine does not let a process have a view of file systems of its own.
fn is_refused(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).starts_with("unshare: ")
}

const FORMATS: [&str; 10] =
    ["text", "json", "ndjson", "csv", "markdown", "junit", "sarif", "policyreport", "openreports", "html"];

#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Some formats tell of denied images only.
    let source = export(outside.path(), 200);
    let text = fs::read_to_string(&source).unwrap().replace("registry.example.com", "registry.example.net");
    fs::write(&source, text).unwrap();
    let report = folder.path().join("report").display().to_string();
    let mut runs: Vec<_> =
        FORMATS.iter().map(|format| vec!["--output".to_owned(), format!("{format}={report}")]).collect();
    runs.extend(["--write-images", "--write-patches"].map(|option| vec![option.to_owned(), report.clone()]));
    let sizes: &[&str] = if long() { &["8k", "12k", "16k", "20k", "24k", "28k", "32k"] } else { &["16k"] };
    let mut tried = 0;
    for size in sizes {
        for run in &runs {
            let more: Vec<_> = run.iter().map(String::as_str).collect();
            let Some(output) = in_a_file_system(size, true, folder.path(), &verify(&source, &more)) else { return };
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            tried += 1;
            assert_eq!(output.status.code(), Some(2), "{size} {run:?}: {said}");
            assert!(said.contains("No space left on device"), "{size} {run:?}: {said}");
            assert!(said.ends_with("--- old report \n"), "{size} {run:?}: {said}");
        }
    }
    figure("disk full", tried, "exit status 2, the old file whole, nothing left behind");
}

#[test]
fn what_cannot_be_written_to_is_left_alone() {
    let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = export(outside.path(), 3);
    let report = folder.path().join("report").display().to_string();
    let to_report = format!("json={report}");
    for more in [["--output", to_report.as_str()], ["--write-images", &report], ["--write-patches", &report]] {
        let arguments = verify(&source, &more);
        let Some(output) = in_a_file_system("1m", true, folder.path(), &arguments) else { return };
        assert_eq!(output.status.code(), Some(0), "where it can be written: {output:?}");
        let Some(output) = in_a_file_system("1m", false, folder.path(), &arguments) else { return };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("Read-only file system") && said.ends_with("--- old report \n"), "{said}");
    }
    figure("read-only target", 3, "exit status 2, the old file whole");
}

#[test]
fn a_full_standard_output_is_an_error_of_every_verb() {
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = export(folder.path(), 40);
    let mut runs: Vec<_> = FORMATS.iter().map(|format| verify(&source, &["--output", format])).collect();
    let whole = folder.path().join("report.json").display().to_string();
    assert!(vidimus().args(verify(&source, &["--output", &format!("json={whole}")])).status().unwrap().success());
    for other in [
        &["inspect", "testdata/images/image.json"][..],
        &["keys", super::KEY],
        &["report", "summary", &whole],
        &["report", "diff", &whole, &whole],
        &["report", "merge", &whole],
        &["policy", "check", "testdata/admission/policy.yaml"],
        &["review", "--policy", "testdata/admission/policy.yaml", "testdata/admission/pod.signed.json"],
    ] {
        runs.push(other.iter().map(|argument| (*argument).to_owned()).collect());
    }
    for run in &runs {
        let stdout = Stdio::from(full.try_clone().unwrap());
        let output = vidimus().args(run).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{run:?}: {said}");
        assert!(said.contains("No space left on device"), "{run:?}: {said}");
        // Errors that cannot be told are none the less.
        let (stdout, stderr) = (Stdio::from(full.try_clone().unwrap()), Stdio::from(full.try_clone().unwrap()));
        assert_eq!(vidimus().args(run).stdout(stdout).stderr(stderr).status().unwrap().code(), Some(2), "{run:?}");
    }
    figure("standard output full", runs.len() * 2, "exit status 2");
}

#[test]
fn a_limit_on_the_size_of_files_leaves_the_old_one() {
    const SIGXFSZ: i32 = 25;
    let folder = tempfile::tempdir().unwrap();
    let source = export(folder.path(), 40);
    let report = folder.path().join("report");
    fs::write(&report, "old").unwrap();
    let arguments = verify(&source, &["--output", &format!("json={}", report.display())]);
    // In blocks of 512 octets. The kernel ends the process with a signal, or, where that is ignored, fails the write.
    let output = after("ulimit -f 16", &arguments);
    assert!(output.status.signal() == Some(SIGXFSZ) || output.status.code() == Some(2), "{output:?}");
    let output = after("trap '' XFSZ; ulimit -f 16", &arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("File too large"), "{output:?}");
    assert_eq!(fs::read_to_string(&report).unwrap(), "old");
    // What the signal left behind, the next run took away.
    assert_eq!(names(folder.path()), ["export.ndjson", "report"]);
    figure("file size limit", 2, "a signal or exit status 2, the old file whole");
}

#[test]
fn a_folder_that_is_gone_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let source = export(folder.path(), 1);
    let gone = folder.path().join("gone/report");
    for more in [
        ["--output".to_owned(), format!("json={}", gone.display())],
        ["--write-images".to_owned(), gone.display().to_string()],
    ] {
        let more: Vec<_> = more.iter().map(String::as_str).collect();
        assert_eq!(vidimus().args(verify(&source, &more)).output().unwrap().status.code(), Some(2));
    }
    assert_eq!(fs::metadata(&gone).unwrap_err().kind(), ErrorKind::NotFound);
}
