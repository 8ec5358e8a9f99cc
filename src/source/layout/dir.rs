//! `dir:` layouts, as `skopeo copy … dir:PATH` writes them: a manifest, blobs beside it, and signatures.
//!
//! | file | holds |
//! | --- | --- |
//! | `version` | `Directory Transport Version: 1.1`; may be absent |
//! | `manifest.json` | the manifest, of an image or a list |
//! | `signature-N` | its signatures, from 1 |
//! | `HEX.manifest.json`, `HEX.signature-N` | those of the instances of a list |
//! | `HEX` | a blob |
//!
//! Source: containers/image `directory/`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::image::{CONFIG_LIMIT, Digest, MANIFEST_LIMIT, Manifest, Schema1};
use crate::source::assembled::{Assembled, Handover};
use crate::source::export::{Item, Summary};
use crate::source::layout::instances::{Instance, instances};
use crate::source::layout::{INSTANCES_LIMIT, LayoutProblem, Naming, Root, read_numbered};
use crate::source::{Source, SourceProblem};

const VERSION: &str = "Directory Transport Version: 1.1";

/// What a version file that is known says: 1.2 differs in the names of files whose digest is not SHA-256.
const VERSIONS: [&str; 3] = ["Directory Transport Version: 1.0", VERSION, "Directory Transport Version: 1.2"];

/// How much of a version file is read.
const VERSION_LIMIT: usize = 256;

/// An image in a directory.
#[derive(Clone, Debug)]
pub struct Dir {
    name: String,
    path: PathBuf,
    naming: Naming,
}

impl Dir {
    /// The layout at `path`; it is read later.
    pub fn new(path: impl Into<PathBuf>, naming: Naming) -> Self {
        let path = path.into();
        Self { name: format!("dir:{}", path.display()), path, naming }
    }
}

impl Source for Dir {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary {
        let mut out = Handover::new(&self.name, visit);
        // An error in the flow means that the visitor had enough.
        let _ = read(&self.path, &self.naming, &mut out);
        out.finish()
    }
}

fn read(path: &Path, naming: &Naming, out: &mut Handover<'_>) -> ControlFlow<()> {
    let root = match Root::open(path) {
        Ok(root) => root,
        Err(error) => return out.problem("", error),
    };
    if let Err(problem) = check_version(&root) {
        return out.problem("version", problem);
    }
    let manifest = match manifest(&root, "manifest.json") {
        Ok(Some(manifest)) => manifest,
        Ok(None) => {
            return out.problem("manifest.json", LayoutProblem::Missing { expected: "a `dir:` layout has a manifest" });
        }
        Err(problem) => return out.problem("manifest.json", problem),
    };
    let digest = digest(&manifest);
    let instances = match instances(&manifest, "") {
        Ok(found) => found,
        Err(problem) => return out.problem("manifest.json", problem),
    };
    if naming.platform.is_none() || instances.is_empty() {
        image(
            &root,
            "",
            &manifest,
            &Named { digest, media_type: "", reference: naming.reference(&digest, None) },
            out,
        )?;
    }
    if instances.len() > INSTANCES_LIMIT {
        return out.problem("manifest.json", LayoutProblem::TooManyInstances);
    }
    let mut chosen = instances
        .iter()
        .filter(|instance| naming.platform.as_ref().is_none_or(|wanted| instance.is_for(wanted)))
        .peekable();
    if let Some(platform) = naming.platform.as_ref().filter(|_| !instances.is_empty() && chosen.peek().is_none()) {
        return out.problem("manifest.json", LayoutProblem::NoImage { what: format!("for `{platform}`") });
    }
    chosen.try_for_each(|instance| of_list(&root, instance, &digest, naming, out))
}

/// What is known of an image beside its manifest.
struct Named<'a> {
    digest: Digest,
    media_type: &'a str,
    reference: String,
}

/// Hands over an instance of a list.
fn of_list(
    root: &Root,
    instance: &Instance,
    list: &Digest,
    naming: &Naming,
    out: &mut Handover<'_>,
) -> ControlFlow<()> {
    let prefix = prefix(&instance.digest);
    let name = format!("{prefix}manifest.json");
    let reference = naming.reference(&instance.digest, Some(list));
    let named = Named { digest: instance.digest, media_type: &instance.media_type, reference };
    match manifest(root, &name) {
        Ok(Some(manifest)) => image(root, &prefix, &manifest, &named, out),
        Ok(None) => out.problem(&name, LayoutProblem::Missing { expected: "the list names this manifest" }),
        Err(problem) => out.problem(&name, problem),
    }
}

/// Hands over the image whose files have names with this prefix, and what is wrong with its signatures.
fn image(root: &Root, prefix: &str, manifest: &str, named: &Named<'_>, out: &mut Handover<'_>) -> ControlFlow<()> {
    let config = match config(root, manifest, named.media_type) {
        Ok(config) => config,
        Err((name, problem)) => return out.problem(&name, problem),
    };
    let (signatures, wrong) = read_numbered(root, prefix);
    let image = Assembled {
        name: named.digest,
        reference: named.reference.clone(),
        manifest,
        media_type: named.media_type,
        config: &config,
        signatures: &signatures,
    };
    out.image(&format!("{prefix}manifest.json"), &image)?;
    wrong.map_or(ControlFlow::Continue(()), |(name, problem)| out.problem(&name, problem))
}

fn check_version(root: &Root) -> Result<(), SourceProblem> {
    let Some(version) = root.read("version", VERSION_LIMIT)? else { return Ok(()) };
    let version = String::from_utf8_lossy(&version);
    let version = version.strip_suffix('\n').unwrap_or(&version);
    if VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(LayoutProblem::Version { found: version.to_owned(), expected: VERSION }.into())
}

fn manifest(root: &Root, name: &str) -> Result<Option<String>, SourceProblem> {
    let Some(bytes) = root.read(name, MANIFEST_LIMIT)? else { return Ok(None) };
    Ok(Some(String::from_utf8(bytes).map_err(|_| LayoutProblem::NotText)?))
}

/// The digest by which a registry would name the manifest: that of all of its bytes, except for schema 1.
fn digest(manifest: &str) -> Digest {
    let read = Manifest::read(manifest.as_bytes(), "", Schema1::PayloadOnly);
    read.map_or_else(|_| Digest::sha256(manifest.as_bytes()), |manifest| manifest.digest)
}

/// The configuration, where the directory has it and it is text; artifacts have others.
fn config(root: &Root, manifest: &str, media_type: &str) -> Result<String, (String, SourceProblem)> {
    let read = Manifest::read(manifest.as_bytes(), media_type, Schema1::Refused);
    let Some(digest) = read.ok().and_then(|manifest| manifest.config) else { return Ok(String::new()) };
    let name = blob(&digest);
    let told = |problem| (name.clone(), problem);
    let Some(bytes) = root.read(&name, CONFIG_LIMIT).map_err(told)? else { return Ok(String::new()) };
    String::from_utf8(bytes).or_else(|error| match Digest::sha256(error.as_bytes()) {
        found if found == digest => Ok(String::new()),
        found => Err(told(LayoutProblem::Blob { found: found.into() }.into())),
    })
}

/// What stands before `manifest.json` and `signature-N` of an instance.
fn prefix(digest: &Digest) -> String {
    format!("{}.", blob(digest))
}

fn blob(digest: &Digest) -> String {
    let text = digest.to_string();
    text.strip_prefix("sha256:").map_or_else(|| text.replace(':', "-"), str::to_owned)
}

#[cfg(test)]
mod tests;
