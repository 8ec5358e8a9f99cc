use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 64 << 10;

/// What miniz_oxide makes of a stream.
fn peer(input: &[u8], wrapping: Wrapping, limit: usize) -> Result<(Vec<u8>, usize), InflateError> {
    let zlib = match wrapping {
        Wrapping::Raw => 0,
        Wrapping::Zlib => inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_COMPUTE_ADLER32,
    };
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | zlib;
    let mut octets = vec![0; limit];
    let (status, read, written) = decompress(&mut DecompressorOxide::new(), input, &mut octets, 0, flags);
    octets.truncate(written);
    if status == TINFLStatus::Done {
        return Ok((octets, input.len().saturating_sub(read)));
    }
    Err(if status == TINFLStatus::HasMoreOutput { InflateError::TooLarge } else { InflateError::Malformed })
}

#[track_caller]
fn same(input: &[u8], wrapping: Wrapping) {
    let (ours, theirs) = (inflate(input, wrapping, LIMIT), peer(input, wrapping, LIMIT));
    assert_eq!(ours, theirs, "{wrapping:?} {input:02x?}");
}

/// As [`same`], within any limit, and whatever is said to be wrong: a stream may be broken where it reaches the limit.
#[track_caller]
fn alike(input: &[u8], wrapping: Wrapping, limit: usize) {
    let (ours, theirs) = (inflate(input, wrapping, limit).ok(), peer(input, wrapping, limit).ok());
    assert_eq!(ours, theirs, "{wrapping:?} {limit} {input:02x?}");
    assert!(ours.is_none_or(|(octets, _)| octets.len() <= limit), "{wrapping:?} {limit} {input:02x?}");
}

/// Refused, by the peer too.
#[track_caller]
fn refused(input: &[u8]) {
    assert_eq!(inflate(input, Wrapping::Raw, LIMIT), Err(InflateError::Malformed), "{input:02x?}");
    same(input, Wrapping::Raw);
}

/// A block that is stored, and not the last one.
fn stored_block(octets: &[u8]) -> Vec<u8> {
    let length = u16::try_from(octets.len()).unwrap();
    [&[0], &length.to_le_bytes()[..], &(!length).to_le_bytes(), octets].concat()
}

