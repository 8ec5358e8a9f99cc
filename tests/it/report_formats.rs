//! The formats for spreadsheets, pipelines, dashboards and clusters tell what the JSON report tells.

use std::fs;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::report_merge::objects;
use crate::support::{AT, Ran, run};

const KEY: &str = "testdata/keys/release.asc";

/// The formats of this file.
pub(crate) const FORMATS: [&str; 6] = ["csv", "markdown", "junit", "sarif", "policyreport", "openreports"];

/// A run over objects, with its JSON report.
pub(crate) struct Run {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) json: Value,
}

impl Run {
    /// Writes every report about an export of that name.
    pub(crate) fn of(name: &str, objects: &[String], options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join(name);
        fs::write(&export, format!(r#"{{"kind":"List","items":[{}]}}"#, objects.join(","))).unwrap();
        let formats = FORMATS.iter().chain(&["json"]);
        let outputs: Vec<_> =
            formats.map(|format| format!("{format}={}", folder.path().join(format).display())).collect();
        let outputs: Vec<_> = outputs.iter().flat_map(|output| ["--output", output]).collect();
        let keys = if options.contains(&"--policy") { &[][..] } else { &["--keys", KEY] };
        let export = export.to_str().unwrap();
        let quiet = if options.contains(&"--quiet") { &[][..] } else { &["--quiet"] };
        let ran = run(&[&["verify", "--at", AT, export], quiet, keys, options, &outputs].concat());
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        let json = serde_json::from_str(&fs::read_to_string(folder.path().join("json")).unwrap()).unwrap();
        Self { folder, json }
    }

    pub(crate) fn text(&self, format: &str) -> String {
        fs::read_to_string(self.folder.path().join(format)).unwrap()
    }

    fn count(&self, wanted: &dyn Fn(&Value) -> bool) -> usize {
        self.json["images"].as_array().unwrap().iter().filter(|image| wanted(image)).count()
    }

    fn decided(&self, decision: &str) -> usize {
        self.count(&|image| image["decision"] == decision)
    }

    pub(crate) fn errors(&self) -> usize {
        self.json["errors"].as_array().unwrap().len()
    }
}

/// The rows of a CSV report, each a map by its columns.
pub(crate) fn rows(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| -> Value {
        columns.iter().zip(row.iter()).map(|(name, cell)| (name.to_owned(), json!(cell))).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// An element of a document, its attributes and its text.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        found.map_or_else(|| panic!("{self:?} has no {name}"), |(_, value)| value.as_str())
    }
}

/// The elements of an XML document, which is well-formed and has no character that XML 1.0 forbids.
pub(crate) fn elements(text: &str) -> Vec<Element> {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "{text}");
    let mut reader = Reader::from_str(text);
    let (mut elements, mut open) = (Vec::<Element>::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(elements.len());
                elements.push(element(&start));
            }
            Event::Empty(empty) => elements.push(element(&empty)),
            Event::End(_) => drop(open.pop().unwrap()),
            Event::Text(text) => {
                let text = text.xml10_content().into_owned();
                match open.last() {
                    Some(last) => elements[*last].text.push_str(&text),
                    None => assert_eq!(text.trim(), ""),
                }
            }
            Event::GeneralRef(reference) => {
                let name = String::from(&*reference);
                let text = quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_else(|| panic!("{name}"));
                elements[*open.last().unwrap()].text.push_str(text);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other @ (Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_)) => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
    elements
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
    let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        let name = attribute.key.as_ref().to_owned();
        let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
        (name, value)
    };
    let attributes = start.attributes().map(|found| attribute(found.unwrap())).collect();
    Element { name: start.name().as_ref().to_owned(), attributes, text: String::new() }
}

/// The objects of a stream of YAML documents.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<_> = text.split("---\n").filter(|document| !document.is_empty()).collect();
    documents.iter().map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

