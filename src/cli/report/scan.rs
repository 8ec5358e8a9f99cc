//! JSON text taken apart as it comes: the values of an object or an array of any length, one at a time.
//!
//! What a value holds is not looked at; whoever takes it reads it as JSON.

use std::io::{self, BufRead};

use thiserror::Error;

use crate::report::written::WRITTEN_ITEM_LIMIT;

/// A text, and how far it was read.
#[derive(Debug)]
pub(super) struct Scan<R> {
    reader: R,
    place: Place,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// The byte, from 0.
    pub(super) offset: u64,
    /// The line, from 1.
    pub(super) line: u64,
}

/// The beginning of a text.
pub(super) const START: Place = Place { offset: 0, line: 1 };

impl<R: BufRead> Scan<R> {
    /// A text of which `place` is the next.
    pub(super) fn from(reader: R, place: Place) -> Self {
        Self { reader, place }
    }

    /// The place of what comes next.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The next mark, which stays where it is; `None` at the end of the text.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, ScanError> {
        loop {
            let chunk = self.reader.fill_buf()?;
            let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let space = chunk.iter().take_while(|byte| is_space(byte)).count();
            let (next, ended) = (chunk.get(space).copied(), chunk.is_empty());
            self.consume(space);
            if next.is_some() || ended {
                return Ok(next);
            }
        }
    }

    /// Takes the next mark, which is to be one of `expected`.
    pub(super) fn mark(&mut self, expected: &'static [u8]) -> Result<u8, ScanError> {
        let found = self.peek()?.ok_or(ScanError::CutOff)?;
        if !expected.contains(&found) {
            return Err(ScanError::Unexpected { found, expected });
        }
        self.consume(1);
        Ok(found)
    }

    /// Takes the next value and, where there is `into`, copies its text.
    pub(super) fn value(&mut self, mut into: Option<&mut Vec<u8>>) -> Result<(), ScanError> {
        self.peek()?;
        let mut walk = Walk::default();
        let mut length = 0_usize;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                // A number may end where the text does.
                return if walk.in_scalar { Ok(()) } else { Err(ScanError::CutOff) };
            }
            let mut end = None;
            let mut taken = 0_usize;
            for byte in chunk {
                end = walk.step(*byte);
                if end == Some(End::Before) {
                    break;
                }
                taken = taken.saturating_add(1);
                if end.is_some() {
                    break;
                }
            }
            length = length.saturating_add(taken);
            if length > WRITTEN_ITEM_LIMIT {
                return Err(ScanError::TooLarge);
            }
            if let Some(into) = &mut into {
                into.extend_from_slice(chunk.get(..taken).unwrap_or_default());
            }
            let last = chunk.get(taken).copied();
            self.consume(taken);
            match (end, last) {
                (None, _) => {}
                (Some(End::Before), Some(found)) if length == 0 => {
                    return Err(ScanError::Unexpected { found, expected: b"" });
                }
                (Some(End::Before | End::Behind), _) => return Ok(()),
            }
        }
    }

    fn consume(&mut self, length: usize) {
        let chunk = self.reader.fill_buf().unwrap_or_default();
        let lines = chunk.iter().take(length).filter(|byte| **byte == b'\n').count();
        self.place.line = self.place.line.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
        self.place.offset = self.place.offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        self.reader.consume(length);
    }
}

/// A walk over the bytes of one value.
#[derive(Debug, Default)]
struct Walk {
    /// How many brackets are open.
    depth: u64,
    in_string: bool,
    after_backslash: bool,
    /// In a number or a word that stands by itself.
    in_scalar: bool,
}

/// Where a value ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// Before the byte.
    Before,
    /// With the byte.
    Behind,
}

impl Walk {
    fn step(&mut self, byte: u8) -> Option<End> {
        if self.in_string {
            match byte {
                _ if self.after_backslash => self.after_backslash = false,
                b'\\' => self.after_backslash = true,
                b'"' => {
                    self.in_string = false;
                    return (self.depth == 0).then_some(End::Behind);
                }
                _ => {}
            }
            return None;
        }
        if self.depth == 0 && (self.in_scalar || matches!(byte, b',' | b':' | b']' | b'}')) {
            let goes_on =
                !matches!(byte, b',' | b':' | b'"' | b'[' | b']' | b'{' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
            return (!goes_on).then_some(End::Before);
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return (self.depth == 0).then_some(End::Behind);
            }
            _ => self.in_scalar = self.depth == 0,
        }
        None
    }
}

/// The values between two brackets, with the commas between them.
#[derive(Debug)]
pub(super) struct Elements<R> {
    scan: Scan<R>,
    ended: bool,
    any: bool,
}

impl<R: BufRead> Elements<R> {
    /// The elements of the array that comes next.
    pub(super) fn of(mut scan: Scan<R>) -> Result<Self, ScanError> {
        scan.mark(ARRAY.open)?;
        Ok(Self { scan, ended: false, any: false })
    }

