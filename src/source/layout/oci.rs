//! `oci:` layouts and `oci-archive:` tar files, as the OCI image layout specification has them.
//!
//! An index names manifests by their digests, and a list among them names others. Each manifest is an image of its own,
//! lists too, as signatures are for the one or for the other. No signature is in a layout: they are joined to its
//! images from where they are kept.
//!
//! Source: OCI image-spec `image-layout.md`; containers/image `oci/layout/`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::image::{CONFIG_LIMIT, Digest, MANIFEST_LIMIT, Manifest, Schema1};
use crate::source::assembled::{Assembled, Handover};
use crate::source::export::{Item, Summary};
use crate::source::layout::instances::{self, Instance, instances};
use crate::source::layout::plain::{self, Shape};
use crate::source::layout::{INSTANCES_LIMIT, LAYOUT_FILE_LIMIT, LayoutProblem, Naming, Root, Tarball};
use crate::source::{Layout, Selection, Source, SourceProblem};

/// The version of layouts that is read.
const VERSION: &str = "1.0.0";

/// How deep lists of manifests may stand inside lists.
const LISTS_DEPTH: usize = 4;

/// Images in an OCI layout, in a directory or in a tar file.
#[derive(Clone, Debug)]
pub struct Oci {
    name: String,
    path: PathBuf,
    archive: bool,
    selection: Selection,
    naming: Naming,
}

impl Oci {
    /// The layout in the directory `path`; it is read later.
    pub fn new(path: impl Into<PathBuf>, selection: Selection, naming: Naming) -> Self {
        let path = path.into();
        Self { name: format!("{}:{}", Layout::Oci, path.display()), path, archive: false, selection, naming }
    }

    /// The layout in the tar file `path`; it is read later.
    pub fn archive(path: impl Into<PathBuf>, selection: Selection, naming: Naming) -> Self {
        let path = path.into();
        Self { name: format!("{}:{}", Layout::OciArchive, path.display()), path, archive: true, selection, naming }
    }
}

impl Source for Oci {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary {
        let mut out = Handover::new(&self.name, visit);
        // An error in the flow means that the visitor had enough.
        let _ = match open(&self.path, self.archive) {
            Ok(files) => {
                Walk { files, naming: &self.naming, seen: BTreeSet::new(), out: &mut out }.read(&self.selection)
            }
            Err((path, problem)) => out.problem(&path, problem),
        };
        out.finish()
    }
}

/// Where the files of a layout are.
enum Files {
    Directory(Root),
    Archive(Tarball),
}

