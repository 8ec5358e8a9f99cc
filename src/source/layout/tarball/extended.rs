//! What entries say that stand before the one they describe.

use std::io::Read;

use tar::{EntryType, PaxExtensions};

use crate::source::layout::LayoutProblem;
use crate::source::layout::tarball::{EXTENSION_LIMIT, Problem};

const TWICE: &str = "it describes an entry twice";
const EMPTY: &str = "it gives an entry a name that is empty";

/// What entries say that stand before the one they describe.
#[derive(Default)]
pub(super) struct Extended {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    /// Whether GNU's entries said so, and those of pax.
    gnu: bool,
    pax: bool,
    pax_names: bool,
}

impl Extended {
    /// Whether anything is said.
    pub(super) fn is_some(&self) -> bool {
        self.gnu || self.pax
    }

    /// Takes in an entry that describes the next one; `false` if it is none.
    pub(super) fn take_in(&mut self, entry: &mut tar::Entry<'_, impl Read>, kind: EntryType) -> Result<bool, Problem> {
        if !matches!(
            kind,
            EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader
        ) {
            return Ok(false);
        }
        let refused = |why: &str| Err((String::new(), LayoutProblem::Archive(why.to_owned()).into()));
        if entry.size() > EXTENSION_LIMIT {
            return refused("what describes an entry is too long");
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| (String::new(), error.into()))?;
        let until_nul = |bytes: &[u8]| bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        let gnu = kind.is_gnu_longname() || kind.is_gnu_longlink();
        let own = kind.is_pax_local_extensions();
        // Go forgets what was said when something is said of all entries.
        if (gnu && self.pax_names) || (own && self.pax) || (!gnu && !own && self.is_some()) {
            return refused(TWICE);
        }
        if gnu {
            self.gnu = true;
            let place = if kind.is_gnu_longname() { &mut self.name } else { &mut self.link };
            let value = until_nul(&bytes);
            if value.is_empty() {
                return refused(EMPTY);
            }
            return if place.replace(value).is_none() { Ok(true) } else { refused(TWICE) };
        }
        self.pax |= own;
        for extension in PaxExtensions::new(&bytes) {
            let Ok(extension) = extension else { return refused("what describes an entry cannot be read") };
            let value = extension.value_bytes().to_vec();
            match extension.key_bytes() {
                b"path" | b"linkpath" if own && value.is_empty() => return refused(EMPTY),
                key @ (b"path" | b"linkpath") if own => {
                    self.pax_names = true;
                    let place = if key == b"path" { &mut self.name } else { &mut self.link };
                    if self.gnu || place.replace(value).is_some() {
                        return refused(TWICE);
                    }
                }
                b"path" | b"linkpath" | b"size" => {
                    return refused("what describes an entry gives a size, or a name for all entries");
                }
                key if key.starts_with(b"GNU.sparse.") => return refused("it has a sparse file"),
                _ => {}
            }
        }
        Ok(true)
    }
}
