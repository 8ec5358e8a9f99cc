//! The targets: what is tried on any input, and what must hold. Broken is a law where something panics.

pub(crate) mod decision;
mod documents;
pub(crate) mod laws;
mod layouts;
mod objects;
mod policies;
mod requests;
mod signatures;
pub(crate) mod testdata;
mod words;

/// Something to try inputs on.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its folders.
    pub name: &'static str,
    /// Tries one input; panics where a law is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The longest input that is worth a try, in bytes: longer ones are slow and reach nothing else.
    pub longest: usize,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "claims", run: documents::claims, seeds: documents::claims_seeds, longest: 2 << 10 },
    Target { name: "decision", run: decision::decision, seeds: decision::seeds, longest: 512 },
    Target { name: "digest", run: words::digest, seeds: words::digest_seeds, longest: 256 },
    Target { name: "export", run: objects::export, seeds: objects::export_seeds, longest: 16 << 10 },
    Target { name: "inflate", run: signatures::inflate, seeds: signatures::inflate_seeds, longest: 4 << 10 },
    Target { name: "keyring", run: signatures::keyring, seeds: signatures::keyring_seeds, longest: 8 << 10 },
    Target { name: "layout", run: layouts::layout, seeds: layouts::layout_seeds, longest: 16 << 10 },
    Target { name: "manifest", run: layouts::manifest, seeds: layouts::manifest_seeds, longest: 4 << 10 },
    Target { name: "object_json", run: objects::json, seeds: objects::json_seeds, longest: 16 << 10 },
    Target { name: "object_yaml", run: objects::yaml, seeds: objects::yaml_seeds, longest: 8 << 10 },
    Target { name: "openpgp", run: signatures::openpgp, seeds: signatures::openpgp_seeds, longest: 4 << 10 },
    Target { name: "policy_containers", run: policies::policy, seeds: policies::containers_seeds, longest: 4 << 10 },
    Target { name: "policy_images", run: policies::policy, seeds: policies::images_seeds, longest: 8 << 10 },
    Target { name: "policy_vidimus", run: policies::policy, seeds: policies::vidimus_seeds, longest: 4 << 10 },
    Target { name: "provider", run: requests::provider, seeds: requests::provider_seeds, longest: 1 << 10 },
    Target { name: "reference", run: words::reference, seeds: words::reference_seeds, longest: 512 },
    Target { name: "report", run: documents::report, seeds: documents::report_seeds, longest: 8 << 10 },
    Target { name: "review", run: requests::review, seeds: requests::review_seeds, longest: 8 << 10 },
    Target { name: "sigstore", run: signatures::sigstore, seeds: signatures::sigstore_seeds, longest: 4 << 10 },
];
