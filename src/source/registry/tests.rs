use super::*;
use crate::image::Digest;
use crate::source::http::tests::{Server, respond};

const LIST: &str = r#"{"signatures":[
    {"schemaVersion":2,"name":"sha256:a@one","type":"atomic","content":"AA=="},
    {"schemaVersion":1,"name":"sha256:a@two","type":"atomic","content":"AQ=="},
    {"schemaVersion":2,"name":"sha256:a@three","type":"other","content":"AQ=="}]}"#;

/// What a registry at `server` has for an image, asked by somebody who has credentials for `known`.
fn found(server: &Server, known: &str) -> Result<Vec<Stored>, String> {
    let host = server.url.strip_prefix("http://").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.json");
    std::fs::write(&path, format!(r#"{{"auths":{{"{known}":{{"auth":"dXNlcjpwYXNz"}}}}}}"#)).unwrap();
    let reference: Reference = format!("{host}/shop/frontend:1").parse().unwrap();
    let wanted = Wanted { digest: &Digest::sha256(b""), reference: Some(&reference) };
    Registries::new(AuthFile::read(&path).unwrap()).signatures(&wanted).map_err(|problem| problem.to_string())
}

fn host(server: &Server) -> String {
    server.url.strip_prefix("http://").unwrap().to_owned()
}

#[test]
fn reads_the_list_of_a_registry() {
    let server = Server::told_who_asks(|path, _, stream| {
        let expected = format!("/extensions/v2/shop/frontend/signatures/{}", Digest::sha256(b""));
        if path == expected { respond(stream, "200 OK", "", LIST) } else { respond(stream, "404 Not Found", "", "") }
    });
    assert_eq!(found(&server, "x").unwrap(), [Stored { name: "one".to_owned(), content: vec![0] }]);
    let none = Server::told_who_asks(|_, _, stream| respond(stream, "404 Not Found", "", ""));
    assert_eq!(found(&none, "x").unwrap(), []);
    for body in ["{", r#"{"signatures":[{"schemaVersion":2,"type":"atomic","content":"?"}]}"#] {
        let server = Server::told_who_asks(move |_, _, stream| respond(stream, "200 OK", "", body));
        assert!(found(&server, "x").is_err(), "{body}");
    }
}

#[test]
fn lists_are_bounded() {
    let entry = r#"{"schemaVersion":2,"type":"atomic","content":"AA=="}"#;
    let list = |count: usize| format!(r#"{{"signatures":[{}]}}"#, vec![entry; count].join(","));
    assert_eq!(read(list(SIGNATURE_FILES_LIMIT).as_bytes()).unwrap().len(), SIGNATURE_FILES_LIMIT);
    let more = read(list(SIGNATURE_FILES_LIMIT + 1).as_bytes());
    assert!(matches!(more, Err(LayoutProblem::TooManySignatures)));
    let large = vec![b' '; LAYOUT_FILE_LIMIT + 1];
    assert!(matches!(read(&large), Err(LayoutProblem::TooLarge { .. })));
}

#[test]
fn a_registry_is_told_who_asks() {
    let basic = Server::told_who_asks(|_, told, stream| match told {
        "Basic dXNlcjpwYXNz" => respond(stream, "200 OK", "", LIST),
        _ => respond(stream, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""),
    });
    assert_eq!(found(&basic, &host(&basic)).unwrap().len(), 1);
    assert!(found(&basic, "other.example.com").unwrap_err().contains("there are none for it"));

    let bearer = Server::told_who_asks(|path, told, stream| {
        if path == "/token?service=s&scope=repository%3Aa%3Apull" && told == "Basic dXNlcjpwYXNz" {
            respond(stream, "200 OK", "", r#"{"token":"T"}"#);
        } else if told == "Bearer T" {
            respond(stream, "200 OK", "", LIST);
        } else {
            let realm = stream.local_addr().unwrap();
            let told = format!(
                "WWW-Authenticate: Bearer realm=\"http://{realm}/token\",service=\"s\",scope=\"repository:a:pull\"\r\n"
            );
            respond(stream, "401 Unauthorized", &told, "");
        }
    });
    assert_eq!(found(&bearer, &host(&bearer)).unwrap().len(), 1);
    assert!(found(&bearer, "other.example.com").unwrap_err().contains("there are none for it"));
}

#[test]
fn no_other_host_is_told_who_asks() {
    let thief = Server::told_who_asks(|_, _, stream| respond(stream, "200 OK", "", r#"{"token":"T"}"#));
    let target = thief.url.clone();
    let foreign = Server::told_who_asks(move |path, told, stream| {
        let (header, status) = match (path.starts_with("/extensions"), told) {
            (true, _) => (format!("WWW-Authenticate: Bearer realm=\"{target}/token\"\r\n"), "401 Unauthorized"),
            (false, _) => (String::new(), "404 Not Found"),
        };
        respond(stream, status, &header, "");
    });
    assert!(found(&foreign, &host(&foreign)).unwrap_err().contains("to itself only"));
    let target = thief.url.clone();
    let redirecting = Server::told_who_asks(move |_, told, stream| match told {
        "" => respond(stream, "401 Unauthorized", "WWW-Authenticate: Basic\r\n", ""),
        _ => respond(stream, "302 Found", &format!("Location: {target}/\r\n"), ""),
    });
    assert!(found(&redirecting, &host(&redirecting)).unwrap_err().contains("only redirects within"));
    assert!(thief.asked().is_empty());
    // Nor is anything sent in the clear to a host that is not this machine.
    let realm: Url = "http://r.example.com/token".parse().unwrap();
    assert!(!realm.is_private());
    assert_eq!(base(&"r.example.com/a".parse().unwrap()).unwrap().to_string(), "https://r.example.com/");
    assert_eq!(base(&"busybox".parse().unwrap()).unwrap().to_string(), "https://registry-1.docker.io/");
}

#[test]
fn what_is_no_token_is_not_sent() {
    for body in ["", "{}", r#"{"token":""}"#, r#"{"token":"a\r\nX: y"}"#, r#"{"token":"a b"}"#] {
        assert_eq!(token(body.as_bytes()), Err(HttpProblem::Token), "{body}");
    }
    assert_eq!(token(br#"{"access_token":"a"}"#).unwrap(), "a");
}
