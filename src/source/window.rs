//! The part of a source's text that is held: a window that moves over it.

use std::io::{self, Read};

use crate::source::scan::{Scan, Scanned};

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// A window over the text that a reader gives. Places are counted from the beginning of the text, in bytes.
///
/// What lies before the last call of [`keep`](Self::keep) may be gone.
pub(super) struct Window<'r> {
    reader: &'r mut dyn Read,
    /// The bytes from `base` on, of which `filled` are text.
    buffer: Vec<u8>,
    base: usize,
    filled: usize,
    kept: usize,
    at: usize,
    counted: Counted,
    /// Where everything is said to stand, if the text itself stands nowhere.
    fixed: Option<Place>,
    /// How much is read at once.
    block: usize,
    ended: bool,
    failure: Option<io::Error>,
}

/// A place in a source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Place {
    /// The byte, from 0.
    pub(super) offset: usize,
    /// The line, from 1.
    pub(super) line: usize,
}

/// How far lines are counted.
#[derive(Clone, Copy, Debug)]
struct Counted {
    to: usize,
    line: usize,
    /// Where that line begins.
    begin: usize,
}

/// How a value ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// It is kept, up to where the window stands.
    Complete,
    /// It is larger than was allowed, and not kept; the window stands behind it.
    TooLarge,
    /// It is broken off: this byte cannot be in it.
    Broken(usize),
    /// The text ended.
    CutOff,
}

impl<'r> Window<'r> {
    /// A window at the beginning of a text.
    pub(super) fn new(reader: &'r mut dyn Read) -> Self {
        let counted = Counted { to: 0, line: 1, begin: 0 };
        Self {
            reader,
            buffer: Vec::new(),
            base: 0,
            filled: 0,
            kept: 0,
            at: 0,
            counted,
            fixed: None,
            block: BLOCK,
            ended: false,
            failure: None,
        }
    }

    /// The same, of a text of so many bytes that is said to stand at one place as a whole.
    pub(super) fn at_one_place(reader: &'r mut dyn Read, length: usize, place: Place) -> Self {
        // One byte more shows the end.
        Self { fixed: Some(place), block: length.saturating_add(1).min(BLOCK), ..Self::new(reader) }
    }

    /// Where the window stands.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What is kept begins here.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Keeps what follows, and lets go of what lies before.
    pub(super) fn keep(&mut self) {
        self.kept = self.at;
    }

    /// Keeps what follows on a byte, and lets go of what lies before it.
    pub(super) fn keep_from(&mut self, offset: usize) {
        self.kept = self.kept.max(offset).min(self.at);
    }

