//! Digests and references: one word, with a meaning and one way to write it.

use vidimus::image::REFERENCE_LIMIT;
use vidimus::policy::registry_scopes;
use vidimus::{Digest, Reference};

use super::testdata;

/// A digest is what the grammar says, and is written as it was read.
pub(crate) fn digest(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = text.parse::<Digest>();
    assert_eq!(read.is_ok(), is_digest(text), "{text:?}");
    if let Ok(digest) = read {
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.value().len(), digest.algorithm().size());
    }
}

/// The same in other words.
fn is_digest(text: &str) -> bool {
    let digits = [("sha256:", 64), ("sha384:", 96), ("sha512:", 128)];
    digits.into_iter().any(|(algorithm, length)| {
        text.strip_prefix(algorithm)
            .is_some_and(|value| value.len() == length && value.bytes().all(|byte| b"0123456789abcdef".contains(&byte)))
    })
}

pub(crate) fn digest_seeds() -> Vec<Vec<u8>> {
    ["sha256", "sha384", "sha512"]
        .map(|name| format!("{name}:{}", "0a".repeat(48)).into_bytes())
        .into_iter()
        .chain([
            testdata::image_of_the_cases().0.clone().into_bytes(),
            format!("sha512:{}", "f0".repeat(64)).into_bytes(),
        ])
        .collect()
}

/// What is read is complete: written and read again it is the same, and so are its parts.
pub(crate) fn reference(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(reference) = Reference::parse_normalized(text) else {
        assert!(Reference::parse_canonical(text).is_err(), "{text:?}");
        return;
    };
    let written = reference.to_string();
    assert!(written.len() <= REFERENCE_LIMIT, "{written:?}");
    assert_eq!(Reference::parse_canonical(&written).as_ref(), Ok(&reference), "{text:?}");
    assert_eq!(Reference::parse_canonical(text).is_ok(), text == written);

    let name = reference.without_tag_or_digest();
    assert_eq!(name.to_string(), reference.name());
    assert_eq!(reference.is_name_only(), name == reference);
    assert!(reference.name().ends_with(reference.path()) && reference.name().starts_with(reference.domain()));
    let suffix = written.strip_prefix(reference.name()).expect("a reference begins with its name");
    let tag = reference.tag().map_or(String::new(), |tag| format!(":{tag}"));
    let digest = reference.digest().map_or(String::new(), |digest| format!("@{digest}"));
    assert_eq!(suffix, tag + &digest);

    // From the most special on, each wider than the one before.
    let scopes = registry_scopes(&reference);
    assert!(!scopes.is_empty(), "{written:?}");
}

pub(crate) fn reference_seeds() -> Vec<Vec<u8>> {
    let (digest, reference) = testdata::image_of_the_cases();
    let texts = [
        "busybox",
        "library/busybox:1.36",
        "docker.io/busybox",
        "index.docker.io/a",
        "localhost/a",
        "localhost:5000/a",
        "quay.io/a/b/c/d:1",
        "a_b.example/c",
        "[::1]:80/a",
        "registry.example.com:443/shop/frontend",
        "a..b/c",
        "A/b",
    ];
    let plain = texts.into_iter().map(|text| text.as_bytes().to_vec());
    plain.chain([reference.clone().into_bytes(), format!("quay.io/a:1@{digest}").into_bytes()]).collect()
}
