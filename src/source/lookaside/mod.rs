//! Lookaside stores: signatures in files by the image that they are for, on disk or on a web server.
//!
//! A store has a base, and below it `PATH@sha256=HEX/signature-N` for the image with this digest in the repository
//! with this path, whatever its registry. Numbers begin with 1, and end with the first that is missing.
//!
//! Source: containers/image `docker/docker_image_src.go`; containers-registries.d(5).

mod base;
mod registries_d;
mod tree;
mod web;

use crate::image::{Digest, Reference};
use crate::source::SourceProblem;
use crate::source::http::Client;
use crate::source::join::{SignatureStore, Stored, Wanted};

pub use base::{Base, BaseError};
pub use registries_d::{RegistriesD, RegistriesDError};

/// How the files of an image are found below the base of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// `PATH@sha256=HEX`, by repository.
    Repository,
    /// `sha256=HEX`, as release signatures are published.
    Release,
}

/// The signatures of a lookaside store.
#[derive(Debug)]
pub struct Lookaside {
    name: String,
    places: Places,
    form: Form,
    /// Made when it is first needed: without a store on the web there is no client.
    client: Option<Client>,
}

#[derive(Debug)]
enum Places {
    /// One store for all images.
    One(Base),
    /// The store that is configured for each.
    Configured(RegistriesD),
}

impl Lookaside {
    /// A store for images of all registries.
    pub fn at(base: Base) -> Self {
        Self { name: base.to_string(), places: Places::One(base), form: Form::Repository, client: None }
    }

    /// A store of release signatures, which are filed by the digest alone.
    pub fn of_releases(base: Base) -> Self {
        Self { form: Form::Release, ..Self::at(base) }
    }

    /// The stores that are configured for registries and repositories.
    pub fn configured(name: &str, configuration: RegistriesD) -> Self {
        Self { name: name.to_owned(), places: Places::Configured(configuration), form: Form::Repository, client: None }
    }
}

impl SignatureStore for Lookaside {
    fn name(&self) -> &str {
        &self.name
    }

    fn signatures(&mut self, image: &Wanted<'_>) -> Result<Vec<Stored>, SourceProblem> {
        let base = match (&self.places, image.reference) {
            (Places::One(base), _) => base,
            (Places::Configured(configuration), Some(reference)) => match configuration.lookaside(reference) {
                Some(base) => base,
                // Nothing is configured for it: then it has no signatures there.
                None => return Ok(Vec::new()),
            },
            (Places::Configured(_), None) => return Err(SourceProblem::NoReference),
        };
        let folder = folder(self.form, image.digest, image.reference).ok_or(SourceProblem::NoReference)?;
        match base {
            Base::Directory(path) => tree::signatures(path, &folder),
            Base::Web(url) => {
                let client = self.client.get_or_insert_with(Client::new);
                web::signatures(client, url, &folder)
            }
        }
    }
}

/// The folder of an image below the base of a store.
fn folder(form: Form, digest: &Digest, reference: Option<&Reference>) -> Option<String> {
    let file = digest.to_string().replace(':', "=");
    match form {
        Form::Release => Some(file),
        Form::Repository => Some(format!("{}@{file}", reference?.path())),
    }
}
