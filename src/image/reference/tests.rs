//! The rules of references, and what hostile ones try.

use proptest::prelude::*;

use super::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn completes_what_is_written_short() {
    for (text, canonical) in [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:latest", "docker.io/library/busybox:latest"),
        ("docker.io/busybox:latest", "docker.io/library/busybox:latest"),
        ("index.docker.io/busybox:latest", "docker.io/library/busybox:latest"),
        ("ns/app", "docker.io/ns/app"),
        ("localhost/app", "localhost/app"),
        ("host:5000/app:t", "host:5000/app:t"),
        ("host:5000", "docker.io/library/host:5000"),
        ("Foo.com/app:TAG", "Foo.com/app:TAG"),
        ("docker.io:443/busybox", "docker.io:443/busybox"),
        ("a--b/c---d.e_f__g", "docker.io/a--b/c---d.e_f__g"),
        ("xn--80ak6aa92e.com/a", "xn--80ak6aa92e.com/a"),
        ("a_b.example/c", "a_b.example/c"),
    ] {
        let reference = Reference::parse_normalized(text).unwrap();
        assert_eq!(reference.to_string(), canonical);
        assert_eq!(Reference::parse_canonical(text).is_ok(), text == canonical, "{text}");
        let joined = format!("{}/{}", reference.domain(), reference.path());
        assert_eq!(joined.trim_start_matches('/'), reference.name());
        assert!(reference.without_tag_or_digest().is_name_only());
    }
    assert_eq!(Reference::parse_normalized("a_b.example/c").unwrap().domain(), "");
    let sha256 = Reference::parse_normalized(&format!("sha256:{HEX}")).unwrap();
    assert_eq!((sha256.path(), sha256.tag(), sha256.digest()), ("library/sha256", Some(HEX), None));
}

#[test]
fn keeps_tag_and_digest_apart() {
    let text = format!("quay.io/ns/app:v1@sha256:{HEX}");
    let reference = Reference::parse_canonical(&text).unwrap();
    assert_eq!((reference.name(), reference.tag()), ("quay.io/ns/app", Some("v1")));
    assert_eq!(reference.digest(), format!("sha256:{HEX}").parse().ok().as_ref());
    assert_eq!(reference.to_string(), text);
}

#[test]
fn refuses_what_the_peers_refuse() {
    use ReferenceError as E;
    let long = |length: usize| format!("example.com/{}", "a".repeat(length - 12));
    for (text, error) in [
        (String::new(), E::Format),
        (HEX.to_owned(), E::Identifier),
        ("docker.io/".into(), E::Format),
        ("UPPER".into(), E::Uppercase),
        ("Foo/a".into(), E::Uppercase),
        ("LOCALHOST/app".into(), E::Uppercase),
        ("example.com/App:t".into(), E::Uppercase),
        ("example.com/a//b".into(), E::Format),
        ("example.com/../b".into(), E::Format),
        ("example.com/./b".into(), E::Format),
        ("example.com/a/".into(), E::Format),
        ("example.com./a".into(), E::Format),
        ("example.com:/a".into(), E::Format),
        ("example.com:5000x/a".into(), E::Format),
        ("-example.com/a".into(), E::Format),
        ("example.com/a..b".into(), E::Format),
        ("example.com/a___b".into(), E::Format),
        ("example.com/a-_b".into(), E::Format),
        ("example.com/a-:t".into(), E::Format),
        ("example.com/a:".into(), E::Format),
        ("example.com/a:.t".into(), E::Format),
        ("a:b:c".into(), E::Format),
        ("a:b/c".into(), E::Format),
        ("[::1]:5000/a".into(), E::Format),
        ("exаmple.com/a".into(), E::Format),
        ("example.com/а".into(), E::Format),
        ("example.com/a\u{200b}".into(), E::Format),
        ("example.com/a%2fb".into(), E::Format),
        ("example.com/a\n".into(), E::Format),
        ("example.com/a:t\0".into(), E::Format),
        (" example.com/a".into(), E::Format),
        ("https://example.com/a".into(), E::Format),
        ("*.example.com/a".into(), E::Format),
        ("a@".into(), E::Digest(DigestError::Format)),
        (format!("a@sha256:{HEX}@sha256:{HEX}"), E::Digest(DigestError::Format)),
        (format!("a@sha256:{}", HEX.to_uppercase()), E::Digest(DigestError::Format)),
        ("a@sha256:../..".into(), E::Format),
        (format!("a@md5:{HEX:.32}"), E::Digest(DigestError::Algorithm)),
        (format!("a@sha256:{HEX}:tag"), E::Digest(DigestError::Format)),
        (long(256), E::TooLong { limit: 255 }),
        ("a".repeat(4097), E::TooLong { limit: 4096 }),
        ("a/".repeat(1 << 19), E::TooLong { limit: 4096 }),
        (format!("a:{}", "t".repeat(4094)), E::Format),
        (format!("a:{}", "t".repeat(129)), E::Format),
    ] {
        assert_eq!(Reference::parse_normalized(&text), Err(error), "{text:?}");
    }
    assert!(Reference::parse_normalized(&long(255)).is_ok());
    assert!(Reference::parse_normalized(&format!("a:{}", "t".repeat(128))).is_ok());
    assert_eq!(Reference::parse_canonical("busybox"), Err(E::NotCanonical));
}

/// The grammars of domains and components, character by character.
fn plainly_domain(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, "1"), |(host, port)| (host, port));
    let is_label = |label: &str| {
        let inner = label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(is_label) && !port.is_empty() && port.chars().all(|character| character.is_ascii_digit())
}

fn plainly_component(text: &str) -> bool {
    let is_word = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let is_separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.chars().all(|dash| dash == '-');
    text.starts_with(is_word) && text.ends_with(is_word) && text.split(is_word).all(is_separator)
}

proptest! {
    #[test]
    fn reads_the_grammar_as_it_is_written(text in "[aZ0._:é\u{661}-]{0,6}") {
        prop_assert_eq!(is_domain(&text), plainly_domain(&text));
        prop_assert_eq!(is_path(&text), plainly_component(&text));
    }

    #[test]
    fn normalising_is_idempotent(text in "([a-zA-Z.:_0-9-]{0,8}/){0,3}[a-z.:_-]{0,8}(:[a-zA-Z.]{1,4})?(@sha256:[0-9a-f]{64})?") {
        if let Ok(reference) = Reference::parse_normalized(&text) {
            let canonical = reference.to_string();
            prop_assert_eq!(Reference::parse_canonical(&canonical), Ok(reference));
        }
    }

    #[test]
    fn canonical_references_survive(text in r"[a-z]{1,9}\.[a-z]{2}(:[0-9]{1,5})?(/[a-z0-9]{1,9}){1,4}(:\w[\w.-]{0,20})?(@sha256:[0-9a-f]{64})?") {
        let ascii = text.is_ascii();
        prop_assert_eq!(Reference::parse_canonical(&text).is_ok(), ascii);
    }

    #[test]
    fn never_panics(text in ".*") {
        let _ = Reference::parse_normalized(&text);
    }
}
