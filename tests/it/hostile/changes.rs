//! Changes of octets, the same in every run.

use super::openpgp::{Packets, forms, packet};

/// Numbers that look like chance: xorshift64*, from a seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from((self.next() >> 16) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn octet(&mut self) -> u8 {
        // Values at the edges are more telling than others.
        match self.below(4) {
            0 => [0, 1, 0x7F, 0x80, 0xC0, 0xE0, 0xFE, 0xFF][self.below(8)],
            _ => (self.next() >> 32) as u8,
        }
    }
}

/// Of every octet: each bit, what stands before it, what is left without it, with it twice, with another before it, and
/// it exchanged for the next; of all these each `step`th, from the one at `offset`.
pub(super) fn byte_changes(content: &[u8], step: usize, offset: usize) -> impl Iterator<Item = Vec<u8>> + '_ {
    const OF_EACH: usize = 14;
    (offset..content.len() * OF_EACH).step_by(step).map(move |number| {
        let (at, change) = (number / OF_EACH, number % OF_EACH);
        let mut mutant = content.to_vec();
        match change {
            bit @ 0..8 => mutant[at] ^= 1 << bit,
            8 => mutant.truncate(at),
            9 => drop(mutant.remove(at)),
            10 => mutant.insert(at, content[at]),
            11 => mutant.insert(at, 0),
            12 => mutant.insert(at, 0xFF),
            _ => {
                let next = (at + 1) % content.len();
                mutant.swap(at, next);
            }
        }
        mutant
    })
}

/// One to four changes by chance: of octets, of runs of them, of numbers of two octets, as the lengths of areas are.
pub(super) fn random_change(content: &[u8], random: &mut Random) -> Vec<u8> {
    let mut mutant = content.to_vec();
    for _ in 0..=random.below(4) {
        if mutant.is_empty() {
            break;
        }
        let at = random.below(mutant.len());
        let length = 1 + random.below(16).min(mutant.len() - at - 1);
        match random.below(8) {
            0 => mutant[at] = random.octet(),
            1 => drop(mutant.drain(at..at + length)),
            2 => {
                let run: Vec<_> = (0..length).map(|_| random.octet()).collect();
                mutant.splice(at..at, run);
            }
            3 => {
                let run = mutant[at..at + length].to_vec();
                let to = random.below(mutant.len());
                mutant.splice(to..to, run);
            }
            4 => mutant[at..at + length].reverse(),
            5 => mutant.truncate(at),
            6 => mutant[at] = mutant[at].wrapping_add(if random.below(2) == 0 { 1 } else { 0xFF }),
            _ => mutant.rotate_left(at),
        }
    }
    mutant
}

/// The packets of a content, each in every other form, alone and all together, bare and in a container.
pub(super) fn headers(content: &[u8]) -> Vec<Vec<u8>> {
    let mut mutants = Vec::new();
    if let Some((8, body, [])) = packet(content) {
        mutants.extend(forms(8, &body));
    }
    let Some(Packets(packets)) = Packets::of(content) else { return mutants };
    let each: Vec<Vec<Vec<u8>>> = packets.iter().map(|(tag, body)| forms(*tag, body)).collect();
    for first in &each[0] {
        for second in &each[1] {
            for third in &each[2] {
                let message = [first.as_slice(), second, third].concat();
                mutants.push(Packets::deflated(&message));
                mutants.push(message);
            }
        }
    }
    mutants
}

/// What can be put together of the packets of two messages, and of the parts of their signature packets.
pub(super) fn parts(one: &Packets, other: &Packets) -> Vec<Vec<u8>> {
    let framed = |(tag, body): &(u8, Vec<u8>)| forms(*tag, body)[0].clone();
    let of = [one, other].map(|Packets(packets)| packets.each_ref().map(framed));
    let mut mutants = Vec::new();
    for choice in 0..8_usize {
        let message = (0..3).flat_map(|place| of[(choice >> place) & 1][place].clone());
        mutants.push(message.collect());
    }
    for (first, second) in [(one, other), (other, one)] {
        let [a, b] = [&first.0[2].1, &second.0[2].1];
        for body in signatures(a, b) {
            let [announcement, literal, _] = first.0.each_ref().map(framed);
            mutants.push([announcement, literal, framed(&(2, body))].concat());
        }
    }
    mutants
}

/// Signature packets of version 4 with the head, the hashed area, the unhashed area or the numbers of another.
fn signatures(one: &[u8], other: &[u8]) -> Vec<Vec<u8>> {
    let (Some(one), Some(other)) = (split(one), split(other)) else { return Vec::new() };
    let mut bodies = Vec::new();
    for choice in 1..31_usize {
        bodies.push(
            (0..5)
                .flat_map(|place| if (choice >> place) & 1 == 1 { other[place] } else { one[place] })
                .copied()
                .collect(),
        );
    }
    // The areas exchanged, and both put into one.
    bodies.push([one[0], one[2], one[1], one[3], one[4]].concat());
    bodies.push([one[0], one[1], other[1], one[3], one[4]].concat());
    bodies
}

/// Head, hashed area, unhashed area, the two octets of the digest, and the numbers.
fn split(body: &[u8]) -> Option<[&[u8]; 5]> {
    if body.first() != Some(&4) {
        return None;
    }
    let (head, rest) = body.split_at_checked(4)?;
    let area = |rest: &[u8]| Some(2 + usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])));
    let (hashed, rest) = rest.split_at_checked(area(rest)?)?;
    let (unhashed, rest) = rest.split_at_checked(area(rest)?)?;
    let (prefix, numbers) = rest.split_at_checked(2)?;
    Some([head, hashed, unhashed, prefix, numbers])
}
