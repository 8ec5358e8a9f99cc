//! The options that choose between practices. Each default is the library's.

use chrono::TimeDelta;
use clap::{Args, ValueEnum};

use crate::image::Schema1;
use crate::signature::{IdentityRule, KeyValidity, Legacy, PayloadProfile, Rules};

/// The rules of a verification
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules")]
pub(super) struct RuleOptions {
    /// Which images a signed reference may stand for: matchExact, matchRepoDigestOrExact, matchRepository,
    /// exactReference=REF, exactRepository=REPO or remapIdentity=PREFIX=SIGNEDPREFIX, as in containers-policy.json(5)
    #[arg(long, value_name = "RULE", default_value = "matchRepoDigestOrExact", conflicts_with = "policy")]
    identity: IdentityRule,

    #[command(flatten)]
    practices: PracticeOptions,
}

/// The rules that a policy leaves open
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules")]
pub(super) struct PracticeOptions {
    /// When the signer's key must be valid: also now, or when it signed (for archives)
    #[arg(long, value_name = "WHEN", default_value = "now")]
    key_validity: KeyValidityOption,

    /// The grammar of the signed payload: of containers/image, or of OpenShift's release signatures
    #[arg(long, value_name = "PROFILE", default_value = "containers")]
    payload_profile: PayloadProfileOption,

    /// How far a signature may lie in the future
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    clock_skew: u32,

    /// Certificates bound by SHA-1 self-signatures
    #[arg(long, value_name = "WHAT", default_value = "accept")]
    sha1_self_signatures: LegacyOption,

    /// Version 3 signature packets
    #[arg(long, value_name = "WHAT", default_value = "accept")]
    v3_signatures: LegacyOption,

    /// Signatures older than the self-signature that binds their key
    #[arg(long, value_name = "WHAT", default_value = "reject")]
    late_bindings: LegacyOption,

    /// Docker schema 1 manifests, whose outer members nobody signed
    #[arg(long, value_name = "WHAT", default_value = "reject")]
    schema1: LegacyOption,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeyValidityOption {
    Now,
    WhenSigned,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PayloadProfileOption {
    Containers,
    Release,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LegacyOption {
    Accept,
    Reject,
}

impl From<LegacyOption> for Legacy {
    fn from(option: LegacyOption) -> Self {
        match option {
            LegacyOption::Accept => Self::Accept,
            LegacyOption::Reject => Self::Reject,
        }
    }
}

impl From<RuleOptions> for Rules {
    fn from(options: RuleOptions) -> Self {
        Self { identity: options.identity, ..options.practices.into() }
    }
}

impl From<PracticeOptions> for Rules {
    fn from(options: PracticeOptions) -> Self {
        Self {
            key_validity: match options.key_validity {
                KeyValidityOption::Now => KeyValidity::Now,
                KeyValidityOption::WhenSigned => KeyValidity::WhenSigned,
            },
            sha1_self_signatures: options.sha1_self_signatures.into(),
            v3_signatures: options.v3_signatures.into(),
            late_bindings: options.late_bindings.into(),
            clock_skew: TimeDelta::seconds(options.clock_skew.into()),
            payload_profile: match options.payload_profile {
                PayloadProfileOption::Containers => PayloadProfile::Containers,
                PayloadProfileOption::Release => PayloadProfile::Release,
            },
            schema1: match options.schema1 {
                LegacyOption::Accept => Schema1::PayloadOnly,
                LegacyOption::Reject => Schema1::Refused,
            },
            ..Self::default()
        }
    }
}
