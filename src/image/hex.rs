//! Hexadecimal digits, as digests and the names of keys are written in.
//!
//! Both ways are straight lines of arithmetic, without a branch for a digit: a report has hundreds of digits for each
//! image, and a manifest a thousand.

use std::fmt;

/// How many octets are written at once: the longest digest.
const CHUNK: usize = 64;

/// Displays octets as lower-case digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lower<'o>(pub(crate) &'o [u8]);

impl fmt::Display for Lower<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, b'a')
    }
}

/// Displays octets as upper-case digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upper<'o>(pub(crate) &'o [u8]);

impl fmt::Display for Upper<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, b'A')
    }
}

/// Writes octets as digits, those from ten on as letters from `letter` on.
fn write(f: &mut fmt::Formatter<'_>, octets: &[u8], letter: u8) -> fmt::Result {
    let digit = |value: u8| value.wrapping_add(if value < 10 { b'0' } else { letter.wrapping_sub(10) });
    let mut digits = [[0; 2]; CHUNK];
    octets.chunks(CHUNK).try_for_each(|octets| {
        for (pair, octet) in digits.iter_mut().zip(octets) {
            *pair = [digit(octet >> 4), digit(octet & 0xf)];
        }
        let written = digits.get(..octets.len()).unwrap_or_default().as_flattened();
        f.write_str(std::str::from_utf8(written).map_err(|_| fmt::Error)?)
    })
}

/// Whether all of `text` is lower-case digits.
pub(crate) fn is_lower(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & (byte.is_ascii_digit() | matches!(byte, b'a'..=b'f')))
}

/// Whether all of `text` is digits, in either case.
pub(crate) fn is_either(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_hexdigit())
}

/// The octets that pairs of digits stand for. Whether they are digits is to be asked before; a digit without another
/// is left out.
pub(crate) fn octets(digits: &str) -> impl Iterator<Item = u8> {
    // The low bits of a digit are its value, those of a letter of either case are one from `a` on.
    let value = |digit: u8| (digit & 0xf).wrapping_add((digit >> 6).wrapping_mul(9)) & 0xf;
    let (pairs, _) = digits.as_bytes().as_chunks();
    pairs.iter().map(move |[high, low]| (value(*high) << 4) | value(*low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn writes_what_the_library_writes(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let plain = |write: fn(&u8) -> String| octets.iter().map(write).collect::<String>();
            prop_assert_eq!(Lower(&octets).to_string(), plain(|octet| format!("{octet:02x}")));
            prop_assert_eq!(Upper(&octets).to_string(), plain(|octet| format!("{octet:02X}")));
        }

        #[test]
        fn reads_what_it_writes(read in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (lower, upper) = (Lower(&read).to_string(), Upper(&read).to_string());
            prop_assert!(is_lower(&lower) && is_either(&upper));
            prop_assert_eq!(octets(&lower).collect::<Vec<_>>(), read.clone());
            prop_assert_eq!(octets(&upper).collect::<Vec<_>>(), read);
        }
    }

    #[test]
    fn knows_every_digit() {
        for character in (0..=u32::from(u8::MAX)).filter_map(char::from_u32) {
            let text = format!("0{character}");
            let value = character.to_digit(16).and_then(|value| u8::try_from(value).ok());
            assert_eq!(is_either(&text), value.is_some(), "{character:?}");
            assert_eq!(is_lower(&text), value.is_some() && !character.is_ascii_uppercase(), "{character:?}");
            if value.is_some() {
                assert_eq!(octets(&text).next(), value, "{character:?}");
            }
        }
    }
}
