use std::fs;
use std::path::Path;

use std::ops::ControlFlow;

use super::*;
use crate::source::export;

/// Copies sources into a file, and returns what it holds.
fn copy(name: &str, sources: &[&str]) -> Result<String, WriteError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let result = copy_to(&path, sources);
    let entries = fs::read_dir(&directory).unwrap().count();
    assert_eq!(entries, usize::from(result.is_ok()), "nothing is left over");
    result.map(|()| fs::read_to_string(&path).unwrap())
}

fn copy_to(path: &Path, sources: &[&str]) -> Result<(), WriteError> {
    let mut file = ImagesFile::new(path)?;
    for source in sources {
        let summary = export::read("in", source.as_bytes(), &mut |item| {
            item.verbatim.into_iter().for_each(|json| file.push(json).unwrap());
            ControlFlow::Continue(())
        });
        file.end_source(&summary);
    }
    file.write()
}

#[test]
fn one_document_keeps_its_shape() {
    for (source, expected) in [
        ("{\"a\":1.50}", "{\n    \"a\": 1.50\n}\n"),
        (
            r#"{"x":1e3,"items":[{"a":1},5],"kind":"PodList"}"#,
            "{\n    \"x\": 1e3,\n    \"items\": [\n        {\n            \"a\": 1\n        },\n        5\n    ],\n    \"kind\": \"PodList\"\n}\n",
        ),
        ("[]", "[]\n"),
        ("[{},{}]", "[\n    {},\n    {}\n]\n"),
        ("a: yes\n", "{\n    \"a\": true\n}\n"),
    ] {
        assert_eq!(copy("out.json", &[source]).unwrap(), expected, "{source}");
    }
}

#[test]
fn several_documents_or_sources_become_a_list() {
    let expected = r#"{"apiVersion":"v1","kind":"List","items":[{"a":1},{"b":2}],"metadata":{}}"#;
    for sources in [&["{\"a\":1}\n{\"b\":2}"][..], &["{\"a\":1}", "items: [{b: 2}]"], &["a: 1\n---\nb: 2\n"]] {
        assert_eq!(copy("out", sources).unwrap(), format!("{}\n", crate::image::pretty(expected)));
    }
    assert_eq!(copy("out.ndjson", &["[{\"a\": 1}, {\"b\": 2}]"]).unwrap(), "{\"a\":1}\n{\"b\":2}\n");
    assert_eq!(copy("out.YML", &["[{\"a\": \"yes\"}, {\"b\": 2}]"]).unwrap(), "---\na: \"yes\"\n---\nb: 2\n");
}

#[test]
fn yaml_comes_back_as_it_was() {
    let json = r#"{"a":["yes","0.10","1e3","null","2024-01-01","{\n   \"schemaVersion\": 2\n}",""],"b":{},"c":[],"---":-1,"d":null,"e":0.1}"#;
    let yaml = copy("out.yaml", &[json, "{\"x\":1}"]).unwrap();
    assert_eq!(copy("out.jsonl", &[&yaml]).unwrap(), format!("{json}\n{{\"x\":1}}\n"));
}

#[test]
fn nothing_is_written_when_something_was_lost() {
    for source in ["{\"items\":[{},", "{}\n{", "", "\u{1}", "items: [{}, {]\n"] {
        let error = copy("out.json", &[source, "{}"]).unwrap_err();
        assert!(matches!(error, WriteError::Incomplete { .. }), "{source}: {error}");
        assert!(error.to_string().contains("is not written, as a source was not read in full: in"), "{error}");
    }
    assert!(matches!(copy("o.yaml", &["[{},{\"a\":\"\\ud800\"}]"]), Err(WriteError::Format { index: 1, .. })));
}

#[test]
fn refuses_what_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    for path in [directory.path(), Path::new("-"), Path::new("/"), Path::new("/dev/null"), Path::new("")] {
        assert!(matches!(ImagesFile::new(path), Err(WriteError::Replace(ReplaceError::NotAFile { .. }))), "{path:?}");
    }
    let missing = directory.path().join("missing").join("out.json");
    assert!(matches!(copy_to(&missing, &["{}"]), Err(WriteError::Replace(ReplaceError::Io { .. }))));
}

#[cfg(unix)]
#[test]
fn replaces_a_file_with_its_mode_and_through_links() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let (path, link) = (directory.path().join("out.json"), directory.path().join("link.json"));
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    copy_to(&link, &["{}"]).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);

    let fresh = directory.path().join("fresh.json");
    copy_to(&fresh, &["{}"]).unwrap();
    assert_eq!(fs::metadata(&fresh).unwrap().permissions().mode() & !0o644 & 0o777, 0);
}

#[cfg(unix)]
#[test]
fn a_failure_leaves_the_old_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.json");
    fs::write(&path, "old").unwrap();
    assert!(copy_to(&path, &["{"]).is_err());
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o500)).unwrap();
    // Whoever may write everywhere may write here too.
    let denied = fs::write(directory.path().join("probe"), "").is_err();
    let result = copy_to(&path, &["{}"]);
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    if denied {
        assert!(matches!(result, Err(WriteError::Replace(ReplaceError::Io { .. }))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }
}

/// A device that is full after some bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.min(bytes.len());
        self.0 = self.0.saturating_sub(written);
        if written == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(written) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let write = |mut out: &mut dyn Write| {
        let objects = ["{\"a\":1}", "{}"].map(|object| Ok(object.to_owned()));
        write_json(&mut out, &Shape::Documents, 2, objects.into_iter())
    };
    let mut whole = Vec::new();
    write(&mut whole).unwrap();
    for room in 0..=whole.len() {
        assert_eq!(write(&mut Full(room)).is_ok(), room == whole.len(), "{room}");
    }
}
