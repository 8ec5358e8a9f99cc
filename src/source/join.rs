//! Signatures that are kept apart from the images that they are for, and how the two come together.

use std::fmt;
use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::image::{AddedSignature, Algorithm, Carrier, Digest, Reference, with_signatures};
use crate::source::export::Item;
use crate::source::{SourceError, SourceProblem};

/// A place where signatures are found by the image that they are for.
pub trait SignatureStore: fmt::Debug + Send {
    /// What messages call it.
    fn name(&self) -> &str;

    /// The signatures that are kept for an image, in their order.
    ///
    /// # Errors
    ///
    /// A [`SourceProblem`] if it cannot be known which signatures there are. What was not found is no error.
    fn signatures(&mut self, image: &Wanted<'_>) -> Result<Vec<Stored>, SourceProblem>;
}

/// The image whose signatures are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The digest of its manifest.
    pub digest: &'a Digest,
    /// Its reference, if it has one.
    pub reference: Option<&'a Reference>,
}

/// A signature that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    /// What it is called where it was found.
    pub name: String,
    /// The signature itself.
    pub content: Vec<u8>,
}

/// Adds the signatures of some stores to images of whatever source.
///
/// An image whose signatures cannot all be found is an error instead: what they would have said is not known.
#[derive(Debug, Default)]
pub struct Joiner {
    stores: Vec<Box<dyn SignatureStore>>,
}

impl Joiner {
    /// A joiner that asks these stores.
    pub fn new(stores: Vec<Box<dyn SignatureStore>>) -> Self {
        Self { stores }
    }

    /// Hands `item` over to `visit`, with signatures added if it is an image.
    pub fn join(&mut self, item: Item<'_>, visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.stores.is_empty() {
            return visit(item);
        }
        let Ok(json) = item.json else { return visit(item) };
        match self.joined(json) {
            Ok(None) => visit(Item { json: Ok(json), ..item }),
            Ok(Some(joined)) => visit(Item { json: Ok(&joined), verbatim: Some(&joined), ..item }),
            Err(problem) => {
                let error = SourceError { location: item.location.clone(), problem };
                visit(Item { json: Err(error), ..item })
            }
        }
    }

    /// The text of the object with what was found for it; `None` if that is nothing.
    fn joined(&mut self, json: &str) -> Result<Option<String>, SourceProblem> {
        // What is wrong with an object is told by whoever verifies it.
        let Ok(Carrier::Image(carried)) = Carrier::read(json) else { return Ok(None) };
        let Ok(digest) = carried.image.metadata.name.parse::<Digest>() else { return Ok(None) };
        if digest.algorithm() != Algorithm::Sha256 {
            return Ok(None);
        }
        let reference = Reference::parse_normalized(&carried.image.docker_image_reference).ok();
        let wanted = Wanted { digest: &digest, reference: reference.as_ref() };
        let mut added = Vec::new();
        for store in &mut self.stores {
            for stored in store.signatures(&wanted)? {
                added.push(AddedSignature { name: stored.name, content: STANDARD.encode(stored.content) });
            }
        }
        if added.is_empty() {
            return Ok(None);
        }
        with_signatures(json, &added).map(Some).map_err(|error| SourceProblem::Object(error.into()))
    }
}
