//! Killed at any instant: each file is the old one or the new one, whole, and the next run finds nothing in its way.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use super::{export, figure, names, verify};
use crate::support::{long, vidimus};

const FILES: [&str; 4] = ["report.json", "report.xml", "images.json", "patches.ndjson"];

fn command(folder: &Path, source: &Path) -> Command {
    let path = |name: &str| folder.join(name).display().to_string();
    let (json, junit) = (format!("json={}", path(FILES[0])), format!("junit={}", path(FILES[1])));
    let (images, patches) = (path(FILES[2]), path(FILES[3]));
    let more = ["--output", &json, "--output", &junit, "--write-images", &images, "--write-patches", &patches];
    let mut command = vidimus();
    command.args(verify(source, &more)).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The files, of which each is as it was before, as the whole run makes it, or neither.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

#[test]
fn a_run_that_is_killed_leaves_each_file_old_or_new() {
    let (kills, images, seed) = if long() { (200, 200, 200) } else { (10, 80, 80) };
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let source = export(elsewhere.path(), images);
    let began = Instant::now();
    assert!(command(folder.path(), &source).status().unwrap().success());
    let took = began.elapsed();
    let new = files(folder.path());

    let mut random = Random(seed);
    let (mut outcomes, mut left) = (BTreeSet::new(), 0);
    let (mut old_files, mut new_files, mut abandoned) = (0, 0, 0);
    for kill in 0..kills {
        for name in FILES {
            fs::write(folder.path().join(name), "old").unwrap();
        }
        let mut child = command(folder.path(), &source).spawn().unwrap();
        // Every fourth near the end, where files are put in their places.
        let part = if kill % 4 == 0 { 900 + random.below(150) } else { random.below(1000) };
        sleep(took * part / 1000);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        outcomes.insert(status.code());
        for (found, whole) in files(folder.path()).iter().zip(&new) {
            assert!(found == b"old" || found == whole, "kill {kill}: {} bytes of {}", found.len(), whole.len());
            *if found == b"old" { &mut old_files } else { &mut new_files } += 1;
        }
        let temporary = names(folder.path()).len() - FILES.len();
        abandoned += usize::from(temporary > 0);
        left = left.max(temporary);
        assert!(temporary <= FILES.len(), "what killed runs leave adds up: {:?}", names(folder.path()));
    }
    assert!(outcomes.iter().all(|code| matches!(code, None | Some(0))), "{outcomes:?}");
    // The next run is whole, and takes away what was left.
    assert!(command(folder.path(), &source).status().unwrap().success());
    assert_eq!(files(folder.path()), new);
    assert_eq!(names(folder.path()), sorted(&FILES));
    let outcome = format!(
        "{old_files} files old, {new_files} new and whole, 0 in between; {abandoned} runs left temporary files, {left} \
         at most, gone after the next run"
    );
    figure(&format!("kill -9 of a run over {images} images"), kills, &outcome);
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

/// Numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(limit)).unwrap()
    }
}

#[test]
fn two_runs_at_once_do_not_take_each_others_files() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let source = export(elsewhere.path(), 20);
    let mut children: Vec<_> = (0..6).map(|_| command(folder.path(), &source).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(names(folder.path()), sorted(&FILES));
}