#[test]
fn a_spreadsheet_has_a_row_for_each_signature() {
    let run = Run::of("export.json", &objects(60), &[]);
    let text = run.text("csv");
    assert!(text.ends_with("\r\n") && text.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
    let rows = rows(&text);
    let of_images: Vec<_> = rows.iter().filter(|row| row["decision"] != "Error").collect();
    let first: Vec<_> = of_images.iter().filter(|row| row["signature"] == "0" || row["signature"] == "1").collect();
    assert_eq!(first.len(), run.count(&|_| true), "0 or 1 is one row for each image");
    assert_eq!(rows.len() - of_images.len(), run.errors());
    let signatures: usize =
        run.json["images"].as_array().unwrap().iter().map(|image| image["signatures"].as_array().unwrap().len()).sum();
    assert_eq!(of_images.iter().filter(|row| row["signature"] != "0").count(), signatures);
    for (row, image) in first.iter().zip(run.json["images"].as_array().unwrap()) {
        assert_eq!(row["item"], image["item"].to_string());
        assert_eq!((&row["decision"], &row["code"]), (&image["decision"], &image["code"]));
        let signer = &image["signatures"][0]["signer"];
        assert_eq!(row["fingerprint"], signer["fingerprint"].as_str().unwrap_or_default());
    }
}

#[test]
fn a_pipeline_sees_a_case_for_each_image() {
    let run = Run::of("export.json", &objects(60), &[]);
    let elements = elements(&run.text("junit"));
    let named = |name: &str| elements.iter().filter(|element| element.name == name).count();
    let counts = [named("testcase"), named("failure"), named("error"), named("skipped")];
    let undecided = run.decided("Undecided") + run.errors();
    assert_eq!(counts, [run.count(&|_| true) + run.errors(), run.decided("Deny"), undecided, 0]);
    for element in &elements[..2] {
        assert!(element.name.starts_with("testsuite"));
        for (name, count) in ["tests", "failures", "errors"].into_iter().zip(counts) {
            assert_eq!(element.attribute(name), count.to_string(), "{element:?}");
        }
    }
    let case = elements.iter().find(|element| element.name == "testcase").unwrap();
    assert_eq!(case.attribute("classname"), "registry.example.com.shop.frontend");
    let failure = elements.iter().find(|element| element.name == "failure").unwrap();
    assert!(failure.text.contains("would be accepted: a signature by any trusted signer"), "{failure:?}");
}

#[test]
fn a_dashboard_has_a_result_for_each_image_that_is_not_allowed() {
    let run = Run::of("export.json", &objects(60), &[]);
    let report: Value = serde_json::from_str(&run.text("sarif")).unwrap();
    assert_eq!((&report["version"], report["runs"].as_array().unwrap().len()), (&json!("2.1.0"), 1));
    let told = &report["runs"][0];
    let rules = told["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), vidimus::Code::ALL.len());
    let results = told["results"].as_array().unwrap();
    assert_eq!(results.len(), run.count(&|image| image["decision"] != "Allow"));
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!((&rules[index]["id"], &result["level"]), (&result["ruleId"], &json!("error")));
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("file:///") && uri.ends_with("/export.json"), "{uri}");
    }
    let invocation = &told["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), run.errors());
    assert_eq!(told["properties"]["summary"], run.json["summary"]);

    // The same findings have the same fingerprints wherever the image stands, and others have others.
    let fingerprints = |objects: &[String]| -> Vec<String> {
        let report: Value = serde_json::from_str(&Run::of("other.json", objects, &[]).text("sarif")).unwrap();
        let results = report["runs"][0]["results"].as_array().unwrap().iter();
        let mut found: Vec<_> =
            results.map(|result| result["partialFingerprints"]["vidimusImage/v1"].to_string()).collect();
        found.sort();
        found
    };
    let all: Vec<_> = objects(60).into_iter().filter(|object| !object.contains("hostile")).take(20).collect();
    let backwards: Vec<_> = all.iter().rev().cloned().collect();
    let found = fingerprints(&all);
    assert_eq!(found, fingerprints(&backwards));
    let mut once = found.clone();
    once.dedup();
    assert!(once.len() > 3 && !once.contains(&"null".to_owned()));
}

#[test]
fn a_cluster_gets_an_object_for_each_image() {
    let run = Run::of("export.json", &objects(60), &[]);
    for (format, group, kinds) in [
        ("policyreport", "wgpolicyk8s.io/v1alpha2", ["ClusterPolicyReport", "PolicyReport"]),
        ("openreports", "openreports.io/v1alpha1", ["ClusterReport", "Report"]),
    ] {
        let objects = documents(&run.text(format));
        assert_eq!(objects.len(), run.count(&|_| true) + run.errors() + 1);
        let of = |result: &str| objects.iter().filter(|object| object["summary"][result] == 1).count();
        assert_eq!((of("fail"), of("pass")), (run.decided("Deny"), run.decided("Allow")));
        // The last tells that not everything could be read.
        assert_eq!(of("error"), run.decided("Undecided") + run.errors() + 1);
        for object in &objects {
            let namespaced = object["metadata"]["namespace"].is_string();
            assert_eq!(
                (&object["apiVersion"], &object["kind"]),
                (&json!(group), &json!(kinds[usize::from(namespaced)]))
            );
            let result = object["results"][0]["result"].as_str().unwrap();
            assert_eq!(object["summary"][result], 1, "{object}");
            assert!(object.to_string().len() < 16 << 10);
        }
        let carried = objects.iter().find(|object| object["metadata"]["namespace"] == "shop").unwrap();
        assert_eq!(carried["scope"]["kind"], "ImageStreamImage");
        assert_eq!(carried["results"][0]["resources"][1]["kind"], "Image");
    }
    let image = fs::read_to_string("testdata/images/image.json").unwrap();
    let object = &documents(&Run::of("export.json", std::slice::from_ref(&image), &[]).text("policyreport"))[0];
    let image: Value = serde_json::from_str(&image).unwrap();
    let name = image["metadata"]["name"].as_str().unwrap();
    assert_eq!(object["metadata"]["name"], format!("vidimus-{}", name.replace(':', "-")));
    let resource = &object["results"][0]["resources"][0];
    assert_eq!((&resource["uid"], &resource["name"]), (&image["metadata"]["uid"], &json!(name)));
    assert_eq!(resource["apiVersion"], "image.openshift.io/v1");
    assert_eq!(object["results"][0]["timestamp"]["seconds"], 1_780_272_000);
}

#[test]
fn what_is_tolerated_or_exempt_is_neither_passed_nor_failed() {
    let folder = tempfile::tempdir().unwrap();
    let image = [fs::read_to_string("testdata/images/image.json").unwrap()];
    let spec = |mode: &str| format!("rules: [{{name: r, mode: {mode}, require: {{reject: {{}}}}}}]");
    let exempt = "rules: [{name: r, require: {reject: {}}}], exemptions: [{scope: {images: ['**']}, reason: moving, expires: '2027-01-01'}]";
    let level = |value: Option<&Value>| value.map_or(Value::Null, |result| result["level"].clone());
    for (spec, case, sarif, result) in [
        (spec("enforce"), Some("failure"), json!("error"), "fail"),
        (spec("warn"), Some("system-out"), json!("warning"), "warn"),
        (spec("audit"), Some("system-out"), json!("note"), "warn"),
        (exempt.to_owned(), Some("skipped"), Value::Null, "skip"),
        ("rules: [{name: r, require: {insecureAcceptAnything: {}}}]".to_owned(), None, Value::Null, "pass"),
    ] {
        let policy = folder.path().join("policy.yaml");
        let document = format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: t}}\nspec: {{{spec}}}\n"
        );
        fs::write(&policy, document).unwrap();
        let run = Run::of("export.json", &image, &["--policy", policy.to_str().unwrap(), "--quiet"]);
        let elements = elements(&run.text("junit"));
        assert_eq!(elements.get(3).map(|element| element.name.as_str()), case, "{spec}");
        let report: Value = serde_json::from_str(&run.text("sarif")).unwrap();
        assert_eq!(level(report["runs"][0]["results"].as_array().unwrap().first()), sarif, "{spec}");
        assert_eq!(documents(&run.text("openreports"))[0]["results"][0]["result"], result, "{spec}");
        let wants_attention = run.text("markdown").contains("| image | reason |");
        assert_eq!(wants_attention, sarif != Value::Null, "{spec}");
    }
}

