//! What is deployed fits together, and does what the command does on one machine.

use std::fs;

use serde_json::{Value, json};
use vidimus::Carrier;

use crate::report_merge::{Whole, objects};
use crate::support::{run, vidimus};

/// A manifest of `deploy/`. Whether Kubernetes knows its fields is checked by `.ci/run`, with the schemas.
fn manifest(name: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(format!("deploy/{name}")).unwrap()).unwrap()
}

fn pod(job: &Value) -> &Value {
    &job["spec"]["template"]["spec"]
}

fn arguments(job: &Value) -> Vec<String> {
    let arguments = pod(job)["containers"][0]["args"].as_array().unwrap();
    arguments.iter().map(|argument| argument.as_str().unwrap().to_owned()).collect()
}

/// How many shards the Job verifies.
fn shards(job: &Value) -> u64 {
    job["spec"]["completions"].as_u64().unwrap()
}

#[test]
fn a_pod_may_do_no_more_than_it_needs() {
    for name in ["batch-job.yaml", "merge-job.yaml"] {
        let job = manifest(name);
        assert_eq!((&job["apiVersion"], &job["kind"]), (&"batch/v1".into(), &"Job".into()), "{name}");
        let (pod, container) = (pod(&job), &pod(&job)["containers"][0]);
        for (value, expected) in [
            (&pod["securityContext"]["runAsNonRoot"], Value::from(true)),
            (&pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault".into()),
            (&pod["automountServiceAccountToken"], false.into()),
            (&pod["restartPolicy"], "Never".into()),
            (&container["securityContext"]["allowPrivilegeEscalation"], false.into()),
            (&container["securityContext"]["readOnlyRootFilesystem"], true.into()),
            (&container["securityContext"]["capabilities"]["drop"], vec!["ALL"].into()),
        ] {
            assert_eq!(value, &expected, "{name}");
        }
        let mounts = container["volumeMounts"].as_array().unwrap();
        let volumes = pod["volumes"].as_array().unwrap();
        assert_eq!(mounts.len(), volumes.len(), "{name}");
        for mount in mounts {
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{name}: {mount}");
            assert!(mount["readOnly"] == true || mount["name"] == "reports", "{name}: {mount}");
        }
    }
}

#[test]
fn the_jobs_agree_on_the_shards_and_on_their_reports() {
    let (verify, merge) = (manifest("batch-job.yaml"), manifest("merge-job.yaml"));
    let count = shards(&verify);
    assert_eq!((&verify["spec"]["completionMode"], &verify["spec"]["parallelism"]), (&"Indexed".into(), &count.into()));
    let given = arguments(&verify);
    assert!(given.contains(&format!("--shard=job/{count}")), "{given:?}");
    let written = given.iter().find_map(|argument| argument.strip_prefix("--output=json=")).unwrap();
    let reports: Vec<_> =
        (0..count).map(|index| written.replace("$(JOB_COMPLETION_INDEX)", &index.to_string())).collect();
    let merged: Vec<_> = arguments(&merge).into_iter().filter(|argument| argument.starts_with('/')).collect();
    assert_eq!(merged, reports);
    // A pod that could decide something is done; one that could not is not tried for ever.
    let rule = &verify["spec"]["podFailurePolicy"]["rules"][1];
    assert_eq!((&rule["action"], &rule["onExitCodes"]["values"]), (&"FailIndex".into(), &vec![2].into()));
    assert_eq!(rule["onExitCodes"]["containerName"], pod(&verify)["containers"][0]["name"]);
}

#[test]
fn the_jobs_do_what_one_machine_does() {
    let all_sorts = objects(60);
    let readable: Vec<_> = all_sorts.iter().filter(|object| Carrier::read(object).is_ok()).cloned().collect();
    for (objects, verified, merged) in [(readable, 0, 1), (all_sorts, 2, 2)] {
        let whole = Whole::of(&objects);
        fs::copy(whole.path("export.json"), whole.path("images.json")).unwrap();
        fs::copy("testdata/keys/release.asc", whole.path("trusted.asc")).unwrap();
        let here = |argument: String| {
            ["/export/", "/keys/", "/reports/"]
                .iter()
                .fold(argument, |text, folder| text.replace(folder, &whole.path("")))
        };
        let (verify, merge) = (manifest("batch-job.yaml"), manifest("merge-job.yaml"));
        for index in (0..shards(&verify)).map(|index| index.to_string()) {
            let given =
                arguments(&verify).into_iter().map(|text| here(text.replace("$(JOB_COMPLETION_INDEX)", &index)));
            let output = vidimus().args(given).env("JOB_COMPLETION_INDEX", &index).output().unwrap();
            assert_eq!(output.status.code(), Some(verified), "{output:?}");
        }
        let output = vidimus().args(arguments(&merge).into_iter().map(here)).output().unwrap();
        assert_eq!(output.status.code(), Some(merged), "{output:?}");
        let (keys, export) = (whole.path("trusted.asc"), whole.path("images.json"));
        let expected = run(&["verify", "--keys", &keys, "--at", "2026-06-01", "--output", "json", &export]);
        assert_eq!(fs::read_to_string(whole.path("2026-06-01.json")).unwrap(), expected.stdout);
    }
}

#[test]
fn the_index_is_that_of_the_job() {
    let verify = |shard: &str, index: Option<&str>| {
        let mut command = vidimus();
        command.args(["verify", "--keys", "testdata/keys/release.asc", "--shard", shard, "--output", "json"]);
        command.arg("testdata/quickstart/export.json").envs(index.map(|index| ("JOB_COMPLETION_INDEX", index)));
        let output = command.output().unwrap();
        (output.status.code() == Some(2), String::from_utf8(output.stdout).unwrap())
    };
    let (failed, report) = verify("job/3", Some("1"));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((failed, &report["shard"]), (false, &json!({ "index": 1, "count": 3 })));
    // What is given is taken, whatever the environment says.
    assert_eq!(serde_json::from_str::<Value>(&verify("0/3", Some("1")).1).unwrap()["shard"]["index"], 0);
    assert_eq!(serde_json::from_str::<Value>(&verify("job/1", Some("0")).1).unwrap().get("shard"), None);
    for (shard, index) in
        [("job/3", None), ("job/3", Some("3")), ("job/3", Some("one")), ("3/3", None), ("job/0", Some("0"))]
    {
        assert_eq!(verify(shard, index), (true, String::new()), "{shard} {index:?}");
    }
}