impl Files {
    /// Reads a file of the layout; longer than `limit` bytes is an error.
    fn read(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceProblem> {
        match self {
            Self::Directory(root) => root.read(name, limit),
            Self::Archive(tarball) => tarball.read(name, limit),
        }
    }
}

fn open(path: &Path, archive: bool) -> Result<Files, (String, SourceProblem)> {
    if archive {
        Ok(Files::Archive(Tarball::open(path)?))
    } else {
        Root::open(path).map(Files::Directory).map_err(|error| (String::new(), error.into()))
    }
}

/// A walk through the manifests of a layout.
struct Walk<'w, 'v> {
    files: Files,
    naming: &'w Naming,
    /// What was told of already: several names may stand for one image.
    seen: BTreeSet<Digest>,
    out: &'w mut Handover<'v>,
}

impl Walk<'_, '_> {
    fn read(&mut self, selection: &Selection) -> ControlFlow<()> {
        if let Err(problem) = self.check_version() {
            return self.out.problem("oci-layout", problem);
        }
        if let Selection::Digest(digest) = selection {
            // Whoever names a digest need not be told by the index that it is there.
            return self.manifest(digest, "", None, 0);
        }
        let entries = match self.index() {
            Ok(entries) => entries,
            Err(problem) => return self.out.problem("index.json", problem),
        };
        match select(&entries, selection) {
            Ok(chosen) => chosen.into_iter().try_for_each(|entry| {
                // An index may name the instances themselves, and then says for which platform each is.
                match &self.naming.platform {
                    Some(wanted) if entry.has_platform() && !entry.is_for(wanted) => ControlFlow::Continue(()),
                    _ => self.manifest(&entry.digest, &entry.media_type, None, 0),
                }
            })?,
            Err(problem) => return self.out.problem("index.json", problem),
        }
        match &self.naming.platform {
            Some(wanted) if self.seen.is_empty() => {
                self.out.problem("index.json", LayoutProblem::NoImage { what: format!("for `{wanted}`") })
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn check_version(&mut self) -> Result<(), SourceProblem> {
        let expected = "an OCI layout has a file `oci-layout`";
        let Some(bytes) = self.files.read("oci-layout", LAYOUT_FILE_LIMIT)? else {
            return Err(LayoutProblem::Missing { expected }.into());
        };
        let marker: Marker = plain::read(&bytes, &Shape::Object(&[("imageLayoutVersion", Shape::Any)]))?;
        if marker.image_layout_version == VERSION {
            return Ok(());
        }
        Err(LayoutProblem::Version { found: marker.image_layout_version, expected: VERSION }.into())
    }

    fn index(&mut self) -> Result<Vec<Instance>, SourceProblem> {
        let Some(bytes) = self.files.read("index.json", LAYOUT_FILE_LIMIT)? else {
            return Err(LayoutProblem::Missing { expected: "an OCI layout has an index" }.into());
        };
        let text = String::from_utf8(bytes).map_err(|_| LayoutProblem::NotText)?;
        let entries = instances::read(&text)?;
        if entries.is_empty() {
            return Err(LayoutProblem::NoImage { what: "in it".to_owned() }.into());
        }
        Ok(entries)
    }

    /// Hands over the manifest with this digest, and those that it names if it is a list.
    fn manifest(&mut self, digest: &Digest, media_type: &str, list: Option<&Digest>, depth: usize) -> ControlFlow<()> {
        if !self.seen.insert(*digest) {
            return ControlFlow::Continue(());
        }
        let place = blob(digest);
        if self.seen.len() > INSTANCES_LIMIT {
            return self.out.problem(&place, LayoutProblem::TooManyInstances);
        }
        let manifest = match self.text(&place, MANIFEST_LIMIT) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => {
                return self.out.problem(&place, LayoutProblem::Missing { expected: "it is named as a manifest" });
            }
            Err(problem) => return self.out.problem(&place, problem),
        };
        let found = match instances(&manifest, media_type) {
            Ok(found) => found,
            Err(problem) => return self.out.problem(&place, problem),
        };
        let chosen: Vec<_> = match &self.naming.platform {
            Some(wanted) => found.iter().filter(|instance| instance.is_for(wanted)).collect(),
            None => found.iter().collect(),
        };
        if self.naming.platform.is_none() || found.is_empty() {
            self.image(digest, media_type, &manifest, list)?;
        } else if let (true, Some(wanted)) = (chosen.is_empty(), &self.naming.platform) {
            return self.out.problem(&place, LayoutProblem::NoImage { what: format!("for `{wanted}`") });
        }
        if depth >= LISTS_DEPTH && !chosen.is_empty() {
            return self.out.problem(&place, LayoutProblem::ListsTooDeep { limit: LISTS_DEPTH });
        }
        let list = list.unwrap_or(digest);
        let next = depth.saturating_add(1);
        chosen
            .into_iter()
            .try_for_each(|instance| self.manifest(&instance.digest, &instance.media_type, Some(list), next))
    }

    /// Hands over one image. That its manifest is the one with the digest is seen when it is verified.
    fn image(&mut self, digest: &Digest, media_type: &str, manifest: &str, list: Option<&Digest>) -> ControlFlow<()> {
        let named = Manifest::read(manifest.as_bytes(), media_type, Schema1::Refused).ok().and_then(|read| read.config);
        let config = match named.map(|config| (config, self.config(&config))) {
            None => String::new(),
            Some((_, Ok(config))) => config,
            Some((config, Err(problem))) => return self.out.problem(&blob(&config), problem),
        };
        let image = Assembled {
            name: *digest,
            reference: self.naming.reference(digest, list),
            manifest,
            media_type,
            config: &config,
            signatures: &[],
        };
        self.out.image(&blob(digest), &image)
    }

    /// The configuration, where the layout has it and it is text; artifacts have others.
    fn config(&mut self, digest: &Digest) -> Result<String, SourceProblem> {
        let Some(bytes) = self.files.read(&blob(digest), CONFIG_LIMIT)? else { return Ok(String::new()) };
        String::from_utf8(bytes).or_else(|error| match Digest::sha256(error.as_bytes()) {
            found if found == *digest => Ok(String::new()),
            found => Err(LayoutProblem::Blob { found: found.into() }.into()),
        })
    }

    fn text(&mut self, name: &str, limit: usize) -> Result<Option<String>, SourceProblem> {
        let Some(bytes) = self.files.read(name, limit)? else { return Ok(None) };
        Ok(Some(String::from_utf8(bytes).map_err(|_| LayoutProblem::NotText)?))
    }
}

/// The entries of an index that are wanted.
fn select<'e>(entries: &'e [Instance], selection: &Selection) -> Result<Vec<&'e Instance>, LayoutProblem> {
    let chosen: Vec<_> = match selection {
        Selection::All => return Ok(entries.iter().collect()),
        Selection::Digest(digest) => entries.iter().filter(|entry| entry.digest == **digest).collect(),
        Selection::Index(index) => entries.iter().skip(*index).take(1).collect(),
        Selection::Name(name) => entries.iter().filter(|entry| entry.name.as_ref() == Some(name)).collect(),
    };
    let what = match selection {
        Selection::All => String::new(),
        Selection::Digest(digest) => format!("with the digest `{digest}`"),
        Selection::Index(index) => format!("at place {index}, counted from 0"),
        Selection::Name(name) => format!("that is called `{name}`"),
    };
    match chosen.as_slice() {
        [] => Err(LayoutProblem::NoImage { what }),
        [first, others @ ..] if others.iter().any(|other| other.digest != first.digest) => {
            Err(LayoutProblem::Ambiguous { what })
        }
        _ => Ok(chosen),
    }
}

/// Where a blob stands in a layout.
fn blob(digest: &Digest) -> String {
    format!("blobs/{}", digest.to_string().replace(':', "/"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

#[cfg(test)]
mod tests;
