//! What several tests need.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use base64::Engine as _;
use vidimus::image::Text;
use vidimus::policy::document::{Finding, FindingCode, KeyFile, KeyLocation, PolicyError, PolicyFile, Severity};
use vidimus::signature::{SigstoreKey, SigstoreKeys, SigstoreTerms};
use vidimus::{Demand, Image, Policy, Requirement};

/// The conformance folder, where the environment names one. What a user clones is tested without it.
pub(crate) fn conformance() -> Option<PathBuf> {
    let folder = std::env::var_os("VIDIMUS_CONFORMANCE").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: VIDIMUS_CONFORMANCE names no conformance folder");
    }
    folder
}

/// Whether the long part of the tests is asked for, with greater numbers from the same seeds.
pub(crate) fn long() -> bool {
    std::env::var_os("VIDIMUS_LONG").is_some_and(|value| value == "1")
}

/// An image that carries one signature.
pub(crate) fn raw_signature(content: &[u8], digest: &str, reference: &str) -> Image<'static> {
    let content = base64::engine::general_purpose::STANDARD.encode(content);
    Image::with_signature(
        Text::from(digest.to_owned()),
        Text::from(reference.to_owned()),
        Text::from("signature"),
        Text::from(content),
    )
}

/// Loads policy documents; the keys that they name are those of the test data, by the name of the file.
pub(crate) fn load(documents: &[&str]) -> Result<Policy, PolicyError> {
    let names: Vec<_> = (1..=documents.len()).map(|number| format!("policy-{number}")).collect();
    let files = documents.iter().zip(&names).map(|(text, name)| PolicyFile { name, bytes: text.as_bytes() });
    let files: Vec<_> = files.collect();
    Policy::load(&files, AT.parse().unwrap(), &mut |location| match location {
        KeyLocation::File(name) | KeyLocation::Directory(name) => {
            let bytes = std::fs::read(format!("testdata/keys/{name}")).map_err(|error| error.to_string())?;
            Ok(vec![KeyFile { name: name.to_owned(), bytes }])
        }
    })
}

/// The codes and paths of what is wrong with documents.
pub(crate) fn errors(documents: &[&str]) -> Vec<(FindingCode, String)> {
    let findings = load(documents).err().map_or(Vec::new(), |error| error.findings().to_vec());
    let errors = findings.into_iter().filter(|finding| finding.severity() == Severity::Error);
    errors.map(|finding| (finding.code(), finding.path().to_owned())).collect()
}

/// A sigstore key of the test data.
pub(crate) fn sigstore_key(file: &str) -> SigstoreKey {
    SigstoreKey::from_pem(&std::fs::read(format!("testdata/keys/{file}")).unwrap()).unwrap()
}

/// The demand of a sigstore signature by one of these keys of the test data.
pub(crate) fn sigstore_signed<S: AsRef<str>>(files: &[S]) -> Requirement {
    let keys = SigstoreKeys::new(files.iter().map(|file| sigstore_key(file.as_ref()))).unwrap();
    Requirement::new("$", Demand::SigstoreSigned(SigstoreTerms { keys, identity: None }))
}

/// The time of verification: after everything in the test data.
pub(crate) const AT: &str = "2026-06-01T00:00:00Z";

/// What a run of the command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The command, without what the environment could change of it.
pub(crate) fn vidimus() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vidimus"));
    command.env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Runs the command from the root of the project.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    ran(vidimus().args(arguments).output().unwrap())
}

/// Runs the command with something on standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = vidimus();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // Beside reading what it says: it may say more than fits into a pipe before it has read everything.
        scope.spawn(move || match stdin.write_all(input) {
            // A command that refuses its arguments does not read.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            outcome => outcome.unwrap(),
        });
        ran(child.wait_with_output().unwrap())
    })
}

fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A run as a terminal would show it.
pub(crate) fn shown(arguments: &[&str]) -> String {
    let ran = run(arguments);
    let errors = if ran.stderr.is_empty() { String::new() } else { format!("--- stderr\n{}", ran.stderr) };
    format!("$ vidimus {}\n{}{errors}--- exit status {}\n", arguments.join(" "), ran.stdout, ran.status)
}

/// Several runs, one after another.
pub(crate) fn all_shown(runs: &[&[&str]]) -> String {
    runs.iter().map(|arguments| shown(arguments)).collect::<Vec<_>>().join("\n")
}

/// Loads a policy whose documents name no key files.
pub(crate) fn load_policy(documents: &[(&str, &str)]) -> Result<Policy, PolicyError> {
    let files: Vec<_> = documents.iter().map(|(name, text)| PolicyFile { name, bytes: text.as_bytes() }).collect();
    Policy::load(&files, AT.parse().unwrap(), &mut |location| Err(format!("no key is read here: {location:?}")))
}

/// The code and the path of each finding.
pub(crate) fn places(findings: &[Finding]) -> Vec<(FindingCode, String)> {
    findings.iter().map(|finding| (finding.code(), finding.path().to_owned())).collect()
}
