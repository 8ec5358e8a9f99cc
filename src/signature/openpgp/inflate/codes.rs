//! A set of Huffman codes, as a list of their lengths says it (RFC 1951, section 3.2.2).

use super::{Bits, InflateError, whole};

/// The longest code, in bits.
const LONGEST: usize = 15;
/// Codes for up to `N` symbols, of which the short ones are looked up in a table of `TABLE` entries, a power of two.
pub(super) struct Codes<const N: usize, const TABLE: usize> {
    /// By the next bits: the symbol of a code that they begin with, and in the lowest four bits its length; zero for
    /// longer codes.
    short: [u16; TABLE],
    /// The symbols, by their codes.
    symbols: [u16; N],
    /// By length: the first code, how many there are, and where their symbols begin.
    lengths: [Length; LONGEST + 1],
    complete: bool,
}

#[derive(Clone, Copy, Default)]
struct Length {
    first: u16,
    count: u16,
    symbols: u16,
}

impl<const N: usize, const TABLE: usize> Codes<N, TABLE> {
    /// The length of the longest code that is looked up.
    const SHORT: u32 = TABLE.trailing_zeros();

    /// No codes.
    pub(super) fn none() -> Self {
        Self { short: [0; TABLE], symbols: [0; N], lengths: [Length::default(); LONGEST + 1], complete: false }
    }

    /// Makes these the codes of the symbols whose codes have the given lengths; zero for a symbol that does not occur.
    ///
    /// There is nothing if two codes would be the same, or if some bits would be no code; but no code, or one of one bit,
    /// may be all there is, where there are no or few distances.
    pub(super) fn set(&mut self, of_symbols: &[u8]) -> Option<()> {
        let mut lengths = [Length::default(); LONGEST + 1];
        for length in of_symbols {
            let length = lengths.get_mut(usize::from(*length))?;
            length.count = length.count.saturating_add(1);
        }
        // What remains of all codes, in those of each length.
        let (mut left, mut longest, mut next) = (1_u32, 0_usize, Length::default());
        for (bits, length) in lengths.iter_mut().enumerate().skip(1) {
            left = left.saturating_mul(2).checked_sub(u32::from(length.count))?;
            (length.first, length.symbols) = (next.first, next.symbols);
            next.first = next.first.wrapping_add(length.count).wrapping_mul(2);
            next.symbols = next.symbols.saturating_add(length.count);
            if length.count > 0 {
                longest = bits;
            }
        }
        if left > 0 && longest > 1 {
            return None;
        }

        (self.lengths, self.complete) = (lengths, left == 0);
        // Those that do not occur come after the others, rather than being told apart.
        lengths[0].symbols = next.symbols;
        for (symbol, bits) in (0_u16..).zip(of_symbols) {
            let place = lengths.get_mut(usize::from(*bits)).map(|length| &mut length.symbols)?;
            *self.symbols.get_mut(usize::from(*place))? = symbol;
            *place = place.wrapping_add(1);
        }
        self.look_up_short_ones()
    }

    /// Fills in the table: for the codes of one bit, then, twice as long each time, for those of one bit more.
    fn look_up_short_ones(&mut self) -> Option<()> {
        // The first bit of a code is the lowest one of the input: counted from the other end, the first code is zero, and
        // remains the same when zeros are appended to it.
        let (mut size, mut code) = (2_usize, 0_usize);
        self.short.get_mut(..size)?.fill(0);
        for (bits, length) in (1_u16..).zip(self.lengths.get(1..=whole(Self::SHORT))?) {
            for symbol in self.symbols.get(usize::from(length.symbols)..)?.iter().take(usize::from(length.count)) {
                *self.short.get_mut(code)? = symbol.wrapping_shl(4) | bits;
                // Adds one: the last zero becomes one, and the ones after it, which are above it here, zeros.
                let zeros = code ^ size.wrapping_sub(1);
                if let Some(last) = zeros.checked_ilog2() {
                    let bit = 1_usize.wrapping_shl(last);
                    code = (code & bit.wrapping_sub(1)) | bit;
                }
            }
            if size < TABLE {
                let (filled, rest) = self.short.split_at_mut_checked(size)?;
                rest.get_mut(..size)?.copy_from_slice(filled);
                size = size.wrapping_mul(2);
            }
        }
        Some(())
    }

    /// Whether all bits are codes.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The octet whose code comes next, if it is a short one and surely there.
    #[inline]
    pub(super) fn octet(&self, bits: &mut Bits<'_>) -> Option<u8> {
        if bits.count < Self::SHORT {
            return None;
        }
        let entry = self.entry(bits);
        // The entries of symbols under 256; none is zero.
        if entry.wrapping_sub(1) >= 0x0fff {
            return None;
        }
        let length = u32::from(entry & 0x0f);
        bits.buffer = bits.buffer.wrapping_shr(length);
        bits.count = bits.count.wrapping_sub(length);
        let [octet, _] = (entry >> 4).to_le_bytes();
        Some(octet)
    }

    #[inline]
    fn entry(&self, bits: &Bits<'_>) -> u16 {
        self.short.get(usize::from(bits.peek()) & TABLE.wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// The symbol whose code comes next.
    #[inline]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Result<u16, InflateError> {
        let entry = self.entry(bits);
        let length = u32::from(entry & 0x0f);
        if length > 0 {
            bits.skip(length)?;
            return Ok(entry >> 4);
        }
        self.long(bits)
    }

    /// The symbol of a code that is longer than those that are looked up.
    fn long(&self, bits: &mut Bits<'_>) -> Result<u16, InflateError> {
        let code = bits.peek().reverse_bits();
        let mut length = Self::SHORT.wrapping_add(1);
        for of_length in self.lengths.iter().skip(whole(length)) {
            let place = code.wrapping_shr(16_u32.wrapping_sub(length)).wrapping_sub(of_length.first);
            if place < of_length.count {
                bits.skip(length)?;
                let place = usize::from(of_length.symbols.wrapping_add(place));
                return self.symbols.get(place).copied().ok_or(InflateError::Malformed);
            }
            length = length.wrapping_add(1);
        }
        Err(InflateError::Malformed)
    }
}
