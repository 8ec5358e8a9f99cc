//! The web: the one file that opens sockets, and it does so only for addresses that were asked for.
//!
//! | what | rule |
//! | --- | --- |
//! | a redirect | followed within the same scheme, host and port, [`REDIRECTS_LIMIT`] times |
//! | an answer | 200 is content, 404 is none; anything else is an error |
//! | 429, 5xx, a connection that fails | tried again, [`TRIES`] times in all, within [`REQUEST_LIMIT`] |
//! | a host that failed [`FAILURES_LIMIT`] times running | is not asked again |
//! | a body | read up to the limit of who asks, and one byte more |
//!
//! As no redirect leads to another host, none leads from a public server to loopback or into a private network. Trusted
//! for TLS are the authorities that the machine trusts.

mod problem;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::crypto::aws_lc_rs;
use thiserror::Error;
use ureq::http::{Uri, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

pub use problem::HttpProblem;

/// How often a request is tried.
pub const TRIES: u32 = 3;

/// How long one request may take, all of its tries and redirects together.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(60);

/// How many redirects are followed.
pub const REDIRECTS_LIMIT: usize = 3;

/// How often running a host may fail before it is not asked again.
pub const FAILURES_LIMIT: u32 = 3;

/// How much of the headers of an answer is read.
const HEADERS_LIMIT: usize = 64 << 10;

/// How many ways to tell who asks are looked at.
const CHALLENGES_LIMIT: usize = 8;

/// The longest address.
const URL_LIMIT: usize = 4096;

/// An `http` or `https` address without user, query and fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Url(Uri);

impl Url {
    /// The address of what stands below this one.
    pub(super) fn join(&self, path: &str) -> Self {
        let base = self.0.path().trim_end_matches('/');
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = format!("{base}/{path}").parse().ok();
        Uri::from_parts(parts).map_or_else(|_| self.clone(), Self)
    }

    /// The address with parameters; names and values are escaped.
    pub(super) fn with_query(&self, parameters: &[(&str, &str)]) -> Self {
        let escaped = parameters.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
        let query = escaped.collect::<Vec<_>>().join("&");
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = format!("{}?{query}", self.0.path()).parse().ok();
        Uri::from_parts(parts).map_or_else(|_| self.clone(), Self)
    }

    /// Whether what is said there may be secret: over TLS, or on this machine.
    pub(super) fn is_private(&self) -> bool {
        self.0.scheme_str() == Some("https") || self.0.host().is_some_and(is_loopback)
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let port = self.0.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        format!("{scheme}://{}:{port}", self.0.host().unwrap_or_default().to_ascii_lowercase())
    }

    /// Where a redirect from here leads to.
    fn redirected(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            let mut parts = self.0.clone().into_parts();
            parts.path_and_query = Some(location.parse().ok()?);
            return Uri::from_parts(parts).ok().map(Self);
        }
        let uri: Uri = location.parse().ok()?;
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        (matches!(uri.scheme_str(), Some("http" | "https")) && plain).then_some(Self(uri))
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let wrong = || UrlError { text: text.chars().take(128).collect() };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let fits = matches!(uri.scheme_str(), Some("http" | "https"))
            && !authority.host().is_empty()
            && !authority.as_str().contains('@')
            && uri.query().is_none()
            && !text.contains('#')
            && text.len() <= URL_LIMIT;
        if fits { Ok(Self(uri)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a host is this machine by its name.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn escape(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}

/// Why a text is no address.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{text}` is no address: expected `https://HOST[:PORT][/PATH]`, without user, query and fragment")]
pub struct UrlError {
    text: String,
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Fetched {
    /// The first bytes: as many as were allowed, and one more that shows that there are more.
    pub(super) bytes: Vec<u8>,
    /// The server calls it a web page.
    pub(super) is_page: bool,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// The server wants to know who asks: what it says about how to tell.
    Challenge(Vec<String>),
    /// What was asked for.
    Content(Fetched),
    /// There is nothing.
    Nothing,
}

/// How patient a client is.
#[derive(Clone, Copy, Debug)]
struct Patience {
    request: Duration,
    connect: Duration,
    pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { request: REQUEST_LIMIT, connect: Duration::from_secs(10), pause: Duration::from_millis(500) }
    }
}

/// What asks servers; connections are kept for the next request.
pub(super) struct Client {
    agent: Agent,
    patience: Patience,
    /// How often running each host has failed.
    failures: BTreeMap<String, u32>,
}

impl Client {
    pub(super) fn new() -> Self {
        Self::with(Patience::default())
    }

    fn with(patience: Patience) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let roots: Vec<_> = found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .user_agent(concat!("vidimus/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(HEADERS_LIMIT)
            .timeout_connect(Some(patience.connect))
            .build();
        Self { agent: Agent::new_with_config(config), patience, failures: BTreeMap::new() }
    }

    /// Fetches what stands at `url`, up to `limit` bytes and one more; `None` if there is nothing.
    pub(super) fn get(&mut self, url: &Url, limit: usize) -> Result<Option<Fetched>, HttpProblem> {
        match self.ask(url, limit, None)? {
            Answer::Content(fetched) => Ok(Some(fetched)),
            Answer::Nothing => Ok(None),
            Answer::Challenge(_) => Err(HttpProblem::Status { status: 401 }),
        }
    }

    /// Asks for what stands at `url`, with the header that says who asks. No other host gets to see it.
    pub(super) fn ask(&mut self, url: &Url, limit: usize, authorization: Option<&str>) -> Result<Answer, HttpProblem> {
        let origin = url.origin();
        if self.failures.get(&origin).is_some_and(|failures| *failures >= FAILURES_LIMIT) {
            return Err(HttpProblem::GivenUp { origin });
        }
        let outcome = self.patiently(url, limit, authorization);
        let failures = self.failures.entry(origin).or_default();
        *failures = if outcome.is_ok() { 0 } else { failures.saturating_add(1) };
        outcome
    }

    fn patiently(&self, url: &Url, limit: usize, authorization: Option<&str>) -> Result<Answer, HttpProblem> {
        let start = Instant::now();
        let mut pause = self.patience.pause;
        let mut tries = 1;
        loop {
            let left = self.patience.request.saturating_sub(start.elapsed());
            let problem = match self.follow(url, limit, authorization, left) {
                Err(problem) if problem.may_pass() => problem,
                outcome => return outcome,
            };
            let left = self.patience.request.saturating_sub(start.elapsed());
            if tries >= TRIES || left <= pause {
                return Err(problem);
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2);
            tries = tries.saturating_add(1);
        }
    }

    /// One try, with the redirects that may be followed.
    fn follow(
        &self,
        url: &Url,
        limit: usize,
        authorization: Option<&str>,
        left: Duration,
    ) -> Result<Answer, HttpProblem> {
        let start = Instant::now();
        let mut at = url.clone();
        for _ in 0..=REDIRECTS_LIMIT {
            let left = left.saturating_sub(start.elapsed()).max(Duration::from_millis(1));
            let mut request = self.agent.get(&at.0);
            if let Some(authorization) = authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let mut config = request.config().timeout_global(Some(left));
            if at.0.host().is_some_and(is_loopback) {
                // What is meant for this machine goes to no proxy.
                config = config.proxy(None);
            }
            let answer = config.build().call().map_err(|error| HttpProblem::failed(&error))?;
            match answer.status().as_u16() {
                200 => return fetched(answer, limit).map(Answer::Content),
                404 => return Ok(Answer::Nothing),
                401 => {
                    let all = answer.headers().get_all(header::WWW_AUTHENTICATE);
                    let told = all.iter().filter_map(|value| value.to_str().ok()).map(str::to_owned);
                    return Ok(Answer::Challenge(told.take(CHALLENGES_LIMIT).collect()));
                }
                301 | 302 | 303 | 307 | 308 => {
                    let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
                    let location = location.unwrap_or_default().to_owned();
                    let next = at.redirected(&location).filter(|next| next.origin() == at.origin());
                    at = next.ok_or(HttpProblem::Redirect { location })?;
                }
                status => return Err(HttpProblem::Status { status }),
            }
        }
        Err(HttpProblem::Redirects)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("failures", &self.failures).finish_non_exhaustive()
    }
}

fn fetched(answer: ureq::http::Response<Body>, limit: usize) -> Result<Fetched, HttpProblem> {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_page = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    answer
        .into_body()
        .into_reader()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| HttpProblem::failed(&error))?;
    Ok(Fetched { bytes, is_page })
}

#[cfg(test)]
pub(super) mod tests;
