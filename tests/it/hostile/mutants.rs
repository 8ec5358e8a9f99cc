//! Mutants of everything that is accepted, by a fixed seed. What is still accepted must say what the original said: the
//! same octets, by the same signer. The payload is taken out by a reader of its own, so that an error in ours shows.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use vidimus::image::Text;
use vidimus::{Code, Image, Verdict};

use super::changes::{Random, byte_changes, headers, parts, random_change};
use super::openpgp::Packets;
use super::originals::{Original, Originals};
use crate::support::{AT, long};

/// What was tried, and what came of it.
#[derive(Default)]
struct Tally {
    tried: usize,
    accepted: usize,
    codes: BTreeMap<Code, usize>,
    wrong: Vec<String>,
}

impl Tally {
    /// Verifies a mutant, and holds it against what it may say.
    fn mutant(&mut self, originals: &Originals, of: &[&Original], mutant: &[u8]) {
        self.tried += 1;
        let verdict = originals.verify(of[0], mutant);
        let evidence = &verdict.evidence()[0];
        *self.codes.entry(evidence.code()).or_default() += 1;
        assert_eq!(verdict.is_allowed(), evidence.is_verified());
        if !evidence.is_verified() {
            return;
        }
        self.accepted += 1;
        let said = Original::said(&verdict, mutant);
        if !of.iter().any(|original| original.says == said) {
            self.wrong.push(format!("{} as {said:?}: {mutant:02x?}", of[0].file));
        }
    }

