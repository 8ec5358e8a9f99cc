//! OpenPGP packet framing: headers, lengths, bodies (RFC 9580, section 4.2).
//!
//! Only the framing is read here; what a packet means is for sequoia-openpgp to say. Nothing is allocated beyond the
//! octets that are there, whatever a length claims.

use std::borrow::Cow;

use crate::signature::openpgp::framing::FramingError;

/// The packet types that decide what a message is (RFC 9580, section 5).
pub(crate) mod tag {
    pub(crate) const PKESK: u8 = 1;
    pub(crate) const SIGNATURE: u8 = 2;
    pub(crate) const SKESK: u8 = 3;
    pub(crate) const ONE_PASS_SIGNATURE: u8 = 4;
    pub(crate) const COMPRESSED: u8 = 8;
    pub(crate) const SED: u8 = 9;
    pub(crate) const LITERAL: u8 = 11;
    pub(crate) const SEIPD: u8 = 18;
    pub(crate) const AED: u8 = 20;
}

/// The first octet of a partial body must count 512 octets (RFC 9580, section 4.2.1.4).
const FIRST_PARTIAL_MINIMUM: usize = 512;

/// One packet: its type and its body, with partial lengths joined.
#[derive(Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) tag: u8,
    pub(crate) body: Cow<'a, [u8]>,
    pub(crate) length: Length,
}

/// How the length of a packet was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Length {
    Definite,
    /// To the end of the input (old format only).
    Indeterminate,
    /// In chunks.
    Partial {
        /// Whether the first chunk is smaller than the format allows.
        short: bool,
    },
}

/// Reads octets from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` octets, all of them or an error.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], FramingError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(FramingError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn octet(&mut self) -> Result<u8, FramingError> {
        let (first, rest) = self.0.split_first().ok_or(FramingError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A big-endian number of `octets` octets, four at most.
    pub(crate) fn number(&mut self, octets: usize) -> Result<usize, FramingError> {
        let value = self.take(octets)?.iter().fold(0_u32, |value, octet| (value << 8) | u32::from(*octet));
        usize::try_from(value).map_err(|_| FramingError::Truncated)
    }

    /// The next packet.
    pub(crate) fn packet(&mut self) -> Result<Packet<'a>, FramingError> {
        let header = self.octet()?;
        if header & 0x80 == 0 {
            return Err(FramingError::NoPacket { octet: header });
        }
        if header & 0x40 == 0 {
            let tag = (header >> 2) & 0x0f;
            let octets = match header & 3 {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => {
                    let body = Cow::Borrowed(std::mem::take(&mut self.0));
                    return Ok(Packet { tag, body, length: Length::Indeterminate });
                }
            };
            let length = self.number(octets)?;
            return Ok(Packet { tag, body: Cow::Borrowed(self.take(length)?), length: Length::Definite });
        }
        let tag = header & 0x3f;
        match self.new_length()? {
            NewLength::Definite(length) => {
                Ok(Packet { tag, body: Cow::Borrowed(self.take(length)?), length: Length::Definite })
            }
            NewLength::Partial(first) => {
                let mut body = self.take(first)?.to_vec();
                loop {
                    match self.new_length()? {
                        NewLength::Partial(length) => body.extend_from_slice(self.take(length)?),
                        NewLength::Definite(length) => {
                            body.extend_from_slice(self.take(length)?);
                            let length = Length::Partial { short: first < FIRST_PARTIAL_MINIMUM };
                            return Ok(Packet { tag, body: Cow::Owned(body), length });
                        }
                    }
                }
            }
        }
    }

    /// A length of the new format (RFC 9580, section 4.2.1).
    fn new_length(&mut self) -> Result<NewLength, FramingError> {
        let first = self.octet()?;
        Ok(match first {
            0..=191 => NewLength::Definite(usize::from(first)),
            192..=223 => NewLength::Definite(self.two_octet_length(first)?),
            224..=254 => NewLength::Partial(1_usize << (first & 0x1f)),
            255 => NewLength::Definite(self.number(4)?),
        })
    }

    /// The two-octet length that begins with `first`, which is 192 to 223 (or, of a subpacket, to 254).
    fn two_octet_length(&mut self, first: u8) -> Result<usize, FramingError> {
        let high = usize::from(first.saturating_sub(192)) << 8;
        Ok(high.saturating_add(usize::from(self.octet()?)).saturating_add(192))
    }

    /// The length of a subpacket (RFC 9580, section 5.2.3.7), which has no partial form.
    pub(crate) fn subpacket_length(&mut self) -> Result<usize, FramingError> {
        match self.octet()? {
            first @ 0..=191 => Ok(usize::from(first)),
            first @ 192..=254 => self.two_octet_length(first),
            255 => self.number(4),
        }
    }
}

enum NewLength {
    Definite(usize),
    Partial(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn packet(octets: &[u8]) -> (u8, Vec<u8>, Length) {
        let packet = Octets::new(octets).packet().unwrap();
        (packet.tag, packet.body.into_owned(), packet.length)
    }

    #[test]
    fn reads_every_form_of_length() {
        assert_eq!(packet(b"\x88\x02ab"), (2, b"ab".to_vec(), Length::Definite));
        assert_eq!(packet(b"\x89\x00\x02ab"), (2, b"ab".to_vec(), Length::Definite));
        assert_eq!(packet(b"\x8a\x00\x00\x00\x02ab"), (2, b"ab".to_vec(), Length::Definite));
        assert_eq!(packet(b"\xa3abc"), (8, b"abc".to_vec(), Length::Indeterminate));
        assert_eq!(packet(b"\xc2\x02ab"), (2, b"ab".to_vec(), Length::Definite));
        assert_eq!(packet(b"\xc2\xff\x00\x00\x00\x02ab"), (2, b"ab".to_vec(), Length::Definite));
        let long = [b"\xcb\xc0\x00".as_slice(), &[7; 192]].concat();
        assert_eq!(packet(&long), (11, vec![7; 192], Length::Definite));
        assert_eq!(packet(b"\xcb\xe1ab\xe0c\x01d"), (11, b"abcd".to_vec(), Length::Partial { short: true }));
        let chunked = [b"\xcb\xe9".as_slice(), &[7; 512], b"\x00"].concat();
        assert_eq!(packet(&chunked), (11, vec![7; 512], Length::Partial { short: false }));
    }

    #[test]
    fn claims_of_length_allocate_nothing() {
        for hostile in [
            b"\xcb\xff\xff\xff\xff\xff".as_slice(),
            b"\xcb\xfe\x00",
            b"\x8a\xff\xff\xff\xff",
            b"\xcb\xe1ab",
            b"\xcb\xe1ab\xfe",
            b"\xc2",
            b"\xc2\xff\x00",
        ] {
            assert_eq!(Octets::new(hostile).packet().unwrap_err(), FramingError::Truncated, "{hostile:x?}");
        }
        assert_eq!(Octets::new(b"{").packet().unwrap_err(), FramingError::NoPacket { octet: b'{' });
    }
}
