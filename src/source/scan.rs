//! Finding where a JSON value ends, without reading it: brackets are counted, strings stepped over, 64 bytes at a time.
//!
//! Whether what lies between is JSON finds out who reads it. Two things are noticed here, as they mean that the value
//! has been broken off and what follows is no part of it: a line break inside a string, and a line that begins with a
//! bracket where nothing asks for a value.

use wide::u8x16;

/// How many bytes are looked at together.
const BLOCK: usize = 64;

/// The state of a scan, between one piece of the text and the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    /// The last byte was a backslash that escapes what follows.
    escaped: bool,
    /// The last byte was a line feed outside of a string.
    after_line: bool,
    /// Documents are lines: none goes on behind the end of one.
    lines: bool,
}

/// What came of a scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scanned {
    /// The text ended before the value did.
    More,
    /// The value ends before this byte.
    End(usize),
    /// The value is broken off: this byte cannot be in it.
    Broken(usize),
}

/// What is where in a block, a bit a byte.
struct Masks {
    quote: u64,
    backslash: u64,
    open: u64,
    close: u64,
    line: u64,
}

impl Masks {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self { quote: 0, backslash: 0, open: 0, close: 0, line: 0 };
        let (parts, _) = block.as_chunks::<16>();
        // From the last, so that the first ends up lowest.
        for part in parts.iter().rev() {
            let bytes = u8x16::new(*part);
            // `[` and `{` differ in one bit, `]` and `}` in the same.
            let folded = bytes | u8x16::splat(0x20);
            let push = |mask: &mut u64, found: u8x16| *mask = (*mask << 16) | u64::from(found.to_bitmask());
            push(&mut masks.quote, bytes.simd_eq(u8x16::splat(b'"')));
            push(&mut masks.backslash, bytes.simd_eq(u8x16::splat(b'\\')));
            push(&mut masks.open, folded.simd_eq(u8x16::splat(b'{')));
            push(&mut masks.close, folded.simd_eq(u8x16::splat(b'}')));
            push(&mut masks.line, bytes.simd_eq(u8x16::splat(b'\n')));
        }
        masks
    }
}

impl Scan {
    /// A scan that begins at the opening bracket of a value.
    pub(super) fn new(lines: bool) -> Self {
        Self { lines, ..Self::default() }
    }

    /// Scans `text` from `from` on. The value begins at the beginning of the text, or before it where that is not kept;
    /// up to `from` it was scanned before.
    pub(super) fn run(&mut self, text: &[u8], from: usize) -> Scanned {
        let rest = text.get(from..).unwrap_or_default();
        let (blocks, tail) = rest.as_chunks::<BLOCK>();
        let mut at = from;
        for block in blocks {
            match self.block(&Masks::of(block), BLOCK, text, at) {
                Scanned::More => at = at.saturating_add(BLOCK),
                found @ (Scanned::End(_) | Scanned::Broken(_)) => return found,
            }
        }
        if tail.is_empty() {
            return Scanned::More;
        }
        let mut padded = [b' '; BLOCK];
        padded.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
        self.block(&Masks::of(&padded), tail.len(), text, at)
    }

    /// Scans a block that begins at `at` and of which the first `length` bytes are text, the others spaces.
    fn block(&mut self, masks: &Masks, length: usize, text: &[u8], at: usize) -> Scanned {
        let last = length.saturating_sub(1);
        let is_last = |mask: u64| (mask >> last) & 1 == 1;
        let escaped = self.escapes(masks.backslash, is_last);
        let quote = masks.quote & !escaped;
        let string = prefix_xor(quote) ^ if self.in_string { u64::MAX } else { 0 };
        self.in_string = is_last(string);

        let (open, close) = (masks.open & !string, masks.close & !string);
        let line = masks.line & !string;
        let begins = open & ((line << 1) | u64::from(self.after_line));
        self.after_line = is_last(line);
        let broken_string = masks.line & string;
        // Most blocks: where brackets are none, they need not be counted.
        if open | close | broken_string == 0 {
            return Scanned::More;
        }
        let closes = usize::try_from(close.count_ones()).unwrap_or(BLOCK);
        if broken_string == 0 && begins == 0 && closes < self.depth {
            let opens = usize::try_from(open.count_ones()).unwrap_or(BLOCK);
            self.depth = self.depth.saturating_add(opens).saturating_sub(closes);
            return Scanned::More;
        }
        self.brackets(open, close, begins, broken_string, text, at)
    }

