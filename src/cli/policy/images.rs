//! The images of exports, as the verbs about policies look at them.

use std::ops::ControlFlow;

use crate::cli::verify::looks_like_signature;
use crate::image::{Carried, Carrier, Reference};
use crate::report::ItemError;
use crate::source::{Input, export};

/// Where an image stands: the number of its item, and the place in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    pub(super) item: u64,
    pub(super) text: &'p str,
}

/// Visits the images of a source, each with its place; what cannot be read is returned. `items` counts the items of all
/// sources.
pub(super) fn visit(source: &str, items: &mut u64, visit: &mut dyn FnMut(Place<'_>, &Carried<'_>)) -> Vec<ItemError> {
    let mut number = || {
        let item = *items;
        *items = item.saturating_add(1);
        item
    };
    let input = match Input::open(source) {
        Ok(input) => input,
        Err(error) => {
            return vec![ItemError {
                item: number(),
                place: error.location.to_string(),
                message: error.problem.to_string(),
            }];
        }
    };
    let name = input.name().to_owned();
    if looks_like_signature(input.head()) {
        let message = "expected an export, found an OpenPGP file".to_owned();
        return vec![ItemError { item: number(), place: name, message }];
    }
    let mut errors = Vec::new();
    export::read(&name, input.into_text(), &mut |item| {
        let (number, place) = (number(), item.location.to_string());
        let read = match &item.json {
            Ok(json) => Carrier::read(json).map_err(|error| error.to_string()),
            Err(error) => Err(error.problem.to_string()),
        };
        match read {
            Ok(Carrier::Image(carried)) => visit(Place { item: number, text: &place }, &carried),
            Ok(Carrier::Other(_)) => {}
            Err(message) => errors.push(ItemError { item: number, place, message }),
        }
        ControlFlow::Continue(())
    });
    errors
}

/// Whether a person may call an image so: by its name, the name of what carries it, its reference, or its repository.
pub(super) fn is_called(carried: &Carried<'_>, name: &str) -> bool {
    let image = &carried.image;
    let names = [image.metadata.name.as_str(), carried.name.as_str(), image.docker_image_reference.as_str()];
    if names.contains(&name) {
        return true;
    }
    let (wanted, reference) = (Reference::parse_normalized(name), image.docker_image_reference.parse::<Reference>());
    match (wanted, reference) {
        (Ok(wanted), Ok(reference)) if wanted.is_name_only() => wanted == reference.without_tag_or_digest(),
        (Ok(wanted), Ok(reference)) => wanted == reference,
        (Ok(_) | Err(_), _) => false,
    }
}
