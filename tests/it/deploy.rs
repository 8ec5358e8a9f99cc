//! What is deployed fits together, and does what the command does on one machine.

use std::fs;

use serde_json::Value;

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
