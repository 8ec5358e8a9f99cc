//! Requests and clients that mean no good.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use hyper::body::{Body as HttpBody, Bytes, Frame};
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{NAME, Server, allowed, json_request, review};

/// A body of which the beginning comes, and nothing more.
fn stalled() -> Body {
    Body::new(Stalled(false))
}

struct Stalled(bool);

impl HttpBody for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Nobody is woken for what does not come.
        if std::mem::replace(&mut self.0, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"{")))))
    }
}

#[tokio::test]
async fn what_is_no_review_is_refused_and_the_server_goes_on() {
    let server = Server::start(&[]);
    let client = server.client();
    let good = review("pod.signed");
    let large = vec![b' '; (8 << 20) + 1];
    let deep = "[".repeat(4 << 20);
    for (name, body, status) in [
        ("empty", Vec::new(), StatusCode::BAD_REQUEST),
        ("cut off", good[..good.len() / 2].to_vec(), StatusCode::BAD_REQUEST),
        ("two reviews", [good.clone(), good.clone()].concat(), StatusCode::BAD_REQUEST),
        ("not UTF-8", b"{\"apiVersion\": \"\xff\"}".to_vec(), StatusCode::BAD_REQUEST),
        ("deep", deep.into_bytes(), StatusCode::BAD_REQUEST),
        ("nulls", vec![0; 100], StatusCode::BAD_REQUEST),
        ("large", large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        for hook in ["/validate", "/mutate", "/warn", "/audit"] {
            match client.post(hook, body.clone()).await {
                Ok(answer) => assert_eq!((answer.0, allowed(&answer)), (status, None), "{name}: {}", answer.1),
                // A server that does not want the rest of a body may close before it came.
                Err(_) => assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{name}"),
            }
        }
    }
    let answer = client.post("/validate", good).await.unwrap();
    assert_eq!(allowed(&answer), Some(true));
}

#[tokio::test]
async fn only_json_is_taken_and_only_by_post() {
    let server = Server::start(&[]);
    let client = server.client();
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/yaml"),
        ("content-type", "application/json-patch+json"),
        ("content-encoding", "gzip"),
    ] {
        let mut request = json_request("/validate", review("pod.signed"));
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = client.session().await.unwrap().send(request).await.unwrap();
        assert_eq!((answer.0, allowed(&answer)), (StatusCode::UNSUPPORTED_MEDIA_TYPE, None), "{name}: {value}");
    }
    let mut request = json_request("/validate", review("pod.signed"));
    request.headers_mut().insert("content-type", "Application/JSON; charset=utf-8".parse().unwrap());
    assert_eq!(allowed(&client.session().await.unwrap().send(request).await.unwrap()), Some(true));
    let mut session = client.session().await.unwrap();
    let request = Request::get("/validate").header("host", NAME).body(Body::empty()).unwrap();
    assert_eq!(session.send(request).await.unwrap().0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(client.post("/nowhere", review("pod.signed")).await.unwrap().0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_older_than_tls_1_3_is_spoken() {
    let server = Server::start(&[]);
    assert!(server.client().connect_by(&rustls::version::TLS13).await.is_ok());
    assert!(server.client().connect_by(&rustls::version::TLS12).await.is_err());
}

#[tokio::test]
async fn ten_thousand_containers_are_denied() {
    let server = Server::start(&[]);
    let mut request: Value = serde_json::from_slice(&review("pod.signed")).unwrap();
    let image = request["request"]["object"]["spec"]["containers"][0]["image"].clone();
    let containers: Vec<_> =
        (0..10_000).map(|number| json!({ "name": format!("c{number}"), "image": image })).collect();
    request["request"]["object"]["spec"]["containers"] = containers.into();
    let started = Instant::now();
    let answer = server.client().post("/validate", request.to_string()).await.unwrap();
    assert_eq!(allowed(&answer), Some(false));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(&[]);
    let started = Instant::now();
    let answer = server.client().post("/validate?timeout=1s", stalled()).await.unwrap();
    assert_eq!(answer.0, StatusCode::REQUEST_TIMEOUT);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn clients_that_say_nothing_are_cut_off() {
    let server = Server::start(&[]);
    // No handshake; a handshake and nothing else; a head that comes a byte a second; the same in plain text.
    // Whether the other side says why before it closes is its own affair.
    let cut = |mut silent: TcpStream| async move {
        timeout(Duration::from_secs(60), silent.read_to_end(&mut Vec::new())).await.map(drop)
    };
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut idle = server.client().connect(b"http/1.1").await.unwrap();
    let mut slow = server.client().connect(b"http/1.1").await.unwrap();
    let plain = TcpStream::connect(server.plain).await.unwrap();
    let slow = async move {
        for byte in b"POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" {
            if slow.write_all(&[*byte]).await.is_err() || slow.flush().await.is_err() {
                return Ok(0);
            }
            let mut answer = [0; 512];
            match timeout(Duration::from_secs(1), slow.read(&mut answer)).await {
                Err(_) => {}
                Ok(read) => return Ok(read.unwrap_or(0)),
            }
        }
        Err(())
    };
    let idle = async move { timeout(Duration::from_secs(60), idle.read_to_end(&mut Vec::new())).await.map(drop) };
    let (silent, idle, slow, plain) = tokio::join!(cut(silent), idle, slow, cut(plain));
    assert!(silent.is_ok(), "without a handshake");
    assert!(idle.is_ok(), "without a request");
    assert!(slow.is_ok(), "a slow head");
    assert!(plain.is_ok(), "in plain text");
    assert_eq!(allowed(&server.client().post("/validate", review("pod.signed")).await.unwrap()), Some(true));
}

#[tokio::test]
async fn whoever_sends_nothing_keeps_nobody_out() {
    let server = Server::start(&["--max-requests=2", "--workers=1"]);
    let client = server.client();
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.post("/validate?timeout=3s", stalled()).await })
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(allowed(&client.post("/validate", review("pod.signed")).await.unwrap()), Some(true));
    }
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap().0, StatusCode::REQUEST_TIMEOUT);
    }
    let (_, metrics) = server.plain("/metrics").await;
    assert!(metrics.contains(r#"vidimus_shed_total{reason="slow-body"} 40"#), "{metrics}");
}

/// Has 40 clients ask 20 times each, with so many bytes more in each request, and tells how many were answered. All
/// others were turned away.
async fn crowd(server: &Server, padding: usize) -> usize {
    let asked: Vec<_> = (0..40)
        .map(|number| {
            let client = server.client();
            let (file, wanted) = if number % 2 == 0 { ("pod.signed", true) } else { ("bypass.annotations", false) };
            let mut request: Value = serde_json::from_slice(&review(file)).unwrap();
            request["request"]["object"]["metadata"]["annotations"]["padding"] = "x".repeat(padding).into();
            tokio::spawn(async move {
                let mut session = client.session().await.unwrap();
                let mut answered = 0;
                for _ in 0..20 {
                    let answer = session.send(json_request("/validate", request.to_string())).await.unwrap();
                    match allowed(&answer) {
                        Some(allowed) => {
                            assert_eq!(allowed, wanted, "{file}");
                            answered += 1;
                        }
                        None => assert_eq!(answer.0, StatusCode::SERVICE_UNAVAILABLE),
                    }
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for asked in asked {
        answered += asked.await.unwrap();
    }
    answered
}

#[tokio::test]
async fn under_overload_every_request_is_answered_rightly_or_turned_away() {
    let server = Server::start(&["--max-requests=4", "--workers=1"]);
    // Large enough to be computed on a thread of their own, for which they wait.
    let answered = crowd(&server, 70_000).await;
    assert!(answered > 0 && answered < 800, "{answered} of 800 were answered");
    let (_, metrics) = server.plain("/metrics").await;
    assert!(metrics.contains(&format!(r#"vidimus_shed_total{{reason="overloaded"}} {}"#, 800 - answered)), "{metrics}");
    let answer = server.client().post("/validate", review("pod.signed")).await.unwrap();
    assert_eq!(allowed(&answer), Some(true));
}

#[tokio::test]
async fn small_requests_wait_for_their_turn_to_be_read() {
    let server = Server::start(&["--max-requests=4", "--workers=1"]);
    assert_eq!(crowd(&server, 0).await, 800);
}

#[tokio::test]
async fn without_time_there_is_no_answer() {
    let server = Server::start(&[]);
    let asked = server.client().post("/validate?timeout=1ns", review("pod.signed")).await;
    // The server may close before the body has come, as it does not want it any more.
    assert_eq!(asked.ok().as_ref().and_then(allowed), None);
    let (_, metrics) = server.plain("/metrics").await;
    assert!(metrics.contains("vidimus_shed_total{") && !metrics.contains("ruling=\"allowed\""), "{metrics}");
}

#[tokio::test]
async fn more_connections_than_there_may_be_are_closed() {
    let server = Server::start(&["--max-connections=2"]);
    let client = server.client();
    let (first, second) = (client.session().await.unwrap(), client.session().await.unwrap());
    assert!(client.session().await.is_err());
    drop((first, second));
    let end = Instant::now() + Duration::from_secs(5);
    while client.session().await.is_err() {
        assert!(Instant::now() < end, "connections that are gone count still");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn clients_that_go_are_not_counted_for_ever() {
    let server = Server::start(&[]);
    let client = server.client();
    for _ in 0..20 {
        let asked = tokio::spawn({
            let client = client.clone();
            async move { client.post("/validate", stalled()).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        asked.abort();
    }
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let (_, metrics) = server.plain("/metrics").await;
        if metrics.contains("vidimus_inflight 0") && metrics.contains("vidimus_connections 0") {
            break;
        }
        assert!(Instant::now() < end, "{metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
