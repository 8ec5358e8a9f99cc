//! Whole runs of the program over exports of any size: how fast, on how many cores, in how much memory, and next to
//! others. `benches/README.md` says what is measured and how to read it.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise, and prints what it found"
)]

mod aims;
mod exports;
mod floor;
mod generator;
mod message;
mod peers;
mod process;
mod runs;
mod sections;
mod signer;
mod table;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use clap::Parser;

use crate::aims::Aims;
use crate::exports::Pool;
use crate::floor::FLOOR;
use crate::process::WATCH;
use crate::runs::Runs;
use crate::sections::Plan;

/// Measure whole runs of vidimus over generated exports
#[derive(Parser)]
struct Options {
    /// The largest number of images; more than 50 000 are piped into the program and take minutes
    #[arg(long, default_value_t = 50_000)]
    images: usize,

    /// How often each run is repeated
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Write an export of so many images to standard output, and measure nothing
    #[arg(long, value_name = "IMAGES")]
    write: Option<usize>,

    /// Run everything once, small, to see that it works
    #[arg(long)]
    test: bool,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let mut arguments = env::args_os().skip(1);
    match arguments.next() {
        Some(word) if word == WATCH => return process::watch(arguments),
        Some(word) if word == FLOOR => return floor::serve(arguments),
        _ => {}
    }
    let options = Options::parse();
    let plan = Plan::new(options.images, options.rounds, options.test);
    let folder = folder();
    let pool = Pool::load(&folder, plan.different);
    if let Some(images) = options.write {
        return pool.write(&mut io::stdout().lock(), images, plan.different).unwrap();
    }
    let mut runs = Runs::new(&folder, pool);
    let mut aims = Aims::default();
    sections::exports(&plan, &mut runs, &mut aims);
    let start = sections::start(&plan, &runs, &mut aims);
    sections::peers(&plan, &runs, start, &mut aims);
    if options.test {
        println!("\nEverything runs. So small, it measures nothing.");
    } else {
        aims.print();
    }
}

/// Where exports are kept: in the target folder, as they can be made again.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-exports");
    fs::create_dir_all(&folder).unwrap();
    folder
}
