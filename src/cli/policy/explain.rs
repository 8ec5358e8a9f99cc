//! `vidimus policy explain`: what governs an image and what that demands; or, with the image at hand, the decision.

use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::target::Target;
use super::{Format, JudgeOptions, images};
use crate::cli::error::Error;
use crate::cli::output::{Terminal, print};
use crate::cli::{Status, at};
use crate::image::{Carried, Reference};
use crate::policy::{Context, Governs, Transport};
use crate::report::{
    self, Carrier, Entry, Escaped, ItemError, Style, demand_text, explained_text, image_json, lookup_json, lookup_text,
};
use crate::signature::rfc3339;
use crate::source;
use crate::verifier::Verifier;

const EXIT_STATUS: &str = "\
Exit status:
  0  everything is explained, whatever the decisions are
  2  something could not be explained: usage, a policy, a source, or an item of it";

/// Explain which scope of a policy governs an image, and what it demands; or the decision about images of an export
///
/// An IMAGE is a reference, or what skopeo takes: `docker://REF`, `atomic:REF`, `dir:/PATH`, `oci:/PATH[:TAG]`,
/// `oci-archive:/PATH`, `containers-storage:[DRIVER@/ROOT]NAME` and so on. Paths are taken as they are written: links are
/// not followed. A file is an export, and each image in it is verified: for every demand of the policy it is said what
/// came of each signature, and what would have been accepted.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Explain {
    /// References of images, or exports; `-` is standard input
    #[arg(required = true, value_name = "IMAGE|EXPORT")]
    targets: Vec<String>,

    /// Policy documents, or directories of them; may be given more than once
    #[arg(long, required = true, value_name = "FILE|DIR")]
    policy: Vec<PathBuf>,

    /// Of exports, explain the images of this name, reference or repository only
    #[arg(long, value_name = "NAME|REFERENCE")]
    image: Option<String>,

    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,

    #[command(flatten)]
    judge: JudgeOptions,
}

impl Explain {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let at = at(self.judge.at);
        let targets: Vec<_> = self.targets.iter().map(|text| Target::parse(text)).collect::<Result<_, _>>()?;
        let policy = source::policy::policy(&self.policy, at)?;
        terminal.remark_lints(&policy);
        let verifier = Verifier::with_policy(policy, self.judge.practices.into());
        let style = match self.output {
            Format::Json => Style::default(),
            Format::Text => terminal.style(),
        };
        let mut run = Run {
            verifier,
            context: self.judge.context.into(),
            at,
            style,
            wanted: self.image,
            items: 0,
            text: String::new(),
            references: Vec::new(),
            images: Vec::new(),
            errors: Vec::new(),
        };
        let mut exports = Vec::new();
        for (target, written) in targets.into_iter().zip(&self.targets) {
            match target {
                Target::Export(source) => {
                    run.export(&source);
                    exports.push(source);
                }
                Target::Image { transport, reference } => run.reference(written, transport, reference.as_ref()),
            }
        }
        let status = if run.errors.is_empty() { Status::Allowed } else { Status::Undecided };
        print(&match self.output {
            Format::Json => run.as_json(),
            Format::Text => std::mem::take(&mut run.text),
        })?;
        if run.images.is_empty() && run.errors.is_empty() && !exports.is_empty() {
            let sources = exports.join(", ");
            return Err(match run.wanted {
                Some(name) => Error::Usage(format!("there is no image called `{name}` in {sources}")),
                None => Error::NoImage { sources },
            });
        }
        Ok(status)
    }
}

/// An explanation under way.
struct Run {
    verifier: Verifier,
    context: Context,
    at: DateTime<Utc>,
    style: Style,
    /// The images that are to be explained; all, if nothing is given.
    wanted: Option<String>,
    /// The number of the next item.
    items: u64,
    text: String,
    references: Vec<Value>,
    images: Vec<Value>,
    errors: Vec<ItemError>,
}

impl Run {
    /// Explains what governs an image that is not at hand.
    fn reference(&mut self, written: &str, transport: Transport, reference: Option<&Reference>) {
        let context = Context { transport, ..self.context.clone() };
        let lookup = self.verifier.look_up(reference, &context, self.at);
        let (name, title) = match (&context.transport, reference) {
            (Transport::Docker, Some(reference)) => ("docker", reference.to_string()),
            (Transport::Docker, None) => ("docker", written.to_owned()),
            (Transport::Atomic, _) => ("atomic", written.to_owned()),
            (Transport::Other { name, .. }, _) => (name.as_str(), written.to_owned()),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{}", Escaped(&title));
        self.text.push_str(&lookup_text(&lookup, self.style, 2));
        if let Governs::Rule(rule) = lookup.governs() {
            let _ = writeln!(self.text, "  demanded, in mode {}:", rule.mode().as_str());
            self.text.push_str(&demand_text(rule, reference, self.style, 4));
        }
        self.text.push('\n');
        self.references.push(json!({
            "input": written,
            "transport": name,
            "reference": reference.map(Reference::to_string),
            "governance": lookup_json(&lookup, reference),
        }));
    }

    /// Explains the decisions about the images of an export.
    fn export(&mut self, source: &str) {
        let mut items = self.items;
        let errors = images::visit(source, &mut items, &mut |place, carried| self.image(place, carried));
        self.items = items;
        for error in &errors {
            let Style { bad, end, .. } = self.style;
            let (place, message) = (Escaped(&error.place), Escaped(&error.message));
            let _ = writeln!(self.text, "{bad}ERROR{end}  {place}\n  {message}\n");
        }
        self.errors.extend(errors);
    }

    fn image(&mut self, place: images::Place<'_>, carried: &Carried<'_>) {
        if self.wanted.as_deref().is_some_and(|name| !images::is_called(carried, name)) {
            return;
        }
        let verdict = self.verifier.verify_in(&carried.image, &self.context, self.at);
        let reference = verdict.subject().reference();
        let lookup = self.verifier.look_up(reference, &self.context, self.at);
        let entry = Entry { item: place.item, place: place.text, carrier: Carrier::of(carried), verdict: &verdict };
        self.text.push_str(&explained_text(&entry, &lookup, self.style));
        self.text.push('\n');
        self.images.push(json!({
            "image": image_json(&entry),
            "governance": lookup_json(&lookup, reference),
        }));
    }

    fn as_json(&self) -> String {
        let document = json!({
            "apiVersion": "vidimus.dev/v1alpha1",
            "kind": "PolicyExplanation",
            "at": rfc3339(self.at),
            "references": self.references,
            "images": self.images,
            "errors": self.errors.iter().map(report::error_json).collect::<Vec<_>>(),
        });
        format!("{document:#}\n")
    }
}
