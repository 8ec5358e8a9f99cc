//! Inflates the compressed body of a message (RFC 1950, RFC 1951), within a limit.
//!
//! A stored signature inflates to less than a kilobyte. The inflaters that there are prepare for megabytes: their window
//! and tables cost more than all the rest of a verification but the public-key operation, and a content full of empty
//! blocks more than a record may. This one writes into the message itself, looks short codes up in small tables, finds
//! longer ones by their number, and builds the tables of the fixed codes once.
//!
//! Streams are refused by the rules of zlib, incomplete sets of codes and distances before the beginning included. Tests
//! hold it against miniz_oxide, on whole streams and on broken ones: it differs in nothing. From flate2, which drives
//! miniz_oxide round a window of zeros, it differs in distances before the beginning, where flate2 reads these.

mod codes;

use crate::signature::openpgp::inflate::codes::Codes;

/// Room for a genuine message, to begin with.
const FIRST_CAPACITY: usize = 1 << 10;

/// The most octets of which the sums of Adler-32 fit into 32 bits.
const ADLER_RUN: usize = 5552;

/// In which order the lengths of the codes for lengths are given.
const LENGTHS_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The shortest match of each symbol from 257.
const MATCHES: [u16; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

/// How many bits are added to it.
const MATCH_BITS: [u32; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/// The shortest distance of each symbol.
const DISTANCES: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
];

/// How many bits are added to it.
const DISTANCE_BITS: [u32; 30] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/// What is around the compressed blocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wrapping {
    /// Nothing: OpenPGP's ZIP.
    Raw,
    /// A header and a checksum: ZLIB.
    Zlib,
}

/// Why a stream does not inflate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InflateError {
    /// It is cut short, or no such stream.
    Malformed,
    /// It grows beyond the limit.
    TooLarge,
}

/// Inflates the stream that `input` begins with to at most `limit` octets, and tells how much of the input follows it.
pub(super) fn inflate(input: &[u8], wrapping: Wrapping, limit: usize) -> Result<(Vec<u8>, usize), InflateError> {
    let mut rest = input;
    if wrapping == Wrapping::Zlib {
        rest = zlib_header(input).ok_or(InflateError::Malformed)?;
    }
    let mut bits = Bits::new(rest);
    let (mut tables, mut fixed) = (Tables::none(), None);
    let mut inflated = Inflated { octets: Vec::with_capacity(FIRST_CAPACITY.min(limit)), limit };
    loop {
        bits.refill();
        let (last, kind) = (bits.take(1)?, bits.take(2)?);
        match kind {
            0 => stored(&mut bits, &mut inflated)?,
            1 => {
                // Once, however many such blocks there are: one may have ten bits.
                let fixed = fixed.get_or_insert_with(Tables::fixed).as_ref().ok_or(InflateError::Malformed)?;
                bits = compressed(bits, fixed, &mut inflated)?;
            }
            2 => {
                tables.dynamic(&mut bits).ok_or(InflateError::Malformed)?;
                bits = compressed(bits, &tables, &mut inflated)?;
            }
            _ => return Err(InflateError::Malformed),
        }
        if last == 1 {
            break;
        }
    }
    let mut rest = bits.unread();
    if wrapping == Wrapping::Zlib {
        let (checksum, after) = rest.split_first_chunk().ok_or(InflateError::Malformed)?;
        if u32::from_be_bytes(*checksum) != adler32(&inflated.octets) {
            return Err(InflateError::Malformed);
        }
        rest = after;
    }
    Ok((inflated.octets, rest.len()))
}

/// What follows the header of a ZLIB stream: deflated, in a window of 32 KiB at most, without a dictionary.
fn zlib_header(input: &[u8]) -> Option<&[u8]> {
    let (header, rest) = input.split_first_chunk()?;
    let [method, flags] = *header;
    let valid = u16::from_be_bytes(*header).is_multiple_of(31) && method & 0x0f == 8 && method >> 4 <= 7;
    (valid && flags & 0x20 == 0).then_some(rest)
}

fn adler32(octets: &[u8]) -> u32 {
    let (mut one, mut two) = (1_u32, 0_u32);
    for run in octets.chunks(ADLER_RUN) {
        for octet in run {
            one = one.wrapping_add(u32::from(*octet));
            two = two.wrapping_add(one);
        }
        one %= 65521;
        two %= 65521;
    }
    (two << 16) | one
}

