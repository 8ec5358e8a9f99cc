//! `rootOfTrust`: a public key, certificates by Fulcio, or certificates by a PKI.

use super::identity::union;
use super::read::is_dns_subdomain;
use crate::policy::document::containers_policy::base64;
use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;
use crate::signature::SigstoreKey;

/// Whom an object trusts. Keys and certificates are PEM.
#[derive(Clone, Debug)]
pub(crate) enum RootOfTrust {
    FulcioWithRekor { ca: Vec<u8>, rekor: Vec<u8>, issuer: String, email: String },
    Pki { roots: Vec<u8>, intermediates: Option<Vec<u8>>, email: Option<String>, hostname: Option<String> },
    PublicKey { pem: Vec<u8>, key: SigstoreKey, rekor: Option<Vec<u8>> },
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum PolicyType {
    FulcioWithRekor,
    Pki,
    PublicKey,
}

/// Reads `rootOfTrust`: `policyType`, and the one member that it names.
pub(super) fn root_of_trust(field: &Field<'_>) -> Option<RootOfTrust> {
    let members = field.object()?;
    let kind = members.required("policyType").and_then(|field| {
        field.word(&[
            ("PublicKey", PolicyType::PublicKey),
            ("FulcioCAWithRekor", PolicyType::FulcioWithRekor),
            ("PKI", PolicyType::Pki),
        ])
    });
    let public_key = union(&members, "publicKey", kind, PolicyType::PublicKey, public_key);
    let fulcio = union(&members, "fulcioCAWithRekor", kind, PolicyType::FulcioWithRekor, fulcio);
    let pki = union(&members, "pki", kind, PolicyType::Pki, pki);
    members.finish();
    let (public_key, fulcio, pki) = (public_key?, fulcio?, pki?);
    let root = match kind? {
        PolicyType::FulcioWithRekor => fulcio,
        PolicyType::Pki => pki,
        PolicyType::PublicKey => public_key,
    }?;
    let demands_more = match &root {
        RootOfTrust::FulcioWithRekor { .. } => Some("certificates by Fulcio"),
        RootOfTrust::Pki { .. } => Some("certificates by a PKI"),
        RootOfTrust::PublicKey { rekor: Some(_), .. } => Some("an entry in Rekor"),
        RootOfTrust::PublicKey { rekor: None, .. } => None,
    };
    if let Some(what) = demands_more {
        field.tell(FindingCode::Unsupported, format!("{what} cannot be checked yet: every image is denied here"));
    }
    Some(root)
}

fn public_key(field: &Field<'_>) -> Option<RootOfTrust> {
    let members = field.object()?;
    let key = members.required("keyData").and_then(|field| {
        let pem = pem(&field, &PUBLIC_KEY)?;
        let key = SigstoreKey::from_pem(&pem).map_err(|error| field.tell(FindingCode::Key, error.to_string())).ok()?;
        Some((pem, key))
    });
    let rekor = members.optional("rekorKeyData").map(|field| pem(&field, &PUBLIC_KEY));
    members.finish();
    let (pem, key) = key?;
    Some(RootOfTrust::PublicKey { pem, key, rekor: all_or_none(rekor)? })
}

fn fulcio(field: &Field<'_>) -> Option<RootOfTrust> {
    let members = field.object()?;
    let ca = members.required("fulcioCAData").and_then(|field| pem(&field, &CERTIFICATES));
    let rekor = members.required("rekorKeyData").and_then(|field| pem(&field, &PUBLIC_KEY));
    let subject = members.required("fulcioSubject").and_then(|field| fulcio_subject(&field));
    members.finish();
    let (issuer, email) = subject?;
    Some(RootOfTrust::FulcioWithRekor { ca: ca?, rekor: rekor?, issuer, email })
}

fn fulcio_subject(field: &Field<'_>) -> Option<(String, String)> {
    let members = field.object()?;
    let issuer = members.required("oidcIssuer").and_then(|field| text(&field, &ISSUER));
    let email = members.required("signedEmail").and_then(|field| text(&field, &EMAIL));
    members.finish();
    Some((issuer?, email?))
}

fn pki(field: &Field<'_>) -> Option<RootOfTrust> {
    let members = field.object()?;
    let roots = members.required("caRootsData").and_then(|field| pem(&field, &CERTIFICATES));
    let intermediates = members.optional("caIntermediatesData").map(|field| pem(&field, &CERTIFICATES));
    let subject = members.required("pkiCertificateSubject").and_then(|field| pki_subject(&field));
    members.finish();
    let (email, hostname) = subject?;
    Some(RootOfTrust::Pki { roots: roots?, intermediates: all_or_none(intermediates)?, email, hostname })
}

fn pki_subject(field: &Field<'_>) -> Option<(Option<String>, Option<String>)> {
    let members = field.object()?;
    let email = members.optional("email").map(|field| text(&field, &EMAIL));
    let hostname = members.optional("hostname").map(|field| text(&field, &HOST));
    if email.is_none() && hostname.is_none() {
        field.tell(FindingCode::MissingMember, "one of `email` and `hostname` is needed, or both");
        members.finish();
        return None;
    }
    members.finish();
    Some((all_or_none(email)?, all_or_none(hostname)?))
}

/// What may be missing, and must be right where it is not.
fn all_or_none<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(read) => read.map(Some),
        None => Some(None),
    }
}

