//! The one shape a stored signature has: a binary OpenPGP message, optionally compressed, that carries exactly one
//! signature over one literal, and nothing after it.
//!
//! This is the gate before the OpenPGP library: it bounds size, nesting, packets and subpackets, so that the library
//! sees one small signature packet and nothing else. It reads framing only and trusts none of it.

use crate::signature::openpgp::framing::FramingError;
use crate::signature::openpgp::inflate::{self, InflateError, Wrapping};
use crate::signature::openpgp::packet::{Length, Octets, tag};
use crate::signature::{Note, PAYLOAD_LIMIT};

/// The largest content that is looked at, in bytes. Genuine ones have about 900.
pub const CONTENT_LIMIT: usize = 64 << 10;
/// The largest size of a message once inflated, in bytes.
pub const INFLATED_LIMIT: usize = 128 << 10;
/// The largest signature packet, in bytes. One by RSA-4096 has about 550.
pub const SIGNATURE_PACKET_LIMIT: usize = 16 << 10;
/// The most subpackets in a signature packet. Genuine ones have 2 to 6.
pub const SUBPACKET_LIMIT: usize = 32;

/// A message taken apart; nobody has vouched for any of it yet.
#[derive(Debug)]
pub(crate) struct Message {
    /// The octets that are signed.
    pub(crate) payload: Vec<u8>,
    /// The body of the signature packet.
    pub(crate) signature: Vec<u8>,
    /// What the packet before the payload announces.
    pub(crate) one_pass: OnePass,
    /// What is unusual about the framing, and accepted.
    pub(crate) notes: Vec<Note>,
}

/// The announcement of a signature (RFC 9580, section 5.4). It is not signed; it must agree with what follows.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct OnePass {
    pub(crate) signature_type: u8,
    pub(crate) hash_algorithm: u8,
    pub(crate) key_algorithm: u8,
    pub(crate) issuer: OnePassIssuer,
}

/// Whom the announcement names.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum OnePassIssuer {
    /// Version 3: a key ID.
    KeyId([u8; 8]),
    /// Version 6: a fingerprint, and the salt of the signature.
    Fingerprint { fingerprint: Vec<u8>, salt: Vec<u8> },
}

impl Message {
    /// Takes `content` apart.
    ///
    /// # Errors
    ///
    /// A [`FramingError`] for any content that is not exactly one signed message within the limits.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, FramingError> {
        if content.len() > CONTENT_LIMIT {
            return Err(FramingError::ContentTooLarge { size: content.len() });
        }
        refuse_text(content)?;
        let mut octets = Octets::new(content);
        if first_tag(content) != Some(tag::COMPRESSED) {
            return Self::signed(octets);
        }
        let container = octets.packet()?;
        if !octets.is_empty() {
            return Err(FramingError::TrailingData { bytes: octets.rest().len() });
        }
        let inflated = inflate(&container.body)?;
        if first_tag(&inflated) == Some(tag::COMPRESSED) {
            return Err(FramingError::Nested);
        }
        Self::signed(Octets::new(&inflated))
    }

    /// Reads `OPS Literal Signature`, and the end.
    fn signed(mut octets: Octets<'_>) -> Result<Self, FramingError> {
        let announcement = octets.packet()?;
        match announcement.tag {
            tag::ONE_PASS_SIGNATURE if announcement.length == Length::Definite => {}
            tag::SIGNATURE => return Err(bare_signature(octets)),
            tag::LITERAL if octets.is_empty() => return Err(FramingError::Unsigned),
            other => return Err(unexpected(other, "a one-pass signature packet")),
        }
        let (one_pass, last) = OnePass::parse(&announcement.body)?;

        let literal = octets.packet()?;
        let short = match (literal.tag, literal.length) {
            (tag::LITERAL, Length::Definite) => false,
            (tag::LITERAL, Length::Partial { short }) => short,
            (tag::LITERAL, Length::Indeterminate) => return Err(FramingError::IndeterminateLength),
            (tag::ONE_PASS_SIGNATURE, _) if !last => return Err(FramingError::SeveralSignatures),
            (tag::ONE_PASS_SIGNATURE | tag::COMPRESSED, _) => return Err(FramingError::SignedContainer),
            (other, _) => return Err(unexpected(other, "a literal data packet")),
        };
        if !last {
            return Err(FramingError::Malformed { found: "a second signature is announced and not there" });
        }
        let payload = literal_data(&literal.body)?.to_vec();
        if payload.len() > PAYLOAD_LIMIT {
            return Err(FramingError::PayloadTooLarge { limit: PAYLOAD_LIMIT });
        }

        if octets.is_empty() {
            return Err(FramingError::Unsigned);
        }
        let signature = octets.packet()?;
        if signature.tag != tag::SIGNATURE || signature.length != Length::Definite {
            return Err(unexpected(signature.tag, "a signature packet"));
        }
        if !octets.is_empty() {
            return Err(match first_tag(octets.rest()) {
                Some(tag::SIGNATURE) => FramingError::SeveralSignatures,
                _ => FramingError::TrailingData { bytes: octets.rest().len() },
            });
        }
        bound_signature_packet(&signature.body)?;
        let notes = if short { vec![Note::ShortPartialLength] } else { Vec::new() };
        Ok(Self { payload, signature: signature.body.into_owned(), one_pass, notes })
    }
}

