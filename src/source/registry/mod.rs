//! The registry signatures extension: `GET /extensions/v2/PATH/signatures/DIGEST`, as OpenShift's registry has it.
//!
//! The registry of an image is asked, over TLS unless it is on this machine. It may ask back who asks; then the
//! credentials for this registry are sent, to nobody but this registry.
//!
//! Source: `containers/image` `docs/signature-protocols.md` and `docker/docker_image_src.go`.

mod auth;
mod challenge;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::image::Reference;
use crate::source::SourceProblem;
use crate::source::http::{Answer, Client, HttpProblem, Url, is_loopback};
use crate::source::join::{SignatureStore, Stored, Wanted};
use crate::source::layout::{LAYOUT_FILE_LIMIT, LayoutProblem, SIGNATURE_FILES_LIMIT};

pub use auth::{AuthFile, AuthFileError};
use challenge::Challenge;

/// How much of a token is read.
const TOKEN_LIMIT: usize = 64 << 10;

/// The signatures that registries keep.
#[derive(Debug)]
pub struct Registries {
    auth: AuthFile,
    client: Option<Client>,
}

impl Registries {
    /// The registries, with what they may be told of who asks.
    pub fn new(auth: AuthFile) -> Self {
        Self { auth, client: None }
    }
}

impl SignatureStore for Registries {
    fn name(&self) -> &str {
        "the registry"
    }

    fn signatures(&mut self, image: &Wanted<'_>) -> Result<Vec<Stored>, SourceProblem> {
        let reference = image.reference.ok_or(SourceProblem::NoReference)?;
        let base = base(reference).ok_or(SourceProblem::NoReference)?;
        let url = base.join(&format!("extensions/v2/{}/signatures/{}", reference.path(), image.digest));
        let client = self.client.get_or_insert_with(Client::new);
        let told =
            |problem: SourceProblem| SourceProblem::Stored { place: url.to_string(), problem: Box::new(problem) };
        let credentials = self.auth.basic(reference);
        let answer = fetch(client, &base, &url, credentials.as_deref()).map_err(|problem| told(problem.into()))?;
        answer.map_or(Ok(Vec::new()), |bytes| read(&bytes).map_err(|problem| told(problem.into())))
    }
}

/// The address of an image's registry.
fn base(reference: &Reference) -> Option<Url> {
    // That is what the name stands for, to everybody.
    let host = if reference.domain() == "docker.io" { "registry-1.docker.io" } else { reference.domain() };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let scheme = if is_loopback(name) { "http" } else { "https" };
    format!("{scheme}://{host}").parse().ok()
}

/// Fetches the list of signatures; whoever is asked for credentials gets them if they are its own.
fn fetch(
    client: &mut Client,
    registry: &Url,
    url: &Url,
    credentials: Option<&str>,
) -> Result<Option<Vec<u8>>, HttpProblem> {
    let told = match client.ask(url, LAYOUT_FILE_LIMIT, None)? {
        Answer::Content(fetched) => return Ok(Some(fetched.bytes)),
        Answer::Nothing => return Ok(None),
        Answer::Challenge(told) => told,
    };
    let authorization = match told.iter().find_map(|told| Challenge::read(told)) {
        Some(Challenge::Basic) => credentials.ok_or(HttpProblem::NoCredentials)?.to_owned(),
        Some(Challenge::Bearer { realm, service, scope }) => {
            let realm: Url = realm.parse().map_err(|_| HttpProblem::Realm { realm: realm.clone() })?;
            if realm.origin() != registry.origin() || !realm.is_private() {
                return Err(HttpProblem::Realm { realm: realm.to_string() });
            }
            let parameters = [("service", service), ("scope", scope)];
            let given: Vec<_> =
                parameters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
            match client.ask(&realm.with_query(&given), TOKEN_LIMIT, credentials)? {
                Answer::Content(fetched) => format!("Bearer {}", token(&fetched.bytes)?),
                Answer::Nothing => return Err(HttpProblem::Status { status: 404 }),
                Answer::Challenge(_) if credentials.is_none() => return Err(HttpProblem::NoCredentials),
                Answer::Challenge(_) => return Err(HttpProblem::Status { status: 401 }),
            }
        }
        None => return Err(HttpProblem::Status { status: 401 }),
    };
    match client.ask(url, LAYOUT_FILE_LIMIT, Some(&authorization))? {
        Answer::Content(fetched) => Ok(Some(fetched.bytes)),
        Answer::Nothing => Ok(None),
        Answer::Challenge(_) => Err(HttpProblem::Status { status: 401 }),
    }
}

fn token(bytes: &[u8]) -> Result<String, HttpProblem> {
    let answer: Token = serde_json::from_slice(bytes).map_err(|_| HttpProblem::Token)?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
    token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic())).ok_or(HttpProblem::Token)
}

/// Reads a list of signatures. Entries of other versions and types are none that is looked for.
fn read(bytes: &[u8]) -> Result<Vec<Stored>, LayoutProblem> {
    if bytes.len() > LAYOUT_FILE_LIMIT {
        return Err(LayoutProblem::TooLarge { limit: LAYOUT_FILE_LIMIT });
    }
    let list: List = serde_json::from_slice(bytes).map_err(|error| LayoutProblem::Malformed(error.to_string()))?;
    let mut found = Vec::new();
    for entry in list.signatures.unwrap_or_default() {
        if entry.schema_version != 2 || entry.signature_type != "atomic" {
            continue;
        }
        if found.len() >= SIGNATURE_FILES_LIMIT {
            return Err(LayoutProblem::TooManySignatures);
        }
        let content =
            STANDARD.decode(entry.content).map_err(|error| LayoutProblem::Malformed(format!("no base64: {error}")))?;
        let name = entry.name.rsplit('@').next().unwrap_or_default().to_owned();
        found.push(Stored { name, content });
    }
    Ok(found)
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    signatures: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    schema_version: i64,
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    signature_type: String,
    #[serde(default)]
    content: String,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

#[cfg(test)]
mod tests;
