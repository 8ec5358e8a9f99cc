//! What the fuzz targets try, without a fuzzer: their seeds, the inputs that fuzzing found to be worth keeping, and each
//! one that ever broke a law. `fuzz/run` is for looking further.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use crate::fuzz_targets::TARGETS;
use crate::fuzz_targets::decision::numbers;
use crate::support::long;

/// The inputs of a folder, with their names; none where there is no folder.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(Path::new("fuzz").join(folder)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = paths.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    inputs.sort();
    inputs
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let mut tried = (target.seeds)();
    assert!(!tried.is_empty(), "no seeds");
    tried.retain(|seed| seed.len() <= target.longest);
    let seeds = tried.into_iter().enumerate().map(|(number, seed)| (format!("seed {number}"), seed));
    let kept = [inputs(&format!("corpus/{name}")), inputs(&format!("regressions/{name}"))].concat();
    let mut all: Vec<_> = seeds.chain(kept).collect();
    if name == "decision" {
        let more = if long() { 100_000 } else { 300 };
        all.extend((0..more).map(|seed| (format!("numbers {seed}"), numbers(seed, 256))));
    }
    let broken = all.iter().filter(|(_, input)| catch_unwind(|| (target.run)(input)).is_err());
    let broken: Vec<_> = broken.map(|(name, _)| name).collect();
    println!("assurance | fuzz replay | {name} | {} | {} laws broken", all.len(), broken.len());
    assert!(broken.is_empty(), "{broken:?}");
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replays! {
    claims decision digest export inflate keyring layout manifest object_json object_yaml openpgp policy_containers
    policy_images policy_vidimus provider reference report review sigstore
}

/// A target that is in one list alone would be tried by nobody, or an input be kept for none.
#[test]
fn each_target_is_known_to_all_who_run_it() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names, REPLAYED.iter().map(|name| (*name).to_owned()).collect());
    let manifest = fs::read_to_string("fuzz/Cargo.toml").unwrap();
    let files = inputs("fuzz_targets").into_iter().map(|(path, text)| {
        let name = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
        assert!(String::from_utf8(text).unwrap().contains(&format!("run(\"{name}\", input)")), "{path}");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")), "{path}");
        name
    });
    assert_eq!(names, files.collect());
    for folder in ["fuzz/corpus", "fuzz/regressions"] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(names.contains(&name), "{folder}/{name} belongs to no target");
        }
    }
}

/// What is checked in stays small: the rest is found again from it.
#[test]
fn the_corpora_are_small() {
    let sizes = TARGETS.iter().flat_map(|target| inputs(&format!("corpus/{}", target.name)));
    let total: usize = sizes.map(|(_, input)| input.len()).sum();
    assert!(total < 1 << 20, "{total} bytes");
}
