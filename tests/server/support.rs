//! A server as a process of its own, with certificates of its own, and a client.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::client::conn::{http1, http2};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const NAME: &str = "vidimus.vidimus.svc";

/// Who vouches for the server, and for its clients.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(parameters, key) }
    }

    /// A certificate and its key, in PEM. `year` is when it ends.
    pub(crate) fn issue(&self, common_name: &str, names: &[&str], year: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, common_name);
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
    pub(crate) address: SocketAddr,
    pub(crate) plain: SocketAddr,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

/// The folder of a server: its certificate, its policy with the keys, its export.
pub(crate) fn folder(authority: &Authority) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (certificate, key) = authority.issue(NAME, &[NAME], 2100);
    fs::write(path.join("tls.crt"), certificate).unwrap();
    fs::write(path.join("tls.key"), key).unwrap();
    fs::write(path.join("token"), "s3cret\n").unwrap();
    fs::create_dir(path.join("keys")).unwrap();
    fs::copy("testdata/keys/release.asc", path.join("keys/release.asc")).unwrap();
    fs::create_dir(path.join("admission")).unwrap();
    for file in ["policy.yaml", "export.json"] {
        fs::copy(Path::new("testdata/admission").join(file), path.join("admission").join(file)).unwrap();
    }
    folder
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vidimus"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The command that serves from a folder.
pub(crate) fn command(folder: &Path, more: &[&str]) -> Command {
    let mut command = program();
    let path = |file: &str| folder.join(file);
    command.args(["serve", "--listen=127.0.0.1:0", "--plain=127.0.0.1:0", "--reload=100ms"]);
    for default in ["--shutdown-delay=300ms", "--drain=10s"] {
        let name = default.split('=').next().unwrap();
        if !more.iter().any(|argument| argument.starts_with(name)) {
            command.arg(default);
        }
    }
    command.arg("--tls-certificate").arg(path("tls.crt")).arg("--tls-key").arg(path("tls.key"));
    command.arg("--policy").arg(path("admission/policy.yaml")).arg("--images").arg(path("admission/export.json"));
    command.args(["--carrier=tasks.example.com=spec.steps[*].image", "--carrier=tasks.example.com=spec.pod"]);
    command.arg("--carrier=configmaps").args(more);
    command
}

impl Server {
    pub(crate) fn start(more: &[&str]) -> Self {
        let authority = Authority::new();
        let folder = folder(&authority);
        Self::start_in(authority, folder, more)
    }

    pub(crate) fn start_in(authority: Authority, folder: TempDir, more: &[&str]) -> Self {
        let path = folder.path().to_str().unwrap();
        let more: Vec<_> = more.iter().map(|argument| argument.replace("FOLDER", path)).collect();
        let more: Vec<_> = more.iter().map(String::as_str).collect();
        Self::of(command(folder.path(), &more), authority, folder)
    }

    /// A server with arguments of its own.
    pub(crate) fn started(authority: Authority, folder: TempDir, arguments: impl FnOnce(&mut Command)) -> Self {
        let mut command = program();
        arguments(&mut command);
        Self::of(command, authority, folder)
    }

    /// A server that is started after what a shell does first, such as `ulimit -n 40`; or how it ended.
    pub(crate) fn start_after(shell: &str, more: &[&str]) -> Result<Self, ExitStatus> {
        let authority = Authority::new();
        let folder = folder(&authority);
        let serve = command(folder.path(), more);
        let mut after = Command::new("sh");
        after.args(["-c", &format!("{shell} || exit 77\nexec \"$0\" \"$@\"")]).arg(serve.get_program());
        after.args(serve.get_args()).env_clear().env("PATH", "/usr/bin:/bin");
        after.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Self::try_of(after, authority, folder)
    }

    fn of(command: Command, authority: Authority, folder: TempDir) -> Self {
        Self::try_of(command, authority, folder).expect("a server that starts")
    }

    fn try_of(mut command: Command, authority: Authority, folder: TempDir) -> Result<Self, ExitStatus> {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let serving = loop {
            let Some(line) = lines.next() else { return Err(child.wait().unwrap()) };
            // What a runtime says as it gives up is no JSON.
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "serving" {
                break event;
            }
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push(line)));
        let address = |name: &str| serving[name].as_str().unwrap().parse().unwrap();
        Ok(Self { address: address("address"), plain: address("plain"), folder, authority, child, log })
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address, &self.authority, None)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The same to a server that may have ended.
    pub(crate) fn signal_if_it_runs(&self, signal: &str) {
        let _ = Command::new("kill").args([signal, &self.id().to_string()]).stderr(Stdio::null()).status();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Waits until the log has an event with these texts in it.
    pub(crate) fn logged(&self, texts: &[&str]) -> Value {
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            let log = self.log.lock().unwrap();
            if let Some(line) = log.iter().find(|line| texts.iter().all(|text| line.contains(text))) {
                return serde_json::from_str(line).unwrap();
            }
            drop(log);
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("not logged: {texts:?}: {:#?}", self.log.lock().unwrap());
    }

    /// What is served in plain text.
    pub(crate) async fn plain(&self, path: &str) -> (StatusCode, String) {
        let stream = TcpStream::connect(self.plain).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(path).header("host", "x").body(Body::empty()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    roots: RootCertStore,
}

/// What was answered: the status and the body.
pub(crate) type Answer = (StatusCode, String);

impl Client {
    pub(crate) fn new(address: SocketAddr, authority: &Authority, own: Option<(String, String)>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots.clone());
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        Self { address, config: Arc::new(config), roots }
    }

    pub(crate) async fn connect(&self, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(NAME).unwrap(), stream).await
    }

    /// A handshake by one version of TLS.
    pub(crate) async fn connect_by(&self, version: &'static rustls::SupportedProtocolVersion) -> std::io::Result<()> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(NAME).unwrap(), stream).await.map(drop)
    }

    /// A connection that is kept.
    pub(crate) async fn session(&self) -> Result<Session, String> {
        let stream = self.connect(b"http/1.1").await.map_err(|error| error.to_string())?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Session { sender })
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Result<Answer, String> {
        self.session().await?.send(json_request(path, body)).await
    }

    /// The same over HTTP/2.
    pub(crate) async fn post_http2(&self, path: &str, body: impl Into<Body>) -> Result<Answer, String> {
        let stream = self.connect(b"h2").await.map_err(|error| error.to_string())?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let mut request = json_request(path, body);
        *request.uri_mut() = format!("https://{NAME}{path}").parse().unwrap();
        request.headers_mut().remove("host");
        read(sender.send_request(request).await).await
    }
}

pub(crate) struct Session {
    sender: http1::SendRequest<Body>,
}

impl Session {
    pub(crate) async fn send(&mut self, request: Request<Body>) -> Result<Answer, String> {
        self.sender.ready().await.map_err(|error| error.to_string())?;
        read(self.sender.send_request(request).await).await
    }
}

async fn read(response: hyper::Result<hyper::Response<hyper::body::Incoming>>) -> Result<Answer, String> {
    let response = response.map_err(|error| error.to_string())?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

pub(crate) fn json_request(path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("host", NAME).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

/// A request of the test data.
pub(crate) fn review(file: &str) -> Vec<u8> {
    fs::read(format!("testdata/admission/{file}.json")).unwrap()
}

/// Whether an answer allows, if it is an answer.
pub(crate) fn allowed(answer: &Answer) -> Option<bool> {
    let review: Value = serde_json::from_str(&answer.1).ok().filter(|_| answer.0 == StatusCode::OK)?;
    assert_eq!(review["response"]["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
    review["response"]["allowed"].as_bool()
}
