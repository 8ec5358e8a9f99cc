//! What all sources have in common, and which one a text of the command line means.

use std::fmt;
use std::ops::ControlFlow;

use crate::image::Reference;
use crate::source::export::{self, Item, Summary};
use crate::source::layout::{Dir, DockerArchive, Naming, Oci, Platform};
use crate::source::tree::export_files;
use crate::source::{Input, Layout, Location, SourceError, SourceSpec};

/// Where images come from.
///
/// Whatever its kind, a source yields the text of objects, as an export holds them: what is made of it need not know
/// where an image came from.
pub trait Source: fmt::Debug + Send {
    /// What messages call it.
    fn name(&self) -> &str;

    /// Visits its items in their order; `visit` may end it at any item. What cannot be read is an item too.
    fn read(&mut self, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary;
}

/// What is known of the images of layouts beside what is in them.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What images are called whose source says nothing else.
    pub reference: Option<Reference>,
    /// The platform whose instances of manifest lists are wanted; all of them where none is given.
    pub platform: Option<Platform>,
}

/// The sources that a specification means: one for a layout, one for each file of an export.
///
/// A file, or a part of a directory, that cannot be read is a source that yields the error.
pub fn open(spec: &SourceSpec, options: &OpenOptions) -> Vec<Box<dyn Source>> {
    match spec {
        SourceSpec::Export { path } => {
            let boxed = |file| -> Box<dyn Source> { Box::new(ExportFile::new(file)) };
            export_files(path).into_iter().map(boxed).collect()
        }
        SourceSpec::Layout { layout, path, selection, reference } => {
            let reference = reference.clone().or_else(|| options.reference.clone());
            let naming = Naming { reference, platform: options.platform.clone() };
            let source: Box<dyn Source> = match layout {
                Layout::Dir => Box::new(Dir::new(path, naming)),
                Layout::DockerArchive => Box::new(DockerArchive::new(path, selection.clone(), naming)),
                Layout::Oci => Box::new(Oci::new(path, selection.clone(), naming)),
                Layout::OciArchive => Box::new(Oci::archive(path, selection.clone(), naming)),
            };
            vec![source]
        }
    }
}

/// One file of an export.
#[derive(Debug)]
struct ExportFile {
    name: String,
    problem: Option<SourceError>,
}

impl ExportFile {
    fn new(file: Result<String, SourceError>) -> Self {
        match file {
            Ok(name) => Self { name, problem: None },
            Err(error) => Self { name: error.location.source().to_owned(), problem: Some(error) },
        }
    }
}

impl Source for ExportFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> Summary {
        let input = self.problem.take().map_or_else(|| Input::open(&self.name), Err);
        match input {
            Ok(input) => {
                let name = input.name().to_owned();
                export::read(&name, input.into_text(), visit)
            }
            Err(error) => {
                let lost = Some(error.to_string());
                let location = Location::of_source(&self.name);
                let _ = visit(Item { location, json: Err(error), verbatim: None });
                Summary { items: 1, bad: 1, lost, ..Summary::default() }
            }
        }
    }
}
