use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Mutex;

use super::*;

/// A server that answers each request by a function of the path; a request that is not answered ends the connection.
pub(in crate::source) struct Server {
    pub(in crate::source) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Self {
        Self::told_who_asks(move |path, _, stream| answer(path, stream))
    }

    /// A server that sees what the header `Authorization` says.
    pub(in crate::source) fn told_who_asks(answer: impl Fn(&str, &str, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        // Ends with the process: nothing waits for it.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let Some(Ok(first)) = lines.next() else { continue };
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().unwrap().push(path.clone());
                let mut authorization = String::new();
                for line in lines.by_ref() {
                    let line = line.unwrap_or_default();
                    if line.is_empty() {
                        break;
                    }
                    if let Some((name, value)) = line.split_once(": ")
                        && name.eq_ignore_ascii_case("authorization")
                    {
                        value.clone_into(&mut authorization);
                    }
                }
                answer(&path, &authorization, &mut stream);
            }
        });
        Self { url, asked }
    }

    pub(in crate::source) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn get(&self, client: &mut Client, path: &str) -> Result<Option<(usize, bool)>, HttpProblem> {
        let found = client.get(&format!("{}{path}", self.url).parse().unwrap(), 1000);
        found.map(|found| found.map(|found| (found.bytes.len(), found.is_page)))
    }
}

pub(in crate::source) fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
}

fn client() -> Client {
    let millis = Duration::from_millis;
    Client::with(Patience { request: millis(1500), connect: millis(1000), pause: millis(10) })
}

#[test]
fn addresses_are_plain() {
    for text in ["", "a", "http://", "ftp://a", "https://u@a", "https://u:p@a/", "https://a?b", "https://a/#b", "/a"] {
        assert!(text.parse::<Url>().is_err(), "{text}");
    }
    let join = |base: &str| base.parse::<Url>().unwrap().join("a/b@sha256=0/signature-1").to_string();
    assert_eq!(join("https://a.example.com:8443/s/"), "https://a.example.com:8443/s/a/b@sha256=0/signature-1");
    assert_eq!(join("http://a"), "http://a/a/b@sha256=0/signature-1");
}

#[test]
fn fetches_what_is_there() {
    let server = Server::new(|path, stream| match path {
        "/there" => respond(stream, "200 OK", "", "1234"),
        "/page" => respond(stream, "200 OK", "Content-Type: Text/HTML; charset=utf-8\r\n", "<html>"),
        "/moved" => respond(stream, "302 Found", "Location: /there\r\n", ""),
        "/same" => {
            let host = stream.local_addr().unwrap();
            respond(stream, "307 Temporary Redirect", &format!("Location: http://{host}/there\r\n"), "");
        }
        _ => respond(stream, "404 Not Found", "", "nothing"),
    });
    let mut client = client();
    assert_eq!(server.get(&mut client, "/there"), Ok(Some((4, false))));
    assert_eq!(server.get(&mut client, "/moved"), Ok(Some((4, false))));
    assert_eq!(server.get(&mut client, "/same"), Ok(Some((4, false))));
    assert_eq!(server.get(&mut client, "/page"), Ok(Some((6, true))));
    assert_eq!(server.get(&mut client, "/nothing"), Ok(None));
}

#[test]
fn no_redirect_leads_to_another_host() {
    let other = Server::new(|_, stream| respond(stream, "200 OK", "", "other"));
    let target = other.url.clone();
    let server = Server::new(move |path, stream| {
        let location = match path {
            "/port" => target.clone(),
            "/scheme" => format!("https://{}/", stream.local_addr().unwrap()),
            "/loopback" => "http://[::1]/x".to_owned(),
            "/metadata" => "http://169.254.169.254/latest/meta-data/".to_owned(),
            "/network" => "//example.com/x".to_owned(),
            "/user" => format!("http://user@{}/", stream.local_addr().unwrap()),
            "/file" => "file:///etc/passwd".to_owned(),
            "/loop" => "/loop".to_owned(),
            _ => String::new(),
        };
        respond(stream, "302 Found", &format!("Location: {location}\r\n"), "");
    });
    for path in ["/port", "/scheme", "/loopback", "/metadata", "/network", "/user", "/file", "/none"] {
        let found = server.get(&mut client(), path);
        assert!(matches!(found, Err(HttpProblem::Redirect { .. })), "{path}: {found:?}");
    }
    assert_eq!(server.get(&mut client(), "/loop"), Err(HttpProblem::Redirects));
    assert!(other.asked().is_empty());
}

#[test]
fn what_may_pass_is_tried_again_and_not_for_ever() {
    let broken = Server::new(|path, stream| match path {
        "/503" => respond(stream, "503 Service Unavailable", "", ""),
        "/403" => respond(stream, "403 Forbidden", "", ""),
        _ => {}
    });
    assert_eq!(broken.get(&mut client(), "/503"), Err(HttpProblem::Status { status: 503 }));
    assert_eq!(broken.asked().len(), 3);
    assert_eq!(broken.get(&mut client(), "/403"), Err(HttpProblem::Status { status: 403 }));
    assert_eq!(broken.asked().len(), 4);
    let mut client = client();
    for _ in 0..FAILURES_LIMIT {
        assert!(matches!(broken.get(&mut client, "/"), Err(HttpProblem::Failed { .. })));
    }
    let asked = broken.asked().len();
    assert!(matches!(broken.get(&mut client, "/"), Err(HttpProblem::GivenUp { .. })));
    assert_eq!(broken.asked().len(), asked);

    let tries = Mutex::new(0);
    let recovering = Server::new(move |_, stream| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        match *tries {
            1 => respond(stream, "429 Too Many Requests", "", ""),
            _ => respond(stream, "200 OK", "", "ok"),
        }
    });
    assert_eq!(recovering.get(&mut self::client(), "/"), Ok(Some((2, false))));
}

#[test]
fn a_server_that_never_ends_is_left() {
    let endless = Server::new(|path, stream| match path {
        "/body" => {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[7; 1024]).is_ok() {}
        }
        "/headers" => {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n");
            while write!(stream, "X-A: {}\r\n", "a".repeat(1000)).is_ok() {}
        }
        "/drip" => {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
            while stream.write_all(b"a").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        }
        "/short" => {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nabc");
        }
        _ => thread::sleep(Duration::from_secs(20)),
    });
    // One byte more than allowed shows that there is more.
    assert_eq!(endless.get(&mut client(), "/body"), Ok(Some((1001, false))));
    let start = Instant::now();
    for path in ["/headers", "/short", "/drip", "/silence"] {
        let found = endless.get(&mut client(), path);
        assert!(matches!(found, Err(HttpProblem::Failed { .. })), "{path}: {found:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let found = client().get(&format!("http://{nobody}").parse().unwrap(), 1);
    assert!(matches!(found, Err(HttpProblem::Failed { .. })), "{found:?}");
}
