//! Faults of the machine under a server: too few descriptors, too little memory, and changes that race with requests.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::reload::{replace, wait_for};
use crate::support::{Client, Server, allowed, json_request, review};

/// Whether the long part of the assurance is to be done as well.
fn long() -> bool {
    std::env::var_os("VIDIMUS_LONG").is_some_and(|value| value == "1")
}

/// A pod of these images.
fn pod(images: &[String]) -> Vec<u8> {
    let mut pod: Value = serde_json::from_slice(&review("pod.signed")).unwrap();
    let containers =
        images.iter().enumerate().map(|(number, image)| json!({"name": format!("c{number}"), "image": image}));
    pod["request"]["object"]["spec"]["containers"] = containers.collect();
    pod.to_string().into_bytes()
}

fn image(folder: &str) -> String {
    format!("registry.example.com/{folder}/app@sha256:{}", "0".repeat(64))
}

/// A policy that accepts anything in one folder, and nothing in the other.
fn policy(accepted: &str, rejected: &str) -> String {
    let rule = |folder: &str, require: &str| json!({"name": folder, "scope": {"images": [format!("registry.example.com/{folder}/**")]}, "require": {require: {}}});
    let rules = [rule(accepted, "insecureAcceptAnything"), rule(rejected, "reject")];
    let head = json!({"apiVersion": "vidimus.dev/v1alpha1", "kind": "SignaturePolicy", "metadata": {"name": accepted}});
    let mut policy = head;
    policy["spec"] = json!({"rules": rules});
    policy.to_string()
}

