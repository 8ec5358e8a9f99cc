//! Every number that a packet has room for: its tag, and what a signature says of its version, type and algorithms.

use std::collections::BTreeMap;

use vidimus::Code;

use super::openpgp::{Packets, forms};
use super::originals::Originals;

/// A message of these packets.
fn message(packets: &[(u8, Vec<u8>)]) -> Vec<u8> {
    packets.iter().flat_map(|(tag, body)| forms(*tag, body)[0].clone()).collect()
}

#[test]
fn no_packet_has_a_place_beside_the_three() {
    let originals = Originals::load();
    let original = originals.all.iter().find(|original| original.file == "good.ed25519.sig").unwrap();
    let Packets(good) = Packets::of(&original.content).unwrap();
    let attacker = std::fs::read("testdata/signatures/attacker.sig").unwrap();
    let Packets(attackers) = Packets::of(&attacker).unwrap();
    let verify = |packets: &[(u8, Vec<u8>)]| {
        let bare = message(packets);
        let [in_container, bare] =
            [Packets::deflated(&bare), bare].map(|content| originals.verify(original, &content).is_allowed());
        assert_eq!(in_container, bare, "{packets:02x?}");
        bare
    };
    assert!(verify(&good));
    let mut tried = 0;
    let bodies = [
        Vec::new(),
        vec![0],
        b"PGP".to_vec(),
        good[0].1.clone(),
        good[1].1.clone(),
        good[2].1.clone(),
        attackers[2].1.clone(),
    ];
    for tag in 0..64 {
        for body in &bodies {
            for place in 0..=3 {
                let mut packets = good.to_vec();
                packets.insert(place, (tag, body.clone()));
                assert!(!verify(&packets), "a packet {tag} at {place}");
                tried += 2;
            }
            for place in 0..3 {
                let mut packets = good.to_vec();
                packets[place] = (tag, body.clone());
                let is_there = packets[place] == good[place];
                assert_eq!(verify(&packets), is_there, "a packet {tag} instead of {place}");
                tried += 2;
            }
        }
    }
    // Every order of the packets, each up to twice.
    for order in 0..4_usize.pow(5) {
        let places: Vec<_> = (0..5).map(|digit| order / 4_usize.pow(digit) % 4).filter(|place| *place < 3).collect();
        let packets: Vec<_> = places.iter().map(|place| good[*place].clone()).collect();
        if packets.is_empty() {
            continue;
        }
        assert_eq!(verify(&packets), places == [0, 1, 2], "{places:?}");
        tried += 2;
    }
    println!(
        "assurance | hostile | packets of every tag, in every place and order | {tried} tried | 0 accepted but the message itself"
    );
}

/// The packet and its announcement say the same of the signature, whatever it is.
#[test]
fn every_version_type_and_algorithm_has_an_answer() {
    let originals = Originals::load();
    let mut tried = 0;
    for file in ["good.ed25519.sig", "good.rsa2048.sig", "good.p256.sig", "good.v6.sig", "version-3.rsa2048.sig"] {
        let original = originals.all.iter().find(|original| original.file == file).unwrap();
        let Packets(good) = Packets::of(&original.content).unwrap();
        let version = good[2].1[0];
        // Where version, type, the key's algorithm and the digest's stand in the signature, and in its announcement.
        let places = match version {
            3 => [(0, None), (2, Some(1)), (15, Some(3)), (16, Some(2))],
            _ => [(0, None), (1, Some(1)), (2, Some(3)), (3, Some(2))],
        };
        for (what, (in_signature, in_announcement)) in places.into_iter().enumerate() {
            let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
            for number in 0..=255_u8 {
                let mut packets = good.clone();
                if packets[2].1[in_signature] == number {
                    continue;
                }
                packets[2].1[in_signature] = number;
                if let Some(at) = in_announcement {
                    packets[0].1[at] = number;
                }
                let verdict = originals.verify(original, &message(&packets));
                assert!(!verdict.is_allowed(), "{file}: {number} for the {what}th");
                *codes.entry(verdict.evidence()[0].code()).or_default() += 1;
                tried += 1;
            }
            // Versions and types are refused by name, before anything is computed.
            let by_name = match what {
                0 => Code::UnsupportedSignatureVersion,
                1 => Code::UnsupportedSignatureType,
                2 => Code::BadSignature,
                _ => Code::UnsupportedAlgorithm,
            };
            assert!(codes.get(&by_name).is_some_and(|count| *count > 100), "{file}, {what}: {codes:?}");
        }
    }
    println!(
        "assurance | hostile | versions, types and algorithms of every number | {tried} tried | 0 accepted, 0 panics"
    );
}
