//! Framings that a reader could take for a signed message, or spend its time on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sequoia_openpgp::armor::Kind;

use crate::keyrings::armor;
use crate::keys::Keys;
use crate::messages::{Message, one_pass, plain_literal};
use crate::payloads;
use crate::sheet::Sheet;
use crate::signing::{Signing, kind};
use crate::time;
use crate::wire::{indeterminate, packet, partial, tag, zip, zip_body, zlib_body};

const MALFORMED: &str = "malformed-signature";

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    let payload = payloads::good();
    let framing = Framing { keys, payload: payload.as_bytes() };
    framing.data(sheet);
    framing.nesting(sheet);
    framing.encryption(sheet);
    framing.lengths(sheet);
    framing.text(sheet);
    framing.packets(sheet);
    framing.announcements(sheet);
    framing.streams(sheet);
}

struct Framing<'a> {
    keys: &'a Keys,
    payload: &'a [u8],
}

impl Framing<'_> {
    fn message(&self) -> Message {
        Message::new(self.keys.get("ed25519"), self.payload)
    }

    fn by_attacker(&self) -> Message {
        Message::new(self.keys.get("attacker"), self.payload)
    }

    /// What is read to the end before anything is said of it, and data in more places than one.
    fn data(&self, sheet: &mut Sheet) {
        let key = self.keys.get("ed25519");
        let full = [self.payload, b"\n".repeat(65_536 - self.payload.len()).as_slice()].concat();
        let message = Message::new(key, &full);
        sheet.file("framing.64-kib.zip.sig", &zip(&message.bytes())).is("verified");
        let mut changed = full.clone();
        changed[65_535] = b' ';
        let changed = message.with_literal(packet(tag::LITERAL, &plain_literal(&changed)));
        sheet
            .file("tampered.last-octet-of-64-kib.zip.sig", &zip(&changed.bytes()))
            .note("nothing is believed before the end")
            .is("bad-signature");
        let over = [full.as_slice(), b"\n"].concat();
        sheet.file("claims.64-kib-and-one.zip.sig", &zip(&Message::new(key, &over).bytes())).is("payload-too-large");

        let Message { one_pass, literal, signature } = self.message();
        let evil = packet(tag::LITERAL, &plain_literal(b"evil"));
        for (name, parts, outcome) in [
            ("literal-signature-literal", [&literal, &signature, &evil], MALFORMED),
            ("signature-signature-literal", [&signature, &signature, &literal], "detached-signature"),
            ("one-pass.twice", [&one_pass, &one_pass, &literal], "unsupported-framing"),
            ("one-pass.alone", [&one_pass, &Vec::new(), &Vec::new()], MALFORMED),
            ("one-pass.then-signature", [&one_pass, &signature, &Vec::new()], MALFORMED),
            ("signature.between", [&one_pass, &signature, &literal], MALFORMED),
        ] {
            sheet.file(&format!("{name}.sig"), &parts.map(Vec::as_slice).concat()).is(outcome);
        }
        let empty = Message::new(key, b"").bytes();
        sheet.file("literal-empty.sig", &empty).is("invalid-claims");
        for (name, body) in [
            ("empty-body", b"".as_slice()),
            ("format-only", b"b"),
            ("name-beyond-end", b"b\xffname"),
            ("date-beyond-end", b"b\0\0\0"),
        ] {
            let message = self.message().with_literal(packet(tag::LITERAL, body));
            sheet.file(&format!("literal.{name}.sig"), &message.bytes()).is(MALFORMED);
        }
    }

    /// A message in a message.
    fn nesting(&self, sheet: &mut Sheet) {
        let bytes = self.message().bytes();
        for depth in [4, 16, 17, 1000] {
            let nested = (1..depth).fold(zip_definite(&bytes), |inner, _| zip_definite(&inner));
            sheet.file(&format!("compressed-{depth}-times.sig"), &nested).is("too-complex");
        }
        let (inner, attacker) = (self.message(), self.by_attacker());
        let inside = [attacker.one_pass.clone(), inner.bytes(), attacker.signature.clone()].concat();
        sheet.file("nested.attacker-outside.sig", &inside).is("unsupported-framing");
        let inside = [inner.one_pass, attacker.bytes(), inner.signature].concat();
        sheet.file("nested.attacker-inside.sig", &inside).is("unsupported-framing");
        let literal = packet(tag::LITERAL, &plain_literal(&bytes));
        sheet
            .file("nested.message-in-unsigned-literal.sig", &literal)
            .note("a message in a literal is data")
            .is("unsigned");
        let signed = Message::new(self.keys.get("attacker"), &bytes).bytes();
        sheet.file("nested.message-in-attackers-literal.sig", &signed).is("unknown-key");
        let signed = Message::new(self.keys.get("ed25519"), &bytes).bytes();
        sheet.file("nested.message-in-literal.sig", &signed).is("invalid-claims");
    }

    /// What is or looks encrypted. No key to decrypt with is ever asked for.
    fn encryption(&self, sheet: &mut Sheet) {
        let bytes = self.message().bytes();
        let sealed = |version: &[u8]| packet(tag::ENCRYPTED, &[version, &[0xA5; 96]].concat());
        let for_password = packet(3, &[4, 9, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8, 96]);
        for (name, content) in [
            ("version-2", sealed(&[2, 9, 2, 12])),
            ("without-integrity", packet(9, &[0xA5; 96])),
            ("with-password", [for_password, sealed(&[1])].concat()),
            ("aead", packet(20, &[&[1, 9, 2, 12], [0xA5; 96].as_slice()].concat())),
            ("then-message", [sealed(&[1]), bytes.clone()].concat()),
        ] {
            sheet.file(&format!("encrypted.{name}.sig"), &content).is("encrypted-message");
        }
        let Message { one_pass, signature, .. } = self.message();
        let inside = [one_pass, sealed(&[1]), signature].concat();
        sheet.file("encrypted.inside-signature.sig", &inside).is("encrypted-message");
        let digest = packet(19, &[0xA5; 20]);
        sheet.file("encrypted.modification-code.sig", &[bytes, digest.clone()].concat()).is("trailing-data");
        sheet.file("encrypted.modification-code-alone.sig", &digest).is(MALFORMED);
    }

    /// Lengths of packets.
    fn lengths(&self, sheet: &mut Sheet) {
        let Message { one_pass, literal, signature } = self.message();
        let plain = plain_literal(self.payload);
        let mut with_literal = |name: &str, literal: &[u8], outcome: &str| {
            sheet.file(&format!("length.{name}.sig"), &[one_pass.as_slice(), literal, &signature].concat()).is(outcome);
        };
        with_literal("literal-indeterminate", &indeterminate(tag::LITERAL, &plain), MALFORMED);
        with_literal("literal-4-gib", &[&[0xCB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], plain.as_slice()].concat(), MALFORMED);
        with_literal("literal-partial-1-gib", &[&[0xCB, 0xFE], plain.as_slice()].concat(), MALFORMED);
        with_literal("literal-one-octet-chunks", &partial(tag::LITERAL, &plain, 0), "verified");
        let endless = [0xE0, b'x'].repeat(2000);
        with_literal("literal-without-last-chunk", &[&[0xCB], endless.as_slice()].concat(), MALFORMED);
        let short = [&[0xCB, u8::try_from(plain.len() - 193).unwrap()], plain.as_slice()].concat();
        with_literal("literal-too-short", &short, MALFORMED);
        let old = |tag: u8, body: &[u8]| {
            [&[0x80 | (tag << 2) | 2], u32::try_from(body.len()).unwrap().to_be_bytes().as_slice(), body].concat()
        };
        with_literal("literal-old-4-octets", &old(tag::LITERAL, &plain), "verified");

        let mut with_signature = |name: &str, signature: &[u8], outcome: &str| {
            let message = [one_pass.as_slice(), &literal, signature].concat();
            sheet.file(&format!("length.signature-{name}.sig"), &message).is(outcome);
        };
        let body = &signature[2..];
        with_signature("indeterminate", &indeterminate(tag::SIGNATURE, body), MALFORMED);
        with_signature("4-gib", &[&[0xC2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], body].concat(), MALFORMED);
        with_signature("one-less", &[&[0xC2, u8::try_from(body.len() - 1).unwrap()], body].concat(), "trailing-data");
        with_signature("one-more", &[&[0xC2, u8::try_from(body.len() + 1).unwrap()], body].concat(), MALFORMED);
        with_signature("empty", &packet(tag::SIGNATURE, b""), MALFORMED);
        for (name, one_pass) in [
            ("indeterminate", indeterminate(tag::ONE_PASS, &one_pass[2..])),
            ("partial", partial(tag::ONE_PASS, &one_pass[2..], 3)),
            ("empty", packet(tag::ONE_PASS, b"")),
            ("one-octet-more", packet(tag::ONE_PASS, &[&one_pass[2..], b"x"].concat())),
            ("4-gib", [&[0xC4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &one_pass[2..]].concat()),
        ] {
            let message = [one_pass.as_slice(), &literal, &signature].concat();
            sheet.file(&format!("length.one-pass-{name}.sig"), &message).is(MALFORMED);
        }
        for (name, content) in [
            ("c2-ff", &b"\xC2\xFF"[..]),
            ("header-alone", b"\x80"),
            ("ones", &[0xFF; 64]),
            ("partial-of-nothing", b"\xCB\xE0"),
        ] {
            sheet.file(&format!("malformed.{name}.sig"), content).is(MALFORMED);
        }
    }

    /// Armor and the cleartext framework, which are not read whatever is in them.
    fn text(&self, sheet: &mut Sheet) {
        let (message, attacker) = (self.message().bytes(), self.by_attacker().bytes());
        let armored = armor(Kind::Message, &message);
        let checksum = armored.lines().find(|line| line.starts_with('=')).unwrap_or("=").to_owned();
        let mut file = |name: &str, text: &str, outcome: &str| {
            sheet.file(&format!("{name}.asc"), text.as_bytes()).is(outcome);
        };
        let (armor_code, cleartext) = ("armored-signature", "cleartext-signature");
        file("armored.text-before", &format!("Good signature from the release key\n\n{armored}"), armor_code);
        file("armored.text-after", &format!("{armored}\nGood signature\n"), armor_code);
        file("armored.two-blocks", &[armor(Kind::Message, &attacker), armored.clone()].concat(), armor_code);
        file("armored.wrong-checksum", &armored.replace(&checksum, "=AAAA"), armor_code);
        file("armored.odd-headers", &armored.replacen('\n', "\nHash: SHA256\nComment: \u{1b}[2J\n", 1), armor_code);
        file(
            "armored.long-line",
            &armored.replacen('\n', &format!("\nComment: {}\n", "x".repeat(60_000)), 1),
            armor_code,
        );
        file("armored.as-another-kind", &armored.replace("PGP MESSAGE", "PGP SIGNED MESSAGE"), cleartext);
        let text = Signing::new(self.keys.get("ed25519"), kind::TEXT, time::SIGNATURES).packet(self.payload);
        let clear = |headers: &str, text: &str, after: &str| {
            let signature = armor(Kind::Signature, &self.message().signature);
            format!("-----BEGIN PGP SIGNED MESSAGE-----\n{headers}\n{text}\n{signature}{after}")
        };
        let payload = str::from_utf8(self.payload).unwrap();
        file("cleartext.dash-escaped", &clear("Hash: SHA256\n", &format!("- {payload}"), ""), cleartext);
        file("cleartext.not-dash-escaped", &clear("NotDashEscaped: yes\n", payload, ""), cleartext);
        file("cleartext.header-injected", &clear("Hash: SHA256\nevil\n", payload, ""), cleartext);
        file("cleartext.form-feed", &clear("Hash: SHA256\u{c}\n", payload, ""), cleartext);
        file("cleartext.text-after", &clear("Hash: SHA256\n", payload, "evil\n"), cleartext);
        let binary = [message.as_slice(), armored.as_bytes()].concat();
        sheet.file("armored.after-a-message.sig", &binary).is("trailing-data");
        sheet.file("armored.inside.sig", &zip(armored.as_bytes())).is(MALFORMED);
        sheet
            .file("cleartext.inside.sig", &zip(&[b"-----BEGIN PGP SIGNED MESSAGE-----\n\n", text.as_slice()].concat()))
            .is(MALFORMED);
        sheet.file("malformed.space-before.sig", &[b" ", message.as_slice()].concat()).is(MALFORMED);
        sheet.file("malformed.base64.sig", STANDARD.encode(&message).as_bytes()).is(MALFORMED);
    }

    /// Packets that have no place in a message.
    fn packets(&self, sheet: &mut Sheet) {
        let Message { one_pass, literal, signature } = self.message();
        for (name, extra) in [
            ("secret-key", self.keys.get("attacker").secret.clone()),
            ("subkey", packet(tag::PUBLIC_SUBKEY, &self.keys.get("attacker").public)),
            ("trust", packet(12, &[6])),
            ("user-attribute", packet(17, b"\x02\x01x")),
            ("critical-22", packet(22, b"?")),
            ("critical-39", packet(39, b"?")),
            ("private-63", packet(63, b"?")),
        ] {
            for (place, message) in [
                ("before", [&extra, &one_pass, &literal, &signature]),
                ("inside", [&one_pass, &extra, &literal, &signature]),
                ("between", [&one_pass, &literal, &extra, &signature]),
            ] {
                sheet.file(&format!("packet.{name}.{place}.sig"), &message.map(Vec::as_slice).concat()).is(MALFORMED);
            }
            let behind = [&one_pass, &literal, &signature, &extra].map(Vec::as_slice).concat();
            sheet.file(&format!("packet.{name}.behind.sig"), &behind).is("trailing-data");
        }
        let certificate = std::fs::read("testdata/keys/attacker.asc").unwrap();
        let attacker = self.keys.get("attacker");
        let key = packet(tag::PUBLIC_KEY, &attacker.public);
        let message = self.by_attacker().bytes();
        sheet
            .file("packet.attackers-key.before.sig", &[key.as_slice(), &message].concat())
            .note("no key is ever read from a message")
            .is(MALFORMED);
        sheet.file("packet.attackers-key.behind.sig", &[message.as_slice(), &key].concat()).is("trailing-data");
        sheet
            .file("packet.attackers-certificate.behind.sig", &[message.as_slice(), &certificate].concat())
            .is("trailing-data");
        sheet.file("malformed.certificate.sig", &key).is(MALFORMED);
    }

    /// Announcements that are wrong in themselves.
    fn announcements(&self, sheet: &mut Sheet) {
        let signing = Signing::new(self.keys.get("ed25519"), kind::BINARY, time::SIGNATURES);
        let good = one_pass(&signing, 1);
        for (name, at, octet) in [("version-2", 0, 2), ("version-4", 0, 4), ("version-255", 0, 255), ("hash-0", 2, 0)] {
            let mut changed = good.clone();
            changed[at] = octet;
            sheet.file(&format!("one-pass.{name}.sig"), &self.message().with_one_pass(&changed).bytes()).is(MALFORMED);
        }
        let mut last = good;
        last[12] = 2;
        sheet
            .file("one-pass.last-2.sig", &self.message().with_one_pass(&last).bytes())
            .note("whatever is not zero is the last")
            .is("verified");
        let v6 = Signing::new(self.keys.get("v6"), kind::BINARY, time::SIGNATURES);
        let announced = self.message().with_one_pass(&one_pass(&v6, 1));
        sheet.file("one-pass.version-6-for-4.sig", &announced.bytes()).keys(&["ed25519", "v6"]).is(MALFORMED);
        let v6_message = Message::signed(&v6, self.payload);
        let announced = v6_message.with_one_pass(&one_pass(&signing, 1));
        sheet.file("one-pass.version-3-for-6.sig", &announced.bytes()).keys(&["ed25519", "v6"]).is(MALFORMED);
        let mut salt = one_pass(&v6, 1);
        salt[5] ^= 1;
        sheet
            .file("one-pass.other-salt.sig", &Message::signed(&v6, self.payload).with_one_pass(&salt).bytes())
            .keys(&["v6"])
            .is(MALFORMED);
        let mut size = one_pass(&v6, 1);
        size[4] = 255;
        sheet
            .file("one-pass.salt-beyond-end.sig", &Message::signed(&v6, self.payload).with_one_pass(&size).bytes())
            .keys(&["v6"])
            .is(MALFORMED);
    }

    /// Compressed streams.
    fn streams(&self, sheet: &mut Sheet) {
        let (bytes, attacker) = (self.message().bytes(), self.by_attacker().bytes());
        let body = |algorithm: u8, stream: &[u8]| indeterminate(tag::COMPRESSED, &[&[algorithm], stream].concat());
        let (raw, zlib) = (zip_body(&bytes)[1..].to_vec(), zlib_body(&bytes)[1..].to_vec());
        let mut wrong_sum = zlib.clone();
        *wrong_sum.last_mut().unwrap() ^= 1;
        let mut dictionary = zlib.clone();
        dictionary[1] |= 0x20;
        let stored = |complement: u16| {
            let length = u16::try_from(bytes.len()).unwrap();
            [&[1], length.to_le_bytes().as_slice(), &(!length ^ complement).to_le_bytes(), &bytes].concat()
        };
        for (name, content, outcome) in [
            ("two-streams", body(1, &[raw.clone(), zip_body(&attacker)[1..].to_vec()].concat()), "trailing-data"),
            ("two-zlib-streams", body(2, &[zlib.clone(), zlib.clone()].concat()), "trailing-data"),
            ("raw-called-zlib", body(2, &raw), MALFORMED),
            ("zlib-called-raw", body(1, &zlib), MALFORMED),
            ("gzip-called-zlib", body(2, &[&[31, 139, 8, 0, 0, 0, 0, 0, 0, 3], raw.as_slice()].concat()), MALFORMED),
            ("zlib-wrong-sum", body(2, &wrong_sum), MALFORMED),
            ("zlib-without-sum", body(2, &zlib[..zlib.len() - 4]), MALFORMED),
            ("zlib-dictionary", body(2, &dictionary), MALFORMED),
            ("stored", body(1, &stored(0)), "verified"),
            ("stored-wrong-length", body(1, &stored(1)), MALFORMED),
            ("stored-blocks-without-end", body(1, &[0, 0, 0, 0xFF, 0xFF].repeat(12_000)), MALFORMED),
            ("fixed-blocks-without-end", body(1, &vec![0x02; 60_000]), MALFORMED),
        ] {
            sheet.file(&format!("deflate.{name}.sig"), &content).is(outcome);
        }
        let bomb = |inner: &[u8]| zip(&[one_pass_v4(self.keys), inner.to_vec()].concat());
        for (name, content) in [
            ("literal-claims-4-gib", bomb(&[&[0xCB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0; 100].as_slice()].concat())),
            ("chunks", bomb(&[&[0xCB], [0xE0, 0].repeat(40_000).as_slice()].concat())),
        ] {
            sheet.file(&format!("flood.{name}.sig"), &content).is(MALFORMED);
        }
        let issuers = packet(tag::SIGNATURE, &[0xC2; 100]).repeat(640);
        sheet.file("flood.bare-signatures.sig", &issuers).is("detached-signature");
        sheet
            .file("flood.one-pass.not-compressed.sig", &self.message().one_pass.repeat(4000))
            .is("unsupported-framing");
    }
}

fn one_pass_v4(keys: &Keys) -> Vec<u8> {
    packet(tag::ONE_PASS, &one_pass(&Signing::new(keys.get("ed25519"), kind::BINARY, time::SIGNATURES), 1))
}

fn zip_definite(data: &[u8]) -> Vec<u8> {
    packet(tag::COMPRESSED, &zip_body(data))
}
