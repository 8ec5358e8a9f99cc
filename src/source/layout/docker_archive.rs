//! `docker-archive:` tar files, as `docker save`, `podman save` and `skopeo copy` write them.
//!
//! Such an archive has no manifest that a registry would have: it has the configuration and the layers. The peers make
//! one of these, and what they sign of an archive is the digest of that. It is made here in the same way, to the letter:
//! from the digests of the layers that the configuration has, and the sizes that the archive has. No layer is read.
//!
//! Source: containers/image `docker/internal/tarfile/src.go`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::image::{CONFIG_LIMIT, Digest, Reference};
use crate::source::assembled::{Assembled, Handover};
use crate::source::export::{Item, Summary};
use crate::source::layout::plain::{self, Shape};
use crate::source::layout::{INSTANCES_LIMIT, LAYOUT_FILE_LIMIT, LayoutProblem, Naming, Tarball};
use crate::source::{Layout, Selection, Source, SourceProblem};

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

const LIST: Shape =
    Shape::List(&Shape::Object(&[("Config", Shape::Any), ("RepoTags", Shape::Any), ("Layers", Shape::Any)]));
const CONFIGURATION: Shape = Shape::Object(&[("rootfs", Shape::Object(&[("diff_ids", Shape::Any)]))]);

/// Enough of a layer to see that it is compressed.
const MAGIC: usize = 6;

/// Images in an archive of Docker.
#[derive(Clone, Debug)]
pub struct DockerArchive {
    name: String,
    path: PathBuf,
    selection: Selection,
    naming: Naming,
}

impl DockerArchive {
    /// The archive at `path`; it is read later.
    pub fn new(path: impl Into<PathBuf>, selection: Selection, naming: Naming) -> Self {
        let path = path.into();
        Self { name: format!("{}:{}", Layout::DockerArchive, path.display()), path, selection, naming }
    }
}

impl Source for DockerArchive {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary {
        let mut out = Handover::new(&self.name, visit);
        // An error in the flow means that the visitor had enough.
        let _ = match Tarball::open(&self.path) {
            Ok(mut tarball) => read(&mut tarball, &self.selection, &self.naming, &mut out),
            Err((path, problem)) => out.problem(&path, problem),
        };
        out.finish()
    }
}

fn read(tarball: &mut Tarball, selection: &Selection, naming: &Naming, out: &mut Handover<'_>) -> ControlFlow<()> {
    let chosen = images(tarball).and_then(|images| Ok(select(images, selection)?));
    match chosen {
        Ok(chosen) => chosen.iter().try_for_each(|saved| match image(tarball, saved) {
            Ok((manifest, config)) => {
                let name = Digest::sha256(manifest.as_bytes());
                let reference = naming.reference(&name, None);
                let image = Assembled {
                    name,
                    reference,
                    manifest: &manifest,
                    media_type: MANIFEST,
                    config: &config,
                    signatures: &[],
                };
                out.image(&saved.config, &image)
            }
            Err((path, problem)) => out.problem(&path, problem),
        }),
        Err(problem) => out.problem("manifest.json", problem),
    }
}

fn images(tarball: &mut Tarball) -> Result<Vec<Saved>, SourceProblem> {
    let Some(bytes) = tarball.read("manifest.json", LAYOUT_FILE_LIMIT)? else {
        return Err(LayoutProblem::Missing { expected: "an archive of Docker has a list of its images" }.into());
    };
    let images: Vec<Saved> = plain::read(&bytes, &LIST)?;
    match images.len() {
        0 => Err(LayoutProblem::NoImage { what: "in it".to_owned() }.into()),
        1..=INSTANCES_LIMIT => Ok(images),
        _ => Err(LayoutProblem::TooManyInstances.into()),
    }
}

fn select(images: Vec<Saved>, selection: &Selection) -> Result<Vec<Saved>, LayoutProblem> {
    let called = |saved: &Saved, name: &str| {
        let tags = saved.repo_tags.iter().flatten();
        tags.filter_map(|tag| Reference::parse_normalized(tag).ok()).any(|tag| tag.to_string() == name)
    };
    let (chosen, what): (Vec<_>, _) = match selection {
        Selection::All => return Ok(images),
        Selection::Index(index) => {
            (images.into_iter().skip(*index).take(1).collect(), format!("at place {index}, counted from 0"))
        }
        Selection::Name(name) => {
            (images.into_iter().filter(|saved| called(saved, name)).collect(), format!("that is called `{name}`"))
        }
        Selection::Digest(digest) => (Vec::new(), format!("with the digest `{digest}`")),
    };
    match chosen.as_slice() {
        [] => Err(LayoutProblem::NoImage { what }),
        [_] => Ok(chosen),
        _ => Err(LayoutProblem::Ambiguous { what }),
    }
}

/// The manifest that the peers make of an image, and its configuration.
fn image(tarball: &mut Tarball, saved: &Saved) -> Result<(String, String), (String, SourceProblem)> {
    let told = |problem| (saved.config.clone(), problem);
    // The peers look for where a link leads from the top, and not from the folder that it is in.
    if tarball.is_link(&saved.config) {
        return Err(told(LayoutProblem::NotAFile.into()));
    }
    let bytes = tarball.read(&saved.config, CONFIG_LIMIT).map_err(told)?;
    let missing = LayoutProblem::Missing { expected: "the list of images names it as a configuration" };
    let bytes = bytes.ok_or_else(|| told(missing.into()))?;
    let text = String::from_utf8(bytes).map_err(|_| told(LayoutProblem::NotText.into()))?;
    let malformed = |why: String| told(LayoutProblem::Malformed(why).into());
    let config: Config = plain::read(text.as_bytes(), &CONFIGURATION).map_err(|problem| told(problem.into()))?;
    let ids = config.rootfs.diff_ids.unwrap_or_default();
    if ids.len() != saved.layers.len() {
        return Err(malformed(format!("it has {} layers, and the list of images {}", ids.len(), saved.layers.len())));
    }
    let mut layers = Vec::new();
    for (id, file) in ids.iter().zip(&saved.layers) {
        let digest: Digest = id.parse().map_err(|error| malformed(format!("`{id}` is no digest: {error}")))?;
        let told = |problem: SourceProblem| (file.clone(), problem);
        let size = tarball.size(file).map_err(told)?;
        let missing = LayoutProblem::Missing { expected: "the list of images names it as a layer" };
        let size = size.ok_or_else(|| told(missing.into()))?;
        if tarball.is_compressed(file, MAGIC).map_err(told)? {
            let why = "it is a compressed layer, whose size cannot be known without unpacking it".to_owned();
            return Err(told(LayoutProblem::Archive(why).into()));
        }
        layers.push(Descriptor { media_type: LAYER, size, digest: digest.to_string() });
    }
    let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let descriptor = Descriptor { media_type: CONFIG, size, digest: Digest::sha256(text.as_bytes()).to_string() };
    let manifest = Manifest { schema_version: 2, media_type: MANIFEST, config: descriptor, layers };
    let manifest = serde_json::to_string(&manifest).map_err(|error| malformed(error.to_string()))?;
    Ok((manifest, text))
}

/// An image as the list in the archive names it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

/// The members stand in the order in which the peers write them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: &'static str,
    size: u64,
    digest: String,
}
