//! Messages and certificates as packets, taken apart and put together otherwise. Lenient: what is read here is not trusted.
#![expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "lengths of some kilobytes")]

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, ZlibEncoder};

pub(super) const SIGNATURE: u8 = 2;
pub(super) const ONE_PASS: u8 = 4;
pub(super) const COMPRESSED: u8 = 8;
pub(super) const MARKER: u8 = 10;
pub(super) const LITERAL: u8 = 11;
pub(super) const PADDING: u8 = 21;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Packet {
    pub(super) tag: u8,
    pub(super) body: Vec<u8>,
}

impl Packet {
    pub(super) fn new(tag: u8, body: &[u8]) -> Self {
        Self { tag, body: body.to_vec() }
    }

    /// With a header of the new format and the shortest length.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = self.body.len();
        let length = match length {
            0..192 => vec![length as u8],
            192..8384 => vec![((length - 192) >> 8) as u8 + 192, (length - 192) as u8],
            _ => return self.with_long_length(),
        };
        [&[0xC0 | self.tag], length.as_slice(), &self.body].concat()
    }

    pub(super) fn with_long_length(&self) -> Vec<u8> {
        [&[0xC0 | self.tag, 0xFF], (self.body.len() as u32).to_be_bytes().as_slice(), &self.body].concat()
    }

    /// With a header of the old format and a length of two octets.
    pub(super) fn with_old_header(&self) -> Vec<u8> {
        [&[0x80 | (self.tag << 2) | 1], (self.body.len() as u16).to_be_bytes().as_slice(), &self.body].concat()
    }

    /// With a header of the old format and no length: it ends where the input ends.
    pub(super) fn without_length(&self) -> Vec<u8> {
        [&[0x80 | (self.tag << 2) | 3], self.body.as_slice()].concat()
    }

    /// In chunks of `2^exponent` octets and a rest.
    pub(super) fn in_chunks(&self, exponent: u8) -> Vec<u8> {
        let mut out = vec![0xC0 | self.tag];
        let mut chunks = self.body.chunks_exact(1 << exponent);
        for chunk in &mut chunks {
            out.push(0xE0 | exponent);
            out.extend_from_slice(chunk);
        }
        out.push(0xFF);
        out.extend_from_slice(&(chunks.remainder().len() as u32).to_be_bytes());
        out.extend_from_slice(chunks.remainder());
        out
    }
}

/// The packets of a content, or nothing where it is not made of whole packets.
pub(super) fn split(mut bytes: &[u8]) -> Option<Vec<Packet>> {
    let mut packets = Vec::new();
    while let Some((header, rest)) = bytes.split_first() {
        if header & 0x80 == 0 {
            return None;
        }
        let (tag, body, rest) = if header & 0x40 == 0 { old(*header, rest)? } else { new(*header, rest)? };
        packets.push(Packet { tag, body });
        bytes = rest;
    }
    (!packets.is_empty()).then_some(packets)
}

type Read<'a> = (u8, Vec<u8>, &'a [u8]);

fn old(header: u8, rest: &[u8]) -> Option<Read<'_>> {
    let tag = (header >> 2) & 15;
    let octets = match header & 3 {
        3 => return Some((tag, rest.to_vec(), &[])),
        kind => 1 << kind,
    };
    let (length, rest) = rest.split_at_checked(octets)?;
    let length = length.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body.to_vec(), rest))
}

fn new(header: u8, mut rest: &[u8]) -> Option<Read<'_>> {
    let mut body = Vec::new();
    loop {
        let (first, after) = rest.split_first()?;
        let (length, after, is_last) = match *first {
            first @ 0..192 => (usize::from(first), after, true),
            first @ 192..224 => {
                let (second, after) = after.split_first()?;
                (((usize::from(first) - 192) << 8) + usize::from(*second) + 192, after, true)
            }
            first @ 224..255 => (1 << (first & 31), after, false),
            255 => {
                let (length, after) = after.split_first_chunk::<4>()?;
                (u32::from_be_bytes(*length) as usize, after, true)
            }
        };
        let (chunk, after) = after.split_at_checked(length)?;
        body.extend_from_slice(chunk);
        rest = after;
        if is_last {
            return Some((header & 63, body, rest));
        }
    }
}

/// The packets of a message, out of their container if they are in one.
pub(super) fn unpacked(content: &[u8]) -> Option<Vec<Packet>> {
    let packets = split(content)?;
    let [Packet { tag: COMPRESSED, body }] = packets.as_slice() else { return Some(packets) };
    let (algorithm, data) = body.split_first()?;
    let mut inflated = Vec::new();
    match algorithm {
        0 => inflated.extend_from_slice(data),
        1 => drop(DeflateDecoder::new(data).take(LIMIT).read_to_end(&mut inflated).ok()?),
        2 => drop(ZlibDecoder::new(data).take(LIMIT).read_to_end(&mut inflated).ok()?),
        _ => return None,
    }
    split(&inflated)
}

const LIMIT: u64 = 1 << 20;

/// All packets, one after another.
pub(super) fn joined(packets: &[Packet]) -> Vec<u8> {
    packets.iter().flat_map(Packet::bytes).collect()
}

/// A container by raw deflate.
pub(super) fn zip(data: &[u8]) -> Packet {
    let mut encoder = DeflateEncoder::new(vec![1], Compression::best());
    encoder.write_all(data).unwrap();
    Packet { tag: COMPRESSED, body: encoder.finish().unwrap() }
}

/// A container by zlib.
pub(super) fn zlib(data: &[u8]) -> Packet {
    let mut encoder = ZlibEncoder::new(vec![2], Compression::best());
    encoder.write_all(data).unwrap();
    Packet { tag: COMPRESSED, body: encoder.finish().unwrap() }
}