impl OnePass {
    /// Reads the packet's body; the flag says whether the data follows at once.
    fn parse(body: &[u8]) -> Result<(Self, bool), FramingError> {
        let mut octets = Octets::new(body);
        let version = octets.octet()?;
        let signature_type = octets.octet()?;
        let hash_algorithm = octets.octet()?;
        let key_algorithm = octets.octet()?;
        let issuer = match version {
            3 => {
                let mut key_id = [0; 8];
                key_id.copy_from_slice(octets.take(8)?);
                OnePassIssuer::KeyId(key_id)
            }
            6 => {
                let salt_length = usize::from(octets.octet()?);
                let salt = octets.take(salt_length)?.to_vec();
                OnePassIssuer::Fingerprint { fingerprint: octets.take(32)?.to_vec(), salt }
            }
            version => return Err(FramingError::OnePassVersion { version }),
        };
        let last = octets.octet()? != 0;
        if !octets.is_empty() {
            return Err(FramingError::Malformed { found: "octets after the end of the one-pass signature packet" });
        }
        Ok((Self { signature_type, hash_algorithm, key_algorithm, issuer }, last))
    }
}

/// Refuses what begins as text: armor, the cleartext framework, anything else.
fn refuse_text(content: &[u8]) -> Result<(), FramingError> {
    let Some(first) = content.first() else {
        return Err(FramingError::Empty);
    };
    if first & 0x80 != 0 {
        return Ok(());
    }
    let contains = |marker: &[u8]| content.windows(marker.len()).any(|window| window == marker);
    if contains(b"-----BEGIN PGP SIGNED MESSAGE-----") {
        Err(FramingError::Cleartext)
    } else if contains(b"-----BEGIN PGP ") {
        Err(FramingError::Armored)
    } else {
        Err(FramingError::NoPacket { octet: *first })
    }
}

/// The type of the packet that `octets` begin with, if they begin with one.
fn first_tag(octets: &[u8]) -> Option<u8> {
    match octets.first()? {
        header if header & 0xc0 == 0xc0 => Some(header & 0x3f),
        header if header & 0x80 != 0 => Some((header >> 2) & 0x0f),
        _ => None,
    }
}

