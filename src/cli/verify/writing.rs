//! What is written back: into objects, or as patches of them.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use crate::image::Rewrite;
use crate::policy::Effect;
use crate::signature::ConditionSet;
use crate::verifier::Verdict;

/// The annotation by which OpenShift's default `ImagePolicy` admission keeps an image from running: apiserver-library-go,
/// `imagepolicy/v1`, rule `execution-denied`.
const DENY_EXECUTION: &str = "images.openshift.io/deny-execution";

/// What is written back
#[derive(Args, Debug)]
#[command(next_help_heading = "Writing back", group(ArgGroup::new("written").multiple(true)))]
pub(super) struct WriteOptions {
    /// Write the objects with conditions and verified fields to a file; .yaml, .ndjson or JSON by its name
    #[arg(long, value_name = "PATH", group = "written", conflicts_with_all = ["shard", "digest"])]
    pub(super) write_images: Option<PathBuf>,

    /// Write the same changes to a file as JSON patches, one line for each image that changes
    #[arg(
        long,
        value_name = "PATH",
        group = "written",
        conflicts_with_all = [
            "digest", "signatures", "lookaside", "registries_d", "release_signatures", "registry_signatures"
        ]
    )]
    pub(super) write_patches: Option<PathBuf>,

    /// Which conditions are written: `native` with --write-patches, `own` otherwise, if not given
    #[arg(long, value_name = "SET", value_enum, requires = "written")]
    conditions: Option<Conditions>,

    /// An annotation that is written on images; may be given more than once
    #[arg(long, value_name = "WHAT", value_enum, requires = "written")]
    annotate: Vec<Annotate>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Conditions {
    /// `Complete` and `Failed`
    Own,
    /// `Trusted` and `ForImage`, then `Complete` and `Failed`: what an API server accepts
    Native,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Annotate {
    /// Set images.openshift.io/deny-execution to "true" on denied images
    DenyExecution,
    /// Take images.openshift.io/deny-execution away from allowed images, whoever set it
    AllowExecution,
}

/// What is to be written of each image.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    /// Whether the objects are wanted with what verification found.
    pub(super) objects: bool,
    /// Whether patches are.
    pub(super) patches: bool,
    conditions: ConditionSet,
    annotate: Vec<Annotate>,
}

impl WriteOptions {
    pub(super) fn writing(&self) -> Writing {
        let conditions = match (self.conditions, &self.write_patches) {
            // A patch is for an API server, and it accepts no others.
            (Some(Conditions::Native), _) | (None, Some(_)) => ConditionSet::Native,
            (Some(Conditions::Own), _) | (None, None) => ConditionSet::Own,
        };
        Writing {
            objects: self.write_images.is_some(),
            patches: self.write_patches.is_some(),
            conditions,
            annotate: self.annotate.clone(),
        }
    }
}

impl Writing {
    /// Whether anything is wanted.
    pub(super) fn is_any(&self) -> bool {
        self.objects || self.patches
    }

    /// What is to be written of an image with this verdict.
    pub(super) fn rewrite(&self, verdict: &Verdict) -> Rewrite {
        let mut rewrite = Rewrite::default();
        for (index, update) in verdict.updates_with(self.conditions).into_iter().enumerate() {
            rewrite.signature(index, update);
        }
        for annotate in &self.annotate {
            match (annotate, verdict.decision().effect()) {
                (Annotate::DenyExecution, Effect::Deny) => rewrite.annotation(DENY_EXECUTION, Some("true")),
                (Annotate::AllowExecution, Effect::Allow) => rewrite.annotation(DENY_EXECUTION, None),
                // Where there is no answer, the last one stands.
                (_, Effect::Undecided) => {}
                (Annotate::DenyExecution, Effect::Allow) | (Annotate::AllowExecution, Effect::Deny) => {}
            }
        }
        rewrite
    }
}
