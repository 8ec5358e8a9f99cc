//! A reader of messages that shares nothing with the one that is tested: it takes what verifies apart, and puts packets
//! together again. It trusts its input, and says nothing where it does not understand it.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use flate2::write::DeflateEncoder;

/// The three packets of a message: each with its tag and its body, however it was framed.
#[derive(Clone)]
pub(super) struct Packets(pub(super) [(u8, Vec<u8>); 3]);

impl Packets {
    /// The packets of a message, out of frame and container.
    pub(super) fn of(content: &[u8]) -> Option<Self> {
        let content = content.strip_prefix(b"\0simple-signing\n").unwrap_or(content);
        let inflated = Self::inflated(content);
        let mut rest = inflated.as_deref().unwrap_or(content);
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let (tag, body, behind) = packet(rest)?;
            packets.push((tag, body));
            rest = behind;
        }
        Some(Self(packets.try_into().ok()?))
            .filter(|Self(packets)| packets.each_ref().map(|(tag, _)| *tag) == [4, 11, 2])
    }

    /// The octets that are signed.
    pub(super) fn payload(&self) -> &[u8] {
        let literal = &self.0[1].1;
        &literal[2 + usize::from(literal[1]) + 4..]
    }

    /// The message that is in a container, if it is in one.
    pub(super) fn inflated(content: &[u8]) -> Option<Vec<u8>> {
        let (8, body, []) = packet(content)? else { return None };
        let mut inflated = Vec::new();
        match body.first()? {
            1 => DeflateDecoder::new(&body[1..]).read_to_end(&mut inflated).ok()?,
            2 => ZlibDecoder::new(&body[1..]).read_to_end(&mut inflated).ok()?,
            _ => return None,
        };
        Some(inflated)
    }

    /// A message in a container, as GnuPG writes it.
    pub(super) fn deflated(message: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(vec![0xA3, 1], Compression::fast());
        encoder.write_all(message).unwrap();
        encoder.finish().unwrap()
    }
}

/// The first packet: its tag, its body, and what stands behind it.
pub(super) fn packet(octets: &[u8]) -> Option<(u8, Vec<u8>, &[u8])> {
    let (header, mut rest) = octets.split_first()?;
    if header & 0xC0 == 0x80 {
        let size = match header & 3 {
            3 => return Some(((header >> 2) & 15, rest.to_vec(), &[])),
            form => 1 << form,
        };
        let (length, behind) = rest.split_at_checked(size)?;
        let length = length.iter().fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
        let (body, behind) = behind.split_at_checked(length)?;
        return Some(((header >> 2) & 15, body.to_vec(), behind));
    }
    if header & 0x80 == 0 {
        return None;
    }
    let mut body = Vec::new();
    loop {
        let (first, behind) = rest.split_first()?;
        let (length, partial, behind) = match first {
            0..192 => (usize::from(*first), false, behind),
            192..224 => {
                let (second, behind) = behind.split_first()?;
                (((usize::from(*first) - 192) << 8) + usize::from(*second) + 192, false, behind)
            }
            224..255 => (1 << (first & 31), true, behind),
            255 => {
                let (length, behind) = behind.split_at_checked(4)?;
                (length.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet)), false, behind)
            }
        };
        let (chunk, behind) = behind.split_at_checked(length)?;
        body.extend_from_slice(chunk);
        if !partial {
            return Some((header & 63, body, behind));
        }
        rest = behind;
    }
}

/// A packet in each form that has a definite length, and two that have none.
pub(super) fn forms(tag: u8, body: &[u8]) -> Vec<Vec<u8>> {
    let length = u32::try_from(body.len()).unwrap();
    let [a, b, c, d] = length.to_be_bytes();
    let with = |head: &[u8]| [head, body].concat();
    let mut forms = vec![with(&[0xC0 | tag, 0xFF, a, b, c, d])];
    if tag < 16 {
        forms.push(with(&[0x80 | (tag << 2) | 2, a, b, c, d]));
        forms.push(with(&[0x80 | (tag << 2) | 1, c, d]));
        forms.push(with(&[0x80 | (tag << 2), d]));
        forms.push(with(&[0x80 | (tag << 2) | 3]));
    }
    match body.len() {
        short @ 0..192 => forms.push(with(&[0xC0 | tag, u8::try_from(short).unwrap()])),
        long => {
            let long = long - 192;
            forms.push(with(&[0xC0 | tag, u8::try_from((long >> 8) & 31).unwrap() + 192, (long & 0xFF) as u8]));
        }
    }
    for exponent in [0, 4, 9] {
        let mut chunks = body.chunks_exact(1 << exponent);
        let mut partial = vec![0xC0 | tag];
        for chunk in &mut chunks {
            partial.push(0xE0 | exponent);
            partial.extend_from_slice(chunk);
        }
        partial.extend([0xFF, 0, 0]);
        partial.extend(u16::try_from(chunks.remainder().len()).unwrap().to_be_bytes());
        partial.extend_from_slice(chunks.remainder());
        forms.push(partial);
    }
    forms
}
