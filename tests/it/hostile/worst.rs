//! What the most expensive record costs, in time: against one verification by RSA with 4096 bits, in the same run.

use std::fs;
use std::time::{Duration, Instant};

use crate::cases::{Case, Table};
use crate::support::{AT, long, run, vidimus};

/// What a record may cost, on a machine of our time, in a program that is optimised.
const LIMIT: Duration = Duration::from_millis(10);

/// How much slower than that a program may be that is not.
const UNOPTIMISED: u32 = 40;

/// The least that it took, of several tries: what else the machine does only adds to it.
fn least(case: &Case, table: &Table, tries: usize) -> Duration {
    let prepared = case.prepared(table);
    let tried = (0..tries).map(|_| {
        let started = Instant::now();
        let _ = prepared.verdict();
        started.elapsed()
    });
    tried.min().unwrap()
}

#[test]
fn no_record_costs_more_than_ten_milliseconds() {
    let table = Table::read();
    let limit = if cfg!(debug_assertions) { LIMIT * UNOPTIMISED } else { LIMIT };
    let ordinary = table.cases.iter().find(|case| case.file == "good.rsa4096.sig").unwrap();
    let ordinary = least(ordinary, &table, 20);
    let mut worst = Vec::new();
    for case in table.cases.iter().filter(|case| case.can_be_prepared()) {
        let mut took = least(case, &table, if long() { 20 } else { 2 });
        if took > limit {
            // Somebody else may have had the processor.
            took = least(case, &table, 20);
        }
        worst.push((took, case.file.as_str()));
    }
    worst.sort();
    worst.reverse();
    let (took, file) = worst[0];
    println!("assurance | hostile | one verification by RSA-4096 | {ordinary:?} | the measure of the next line");
    println!(
        "assurance | hostile | worst record of at most 64 KiB | {} records | {file}: {took:?}, {:.1} times that",
        worst.len(),
        took.as_secs_f64() / ordinary.as_secs_f64()
    );
    for (took, file) in worst.iter().take(if long() { 10 } else { 0 }) {
        println!("  {took:?} {file}");
    }
    assert!(took <= limit, "{file}: {took:?}");
}

#[test]
fn backtraces_that_are_asked_for_change_nothing() {
    let file = "testdata/images/signatures.70-good-is-64th.json";
    let arguments = ["verify", "--keys", "testdata/keys/release.asc", "--at", AT, "--output", "json", file];
    let plain = run(&arguments);
    let started = Instant::now();
    let asked =
        vidimus().args(arguments).env("RUST_BACKTRACE", "full").env("RUST_LIB_BACKTRACE", "1").output().unwrap();
    let took = started.elapsed();
    assert_eq!(asked.status.code(), Some(plain.status));
    assert_eq!(String::from_utf8(asked.stdout).unwrap(), plain.stdout);
    assert_eq!(String::from_utf8(asked.stderr).unwrap(), plain.stderr);
    assert!(fs::metadata(file).is_ok() && took < Duration::from_secs(30), "{took:?}");
}
