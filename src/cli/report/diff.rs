//! `vidimus report diff`: what changed from one report to another.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::{Format, Output, Stream, Terminal};
use crate::cli::report::piece::Piece;
use crate::cli::report::{ReadReportsError, images, parse_output};
use crate::policy::Effect;
use crate::report::comparison::{Change, Comparison, Difference, Old, State};
use crate::report::written::WrittenFacts;
use crate::report::{Escaped, Style};
use crate::signature::rfc3339;

/// Compare two reports: which images are newly denied, unsigned, allowed, new or gone, and which signers are new
///
/// The reports are what `vidimus verify` wrote with `--output json` or `--output ndjson`, in either format. An image is
/// the same in both by its name, its reference and the object that it came in. Nothing is verified again: what changed
/// may be the image, its signatures, the keys, the policy or the time.
///
/// Of the old report 21 bytes an image are in memory, 20 MiB for a million images, and of the new one nothing. The
/// old report is read three times and the new one twice, so that they have to be files.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(super) struct Diff {
    /// The older report
    #[arg(value_name = "OLD")]
    old: String,

    /// The newer report
    #[arg(value_name = "NEW")]
    new: String,

    /// The differences: text or json, to standard output or to a file
    #[arg(long, value_name = "FORMAT[=PATH]", default_value = "text", value_parser = parse_output)]
    output: Output,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  nothing got worse
  1  something got worse: an image is newly denied, undecided, unsigned or tolerated, or is new and one of these; or
     more items are unreadable
  2  a report cannot be read, is partial, or the two are of different shards";

impl Diff {
    pub(super) fn run(self, terminal: &Terminal) -> Result<Status, Error> {
        let mut stream = self.output.stream()?;
        let [old, new] = [&self.old, &self.new].map(|name| Piece::survey(name).map_err(ReadReportsError::from));
        let (old, new) = (old?, new?);
        for piece in [&old, &new] {
            if piece.run.summary.partial {
                return Err(ReadReportsError::Partial { name: piece.name.clone() }.into());
            }
        }
        if old.run.head.shard != new.run.head.shard {
            return Err(ReadReportsError::Shards { old: old.name, new: new.name }.into());
        }
        let mut held = Old::of(old.run.summary.images);
        images(&old, &mut |image| Ok(held.hold(image).map_err(ReadReportsError::from)?))?;
        let mut comparison = held.compared();
        let mut telling = Telling {
            json: self.output.format() == Format::Json,
            style: self.output.style(terminal),
            stream: &mut stream,
            any: false,
        };
        telling.begin(&old, &new)?;
        images(&new, &mut |image| match comparison.compare(image).map_err(ReadReportsError::from)? {
            Some(difference) => telling.image(image, &difference),
            None => Ok(()),
        })?;
        images(&old, &mut |image| match comparison.gone(image) {
            Some(difference) => telling.image(image, &difference),
            None => Ok(()),
        })?;
        telling.end(&comparison, &old, &new)?;
        stream.finish()?;
        let worse = comparison.worse() > 0 || new.run.summary.errors > old.run.summary.errors;
        Ok(if worse { Status::Denied } else { Status::Allowed })
    }
}

/// The differences, told as they come.
struct Telling<'s> {
    json: bool,
    style: Style,
    stream: &'s mut Stream,
    any: bool,
}

