//! The numbers at the end of a signature, changed so that a careless reader or a careless formula would take them.

use crate::keys::{Keys, hex};
use crate::messages::Message;
use crate::payloads;
use crate::sheet::Sheet;
use crate::signing::{Signing, kind};
use crate::time;
use crate::wire::{packet, tag};

/// The order of the group of Ed25519, the lowest octet first (RFC 8032, section 5.1).
const ED25519_ORDER: [u8; 32] = [
    0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The order of the group of P-256 (SP 800-186, section 3.2.1.3).
const P256_ORDER: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7,
    0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];

const BAD: &str = "bad-signature";
const MALFORMED: &str = "malformed-signature";

pub(crate) fn write(sheet: &mut Sheet, keys: &Keys) {
    eddsa(&mut Numbers::new(sheet, keys, "ed25519"));
    ecdsa(&mut Numbers::new(sheet, keys, "p256"));
    rsa(&mut Numbers::new(sheet, keys, "rsa2048"), keys);
    ed25519(&mut Numbers::new(sheet, keys, "ed25519-rfc9580"));
}

/// A signature whose numbers are yet to be written.
struct Numbers<'a> {
    sheet: &'a mut Sheet,
    key: &'a str,
    message: Message,
    /// The body of the signature packet before the numbers.
    front: Vec<u8>,
    /// The numbers as they should be.
    good: Vec<u8>,
}

impl<'a> Numbers<'a> {
    fn new(sheet: &'a mut Sheet, keys: &Keys, key: &'a str) -> Self {
        let payload = payloads::good();
        let signing = Signing::new(keys.get(key), kind::BINARY, time::SIGNATURES);
        let body = signing.body(payload.as_bytes());
        let (front, good) = body.split_at(4 + 2 + signing.hashed.len() + 2 + signing.unhashed.len() + 2);
        let message = Message::signed(&signing, payload.as_bytes());
        Self { sheet, key, message, front: front.to_vec(), good: good.to_vec() }
    }

    /// Writes the message with other numbers.
    fn with(&mut self, name: &str, numbers: &[u8], outcome: &str) {
        let body = packet(tag::SIGNATURE, &[self.front.as_slice(), numbers].concat());
        let content = [self.message.one_pass.as_slice(), &self.message.literal, &body].concat();
        self.sheet.file(&format!("number.{}.{name}.sig", self.key), &content).keys(&[self.key]).is(outcome);
    }

    /// The two numbers of the signature, each filled up to `size` octets.
    fn two(&self, size: usize) -> [Vec<u8>; 2] {
        let (first, rest) = read(&self.good);
        let (second, rest) = read(rest);
        assert!(rest.is_empty(), "two numbers: {}", hex(rest));
        [first, second].map(|number| [vec![0; size - number.len()], number].concat())
    }
}

fn read(octets: &[u8]) -> (Vec<u8>, &[u8]) {
    let bits = usize::from(u16::from_be_bytes([octets[0], octets[1]]));
    let (number, rest) = octets[2..].split_at(bits.div_ceil(8));
    (number.to_vec(), rest)
}

/// A number as OpenPGP writes it (RFC 9580, section 3.2): its bits, and the octets without zeros before them.
fn number(value: &[u8]) -> Vec<u8> {
    let start = value.iter().position(|octet| *octet != 0).unwrap_or(value.len());
    let octets = &value[start..];
    let bits = octets.first().map_or(0, |first| octets.len() * 8 - first.leading_zeros() as usize);
    with_bits(bits, octets)
}

fn with_bits(bits: usize, octets: &[u8]) -> Vec<u8> {
    [u16::try_from(bits).unwrap().to_be_bytes().as_slice(), octets].concat()
}

/// The sum of two numbers, the highest octet first, one octet longer than the first.
fn sum(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut total = vec![0; one.len() + 1];
    let mut carry = 0_u16;
    for place in 0..total.len() {
        let digit = |number: &[u8]| number.len().checked_sub(place + 1).map_or(0, |at| u16::from(number[at]));
        carry += digit(one) + digit(other);
        let at = total.len() - 1 - place;
        total[at] = (carry & 0xFF) as u8;
        carry >>= 8;
    }
    total
}

/// `one - other`, of the same length, where it is not below zero.
fn difference(one: &[u8], other: &[u8]) -> Vec<u8> {
    let inverted: Vec<u8> = other.iter().map(|octet| !octet).collect();
    let total = sum(&sum(one, &inverted)[1..], &[1]);
    total[1..].to_vec()
}