fn text(field: &Field<'_>, rule: &Rule) -> Option<String> {
    let text = field.string()?;
    match rule.problem(text) {
        None => Some(text.to_owned()),
        Some(problem) => {
            field.tell(FindingCode::InvalidValue, problem);
            None
        }
    }
}

/// `^\S+@\S+$`
fn is_email(text: &str) -> bool {
    let mut inner = text.char_indices().skip(1);
    inner.any(|(at, character)| character == '@' && text.len().saturating_sub(at) > 1)
        && !text.contains(['\t', '\n', '\u{c}', '\r', ' '])
}

fn is_host(text: &str) -> bool {
    is_dns_subdomain(text.strip_prefix("*.").unwrap_or(text))
}

/// A URL with a scheme, or the absolute path of one.
fn is_url(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let is_authority = |rest: &str| {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let after = host.rsplit(']').next().unwrap_or_default();
        !authority.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'])
            && after.split_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let rest = if text.starts_with('/') {
        Some(text)
    } else {
        text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).map(|(_, rest)| rest)
    };
    !text.contains(|character: char| character.is_ascii_control())
        && rest.is_some_and(|rest| rest.strip_prefix("//").is_none_or(is_authority))
}

/// What a text must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    is_right: fn(&str) -> bool,
    what: &'static str,
    /// The most characters.
    limit: usize,
}

/// The issuer of the tokens for which Fulcio issues certificates.
pub(crate) const ISSUER: Rule =
    Rule { is_right: is_url, what: "the issuer is a URL: `https://issuer.example.com`", limit: 2048 };

/// The address that a certificate is for.
pub(crate) const EMAIL: Rule =
    Rule { is_right: is_email, what: "an email address is written `user@example.com`, without spaces", limit: 320 };

/// The host that a certificate is for.
pub(crate) const HOST: Rule =
    Rule { is_right: is_host, what: "a host name is in lower case, and `*.` may stand before it", limit: 253 };

impl Rule {
    /// What is wrong with a text.
    pub(crate) fn problem(&self, text: &str) -> Option<String> {
        let Self { is_right, what, limit } = self;
        let is_right = text.chars().count() <= *limit && is_right(text);
        (!is_right).then(|| format!("{what}; it has at most {limit} characters"))
    }
}

/// What a PEM text must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pem {
    begin: &'static str,
    end: &'static str,
    what: &'static str,
}

/// The PEM of a public key.
pub(crate) const PUBLIC_KEY: Pem =
    Pem { begin: "-----BEGIN PUBLIC KEY-----", end: "-----END PUBLIC KEY-----", what: "a public key" };

/// The PEM of certificates.
pub(crate) const CERTIFICATES: Pem =
    Pem { begin: "-----BEGIN CERTIFICATE-----", end: "-----END CERTIFICATE-----", what: "certificates" };

