//! Which part of the images a run is about: `--shard`.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use clap::Args;
use thiserror::Error;

use crate::report::{Shard, ShardError};

/// Which part of the images to look at
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct ShardOptions {
    /// Only the images whose digest falls to shard INDEX, from 0, of COUNT, such as 0/8; `job/8` takes INDEX from
    /// JOB_COMPLETION_INDEX, as an Indexed Job of Kubernetes sets it. `vidimus report merge` puts the reports together
    #[arg(id = "shard", long, value_name = "INDEX/COUNT")]
    asked: Option<Asked>,
}

impl ShardOptions {
    /// The shard to look at; `None` for all images, which the only shard of one is too.
    ///
    /// # Errors
    ///
    /// A [`ShardOptionError`] where the index is the job's, and the environment has none that fits.
    pub(super) fn shard(self) -> Result<Option<Shard>, ShardOptionError> {
        let shard = match self.asked {
            None => None,
            Some(Asked::Shard(shard)) => Some(shard),
            Some(Asked::OfJob { count }) => Some(of_job(std::env::var_os(JOB_COMPLETION_INDEX).as_deref(), count)?),
        };
        Ok(shard.filter(|shard| shard.count() > 1))
    }
}

/// What `--shard` was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asked {
    /// The shard whose index is that of the process's job.
    OfJob {
        count: u32,
    },
    Shard(Shard),
}

impl FromStr for Asked {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        match text.strip_prefix("job/") {
            // That there is a first shard is what makes the count one.
            Some(count) => format!("0/{count}").parse().map(|first: Shard| Self::OfJob { count: first.count() }),
            None => text.parse().map(Self::Shard),
        }
    }
}

fn of_job(index: Option<&OsStr>, count: u32) -> Result<Shard, ShardOptionError> {
    let index = index.filter(|index| !index.is_empty()).ok_or(ShardOptionError::NoIndex { count })?;
    let malformed = || ShardOptionError::IndexIsNoNumber { found: index.to_owned() };
    let text = index.to_str().filter(|text| text.bytes().all(|octet| octet.is_ascii_digit())).ok_or_else(malformed)?;
    let index = text.parse().map_err(|_| malformed())?;
    Shard::new(index, count).map_err(|_| ShardOptionError::IndexBeyond { index, count })
}

/// Why the environment says of no shard.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(super) enum ShardOptionError {
    #[error("`--shard job/{count}` takes the index from `{JOB_COMPLETION_INDEX}`, and that is not set")]
    NoIndex { count: u32 },
    #[error("`{JOB_COMPLETION_INDEX}` is `{found}`, which is no number from 0", found = found.display())]
    IndexIsNoNumber { found: OsString },
    #[error("`{JOB_COMPLETION_INDEX}` is {index}, and `--shard job/{count}` has no shard of that index")]
    IndexBeyond { index: u32, count: u32 },
}

impl ShardOptionError {
    /// What would help.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::NoIndex { .. } | Self::IndexIsNoNumber { .. } => {
                "a Job with `completionMode: Indexed` sets it; elsewhere, write the index, as in `--shard 0/8`"
            }
            Self::IndexBeyond { .. } => "COUNT is to be the `completions` of the Job",
        }
    }
}

/// Where an Indexed Job of Kubernetes tells each of its processes its index.
const JOB_COMPLETION_INDEX: &str = "JOB_COMPLETION_INDEX";

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(text: &str) -> Option<Shard> {
        ShardOptions { asked: Some(text.parse().unwrap()) }.shard().unwrap()
    }

    #[test]
    fn is_what_was_asked_for() {
        assert_eq!(ShardOptions::default().shard(), Ok(None));
        assert_eq!(shard("7/8"), Some(Shard::new(7, 8).unwrap()));
        assert_eq!(shard("0/1"), None, "the only shard is all images");
        assert_eq!("job/8".parse(), Ok(Asked::OfJob { count: 8 }));
        for text in ["8/8", "job", "job/", "job/0", "job/-1", "job/1/2", "job/job", "Job/8", "job /8", "-1/8", ""] {
            assert!(text.parse::<Asked>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn takes_the_index_from_the_job() {
        let of_job = |index: &str| of_job(Some(OsStr::new(index)), 8);
        assert_eq!(of_job("0"), Shard::new(0, 8).map_err(|_| unknown()));
        assert_eq!(of_job("7"), Shard::new(7, 8).map_err(|_| unknown()));
        assert_eq!(of_job("8"), Err(ShardOptionError::IndexBeyond { index: 8, count: 8 }));
        for index in ["-1", "+1", "one", "1 ", "0x1", "1.0", "4294967296"] {
            assert_eq!(of_job(index), Err(ShardOptionError::IndexIsNoNumber { found: index.into() }));
        }
        assert_eq!(of_job(""), Err(unknown()));
        assert_eq!(super::of_job(None, 8), Err(unknown()));
    }

    fn unknown() -> ShardOptionError {
        ShardOptionError::NoIndex { count: 8 }
    }
}
