//! `vidimus keys`: what each certificate can vouch for.

use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::output::{Terminal, print};
use crate::cli::rules::PracticeOptions;
use crate::cli::{Status, at, parse_time};
use crate::report::{Escaped, Style};
use crate::signature::{CertificateSummary, KeySummary, Trust, rfc3339};
use crate::source;

/// Show what each certificate of a keyring can vouch for, and why not
#[derive(Args, Debug)]
pub(super) struct Keys {
    /// Key files, or directories of them
    #[arg(required = true, value_name = "FILE|DIR")]
    keys: Vec<PathBuf>,

    /// The time to judge by; now, if not given
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<DateTime<Utc>>,

    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,

    #[command(flatten)]
    rules: PracticeOptions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Text,
}

impl Keys {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let trust = Trust::new(source::keyring(&self.keys)?, self.rules.into());
        let at = at(self.at);
        let certificates = trust.certificates(at);
        let text = match self.output {
            Format::Json => as_json(&certificates, at),
            Format::Text => certificates.iter().map(|certificate| as_text(certificate, terminal.style())).collect(),
        };
        print(&text)?;
        Ok(Status::Allowed)
    }
}

fn as_text(certificate: &CertificateSummary, style: Style) -> String {
    let mut out = String::new();
    let name = certificate.user_ids.first().map_or("(no user ID)", String::as_str);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}\n  certificate {}", Escaped(name), certificate.fingerprint);
    for user_id in certificate.user_ids.iter().skip(1) {
        let _ = writeln!(out, "  also        {}", Escaped(user_id));
    }
    for key in &certificate.keys {
        let _ =
            write!(out, "  key {}  {}  created {}", key.fingerprint.key_id(), key.algorithm, key.created.date_naive());
        let _ = match key.expires {
            Some(expires) => write!(out, "  expires {}", expires.date_naive()),
            None => write!(out, "  does not expire"),
        };
        if let Some(revoked) = key.revoked {
            let _ = write!(out, "  revoked {}", revoked.date_naive());
        }
        let _ = writeln!(out, "\n      fingerprint {}", key.fingerprint);
        let Style { good, bad, end, .. } = style;
        let _ = match &key.usable {
            Ok(_) => writeln!(out, "      {good}can vouch for images{end}"),
            Err(error) => writeln!(out, "      {bad}cannot vouch for images{end}: {}: {error}", error.code()),
        };
        for note in key.usable.iter().flatten() {
            let _ = writeln!(out, "      {note}");
        }
    }
    out.push('\n');
    out
}

fn as_json(certificates: &[CertificateSummary], at: DateTime<Utc>) -> String {
    let key = |key: &KeySummary| {
        json!({
            "fingerprint": key.fingerprint.to_string(),
            "keyId": key.fingerprint.key_id().to_string(),
            "algorithm": key.algorithm,
            "created": rfc3339(key.created),
            "expires": key.expires.map(rfc3339),
            "revoked": key.revoked.map(rfc3339),
            "usable": key.usable.is_ok(),
            "code": key.usable.as_ref().err().map(|error| error.code().as_str()),
            "message": key.usable.as_ref().err().map(ToString::to_string),
            "notes": key.usable.iter().flatten().map(|note| note.as_str()).collect::<Vec<_>>(),
        })
    };
    let certificate = |certificate: &CertificateSummary| {
        json!({
            "fingerprint": certificate.fingerprint.to_string(),
            "userIds": certificate.user_ids,
            "keys": certificate.keys.iter().map(key).collect::<Vec<_>>(),
        })
    };
    let document = json!({
        "apiVersion": "vidimus.dev/v1alpha1",
        "kind": "KeyringReport",
        "at": rfc3339(at),
        "certificates": certificates.iter().map(certificate).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}