impl Pem {
    /// What is wrong with a PEM text.
    pub(crate) fn problem(&self, data: &[u8]) -> Option<String> {
        let Self { begin, end, what } = self;
        let length = data.len().div_ceil(3).saturating_mul(4);
        if length > DATA_LIMIT {
            return Some(format!("{what} may have {DATA_LIMIT} characters in base64; these are {length}"));
        }
        let count = |line: &str| data.windows(line.len()).filter(|window| *window == line.as_bytes()).count();
        let trimmed = data.strip_suffix(b"\n").unwrap_or(data);
        let is_right = data.starts_with(begin.as_bytes())
            && trimmed.ends_with(end.as_bytes())
            && trimmed.len() >= begin.len().saturating_add(end.len())
            && count(begin) == count(end);
        (!is_right).then(|| format!("this is no PEM with {what}: it begins with `{begin}` and ends with `{end}`"))
    }
}

/// PEM in base64.
fn pem(field: &Field<'_>, pem: &Pem) -> Option<Vec<u8>> {
    let text = field.text()?;
    if text.contains(['\r', '\n']) {
        field
            .tell(FindingCode::InvalidValue, "the base64 is in one line, without line breaks; in YAML it takes no `|`");
        return None;
    }
    let data = base64(field)?;
    match pem.problem(&data) {
        None => Some(data),
        Some(problem) => {
            field.tell(FindingCode::InvalidValue, problem);
            None
        }
    }
}

/// The longest key or list of certificates, in characters of base64. The shortest are the two lines of a PEM text.
const DATA_LIMIT: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_that_the_api_server_accepts() {
        let characters = |count: usize| format!("a@{}", "ä".repeat(count));
        let (long, longer) = (characters(318), characters(319));
        for (rule, text, expected) in [
            (ISSUER, "https://issuer.example.com", true),
            (ISSUER, "https://user@issuer.example.com:8080/path?a=b:c", true),
            (ISSUER, "https://[::1]:80/", true),
            (ISSUER, "https://[::1]", true),
            (ISSUER, "/path", true),
            (ISSUER, "//issuer:a", false),
            (ISSUER, "mailto:user", true),
            (ISSUER, "", false),
            (ISSUER, "issuer", false),
            (ISSUER, "issuer/a:b", false),
            (ISSUER, "1a://b", false),
            (ISSUER, "://b", false),
            (ISSUER, "https://a\nb/", false),
            (ISSUER, "https://a/b\u{7f}", false),
            (ISSUER, "https://a:b/", false),
            (ISSUER, "https://[::1]:b/", false),
            (ISSUER, "https://a b/", false),
            (EMAIL, "user@example.com", true),
            (EMAIL, "@@@", true),
            (EMAIL, "user@", false),
            (EMAIL, "@example.com", false),
            (EMAIL, "us er@example.com", false),
            (EMAIL, "", false),
            (EMAIL, &long, true),
            (EMAIL, &longer, false),
            (HOST, "example.com", true),
            (HOST, "*.example.com", true),
            (HOST, "*.", false),
            (HOST, "*", false),
            (HOST, "a.*.com", false),
        ] {
            assert_eq!(rule.problem(text).is_none(), expected, "{text:?} for {rule:?}");
        }
    }

    #[test]
    fn pem_begins_and_ends_as_it_must() {
        let Pem { begin, end, .. } = PUBLIC_KEY;
        let block = format!("{begin}\nAAAA\n{end}");
        for (text, expected) in [
            (block.clone(), true),
            (format!("{block}\n"), true),
            (format!("{block}\n{block}"), true),
            (format!("{begin}{end}"), true),
            (format!("{block}\n\n"), false),
            (format!(" {block}"), false),
            (format!("{begin}\n{block}"), false),
            (format!("{block}\n{end}"), false),
            (begin.to_owned(), false),
            // The hyphens in the middle are those of both lines.
            (begin.replace("-----\n", "") + "END PUBLIC KEY-----", false),
            (block.replace("AAAA", &"A".repeat(6091)), true),
            (block.replace("AAAA", &"A".repeat(6093)), false),
        ] {
            assert_eq!(PUBLIC_KEY.problem(text.as_bytes()).is_none(), expected, "{text}");
        }
        assert!(CERTIFICATES.problem(block.as_bytes()).is_some());
    }
}
