//! Runs of a program, with what they took.
//!
//! A program is started by a second process of this benchmark, which watches nothing else: what the system tells of a
//! process's children is then told of that program alone, and what the benchmark holds itself is not in it.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// The word that makes this program the second process.
pub(crate) const WATCH: &str = "watch";

/// What a run took.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Usage {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of all processors together, in the program and in the system for it.
    pub(crate) cpu: f64,
    /// The most memory that was resident, in bytes.
    pub(crate) peak: u64,
}

/// What writes a program's standard input.
pub(crate) type Feed<'f> = &'f (dyn Fn(&mut ChildStdin) -> io::Result<()> + Sync);

/// Runs `command`, which must succeed, on `cores` processors.
pub(crate) fn measured(cores: usize, command: &[OsString], feed: Option<Feed<'_>>) -> Usage {
    let mut watcher = Command::new(env::current_exe().unwrap());
    watcher.arg(WATCH).arg(cores.to_string()).args(command).stdout(Stdio::piped());
    watcher.stdin(if feed.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut watcher = watcher.spawn().unwrap();
    let fed = match (feed, watcher.stdin.take()) {
        (Some(feed), Some(mut input)) => thread::scope(|scope| {
            let feeder = scope.spawn(move || {
                stay_off(cores);
                feed(&mut input)
            });
            feeder.join().unwrap()
        }),
        _ => Ok(()),
    };
    let output = watcher.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?} failed");
    fed.unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The second process: `watch CORES PROGRAM ARGUMENT…`.
pub(crate) fn watch(mut arguments: impl Iterator<Item = OsString>) {
    stay_on(arguments.next().unwrap().into_string().unwrap().parse().unwrap());
    let mut command = Command::new(arguments.next().unwrap());
    command.args(arguments).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let wall = start.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let (user, system) = (usage.user_time(), usage.system_time());
    let micros =
        [user.tv_sec(), system.tv_sec()].map(|s| s * 1_000_000).iter().sum::<i64>() + user.tv_usec() + system.tv_usec();
    let cpu = Duration::from_micros(u64::try_from(micros).unwrap()).as_secs_f64();
    let peak = u64::try_from(usage.max_rss()).unwrap() * 1024;
    serde_json::to_writer(io::stdout(), &Usage { wall, cpu, peak }).unwrap();
    io::stdout().flush().unwrap();
}

/// Keeps this process and those it starts to the last `cores` processors that it may use: the first has the interrupts.
pub(crate) fn stay_on(cores: usize) {
    stay(allowed().into_iter().rev().take(cores));
}

/// Keeps this thread off the processors of [`stay_on`], if there are others.
fn stay_off(cores: usize) {
    if cores < allowed().len() {
        stay(allowed().into_iter().rev().skip(cores));
    }
}

fn stay(processors: impl Iterator<Item = usize>) {
    let mut set = CpuSet::new();
    processors.for_each(|processor| set.set(processor).unwrap());
    sched_setaffinity(Pid::from_raw(0), &set).unwrap();
}

/// The number of processors that there are to run on.
pub(crate) fn cores() -> usize {
    allowed().len()
}

fn allowed() -> Vec<usize> {
    let all = sched_getaffinity(Pid::from_raw(0)).unwrap();
    (0..CpuSet::count()).filter(|processor| all.is_set(*processor).unwrap()).collect()
}

/// Runs `command`, which must succeed, without watching more than the clock: what there are many of.
pub(crate) fn timed(command: &mut Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let wall = start.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}: {status}");
    wall
}
