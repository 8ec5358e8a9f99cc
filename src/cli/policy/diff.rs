//! `vidimus policy diff`: which decisions another policy would change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::{Format, JudgeOptions, images};
use crate::cli::error::Error;
use crate::cli::output::{Terminal, print};
use crate::cli::{Status, at};
use crate::image::Carried;
use crate::policy::{Context, Effect};
use crate::report::{Carrier, Entry, Escaped, ItemError, Style, error_json, rule_title};
use crate::signature::{Rules, rfc3339};
use crate::source;
use crate::verifier::{Verdict, Verifier};

const EXIT_STATUS: &str = "\
Exit status:
  0  every image is decided alike by both policies
  1  at least one image is decided differently
  2  something could not be compared: usage, a policy, a source, or an item of it";

/// Compare two policies: which images of exports they decide differently, and why
///
/// Each image is verified with both. A decision that is the same for another reason is no difference.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Diff {
    /// The policy in force: a document, or a directory of them
    #[arg(value_name = "A")]
    before: PathBuf,

    /// The policy that it is compared with
    #[arg(value_name = "B")]
    after: PathBuf,

    /// Exports with the images to decide about; `-` is standard input
    #[arg(required = true, value_name = "EXPORT")]
    sources: Vec<String>,

    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,

    #[command(flatten)]
    judge: JudgeOptions,
}

impl Diff {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let at = at(self.judge.at);
        let rules: Rules = self.judge.practices.into();
        let verifier = |path: PathBuf| -> Result<Verifier, Error> {
            let policy = source::policy::policy(&[path], at)?;
            terminal.remark_lints(&policy);
            Ok(Verifier::with_policy(policy, rules.clone()))
        };
        let (before, after) = (verifier(self.before)?, verifier(self.after)?);
        let context: Context = self.judge.context.into();
        let (mut comparison, mut items) = (Comparison::default(), 0);
        for source in &self.sources {
            let errors = images::visit(source, &mut items, &mut |place, carried| {
                let [before, after] =
                    [&before, &after].map(|verifier| verifier.verify_in(&carried.image, &context, at));
                comparison.image(place, carried, &before, &after);
            });
            comparison.errors.extend(errors);
        }
        if comparison.images == 0 && comparison.errors.is_empty() {
            return Err(Error::NoImage { sources: self.sources.join(", ") });
        }
        print(&match self.output {
            Format::Json => comparison.as_json(at),
            Format::Text => comparison.as_text(terminal.style()),
        })?;
        Ok(if !comparison.errors.is_empty() {
            Status::Undecided
        } else if comparison.flips.is_empty() {
            Status::Allowed
        } else {
            Status::Denied
        })
    }
}

/// What the two policies make of the images.
#[derive(Default)]
struct Comparison {
    images: u64,
    flips: Vec<Flip>,
    errors: Vec<ItemError>,
}

/// An image that is decided differently.
struct Flip {
    title: String,
    place: String,
    name: String,
    reference: String,
    before: Side,
    after: Side,
}

/// One of the two decisions.
struct Side {
    effect: Effect,
    tolerated: bool,
    code: &'static str,
    reason: String,
    rule: Option<Governing>,
    remedies: Vec<String>,
}

/// The rule that governs an image.
struct Governing {
    title: String,
    name: String,
    scope: String,
    document: String,
    pointer: String,
}

impl Comparison {
    fn image(&mut self, place: images::Place<'_>, carried: &Carried<'_>, before: &Verdict, after: &Verdict) {
        self.images = self.images.saturating_add(1);
        if before.decision().effect() == after.decision().effect() {
            return;
        }
        let entry = Entry { item: place.item, place: place.text, carrier: Carrier::of(carried), verdict: before };
        self.flips.push(Flip {
            title: entry.title().to_owned(),
            place: place.text.to_owned(),
            name: before.name().to_owned(),
            reference: before.docker_image_reference().to_owned(),
            before: Side::of(before),
            after: Side::of(after),
        });
    }