fn eddsa(numbers: &mut Numbers<'_>) {
    let [r, s] = numbers.two(32);
    let zero = [0; 32];
    let mut write = |name: &str, parts: [Vec<u8>; 2], outcome: &str| numbers.with(name, &parts.concat(), outcome);
    write("r-zero", [number(&zero), number(&s)], BAD);
    write("s-zero", [number(&r), number(&zero)], BAD);
    write("both-zero", [number(&zero), number(&zero)], BAD);
    write("both-one", [number(&[1]), number(&[1])], BAD);
    write("exchanged", [number(&s), number(&r)], BAD);
    let little = |value: &[u8]| value.iter().rev().copied().collect::<Vec<_>>();
    let malleated = little(&sum(&little(&s), &little(&ED25519_ORDER))[1..]);
    write("s-plus-order", [number(&r), number(&malleated)], BAD);
    write("s-is-order", [number(&r), number(&ED25519_ORDER)], BAD);
    write("prefixed", [with_bits(263, &[&[0x40], r.as_slice()].concat()), number(&s)], BAD);
    write("zeros-before", [with_bits(272, &[&[0, 0], r.as_slice()].concat()), number(&s)], MALFORMED);
    write("bits-one-more", [with_bits(256, &r), with_bits(bits(&s) + 1, &s)], MALFORMED);
    write("third", [number(&r), [number(&s), number(&r)].concat()], MALFORMED);
    write("one-alone", [number(&r), Vec::new()], MALFORMED);
    write("none", [Vec::new(), Vec::new()], MALFORMED);
    write("65535-bits", [with_bits(65_535, &r), number(&s)], MALFORMED);
    write("8-kib", [with_bits(65_528, &[0xFF; 8191]), number(&s)], BAD);
    let raw = [r.as_slice(), &s].concat();
    numbers.with("raw", &raw, MALFORMED);
}

fn bits(value: &[u8]) -> usize {
    let encoded = number(value);
    usize::from(u16::from_be_bytes([encoded[0], encoded[1]]))
}

fn ecdsa(numbers: &mut Numbers<'_>) {
    let [r, s] = numbers.two(32);
    let zero = [0; 32];
    let mut write = |name: &str, parts: [Vec<u8>; 2], outcome: &str| numbers.with(name, &parts.concat(), outcome);
    write("r-zero", [number(&zero), number(&s)], BAD);
    write("s-zero", [number(&r), number(&zero)], BAD);
    write("both-zero", [number(&zero), number(&zero)], BAD);
    write("r-is-order", [number(&P256_ORDER), number(&s)], BAD);
    write("s-is-order", [number(&r), number(&P256_ORDER)], BAD);
    write("r-plus-order", [number(&sum(&r, &P256_ORDER)), number(&s)], BAD);
    write("s-plus-order", [number(&r), number(&sum(&s, &P256_ORDER))], BAD);
    write("exchanged", [number(&s), number(&r)], BAD);
    // The other root of the same equation, which anybody can compute: the same key, the same payload.
    write("s-negated", [number(&r), number(&difference(&P256_ORDER, &s))], "verified");
    write("r-is-one", [number(&[1]), number(&s)], BAD);
    write("third", [number(&r), [number(&s), number(&r)].concat()], MALFORMED);
    write("one-alone", [number(&r), Vec::new()], MALFORMED);
    write("long", [number(&[&[0xFF], r.as_slice()].concat()), number(&s)], BAD);
}

fn rsa(numbers: &mut Numbers<'_>, keys: &Keys) {
    let good = read(&numbers.good).0;
    // Behind version, time and algorithm of the key.
    let modulus = read(&keys.get("rsa2048").public[6..]).0;
    numbers.with("zero", &number(&[0]), BAD);
    numbers.with("one", &number(&[1]), BAD);
    numbers.with("is-modulus", &number(&modulus), BAD);
    numbers.with("plus-modulus", &number(&sum(&good, &modulus)), BAD);
    numbers.with(
        "negated",
        &number(&difference(&modulus, &[vec![0; modulus.len() - good.len()], good.clone()].concat())),
        BAD,
    );
    numbers.with(
        "modulus-less-one",
        &number(&difference(&modulus, &[vec![0; modulus.len() - 1], vec![1]].concat())),
        BAD,
    );
    numbers.with("zeros-before", &with_bits(good.len() * 8 + 16, &[&[0, 0], good.as_slice()].concat()), MALFORMED);
    numbers.with("bits-none", &with_bits(0, &[]), BAD);
    numbers.with("second", &[number(&good), number(&good)].concat(), MALFORMED);
    numbers.with("8-kib", &with_bits(65_528, &[0xFF; 8191]), BAD);
    numbers.with("shorter", &number(&good[..good.len() - 1]), BAD);
}

/// Ed25519 as RFC 9580 writes it: 64 octets, and no number.
fn ed25519(numbers: &mut Numbers<'_>) {
    let good = numbers.good.clone();
    assert_eq!(good.len(), 64, "{}", hex(&good));
    let (r, s) = good.split_at(32);
    let little = |value: &[u8]| value.iter().rev().copied().collect::<Vec<_>>();
    let malleated = little(&sum(&little(s), &little(&ED25519_ORDER))[1..]);
    numbers.with("s-plus-order", &[r, malleated.as_slice()].concat(), BAD);
    numbers.with("zeros", &[0; 64], BAD);
    numbers.with("one-less", &good[..63], MALFORMED);
    numbers.with("one-more", &[good.as_slice(), &[0]].concat(), MALFORMED);
    numbers.with("as-numbers", &[number(r), number(s)].concat(), MALFORMED);
    numbers.with("exchanged", &[s, r].concat(), BAD);
}
