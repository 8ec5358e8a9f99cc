//! Too little memory, stack or too few descriptors: an answer that is right, or none.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{KEY, after, export, figure, names, verify};
use crate::support::{AT, long};

/// Runs under each limit. It ends as it would without one, or otherwise than well and with the old file.
fn under(what: &str, limits: &[String], source: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let arguments = verify(source, &["--output", "json", "--output", &format!("csv={}", report.display())]);
    let whole = after(":", &arguments);
    let whole_report = fs::read(&report).unwrap();
    let (mut right, mut none) = (0, 0);
    for limit in limits {
        fs::write(&report, "old").unwrap();
        let output = after(limit, &arguments);
        assert_ne!(output.status.code(), Some(77), "{limit} cannot be set");
        let written = fs::read(&report).unwrap();
        if output.status.code() == whole.status.code() && whole.status.code() != Some(2) {
            right += 1;
            assert!(output.stdout == whole.stdout && written == whole_report, "{limit}: {}", tail(&output));
        } else {
            none += 1;
            assert!(!matches!(output.status.code(), Some(0 | 1)), "{limit}: {}", tail(&output));
            // What is told with exit status 2 tells of an error, and allows no more than is allowed without a fault.
            let is_told = output.status.code() == Some(2) && allowed(&written) <= allowed(&whole_report);
            assert!(written == b"old" || written == whole_report || is_told, "{limit}: {}", tail(&output));
        }
    }
    assert!(right > 0 || whole.status.code() == Some(2), "{what}: the limits are all too low: {none}");
    // Whoever was ended by the system left what the next run takes away.
    after(":", &arguments);
    assert_eq!(names(folder.path()), ["report"]);
    figure(what, limits.len(), &format!("{right} right answers, {none} without one, 0 wrong"));
}

/// How many images a CSV report says are allowed.
fn allowed(report: &[u8]) -> usize {
    String::from_utf8_lossy(report).matches(r#","allow","#).count()
}

fn tail(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    format!("{}: {}", output.status, said.lines().last().unwrap_or_default())
}

/// Exports whose images are allowed, denied, and hostile.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut sources = vec![export(folder, 60), "testdata/quickstart/export.json".into()];
    if long() {
        let large = folder.join("large.json");
        // As large as an object may be, nearly.
        let image: Value = serde_json::from_slice(&fs::read("testdata/images/image.json").unwrap()).unwrap();
        let annotated = image
            .to_string()
            .replace(r#""annotations":{"#, &format!(r#""annotations":{{"filler":"{}","#, "x".repeat(15 << 20)));
        fs::write(&large, annotated).unwrap();
        sources.push(large);
        sources.push("testdata/images/hostile-names.json".into());
    }
    sources
}

#[test]
fn with_few_descriptors_the_answer_is_right_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let limits: Vec<_> = (3..if long() { 40 } else { 10 }).map(|count| format!("ulimit -n {count}")).collect();
    for source in &sources(folder.path()) {
        under("descriptors of a run", &limits, source);
    }
}

#[test]
fn with_little_memory_the_answer_is_right_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let megabytes: Vec<u32> = if long() { (1..=64).map(|step| step * 4).collect() } else { vec![8, 24, 40, 256] };
    let limits: Vec<_> = megabytes.iter().map(|count| format!("ulimit -v {}", count * 1024)).collect();
    for source in &sources(folder.path()) {
        under("address space of a run", &limits, source);
    }
}

#[test]
fn with_little_stack_the_answer_is_right_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let limits: Vec<_> = [64, 128, 256, 8192].iter().map(|count| format!("ulimit -s {count}")).collect();
    for source in &sources(folder.path()) {
        under("stack of a run", &limits, source);
    }
    // Whatever is deep is read by loops, or refused before it is deep.
    for kilobytes in [64, 256, 8192] {
        for name in ["broken.deep.json", "broken.alias-bomb.yaml"] {
            let source = format!("testdata/images/{name}");
            let arguments = ["verify", "--keys", KEY, "--at", AT, &source].map(str::to_owned);
            let output = after(&format!("ulimit -s {kilobytes}"), &arguments);
            assert_ne!(output.status.code(), Some(0), "{kilobytes} KiB, {name}: {}", tail(&output));
        }
    }
}