    fn told(self, what: &str) {
        let refused = self.codes.len();
        println!(
            "assurance | hostile mutants | {what} | {} tried | {} accepted, each as the original; 0 false accepts, 0 panics; {refused} outcomes",
            self.tried, self.accepted
        );
        assert!(self.wrong.is_empty(), "{what}: {} false accepts:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

/// What is held against an original is what it says, and not only that it is accepted: another good message in its place
/// is told, and so is a good one by somebody else.
#[test]
fn another_good_message_is_no_mutant() {
    let originals = Originals::load();
    let of = |file: &str| originals.all.iter().find(|original| original.file == file).unwrap();
    let good = of("good.ed25519.sig");
    for (other, wrong) in
        [("good.ed25519.sig", 0), ("framing.old-headers.sig", 0), ("claims.python-style.sig", 1), ("good.p256.sig", 1)]
    {
        let mut tally = Tally::default();
        tally.mutant(&originals, &[good], &of(other).content);
        assert_eq!((tally.accepted, tally.wrong.len()), (1, wrong), "{other}");
    }
}

/// Every bit, every cut, every octet removed, doubled or put in, every header and length in every other form; and changes
/// by chance, one to four at a time.
#[test]
fn whatever_is_changed_says_the_same_or_nothing() {
    let originals = Originals::load();
    let (mut systematic, mut framed, mut chance) = (Tally::default(), Tally::default(), Tally::default());
    let mut random = Random::new(0x0051_6e61_7475_7265);
    for original in &originals.all {
        // All of them in the long part, and in the fast one so many that each place has its turn over the files.
        let step = if long() { 1 } else { 199 };
        let offset = random.below(step);
        for mutant in byte_changes(&original.content, step, offset) {
            systematic.mutant(&originals, &[original], &mutant);
        }
        let (skipped, step) = if long() { (0, 1) } else { (offset % 89, 89) };
        for mutant in headers(&original.content).into_iter().skip(skipped).step_by(step) {
            framed.mutant(&originals, &[original], &mutant);
        }
        for _ in 0..if long() { 2000 } else { 12 } {
            let mutant = random_change(&original.content, &mut random);
            chance.mutant(&originals, &[original], &mutant);
        }
    }
    systematic.told("bits, cuts, octets removed, doubled and put in");
    framed.told("headers and lengths in other forms");
    chance.told("changes by chance");
}

/// The packets of what is inside a container, changed and compressed again: what a change of the stored octets seldom
/// reaches.
#[test]
fn whatever_is_changed_inside_says_the_same_or_nothing() {
    let originals = Originals::load();
    let mut tally = Tally::default();
    let mut random = Random::new(0x696e_7369_6465);
    for original in &originals.all {
        let Some(inside) = Packets::inflated(&original.content) else { continue };
        let step = if long() { 7 } else { 907 };
        for mutant in byte_changes(&inside, step, random.below(step)) {
            tally.mutant(&originals, &[original], &Packets::deflated(&mutant));
        }
    }
    assert!(tally.tried > 100, "{} tried", tally.tried);
    tally.told("packets inside a container");
}

/// Announcement, literal and signature, each of one message or another; and the parts of two signature packets.
#[test]
fn what_is_put_together_from_two_messages_is_one_of_them_or_nothing() {
    let originals = Originals::load();
    let mut tally = Tally::default();
    let with_parts: Vec<_> =
        originals.all.iter().filter_map(|original| Some((original, Packets::of(&original.content)?))).collect();
    assert!(with_parts.len() > 30, "{} messages", with_parts.len());
    let (pair_step, step) = if long() { (1, 1) } else { (29, 7) };
    let (mut pairs, mut number) = (0, 0);
    for (index, (one, first)) in with_parts.iter().enumerate() {
        for (other, second) in with_parts.iter().skip(index + 1) {
            pairs += 1;
            if pairs % pair_step != 0 {
                continue;
            }
            for mutant in parts(first, second) {
                number += 1;
                if number % step == 0 {
                    tally.mutant(&originals, &[one, other], &mutant);
                }
            }
        }
    }
    tally.told("parts of two messages put together");
}

/// Members of an object, and the bits of its text: whatever is accepted is the image that was signed, under its name.
#[test]
fn no_changed_object_is_accepted_as_another_image() {
    let objects = super::objects::Objects::load();
    let mut random = Random::new(0x006f_626a_6563_7473);
    let (mut members, mut texts) = (super::objects::Tally::default(), super::objects::Tally::default());
    for text in &objects.texts {
        for mutant in objects.members(text).iter().step_by(if long() { 1 } else { 5 }) {
            members.object(&objects, mutant);
        }
        let step = if long() { 2 } else { 809 };
        for mutant in byte_changes(text.as_bytes(), step, random.below(step)) {
            if let Ok(mutant) = String::from_utf8(mutant) {
                texts.object(&objects, &mutant);
            }
        }
    }
    members.told("members of objects");
    texts.told("text of objects");
}

/// An image by its parts, as an object would have it.
#[test]
fn no_other_image_is_vouched_for() {
    let originals = Originals::load();
    let mut tried = 0;
    let image: Value = serde_json::from_str(&fs::read_to_string("testdata/images/image.json").unwrap()).unwrap();
    let digest = image["metadata"]["name"].as_str().unwrap();
    for original in &originals.all {
        for (name, reference) in others(digest, &original.reference).into_iter().step_by(if long() { 1 } else { 7 }) {
            let verdict = verdict(&originals, original, &name, &reference);
            tried += 1;
            assert!(!verdict.is_allowed(), "{}: {name} {reference}", original.file);
        }
    }
    println!("assurance | hostile mutants | other digests and references | {tried} tried | 0 accepted, 0 panics");
}

fn verdict(originals: &Originals, original: &Original, name: &str, reference: &str) -> Verdict {
    let mut image: Image<'static> = crate::support::raw_signature(&original.content, name, reference);
    image.metadata.name = Text::from(name.to_owned());
    originals.verifier(original).verify(&image, AT.parse().unwrap())
}

/// Digests with one digit changed, each in its turn, and references that are nearly the right one.
fn others(digest: &str, reference: &str) -> Vec<(String, String)> {
    let mut others = Vec::new();
    for at in "sha256:".len()..digest.len() {
        let mut bytes = digest.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        let name = String::from_utf8(bytes).unwrap();
        let (repository, _) = reference.split_once('@').unwrap();
        others.push((name.clone(), format!("{repository}@{name}")));
        others.push((name, reference.to_owned()));
    }
    for (from, to) in [
        ("registry", "registry2"),
        ("registry", "Registry"),
        ("registry.example.com", "registry.example.com:5000"),
        ("registry.example.com", "registry.example.com.evil.test"),
        ("example.com", "example.org"),
        ("shop/", "shop2/"),
        ("shop/", ""),
        ("frontend", "frontend2"),
        ("frontend", "backend"),
        ("frontend", "frontend/x"),
        ("/shop", "//shop"),
        ("@", ":2.0.0@"),
    ] {
        others.push((digest.to_owned(), reference.replacen(from, to, 1)));
    }
    others
}
