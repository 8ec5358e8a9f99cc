//! `vidimus inspect`: what an object or a signature says, none of it verified.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::ops::ControlFlow;

use clap::Args;
use serde::Deserialize;

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::verify::looks_like_signature;
use crate::image::{Carrier, Image, ImageSignature};
use crate::report::Escaped;
use crate::signature::{PayloadProfile, SignatureKind, Unverified, rfc3339};
use crate::source::export::{self, ITEM_LIMIT};
use crate::source::{Input, SourceError};

/// Show what images, signature records and raw signatures say, without verifying any of it
#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// Exports, ImageSignature objects or raw signature files; `-` is standard input
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,
}

/// Put before whatever nobody has vouched for.
const MARK: &str = "unverified";

impl Inspect {
    pub(super) fn run(self) -> Result<Status, Error> {
        let mut status = Status::Allowed;
        let mut out = String::new();
        for source in &self.sources {
            let mut failed = |out: &mut String, error: &SourceError| {
                line(out, format_args!("error {}", Escaped(&error.to_string())));
                status = Status::Undecided;
            };
            let input = match Input::open(source) {
                Ok(input) => input,
                Err(error) => {
                    failed(&mut out, &error);
                    continue;
                }
            };
            let name = input.name().to_owned();
            if looks_like_signature(input.head()) {
                match input.into_bytes(ITEM_LIMIT) {
                    Ok(bytes) => {
                        line(&mut out, format_args!("signature {}", Escaped(&name)));
                        content(&mut out, &bytes);
                    }
                    Err(error) => failed(&mut out, &error),
                }
                continue;
            }
            export::read(&name, input.into_text(), &mut |item| {
                let told = match &item.json {
                    Ok(json) => object(&mut out, json),
                    Err(error) => Err(error.problem.to_string()),
                };
                if let Err(message) = told {
                    line(
                        &mut out,
                        format_args!("error {}: {}", Escaped(&item.location.to_string()), Escaped(&message)),
                    );
                    status = Status::Undecided;
                }
                ControlFlow::Continue(())
            });
        }
        match io::stdout().write_all(out.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Write { source: error }),
            _ => Ok(status),
        }
    }
}

/// Tells about one object: an image, what carries one, or a signature record on its own.
fn object(out: &mut String, json: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow, default)]
        kind: Option<crate::image::Text<'a>>,
    }

    let kind: Kind<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    if kind.kind.as_deref() == Some("ImageSignature") {
        let signature: ImageSignature<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        record(out, &signature);
        return Ok(());
    }
    match Carrier::read(json).map_err(|error| error.to_string())? {
        Carrier::Image(carried) => {
            line(out, format_args!("{}", Escaped(&carried.to_string())));
            image(out, &carried.image);
        }
        Carrier::Other(other) => {
            line(out, format_args!("{} {} carries no image", Escaped(&other.kind), Escaped(&other.name)));
        }
    }
    Ok(())
}

fn image(out: &mut String, image: &Image<'_>) {
    said(out, "name", &image.metadata.name);
    said(out, "reference", &image.docker_image_reference);
    let manifest = image.docker_image_manifest.len();
    line(
        out,
        format_args!(
            "  manifest {}",
            if manifest == 0 { "not in the object".to_owned() } else { format!("{manifest} bytes") }
        ),
    );
    line(out, format_args!("  {} signatures", image.signatures.len()));
    for signature in &image.signatures {
        record(out, signature);
    }
}

/// Tells about a signature record: what it says beside the content, then the content.
fn record(out: &mut String, record: &ImageSignature<'_>) {
    line(out, format_args!("signature {}", Escaped(&record.metadata.name)));
    said(out, "type", &record.signature_type);
    said(out, "record imageIdentity", &record.image_identity);
    said(out, "record created", &record.created);
    if let Some(issuer) = &record.issued_by {
        said(out, "record issuedBy.organization", &issuer.organization);
        said(out, "record issuedBy.commonName", &issuer.common_name);
    }
    if let Some(subject) = &record.issued_to {
        said(out, "record issuedTo.publicKeyID", &subject.public_key_id);
        said(out, "record issuedTo.organization", &subject.organization);
        said(out, "record issuedTo.commonName", &subject.common_name);
    }
    for (name, value) in &record.signed_claims {
        said(out, &format!("record signedClaims[{}]", name.as_str()), value);
    }
    for condition in &record.conditions {
        let said_so =
            format!("{} {} {}", condition.status.as_str(), condition.reason.as_str(), condition.message.as_str());
        said(out, &format!("record condition {}", condition.condition_type.as_str()), said_so.trim_end());
    }
    match Unverified::content(record) {
        Ok(bytes) => content(out, &bytes),
        Err(error) => line(out, format_args!("  {}: {}", error.code(), Escaped(&error.to_string()))),
    }
}

/// Tells about the content of a signature.
fn content(out: &mut String, content: &[u8]) {
    let unverified = match Unverified::read(content) {
        Ok(unverified) => unverified,
        Err(error) => return line(out, format_args!("  {}: {}", error.code(), Escaped(&error.to_string()))),
    };
    if unverified.kind() == SignatureKind::Sigstore {
        said(out, "format", "sigstore");
    }
    if let Some(packet) = unverified.packet() {
        said(out, "signature packet", packet);
    }
    said(out, "signed by key", &unverified.issuer().map_or("(names none)".to_owned(), |issuer| issuer.to_string()));
    said(out, "signed at", &unverified.created().map_or("(does not say)".to_owned(), rfc3339));
    match unverified.claims(PayloadProfile::Containers) {
        Ok(claims) => claims.flat().iter().for_each(|(name, value)| said(out, name, value)),
        Err(error) => {
            line(out, format_args!("  the payload is no container signature: {}", Escaped(&error.to_string())));
            said(out, "payload", &String::from_utf8_lossy(unverified.payload()));
        }
    }
}

fn said(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        line(out, format_args!("  {MARK} {}: {}", Escaped(name), Escaped(value)));
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
