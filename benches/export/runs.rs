//! Runs of vidimus over exports, and what they took.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};

use serde::Deserialize;

use crate::exports::Pool;
use crate::floor::{Floor, count};
use crate::process::{Usage, measured};
use crate::signer::CERTIFICATE;
use crate::table::median;

const VIDIMUS: &str = env!("CARGO_BIN_EXE_vidimus");

/// Exports of more images are not kept in files, but written into the program's standard input.
const KEPT: usize = 50_000;

/// What is run: an export, and on how many cores.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Case {
    pub(crate) images: usize,
    /// How many of the images differ from each other.
    pub(crate) different: usize,
    pub(crate) cores: usize,
}

/// What runs need, and what came of them.
pub(crate) struct Runs {
    pub(crate) folder: PathBuf,
    pub(crate) pool: Pool,
    knows_jobs: bool,
    pub(crate) floors: Vec<Floor>,
    pub(crate) usages: BTreeMap<Case, Vec<Usage>>,
    /// The number of signatures in the export of a case.
    signatures: BTreeMap<Case, usize>,
}

impl Runs {
    pub(crate) fn new(folder: &Path, pool: Pool) -> Self {
        fs::write(folder.join("keyring.gpg"), CERTIFICATE).unwrap();
        let help = Command::new(VIDIMUS).args(["verify", "--help"]).output().unwrap().stdout;
        let knows_jobs = String::from_utf8_lossy(&help).contains("--jobs");
        Self {
            folder: folder.to_owned(),
            pool,
            knows_jobs,
            floors: Vec::new(),
            usages: BTreeMap::new(),
            signatures: BTreeMap::new(),
        }
    }

    pub(crate) fn keyring(&self) -> PathBuf {
        self.folder.join("keyring.gpg")
    }

    /// Runs the cases in turns, and the floor of the first between them, so that all see the same weather.
    pub(crate) fn rounds(&mut self, rounds: usize, cases: &[Case]) {
        for _ in 0..rounds {
            for case in cases {
                if let Some(first) = cases.first() {
                    self.floors.push(Floor::of(&self.file(first)));
                }
                let (usage, signatures) = self.run(case);
                self.usages.entry(*case).or_default().push(usage);
                self.signatures.insert(*case, signatures);
            }
        }
    }

    /// The command line without its export.
    pub(crate) fn verify(&self, cores: usize) -> Vec<OsString> {
        let mut command: Vec<OsString> = [VIDIMUS, "verify", "--keys"].map(OsString::from).to_vec();
        command.push(self.keyring().into());
        command.push("--output".into());
        command.push(format!("json={}", self.report().display()).into());
        if self.knows_jobs {
            command.extend(["--jobs".into(), cores.to_string().into()]);
        }
        command
    }

    pub(crate) fn file(&self, case: &Case) -> PathBuf {
        self.pool.file(&self.folder, case.images, case.different)
    }

    /// The median of what a case took.
    pub(crate) fn median(&self, case: &Case, of: impl Fn(&Usage) -> f64) -> f64 {
        median(self.usages.get(case).into_iter().flatten().map(of))
    }

    /// The median of something about the floor.
    pub(crate) fn floor(&self, of: impl Fn(&Floor) -> f64) -> f64 {
        median(self.floors.iter().map(of))
    }

    /// The share that the floor of a case has in what the case took.
    pub(crate) fn share(&self, case: &Case) -> f64 {
        let floor = self.floor(|floor| floor.of_others(case.images, self.signatures(case)));
        floor / self.median(case, |usage| usage.wall)
    }

    pub(crate) fn signatures(&self, case: &Case) -> usize {
        self.signatures.get(case).copied().unwrap_or_default()
    }

    fn report(&self) -> PathBuf {
        self.folder.join("report.json")
    }

    fn run(&self, case: &Case) -> (Usage, usize) {
        // To take the place of a large report takes time, which is not this run's.
        let _ = fs::remove_file(self.report());
        let mut command = self.verify(case.cores);
        let usage = if case.images > KEPT {
            command.push("-".into());
            let write = |input: &mut ChildStdin| {
                self.pool.write(&mut BufWriter::with_capacity(1 << 20, input), case.images, case.different)
            };
            measured(case.cores, &command, Some(&write))
        } else {
            command.push(self.file(case).into());
            measured(case.cores, &command, None)
        };
        let summary = self.summary();
        assert_eq!((summary.images, summary.allowed), (case.images, case.images), "all images are allowed");
        assert_eq!(summary.verified, summary.signatures, "all signatures are verified");
        (usage, summary.signatures)
    }

    /// The end of the report, which may be large.
    fn summary(&self) -> Summary {
        let mut file = File::open(self.report()).unwrap();
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(length.saturating_sub(4096))).unwrap();
        let mut end = Vec::new();
        file.read_to_end(&mut end).unwrap();
        let end = String::from_utf8_lossy(&end);
        let (_, summary) = end.rsplit_once("\"summary\":").unwrap();
        serde_json::Deserializer::from_str(summary).into_iter().next().unwrap().unwrap()
    }
}

#[derive(Deserialize)]
struct Summary {
    images: usize,
    allowed: usize,
    signatures: usize,
    verified: usize,
}

impl Case {
    /// Images in a second, of a run that took so many.
    pub(crate) fn speed(&self, seconds: f64) -> f64 {
        count(self.images) / seconds
    }
}