fn deflated(octets: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zlib(octets: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Codes for the lengths of codes by which each length is written as it is.
const FOUR_BITS: [(usize, u32); 16] = {
    let mut codes = [(0, 4); 16];
    let mut length = 0;
    while length < 16 {
        codes[length].0 = length;
        length += 1;
    }
    codes
};

/// Writes bits, the lowest first, and codes, the highest first.
#[derive(Default)]
struct Written(Vec<bool>);

impl Written {
    fn number(mut self, value: u32, bits: u32) -> Self {
        self.0.extend((0..bits).map(|bit| value >> bit & 1 == 1));
        self
    }

    fn code(mut self, value: u32, bits: u32) -> Self {
        self.0.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    /// The head of a block that brings codes, with the lengths of the codes for their lengths.
    fn dynamic(literals: u32, distances: u32, of_lengths: &[(usize, u32)]) -> Self {
        let (literals, distances) = (literals.saturating_sub(257), distances.saturating_sub(1));
        let head = Self::default().number(1, 1).number(2, 2).number(literals, 5).number(distances, 5);
        LENGTHS_ORDER.iter().fold(head.number(15, 4), |written, place| {
            let length = of_lengths.iter().find(|(symbol, _)| symbol == place).map_or(0, |(_, length)| *length);
            written.number(length, 3)
        })
    }

    fn octets(&self) -> Vec<u8> {
        let octet = |bits: &[bool]| bits.iter().rev().fold(0, |octet, bit| octet << 1 | u8::from(*bit));
        self.0.chunks(8).map(octet).collect()
    }
}

#[test]
fn what_is_compressed_comes_back() {
    let text = "{\"critical\": {\"type\": \"atomic container signature\"}} ".repeat(40);
    let noise: Vec<u8> = (0..4000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    for octets in [b"".as_slice(), b"a", text.as_bytes(), &noise, &[0; 60_000]] {
        for level in 0..10 {
            assert_eq!(inflate(&deflated(octets, level), Wrapping::Raw, LIMIT), Ok((octets.to_vec(), 0)));
            assert_eq!(inflate(&zlib(octets, level), Wrapping::Zlib, LIMIT), Ok((octets.to_vec(), 0)));
            let followed = [deflated(octets, level), b"more".to_vec()].concat();
            assert_eq!(inflate(&followed, Wrapping::Raw, LIMIT), Ok((octets.to_vec(), 4)));
        }
    }
}

#[test]
fn nothing_grows_beyond_the_limit() {
    for octets in [vec![7; 1000], (0..1000_u32).map(|number| number.pow(2).to_le_bytes()[1]).collect()] {
        for level in [0, 1, 9] {
            let input = deflated(&octets, level);
            assert_eq!(inflate(&input, Wrapping::Raw, 1000), Ok((octets.clone(), 0)));
            assert_eq!(inflate(&input, Wrapping::Raw, 999), Err(InflateError::TooLarge));
        }
    }
}

#[test]
fn every_cut_and_every_changed_bit_is_judged_as_by_the_peer() {
    let text = br#"{"critical": {"type": "atomic container signature", "image": {"docker-manifest-digest": "sha256:50b94026"}}}"#;
    for level in [0, 1, 6] {
        let raw = [Wrapping::Raw, Wrapping::Zlib].into_iter().zip([deflated(text, level), zlib(text, level)]);
        for (wrapping, whole) in raw {
            for cut in 0..=whole.len() {
                same(&whole[..cut], wrapping);
            }
            for bit in 0..whole.len() * 8 {
                let mut changed = whole.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                same(&changed, wrapping);
            }
        }
    }
}

#[test]
fn matches_reach_back_to_the_first_octet_and_no_further() {
    // By the fixed codes: one literal, then three octets from one or two back, and the end.
    for (distance, expected) in [(0, Ok((b"aaaa".to_vec(), 0))), (1, Err(InflateError::Malformed))] {
        let head = Written::default().number(1, 1).number(1, 2).code(0x30 + u32::from(b'a'), 8);
        let input = head.code(1, 7).code(distance, 5).code(0, 7).octets();
        assert_eq!(inflate(&input, Wrapping::Raw, LIMIT), expected);
        same(&input, Wrapping::Raw);
    }
}

#[test]
fn flate2_reads_zeros_before_the_beginning() {
    // The one difference from the inflater that there was: it goes round in a window of zeros.
    let head = Written::default().number(1, 1).number(1, 2).code(0x30 + u32::from(b'a'), 8);
    let input = head.code(1, 7).code(1, 5).code(0, 7).octets();
    let mut theirs = Vec::with_capacity(100);
    flate2::Decompress::new(false).decompress_vec(&input, &mut theirs, flate2::FlushDecompress::None).unwrap();
    assert_eq!(theirs, b"a\0a\0");
    refused(&input);
}

#[test]
fn symbols_without_meaning_are_refused() {
    for symbol in [286, 287] {
        let input = Written::default().number(1, 1).number(1, 2).code(0xc0 + symbol - 280, 8).octets();
        refused(&[input, vec![0; 8]].concat());
    }
    // With enough before them for each distance that there is: 32 768 at most.
    let before = stored_block(&[7; 32_768]);
    for distance in 28..32 {
        let head = Written::default().number(1, 1).number(1, 2).code(1, 7).code(distance, 5);
        let input = [before.clone(), head.number(0x1fff, 13).code(0, 7).octets()].concat();
        match distance {
            28 | 29 => assert_eq!(inflate(&input, Wrapping::Raw, LIMIT), Ok((vec![7; 32_771], 0))),
            _ => refused(&input),
        }
        same(&input, Wrapping::Raw);
    }
    // The kind of block that there is not.
    refused(&[0x07, 0, 0, 0, 0]);
}

#[test]
fn a_stored_block_is_as_long_as_it_says_twice() {
    let block = [stored_block(b"octets"), deflated(b"", 6)].concat();
    assert_eq!(inflate(&block, Wrapping::Raw, LIMIT), Ok((b"octets".to_vec(), 0)));
    for bit in 8..40 {
        let mut changed = block.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        refused(&changed);
    }
    for cut in 0..11 {
        refused(&block[..cut]);
    }
}

#[test]
fn sets_of_codes_that_are_too_many_or_too_few_are_refused() {
    // Lengths of 256 zeros and the end, then of distances, by codes of four bits each.
    let with = |end: u32, distances: &[u32]| {
        let head = Written::dynamic(257, u32::try_from(distances.len()).unwrap(), &FOUR_BITS);
        let head = (0..256).fold(head, |head, _| head.code(0, 4)).code(end, 4);
        [distances.iter().fold(head, |head, length| head.code(*length, 4)).code(0, 1).octets(), vec![0; 4]].concat()
    };
    // One code of one bit may be all there is, and no distance.
    for distances in [&[0][..], &[1], &[1, 1], &[2, 1, 2], &[0, 15, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]
    {
        assert!(inflate(&with(1, distances), Wrapping::Raw, LIMIT).is_ok(), "{distances:?}");
        same(&with(1, distances), Wrapping::Raw);
    }
    for distances in [&[1, 1, 1][..], &[1, 1, 15], &[2, 2, 2, 2, 2], &[2], &[1, 2], &[2, 2, 2], &[15, 15]] {
        refused(&with(1, distances));
    }
    // The codes of octets: no end of the block, and one that leaves bits without meaning.
    for end in [0, 2, 15] {
        refused(&with(end, &[1, 1]));
    }
}

#[test]
fn sets_of_codes_are_judged_as_by_the_peer() {
    // Codes for lengths: of 0, 1, 2 and 18 (many zeros), two bits each, or others that are too many or too few.
    let complete: &[_] = &[(0, 2), (1, 2), (2, 2), (18, 2)];
    for of_lengths in [complete, &[(0, 1)], &[(18, 1), (1, 1), (0, 1)], &[(1, 2), (18, 2)], &[]] {
        for ends in 0..3 {
            for distances in 0..3 {
                // 256 symbols that do not occur, the end, and one distance.
                let written = Written::dynamic(257, 1, of_lengths).code(3, 2).number(127, 7).code(3, 2).number(107, 7);
                let written = written.code(ends, 2).code(distances, 2).code(0, 1);
                same(&[written.octets(), vec![0; 4]].concat(), Wrapping::Raw);
            }
        }
    }
    // A length that is repeated where there is none before it, or beyond the last one.
    let repeating: &[_] = &[(0, 2), (1, 2), (16, 2), (18, 2)];
    same(&Written::dynamic(257, 1, repeating).code(2, 2).number(3, 2).number(0, 32).octets(), Wrapping::Raw);
    let beyond = Written::dynamic(257, 1, repeating).code(3, 2).number(127, 7).code(3, 2).number(127, 7);
    same(&beyond.number(0, 32).octets(), Wrapping::Raw);
    for (literals, distances) in [(286, 30), (287, 1), (288, 1), (257, 31), (257, 32)] {
        same(&Written::dynamic(literals, distances, complete).number(0, 32).number(0, 32).octets(), Wrapping::Raw);
    }
}

#[test]
fn as_many_blocks_as_fit_into_a_content_are_read() {
    // Empty ones: by the fixed codes, of ten bits each, and with codes of their own, of 87.
    let fixed = |last| Written::default().number(last, 1).number(1, 2).code(0, 7);
    let own = || {
        let head = Written::dynamic(257, 1, &[(18, 1), (1, 1)]);
        head.code(1, 1).number(127, 7).code(1, 1).number(107, 7).code(0, 1).code(0, 1).code(0, 1)
    };
    for (count, mut block) in [(52_000, fixed(0)), (5_000, own())] {
        // More blocks follow.
        block.0[0] = false;
        let all = Written([block.0.repeat(count), fixed(1).0].concat());
        same(&all.octets(), Wrapping::Raw);
        assert_eq!(inflate(&all.octets(), Wrapping::Raw, 0), Ok((Vec::new(), 0)));
    }
}

#[test]
fn headers_are_judged_as_by_the_peer() {
    let stream = zlib(b"a payload", 6);
    for method in 0..=255 {
        for flags in 0..=255 {
            same(&[&[method, flags], &stream[2..]].concat(), Wrapping::Zlib);
        }
    }
}

/// The lengths of a complete set of codes, most often: each of `splits` makes two of one. `first` gets a code too.
fn lengths(count: usize, first: usize, splits: &[prop::sample::Index], start: usize) -> Vec<u32> {
    let mut codes = vec![1_u32, 1];
    for split in splits {
        let place = split.index(codes.len());
        if codes[place] < 15 && codes.len() < count {
            codes[place] = codes[place].saturating_add(1);
            codes.push(codes[place]);
        }
    }
    let mut lengths = vec![0; count];
    // Seven steps from one to the next meet all of them before the first again.
    let places = (start..).step_by(7).filter_map(|place| place.checked_rem(count)).filter(|place| *place != first);
    for (place, code) in std::iter::once(first).chain(places).zip(codes) {
        lengths[place] = code;
    }
    lengths
}

fn splits(most: usize) -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn streams_inflate_as_by_the_peer(octets in prop::collection::vec(0_u8..24, 0..3000), level in 0_u32..10) {
        same(&deflated(&octets, level), Wrapping::Raw);
        same(&zlib(&octets, level), Wrapping::Zlib);
    }

    #[test]
    fn cut_streams_are_judged_as_by_the_peer(
        octets in prop::collection::vec(0_u8..24, 0..3000),
        level in 0_u32..10,
        cut in any::<prop::sample::Index>(),
    ) {
        for (input, wrapping) in [(deflated(&octets, level), Wrapping::Raw), (zlib(&octets, level), Wrapping::Zlib)] {
            let input = &input[..cut.index(input.len())];
            prop_assert_eq!(inflate(input, wrapping, LIMIT), Err(InflateError::Malformed));
            same(input, wrapping);
        }
    }

    #[test]
    fn the_limit_holds_as_with_the_peer(
        octets in prop::collection::vec((any::<u8>(), 1_usize..400), 0..20),
        level in 0_u32..10,
        limit in 0_usize..6000,
        change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let octets: Vec<u8> = octets.into_iter().flat_map(|(octet, times)| vec![octet; times]).collect();
        for (mut input, wrapping) in [(deflated(&octets, level), Wrapping::Raw), (zlib(&octets, level), Wrapping::Zlib)] {
            for limit in [limit, octets.len().saturating_sub(1), octets.len(), octets.len().saturating_add(1)] {
                let expected = if octets.len() <= limit { Ok((octets.clone(), 0)) } else { Err(InflateError::TooLarge) };
                prop_assert_eq!(inflate(&input, wrapping, limit), expected);
            }
            if let Some((place, octet)) = change {
                let place = place.index(input.len());
                input[place] = octet;
            }
            alike(&input, wrapping, limit);
        }
    }

    #[test]
    fn any_codes_are_judged_as_by_the_peer(
        literals in splits(60),
        distances in splits(28),
        start in 0_usize..286,
        change in prop::option::of((any::<prop::sample::Index>(), 0_u32..16)),
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut lengths = [lengths(286, 256, &literals, start), lengths(30, start % 30, &distances, start)].concat();
        if let Some((place, length)) = change {
            let place = place.index(lengths.len());
            lengths[place] = length;
        }
        let head = Written::dynamic(286, 30, &FOUR_BITS);
        let block = lengths.into_iter().fold(head, |head, length| head.code(length, 4));
        let block = rest.iter().fold(block, |block, octet| block.number(u32::from(*octet), 8));
        let before: Vec<u8> = (0..4000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let input = [stored_block(&before), block.octets()].concat();
        same(&input, Wrapping::Raw);
        alike(&input, Wrapping::Raw, 4100);
    }

    #[test]
    fn changed_streams_are_judged_as_by_the_peer(
        octets in prop::collection::vec(any::<u8>().prop_map(|octet| octet & octet >> 2), 0..2000),
        level in 0_u32..10,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for (mut input, wrapping) in [(deflated(&octets, level), Wrapping::Raw), (zlib(&octets, level), Wrapping::Zlib)] {
            for (place, octet) in &changes {
                let place = place.index(input.len());
                input[place] = *octet;
            }
            same(&input, wrapping);
        }
    }

    #[test]
    fn anything_is_judged_as_by_the_peer(mut input in prop::collection::vec(any::<u8>(), 1..300), kind in 0_u8..4) {
        same(&input, Wrapping::Raw);
        same(&input, Wrapping::Zlib);
        input[0] = input[0] & 0xf8 | kind << 1 | 1;
        same(&input, Wrapping::Raw);
        same(&[b"\x78\x9c".as_slice(), &input].concat(), Wrapping::Zlib);
    }
}
