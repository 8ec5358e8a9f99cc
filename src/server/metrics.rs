//! What is counted. Every label has a closed set of values: nothing that a requester writes becomes one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{
    Encoder as _, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use crate::admission::{Answer, Hook, Operation};
use crate::server::state::now;
use crate::verifier::Verifier;

/// The most values that the labels `rule` and `key` have; what is beyond goes under `other`, or is left out.
const NAMES: usize = 200;

/// Upper ends of the buckets of durations, in seconds.
const BUCKETS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// The counters of a server.
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    duration: HistogramVec,
    decisions: IntCounterVec,
    exemptions: IntCounter,
    pub(super) shed: IntCounterVec,
    pub(super) panics: IntCounter,
    pub(super) refused_connections: IntCounterVec,
    pub(super) inflight: IntGauge,
    pub(super) connections: IntGauge,
    pub(super) generation: IntGauge,
    pub(super) images: IntGauge,
    pub(super) bad_items: IntGauge,
    reloads: IntCounterVec,
    reloaded: IntGaugeVec,
    key_ends: GaugeVec,
    pub(super) certificate_ends: IntGauge,
    rules: Mutex<BTreeSet<String>>,
}

impl Metrics {
    pub(super) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let duration = HistogramOpts::new("vidimus_request_duration_seconds", "Time from a request to its answer.");
        let duration = HistogramVec::new(duration.buckets(BUCKETS.to_vec()), &["path"])?;
        registry.register(Box::new(duration.clone()))?;
        let reloaded =
            Opts::new("vidimus_reload_last_success_timestamp_seconds", "When a change last came into force.");
        let reloaded = IntGaugeVec::new(reloaded, &["what"])?;
        registry.register(Box::new(reloaded.clone()))?;
        let key_ends = Opts::new("vidimus_key_not_after_timestamp_seconds", "When a trusted key expires.");
        let key_ends = GaugeVec::new(key_ends, &["key"])?;
        registry.register(Box::new(key_ends.clone()))?;
        let build = IntGaugeVec::new(Opts::new("vidimus_build_info", "The version that runs."), &["version"])?;
        registry.register(Box::new(build.clone()))?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Self {
            requests: counters(
                "vidimus_admission_requests_total",
                "Admission requests by what came of them.",
                &["hook", "operation", "ruling", "dry_run"],
            )?,
            decisions: counters(
                "vidimus_image_decisions_total",
                "Images of admission requests by rule and reason.",
                &["rule", "effect", "reason"],
            )?,
            exemptions: counter("vidimus_exemptions_used_total", "Images that were allowed by an exemption.")?,
            shed: counters("vidimus_shed_total", "Requests without an answer, by why.", &["reason"])?,
            panics: counter("vidimus_panics_total", "Requests in which the program failed.")?,
            refused_connections: counters("vidimus_refused_connections_total", "Connections by why not.", &["reason"])?,
            inflight: gauge("vidimus_inflight", "Requests that are answered or wait for it.")?,
            connections: gauge("vidimus_connections", "Open connections over TLS.")?,
            generation: gauge("vidimus_generation", "Changes of policy, keys or images that came into force.")?,
            images: gauge("vidimus_images", "Images that are known.")?,
            bad_items: gauge("vidimus_export_items_bad", "Items of exports that could not be read.")?,
            reloads: counters("vidimus_reloads_total", "Changes of files, by what came of them.", &["what", "result"])?,
            certificate_ends: gauge(
                "vidimus_tls_certificate_not_after_timestamp_seconds",
                "When the certificate of the server expires.",
            )?,
            duration,
            reloaded,
            key_ends,
            registry,
            rules: Mutex::default(),
        })
    }

    /// Counts an answer to an API server.
    pub(super) fn answered(&self, hook: Hook, operation: Operation, dry_run: bool, answer: &Answer) {
        let dry_run = if dry_run { "true" } else { "false" };
        let labels = [hook.as_str(), operation.as_str(), answer.ruling().as_str(), dry_run];
        self.requests.with_label_values(&labels).inc();
        for image in answer.images() {
            let judgement = image.judgement();
            let decision = judgement.verdict().map(|verdict| verdict.decision());
            let rule = decision.and_then(|decision| decision.rule()).map_or("none".to_owned(), |rule| {
                let name = if rule.name().is_empty() { rule.pointer() } else { rule.name() };
                self.known(name)
            });
            let effect = judgement.effect().to_string().to_lowercase();
            self.decisions.with_label_values(&[rule.as_str(), &effect, judgement.reason().as_str()]).inc();
            if decision.is_some_and(|decision| decision.exemption().is_some()) {
                self.exemptions.inc();
            }
        }
    }

    /// Counts an admission request that got no answer, for a reason of a closed list.
    pub(super) fn unanswered(&self, reason: &'static str) {
        self.shed.with_label_values(&[reason]).inc();
    }

    pub(super) fn took(&self, path: &'static str, time: Duration) {
        self.duration.with_label_values(&[path]).observe(time.as_secs_f64());
    }

    pub(super) fn reloaded(&self, what: &'static str, result: &'static str) {
        self.reloads.with_label_values(&[what, result]).inc();
        if result == "ok" {
            self.reloaded.with_label_values(&[what]).set(now().timestamp());
        }
    }

    /// Says when the keys of a policy expire.
    pub(super) fn keys(&self, verifier: &Verifier) {
        self.key_ends.reset();
        let certificates = verifier.trust().certificates(now());
        let keys = certificates.iter().flat_map(|certificate| &certificate.keys);
        let ends = keys.filter_map(|key| Some((key.fingerprint.to_string(), key.expires?)));
        for (key, expires) in ends.take(NAMES) {
            let seconds = i32::try_from(expires.timestamp()).map_or(f64::INFINITY, f64::from);
            self.key_ends.with_label_values(&[key.as_str()]).set(seconds);
        }
    }

    /// Everything, in the text format of Prometheus.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        text
    }

    /// The name of a rule, as long as there are not too many.
    pub(super) fn known(&self, name: &str) -> String {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if rules.contains(name) || (rules.len() < NAMES && rules.insert(name.to_owned())) {
            return name.to_owned();
        }
        "other".to_owned()
    }
}