    /// Takes the next element into `into`; its place, or `None` at the end.
    pub(super) fn next(&mut self, into: &mut Vec<u8>) -> Result<Option<Place>, ScanError> {
        if !self.ended {
            self.ended = ARRAY.end(&mut self.scan, self.any)?;
        }
        if self.ended {
            return Ok(None);
        }
        self.any = true;
        into.clear();
        self.scan.peek()?;
        let place = self.scan.place();
        self.scan.value(Some(into))?;
        Ok(Some(place))
    }

    /// Where reading has come to.
    pub(super) fn place(&self) -> Place {
        self.scan.place()
    }

    /// The text behind the array, once all elements were taken.
    pub(super) fn into_scan(self) -> Scan<R> {
        self.scan
    }
}

/// A pair of brackets, and what stands between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brackets {
    pub(super) open: &'static [u8],
    close: &'static [u8],
    comma_or_close: &'static [u8],
}

/// The brackets of an array.
pub(super) const ARRAY: Brackets = Brackets { open: b"[", close: b"]", comma_or_close: b",]" };

/// The brackets of an object.
pub(super) const OBJECT: Brackets = Brackets { open: b"{", close: b"}", comma_or_close: b",}" };

impl Brackets {
    /// Takes what stands before the next value, or behind the last; whether it was the last. `any` value was taken before?
    pub(super) fn end<R: BufRead>(self, scan: &mut Scan<R>, any: bool) -> Result<bool, ScanError> {
        if any {
            return Ok(scan.mark(self.comma_or_close)? != b',');
        }
        let ends = scan.peek()?.is_some_and(|mark| self.close.contains(&mark));
        if ends {
            scan.mark(self.close)?;
        }
        Ok(ends)
    }
}

/// Why a text cannot be taken apart.
#[derive(Debug, Error)]
pub(super) enum ScanError {
    #[error("cut off: expected the report to go on")]
    CutOff,
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("what is told of one item is larger than {WRITTEN_ITEM_LIMIT} bytes")]
    TooLarge,
    #[error("found {}, expected {}", mark(*found), marks(expected))]
    Unexpected { found: u8, expected: &'static [u8] },
}

fn mark(mark: u8) -> String {
    if mark.is_ascii_graphic() { format!("`{}`", char::from(mark)) } else { format!("byte {mark:#04x}") }
}

fn marks(expected: &[u8]) -> String {
    let marks: Vec<_> = expected.iter().map(|expected| mark(*expected)).collect();
    if marks.is_empty() { "a value".to_owned() } else { marks.join(" or ") }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    /// The elements of an array, read through a buffer of `size`.
    fn elements(text: &str, size: usize) -> Result<Vec<String>, ScanError> {
        let reader = BufReader::with_capacity(size, text.as_bytes());
        let mut elements = Elements::of(Scan::from(reader, START))?;
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        while let Some(place) = elements.next(&mut buffer)? {
            let element = String::from_utf8(buffer.clone()).unwrap();
            let (before, behind) = text.split_at(usize::try_from(place.offset).unwrap());
            assert!(behind.starts_with(&element));
            assert_eq!(place.line, u64::try_from(before.split('\n').count()).unwrap());
            found.push(element);
        }
        assert!(elements.next(&mut buffer).unwrap().is_none());
        Ok(found)
    }

    #[test]
    fn takes_elements_as_they_are_written() {
        for size in [1, 2, 3, 64] {
            assert_eq!(elements("[]", size).unwrap(), [""; 0]);
            assert_eq!(elements(" [ \n ] ", size).unwrap(), [""; 0]);
            let text = "[ 1 ,\"a\\\"],\",{\"b\":[{}, \"}\"]}\n,\n[[]],null]tail";
            assert_eq!(elements(text, size).unwrap(), ["1", "\"a\\\"],\"", "{\"b\":[{}, \"}\"]}", "[[]]", "null"]);
            for text in ["", "[", "[1", "[1,", "[\"a", "[\"a\\\"", "[{\"a\":1}", "[{"] {
                assert!(matches!(elements(text, size), Err(ScanError::CutOff)), "{text}");
            }
            for text in ["{}", "[,1]", "[1,]", "[1 2]", "[1}", "[1:2]", "[\"a\"\"b\"]", "[{}{}]", "x"] {
                assert!(matches!(elements(text, size), Err(ScanError::Unexpected { .. })), "{text}");
            }
        }
    }

    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof!["-?[0-9]{1,9}(\\.[0-9])?", "true|null", r#""([ -!#-\[\]-~é]|\\["\\nu]){0,9}""#];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let list = |all: Vec<String>| all.join("\t,\n");
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(move |all| format!("[ {}]", list(all))),
                prop::collection::vec(inner.prop_map(|value| format!("\"}}{{\" : {value}")), 0..4)
                    .prop_map(move |all| format!("{{{}\n}}", list(all))),
            ]
        })
    }

    proptest! {
        #[test]
        fn takes_whatever_json_holds(all in prop::collection::vec(any_json(), 0..5), size in 1..50_usize) {
            let text = format!("[{}]", all.join(" ,\n"));
            prop_assert_eq!(elements(&text, size).unwrap(), all);
        }

        #[test]
        fn never_panics(text in r#"[\[\]{}",:a0\\ \n-]{0,60}"#, size in 1..50_usize) {
            let _ = elements(&format!("[{text}"), size);
        }
    }
}
