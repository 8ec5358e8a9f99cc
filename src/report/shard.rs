//! Parts of a run, for many machines.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// One part of the images: those whose name falls to it. Every image falls to exactly one of `count` shards, the same
/// wherever and in whatever order it is met.
///
/// ```
/// use vidimus::report::Shard;
///
/// let shards: Vec<Shard> = ["0/3", "1/3", "2/3"].map(|text| text.parse().unwrap()).to_vec();
/// let name = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
/// assert_eq!(shards.iter().filter(|shard| shard.holds(name)).count(), 1);
/// assert!("3/3".parse::<Shard>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The shard `index` of `count`, counted from 0.
    ///
    /// # Errors
    ///
    /// A [`ShardError`] where there is no such shard.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        if index < count { Ok(Self { index, count }) } else { Err(ShardError::Index { index, count }) }
    }

    /// Which shard it is, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether the image of this name, its manifest digest, falls to this shard.
    ///
    /// What is hashed is the name as it is written: images are spread evenly whatever they are called, and two spellings
    /// of one digest need not meet.
    pub fn holds(&self, name: &str) -> bool {
        let digest = Sha256::digest(name.as_bytes());
        let first = digest.iter().take(8).fold(0_u64, |number, octet| (number << 8) | u64::from(*octet));
        first.checked_rem(u64::from(self.count)) == Some(u64::from(self.index))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    /// Reads `INDEX/COUNT`.
    fn from_str(text: &str) -> Result<Self, ShardError> {
        let malformed = || ShardError::Malformed { found: text.to_owned() };
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten().ok_or_else(malformed)
        };
        let (index, count) = text.split_once('/').ok_or_else(malformed)?;
        Self::new(number(index)?, number(count)?)
    }
}

/// Why something is no shard.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ShardError {
    /// It is not written as one.
    #[error("`{found}` is no shard; one is written as INDEX/COUNT, such as 0/8")]
    Malformed {
        /// What was written.
        found: String,
    },
    /// There are not so many.
    #[error("there is no shard {index} of {count}; they are counted from 0")]
    Index {
        /// Which.
        index: u32,
        /// Of how many.
        count: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for text in ["0/1", "7/8", "0/4294967295"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in ["", "/", "1", "1/", "/1", "-1/2", "+0/2", "0x0/2", "0/2/3", " 0/2", "0/0", "2/2", "0/4294967296"] {
            assert!(text.parse::<Shard>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_image_falls_to_one_shard_and_they_are_alike_in_size() {
        let count = 7;
        let shards: Vec<_> = (0..count).map(|index| Shard::new(index, count).unwrap()).collect();
        let mut sizes = vec![0; shards.len()];
        for number in 0..7000 {
            let name = format!("sha256:{number:064x}");
            let holders: Vec<_> = shards.iter().filter(|shard| shard.holds(&name)).collect();
            assert_eq!(holders.len(), 1, "{name}");
            sizes[usize::try_from(holders[0].index()).unwrap()] += 1;
        }
        assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{sizes:?}");
        assert_eq!(shards.iter().filter(|shard| shard.holds("")).count(), 1);
    }
}
