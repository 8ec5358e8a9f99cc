//! Runs suites: loads the policy, verifies the image of each case, and compares.

use super::{Case, CaseResult, Difference, Expectation, Outcome, Suite, SuiteError, SuiteResult};
use crate::cli::policy::images;
use crate::image::{Carried, Text};
use crate::policy::document::PolicyFile;
use crate::policy::{Context, Effect, Namespace, Policy, Transport};
use crate::report::{Carrier, Entry, Style, explained_text};
use crate::signature::{Code, Rules};
use crate::source::policy::{policy_files, read_keys};
use crate::verifier::{Verdict, Verifier};

/// Runs a suite. `remark` is told of the policy, once it is loaded.
pub(in crate::cli::policy) fn run(suite: &Suite, remark: impl FnOnce(&Policy)) -> SuiteResult {
    let (name, file) = (suite.name.clone(), suite.file.clone());
    let policy = match load(suite) {
        Ok(policy) => policy,
        Err(error) => return SuiteResult { name, file, error: Some(error), cases: Vec::new() },
    };
    remark(&policy);
    let verifier = Verifier::with_policy(policy, Rules::default());
    let cases = suite.cases.iter().map(|case| self::case(&verifier, suite, case)).collect();
    SuiteResult { name, file, error: None, cases }
}

fn load(suite: &Suite) -> Result<Policy, SuiteError> {
    let read = policy_files(&suite.policy)
        .map_err(|error| SuiteError { message: error.to_string(), ..SuiteError::default() })?;
    let files: Vec<_> = read.iter().map(|file| PolicyFile { name: &file.name, bytes: &file.bytes }).collect();
    let loaded = Policy::load(&files, suite.at, &mut |location| read_keys(location));
    loaded.map_err(|error| SuiteError::new(error.to_string(), error.findings(), read))
}

fn case(verifier: &Verifier, suite: &Suite, case: &Case) -> CaseResult {
    let source = case.images.display().to_string();
    let mut outcomes = Vec::new();
    let errors = images::visit(&source, &mut 0, &mut |place, carried| {
        if case.image.as_deref().is_none_or(|name| images::is_called(carried, name)) {
            outcomes.push(judge(verifier, suite, case, place, carried));
        }
    });
    let outcome = match (errors.first(), outcomes.pop()) {
        (Some(error), _) => Outcome::Error(format!("{}: {}", error.place, error.message)),
        (None, Some(outcome)) if outcomes.is_empty() => outcome,
        (None, Some(_)) => {
            let count = outcomes.len().saturating_add(1);
            Outcome::Error(format!("{count} images are meant of those in {source}; `image` must name one of them"))
        }
        (None, None) => Outcome::Error(match &case.image {
            Some(name) => format!("no image is called `{name}` in {source}"),
            None => format!("there is no image in {source}"),
        }),
    };
    CaseResult { name: case.name.clone(), outcome }
}

fn judge(verifier: &Verifier, suite: &Suite, case: &Case, place: images::Place<'_>, carried: &Carried<'_>) -> Outcome {
    let mut carried = carried.clone();
    if let Some(reference) = &case.reference {
        carried.image.docker_image_reference = Text::from(reference.to_string());
    }
    let namespace = case.namespace.clone().map(|name| Namespace { name, labels: case.labels.clone() });
    let context = Context { namespace, transport: Transport::Docker };
    let at = case.at.unwrap_or(suite.at);
    let verdict = verifier.verify_in(&carried.image, &context, at);
    let differences = compare(&case.expect, &verdict);
    if differences.is_empty() {
        return Outcome::Passed;
    }
    let lookup = verifier.look_up(verdict.subject().reference(), &context, at);
    let entry = Entry { item: place.item, place: place.text, carrier: Carrier::of(&carried), verdict: &verdict };
    Outcome::Failed { differences, explanation: explained_text(&entry, &lookup, Style::default()) }
}

fn compare(expected: &Expectation, verdict: &Verdict) -> Vec<Difference> {
    let decision = verdict.decision();
    let mut differences = Vec::new();
    let mut differ = |member, expected: String, got: String| {
        if expected != got {
            differences.push(Difference { member, expected, got });
        }
    };
    differ("decision", word(expected.decision), word(decision.effect()));
    if let Some(code) = expected.code {
        differ("code", code.to_string(), decision.code().to_string());
    }
    if let Some(scope) = &expected.scope {
        let got = decision.rule().map_or("no rule".to_owned(), |rule| named(rule.scope()));
        differ("scope", named(scope), got);
    }
    if let Some(name) = &expected.rule {
        let got = decision.rule().map_or("no rule".to_owned(), |rule| named(rule.name()));
        differ("rule", named(name), got);
    }
    if let Some(codes) = &expected.signatures {
        let got = verdict.evidence().iter().map(|evidence| evidence.code());
        differ("signatures", listed(codes.iter().copied()), listed(got));
    }
    if let Some(tolerated) = expected.tolerated {
        differ("tolerated", tolerated.to_string(), decision.is_tolerated().to_string());
    }
    differences
}

/// A decision, as suites write it.
fn word(effect: Effect) -> String {
    effect.to_string().to_lowercase()
}

/// A name or scope in quotes, so that an empty one is seen.
fn named(scope: &str) -> String {
    format!("`{scope}`")
}

fn listed(codes: impl Iterator<Item = Code>) -> String {
    let codes: Vec<_> = codes.map(Code::as_str).collect();
    format!("[{}]", codes.join(", "))
}
