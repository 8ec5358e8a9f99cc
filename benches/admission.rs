//! Requests a second to the server, over loopback and TLS, next to a request that needs no signature in the same run, and
//! to the bare public-key operation of the signature in the others.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    dead_code,
    reason = "a benchmark that stops at the first surprise, with the client of the tests"
)]

mod bare;
#[path = "export/signer.rs"]
mod signer;
#[path = "../tests/server/support.rs"]
mod support;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::Cert;
use sequoia_openpgp::parse::Parse as _;
use serde_json::{Value, json};

use bare::Bare;
use signer::{CERTIFICATE, Signer};
use support::{Authority, Server, allowed, folder, json_request, review};

/// Clients that ask at the same time.
const CLIENTS: usize = 8;

/// Processors that client and server share.
const THREADS: usize = 2;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let time = Duration::from_millis(if is_test { 100 } else { 5000 });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build().unwrap();
    runtime.block_on(run(time));
}

async fn run(time: Duration) {
    let server = server();
    let one = review("pod.signed");
    let constant = review("update.labels");
    let mut many: Value = serde_json::from_slice(&one).unwrap();
    // Ten spellings of an image: each is judged by itself.
    let containers: Vec<_> = (0..10)
        .map(|number| json!({ "name": format!("c{number}"), "image": image(&export(), 1).replace('@', &format!(":t{number}@")) }))
        .collect();
    many["request"]["object"]["spec"]["containers"] = containers.into();
    let many = many.to_string().into_bytes();

    println!(
        "| request | requests/s | p50 | p99 | CPU of the server | memory |\n| --- | --- | --- | --- | --- | --- |"
    );
    let (mut rates, mut works) = (Vec::new(), Vec::new());
    for (name, body) in [("constant", constant), ("one image", one), ("ten images with five signatures each", many)] {
        // Once to warm up.
        load(&server, &body, time / 10, None).await;
        let full = load(&server, &body, time, None).await;
        full.tell(name, &server);
        load(&server, &body, time, Some(full.rate / 2.0)).await.tell(&format!("{name}, at half that load"), &server);
        rates.push(full.rate);
        works.push(full.work.as_secs_f64());
    }
    let bare = bare_operation(time / 10);
    let seconds = bare.as_secs_f64();
    println!("\nthe bare operation, on {THREADS} threads at a time: {bare:.1?}");
    println!("one image to constant, in requests/s, the clients on the same processors:");
    let without = 1.0 / (1.0 / rates[1] - seconds / THREADS as f64);
    println!("  {:.2}, without the bare operation {:.2}", rates[1] / rates[0], without / rates[0]);
    println!("one image to constant, in requests for a second of the server's CPU:");
    println!("  {:.2}, without the bare operation {:.2}", works[0] / works[1], works[0] / (works[1] - seconds));
}

fn export() -> Value {
    serde_json::from_slice(&fs::read("testdata/admission/export.json").unwrap()).unwrap()
}

/// The reference of an image of the export.
fn image(export: &Value, place: usize) -> String {
    export["items"][place]["dockerImageReference"].as_str().unwrap().to_owned()
}

/// A server that knows the export of the test data, in which the second image has five signatures, for as many tags.
fn server() -> Server {
    let signer = Signer::new();
    let mut export = export();
    let reference = image(&export, 1);
    let (repository, digest) = reference.split_once('@').unwrap();
    let record = |number: usize| {
        let payload = json!({
            "critical": {
                "identity": { "docker-reference": format!("{repository}:{number}") },
                "image": { "docker-manifest-digest": digest },
                "type": "atomic container signature",
            },
            "optional": {},
        });
        let content = STANDARD.encode(signer.message(&payload.to_string()));
        json!({ "type": "atomic", "metadata": { "name": format!("{digest}@{number}") }, "content": content })
    };
    export["items"][1]["signatures"] = (0..5).map(record).collect();
    let authority = Authority::new();
    let folder = folder(&authority);
    fs::write(folder.path().join("admission/export.json"), export.to_string()).unwrap();
    Server::start_in(authority, folder, &[])
}

/// How long the public-key operation of a signature takes while all processors are at it.
fn bare_operation(time: Duration) -> Duration {
    let message = Signer::new().message("{}");
    let certificate = Cert::from_bytes(CERTIFICATE).unwrap();
    let bare = &Bare::new(certificate.primary_key().key().mpis(), &message);
    let count = || {
        let (started, mut times) = (Instant::now(), 0_u32);
        while started.elapsed() < time {
            bare.verify();
            times += 1;
        }
        started.elapsed() / times
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
    })
}

/// What came of a load.
struct Load {
    /// Requests a second.
    rate: f64,
    p50: Duration,
    p99: Duration,
    /// The server's CPU time for a request.
    work: Duration,
}

impl Load {
    fn tell(&self, name: &str, server: &Server) {
        let Self { rate, p50, p99, work } = self;
        println!("| {name} | {rate:.0} | {p50:.1?} | {p99:.1?} | {work:.1?} | {} KiB |", server.memory());
    }
}

/// Has all clients ask for some time, as often as they can or at a rate.
async fn load(server: &Server, body: &[u8], time: Duration, rate: Option<f64>) -> Load {
    let body: Arc<[u8]> = body.into();
    let (started, worked) = (Instant::now(), server.work());
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (client, body) = (server.client(), Arc::clone(&body));
            tokio::spawn(async move {
                let mut session = client.session().await.unwrap();
                let mut times = Vec::new();
                let every = rate.map(|rate| Duration::from_secs_f64(CLIENTS as f64 / rate));
                // Evenly apart, and not all at once.
                let mut next = started + every.unwrap_or_default() * number as u32 / CLIENTS as u32;
                // Once at least.
                while times.is_empty() || started.elapsed() < time {
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
    let work = (server.work() - worked) / times.len() as u32;
    Load { rate, p50: times[times.len() / 2], p99: times[times.len() * 99 / 100], work }
}

impl Server {
    /// The CPU time that the process has taken.
    fn work(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // In hundredths of a second: the 14th and the 15th field, of which the second may have spaces.
        let fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
        fields.skip(12).take(2).map(|ticks| Duration::from_millis(ticks.parse::<u64>().unwrap_or_default() * 10)).sum()
    }

    /// The memory of the process, in kibibytes.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or_default()
    }
}
