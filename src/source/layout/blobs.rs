//! The blobs of a layout, for what reads a layer.

use std::io::Read;

use crate::image::Digest;
use crate::source::layout::{Root, Tarball};
use crate::source::{Layout, SourceProblem, SourceSpec};

/// Where blobs are found by their digests.
#[derive(Debug)]
pub(in crate::source) enum Blobs {
    /// Beside the manifest, by their hexadecimal digits.
    Beside(Root),
    /// In the folders of an OCI layout.
    Folders(Root),
    /// In those of an OCI layout in a tar file.
    Archive(Tarball),
}

impl Blobs {
    /// The blobs of a layout; nothing for a source whose blobs do not go by the digests of its manifests.
    pub(in crate::source) fn of(spec: &SourceSpec) -> Result<Option<Self>, SourceProblem> {
        let SourceSpec::Layout { layout, path, .. } = spec else { return Ok(None) };
        Ok(match layout {
            Layout::Dir => Some(Self::Beside(Root::open(path)?)),
            Layout::Oci => Some(Self::Folders(Root::open(path)?)),
            Layout::OciArchive => Some(Self::Archive(Tarball::open(path).map_err(|(_, problem)| problem)?)),
            Layout::DockerArchive => None,
        })
    }

    /// What reads a blob; nothing if it is not there. That it is the digest's is left to the reader.
    pub(in crate::source) fn open(&mut self, digest: &Digest) -> Result<Option<Box<dyn Read + '_>>, SourceProblem> {
        let text = digest.to_string();
        let folders = format!("blobs/{}", text.replace(':', "/"));
        let found: Option<Box<dyn Read + '_>> = match self {
            Self::Beside(root) => {
                let name = text.strip_prefix("sha256:").map_or_else(|| text.replace(':', "-"), str::to_owned);
                root.open_file(&name)?.map(|file| -> Box<dyn Read> { Box::new(file) })
            }
            Self::Folders(root) => root.open_file(&folders)?.map(|file| -> Box<dyn Read> { Box::new(file) }),
            Self::Archive(tarball) => tarball.open_file(&folders)?.map(|file| -> Box<dyn Read + '_> { Box::new(file) }),
        };
        Ok(found)
    }
}