#[test]
fn the_page_of_a_pipeline_stays_within_its_limit() {
    let image = fs::read_to_string("testdata/images/signatures.none.json").unwrap();
    let mut image: Value = serde_json::from_str(&image).unwrap();
    let mut object = |number: usize| {
        image["dockerImageReference"] = format!("registry.example.com/{}:{number}", "a/b".repeat(100)).into();
        image.to_string()
    };
    let objects: Vec<_> = (0..3000).map(&mut object).collect();
    let run = Run::of("export.json", &objects, &[]);
    let text = run.text("markdown");
    assert!(text.len() < 1 << 20 && text.len() > vidimus::report::MARKDOWN_ROOM / 2, "{}", text.len());
    let rows = text.lines().filter(|line| line.starts_with("| denied |")).count();
    let left_out = 3000 - rows;
    assert!(left_out > 0 && text.contains(&format!("**{left_out} of the 3000 that want attention")), "{rows}");
    assert!(text.ends_with("|\n"), "rows are whole");
}

#[test]
fn a_report_that_begins_with_totals_goes_anywhere() {
    let run = Run::of("export.json", &objects(20), &[]);
    let export = run.folder.path().join("export.json");
    for format in FORMATS {
        let arguments = ["verify", "--keys", KEY, "--at", AT, "--output", format, export.to_str().unwrap()];
        let Ran { stdout, stderr, .. } = crate::support::run(&arguments);
        assert_eq!((stdout, stderr.as_str()), (run.text(format), ""), "{format}");
        // What cannot be opened leaves no report, and what is whole ends as it should.
        let missing = ["verify", "--keys", KEY, "--at", AT, "--output", format, "missing.json"];
        let ran = crate::support::run(&missing);
        assert_eq!(ran.status, 2, "{format}");
        assert!(ran.stdout.contains("missing.json"), "{format}: {}", ran.stdout);
    }
}
