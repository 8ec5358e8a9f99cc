//! Reads suites, as strictly as policies are read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{Case, Expectation, Suite};
use crate::cli::{context, parse_time};
use crate::image::Reference;
use crate::image::json::Value;
use crate::policy::document::{FindingCode, PolicyError};
use crate::policy::{Effect, Field, Members, Sink, Written, suggestion};
use crate::signature::Code;

const EFFECTS: [(&str, Effect); 3] =
    [("allow", Effect::Allow), ("deny", Effect::Deny), ("undecided", Effect::Undecided)];

/// Reads the suites of a file. Paths in it are relative to its folder.
pub(in crate::cli::policy) fn read(file: &str, bytes: &[u8]) -> Result<Vec<Suite>, PolicyError> {
    let sink = Sink::default();
    let documents = Written::read(file, bytes, &sink);
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let suites = documents.iter().filter_map(|document| suite(&Field::root(document, &sink), file, folder)).collect();
    sink.finish()?;
    Ok(suites)
}

fn suite(field: &Field<'_>, file: &str, folder: &Path) -> Option<Suite> {
    let members = field.object()?;
    let version = members.required("apiVersion").and_then(|field| field.word(&[("vidimus.dev/v1alpha1", ())]));
    let kind = members.required("kind").and_then(|field| field.word(&[("PolicyTest", ())]));
    // Whatever it is, it is no suite, and nothing about its other members can be right.
    kind?;
    let name = members.required("metadata").and_then(|field| {
        let members = field.object()?;
        let name = members.required("name").and_then(|field| field.text());
        members.finish();
        name
    });
    let policy = members.required("policy").and_then(|field| paths(&field, folder));
    let at = members.required("at").and_then(|field| time(&field));
    let cases = members.required("cases").and_then(|field| cases(&field, folder));
    members.finish();
    version?;
    Some(Suite { name: name?.to_owned(), file: file.to_owned(), policy: policy?, at: at?, cases: cases? })
}

fn paths(field: &Field<'_>, folder: &Path) -> Option<Vec<PathBuf>> {
    let fields = field.non_empty_array("policy document")?;
    all(fields.iter().map(|field| field.text().map(|path| folder.join(path))))
}

fn cases(field: &Field<'_>, folder: &Path) -> Option<Vec<Case>> {
    let fields = field.non_empty_array("case")?;
    let mut names = BTreeSet::new();
    let mut read = Vec::new();
    for field in &fields {
        if let Some(name) = field.peek("name")
            && let Some(text) = name.text()
            && !names.insert(text.to_owned())
        {
            name.tell(FindingCode::DuplicateName, "another case has this name");
        }
        read.extend(case(field, folder));
    }
    Some(read)
}

fn case(field: &Field<'_>, folder: &Path) -> Option<Case> {
    let members = field.object()?;
    // That an empty name is wrong has been told.
    let name = members.required("name").and_then(|field| field.string());
    let images = members.required("images").and_then(|field| field.text());
    let image = optional(&members, "image", |field| field.text().map(str::to_owned));
    let reference = optional(&members, "reference", reference);
    let namespace = optional(&members, "namespace", namespace);
    let labels = optional(&members, "namespaceLabels", labels);
    if let (Some(labels), None) = (field.peek("namespaceLabels"), field.peek("namespace")) {
        labels.tell(FindingCode::MissingMember, "labels are those of a namespace: `namespace` is needed as well");
    }
    let at = optional(&members, "at", time);
    let expect = members.required("expect").and_then(|field| expectation(&field));
    members.finish();
    Some(Case {
        name: name?.to_owned(),
        images: folder.join(images?),
        image: image?,
        reference: reference?,
        namespace: namespace?,
        labels: labels?,
        at: at?,
        expect: expect?,
    })
}

fn expectation(field: &Field<'_>) -> Option<Expectation> {
    let members = field.object()?;
    let decision = members.required("decision").and_then(|field| field.word(&EFFECTS));
    let headline = optional(&members, "code", code);
    let scopes = ["scope", "rule"].map(|name| optional(&members, name, |field| field.string().map(str::to_owned)));
    let signatures = optional(&members, "signatures", |field| all(field.array()?.iter().map(code)));
    let tolerated = optional(&members, "tolerated", boolean);
    members.finish();
    let [scope, rule] = scopes;
    Some(Expectation {
        decision: decision?,
        code: headline?,
        scope: scope?,
        rule: rule?,
        signatures: signatures?,
        tolerated: tolerated?,
    })
}

/// A member that may be missing: nothing is read only if it is there and wrong.
fn optional<T>(
    members: &Members<'_>,
    name: &'static str,
    read: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match members.optional(name) {
        Some(field) => read(&field).map(Some),
        None => Some(None),
    }
}

/// All of these, where each can be read. All are looked at, so that all that is wrong is told.
fn all<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

fn boolean(field: &Field<'_>) -> Option<bool> {
    let Value::Bool(value) = field.value else { return field.expected("`true` or `false`") };
    Some(*value)
}

fn time(field: &Field<'_>) -> Option<DateTime<Utc>> {
    parse_time(field.text()?).map_err(|problem| field.tell(FindingCode::InvalidValue, problem)).ok()
}

fn reference(field: &Field<'_>) -> Option<Reference> {
    let tell = |error| field.tell(FindingCode::InvalidValue, format!("no image reference: {error}"));
    Reference::parse_normalized(field.text()?).map_err(tell).ok()
}

fn namespace(field: &Field<'_>) -> Option<String> {
    context::namespace(field.text()?).map_err(|problem| field.tell(FindingCode::InvalidValue, problem)).ok()
}

fn labels(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let labels =
        all(field.object()?.entries().map(|(name, field)| Some((name.to_owned(), field.string()?.to_owned()))));
    labels.map(|labels| labels.into_iter().collect())
}

fn code(field: &Field<'_>) -> Option<Code> {
    let found = field.string()?;
    let code = Code::ALL.iter().find(|code| code.as_str() == found);
    if code.is_none() {
        let known: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let meant = suggestion(found, &known).map_or(String::new(), |code| format!("; did you mean `{code}`?"));
        field.tell(FindingCode::InvalidValue, format!("no outcome has this code{meant}"));
    }
    code.copied()
}