/// Inflates the body of a compressed data packet (RFC 9580, section 5.6), within [`INFLATED_LIMIT`].
fn inflate(body: &[u8]) -> Result<Vec<u8>, FramingError> {
    let (algorithm, compressed) = body.split_first().ok_or(FramingError::Truncated)?;
    let wrapping = match algorithm {
        1 => Wrapping::Raw,
        2 => Wrapping::Zlib,
        algorithm => return Err(FramingError::Compression { algorithm: *algorithm }),
    };
    match inflate::inflate(compressed, wrapping, INFLATED_LIMIT) {
        Ok((inflated, 0)) => Ok(inflated),
        Ok((_, bytes)) => Err(FramingError::TrailingData { bytes }),
        Err(InflateError::Malformed) => {
            Err(FramingError::Malformed { found: "a compressed stream that does not inflate" })
        }
        Err(InflateError::TooLarge) => Err(FramingError::PayloadTooLarge { limit: INFLATED_LIMIT }),
    }
}

/// The data of a literal packet. Its format, file name and date are not signed and mean nothing.
fn literal_data(body: &[u8]) -> Result<&[u8], FramingError> {
    let mut octets = Octets::new(body);
    octets.octet()?;
    let name_length = usize::from(octets.octet()?);
    octets.take(name_length)?;
    octets.take(4)?;
    Ok(octets.rest())
}

/// Bounds what the library will be given to parse.
fn bound_signature_packet(body: &[u8]) -> Result<(), FramingError> {
    const EMBEDDED_SIGNATURE: u8 = 32;

    if body.len() > SIGNATURE_PACKET_LIMIT {
        return Err(FramingError::SignatureTooLarge { size: body.len() });
    }
    let mut octets = Octets::new(body);
    let length_octets = match octets.octet()? {
        4 => 2,
        6 => 4,
        // Version 3 has no subpackets; other versions are refused when they are parsed.
        _ => return Ok(()),
    };
    octets.take(3)?;
    let mut count = 0_usize;
    for _area in ["hashed", "unhashed"] {
        let length = octets.number(length_octets)?;
        let mut area = Octets::new(octets.take(length)?);
        while !area.is_empty() {
            let length = area.subpacket_length()?;
            let subpacket = area.take(length)?;
            count = count.saturating_add(1);
            if count > SUBPACKET_LIMIT {
                return Err(FramingError::Subpackets);
            }
            if subpacket.first().is_some_and(|kind| kind & 0x7f == EMBEDDED_SIGNATURE) {
                return Err(FramingError::EmbeddedSignature);
            }
        }
    }
    Ok(())
}

/// What a message that begins with a signature packet is.
fn bare_signature(octets: Octets<'_>) -> FramingError {
    match first_tag(octets.rest()) {
        None | Some(tag::SIGNATURE) => FramingError::Detached,
        Some(tag::LITERAL) => FramingError::OldStyle,
        Some(other) => unexpected(other, "the end"),
    }
}

