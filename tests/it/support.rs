//! What several tests need.

use std::path::PathBuf;

use base64::Engine as _;
use vidimus::Image;
use vidimus::image::Text;

/// The conformance folder, where the environment names one. What a user clones is tested without it.
pub(crate) fn conformance() -> Option<PathBuf> {
    let folder = std::env::var_os("VIDIMUS_CONFORMANCE").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: VIDIMUS_CONFORMANCE names no conformance folder");
    }
    folder
}

/// An image that carries one signature.
pub(crate) fn raw_signature(content: &[u8], digest: &str, reference: &str) -> Image<'static> {
    let content = base64::engine::general_purpose::STANDARD.encode(content);
    Image::with_signature(
        Text::from(digest.to_owned()),
        Text::from(reference.to_owned()),
        Text::from("signature"),
        Text::from(content),
    )
}
