//! The tables, one after another: each measures what it tells.

use std::process::Command;

use crate::aims::{Aims, Better};
use crate::floor::{Floor, count};
use crate::peers::{NAMES, Peers};
use crate::process::{cores, timed};
use crate::runs::{Case, Runs};
use crate::table::{self, median, memory, number, time};

/// How much is measured.
pub(crate) struct Plan {
    /// The images that differ from each other.
    pub(crate) different: usize,
    /// Of the smallest export, when its images are not all different.
    repeated: usize,
    sizes: Vec<usize>,
    rounds: usize,
    starts: usize,
    peers: usize,
}

impl Plan {
    pub(crate) fn new(images: usize, rounds: usize, test: bool) -> Self {
        if test {
            return Self { different: 20, repeated: 4, sizes: vec![10, 20], rounds: 1, starts: 3, peers: 2 };
        }
        let mut sizes: Vec<_> = [1000, 10_000, 50_000].into_iter().filter(|size| *size < images).collect();
        sizes.push(images.max(1000));
        Self { different: 4000, repeated: 50, sizes, rounds, starts: 200, peers: 40 }
    }

    fn case(&self, images: usize, cores: usize) -> Case {
        Case { images, different: self.different.min(images), cores }
    }

    fn smallest(&self) -> usize {
        self.sizes.first().copied().unwrap()
    }

    fn largest(&self) -> usize {
        self.sizes.last().copied().unwrap()
    }

    /// The largest that is run in all rounds and on any number of cores: one core takes a while.
    fn most_measured(&self) -> usize {
        self.sizes.iter().copied().filter(|size| *size <= 50_000).max().unwrap()
    }
}

/// Speed, cores and memory, all of it from the same runs.
pub(crate) fn exports(plan: &Plan, runs: &mut Runs, aims: &mut Aims) {
    let all = cores();
    let scales: Vec<_> = (1..=all).filter(|cores| cores.is_power_of_two() || *cores == all).collect();
    let repeated = Case { images: plan.smallest(), different: plan.repeated, cores: 1 };
    let mut often = Vec::new();
    for images in plan.sizes.iter().filter(|images| **images <= plan.most_measured()) {
        let every = *images == plan.most_measured();
        let scales = scales.iter().filter(|cores| every || [1, all].contains(cores));
        often.extend(scales.map(|cores| plan.case(*images, *cores)));
    }
    often.push(repeated);
    runs.rounds(plan.rounds, &often);
    if plan.largest() > plan.most_measured() {
        let floor_first = [plan.case(plan.smallest(), 1), plan.case(plan.largest(), 1), plan.case(plan.largest(), all)];
        runs.rounds(1, &floor_first);
    }
    speed(plan, runs, &repeated, aims);
    scaling(plan, runs, &scales, aims);
    peak(plan, runs, all, aims);
}

fn speed(plan: &Plan, runs: &Runs, repeated: &Case, aims: &mut Aims) {
    let each = |part: fn(&Floor) -> f64| time(runs.floor(|floor| part(floor) / count(floor.images)));
    let first = runs.floors.first().unwrap();
    let rows = [[
        each(|floor| floor.parse),
        each(|floor| floor.digests),
        each(|floor| floor.operations),
        each(|floor| floor.parse + floor.digests + floor.operations),
        ratio(count(first.signatures) / count(first.images)),
    ]];
    let head = ["JSON, looked at", "SHA-256 of manifest", "public-key operations", "floor", "signatures"];
    table::print("The floor for one image, one core", head, &rows);

    let mut cases: Vec<_> = plan.sizes.iter().map(|images| plan.case(*images, 1)).collect();
    cases.push(*repeated);
    let rows: Vec<_> = cases
        .iter()
        .map(|case| {
            let wall = runs.median(case, |usage| usage.wall);
            [
                number(case.images),
                number(case.different),
                ratio(count(runs.signatures(case)) / count(case.images)),
                time(wall),
                format!("{:.0}", case.speed(wall)),
                time(runs.median(case, |usage| usage.cpu) / count(runs.signatures(case))),
                ratio(runs.share(case)),
            ]
        })
        .collect();
    let head = ["images", "different", "signatures", "whole process", "images/s", "CPU a signature", "share of floor"];
    table::print("End to end, one core", head, &rows);
    let measured = plan.case(plan.most_measured(), 1);
    let what = format!("share of the floor, one core, {} images", number(measured.images));
    aims.row(&what, [0.7, 0.9], runs.share(&measured), Better::Higher, ratio);
}

