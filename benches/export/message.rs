//! A stored signature, taken apart for those who do not want it as it is.

use sequoia_openpgp::Packet;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::parse::{PacketParser, PacketParserResult, Parse as _};

/// A signed message in its parts.
pub(crate) struct Message {
    pub(crate) payload: Vec<u8>,
    /// The signature packet, with the digest that the parser computed.
    pub(crate) signature: Signature,
}

impl Message {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (mut payload, mut signature) = (None, None);
        let mut parsed = PacketParser::from_bytes(bytes).unwrap();
        while let PacketParserResult::Some(mut parser) = parsed {
            if let Packet::Literal(_) = parser.packet {
                payload = Some(parser.buffer_unread_content().unwrap().to_vec());
            }
            let (packet, next) = parser.recurse().unwrap();
            if let Packet::Signature(found) = packet {
                signature = Some(found);
            }
            parsed = next;
        }
        Self { payload: payload.unwrap(), signature: signature.unwrap() }
    }
}
