//! Objects and exports: JSON and YAML.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::ControlFlow;

use serde_json::Value;
use vidimus::Carrier;
use vidimus::image::Rewrite;
use vidimus::source::export::{self, Summary};

use super::testdata::{self, OPENPGP, at};

/// An object that can be read can be judged and annotated; written once, it is not changed by being written again.
pub(crate) fn json(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some(written) = rewritten(text) else { return };
    let again = rewritten(&written).expect("what was written can be read");
    assert_eq!(written, again, "written twice it is another object");
    let [before, after] = [text, &written].map(stored);
    assert_eq!(before, after, "to write conditions changes contents");
}

/// The object with what verification found; nothing where there is no image, or no place to write to.
fn rewritten(text: &str) -> Option<String> {
    let Ok(Carrier::Image(carried)) = Carrier::read(text) else { return None };
    let verdict = OPENPGP.verifier.verify(&carried.image, at());
    let mut rewrite = Rewrite::default();
    for (index, update) in verdict.updates().into_iter().enumerate() {
        rewrite.signature(index, update);
    }
    rewrite.annotation("example.com/decision", Some(&verdict.decision().effect().to_string()));
    let written = rewrite.apply(text);
    assert_eq!(written.is_ok(), rewrite.patch(text).is_ok(), "a file and a patch have the same limits");
    written.ok()
}

/// The name and the content of each signature of the image.
fn stored(text: &str) -> Vec<(String, String)> {
    let Ok(Carrier::Image(carried)) = Carrier::read(text) else { panic!("an image stays one") };
    let of_image = carried.image.signatures.iter();
    of_image.map(|signature| (signature.metadata.name.to_string(), signature.content.to_string())).collect()
}

pub(crate) fn json_seeds() -> Vec<Vec<u8>> {
    testdata::contents("images", ".json")
}

/// What an item was read as, and where it stood.
type Found = (String, Result<String, String>);

fn items(reader: impl Read) -> (Vec<Found>, Summary) {
    let mut found = Vec::new();
    let summary = export::read("export", reader, &mut |item| {
        let json = item.json.map(str::to_owned).map_err(|error| error.to_string());
        found.push((item.location.to_string(), json));
        ControlFlow::Continue(())
    });
    (found, summary)
}

/// YAML becomes JSON, and that JSON is the same object when it is an export of its own.
pub(crate) fn yaml(input: &[u8]) {
    let text = [b"---\n", input].concat();
    for (_, json) in items(&text[..]).0 {
        let Ok(json) = json else { continue };
        let value: Value = serde_json::from_str(&json).expect("YAML becomes JSON");
        assert!(value.is_object());
        let is_list = value["items"].is_array();
        let (again, _) = items(json.as_bytes());
        assert!(is_list || again.iter().map(|(_, json)| json.as_deref()).eq([Ok(json.as_str())]), "{json}: {again:?}");
        let _ = Carrier::read(&json);
    }
}

pub(crate) fn yaml_seeds() -> Vec<Vec<u8>> {
    // JSON is YAML.
    [testdata::contents("images", ".yaml"), json_seeds()].concat()
}

/// However an export comes in, its items are the same. The first octets say in which portions it comes.
pub(crate) fn export(input: &[u8]) {
    let Some((portions, text)) = input.split_at_checked(4) else { return };
    let whole = items(text);
    let portioned = items(Portions { rest: text, portions: portions.iter().copied().collect() });
    assert_eq!(whole, portioned, "{portions:?}");
    for (_, json) in whole.0 {
        let _ = json.as_deref().map(Carrier::read);
    }
}

/// A text in portions of these lengths, over and over; zero is a reader that was interrupted.
struct Portions<'a> {
    rest: &'a [u8],
    portions: VecDeque<u8>,
}

impl Read for Portions<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.portions.rotate_left(1);
        let portion = match self.portions.back() {
            Some(0) if self.portions.iter().any(|portion| *portion > 0) => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            portion => portion.map_or(1, |portion| usize::from(*portion).max(1)),
        };
        let length = portion.min(buffer.len());
        self.rest.read(&mut buffer[..length])
    }
}

pub(crate) fn export_seeds() -> Vec<Vec<u8>> {
    let files = testdata::contents("images", "").into_iter();
    files.map(|text| [vec![7, 1, 0, 64], text].concat()).collect()
}