/// The error for a packet where `wanted` should have been.
fn unexpected(found: u8, wanted: &'static str) -> FramingError {
    match found {
        tag::PKESK | tag::SKESK | tag::SED | tag::SEIPD | tag::AED => FramingError::Encrypted,
        tag => FramingError::UnexpectedPacket { tag, wanted },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_greatest_content_is_read_and_no_greater_one() {
        let content = |size| Message::parse(&vec![0xff; size]).unwrap_err();
        assert!(!matches!(content(CONTENT_LIMIT), FramingError::ContentTooLarge { .. }));
        assert_eq!(content(CONTENT_LIMIT + 1), FramingError::ContentTooLarge { size: CONTENT_LIMIT + 1 });
    }

    #[test]
    fn the_greatest_message_is_inflated_and_no_greater_one() {
        let inflated = |size: usize| {
            let mut body = vec![1];
            let mut encoder = flate2::write::DeflateEncoder::new(&mut body, flate2::Compression::default());
            encoder.write_all(&vec![7; size]).unwrap();
            encoder.finish().unwrap();
            inflate(&body)
        };
        for size in [0, 1, 1023, 1024, 1025, INFLATED_LIMIT] {
            assert_eq!(inflated(size).unwrap(), vec![7; size]);
        }
        let too_large = FramingError::PayloadTooLarge { limit: INFLATED_LIMIT };
        for size in [INFLATED_LIMIT + 1, INFLATED_LIMIT * 8] {
            assert_eq!(inflated(size).unwrap_err(), too_large);
        }
    }

    /// The body of a signature packet of version 4 with so many hashed and unhashed subpackets of this kind.
    fn packet(hashed: usize, unhashed: usize, kind: u8) -> Vec<u8> {
        let area = |count: usize| {
            [&u16::try_from(count.saturating_mul(2)).unwrap().to_be_bytes()[..], &[1, kind].repeat(count)].concat()
        };
        [vec![4, 0, 22, 8], area(hashed), area(unhashed)].concat()
    }

    #[test]
    fn a_signature_packet_is_bounded() {
        assert_eq!(bound_signature_packet(&packet(SUBPACKET_LIMIT, 0, 20)), Ok(()));
        assert_eq!(bound_signature_packet(&packet(SUBPACKET_LIMIT - 1, 1, 20)), Ok(()));
        for (hashed, unhashed) in [(SUBPACKET_LIMIT + 1, 0), (SUBPACKET_LIMIT, 1), (0, SUBPACKET_LIMIT + 1)] {
            assert_eq!(bound_signature_packet(&packet(hashed, unhashed, 20)), Err(FramingError::Subpackets));
        }
        let version_6 = |count: usize| {
            let area = |count: usize| {
                [&u32::try_from(count.saturating_mul(2)).unwrap().to_be_bytes()[..], &[1, 20].repeat(count)].concat()
            };
            [vec![6, 0, 27, 10], area(count), area(0)].concat()
        };
        assert_eq!(bound_signature_packet(&version_6(SUBPACKET_LIMIT)), Ok(()));
        assert_eq!(bound_signature_packet(&version_6(SUBPACKET_LIMIT + 1)), Err(FramingError::Subpackets));
        // With and without the bit that makes it critical.
        for kind in [32, 32 | 0x80] {
            assert_eq!(bound_signature_packet(&packet(0, 1, kind)), Err(FramingError::EmbeddedSignature));
        }
        assert_eq!(bound_signature_packet(&packet(1, 0, 2 | 0x80)), Ok(()));
        let padded = |size| [packet(0, 0, 20), vec![0; size - 8]].concat();
        assert_eq!(bound_signature_packet(&padded(SIGNATURE_PACKET_LIMIT)), Ok(()));
        let too_large = FramingError::SignatureTooLarge { size: SIGNATURE_PACKET_LIMIT + 1 };
        assert_eq!(bound_signature_packet(&padded(SIGNATURE_PACKET_LIMIT + 1)), Err(too_large));
    }

    #[test]
    fn the_greatest_payload_is_read_and_no_greater_one() {
        let message = |size: usize| {
            let literal = [&[b'b', 0, 0, 0, 0, 0][..], &vec![b'a'; size]].concat();
            let length = u32::try_from(literal.len()).unwrap().to_be_bytes();
            let one_pass = b"\xc4\x0d\x03\x00\x08\x16abcdefgh\x01";
            [one_pass.as_slice(), b"\xcb\xff", &length, &literal].concat()
        };
        let signed = |size| Message::signed(Octets::new(&message(size))).unwrap_err();
        assert_eq!(signed(PAYLOAD_LIMIT), FramingError::Unsigned);
        assert_eq!(signed(PAYLOAD_LIMIT + 1), FramingError::PayloadTooLarge { limit: PAYLOAD_LIMIT });
    }

    #[test]
    fn an_announcement_has_a_definite_length() {
        let one_pass = b"\x03\x00\x08\x16abcdefgh\x01";
        let definite = [b"\xc4\x0d".as_slice(), one_pass].concat();
        assert_eq!(Message::parse(&definite).unwrap_err(), FramingError::Truncated);
        let partial = [b"\xc4\xe0\x03\x0c".as_slice(), one_pass.get(1..).unwrap()].concat();
        let unexpected = FramingError::UnexpectedPacket { tag: 4, wanted: "a one-pass signature packet" };
        assert_eq!(Message::parse(&partial).unwrap_err(), unexpected);
    }
}
