//! OpenPGP packets, written octet by octet, so that whatever a hostile sender could write can be written here too.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};

/// Packet tags (RFC 9580, section 5).
pub(crate) mod tag {
    pub(crate) const ENCRYPTED_SESSION_KEY: u8 = 1;
    pub(crate) const SIGNATURE: u8 = 2;
    pub(crate) const ONE_PASS: u8 = 4;
    pub(crate) const PUBLIC_KEY: u8 = 6;
    pub(crate) const COMPRESSED: u8 = 8;
    pub(crate) const MARKER: u8 = 10;
    pub(crate) const LITERAL: u8 = 11;
    pub(crate) const USER_ID: u8 = 13;
    pub(crate) const PUBLIC_SUBKEY: u8 = 14;
    pub(crate) const ENCRYPTED: u8 = 18;
    pub(crate) const PADDING: u8 = 21;
    /// Not assigned, and in the range that a reader may skip.
    pub(crate) const UNKNOWN: u8 = 58;
}

/// Subpacket types (RFC 9580, section 5.2.3.7).
pub(crate) mod sub {
    pub(crate) const CREATED: u8 = 2;
    pub(crate) const EXPIRES: u8 = 3;
    pub(crate) const KEY_EXPIRES: u8 = 9;
    pub(crate) const REVOCATION_KEY: u8 = 12;
    pub(crate) const ISSUER: u8 = 16;
    pub(crate) const NOTATION: u8 = 20;
    pub(crate) const PRIMARY_USER_ID: u8 = 25;
    pub(crate) const KEY_FLAGS: u8 = 27;
    pub(crate) const REVOCATION_REASON: u8 = 29;
    pub(crate) const FEATURES: u8 = 30;
    pub(crate) const EMBEDDED_SIGNATURE: u8 = 32;
    pub(crate) const ISSUER_FINGERPRINT: u8 = 33;
    pub(crate) const INTENDED_RECIPIENT: u8 = 35;
    /// Not assigned.
    pub(crate) const UNKNOWN: u8 = 99;
    /// The bit that says that whoever does not know a subpacket must refuse the signature.
    pub(crate) const CRITICAL: u8 = 0x80;
}

/// A packet with a header of the new format and the shortest length.
pub(crate) fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xC0 | tag], length(body.len()).as_slice(), body].concat()
}

/// A packet with a header of the new format and a length of five octets.
pub(crate) fn packet_with_long_length(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xC0 | tag, 0xFF], be32(body.len()).as_slice(), body].concat()
}

/// A packet with a header of the old format and a length of two octets.
pub(crate) fn old_packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0x80 | (tag << 2) | 1], be16(body.len()).as_slice(), body].concat()
}

/// A packet with a header of the old format and no length: it ends where the input ends. What GnuPG writes.
pub(crate) fn indeterminate(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0x80 | (tag << 2) | 3], body].concat()
}

/// A packet in chunks of `2^exponent` octets and a rest.
pub(crate) fn partial(tag: u8, body: &[u8], exponent: u8) -> Vec<u8> {
    let mut out = vec![0xC0 | tag];
    let mut chunks = body.chunks_exact(1 << exponent);
    for chunk in &mut chunks {
        out.push(0xE0 | exponent);
        out.extend_from_slice(chunk);
    }
    out.extend(length(chunks.remainder().len()));
    out.extend_from_slice(chunks.remainder());
    out
}

/// The body of a literal data packet.
pub(crate) fn literal(format: u8, name: &[u8], date: u32, data: &[u8]) -> Vec<u8> {
    [&[format, u8::try_from(name.len()).unwrap()], name, &date.to_be_bytes(), data].concat()
}

/// A compressed data packet, raw deflate, of indeterminate length: `A3 01`, as GnuPG and Red Hat's signer write it.
pub(crate) fn zip(data: &[u8]) -> Vec<u8> {
    indeterminate(tag::COMPRESSED, &zip_body(data))
}

/// The body of a compressed data packet, raw deflate.
pub(crate) fn zip_body(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![1], Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// The body of a compressed data packet, zlib.
pub(crate) fn zlib_body(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(vec![2], Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A signature subpacket.
pub(crate) fn subpacket(kind: u8, body: &[u8]) -> Vec<u8> {
    [length(body.len() + 1).as_slice(), &[kind], body].concat()
}

/// A notation, human readable.
pub(crate) fn notation(name: &str, value: &str) -> Vec<u8> {
    [&[0x80, 0, 0, 0], be16(name.len()).as_slice(), &be16(value.len()), name.as_bytes(), value.as_bytes()].concat()
}

pub(crate) fn be16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap().to_be_bytes()
}

pub(crate) fn be32(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}

/// A length of the new format, which packets and subpackets share.
fn length(length: usize) -> Vec<u8> {
    match length {
        0..192 => vec![length as u8],
        192..8384 => vec![((length - 192) >> 8) as u8 + 192, (length - 192) as u8],
        _ => [&[0xFF], be32(length).as_slice()].concat(),
    }
}
