//! What the core does not use.

/// Paths that the core does not name, nor anything below them.
pub(super) const IMPURE_PATHS: &[(&str, &str)] = &[
    ("anstream", "standard output"),
    ("axum", "HTTP"),
    ("chrono::Local", "the machine's time zone"),
    ("clap", "the command line"),
    ("http_body_util", "HTTP"),
    ("hyper", "HTTP"),
    ("hyper_util", "HTTP"),
    ("prometheus", "counters that all share"),
    ("rustls", "TLS"),
    ("std::env", "the environment"),
    ("std::fs", "files"),
    ("std::io", "input and output"),
    ("std::net", "the network"),
    ("std::os", "the machine"),
    ("std::process", "processes"),
    ("std::thread", "threads"),
    ("std::time::Instant", "the clock"),
    ("std::time::SystemTime", "a type of time that can read the clock"),
    ("tempfile", "files"),
    ("tokio", "a runtime"),
    ("tokio_rustls", "TLS"),
    ("tracing", "a log"),
    ("tracing_subscriber", "a log"),
];

/// Imports that would hide which of the above is used.
pub(super) const OPAQUE_PATHS: &[&str] = &["chrono::*", "std", "std::*", "std::time", "std::time::*"];

/// The one exception: the OpenPGP library takes its times in this type.
pub(super) const SYSTEM_TIME: &str = "std::time::SystemTime";

/// Macros and keywords that the core does not use.
pub(super) const IMPURE_WORDS: &[(&[&str], &str)] = &[
    (&["async"], "async code"),
    (&["await"], "async code"),
    (&["dbg", "!"], "standard error"),
    (&["eprint", "!"], "standard error"),
    (&["eprintln", "!"], "standard error"),
    (&["lazy_static", "!"], "a hidden static"),
    (&["print", "!"], "standard output"),
    (&["println", "!"], "standard output"),
    (&["static", "mut"], "a mutable static"),
    (&["thread_local", "!"], "a hidden static"),
    (&["unsafe"], "unsafe code"),
];

/// Types through which a static changes.
pub(super) const INTERIOR_MUTABILITY: &[&str] =
    &["Atomic", "Cell", "Lazy", "Mutex", "Once", "RefCell", "RwLock", "UnsafeCell"];