impl Telling<'_> {
    fn begin(&mut self, old: &Piece, new: &Piece) -> Result<(), Error> {
        if !self.json {
            return Ok(());
        }
        let run = |piece: &Piece| {
            let summary = &piece.run.summary;
            json!({ "at": rfc3339(piece.run.head.at), "images": summary.images, "unreadable": summary.errors })
        };
        self.stream.write(&format!(
            "{{\n\"apiVersion\": \"vidimus.dev/v1alpha1\",\n\"kind\": \"ReportDifference\",\n\"before\": {},\n\"after\": {},\n\"images\": [",
            run(old),
            run(new)
        ))
    }

    fn image(&mut self, image: &WrittenFacts, difference: &Difference) -> Result<(), Error> {
        let first = !std::mem::replace(&mut self.any, true);
        if self.json {
            let comma = if first { "" } else { "," };
            return self.stream.write(&format!("{comma}\n{}", as_json(image, difference)));
        }
        self.stream.write(&as_text(image, difference, self.style))
    }

    fn end(&mut self, comparison: &Comparison, old: &Piece, new: &Piece) -> Result<(), Error> {
        let (before, after) = (&old.run.summary, &new.run.summary);
        if self.json {
            let signer = |(fingerprint, new): (&str, &crate::report::comparison::NewSigner)| json!({ "fingerprint": fingerprint, "userId": new.user_id, "images": new.images });
            let signers: Vec<_> = comparison.new_signers().map(signer).map(|signer| format!("\n{signer}")).collect();
            let counts =
                Change::ALL.iter().map(|change| (change.as_str().to_owned(), comparison.count(*change).into()));
            let summary = json!({
                "compared": comparison.images(),
                "worse": comparison.worse(),
                "changes": Value::Object(counts.collect()),
            });
            let signers = signers.join(",");
            return self.stream.write(&format!("\n],\n\"newSigners\": [{signers}\n],\n\"summary\": {summary}\n}}\n"));
        }
        let Style { dim, end, unclear, .. } = self.style;
        let mut out = String::new();
        for (fingerprint, signer) in comparison.new_signers() {
            let name = signer.user_id.as_deref().unwrap_or("without user ID");
            out.push_str(&format!("{unclear}new signer{end}  {}  {dim}{fingerprint}{end}\n", Escaped(name)));
            out.push_str(&format!("  images it vouches for: {}\n", signer.images));
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("images      {}, before {}\n", after.images, before.images));
        let counts = Change::ALL.iter().filter(|change| comparison.count(**change) > 0);
        let counts: Vec<_> =
            counts.map(|change| format!("{} {}", comparison.count(*change), change.as_str())).collect();
        out.push_str(&format!(
            "changes     {}\n",
            if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
        ));
        if (before.errors, after.errors) != (0, 0) {
            out.push_str(&format!("unreadable  {}, before {}\n", after.errors, before.errors));
        }
        out.push_str(&format!("worse       {}\n", comparison.worse()));
        self.stream.write(&out)
    }
}

fn as_json(image: &WrittenFacts, difference: &Difference) -> Value {
    let state = |state: State| {
        json!({
            "decision": state.decision.to_string(),
            "code": state.code,
            "tolerated": state.tolerated,
            "unsigned": state.unsigned,
        })
    };
    let carrier = image
        .carrier
        .as_ref()
        .map(|[kind, namespace, name]| json!({ "kind": kind, "namespace": namespace, "name": name }));
    json!({
        "changes": difference.changes,
        "name": image.name,
        "dockerImageReference": image.docker_image_reference,
        "carrier": carrier,
        "before": difference.before.map(state),
        "after": difference.after.map(state),
        "reason": image.reason,
    })
}

fn as_text(image: &WrittenFacts, difference: &Difference, style: Style) -> String {
    let Style { good, bad, unclear, dim, end } = style;
    let color = match difference.changes.as_slice() {
        changes if changes.iter().any(|change| change.is_worse()) => bad,
        [Change::NewlyAllowed, ..] => good,
        _ => unclear,
    };
    let changes: Vec<_> = difference.changes.iter().map(|change| change.as_str()).collect();
    let mut out = format!("{color}{}{end}  {}\n", changes.join(", "), Escaped(image.title()));
    if let Some([kind, namespace, name]) = &image.carrier {
        let slash = if namespace.is_empty() { "" } else { "/" };
        out.push_str(&format!("  {dim}{} {}{slash}{}{end}\n", Escaped(kind), Escaped(namespace), Escaped(name)));
    }
    let state = |state: State| {
        let word = match state.decision {
            Effect::Allow if state.tolerated => "tolerated",
            Effect::Allow => "allowed",
            Effect::Deny => "denied",
            Effect::Undecided => "undecided",
        };
        format!("{word}, {}", state.code)
    };
    // The reason is that of the report which tells of the image: the new one, unless the image is gone.
    let reason = Escaped(&image.reason);
    match (difference.before, difference.after) {
        (Some(before), None) => out.push_str(&format!("  before: {}: {reason}\n", state(before))),
        (before, after) => {
            out.push_str(&before.map(|before| format!("  before: {}\n", state(before))).unwrap_or_default());
            out.push_str(&after.map(|after| format!("  now: {}: {reason}\n", state(after))).unwrap_or_default());
        }
    }
    out.push('\n');
    out
}
