//! The inputs: every signature of the test data with its keys, and what becomes of them by changes from a fixed seed.
#![expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "positions in some kilobytes")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use sequoia_openpgp::armor::{Reader, ReaderMode};
use serde_json::{Value, json};

use super::packets::{LITERAL, MARKER, ONE_PASS, PADDING, Packet, SIGNATURE, joined, split, unpacked, zip, zlib};

/// What is trusted: certificates in binary.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// A signature, and who is trusted.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// The file and its keys, then how they were changed.
    pub(super) name: String,
    pub(super) content: Vec<u8>,
    pub(super) keys: Arc<Keys>,
}

/// A row of `cases.json` that is about OpenPGP and the default rules.
#[derive(Clone)]
struct Row {
    input: Input,
    is_verified: bool,
}

/// Numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % below.max(1) as u64) as usize
    }
}

const SEED: u64 = 7;
/// What is larger is no stored signature, and slow.
const LARGEST: usize = 8192;

/// Every input, in an order that is always the same.
pub(super) fn inputs() -> Vec<Input> {
    let (rows, mut dice) = (rows(), Dice(SEED));
    let verified: Vec<_> = rows.iter().filter(|row| row.is_verified).map(|row| row.input.clone()).collect();
    let mut inputs: Vec<_> = rows.iter().map(|row| row.input.clone()).collect();
    for Row { input, is_verified } in &rows {
        for _ in 0..if *is_verified { 48 } else { 6 } {
            inputs.push(changed(input, &mut dice));
        }
        for (what, content) in framed(input).into_iter().filter(|_| *is_verified) {
            inputs.push(named(input, &what, content));
        }
        for _ in 0..if *is_verified { 16 } else { 2 } {
            let other = &verified[dice.next(verified.len())];
            inputs.extend(spliced(input, other, &mut dice));
        }
    }
    for input in &verified {
        inputs.extend(with_other_keys(input, &verified, &mut dice));
    }
    inputs
}

fn named(input: &Input, what: &str, content: Vec<u8>) -> Input {
    Input { name: format!("{} / {what}", input.name), content, keys: Arc::clone(&input.keys) }
}

