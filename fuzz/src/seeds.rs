//! Writes the seeds of each target, made of the test data, to a folder, and tells what targets there are: a line for
//! each, with the longest input that is worth a try.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let folder = PathBuf::from(env::args_os().nth(1).expect("a folder to write to"));
    for target in vidimus_fuzz::TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).expect("the folder of the seeds can be made");
        for (number, seed) in (target.seeds)().iter().enumerate().filter(|(_, seed)| seed.len() <= target.longest) {
            fs::write(folder.join(format!("{number:04}")), seed).expect("a seed can be written");
        }
        println!("{} {}", target.name, target.longest);
    }
}