/// A block that is not compressed.
fn stored(bits: &mut Bits<'_>, inflated: &mut Inflated) -> Result<(), InflateError> {
    let rest = bits.unread();
    let (&[low, high, low_inverse, high_inverse], rest) = rest.split_first_chunk().ok_or(InflateError::Malformed)?;
    let length = u16::from_le_bytes([low, high]);
    if length != !u16::from_le_bytes([low_inverse, high_inverse]) {
        return Err(InflateError::Malformed);
    }
    let (octets, rest) = rest.split_at_checked(usize::from(length)).ok_or(InflateError::Malformed)?;
    *bits = Bits::new(rest);
    inflated.append(octets)
}

/// The codes of a compressed block.
struct Tables {
    /// Of octets, of the end, and of the lengths of matches.
    literals: Codes<288, 512>,
    /// Of the distances of matches.
    distances: Codes<32, 128>,
}

impl Tables {
    /// No codes.
    fn none() -> Self {
        Self { literals: Codes::none(), distances: Codes::none() }
    }

    /// The codes of a block that brings none.
    fn fixed() -> Option<Self> {
        let mut lengths = [8; 288];
        lengths.get_mut(144..256)?.fill(9);
        lengths.get_mut(256..280)?.fill(7);
        let mut fixed = Self::none();
        fixed.literals.set(&lengths)?;
        fixed.distances.set(&[5; 32])?;
        Some(fixed)
    }

    /// The codes that a block brings.
    fn dynamic(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let literals = usize::from(bits.take(5).ok()?).wrapping_add(257);
        let distances = usize::from(bits.take(5).ok()?).wrapping_add(1);
        let given = usize::from(bits.take(4).ok()?).wrapping_add(4);
        if literals > 286 || distances > 30 {
            return None;
        }
        let mut of_lengths = [0; 19];
        for place in LENGTHS_ORDER.iter().take(given) {
            bits.refill();
            let [length, _] = bits.take(3).ok()?.to_le_bytes();
            *of_lengths.get_mut(*place)? = length;
        }
        let mut codes = Codes::<19, 128>::none();
        codes.set(&of_lengths)?;
        if !codes.is_complete() {
            return None;
        }

        let mut lengths = [0_u8; 286 + 30];
        let all = lengths.get_mut(..literals.wrapping_add(distances))?;
        let (mut place, mut previous) = (0_usize, None);
        while place < all.len() {
            bits.refill();
            let (length, times) = match codes.next(bits).ok()? {
                length @ 0..=15 => {
                    let [length, _] = length.to_le_bytes();
                    *all.get_mut(place)? = length;
                    (place, previous) = (place.wrapping_add(1), Some(length));
                    continue;
                }
                16 => (previous?, bits.take(2).ok()?.wrapping_add(3)),
                17 => (0, bits.take(3).ok()?.wrapping_add(3)),
                _ => (0, bits.take(7).ok()?.wrapping_add(11)),
            };
            let end = place.wrapping_add(usize::from(times));
            all.get_mut(place..end)?.fill(length);
            (place, previous) = (end, Some(length));
        }
        let (literals, distances) = all.split_at_checked(literals)?;
        self.literals.set(literals)?;
        self.distances.set(distances)
    }
}

/// A compressed block, and where reading has come to.
fn compressed<'a>(mut bits: Bits<'a>, tables: &Tables, inflated: &mut Inflated) -> Result<Bits<'a>, InflateError> {
    loop {
        bits.refill();
        while let Some(octet) = tables.literals.octet(&mut bits) {
            inflated.push(octet)?;
        }
        // Enough for all that belongs to one match: 15 and 5 bits for its length, 15 and 13 for its distance.
        bits.refill();
        let symbol = tables.literals.next(&mut bits)?;
        match u8::try_from(symbol) {
            Ok(octet) => inflated.push(octet)?,
            Err(_) if symbol == 256 => return Ok(bits),
            Err(_) => {
                let length = number(&MATCHES, &MATCH_BITS, symbol.wrapping_sub(257), &mut bits)?;
                let symbol = tables.distances.next(&mut bits)?;
                let distance = number(&DISTANCES, &DISTANCE_BITS, symbol, &mut bits)?;
                inflated.repeat(distance, length)?;
            }
        }
    }
}

