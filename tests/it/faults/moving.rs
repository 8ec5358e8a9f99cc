//! Files that change while they are read.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::{export, figure, verify};
use crate::support::vidimus;

/// How many images an export has. They are so large that a run waits within the file while nobody reads what it tells.
const IMAGES: usize = 50;

/// An export of large images, one a line.
fn large(folder: &Path) -> PathBuf {
    let source = export(folder, IMAGES);
    let filler = format!(r#""annotations":{{"filler":"{}","#, "x".repeat(128 << 10));
    let text = fs::read_to_string(&source).unwrap().replace(r#""annotations":{"#, &filler);
    fs::write(&source, text).unwrap();
    source
}

/// A run that has begun to read, and does not go on.
fn begun(source: &Path, written: &Path) -> Child {
    let arguments = verify(source, &["--jobs", "1", "--output", "ndjson", "--write-images", written.to_str().unwrap()]);
    let mut child = vidimus().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The first byte comes when the first images are told; more than a pipe holds is to come.
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    child
}

fn changed_while_it_is_read(form: &str, change: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let mut source = large(folder.path());
    if form == "list" {
        let items = fs::read_to_string(&source).unwrap().trim_end().replace('\n', ",\n");
        source = folder.path().join("export.json");
        fs::write(&source, format!("{{\"kind\":\"List\",\"items\":[{items}]}}")).unwrap();
    }
    assert!(fs::metadata(&source).unwrap().len() > 4 << 20, "more than is read ahead");
    let written = folder.path().join("written.json");
    let child = begun(&source, &written);
    change(&source);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{form}: {said}");
    assert!(!written.exists(), "objects are written of what is whole: {said}");
    let summary: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(summary["errors"], 1, "{told}");
    let images = summary["images"].as_u64().unwrap();
    assert!(images > 0 && usize::try_from(images).unwrap() <= IMAGES, "{summary}");
    let problem = told.lines().find(|line| line.contains(r#""kind":"Error""#)).unwrap();
    assert!(problem.contains("the file changed while it was read") || problem.contains("cut off"), "{problem}");
}

/// Where the next image begins, in the middle of an export that has one a line.
fn middle(source: &Path) -> u64 {
    let text = fs::read(source).unwrap();
    let half = text.len() * 3 / 4;
    let line = text[half..].iter().position(|byte| *byte == b'\n').unwrap();
    u64::try_from(half + line + 1).unwrap()
}

#[test]
fn an_export_that_is_cut_off_between_two_images_is_not_taken_for_a_shorter_one() {
    changed_while_it_is_read("lines", |source| {
        let middle = middle(source);
        OpenOptions::new().write(true).open(source).unwrap().set_len(middle).unwrap();
    });
}

#[test]
fn an_export_that_is_cut_off_or_emptied_is_an_error() {
    for (form, length) in [("lines", 3 << 20), ("lines", 0), ("list", 3 << 20), ("list", 0)] {
        changed_while_it_is_read(form, |source| {
            OpenOptions::new().write(true).open(source).unwrap().set_len(length).unwrap();
        });
    }
}

#[test]
fn an_export_that_is_written_over_or_added_to_is_an_error() {
    // As long as before, and as whole: only its time tells.
    for form in ["lines", "list"] {
        changed_while_it_is_read(form, |source| {
            let text = fs::read(source).unwrap();
            OpenOptions::new().write(true).open(source).unwrap().write_all(&text).unwrap();
        });
        changed_while_it_is_read(form, |source| {
            OpenOptions::new().append(true).open(source).unwrap().write_all(b"\n").unwrap();
        });
    }
    figure("file changed while it is read", 9, "exit status 2, nothing written back");
}

#[test]
fn an_export_that_is_replaced_or_removed_is_read_as_it_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("written.json");
    for is_replaced in [true, false] {
        let source = large(folder.path());
        let child = begun(&source, &written);
        if is_replaced {
            let other = folder.path().join("other");
            File::create(&other).unwrap();
            fs::rename(other, &source).unwrap();
        } else {
            fs::remove_file(&source).unwrap();
        }
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told} {}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(told.lines().count(), IMAGES + 1, "each image and the summary");
    }
}