    /// Looks at each bracket of a block in which the value may end.
    fn brackets(&mut self, open: u64, close: u64, begins: u64, broken: u64, text: &[u8], at: usize) -> Scanned {
        let place = |bit: u64| at.saturating_add(usize::try_from(bit.trailing_zeros()).unwrap_or(BLOCK));
        let mut rest = open | close | broken;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            if broken & bit != 0 || (begins & bit != 0 && self.cannot_begin(text, place(bit))) {
                return Scanned::Broken(place(bit));
            }
            if open & bit != 0 {
                self.depth = self.depth.saturating_add(1);
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Scanned::End(place(bit).saturating_add(1));
                }
            }
        }
        Scanned::More
    }

    /// Whether the bracket at `at`, with which a line begins, cannot be a part of the value.
    fn cannot_begin(&self, text: &[u8], at: usize) -> bool {
        let before = text.get(..at).unwrap_or_default().trim_ascii_end();
        self.lines || before.last().is_some_and(|last| !matches!(last, b',' | b'[' | b':'))
    }

    /// The bytes of a block that a backslash escapes.
    fn escapes(&mut self, backslash: u64, is_last: impl Fn(u64) -> bool) -> u64 {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        let carried = u64::from(self.escaped);
        if backslash == 0 {
            self.escaped = false;
            return carried;
        }
        // Of a run of backslashes every other one escapes. Where a run begins, subtraction carries through it, and which
        // bits come out tells on which side of even it ends (simdjson, "Parsing Gigabytes of JSON per Second", 3.1.1).
        let begins = backslash & !carried;
        let ends = (begins << 1 | ODD).wrapping_sub(begins) ^ ODD;
        self.escaped = is_last(ends & backslash);
        ends ^ (backslash | carried)
    }
}

/// For each bit whether the number of bits up to and with it is odd.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test that counts wrong fails")]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;
    use crate::image::layout::tests::any_json;

    /// The same, a byte at a time.
    fn plainly(text: &[u8], lines: bool) -> Scanned {
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        for (at, byte) in text.iter().enumerate() {
            let is_escaped = std::mem::take(&mut escaped);
            match byte {
                b'\n' if in_string => return Scanned::Broken(at),
                b'\\' if !is_escaped => escaped = true,
                b'"' if !is_escaped => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => {
                    let line = at > 0 && text[at - 1] == b'\n';
                    let before = text[..at].trim_ascii_end().last();
                    if line && (lines || before.is_some_and(|last| !b",[:".contains(last))) {
                        return Scanned::Broken(at);
                    }
                    depth += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Scanned::End(at + 1);
                    }
                }
                _ => {}
            }
        }
        Scanned::More
    }

    fn in_pieces(text: &[u8], lines: bool, piece: usize) -> Scanned {
        let mut scan = Scan::new(lines);
        let mut from = 0;
        while from < text.len() {
            let to = (from + piece).min(text.len());
            match scan.run(&text[..to], from) {
                Scanned::More => from = to,
                found @ (Scanned::End(_) | Scanned::Broken(_)) => return found,
            }
        }
        Scanned::More
    }

    #[test]
    fn finds_the_end_and_what_is_broken_off() {
        for (text, expected) in [
            ("{}", Scanned::End(2)),
            ("[{\"]\":\"\\\"}\"}] {", Scanned::End(13)),
            ("{\"a\\\\\":1}x", Scanned::End(9)),
            ("{\"a\n\":1}", Scanned::Broken(3)),
            ("{\"a\\\n\":1}", Scanned::Broken(4)),
            ("{\"a\":[1\n{}", Scanned::Broken(8)),
            ("{\"a\":[\n{}]}", Scanned::End(11)),
            ("{\"a\":[{},\r\n\n{}]}", Scanned::End(16)),
            ("{\"a\":[1\n 2, {}]}", Scanned::End(16)),
            ("{", Scanned::More),
        ] {
            assert_eq!(in_pieces(text.as_bytes(), false, 100), expected, "{text:?}");
        }
        assert_eq!(in_pieces(b"{\"a\":[\n{}]}", true, 100), Scanned::Broken(7));
    }

    proptest! {
        #[test]
        fn json_ends_where_it_ends(json in any_json(), rest in "[ -~\n]{0,40}") {
            let json = format!("[{json},{json},\"{}\"]", "\\\\\\\"".repeat(20));
            prop_assert!(serde_json::from_str::<IgnoredAny>(&json).is_ok());
            let text = format!("{json}{rest}");
            prop_assert_eq!(in_pieces(text.as_bytes(), false, text.len()), Scanned::End(json.len()));
        }

        #[test]
        fn blocks_and_bytes_agree(
            text in r#"[\[\]{}"\\\n ,:a]{0,300}"#,
            lines in any::<bool>(),
            piece in 1..130_usize,
        ) {
            let text = format!("[{text}");
            prop_assert_eq!(in_pieces(text.as_bytes(), lines, piece), plainly(text.as_bytes(), lines));
        }
    }
}
