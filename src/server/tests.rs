//! What no test from outside could bring about: a failure of the program itself.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::admission::{Images, Kinds, Resolution, Unchanged};
use crate::image::{Digest, Image, Reference};
use crate::server::config::{Bounds, Config, Judged, TlsFiles};
use crate::server::generation::{Generation, hash_policy, name, read_policy};
use crate::server::metrics::Metrics;
use crate::server::routes;
use crate::server::state::{State, now};
use crate::signature::Rules;
use crate::source::Index;

/// Images that nobody can be asked for.
struct Failing;

impl Images for Failing {
    fn image(&self, _: &Digest) -> Option<Image<'_>> {
        panic!("a failure of the program")
    }

    fn resolve(&self, _: &Reference) -> Resolution {
        panic!("a failure of the program")
    }

    fn namespace_labels(&self, _: &str) -> Option<BTreeMap<String, String>> {
        None
    }
}

fn failing() -> Arc<State> {
    let judged = Judged {
        policy: vec![PathBuf::from("testdata/admission/policy.yaml")],
        keys: Vec::new(),
        images: Vec::new(),
        kinds: Kinds::default(),
        unchanged: Unchanged::Passed,
        rules: Rules::default(),
    };
    let read = read_policy(&judged, now()).unwrap();
    let first = Generation {
        number: 1,
        verifier: Arc::new(read.verifier),
        policy_name: name(&read.hash),
        images: Arc::new(Failing),
        index: Arc::new(Index::default()),
    };
    let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let config = Config {
        listen: anywhere,
        plain: anywhere,
        tls: TlsFiles { certificates: PathBuf::new(), key: PathBuf::new(), client_ca: None, client_names: Vec::new() },
        judged,
        read_token: None,
        bounds: Bounds { connections: 1, requests: 1, workers: 1 },
        reload: Duration::from_secs(1),
        shutdown_delay: Duration::ZERO,
        drain: Duration::ZERO,
    };
    Arc::new(State::new(config, Metrics::new().unwrap(), first))
}

async fn ask(state: &Arc<State>, path: &str, body: String) -> (StatusCode, String) {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body)).unwrap();
    let response = routes::secure(Arc::clone(state)).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_failure_of_the_program_is_a_denial_that_is_counted_and_the_server_goes_on() {
    let state = failing();
    let request = std::fs::read_to_string("testdata/admission/pod.signed.json").unwrap();
    // More often than there are workers and places: what fails gives its leave back.
    for round in 1..=3 {
        let (status, body) = ask(&state, "/validate", request.clone()).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&answer["response"]["allowed"], &answer["response"]["status"]["code"]),
            (&json!(false), &json!(500))
        );
        assert_eq!(answer["response"]["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
        assert_eq!(state.metrics.panics.get(), round);
    }
    let fine = std::fs::read_to_string("testdata/admission/pod.accepted-unsigned.json").unwrap();
    assert!(ask(&state, "/validate", fine).await.1.contains(r#""allowed":true"#));
    assert_eq!(state.metrics.inflight.get(), 0);
}

#[tokio::test]
async fn a_failure_without_a_request_to_deny_is_a_failed_call() {
    let state = failing();
    let question = json!({ "images": [format!("registry.example.com/shop/a@sha256:{}", "0".repeat(64))] });
    assert_eq!(ask(&state, "/v1/verify", question.to_string()).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(state.metrics.panics.get(), 1);
}

#[test]
fn a_hash_is_that_of_what_was_read_and_changes_with_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let key = folder.path().join("release.asc");
    let text = std::fs::read_to_string("testdata/admission/policy.yaml").unwrap().replace("../keys/", "");
    std::fs::write(&policy, &text).unwrap();
    std::fs::copy("testdata/keys/release.asc", &key).unwrap();
    let judged = Judged { policy: vec![policy.clone()], ..failing().config.judged.clone() };
    let read = read_policy(&judged, now()).unwrap();
    assert_eq!(hash_policy(&judged, &read.keys), Ok(read.hash));
    std::fs::copy("testdata/keys/rsa2048.asc", &key).unwrap();
    let other_key = hash_policy(&judged, &read.keys).unwrap();
    std::fs::write(&policy, text + "#").unwrap();
    let other_policy = hash_policy(&judged, &read.keys).unwrap();
    assert!(other_key != read.hash && other_policy != other_key && other_policy != read.hash);
    std::fs::remove_file(&key).unwrap();
    assert!(hash_policy(&judged, &read.keys).is_err());
    let judged = Judged { policy: Vec::new(), keys: vec![PathBuf::from("testdata/quickstart")], ..judged };
    assert!(read_policy(&judged, now()).is_err(), "an export is no key");
    let judged = Judged { keys: vec![PathBuf::from("testdata/quickstart/keyring.asc")], ..judged };
    let read = read_policy(&judged, now()).unwrap();
    assert_eq!(hash_policy(&judged, &read.keys), Ok(read.hash));
}

#[test]
fn names_of_rules_are_a_label_of_so_many_values_and_no_more() {
    let metrics = Metrics::new().unwrap();
    let names: Vec<_> = (0..1000).map(|number| metrics.known(&format!("rule-{number}"))).collect();
    assert_eq!(names.iter().filter(|name| *name == "other").count(), 800);
    assert_eq!(metrics.known("rule-7"), "rule-7");
}
