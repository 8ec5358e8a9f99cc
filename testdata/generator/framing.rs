//! The same payload and the same key in every framing that a sender could think of.

use sequoia_openpgp::armor::Kind;

use crate::keyrings::armor;
use crate::keys::{Keys, SigningKey};
use crate::messages::{Message, one_pass, plain_literal};
use crate::payloads;
use crate::sheet::Sheet;
use crate::signing::{Signing, kind};
use crate::time;
use crate::wire::{
    indeterminate, literal, old_packet, packet, packet_with_long_length, partial, tag, zip, zip_body, zlib_body,
};

/// A real bzip2 stream of a signed message.
const BZIP2: &[u8] = include_bytes!("message.bz2");

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let framing = Framing { keys, key: keys.get("ed25519"), payload: payload.as_bytes() };
    framing.accepted(sheet);
    framing.not_a_signed_message(sheet);
    framing.several(sheet);
    framing.around(sheet);
    framing.tampered(sheet);
    framing.floods(sheet);
}

struct Framing<'a> {
    keys: &'a Keys,
    key: &'a SigningKey,
    payload: &'a [u8],
}

impl Framing<'_> {
    fn message(&self) -> Message {
        Message::new(self.key, self.payload)
    }

    fn with_literal(&self, body: &[u8]) -> Vec<u8> {
        self.message().with_literal(packet(tag::LITERAL, body)).bytes()
    }

    fn accepted(&self, sheet: &mut Sheet) {
        let bytes = self.message().bytes();
        sheet.file("framing.uncompressed.sig", &bytes).is("verified");
        sheet.file("framing.zip.sig", &zip(&bytes)).is("verified");
        sheet.file("framing.zip-definite.sig", &packet(tag::COMPRESSED, &zip_body(&bytes))).is("verified");
        sheet.file("framing.zip-partial.sig", &partial(tag::COMPRESSED, &zip_body(&bytes), 9)).is("verified");
        sheet.file("framing.zlib.sig", &indeterminate(tag::COMPRESSED, &zlib_body(&bytes))).is("verified");
        let parts = self.message();
        let old: Vec<u8> = [
            old_packet(tag::ONE_PASS, &parts.one_pass[2..]),
            old_packet(tag::LITERAL, &plain_literal(self.payload)),
            old_packet(tag::SIGNATURE, &parts.signature[2..]),
        ]
        .concat();
        sheet.file("framing.old-headers.sig", &old).is("verified");
        let long = packet_with_long_length(tag::LITERAL, &plain_literal(self.payload));
        sheet.file("framing.long-lengths.sig", &self.message().with_literal(long).bytes()).is("verified");

        let padded = [self.payload, b"\n".repeat(1500).as_slice()].concat();
        let long_message = Message::new(self.key, &padded);
        let legal = partial(tag::LITERAL, &plain_literal(&padded), 9);
        sheet.file("framing.partial.sig", &long_message.with_literal(legal).bytes()).is("verified");
        for (name, exponent) in [("short-partial", 7), ("tiny-partial", 1)] {
            let short = partial(tag::LITERAL, &plain_literal(self.payload), exponent);
            sheet
                .file(&format!("framing.{name}.sig"), &self.message().with_literal(short.clone()).bytes())
                .note("the first chunk is shorter than 512 octets, as golang.org/x/crypto writes it")
                .is("verified");
            sheet
                .file(&format!("framing.{name}.zip.sig"), &zip(&self.message().with_literal(short).bytes()))
                .is("verified");
        }
        let named = literal(b'b', b"_rpmsig-req-1a2b3c.bin", time::SIGNATURES, self.payload);
        sheet
            .file("framing.literal-named.sig", &self.with_literal(&named))
            .note("nobody signs name and date")
            .is("verified");
        let hostile = literal(b'b', b"/etc/x\n[GNUPG:] GOODSIG \x1b[31m", u32::MAX, self.payload);
        sheet.file("framing.literal-hostile-name.sig", &self.with_literal(&hostile)).is("verified");
        sheet
            .file("framing.literal-console.sig", &self.with_literal(&literal(b'b', b"_CONSOLE", 0, self.payload)))
            .is("verified");
    }

    fn not_a_signed_message(&self, sheet: &mut Sheet) {
        let Message { literal: plain, signature, one_pass } = self.message();
        sheet.file("unsigned.literal.sig", &plain).is("unsigned");
        sheet.file("unsigned.compressed.sig", &zip(&plain)).is("unsigned");
        sheet.file("detached.sig", &signature).is("detached-signature");
        sheet.file("detached.compressed.sig", &zip(&signature)).is("detached-signature");
        sheet.file("old-style.sig", &[signature.as_slice(), &plain].concat()).is("unsupported-framing");
        sheet
            .file("old-style.compressed.sig", &zip(&[signature.as_slice(), &plain].concat()))
            .is("unsupported-framing");
        sheet
            .file("literal-then-signature.sig", &[plain.as_slice(), &signature].concat())
            .note("no data may stand before the announcement of its signature")
            .is("malformed-signature");
        let inside = [one_pass.as_slice(), &zip_definite(&plain), &signature].concat();
        sheet.file("signed-compressed.sig", &inside).is("unsupported-framing");
        sheet.file("bzip2.sig", &indeterminate(tag::COMPRESSED, &[&[3], BZIP2].concat())).is("unsupported-framing");
        sheet
            .file(
                "compressed-with-nothing.sig",
                &packet(tag::COMPRESSED, &[&[0], self.message().bytes().as_slice()].concat()),
            )
            .is("unsupported-framing");
        sheet
            .file(
                "compressed-with-unknown.sig",
                &packet(tag::COMPRESSED, &[&[9], self.message().bytes().as_slice()].concat()),
            )
            .is("unsupported-framing");
        sheet.file("armored.asc", armor(Kind::Message, &self.message().bytes()).as_bytes()).is("armored-signature");
        sheet.file("armored-detached.asc", armor(Kind::Signature, &signature).as_bytes()).is("armored-signature");
        let text = Signing::new(self.key, kind::TEXT, time::SIGNATURES).packet(self.payload);
        let cleartext = [
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n",
            str::from_utf8(self.payload).unwrap(),
            "\n",
            &armor(Kind::Signature, &text),
        ]
        .concat();
        sheet.file("cleartext.asc", cleartext.as_bytes()).is("cleartext-signature");
        for (name, format) in [("text", b't'), ("utf-8", b'u'), ("local", b'l'), ("mime", b'm')] {
            sheet
                .file(&format!("literal-format-{name}.sig"), &self.with_literal(&literal(format, b"", 0, self.payload)))
                .note("the format octet is not signed and means nothing")
                .is("verified");
        }
        let session_key = packet(
            tag::ENCRYPTED_SESSION_KEY,
            &[[3].as_slice(), &self.keys.get("release").key_id, &[1, 0, 8, 0xFF]].concat(),
        );
        let encrypted = packet(tag::ENCRYPTED, &[[1].as_slice(), &[0xA5; 64]].concat());
        sheet.file("encrypted.sig", &[session_key, encrypted.clone()].concat()).is("encrypted-message");
        sheet.file("encrypted-without-session-key.sig", &encrypted).is("encrypted-message");
        sheet.file("encrypted-compressed.sig", &zip(&encrypted)).is("encrypted-message");
        for (name, content) in [
            ("empty", Vec::new()),
            ("one-octet", vec![0xC4]),
            ("zeros", vec![0; 64]),
            ("random", noise(64)),
            ("length-beyond-end", vec![0xC2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("tag-0", packet(0, b"reserved")),
            ("text", b"signed by me\n".to_vec()),
            ("json", self.payload.to_vec()),
            ("truncated", self.message().bytes()[..self.message().bytes().len() - 10].to_vec()),
            ("truncated-literal", self.message().bytes()[..100].to_vec()),
            ("truncated-compressed", zip(&self.message().bytes())[..200].to_vec()),
            ("broken-deflate", indeterminate(tag::COMPRESSED, &[1, 0xFF, 0xFF, 0xFF])),
            ("partial-signature", self.message().with_signature(partial(tag::SIGNATURE, &signature[2..], 6)).bytes()),
            ("empty-compressed", zip(b"")),
        ] {
            sheet.file(&format!("malformed.{name}.sig"), &content).is("malformed-signature");
        }
    }

    /// More than one signature, message or literal.
    fn several(&self, sheet: &mut Sheet) {
        let (first, second) =
            (Message::new(self.key, self.payload), Message::new(self.keys.get("rsa2048"), self.payload));
        let announce = |key: &SigningKey, last: u8| {
            packet(tag::ONE_PASS, &one_pass(&Signing::new(key, kind::BINARY, time::SIGNATURES), last))
        };
        let other = self.keys.get("rsa2048");
        let two = |inner: &Message, outer: &Message, last: u8| {
            [
                announce(other, last),
                announce(self.key, 1),
                inner.literal.clone(),
                inner.signature.clone(),
                outer.signature.clone(),
            ]
            .concat()
        };
        sheet.file("two-signers.sig", &two(&first, &second, 0)).keys(&["two-certs"]).is("signature-count");
        sheet
            .file("two-signers.compressed.sig", &zip(&two(&first, &second, 0)))
            .keys(&["two-certs"])
            .is("signature-count");
        sheet.file("one-of-two-signers-unknown.sig", &two(&first, &second, 0)).is("signature-count");
        let bad = Message::new(other, b"something else").with_literal(second.literal.clone());
        sheet.file("good-and-bad-signer.sig", &two(&first, &bad, 0)).keys(&["two-certs"]).is("signature-count");
        let twice = [announce(self.key, 0), first.bytes(), first.signature.clone()].concat();
        sheet.file("same-signature-twice.sig", &twice).is("signature-count");
        let outer = Signing::new(other, kind::BINARY, time::SIGNATURES).packet(&first.bytes());
        let nested = [announce(other, 1), first.bytes(), outer].concat();
        sheet
            .file("nested.sig", &nested)
            .keys(&["two-certs"])
            .note("a signature over a signed message")
            .is("unsupported-framing");

        let bytes = first.bytes();
        sheet.file("two-messages.sig", &bytes.repeat(2)).is("trailing-data");
        sheet.file("two-messages.compressed.sig", &zip(&bytes.repeat(2))).is("trailing-data");
        sheet.file("two-containers.sig", &zip_definite(&bytes).repeat(2)).is("trailing-data");
        let evil = packet(tag::LITERAL, &plain_literal(b"evil"));
        sheet
            .file("literal-before.sig", &[evil.clone(), bytes.clone()].concat())
            .note("no data may stand before the announcement of its signature")
            .is("malformed-signature");
        sheet.file("literal-after.sig", &[bytes.clone(), evil.clone()].concat()).is("trailing-data");
        let inside = [first.one_pass.clone(), first.literal.clone(), evil, first.signature.clone()].concat();
        sheet.file("two-literals.sig", &inside).is("malformed-signature");
    }

    /// Things before, between and behind.
    fn around(&self, sheet: &mut Sheet) {
        let bytes = self.message().bytes();
        for (name, junk) in [
            ("newline", b"\n".as_slice()),
            ("nuls", &[0; 16]),
            ("garbage", b"trailing garbage"),
            ("marker", b"\xCA\x03PGP"),
            ("padding", b"\xD5\x02\0\0"),
        ] {
            sheet.file(&format!("trailing.{name}.sig"), &[bytes.as_slice(), junk].concat()).is("trailing-data");
            sheet
                .file(&format!("trailing.{name}.compressed.sig"), &[zip(&bytes).as_slice(), junk].concat())
                .is("trailing-data");
            sheet
                .file(&format!("trailing.{name}.inside.sig"), &zip(&[bytes.as_slice(), junk].concat()))
                .is("trailing-data");
        }
        sheet
            .file("trailing.newline.zip-definite.sig", &[zip_definite(&bytes).as_slice(), b"\n"].concat())
            .is("trailing-data");
        let after_stream = packet(tag::COMPRESSED, &[zip_body(&bytes).as_slice(), b"after the stream"].concat());
        sheet
            .file("trailing.in-container.sig", &after_stream)
            .note("behind the end of the deflate stream")
            .is("trailing-data");
        let after_zlib = packet(tag::COMPRESSED, &[zlib_body(&bytes).as_slice(), b"after the stream"].concat());
        sheet.file("trailing.in-container.zlib.sig", &after_zlib).is("trailing-data");

        let Message { one_pass, literal, signature } = self.message();
        let user_id = packet(tag::USER_ID, b"Mallory <mallory@example.com>");
        for (name, extra) in [
            ("user-id", user_id),
            ("public-key", packet(tag::PUBLIC_KEY, &self.key.public)),
            ("marker", packet(tag::MARKER, b"PGP")),
            ("padding", packet(tag::PADDING, &[0; 8])),
            ("unknown", packet(tag::UNKNOWN, b"?")),
            ("private", packet(60, b"?")),
        ] {
            sheet
                .file(
                    &format!("packet.{name}.before.sig"),
                    &[extra.as_slice(), &one_pass, &literal, &signature].concat(),
                )
                .is("malformed-signature");
            sheet
                .file(
                    &format!("packet.{name}.inside.sig"),
                    &[one_pass.as_slice(), &literal, &extra, &signature].concat(),
                )
                .is("malformed-signature");
        }
    }

    fn tampered(&self, sheet: &mut Sheet) {
        let good = self.message();
        let payload = String::from_utf8(self.payload.to_vec()).unwrap();
        let other = payload.replace("shop/frontend", "shop/frontenb");
        sheet.file("tampered.reference.sig", &self.with_literal(&plain_literal(other.as_bytes()))).is("bad-signature");
        let digest = payloads::digest();
        let changed = payload.replace(
            &digest,
            &format!("{}{}", &digest[..digest.len() - 1], if digest.ends_with('0') { '1' } else { '0' }),
        );
        sheet.file("tampered.digest.sig", &self.with_literal(&plain_literal(changed.as_bytes()))).is("bad-signature");
        let mut flipped = good.bytes();
        *flipped.last_mut().unwrap() ^= 1;
        sheet.file("tampered.mpi.sig", &flipped).is("bad-signature");
        sheet.file("tampered.mpi.compressed.sig", &zip(&flipped)).is("bad-signature");
        let rsa = Message::new(self.keys.get("release"), self.payload);
        let mut flipped = rsa.bytes();
        *flipped.last_mut().unwrap() ^= 1;
        sheet.file("tampered.mpi.rsa4096.sig", &zip(&flipped)).keys(&["release"]).is("bad-signature");
        // The creation time stands behind the header (2), four octets, the length (2), the fingerprint (23) and 2 more.
        let mut moved = good.signature.clone();
        moved[2 + 4 + 2 + 23 + 2 + 3] ^= 1;
        sheet.file("tampered.time.sig", &self.message().with_signature(moved).bytes()).is("bad-signature");
        let truncated = &self.payload[..self.payload.len() - 1];
        sheet.file("tampered.literal-shorter.sig", &self.with_literal(&plain_literal(truncated))).is("bad-signature");
    }

    /// Small files that mean much work.
    fn floods(&self, sheet: &mut Sheet) {
        let bytes = self.message().bytes();
        for depth in [2, 40] {
            let nested = (1..depth).fold(zip_definite(&bytes), |inner, _| zip_definite(&inner));
            sheet.file(&format!("compressed-{depth}-times.sig"), &nested).is("too-complex");
        }
        let Message { one_pass, signature, .. } = self.message();
        let bomb =
            [one_pass.clone(), packet(tag::LITERAL, &plain_literal(&vec![0; 64 << 20])), signature.clone()].concat();
        sheet.file("flood.64-mebibytes.sig", &zip(&bomb)).is("payload-too-large");
        let bomb = packet(tag::LITERAL, &plain_literal(&vec![0; 4 << 20]));
        sheet
            .file("flood.4-mebibytes-unsigned.sig", &zip(&bomb))
            .note("too large before it is known to be unsigned")
            .is("payload-too-large");
        sheet.file("flood.markers.sig", &zip(&packet(tag::MARKER, b"PGP").repeat(1_000_000))).is("payload-too-large");
        sheet
            .file("flood.one-pass.sig", &zip(&[one_pass.repeat(10_000), self.message().literal].concat()))
            .is("payload-too-large");
        sheet
            .file("flood.signatures.sig", &zip(&[one_pass, self.message().literal, signature.repeat(10_000)].concat()))
            .is("payload-too-large");
        sheet
            .file("flood.65537-octets.sig", &[bytes.clone(), vec![0; 65_537 - bytes.len()]].concat())
            .is("content-too-large");
    }
}

fn zip_definite(data: &[u8]) -> Vec<u8> {
    packet(tag::COMPRESSED, &zip_body(data))
}

/// Octets without meaning, the same in every run; the first could begin no packet.
fn noise(length: usize) -> Vec<u8> {
    (0..length)
        .scan(0x1234_5678_u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        })
        .map(|octet| octet & 0x7F)
        .collect()
}
