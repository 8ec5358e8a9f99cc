//! What is answered when nothing goes wrong.

use std::fs;

use axum::body::Body;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Authority, Client, NAME, Server, allowed, folder, json_request, review};

#[tokio::test]
async fn every_request_of_the_corpus_is_answered_over_tls() {
    let server = Server::start(&[]);
    let mut session = server.client().session().await.unwrap();
    let table: Value = serde_json::from_slice(&fs::read("testdata/admission/cases.json").unwrap()).unwrap();
    for case in table["cases"].as_array().unwrap() {
        let (file, hook) = (case["file"].as_str().unwrap(), case["hook"].as_str().unwrap());
        if case["reason"] == "exempted" {
            continue; // the one that depends on the day
        }
        let body = fs::read(format!("testdata/admission/{file}")).unwrap();
        let answer = session.send(json_request(&format!("/{hook}?timeout=10s"), body)).await.unwrap();
        let ruling = case["ruling"].as_str().unwrap();
        let never_denies = ["warn", "audit"].contains(&hook);
        let wanted = match ruling {
            "allowed" => (StatusCode::OK, Some(true)),
            "denied" => (StatusCode::OK, Some(never_denies)),
            "undecided" => (StatusCode::INTERNAL_SERVER_ERROR, None),
            _ => (StatusCode::BAD_REQUEST, None),
        };
        assert_eq!((answer.0, allowed(&answer)), wanted, "{file}: {}", answer.1);
    }
}

#[tokio::test]
async fn http2_is_spoken_as_api_servers_do() {
    let server = Server::start(&[]);
    let answer = server.client().post_http2("/validate", review("pod.signed")).await.unwrap();
    assert_eq!(allowed(&answer), Some(true));
    let answer = server.client().post_http2("/validate", review("pod.signed-by-attacker")).await.unwrap();
    assert_eq!(allowed(&answer), Some(false));
}