    /// How many decisions change, by how they do.
    fn counts(&self) -> BTreeMap<(String, String), u64> {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for Flip { before, after, .. } in &self.flips {
            let count = counts.entry((before.effect.to_string(), after.effect.to_string())).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    fn as_text(&self, style: Style) -> String {
        let Style { bad, end, .. } = style;
        // Writing to a string cannot fail.
        let mut out = String::new();
        for flip in &self.flips {
            let _ = writeln!(out, "{}", Escaped(&flip.title));
            flip.before.write("A", &mut out, style);
            flip.after.write("B", &mut out, style);
            out.push('\n');
        }
        for error in &self.errors {
            let _ = writeln!(out, "{bad}ERROR{end}  {}\n  {}\n", Escaped(&error.place), Escaped(&error.message));
        }
        let alike = self.images.saturating_sub(u64::try_from(self.flips.len()).unwrap_or(u64::MAX));
        let changes: Vec<_> =
            self.counts().into_iter().map(|((before, after), count)| format!("{count} {before} → {after}")).collect();
        let changes = if changes.is_empty() { String::new() } else { format!(": {}", changes.join(", ")) };
        let _ = writeln!(
            out,
            "{} image{}: {alike} decided alike, {} differently{changes}",
            self.images,
            if self.images == 1 { "" } else { "s" },
            self.flips.len()
        );
        out
    }

    fn as_json(&self, at: DateTime<Utc>) -> String {
        let flip = |flip: &Flip| {
            json!({
                "name": flip.name,
                "dockerImageReference": flip.reference,
                "place": flip.place,
                "before": flip.before.as_json(),
                "after": flip.after.as_json(),
            })
        };
        let change = |((before, after), count): ((String, String), u64)| json!({ "before": before, "after": after, "images": count });
        let document = json!({
            "apiVersion": "vidimus.dev/v1alpha1",
            "kind": "PolicyComparison",
            "at": rfc3339(at),
            "flips": self.flips.iter().map(flip).collect::<Vec<_>>(),
            "errors": self.errors.iter().map(error_json).collect::<Vec<_>>(),
            "summary": {
                "images": self.images,
                "flipped": self.flips.len(),
                "changes": self.counts().into_iter().map(change).collect::<Vec<_>>(),
                "errors": self.errors.len(),
            },
        });
        format!("{document:#}\n")
    }
}

impl Side {
    fn of(verdict: &Verdict) -> Self {
        let decision = verdict.decision();
        let rule = decision.rule().map(|rule| Governing {
            title: rule_title(rule),
            name: rule.name().to_owned(),
            scope: rule.scope().to_owned(),
            document: rule.document().to_owned(),
            pointer: rule.pointer().to_owned(),
        });
        let explanation = verdict.explanation().filter(|_| decision.effect() != Effect::Allow);
        Self {
            effect: decision.effect(),
            tolerated: decision.is_tolerated(),
            code: decision.code().as_str(),
            reason: decision.reason().to_owned(),
            rule,
            remedies: explanation.iter().flat_map(|all| all.remedies()).map(str::to_owned).collect(),
        }
    }

    fn write(&self, name: &str, out: &mut String, style: Style) {
        let Style { good, bad, unclear, dim, end } = style;
        let color = match self.effect {
            Effect::Allow if self.tolerated => unclear,
            Effect::Allow => good,
            Effect::Deny => bad,
            Effect::Undecided => unclear,
        };
        let tolerated = if self.tolerated { " (not enforced)" } else { "" };
        let (effect, code, reason) = (self.effect, self.code, Escaped(&self.reason));
        let _ = writeln!(out, "  {name}  {color}{effect}{end}{tolerated}  {code}: {reason}");
        if let Some(Governing { title, document, pointer, .. }) = &self.rule {
            let _ = writeln!(out, "     {dim}by {title}, {} {}{end}", Escaped(document), Escaped(pointer));
        }
        for remedy in &self.remedies {
            let _ = writeln!(out, "     would be accepted: {}", Escaped(remedy));
        }
    }

    fn as_json(&self) -> Value {
        let rule = |Governing { name, scope, document, pointer, .. }: &Governing| {
            let name = (!name.is_empty()).then_some(name);
            json!({ "name": name, "scope": scope, "document": document, "pointer": pointer })
        };
        json!({
            "decision": self.effect.to_string(),
            "tolerated": self.tolerated,
            "code": self.code,
            "reason": self.reason,
            "rule": self.rule.as_ref().map(rule),
            "wouldSatisfy": self.remedies,
        })
    }
}
