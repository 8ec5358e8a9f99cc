//! Attacks of one's own making, beside the scenarios of the other modules: what `testdata/hostile.json` asks for.

mod claims;
mod framing;
mod numbers;
mod packets;
mod subpackets;

use crate::keys::Keys;
use crate::sheet::Sheet;

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    framing::write(sheet, keys);
    packets::write(sheet, keys);
    numbers::write(sheet, keys);
    subpackets::write(sheet, keys);
    claims::write(sheet, keys);
}