fn rows() -> Vec<Row> {
    let table: Value = serde_json::from_str(&fs::read_to_string("testdata/cases.json").unwrap()).unwrap();
    let mut sets: BTreeMap<String, Arc<Keys>> = BTreeMap::new();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for case in table["cases"].as_array().unwrap() {
        let content = fs::read(Path::new("testdata/signatures").join(case["file"].as_str().unwrap())).unwrap();
        if case["options"] != json!({}) || case.get("sigstoreKeys").is_some() || content.len() > LARGEST {
            continue;
        }
        let files: Vec<_> = case["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        let set = files.join("+");
        let keys = sets.entry(set.clone()).or_insert_with(|| {
            let bytes = files.iter().flat_map(|file| dearmored(file)).collect();
            Arc::new(Keys { name: set.clone(), bytes })
        });
        let name = format!("{} {set}", case["file"].as_str().unwrap());
        let input = Input { name: name.clone(), content, keys: Arc::clone(keys) };
        // A file has several rows where time or reference differ; neither does here.
        let row = rows.entry(name).or_insert(Row { input, is_verified: false });
        row.is_verified |= case["outcome"] == "verified" && case["at"].as_str().unwrap().starts_with("2026");
    }
    rows.into_values().collect()
}

fn dearmored(file: &str) -> Vec<u8> {
    let bytes = fs::read(Path::new("testdata/keys").join(file)).unwrap();
    let mut rest = bytes.as_slice();
    let mut binary = Vec::new();
    while let Some(at) = rest.windows(BEGIN.len()).position(|window| window == BEGIN) {
        let mut block = Vec::new();
        Reader::from_bytes(&rest[at..], ReaderMode::Tolerant(None)).read_to_end(&mut block).unwrap();
        binary.extend(block);
        rest = &rest[at + BEGIN.len()..];
    }
    if binary.is_empty() { bytes } else { binary }
}

const BEGIN: &[u8] = b"-----BEGIN PGP ";

/// Octets changed here and there: in the file as it is, or in the packets out of their container.
fn changed(input: &Input, dice: &mut Dice) -> Input {
    let packets = unpacked(&input.content).filter(|_| dice.next(3) > 0);
    let (mut content, range) = match &packets {
        None => (input.content.clone(), 0..input.content.len()),
        Some(packets) => {
            // Where packets begin they say what they are; the numbers behind would be hit most of the time otherwise.
            let bytes = joined(packets);
            let chosen = dice.next(packets.len());
            let start = joined(&packets[..chosen]).len();
            let length = packets[chosen].bytes().len();
            let length = if dice.next(2) == 0 { length.min(90) } else { length };
            (bytes, start..start + length)
        }
    };
    let form = if packets.is_some() { "unpacked, " } else { "" };
    if content.is_empty() {
        return named(input, "empty", content);
    }
    let at = range.start + dice.next(range.len());
    let what = match dice.next(16) {
        0 => {
            content.truncate(at);
            format!("{form}cut at {at}")
        }
        1 => {
            content.remove(at);
            format!("{form}without octet {at}")
        }
        2 => {
            content.insert(at, dice.next(256) as u8);
            format!("{form}octet put in at {at}")
        }
        3 => {
            content[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.next(5)];
            format!("{form}octet {at} set")
        }
        _ => {
            let bit = dice.next(8);
            content[at] ^= 1 << bit;
            format!("{form}bit {bit} of octet {at}")
        }
    };
    named(input, &what, content)
}

/// The same packets in other frames.
fn framed(input: &Input) -> Vec<(String, Vec<u8>)> {
    let Some(packets) = unpacked(&input.content) else { return Vec::new() };
    let plain = joined(&packets);
    let literal = |chunked: &dyn Fn(&Packet) -> Vec<u8>| -> Vec<u8> {
        packets.iter().flat_map(|packet| if packet.tag == LITERAL { chunked(packet) } else { packet.bytes() }).collect()
    };
    let mut forms = vec![
        ("plain", plain.clone()),
        ("old headers", packets.iter().flat_map(Packet::with_old_header).collect()),
        ("long lengths", packets.iter().flat_map(Packet::with_long_length).collect()),
        ("literal in chunks of 512", literal(&|packet| packet.in_chunks(9))),
        ("literal in chunks of 8", literal(&|packet| packet.in_chunks(3))),
        ("literal in chunks of 1", literal(&|packet| packet.in_chunks(0))),
        ("zip", zip(&plain).without_length()),
        ("zip of a length", zip(&plain).bytes()),
        ("zip in chunks", zip(&plain).in_chunks(9)),
        ("zlib", zlib(&plain).without_length()),
        ("zlib with an old header", zlib(&plain).with_old_header()),
        ("zip twice", zip(&zip(&plain).bytes()).bytes()),
        ("zip in zlib", zlib(&zip(&plain).without_length()).without_length()),
        ("in a container without compression", Packet::new(8, &[&[0], plain.as_slice()].concat()).bytes()),
        ("line feed behind", [plain.as_slice(), b"\n"].concat()),
        ("nul behind the container", [zip(&plain).bytes().as_slice(), b"\0"].concat()),
        ("nul in the container", zip(&[plain.as_slice(), b"\0"].concat()).bytes()),
        ("line feed before", [b"\n", plain.as_slice()].concat()),
        ("twice", plain.repeat(2)),
        ("container twice", zip(&plain).bytes().repeat(2)),
    ];
    if let [first, .., last] = packets.as_slice() {
        forms.push((
            "signature in chunks",
            [plain[..plain.len() - last.bytes().len()].to_vec(), last.in_chunks(4)].concat(),
        ));
        forms.push((
            "signature without length",
            [plain[..plain.len() - last.bytes().len()].to_vec(), last.without_length()].concat(),
        ));
        forms.push(("without the first packet", joined(&packets[1..])));
        forms.push((
            "literal zipped alone",
            [first.bytes(), zip(&joined(&packets[1..packets.len() - 1])).bytes(), last.bytes()].concat(),
        ));
        forms.push(("as PGP 2 wrote it", [last.bytes(), joined(&packets[1..packets.len() - 1])].concat()));
    }
    forms.into_iter().map(|(what, content)| (what.to_owned(), content)).collect()
}

/// Packets of two messages, mixed.
fn spliced(input: &Input, other: &Input, dice: &mut Dice) -> Option<Input> {
    let (mut packets, others) = (unpacked(&input.content)?, unpacked(&other.content)?);
    let at = dice.next(packets.len());
    let from = others[dice.next(others.len())].clone();
    let foreign = other.name.split(' ').next().unwrap_or_default();
    let what = match dice.next(8) {
        0 => {
            let what = format!("packet {at} twice");
            packets.insert(at, packets[at].clone());
            what
        }
        1 => {
            let next = dice.next(packets.len());
            packets.swap(at, next);
            format!("packets {at} and {next} swapped")
        }
        2 => {
            packets.remove(at);
            format!("without packet {at}")
        }
        3 => {
            let what = format!("packet {at} is tag {} of {foreign}", from.tag);
            packets[at] = from;
            what
        }
        4 => {
            let what = format!("tag {} of {foreign} put in at {at}", from.tag);
            packets.insert(at, from);
            what
        }
        5 => {
            let strange = [
                Packet::new(MARKER, b"PGP"),
                Packet::new(PADDING, &[0; 8]),
                Packet::new(LITERAL, b"b\0\0\0\0\0{}"),
                Packet::new(SIGNATURE, &[]),
                Packet::new(ONE_PASS, &[]),
                Packet::new(13, b"somebody"),
                Packet::new(58, b"?"),
                Packet::new(62, b"?"),
            ];
            let strange = strange[dice.next(strange.len())].clone();
            let what = format!("a packet of tag {} at {at}", strange.tag);
            packets.insert(at, strange);
            what
        }
        6 => {
            packets.extend(others);
            format!("{foreign} behind")
        }
        _ => {
            packets.splice(0..0, others);
            format!("{foreign} before")
        }
    };
    Some(named(input, &what, joined(&packets)))
}

/// The same signature, its certificate changed, packet by packet and bit by bit.
fn with_other_keys(input: &Input, verified: &[Input], dice: &mut Dice) -> Vec<Input> {
    let Some(packets) = split(&input.keys.bytes) else { return Vec::new() };
    let other = &verified[dice.next(verified.len())];
    let foreign = split(&other.keys.bytes).unwrap_or_default();
    let mut variants = vec![("reversed".to_owned(), packets.iter().rev().cloned().collect())];
    for at in 0..packets.len() {
        let mut without = packets.clone();
        without.remove(at);
        let kind = kind(&packets[at]);
        variants.push((format!("without {kind} at {at}"), without));
        let mut twice = packets.clone();
        twice.insert(at, packets[at].clone());
        variants.push((format!("{kind} at {at} twice"), twice));
    }
    for _ in 0..6 {
        let mut changed = packets.clone();
        let at = dice.next(changed.len());
        let packet = changed[at].clone();
        if let Some(octet) = (!packet.body.is_empty()).then(|| dice.next(packet.body.len().min(64))) {
            changed[at].body[octet] ^= 1 << dice.next(8);
            variants.push((format!("octet {octet} of {} at {at} changed", part(&packet, octet)), changed));
        }
    }
    for _ in 0..3 {
        let mut mixed = packets.clone();
        let (at, from) = (dice.next(mixed.len()), dice.next(foreign.len()));
        let (from, behind) = (foreign[from].clone(), kind(&mixed[at]));
        let what = format!("{} of {} behind {behind} at {at}", kind(&from), other.keys.name);
        mixed.insert(at + 1, from);
        variants.push((what, mixed));
    }
    let all = variants.into_iter().filter(|(_, packets): &(String, Vec<Packet>)| !packets.is_empty());
    all.map(|(what, packets)| {
        let name = format!("{} / keys: {what}", input.name);
        let keys = Arc::new(Keys { name: name.clone(), bytes: joined(&packets) });
        Input { name, content: input.content.clone(), keys }
    })
    .collect()
}

/// What a packet of a certificate is.
fn kind(packet: &Packet) -> &'static str {
    match packet.tag {
        SIGNATURE => "signature",
        6 => "key",
        13 => "user ID",
        14 => "subkey",
        _ => "packet",
    }
}

/// The part of a packet that an octet is in: of a signature, what is hashed is what is signed.
fn part(packet: &Packet, octet: usize) -> &'static str {
    let hashed = match packet.body.as_slice() {
        [4, _, _, _, first, second, ..] => usize::from(u16::from_be_bytes([*first, *second])) + 6,
        [6, _, _, _, _, _, first, second, ..] => usize::from(u16::from_be_bytes([*first, *second])) + 8,
        _ => usize::MAX,
    };
    match kind(packet) {
        "signature" if octet >= hashed => "unhashed part of signature",
        kind => kind,
    }
}
