//! TLS from files, which are read again when they change.

use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, asn1};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::server::config::TlsFiles;
use crate::server::generation::Hash;

/// The object identifier of a common name.
const COMMON_NAME: asn1::ObjectIdentifier = asn1::ObjectIdentifier::new_unwrap("2.5.4.3");

/// The configuration by which connections are accepted now.
pub(super) struct Tls {
    current: RwLock<Arc<ServerConfig>>,
}

/// What was read.
pub(super) struct ReadTls {
    pub(super) config: ServerConfig,
    pub(super) ends: DateTime<Utc>,
}

impl Tls {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self { current: RwLock::new(Arc::new(config)) }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace(&self, config: ServerConfig) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
}

/// The hash of the files.
pub(super) fn hash(files: &TlsFiles) -> Result<Hash, String> {
    let mut hash = Sha256::new();
    for path in [Some(&files.certificates), Some(&files.key), files.client_ca.as_ref()].into_iter().flatten() {
        hash.update(Sha256::digest(contents(path)?));
    }
    Ok(hash.finalize().into())
}

/// Reads the files: TLS 1.3 only, a key that fits its certificate, a certificate that has not expired.
pub(super) fn read(files: &TlsFiles, at: DateTime<Utc>) -> Result<ReadTls, String> {
    let told = |path: &Path, problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let chain = certificates(&files.certificates)?;
    let key = PrivateKeyDer::from_pem_slice(&contents(&files.key)?).map_err(|error| told(&files.key, &error))?;
    let first = chain.first().ok_or_else(|| told(&files.certificates, &"there is no certificate"))?;
    let ends = Certificate::from_der(first)
        .map_err(|error| told(&files.certificates, &error))?
        .tbs_certificate
        .validity
        .not_after
        .to_unix_duration();
    let ends = i64::try_from(ends.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let ends = ends.ok_or_else(|| told(&files.certificates, &"its end is no time"))?;
    if ends <= at {
        return Err(told(&files.certificates, &format!("it expired at {ends}")));
    }
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| error.to_string())?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(path)? {
                roots.add(root).map_err(|error| told(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(|error| told(path, &error))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| told(&files.certificates, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(ReadTls { config, ends })
}

/// Whether the client of a connection has one of the names that clients may have.
pub(super) fn is_welcome(connection: &ServerConnection, names: &[String]) -> bool {
    if names.is_empty() {
        return true;
    }
    let Some(first) = connection.peer_certificates().and_then(<[_]>::first) else { return false };
    let Ok(certificate) = Certificate::from_der(first) else { return false };
    names_of(&certificate).iter().any(|name| names.contains(name))
}

fn names_of(certificate: &Certificate) -> Vec<String> {
    let subject = certificate.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
    let common = subject.filter(|attribute| attribute.oid == COMMON_NAME).filter_map(|attribute| {
        let utf8 = attribute.value.decode_as::<asn1::Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
        utf8.or_else(|_| {
            attribute.value.decode_as::<asn1::PrintableStringRef<'_>>().map(|text| text.as_str().to_owned())
        })
        .ok()
    });
    let mut names: Vec<_> = common.collect();
    if let Ok(Some((_, SubjectAltName(others)))) = certificate.tbs_certificate.get::<SubjectAltName>() {
        names.extend(others.iter().filter_map(|name| {
            let GeneralName::DnsName(name) = name else { return None };
            Some(name.as_str().to_owned())
        }));
    }
    names
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = contents(path)?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn contents(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