/// The number that a symbol stands for, with the bits that are added to it.
fn number(numbers: &[u16], more: &[u32], symbol: u16, bits: &mut Bits<'_>) -> Result<usize, InflateError> {
    let symbol = usize::from(symbol);
    let (Some(number), Some(more)) = (numbers.get(symbol), more.get(symbol)) else {
        return Err(InflateError::Malformed);
    };
    Ok(usize::from(number.wrapping_add(bits.take(*more)?)))
}

/// What has been inflated.
struct Inflated {
    octets: Vec<u8>,
    limit: usize,
}

impl Inflated {
    #[inline]
    fn push(&mut self, octet: u8) -> Result<(), InflateError> {
        if self.octets.len() >= self.limit {
            return Err(InflateError::TooLarge);
        }
        self.octets.push(octet);
        Ok(())
    }

    fn append(&mut self, octets: &[u8]) -> Result<(), InflateError> {
        if octets.len() > self.limit.saturating_sub(self.octets.len()) {
            return Err(InflateError::TooLarge);
        }
        self.octets.extend_from_slice(octets);
        Ok(())
    }

    /// Repeats `length` octets from `distance` before the end, those included that this appends.
    fn repeat(&mut self, distance: usize, length: usize) -> Result<(), InflateError> {
        let start = self.octets.len().checked_sub(distance).ok_or(InflateError::Malformed)?;
        if length > self.limit.saturating_sub(self.octets.len()) {
            return Err(InflateError::TooLarge);
        }
        let mut missing = length;
        while missing > 0 {
            let copied = missing.min(self.octets.len().saturating_sub(start));
            self.octets.extend_from_within(start..start.saturating_add(copied));
            missing = missing.saturating_sub(copied);
        }
        Ok(())
    }
}

/// Reads bits, the lowest of each octet first.
struct Bits<'a> {
    input: &'a [u8],
    /// Where the octets begin that are not in the buffer.
    place: usize,
    /// The next bits, from the lowest; above `count` there may be some of those that follow.
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn new(input: &'a [u8]) -> Self {
        Self { input, place: 0, buffer: 0, count: 0 }
    }

    /// Sees to it that 48 bits or more are in the buffer, or all that are left.
    #[inline]
    fn refill(&mut self) {
        if self.count >= 48 {
            return;
        }
        let rest = self.input.get(self.place..).unwrap_or_default();
        let Some(octets) = rest.first_chunk() else { return self.refill_at_end(rest) };
        self.buffer |= u64::from_le_bytes(*octets).wrapping_shl(self.count);
        self.place = self.place.wrapping_add(whole(63_u32.wrapping_sub(self.count) / 8));
        self.count |= 56;
    }

    /// The same where less than eight octets are left.
    fn refill_at_end(&mut self, rest: &[u8]) {
        for octet in rest {
            if self.count > 55 {
                return;
            }
            self.buffer |= u64::from(*octet).wrapping_shl(self.count);
            self.count = self.count.wrapping_add(8);
            self.place = self.place.wrapping_add(1);
        }
    }

    /// The next 16 bits, to be passed by [`skip`](Self::skip); zeros where there are none any more.
    #[inline]
    fn peek(&self) -> u16 {
        let [low, high, ..] = self.buffer.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Passes over `count` bits, which must be there.
    #[inline]
    fn skip(&mut self, count: u32) -> Result<(), InflateError> {
        self.count = self.count.checked_sub(count).ok_or(InflateError::Malformed)?;
        self.buffer = self.buffer.wrapping_shr(count);
        Ok(())
    }

    /// The number in the next `count` bits, 15 at most.
    #[inline]
    fn take(&mut self, count: u32) -> Result<u16, InflateError> {
        let mask = 1_u16.wrapping_shl(count).wrapping_sub(1);
        let number = self.peek() & mask;
        self.skip(count)?;
        Ok(number)
    }

    /// The octets that are left, without what is left of one that was begun.
    fn unread(&self) -> &'a [u8] {
        let place = self.place.saturating_sub(whole(self.count / 8));
        self.input.get(place..).unwrap_or_default()
    }
}

/// A small number as one of octets.
fn whole(octets: u32) -> usize {
    usize::try_from(octets).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
