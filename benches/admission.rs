//! Requests a second to the server, over loopback and TLS, next to a request that needs no signature in the same run.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "a benchmark that stops at the first surprise, with the client of the tests"
)]

#[path = "../tests/server/support.rs"]
mod support;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::{Server, allowed, json_request, review};

/// Clients that ask at the same time.
const CLIENTS: usize = 8;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let time = Duration::from_millis(if is_test { 100 } else { 5000 });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(time));
}

async fn run(time: Duration) {
    let server = Server::start(&[]);
    let one = review("pod.signed");
    let constant = review("update.labels");
    let mut many: Value = serde_json::from_slice(&one).unwrap();
    let image = many["request"]["object"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned();
    // Ten spellings of one image: each is judged by itself.
    let containers: Vec<_> = (0..10)
        .map(|number| json!({ "name": format!("c{number}"), "image": image.replace('@', &format!(":t{number}@")) }))
        .collect();
    many["request"]["object"]["spec"]["containers"] = containers.into();
    let many = many.to_string().into_bytes();

    println!("| request | requests/s | p50 | p99 | memory |\n| --- | --- | --- | --- | --- |");
    let mut rates = Vec::new();
    for (name, body) in [("constant", constant), ("one image", one), ("ten images", many)] {
        // Once to warm up.
        load(&server, &body, time / 10, None).await;
        let (rate, p50, p99) = load(&server, &body, time, None).await;
        tell(name, &server, rate, p50, p99);
        let (half, p50, p99) = load(&server, &body, time, Some(rate / 2.0)).await;
        tell(&format!("{name}, at half that load"), &server, half, p50, p99);
        rates.push(rate);
    }
    println!("\none image / constant: {:.2}", rates[1] / rates[0]);
}

fn tell(name: &str, server: &Server, rate: f64, p50: Duration, p99: Duration) {
    println!("| {name} | {rate:.0} | {p50:.1?} | {p99:.1?} | {} KiB |", server.memory());
}

/// Has all clients ask for some time, as often as they can or at a rate; the rate, the median and the 99th percentile.
async fn load(server: &Server, body: &[u8], time: Duration, rate: Option<f64>) -> (f64, Duration, Duration) {
    let body: Arc<[u8]> = body.into();
    let started = Instant::now();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (client, body) = (server.client(), Arc::clone(&body));
            tokio::spawn(async move {
                let mut session = client.session().await.unwrap();
                let mut times = Vec::new();
                let every = rate.map(|rate| Duration::from_secs_f64(CLIENTS as f64 / rate));
                let mut next = Instant::now();
                while started.elapsed() < time {
                    if let Some(every) = every {
                        tokio::time::sleep_until(next.into()).await;
                        next += every;
                    }
                    let asked = Instant::now();
                    let answer = session.send(json_request("/validate?timeout=10s", body.to_vec())).await.unwrap();
                    times.push(asked.elapsed());
                    assert_eq!(allowed(&answer), Some(true), "{}", answer.1);
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort();
    (rate, times[times.len() / 2], times[times.len() * 99 / 100])
}

impl Server {
    /// The memory of the process, in kibibytes.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or_default()
    }
}
