//! The formats that others define, held against what they published. `.ci/run` gets it; `VIDIMUS_SCHEMAS` names where.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::Value;

use crate::report_formats::{Run, documents};
use crate::report_merge::objects;
use crate::report_schema::assert_valid;

/// The folder with the schemas, where the environment names one.
fn schemas() -> Option<PathBuf> {
    let folder = std::env::var_os("VIDIMUS_SCHEMAS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: VIDIMUS_SCHEMAS names no folder with schemas");
    }
    folder
}

/// Objects of all sorts, with hostile names among them.
fn run() -> Run {
    let hostile = r#"{"kind":"Image","metadata":{"name":"<\"'&]]>\u0000\ufffe\ud83d\ude00|`","uid":"u"},"dockerImageReference":"=1"}"#;
    Run::of("export.json", &[objects(60), vec![hostile.to_owned()]].concat(), &[])
}

/// The validator of the OpenAPI schema of a custom resource, in which no member is accepted that it does not know.
fn custom_resource(file: &Path) -> (String, Validator) {
    let definition: Value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let kind = definition["spec"]["names"]["kind"].as_str().unwrap().to_owned();
    let versions = definition["spec"]["versions"].as_array().unwrap();
    let version = versions.iter().find(|version| {
        let of_version = |name: &str| version["name"] == name && version["served"] == true;
        of_version("v1") || of_version("v1alpha2") || of_version("v1alpha1") && versions.len() == 1
    });
    let mut schema = version.unwrap()["schema"]["openAPIV3Schema"].clone();
    close(&mut schema);
    schema["properties"]["metadata"] = serde_json::json!({ "type": "object" });
    (kind, jsonschema::validator_for(&schema).unwrap())
}

/// Closes all objects, as strict validation does.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("type").is_some_and(|kind| kind == "object") && members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn sarif_is_as_its_schema_says() {
    let Some(schemas) = schemas() else { return };
    let schema: Value = serde_json::from_slice(&fs::read(schemas.join("sarif-2.1.0.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let report: Value = serde_json::from_str(&run().text("sarif")).unwrap();
    assert!(report["runs"][0]["results"].as_array().unwrap().len() > 10);
    assert_valid(&validator, &report, "sarif");
    // The validator is one that can say no.
    let mut broken = report.clone();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn policy_reports_are_as_their_custom_resources_say() {
    let Some(schemas) = schemas() else { return };
    let run = run();
    for (format, group) in [("policyreport", "wgpolicyk8s.io"), ("openreports", "openreports.io")] {
        let kinds = if format == "policyreport" { "policyreports" } else { "reports" };
        let validators =
            ["", "cluster"].map(|scope| custom_resource(&schemas.join(format!("{group}_{scope}{kinds}.yaml"))));
        let mut used = [0, 0];
        for object in documents(&run.text(format)) {
            let place = validators.iter().position(|(kind, _)| object["kind"] == kind.as_str()).unwrap();
            assert_valid(&validators[place].1, &object, format);
            used[place] += 1;
            let mut broken = object.clone();
            broken["results"][0]["result"] = "denied".into();
            assert!(!validators[place].1.is_valid(&broken));
            broken = object;
            broken["results"][0]["verdict"] = "fail".into();
            assert!(!validators[place].1.is_valid(&broken));
        }
        assert!(used[0] > 0 && used[1] > 0, "{used:?}");
    }
}

#[test]
fn what_is_deployed_for_prometheus_is_as_its_custom_resources_say() {
    let Some(schemas) = schemas() else { return };
    for (file, kinds) in [("servicemonitor.yaml", "servicemonitors"), ("alerts.yaml", "prometheusrules")] {
        let (kind, validator) = custom_resource(&schemas.join(format!("monitoring.coreos.com_{kinds}.yaml")));
        let deployed = fs::read_to_string(Path::new("deploy/webhook/monitoring").join(file)).unwrap();
        let object: Value = serde_saphyr::from_str(&deployed).unwrap();
        assert_eq!((&object["apiVersion"], &object["kind"]), (&"monitoring.coreos.com/v1".into(), &kind.into()));
        assert_valid(&validator, &object, file);
        let mut broken = object;
        broken["spec"]["group"] = "vidimus".into();
        assert!(!validator.is_valid(&broken));
    }
}

#[test]
fn junit_is_as_its_schema_says() {
    let Some(schemas) = schemas() else { return };
    let run = run();
    let validate = |file: &Path| {
        let program = "import sys, xmlschema; sys.exit(not xmlschema.XMLSchema(sys.argv[1]).is_valid(sys.argv[2]))";
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", schemas.join("python")).args(["-c", program]);
        python.arg(schemas.join("junit-10.xsd")).arg(file).status().unwrap().code()
    };
    let report = run.folder.path().join("junit");
    assert_eq!(validate(&report), Some(0));
    let broken = run.folder.path().join("broken");
    fs::write(&broken, run.text("junit").replacen(" tests=", " cases=", 1)).unwrap();
    assert_eq!(validate(&broken), Some(1));
}