#[tokio::test]
async fn other_controllers_are_answered() {
    let server = Server::start(&[]);
    let client = server.client();
    let question = json!({ "namespace": "shop", "images": ["docker.io/library/busybox:1", "busybox"] });
    let (status, body) = client.post("/v1/verify", question.to_string()).await.unwrap();
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&answer["results"][0]["allowed"], &answer["results"][1]["allowed"]), (&json!(true), &json!(false)));
    let question = json!({
        "apiVersion": "externaldata.gatekeeper.sh/v1beta1", "kind": "ProviderRequest", "request": { "keys": ["busybox"] },
    });
    let (status, body) = client.post("/gatekeeper/v1/verify", question.to_string()).await.unwrap();
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["kind"]), (StatusCode::OK, &json!("ProviderResponse")));
    for path in ["/v1/verify", "/gatekeeper/v1/verify"] {
        assert_eq!(client.post(path, "{}").await.unwrap().0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn health_and_metrics_are_told_in_plain_text_only() {
    let server = Server::start(&[]);
    let client = server.client();
    for (file, hook) in [("pod.signed", "validate"), ("pod.signed-by-attacker", "validate"), ("bypass.dry-run", "warn")]
    {
        client.post(&format!("/{hook}"), review(file)).await.unwrap();
    }
    assert_eq!(server.plain("/livez").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(server.plain("/readyz").await.0, StatusCode::OK);
    let (_, verbose) = server.plain("/readyz?verbose").await;
    for check in ["[+]not-draining ok", "[+]tls-certificate ok", "[+]policy ok: generation 1", "readyz check passed"] {
        assert!(verbose.contains(check), "{verbose}");
    }
    assert!(server.plain("/version").await.1.contains(env!("CARGO_PKG_VERSION")));
    let (_, metrics) = server.plain("/metrics").await;
    for line in [
        r#"vidimus_admission_requests_total{dry_run="false",hook="validate",operation="CREATE",ruling="allowed"} 1"#,
        r#"vidimus_admission_requests_total{dry_run="false",hook="validate",operation="CREATE",ruling="denied"} 1"#,
        r#"vidimus_admission_requests_total{dry_run="true",hook="warn",operation="CREATE",ruling="denied"} 1"#,
        r#"vidimus_image_decisions_total{effect="deny",reason="unknown-key",rule="shop"} 2"#,
        r#"vidimus_request_duration_seconds_count{path="validate"} 2"#,
        "vidimus_generation 1",
        "vidimus_images 4",
        "vidimus_inflight 0",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    for secret in ["registry.example.com", "sha256:", "705ab4f5"] {
        assert!(!metrics.contains(secret), "a requester's text is a label: {metrics}");
    }
    for path in ["/metrics", "/readyz"] {
        let mut session = client.session().await.unwrap();
        let request = Request::get(path).header("host", NAME).body(Body::empty()).unwrap();
        assert_eq!(session.send(request).await.unwrap().0, StatusCode::NOT_FOUND);
    }
    assert_eq!(server.plain("/validate").await.0, StatusCode::NOT_FOUND);
    let event = server.logged(&["decided", "unknown-key", "validate"]);
    assert_eq!((&event["ruling"], &event["namespace"]), (&json!("denied"), &json!("shop")));
}

#[tokio::test]
async fn images_of_streams_are_served_to_whoever_has_the_token() {
    let server = Server::start(&["--read-token=FOLDER/token"]);
    let client = server.client();
    let export: Value = serde_json::from_slice(&fs::read("testdata/admission/export.json").unwrap()).unwrap();
    let digest = export["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
    let get = async |path: &str, token: Option<&str>| {
        let mut session = client.session().await.unwrap();
        let mut request = Request::get(format!("/apis/image.openshift.io/v1/namespaces/{path}")).header("host", NAME);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let (status, body) = session.send(request.body(Body::empty()).unwrap()).await.unwrap();
        (status, serde_json::from_str::<Value>(&body).unwrap(), body)
    };
    let path = format!("shop/imagestreamimages/frontend@{digest}");
    for token in [None, Some("Bearer other"), Some("Bearer "), Some("s3cret"), Some("Basic s3cret")] {
        let (status, object, _) = get(&path, token).await;
        assert_eq!(
            (status, &object["kind"], &object["code"]),
            (StatusCode::UNAUTHORIZED, &json!("Status"), &json!(401))
        );
    }
    let token = Some("Bearer s3cret");
    let (status, object, compact) = get(&path, token).await;
    assert_eq!((status, &object["kind"]), (StatusCode::OK, &json!("ImageStreamImage")));
    assert_eq!(object["apiVersion"], "image.openshift.io/v1");
    assert_eq!(
        (&object["metadata"]["name"], &object["metadata"]["namespace"]),
        (&json!(format!("frontend@{digest}")), &json!("shop"))
    );
    let signature = &object["image"]["signatures"][0];
    assert_eq!(signature["conditions"][0]["type"], "Complete");
    assert_eq!(signature["conditions"][0]["status"], "True");
    assert_eq!(signature["imageIdentity"], "registry.example.com/shop/frontend:1.0.0");
    assert_eq!(object["image"]["dockerImageMetadata"]["Architecture"], "amd64", "the whole object is served");
    let (_, pretty, text) = get(&format!("{path}?pretty=true"), token).await;
    assert!(text.contains("\n    \"kind\"") && !compact.contains('\n'));
    assert_eq!(pretty["image"]["metadata"], object["image"]["metadata"]);
    for other in [
        format!("shop/imagestreamimages/other@{digest}"),
        format!("other/imagestreamimages/frontend@{digest}"),
        "shop/imagestreamimages/frontend".to_owned(),
        format!("shop/imagestreamimages/frontend@sha256:{}", "0".repeat(64)),
        "shop/imagestreamimages/..%2f..%2fetc".to_owned(),
    ] {
        let (status, object, _) = get(&other, token).await;
        assert_eq!((status, &object["reason"]), (StatusCode::NOT_FOUND, &json!("NotFound")), "{other}");
    }
}

#[tokio::test]
async fn without_a_token_file_nobody_reads_images() {
    let server = Server::start(&[]);
    let mut session = server.client().session().await.unwrap();
    let path = "/apis/image.openshift.io/v1/namespaces/shop/imagestreamimages/frontend@sha256:0";
    let request =
        Request::get(path).header("host", NAME).header("authorization", "Bearer ").body(Body::empty()).unwrap();
    assert_eq!(session.send(request).await.unwrap().0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_clients_with_the_name_of_the_api_server_are_heard() {
    let (authority, other) = (Authority::new(), Authority::new());
    let folder = folder(&authority);
    fs::write(folder.path().join("clients.crt"), &authority.pem).unwrap();
    let named = ["--client-ca=FOLDER/clients.crt", "--client-name=kube-apiserver", "--client-name=api.example.com"];
    let server = Server::start_in(authority, folder, &named);
    let ask = async |own: Option<(String, String)>| {
        let client = Client::new(server.address, &server.authority, own);
        client.post("/validate", review("pod.signed")).await.map(|answer| allowed(&answer))
    };
    let issue = |name: &str, names: &[&str]| Some(server.authority.issue(name, names, 2100));
    assert_eq!(ask(issue("kube-apiserver", &[])).await, Ok(Some(true)));
    assert_eq!(ask(issue("other", &["api.example.com"])).await, Ok(Some(true)));
    assert!(ask(issue("other", &["other.example.com"])).await.is_err());
    assert!(ask(issue("kube-apiserver.evil.example", &[])).await.is_err());
    assert!(ask(None).await.is_err());
    assert!(ask(Some(other.issue("kube-apiserver", &[], 2100))).await.is_err());
    assert!(ask(Some(server.authority.issue("kube-apiserver", &[], 2021))).await.is_err());
}
