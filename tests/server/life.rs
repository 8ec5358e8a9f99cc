//! Starting and stopping.

use std::fs;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Authority, Client, NAME, Server, allowed, command, folder, json_request, review};

/// Somebody who asks all the time; every answer that comes is looked at.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    /// How many right answers came.
    pub(crate) answers: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Result<(), String>>>,
}

impl Load {
    /// `requests` are asked by as many clients, each with the answer that it should have.
    pub(crate) fn start(client: &Client, requests: &[(&'static str, bool)]) -> Self {
        let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let tasks = requests
            .iter()
            .map(|(file, wanted)| {
                let (client, stop, answers) = (client.clone(), Arc::clone(&stop), Arc::clone(&answers));
                let (body, wanted) = (review(file), *wanted);
                tokio::spawn(async move {
                    // Every hundred requests another connection, so that handshakes go on as well.
                    while !stop.load(Ordering::SeqCst) {
                        let mut session = client.session().await?;
                        for _ in 0..100 {
                            if stop.load(Ordering::SeqCst) {
                                break;
                            }
                            let answer = session.send(json_request("/validate", body.clone())).await?;
                            assert_eq!(allowed(&answer), Some(wanted), "{}", answer.1);
                            answers.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        Self { stop, answers, tasks }
    }

    /// Waits until so many more answers have come.
    pub(crate) async fn wait(&self, more: usize) {
        let goal = self.answers.load(Ordering::SeqCst) + more;
        for _ in 0..3000 {
            if self.answers.load(Ordering::SeqCst) >= goal || self.tasks.iter().any(JoinHandle::is_finished) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no answers come");
    }

    /// Ends the load; an error is a request that failed.
    pub(crate) async fn end(self) -> Result<usize, String> {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("right answers only")?;
        }
        Ok(self.answers.load(Ordering::SeqCst))
    }
}

const BOTH: [(&str, bool); 4] = [
    ("pod.signed", true),
    ("pod.signed-by-attacker", false),
    ("pod.accepted-unsigned", true),
    ("bypass.volumes", false),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_sigterm_what_was_begun_is_answered_and_the_server_ends_well() {
    let mut server = Server::start(&["--shutdown-delay=1s"]);
    let load = Load::start(&server.client(), &BOTH);
    load.wait(50).await;
    server.signal("-TERM");
    server.logged(&["stopping"]);
    assert_eq!(server.plain("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.plain("/livez").await.0, StatusCode::OK);
    // It is still answered while endpoints learn of it.
    let before = load.answers.load(Ordering::SeqCst);
    load.wait(10).await;
    assert!(load.answers.load(Ordering::SeqCst) > before);
    // Requests that come after the end are not taken; none of those that were taken got a wrong answer.
    let status = tokio::task::spawn_blocking(move || (server.wait(), server)).await.unwrap();
    assert_eq!(status.0.code(), Some(0));
    let _ = load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_under_way_at_sigterm_is_answered() {
    let mut server = Server::start(&["--shutdown-delay=0s"]);
    let mut session = server.client().session().await.unwrap();
    // The connection is there, and its request comes while the server stops taking others.
    let first = session.send(json_request("/validate", review("pod.signed"))).await.unwrap();
    assert_eq!(allowed(&first), Some(true));
    let asked = tokio::spawn(async move { session.send(json_request("/validate", review("pod.signed"))).await });
    tokio::time::sleep(Duration::from_millis(5)).await;
    server.signal("-TERM");
    let answer = asked.await.unwrap();
    assert!(answer.as_ref().map_or(true, |answer| allowed(answer) == Some(true)), "{answer:?}");
    assert_eq!(server.wait().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_has_answered_nothing_wrongly() {
    let mut server = Server::start(&[]);
    let load = Load::start(&server.client(), &BOTH);
    load.wait(50).await;
    server.signal("-KILL");
    server.wait();
    // Calls fail now, and the failure policy decides; what came before was right, or the load would have panicked.
    assert!(load.end().await.is_err());
    assert!(server.client().post("/validate", review("pod.signed")).await.is_err());
}

#[test]
fn it_does_not_start_with_what_it_cannot_judge_by() {
    let authority = Authority::new();
    let start = |change: &dyn Fn(&std::path::Path), more: &[&str]| -> Output {
        let folder = folder(&authority);
        change(folder.path());
        command(folder.path(), more).output().unwrap()
    };
    let write =
        |file: &'static str, text: String| move |folder: &std::path::Path| fs::write(folder.join(file), &text).unwrap();
    let (expired, expired_key) = authority.issue(NAME, &[NAME], 2021);
    let (_, other_key) = authority.issue(NAME, &[NAME], 2100);
    let both = |folder: &std::path::Path| {
        fs::write(folder.join("tls.crt"), &expired).unwrap();
        fs::write(folder.join("tls.key"), &expired_key).unwrap();
    };
    let refusals = [
        ("a broken policy", start(&write("admission/policy.yaml", "kind: [".to_owned()), &[])),
        ("no policy", start(&|folder| fs::remove_file(folder.join("admission/policy.yaml")).unwrap(), &[])),
        ("no key", start(&|folder| fs::remove_file(folder.join("keys/release.asc")).unwrap(), &[])),
        ("an export that is cut off", start(&write("admission/export.json", r#"{"items": [{"#.to_owned()), &[])),
        ("another key", start(&write("tls.key", other_key), &[])),
        ("an expired certificate", start(&both, &[])),
        ("no certificate", start(&write("tls.crt", String::new()), &[])),
        ("standard input", start(&|_| {}, &["--images=-"])),
        ("a name without an authority", start(&|_| {}, &["--client-name=x"])),
        ("a carrier that is built in", start(&|_| {}, &["--carrier=pods"])),
        ("a duration that is none", start(&|_| {}, &["--drain=soon"])),
    ];
    for (name, output) in refusals {
        assert_eq!(output.status.code(), Some(2), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stderr.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_deployment_starts_what_it_says() {
    let deployment = fs::read_to_string("deploy/webhook/server/deployment.yaml").unwrap();
    let deployment: Value = serde_saphyr::from_str(&deployment).unwrap();
    let arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let authority = Authority::new();
    let folder = folder(&authority);
    // Mounted as Kubernetes does it: links into a folder behind a link, whose name begins with a dot.
    let policy = folder.path().join("policy");
    fs::create_dir_all(policy.join("..2026")).unwrap();
    fs::copy("testdata/admission/policy.yaml", policy.join("..2026/policy.yaml")).unwrap();
    std::os::unix::fs::symlink("..2026", policy.join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/policy.yaml", policy.join("policy.yaml")).unwrap();
    fs::create_dir(folder.path().join("export")).unwrap();
    fs::copy("testdata/admission/export.json", folder.path().join("export/images.json")).unwrap();
    fs::create_dir(folder.path().join("tls")).unwrap();
    for file in ["tls.crt", "tls.key"] {
        fs::copy(folder.path().join(file), folder.path().join("tls").join(file)).unwrap();
    }
    let here = |argument: &Value| argument.as_str().unwrap().replace("=/", &format!("={}/", folder.path().display()));
    let arguments: Vec<_> = arguments.iter().map(here).collect();
    let server = Server::started(authority, folder, |command| {
        command.args(arguments).args(["--listen=127.0.0.1:0", "--plain=127.0.0.1:0"]);
    });
    assert_eq!(server.plain("/readyz").await.0, StatusCode::OK);
    let answer = server.client().post("/validate", review("pod.signed")).await.unwrap();
    assert_eq!(allowed(&answer), Some(true));
}

#[tokio::test]
async fn it_says_that_it_lives_while_all_threads_compute() {
    let server = Server::start(&["--workers=1"]);
    let mut request: Value = serde_json::from_slice(&review("pod.signed")).unwrap();
    let containers = &mut request["request"]["object"]["spec"]["containers"];
    let image = containers[0]["image"].as_str().unwrap().to_owned();
    // Each spelling is judged by itself.
    let spelled =
        |number| json!({ "name": format!("c{number}"), "image": image.replace('@', &format!(":t{number}@")) });
    *containers = (0..250).map(spelled).collect();
    let client = server.client();
    let asked = tokio::spawn(async move { client.post("/validate", request.to_string()).await });
    let mut meanwhile = 0;
    while !asked.is_finished() {
        assert_eq!(server.plain("/livez").await.0, StatusCode::OK);
        meanwhile += 1;
    }
    // Were it the same thread, one would be answered before and one afterwards.
    assert!(meanwhile > 3, "{meanwhile} answers");
    assert_eq!(allowed(&asked.await.unwrap().unwrap()), Some(true));
}
