//! An HTML report taken apart, for the tests of it.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{AT, run};

/// Names that would be markup, end the data, or hide and reorder text, were they taken for more than text.
pub(crate) const HOSTILE: [&str; 8] = [
    "evil.example/</script><script>window.hit=1</script>:1",
    "evil.example/<img src=x onerror=window.hit=1>:1",
    "evil.example/<!--<script>:1",
    "evil.example/]]>&lt;&#60;:1",
    "evil.example/a\u{2028}b\u{2029}c:1",
    "evil.example/\u{202e}exe.gpj\u{2066}:1",
    "evil.example/\u{0}\u{1b}[2K\u{7f}\\\"':1",
    "evil.example/^n^r^0^^^d^f0;:1",
];

/// An export with good and bad images, the quick start's, and with hostile ones; as JSON text.
pub(crate) fn export(hostile: bool) -> String {
    let export = std::fs::read_to_string("testdata/quickstart/export.json").unwrap();
    let mut export: Value = serde_json::from_str(&export).unwrap();
    let items = export["items"].as_array_mut().unwrap();
    if hostile {
        // One signature under both types, and a record whose own name is hostile.
        let mut twin = items[0]["signatures"][0].clone();
        twin["type"] = "AtomicImageV1".into();
        twin["metadata"]["name"] = HOSTILE[0].into();
        items[0]["signatures"].as_array_mut().unwrap().push(twin);
        for name in HOSTILE {
            items.push(json!({
                "kind": "ImageStreamTag",
                "metadata": { "name": name, "namespace": name },
                "image": { "metadata": { "name": name }, "dockerImageReference": name },
            }));
        }
        items.push(json!({ "kind": "Image", "metadata": { "name": 7, HOSTILE[0]: HOSTILE[1] } }));
    }
    // A lone surrogate is no character; how it is written is part of the input all the same.
    export.to_string().replacen("evil.example/]]>", "evil.example/\\ud800]]>", usize::from(hostile))
}

/// The same run told as HTML and as JSON.
pub(crate) fn told(export: &str, trust: &[&str]) -> (TempDir, String, Value) {
    let source = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(source.path(), export).unwrap();
    told_of(&[trust, &[source.path().to_str().unwrap()]].concat())
}

/// A run with these arguments, told as HTML and as JSON.
pub(crate) fn told_of(arguments: &[&str]) -> (TempDir, String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let outputs = [format!("html={}", path("r.html")), format!("json={}", path("r.json"))];
    let ran = run(&[&["verify", "--at", AT, "--output", &outputs[0], "--output", &outputs[1]], arguments].concat());
    assert_eq!(ran.stdout, "");
    let html = std::fs::read_to_string(path("r.html")).unwrap();
    let report = serde_json::from_str(&std::fs::read_to_string(path("r.json")).unwrap()).unwrap();
    (folder, html, report)
}

/// What stands between two texts, of which the first must be there once.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (before, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    assert!(!rest.contains(start) && !before.contains(start), "{start} is there twice");
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

pub(crate) fn rows(html: &str) -> &str {
    between(html, "<script type=\"application/json\" id=\"rows\">", "</script>")
}

pub(crate) fn whole_run(html: &str) -> &str {
    between(html, "<script type=\"application/json\" id=\"run\">", "</script>")
}
