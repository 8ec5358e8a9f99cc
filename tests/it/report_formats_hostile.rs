//! Names that attack the format they are told in: none leaves its place.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use serde_json::{Value, json};

use crate::report_formats::{FORMATS, Run, documents, elements, rows};

/// Texts that mean something in some format.
const HOSTILE: [&str; 16] = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "a;=1+1",
    "\t=1+1",
    "@SUM(A1)",
    "| injected | row |\n| a | b |",
    "`` ` code <b>x</b> `",
    "![i](https://evil.example/i.png) [l](https://evil.example) https://evil.example www.evil.example @somebody a@b.cd",
    "]]></failure><testcase name='x'/>",
    "\" onmouseover=\"x' & &amp; &#60;",
    "\u{1b}[31m\u{7}\u{0}\u{8}",
    "\u{202e}\u{2066}\u{200b}\u{feff}",
    "\u{fffe}\u{ffff}\u{85}\u{2028}",
    "a\r\nb\rc\nd",
    "---\nkind: ClusterRole",
    "{{7*7}} ${x} %0a ::set-output name=a::b",
];

/// Objects that carry a text wherever an input may put one.
fn objects(text: &str) -> Vec<String> {
    let image = json!({
        "kind": "Image",
        "apiVersion": "image.openshift.io/v1",
        "metadata": { "name": text, "uid": text },
        "dockerImageReference": text,
        "signatures": [{ "metadata": { "name": text }, "type": "atomic", "content": "AAAA", "imageIdentity": text }],
    });
    let tag = json!({
        "kind": "ImageStreamTag",
        "apiVersion": "image.openshift.io/v1",
        "metadata": { "name": text, "namespace": text },
        "image": image,
    });
    let unreadable = json!({ "kind": "Image", "metadata": { "name": text, "annotations": 1 } });
    [image, tag, unreadable].iter().map(ToString::to_string).collect()
}

/// The reports about an export whose file has a hostile name too.
fn hostile(text: &str) -> Run {
    let file: String = text.chars().filter(|character| !matches!(character, '/' | '\0')).take(60).collect();
    Run::of(&format!("{file}.json"), &objects(text), &[])
}

#[test]
fn nothing_that_a_terminal_acts_upon_is_in_any_format() {
    for text in HOSTILE {
        let run = hostile(text);
        assert_eq!((run.json["images"].as_array().unwrap().len(), run.errors()), (2, 1), "{text:?}");
        for format in FORMATS {
            let report = run.text(format);
            let acts = |c: char| {
                c.is_control() && c != '\n' && !(c == '\r' && format == "csv")
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
            };
            assert!(!report.contains(acts), "{format}: {report:?}");
        }
    }
}

#[test]
fn no_cell_is_a_formula() {
    for text in HOSTILE {
        let report = hostile(text).text("csv");
        let rows = rows(&report);
        assert_eq!(rows.len(), 3, "{text:?}");
        for row in &rows {
            for cell in row.as_object().unwrap().values().map(|cell| cell.as_str().unwrap()) {
                // However a spreadsheet divides cells: none begins with what begins a formula.
                for part in cell.split([',', ';', '\t']) {
                    let begins = part.trim_start_matches([' ', '"']).chars().next();
                    assert!(!begins.is_some_and(|first| "=+-@".contains(first)), "{cell:?}");
                }
            }
        }
        assert_eq!(report.matches("\r\n").count(), 4, "{report:?}");
        assert_eq!(report.matches('\n').count(), 4, "{report:?}");
    }
}

#[test]
fn no_markup_gets_into_markdown() {
    let mut options = Options::default();
    let extensions = &mut options.extension;
    (extensions.table, extensions.autolink, extensions.strikethrough) = (true, true, true);
    (extensions.tasklist, extensions.footnotes) = (true, true);
    for text in HOSTILE {
        let report = hostile(text).text("markdown");
        let arena = Arena::new();
        let root = parse_document(&arena, &report, &options);
        let (mut rows, mut cells) = (0, 0);
        for node in root.descendants() {
            let value = &node.data.borrow().value;
            rows += usize::from(matches!(value, NodeValue::TableRow(_)));
            cells += usize::from(matches!(value, NodeValue::TableCell));
            if let NodeValue::HtmlInline(html) = value {
                assert_eq!(html, "<br>", "{text:?}");
                continue;
            }
            let is_ours = matches!(
                value,
                NodeValue::Document
                    | NodeValue::Heading(_)
                    | NodeValue::Paragraph
                    | NodeValue::Code(_)
                    | NodeValue::Table(_)
                    | NodeValue::TableRow(_)
                    | NodeValue::TableCell
                    | NodeValue::Text(_)
            );
            assert!(is_ours, "{text:?}: {value:?} in {report}");
        }
        // The totals, and below a header and one row for each of the three.
        assert_eq!((rows, cells), (2 + 4, 2 * 5 + 4 * 4), "{text:?}: {report}");
        // A text outside of a code span is ours.
        let plain = root.descendants().filter_map(|node| {
            if let NodeValue::Text(text) = &node.data.borrow().value { Some(text.to_string()) } else { None }
        });
        for plain in plain {
            assert!(!plain.contains("evil") && !plain.contains("injected") && !plain.contains('<'), "{plain}");
        }
    }
}

#[test]
fn no_element_gets_into_xml() {
    for text in HOSTILE {
        let elements = elements(&hostile(text).text("junit"));
        let names: Vec<_> = elements.iter().map(|element| element.name.as_str()).collect();
        let case = |result| ["testcase", result];
        let expected = [&["testsuites", "testsuite"][..], &case("error"), &case("error"), &case("error")].concat();
        let told: Vec<_> = names.iter().map(|name| if *name == "failure" { "error" } else { *name }).collect();
        assert_eq!(told, expected, "{text:?}");
    }
}

#[test]
fn no_link_gets_into_a_message_and_no_scheme_into_a_location() {
    for text in HOSTILE {
        let report: Value = serde_json::from_str(&hostile(text).text("sarif")).unwrap();
        let run = &report["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), 2, "{text:?}");
        for result in run["results"].as_array().unwrap() {
            for message in [&result["message"]["text"], &result["locations"][0]["message"]["text"]] {
                assert!(!message.as_str().unwrap().contains("]("), "{message}");
            }
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"/-._~%".contains(&octet);
            assert!(uri.strip_prefix("file://").unwrap().bytes().all(plain), "{uri}");
        }
    }
}

#[test]
fn no_document_gets_into_a_stream_of_them() {
    for text in HOSTILE {
        let run = hostile(text);
        for format in ["policyreport", "openreports"] {
            let report = run.text(format);
            assert_eq!(report.lines().count(), 8, "a separator and a line for each object");
            let objects = documents(&report);
            assert_eq!(objects.len(), 4, "{text:?}");
            for object in &objects {
                let name = object["metadata"]["name"].as_str().unwrap();
                let is_name = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
                assert!(name.bytes().all(is_name) && name.len() < 253, "{name}");
                // No namespace can be called so.
                assert!(object["metadata"]["namespace"].is_null(), "{object}");
                assert!(object["kind"].as_str().unwrap().starts_with("Cluster"), "{object}");
            }
        }
    }
}