/// Writes a file where it is, in two parts: whoever reads it in between sees half of it.
fn tear(path: &Path, text: &str) {
    let (first, second) = text.split_at(text.len() / 2);
    let mut file = File::create(path).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(30));
    file.write_all(second.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_judged_by_half_of_one_policy_and_half_of_another() {
    let changes = if long() { 300 } else { 12 };
    let server = Server::start(&[]);
    let path = server.path("admission/policy.yaml");
    replace(&path, policy("one", "two"));
    server.logged(&["a change is in force", "\"generation\":2"]);

    // Under either policy one image of these is rejected; only a mixture of both could allow them all.
    let mixture: Vec<_> = (0..40).map(|number| image(if number % 2 == 0 { "one" } else { "two" })).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let (yes, no) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ask = |body: Vec<u8>, client: Client, may_be_allowed: bool| {
        let (stop, yes, no) = (Arc::clone(&stop), Arc::clone(&yes), Arc::clone(&no));
        tokio::spawn(async move {
            let mut session = client.session().await.unwrap();
            while !stop.load(Ordering::SeqCst) {
                let answer = session.send(json_request("/validate", body.clone())).await.unwrap();
                let is_allowed = allowed(&answer).unwrap();
                assert!(may_be_allowed || !is_allowed, "{}", answer.1);
                if is_allowed { &yes } else { &no }.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let asked = [
        ask(pod(&mixture), server.client(), false),
        ask(pod(&mixture), server.client(), false),
        ask(pod(&[image("one")]), server.client(), true),
    ];
    for change in 0..changes {
        let (accepted, rejected) = if change % 2 == 0 { ("two", "one") } else { ("one", "two") };
        match change % 6 {
            4 => tear(&path, &policy(accepted, rejected)),
            5 => replace(&path, "kind: ["),
            _ => replace(&path, policy(accepted, rejected)),
        }
        sleep(Duration::from_millis(90 + (change % 7) * 15)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for task in asked {
        task.await.expect("no answer by a mixture");
    }
    let (yes, no) = (yes.load(Ordering::SeqCst), no.load(Ordering::SeqCst));
    assert!(yes > 0 && no > 0, "changes came into force: {yes} allowed, {no} denied");
    let (_, metrics) = server.plain("/metrics").await;
    let in_force = metrics.lines().find(|line| line.starts_with(r#"vidimus_reloads_total{result="ok",what="policy"}"#));
    let in_force = in_force.and_then(|line| line.split(' ').next_back()).unwrap_or("0");
    println!(
        "assurance | faults | policy changes under requests | {changes} changes, {in_force} in force, {} requests | \
         0 judged by a mixture, 0 failed",
        yes + no
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_it_waits_and_goes_on() {
    let Ok(server) = Server::start_after("ulimit -n 40", &[]) else { panic!("a server starts with 40 descriptors") };
    let client = server.client();
    assert_eq!(allowed(&client.post("/validate", review("pod.signed")).await.unwrap()), Some(true));
    let mut answered = 0;
    for round in 0..if long() { 20 } else { 1 } {
        // More than it has descriptors for; what it cannot take waits outside.
        let mut held = Vec::new();
        for _ in 0..100 {
            held.push(TcpStream::connect(server.address).await.unwrap());
        }
        // A change that cannot be read meanwhile is not in force, and not forgotten.
        let policy = fs::read_to_string("testdata/admission/policy.yaml").unwrap();
        replace(&server.path("admission/policy.yaml"), format!("{policy}\n# {round}\n"));
        let denied =
            tokio::time::timeout(Duration::from_secs(1), client.post("/validate", review("pod.signed-by-attacker")));
        if let Ok(Ok(answer)) = denied.await {
            answered += 1;
            assert_ne!(allowed(&answer), Some(true), "{}", answer.1);
        }
        drop(held);
        server.logged(&["a change is in force", "\"what\":\"policy\"", &format!("\"generation\":{}", round + 2)]);
        assert_eq!(allowed(&client.post("/validate", review("pod.signed")).await.unwrap()), Some(true));
        assert_eq!(allowed(&client.post("/validate", review("pod.signed-by-attacker")).await.unwrap()), Some(false));
    }
    wait_for(&server, "[!]", false).await;
    assert_eq!(server.plain("/readyz").await.0, StatusCode::OK);
    let rounds = if long() { 20 } else { 1 };
    println!(
        "assurance | faults | descriptors of a server | {rounds} times 100 connections over 40 descriptors | {answered} \
         answered meanwhile, rightly; all after it, 0 wrong"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_little_memory_nothing_is_allowed_that_is_not() {
    let limits: &[u32] =
        if long() { &[16, 32, 64, 96, 128, 192, 256, 320, 384, 448, 512, 768, 1024, 2048] } else { &[64, 256, 2048] };
    let (mut not_started, mut right, mut none, mut ended) = (0, 0, 0, 0);
    for megabytes in limits {
        let mut server = match Server::start_after(&format!("ulimit -v {}", megabytes * 1024), &[]) {
            Ok(server) => server,
            Err(status) => {
                assert!(!status.success() && status.code() != Some(77), "{status}");
                not_started += 1;
                continue;
            }
        };
        // Large bodies of all sorts at once, with what is to be denied among them.
        let large = |file: &str| {
            let mut review: Value = serde_json::from_slice(&review(file)).unwrap();
            review["request"]["object"]["metadata"]["annotations"] = json!({"filler": "x".repeat(7 << 20)});
            review.to_string().into_bytes()
        };
        let mut tasks = Vec::new();
        for number in 0..24 {
            let client = server.client();
            let (body, wanted) = match number % 3 {
                0 => (large("pod.signed"), Some(true)),
                1 => (large("pod.signed-by-attacker"), Some(false)),
                _ => (review("pod.signed-by-attacker"), Some(false)),
            };
            tasks.push(tokio::spawn(async move { (wanted, client.post("/validate", body).await) }));
        }
        for task in tasks {
            let (wanted, answer) = task.await.unwrap();
            match answer.as_ref().ok().and_then(allowed) {
                None => none += 1,
                found => {
                    // A failure of the program is a denial.
                    assert!(found == wanted || found == Some(false), "{megabytes} MiB: {answer:?}");
                    right += 1;
                }
            }
        }
        server.signal_if_it_runs("-TERM");
        ended += usize::from(!server.wait().success());
    }
    assert!(right > 0, "the limits are all too low: {not_started} of {} not started", limits.len());
    println!(
        "assurance | faults | address space of a server | {} limits, 24 requests each | {not_started} not started, \
         {right} answered rightly or denied, {none} without an answer, {ended} ended by it, 0 wrong",
        limits.len()
    );
}