    /// Steps forward over what was looked at.
    pub(super) fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.end());
    }

    /// Goes back to what is kept.
    pub(super) fn back(&mut self) {
        self.at = self.kept;
    }

    /// The kept text in this range.
    pub(super) fn text(&self, from: usize, to: usize) -> &[u8] {
        self.held().get(from.saturating_sub(self.base)..to.saturating_sub(self.base)).unwrap_or_default()
    }

    /// The byte at which the window stands; nothing at the end of the text.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while self.at >= self.end() {
            if !self.fill() {
                return None;
            }
        }
        self.held().get(self.at.saturating_sub(self.base)).copied()
    }

    /// Whether the text goes on with these bytes.
    pub(super) fn starts_with(&mut self, bytes: &[u8]) -> bool {
        self.ahead(bytes.len()).starts_with(bytes)
    }

    /// The next bytes, as many as there are up to `count`.
    pub(super) fn ahead(&mut self, count: usize) -> &[u8] {
        let to = self.at.saturating_add(count);
        while self.end() < to && self.fill() {}
        self.text(self.at, to.min(self.end()))
    }

    /// Steps over space between tokens.
    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let count = self.text(self.at, self.end()).iter().take_while(space).count();
            self.step(count);
        }
    }

    /// Steps over the rest of a line and its end, and tells its last byte that is no space; nothing where the text ends.
    pub(super) fn skip_line(&mut self) -> Option<Option<u8>> {
        let mut last = None;
        loop {
            self.peek()?;
            let rest = self.text(self.at, self.end());
            let end = memchr::memchr(b'\n', rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let length = line.len();
            last = line.trim_ascii_end().last().copied().or(last);
            self.step(length.saturating_add(usize::from(end.is_some())));
            if end.is_some() {
                return Some(last);
            }
        }
    }

    /// Steps over the value at which the window stands. The text from [`kept`](Self::kept) on may grow to `limit`.
    pub(super) fn value(&mut self, lines: bool, limit: usize) -> Ended {
        match self.peek() {
            None => Ended::CutOff,
            Some(b'{' | b'[') => self.brackets(lines, limit, true),
            Some(b'"') => self.string(limit),
            Some(_) => self.scalar(limit),
        }
    }

    /// Steps over a value in brackets, unless it is longer than `limit`; all of it is kept.
    pub(super) fn short_value(&mut self, lines: bool, limit: usize) -> Ended {
        self.brackets(lines, limit, false)
    }

    fn brackets(&mut self, lines: bool, limit: usize, to_the_end: bool) -> Ended {
        let mut scan = Scan::new(lines);
        let (mut begin, mut too_large) = (self.at, false);
        loop {
            let (text, from) = (self.text(begin, self.end()), self.at.saturating_sub(begin));
            match scan.run(text, from) {
                Scanned::End(end) => {
                    self.at = begin.saturating_add(end);
                    too_large |= self.at.saturating_sub(self.kept) > limit;
                    return if too_large { Ended::TooLarge } else { Ended::Complete };
                }
                Scanned::Broken(at) => return Ended::Broken(begin.saturating_add(at)),
                Scanned::More => self.at = self.end(),
            }
            if self.at.saturating_sub(self.kept) > limit {
                if !to_the_end {
                    return Ended::TooLarge;
                }
                too_large = true;
                self.keep();
                begin = self.at;
            }
            if !self.fill() {
                return Ended::CutOff;
            }
        }
    }

    fn string(&mut self, limit: usize) -> Ended {
        let mut too_large = false;
        self.step(1);
        while self.peek().is_some() {
            let rest = self.text(self.at, self.end());
            match memchr::memchr3(b'"', b'\\', b'\n', rest).map(|at| (at, rest.get(at).copied())) {
                Some((at, Some(b'"'))) => {
                    self.step(at.saturating_add(1));
                    too_large |= self.at.saturating_sub(self.kept) > limit;
                    return if too_large { Ended::TooLarge } else { Ended::Complete };
                }
                Some((at, Some(b'\n'))) => return Ended::Broken(self.at.saturating_add(at)),
                Some((at, _)) => {
                    self.step(at.saturating_add(1));
                    if self.peek() == Some(b'\n') {
                        return Ended::Broken(self.at);
                    }
                    self.step(1);
                }
                None => self.at = self.end(),
            }
            if self.at.saturating_sub(self.kept) > limit {
                too_large = true;
                self.keep();
            }
        }
        Ended::CutOff
    }

    /// A number or a word, or what else goes on to the next space, comma or bracket.
    fn scalar(&mut self, limit: usize) -> Ended {
        let mut too_large = false;
        while let Some(byte) = self.peek() {
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'[' | b']' | b'{' | b'}' | b'"') {
                break;
            }
            self.step(1);
            if self.at.saturating_sub(self.kept) > limit {
                too_large = true;
                self.keep();
            }
        }
        if too_large { Ended::TooLarge } else { Ended::Complete }
    }

    /// Where a kept byte stands.
    pub(super) fn place(&mut self, offset: usize) -> Place {
        self.fixed.unwrap_or_else(|| {
            self.count(offset);
            Place { offset, line: self.counted.line }
        })
    }

    /// The line and the column of a kept byte, counted from 1; columns are bytes.
    pub(super) fn position(&mut self, offset: usize) -> (usize, usize) {
        self.count(offset);
        (self.counted.line, offset.saturating_sub(self.counted.begin).saturating_add(1))
    }

    /// Counts lines up to `offset`, forwards, or backwards within what is kept.
    fn count(&mut self, offset: usize) {
        let Counted { to, line, begin } = self.counted;
        if offset < to {
            let back = memchr::memchr_iter(b'\n', self.text(offset, to)).count();
            let begin = match memchr::memrchr(b'\n', self.text(self.base, offset)) {
                Some(at) => self.base.saturating_add(at).saturating_add(1),
                None => begin.min(self.base),
            };
            self.counted = Counted { to: offset, line: line.saturating_sub(back), begin };
            return;
        }
        let text = self.text(to, offset);
        let lines = memchr::memchr_iter(b'\n', text).count();
        let begin = memchr::memrchr(b'\n', text).map_or(begin, |at| to.saturating_add(at).saturating_add(1));
        self.counted = Counted { to: offset, line: line.saturating_add(lines), begin };
    }

    /// The error that ended the text, if it was one.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Whether an error ended the text.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Where the text that was read ends.
    pub(super) fn end(&self) -> usize {
        self.base.saturating_add(self.filled)
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Reads on; false where there is nothing more.
    fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.let_go();
        let wanted = self.filled.saturating_add(self.block.div_ceil(2));
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted.saturating_add(self.filled).max(self.block), 0);
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(0) => self.ended = true,
            Ok(count) => self.filled = self.filled.saturating_add(count),
            Err(error) => {
                self.ended = true;
                self.failure = Some(error);
            }
        }
        !self.ended
    }

    /// Makes room of what is not kept.
    fn let_go(&mut self) {
        let gone = self.kept.saturating_sub(self.base).min(self.filled);
        if gone == 0 {
            return;
        }
        if self.counted.to < self.kept {
            self.count(self.kept);
        }
        self.buffer.copy_within(gone..self.filled, 0);
        self.filled = self.filled.saturating_sub(gone);
        self.base = self.base.saturating_add(gone);
        // After one large object there is no need for as much room.
        if self.filled < BLOCK && self.buffer.len() > BLOCK.saturating_mul(4) {
            self.buffer.truncate(BLOCK.saturating_mul(2));
            self.buffer.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests;
