//! `vidimus inspect`: what an object or a signature says, none of it verified.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use crate::cli::error::Error;
use crate::cli::{Status, rules};
use crate::image::{Image, ImageSignature};
use crate::report::Escaped;
use crate::signature::{PayloadProfile, Unverified};

#[derive(Args, Debug)]
pub(super) struct Inspect;