fn scaling(plan: &Plan, runs: &Runs, scales: &[usize], aims: &mut Aims) {
    let images = plan.most_measured();
    let wall = |cores| runs.median(&plan.case(images, cores), |usage| usage.wall);
    let rows: Vec<_> = scales
        .iter()
        .map(|cores| {
            let case = plan.case(images, *cores);
            let cpu = runs.median(&case, |usage| usage.cpu / usage.wall);
            let speed = format!("{:.0}", case.speed(wall(*cores)));
            [cores.to_string(), time(wall(*cores)), speed, ratio(wall(1) / wall(*cores)), ratio(cpu)]
        })
        .collect();
    let head = ["cores", "whole process", "images/s", "to one core", "cores busy"];
    table::print(&format!("Cores, {} images", number(images)), head, &rows);
    let (what, bounds) = ("two cores to one", [1.8, 1.95]);
    if scales.contains(&2) {
        aims.row(what, bounds, wall(1) / wall(2), Better::Higher, ratio);
    } else {
        aims.missing(what, bounds, "one core here", ratio);
    }
}

fn peak(plan: &Plan, runs: &Runs, all: usize, aims: &mut Aims) {
    let peak = |images, cores| {
        let usages = runs.usages.get(&plan.case(images, cores)).into_iter().flatten();
        count(usages.map(|usage| usize::try_from(usage.peak >> 10).unwrap()).max().unwrap_or_default()) * 1024.0
    };
    let rows: Vec<_> = plan
        .sizes
        .iter()
        .map(|images| [number(*images), memory(peak(*images, 1)), memory(peak(*images, all))])
        .collect();
    let head = ["images", "one core", "all cores"];
    table::print("The most memory that was resident", head, &rows);
    let largest = plan.largest();
    let mebibytes = f64::from(1 << 20);
    let what = format!("peak memory, {} images, all cores", number(largest));
    aims.row(&what, [128.0 * mebibytes, 64.0 * mebibytes], peak(largest, all), Better::Lower, memory);
    let Some(before) = plan.sizes.iter().rev().nth(1) else { return };
    let what = format!("growth of it, {} images to {}", number(*before), number(largest));
    aims.row(&what, [1.1, 1.02], peak(largest, all) / peak(*before, all), Better::Lower, ratio);
}

/// One image by one process. Returns the seconds.
pub(crate) fn start(plan: &Plan, runs: &Runs, aims: &mut Aims) -> f64 {
    let mut nothing = Command::new("true");
    let one = runs.file(&plan.case(1, 1));
    let mut version = Command::new(env!("CARGO_BIN_EXE_vidimus"));
    version.arg("--version");
    let arguments = runs.verify(cores());
    let (program, rest) = arguments.split_first().unwrap();
    let mut verify = Command::new(program);
    verify.args(rest).arg(one);
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..plan.starts {
        let commands = [&mut nothing, &mut version, &mut verify];
        times.iter_mut().zip(commands).for_each(|(times, command)| times.push(timed(command)));
    }
    let [nothing, version, verify] = times.map(median);
    let row = |what: &str, seconds: f64| [what.to_owned(), time(seconds), time(seconds - nothing)];
    let rows = [row("true", nothing), row("vidimus --version", version), row("vidimus verify", verify)];
    table::print("One image, whole process", ["command", "whole process", "above `true`"], &rows);
    aims.row("one image, whole process", [0.015, 0.005], verify, Better::Lower, time);
    verify
}

/// The same signatures by other programs.
pub(crate) fn peers(plan: &Plan, runs: &Runs, start: f64, aims: &mut Aims) {
    let peers = Peers::new(&runs.folder, &runs.keyring(), &runs.pool, plan.peers);
    let smallest = plan.smallest();
    let export = |cores| {
        let case = plan.case(smallest, cores);
        runs.median(&case, |usage| usage.wall) / count(runs.signatures(&case))
    };
    let (one, all) = (export(1), export(cores()));
    let mut rows = vec![
        ["vidimus, an export, all cores".to_owned(), time(all), ratio(all / one)],
        ["vidimus, an export, one core".to_owned(), time(one), ratio(1.0)],
        ["vidimus, a process each".to_owned(), time(start), ratio(start / one)],
    ];
    let ready: Vec<_> = NAMES.iter().map(|name| (*name, peers.prepare(name))).collect();
    let mut times: Vec<_> = ready.iter().map(|_| Vec::new()).collect();
    for _ in 0..plan.rounds.min(3) {
        for ((name, ready), times) in ready.iter().zip(&mut times) {
            if ready.is_ok() {
                times.extend(peers.ask(name).unwrap());
            }
        }
    }
    let (what, bounds) = ("skopeo, a process each, to an export, one core", [100.0, 500.0]);
    for ((name, ready), times) in ready.into_iter().zip(times) {
        let title = format!("{name}, a process each");
        match ready {
            Ok(()) => {
                let seconds = median(times);
                rows.push([title, time(seconds), ratio(seconds / one)]);
                if name == "skopeo" {
                    aims.row(what, bounds, seconds / one, Better::Higher, ratio);
                    aims.row("the same, all cores", bounds, seconds / all, Better::Higher, ratio);
                }
            }
            Err(why) => {
                if name == "skopeo" {
                    aims.missing(what, bounds, &why, ratio);
                }
                rows.push([title, why, String::new()]);
            }
        }
    }
    let head = ["RSA-4096, the same signatures", "a signature", "to an export, one core"];
    table::print("Other programs", head, &rows);
}

fn ratio(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}
