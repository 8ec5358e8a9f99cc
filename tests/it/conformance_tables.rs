//! The rules for references, identities and payloads, held against outcomes recorded from the peer.
//!
//! The tables are not part of the project. `VIDIMUS_CONFORMANCE` names the folder that has them; without it, nothing
//! is compared. Where vidimus differs on purpose, the row is listed here with the reason, and a row listed in vain is
//! a failure as well.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use vidimus::image::{Anchor, Basis, Image, Schema1};
use vidimus::signature::{IdentityRule, PayloadProfile, RemapIdentity, UnverifiedClaims};
use vidimus::{Reference, ReferenceError};

/// Rows on which vidimus differs from the peer: table, start of the row's input, reason.
const DIFFERENCES: &[(&str, &str, &str)] = &[];

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("VIDIMUS_CONFORMANCE").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: VIDIMUS_CONFORMANCE names no folder");
    }
    folder
}

/// Compares every row of a table, and every intended difference.
fn compare(table: &str, check: impl Fn(&Value) -> (String, Result<(), String>)) {
    let Some(folder) = folder() else { return };
    let text = fs::read_to_string(folder.join("containers-image").join(table)).unwrap();
    let (rows, mut failures) = (text.lines().count(), Vec::new());
    let mut intended: Vec<_> = DIFFERENCES.iter().filter(|(name, ..)| *name == table).map(|row| (row, false)).collect();
    for line in text.lines() {
        let (input, result) = check(&serde_json::from_str(line).unwrap());
        let listed = intended.iter_mut().find(|((_, start, _), _)| input.starts_with(start));
        match (result, listed) {
            (Ok(()), None) => {}
            (Err(_), Some((_, differs))) => *differs = true,
            (Ok(()), Some(_)) => failures.push(format!("{input}: listed as a difference, but there is none")),
            (Err(what), None) => failures.push(format!("{input}: {what}")),
        }
    }
    failures.extend(intended.iter().filter(|(_, differs)| !differs).map(|(row, _)| format!("listed in vain: {row:?}")));
    assert!(failures.is_empty() && rows > 0, "{table}: {} of {rows} rows: {failures:#?}", failures.len());
    eprintln!("{table}: {rows} rows, {} intended differences", intended.len());
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?}, the peer has {theirs:?}")) }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} in {row}"))
}

#[test]
fn references() {
    compare("reference-parse.jsonl", |row| {
        let input = text(row, "input");
        let check = || {
            let ours = Reference::parse_normalized(input);
            if let Some(error) = row.get("error") {
                same("refused", ours.is_err(), true)?;
                let lower = error.as_str().unwrap().contains("must be lowercase");
                return same("upper case", ours == Err(ReferenceError::Uppercase), lower);
            }
            let ours = ours.map_err(|error| error.to_string())?;
            let digest = ours.digest().map(ToString::to_string);
            same("domain", ours.domain(), text(row, "domain"))?;
            same("path", ours.path(), text(row, "path"))?;
            same("name", ours.name(), text(row, "name"))?;
            same("text", ours.to_string().as_str(), text(row, "string"))?;
            same("tag", ours.tag(), row["tag"].as_str())?;
            same("digest", digest.as_deref(), row["digest"].as_str())?;
            same("name only", Some(ours.is_name_only()), row["nameOnly"].as_bool())?;
            let canonical = Reference::parse_canonical(input);
            same("canonical", canonical.is_ok(), row.get("parseNamedError").is_none())
        };
        (input.to_owned(), check())
    });
}

#[test]
fn identities() {
    compare("reference-match.jsonl", |row| {
        let (image, signed) = (text(row, "image"), text(row, "signature"));
        let parsed = Reference::parse_normalized(image).ok();
        let accepts =
            |rule: Option<IdentityRule>| rule.is_some_and(|rule| rule.accepts(parsed.as_ref(), signed).is_ok());
        let check = || {
            for (name, rule) in [
                ("matchExact", Some(IdentityRule::MatchExact)),
                ("matchRepoDigestOrExact", Some(IdentityRule::MatchRepoDigestOrExact)),
                ("matchRepository", Some(IdentityRule::MatchRepository)),
                ("exactReference", IdentityRule::exact_reference(image).ok()),
                ("exactRepository", IdentityRule::exact_repository(image).ok()),
            ] {
                let theirs = row.get(name).and_then(Value::as_bool).unwrap_or(false);
                same(name, accepts(rule), theirs)?;
            }
            Ok(())
        };
        (format!("{image} {signed}"), check())
    });
}

#[test]
fn remapped_identities() {
    compare("remap-identity.jsonl", |row| {
        let (image, signed) = (text(row, "image"), text(row, "signature"));
        let check = || {
            let remap = RemapIdentity::new(text(row, "prefix"), text(row, "signedPrefix"));
            let rule = IdentityRule::RemapIdentity(remap.map_err(|error| error.to_string())?);
            let image = Reference::parse_normalized(image).map_err(|error| error.to_string())?;
            same("match", Some(rule.accepts(Some(&image), signed).is_ok()), row["match"].as_bool())
        };
        (format!("{image} {signed}"), check())
    });
}

#[test]
fn payloads() {
    compare("payload-json.jsonl", |row| {
        let input = text(row, "input");
        let check = || {
            let ours = UnverifiedClaims::read(input.as_bytes(), PayloadProfile::Containers);
            same("accepted", ours.is_ok(), text_bool(row, "valid"))?;
            let Ok(ours) = ours else { return Ok(()) };
            same("digest", ours.manifest_digest().to_string().as_str(), text(row, "digest"))?;
            same("reference", ours.docker_reference(), text(row, "reference"))?;
            same("creator", ours.creator(), row["creator"].as_str())?;
            same("timestamp", ours.timestamp(), row["timestamp"].as_i64())
        };
        (input.to_owned(), check())
    });
}

fn text_bool(row: &Value, name: &str) -> bool {
    row[name].as_bool().unwrap_or_else(|| panic!("{name} in {row}"))
}

#[test]
fn genuine_objects_have_their_anchor() {
    let Some(folder) = folder() else { return };
    for (file, basis) in
        [("image-albo-bundle.with-manifest.json", Basis::Manifest), ("image-albo-bundle.no-manifest.json", Basis::Name)]
    {
        let text = fs::read_to_string(folder.join("redhat/objects").join(file)).unwrap();
        let image: Image<'_> = serde_json::from_str(&text).unwrap();
        let anchor = Anchor::of(&image, Schema1::Refused).unwrap();
        assert_eq!(anchor.basis(), basis, "{file}");
        assert_eq!(anchor.digest().to_string(), image.metadata.name.as_str());
    }
}
