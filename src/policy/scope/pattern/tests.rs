//! The grammar of patterns, what hostile names try, and patterns against a model that knows no shortcuts.

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> ImagePattern {
    ImagePattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn matches(text: &str, reference: &str) -> bool {
    let parsed = Reference::parse_normalized(reference).unwrap_or_else(|error| panic!("{reference}: {error}"));
    pattern(text).matches(&parsed)
}

#[test]
fn matches_host_port_and_path_apart() {
    for (text, yes, no) in [
        ("**", &["busybox", "a_b.example/c", "h:5000/a/b", "quay.io/a:t"][..], &[][..]),
        (
            "quay.io/prod/**",
            &["quay.io/prod", "quay.io/prod:v1", "quay.io/prod/a/b"],
            &["quay.io/production", "quay.io/p"],
        ),
        ("quay.io/prod/*", &["quay.io/prod/a"], &["quay.io/prod", "quay.io/prod/a/b"]),
        ("quay.io/**/app", &["quay.io/app", "quay.io/a/b/app"], &["quay.io/app/a", "quay.io/a/myapp"]),
        ("quay.io/*-prod/**", &["quay.io/a-prod/x"], &["quay.io/x/a-prod/x", "quay.io/prod/x"]),
        ("*.example.com/**", &["a.example.com/x"], &["example.com/x", "a.b.example.com/x"]),
        ("**.example.com/**", &["example.com/x", "a.b.example.com/x"], &["notexample.com/x", "example.com.evil.com/x"]),
        (
            "example.com:5000/**",
            &["example.com:5000/x"],
            &["example.com/x", "example.com:50000/x", "example.com:500/x"],
        ),
        ("example.com:*/**", &["example.com:5000/x", "example.com/x"], &["example.org:5000/x"]),
        ("example.com/**", &["example.com/x"], &["example.com:443/x"]),
        ("**/prod/**", &["quay.io/prod", "localhost/prod/x"], &["quay.io/x/prod", "quay.io:1/prod/x"]),
        ("docker.io/library/*", &["busybox", "index.docker.io/busybox", "docker.io/library/nginx:1"], &["ns/app"]),
        ("docker.io/ns/app", &["ns/app", "index.docker.io/ns/app"], &["ns/app2"]),
        ("localhost/**", &["localhost/a"], &["localhost:5000/a"]),
        ("registry:*/a", &["registry:5000/a"], &["registry/a"]),
        ("quay.io/a*b/c", &["quay.io/ab/c", "quay.io/a.x-b/c"], &["quay.io/a/b/c"]),
    ] {
        for reference in yes {
            assert!(matches(text, reference), "{text} {reference}");
        }
        for reference in no {
            assert!(!matches(text, reference), "{text} {reference}");
        }
        assert_eq!(pattern(text).to_string(), text);
    }
}

#[test]
fn is_not_led_astray() {
    for (text, reference, expected) in [
        // What looks like the host, in the path or as a part of another host.
        ("*.example.com/x", "evil.com/a.example.com/x", false),
        ("*.example.com/**", "evil.com/a.example.com/x", false),
        ("*.com/**", "a.b.com/x", false),
        ("example.com/**", "example.com.evil.com/x", false),
        ("example.com/**", "evil-example.com/x", false),
        ("**.example.com/**", "evilexample.com/x", false),
        ("*example.com/**", "evil.example.com/x", false),
        ("example.com/**", "a_b.example/example.com/x", false),
        // A port is no part of the host, and the host no part of the port.
        ("*.com/**", "example.com:5000/x", false),
        ("example.com:5000/**", "evil.com/example.com/5000/x", false),
        ("example.com:*/prod/**", "example.com/5000/prod/x", false),
        // The same registry, written in another way.
        ("example.com/prod/**", "EXAMPLE.com/prod/x", true),
        ("example.com:5000/prod/**", "example.com:05000/prod/x", true),
        ("example.com:5000/prod/**", "example.com:70536/prod/x", false),
        ("example.com:*/prod/**", "example.com:99999999/prod/x", true),
        // Docker Hub in its short forms.
        ("docker.io/library/busybox", "busybox", true),
        (
            "docker.io/library/busybox",
            "docker.io/busybox@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            true,
        ),
        ("**/busybox", "busybox", false),
        ("**/library/busybox", "busybox", true),
    ] {
        assert_eq!(matches(text, reference), expected, "{text} {reference}");
    }
}

#[test]
fn refuses_what_could_not_match_and_says_what_would() {
    use PatternError as E;
    let said = |error: fn(String) -> E, text: &str| error(text.to_owned());
    let no_path = |text| said(|suggestion| E::NoPath { suggestion }, text);
    let library = |text| said(|suggestion| E::Library { suggestion }, text);
    let alias = |text| said(|suggestion| E::Alias { suggestion }, text);
    let short = |text| said(|suggestion| E::ShortHost { suggestion }, text);
    let upper = |text| said(|suggestion| E::Uppercase { suggestion }, text);
    let empty = |text| said(|pattern| E::EmptyComponent { pattern }, text);
    let component = |text| said(|component| E::Component { component }, text);
    let label = |text| said(|label| E::Label { label }, text);
    let port = |text| said(|port| E::Port { port }, text);
    let stars = |text| said(|component| E::Stars { component }, text);
    let tag = |text| said(|pattern| E::Tag { pattern }, text);
    let digest = |text| said(|pattern| E::Digest { pattern }, text);
    for (text, error) in [
        ("", E::Empty),
        ("busybox", no_path("docker.io/library/busybox")),
        ("quay.io", no_path("quay.io/**")),
        ("quay.io:5000", no_path("quay.io:5000/**")),
        ("localhost", no_path("localhost/**")),
        ("*.example.com", no_path("*.example.com/**")),
        ("*", no_path("**")),
        ("busybox:1", tag("busybox:1")),
        ("quay.io/a:v1", tag("quay.io/a:v1")),
        ("quay.io/a:*", tag("quay.io/a:*")),
        ("quay.io/a@sha256:00", digest("quay.io/a@sha256:00")),
        ("docker://quay.io/a", said(|suggestion| E::Scheme { suggestion }, "quay.io/a")),
        ("docker.io/busybox", library("docker.io/library/busybox")),
        ("docker.io/*", library("docker.io/library/*")),
        ("docker.io:*/busybox", library("docker.io/library/busybox")),
        ("index.docker.io/ns/app", alias("docker.io/ns/app")),
        ("index.docker.io/busybox", alias("docker.io/library/busybox")),
        ("team/app", short("docker.io/team/app")),
        ("*/app", short("**/app")),
        ("Example.com/app", upper("example.com/app")),
        ("example.com/App", upper("example.com/app")),
        ("/app", empty("/app")),
        ("example.com/", empty("example.com/")),
        ("example.com/a//b", empty("example.com/a//b")),
        ("example.com./a", empty("example.com./a")),
        (".example.com/a", empty(".example.com/a")),
        ("example.com/..", component("..")),
        ("example.com/../a", component("..")),
        ("example.com/./a", component(".")),
        ("example.com/a b", component("a b")),
        ("example.com/-*", component("-*")),
        ("example.com/a.._*", component("a.._*")),
        ("example.com/a%2f*", component("a%2f*")),
        ("example.com/а", component("а")),
        ("exаmple.com/a", label("exаmple")),
        ("-*.com/a", label("-*")),
        ("[::1]/a", port(":1]")),
        ("[a]/a", label("[a]")),
        ("a_b.example/c", label("a_b")),
        ("example.com:/a", port("")),
        ("example.com:0/a", port("0")),
        ("example.com:05000/a", port("05000")),
        ("example.com:65536/a", port("65536")),
        ("example.com:5*/a", port("5*")),
        ("example.com:+1/a", port("+1")),
        ("example.com/a**", stars("a**")),
        ("example.com/***", stars("***")),
        ("a**.example.com/a", stars("a**")),
    ] {
        assert_eq!(ImagePattern::parse(text), Err(error), "{text}");
    }
}

#[test]
fn what_a_message_suggests_is_a_pattern() {
    for text in
        ["busybox", "quay.io", "*", "*.example.com", "docker.io/*", "index.docker.io/busybox", "team/app", "A.b/C"]
    {
        let message = ImagePattern::parse(text).unwrap_err().to_string();
        let suggestion = message.rsplit_once("write `").and_then(|(_, rest)| rest.split('`').next()).unwrap();
        assert!(ImagePattern::parse(suggestion).is_ok(), "{text}: {message}");
    }
}

#[test]
fn patterns_are_bounded() {
    let long = |length: usize| format!("example.com/{}", "a".repeat(length - 12));
    assert!(ImagePattern::parse(&long(PATTERN_LIMIT)).is_ok());
    assert_eq!(ImagePattern::parse(&long(PATTERN_LIMIT + 1)), Err(PatternError::TooLong));
    let deep = |components: usize| format!("example.com{}", "/a".repeat(components - 2));
    assert!(ImagePattern::parse(&deep(COMPONENTS_LIMIT)).is_ok());
    assert_eq!(ImagePattern::parse(&deep(COMPONENTS_LIMIT + 1)), Err(PatternError::TooManyComponents));
}

#[test]
fn no_pattern_takes_long() {
    let stars = format!("example.com/{}b", "a*".repeat(240));
    let gaps = format!("example.com/{}b", "**/a/".repeat(14));
    let lengths = format!("example.com/{}b", "*/**/a*/".repeat(9));
    let names = [format!("example.com/{}", "a".repeat(240)), format!("example.com{}", "/a".repeat(120))];
    for text in [&stars, &gaps, &lengths] {
        for name in &names {
            assert!(!matches(text, name));
        }
        for other in [&stars, &gaps, &lengths] {
            assert!(pattern(text).overlaps(&pattern(other)) || text != other);
            assert!(pattern(text).covers(&pattern(other)) || text != other);
        }
    }
}

#[test]
fn one_pattern_inside_another() {
    for (wide, narrow, covers, back) in [
        ("**", "quay.io/**", true, false),
        ("**", "**:*/**", true, true),
        ("**:*/**", "**/**", true, false),
        ("quay.io/**", "quay.io/*/**", true, true),
        ("quay.io/**", "quay.io/prod/**", true, false),
        ("*.io/**", "quay.io/a", true, false),
        ("**.io/**", "*.io/**", true, false),
        ("quay.io:*/**", "quay.io:443/**", true, false),
        ("quay.io/**", "quay.io:443/**", false, false),
        ("quay.io/*/app", "quay.io/prod/*", false, false),
        ("quay.io/a*/**", "quay.io/a/**", true, false),
    ] {
        let (wide, narrow) = (pattern(wide), pattern(narrow));
        assert_eq!((wide.covers(&narrow), narrow.covers(&wide)), (covers, back), "{wide} {narrow}");
    }
}

/// A pattern that the model and the real one read alike.
fn patterns() -> impl Strategy<Value = String> {
    let label = prop_oneof![3 => "[ab*]{1,2}", 1 => Just("**".to_owned())];
    let component = prop_oneof![3 => "[ab*]{1,3}", 2 => Just("**".to_owned()), 1 => Just("*".to_owned())];
    let port = prop_oneof![3 => Just(""), 1 => Just(":1"), 1 => Just(":*")];
    let labels = prop::collection::vec(label, 1..=3).prop_map(|labels| labels.join("."));
    let path = prop::collection::vec(component, 1..=4).prop_map(|path| path.join("/"));
    prop_oneof![
        20 => (labels, port, path).prop_map(|(host, port, path)| format!("{host}{port}/{path}")),
        1 => Just("**".to_owned()),
    ]
    .prop_filter("a pattern", |text| ImagePattern::parse(text).is_ok())
}

fn references() -> impl Strategy<Value = String> {
    let labels = prop::collection::vec("[ab]{1,2}", 2..=3).prop_map(|labels| labels.join("."));
    let port = prop_oneof![2 => Just(""), 1 => Just(":1"), 1 => Just(":2")];
    let path = prop::collection::vec("[ab]{1,3}", 1..=4).prop_map(|path| path.join("/"));
    (labels, port, path).prop_map(|(host, port, path)| format!("{host}{port}/{path}"))
}

/// Matching by its definition: every run and every gap is tried in every length.
fn model(pattern: &str, name: &str) -> bool {
    fn within(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([b'*', rest @ ..], _) => (0..=name.len()).any(|length| within(rest, &name[length..])),
            ([one, pattern @ ..], [other, name @ ..]) => one == other && within(pattern, name),
            _ => pattern.is_empty() && name.is_empty(),
        }
    }
    fn across(pattern: &[&str], names: &[&str]) -> bool {
        match pattern {
            [] => names.is_empty(),
            ["**", rest @ ..] => (0..=names.len()).any(|length| across(rest, &names[length..])),
            [part, rest @ ..] => {
                !names.is_empty() && within(part.as_bytes(), names[0].as_bytes()) && across(rest, &names[1..])
            }
        }
    }
    fn parts(text: &str) -> (Vec<&str>, &str, Vec<&str>) {
        let (host, path) = text.split_once('/').unwrap();
        let (host, port) = host.split_once(':').unwrap_or((host, ""));
        (host.split('.').collect(), port, path.split('/').collect())
    }
    if pattern == "**" {
        return true;
    }
    let ((host, port, path), (labels, number, components)) = (parts(pattern), parts(name));
    (port == "*" || port == number) && across(&host, &labels) && across(&path, &components)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn matches_as_the_model_does(text in patterns(), names in prop::collection::vec(references(), 16)) {
        for name in names {
            prop_assert_eq!(matches(&text, &name), model(&text, &name), "{} {}", text, name);
        }
    }

    #[test]
    fn covers_and_overlaps_are_never_wrong(
        one in patterns(), other in patterns(), names in prop::collection::vec(references(), 48),
    ) {
        let (first, second) = (pattern(&one), pattern(&other));
        prop_assert!(first.covers(&first) && first.overlaps(&first));
        prop_assert_eq!(first.overlaps(&second), second.overlaps(&first));
        prop_assert!(!first.covers(&second) || first.overlaps(&second));
        let mutual = first.covers(&second) && second.covers(&first);
        let same = (&first.host, first.port, &first.path) == (&second.host, second.port, &second.path);
        prop_assert_eq!(mutual, same, "{} {}", one, other);
        for name in names {
            let (in_first, in_second) = (model(&one, &name), model(&other, &name));
            prop_assert!(!first.covers(&second) || !in_second || in_first, "{} covers {}: {}", one, other, name);
            prop_assert!(first.overlaps(&second) || !(in_first && in_second), "{} with {}: {}", one, other, name);
        }
    }

    #[test]
    fn nesting_is_transitive(one in patterns(), other in patterns(), third in patterns()) {
        let (one, other, third) = (pattern(&one), pattern(&other), pattern(&third));
        prop_assert!(!(one.covers(&other) && other.covers(&third)) || one.covers(&third));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-cA.:/*@ é-]{0,12}") {
        if let Ok(pattern) = ImagePattern::parse(&text) {
            prop_assert_eq!(pattern.to_string(), text);
        }
    }
}
