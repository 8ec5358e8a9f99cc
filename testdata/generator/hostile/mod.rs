//! Attacks of one's own making, beside the scenarios of the other modules: what `testdata/hostile.json` asks for.

mod claims;
mod framing;
mod numbers;
mod objects;
mod packets;
mod records;
mod reviews;
mod subpackets;
mod texts;

use std::path::Path;

use crate::keys::Keys;
use crate::sheet::Sheet;

/// Adds to the files of `testdata/signatures/`.
pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    framing::write(sheet, keys);
    packets::write(sheet, keys);
    numbers::write(sheet, keys);
    subpackets::write(sheet, keys);
    claims::write(sheet, keys);
}

/// Writes the images of `testdata/hostile/images/`.
pub(crate) fn write_images(dir: &Path, keys: &Keys) {
    objects::write(dir, keys);
}

/// Writes the requests of `testdata/hostile/admission/`, from those of `testdata/admission/`.
pub(crate) fn write_reviews(dir: &Path, from: &Path) {
    reviews::write(dir, from);
}
