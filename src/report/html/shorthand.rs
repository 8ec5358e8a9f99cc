//! Texts of a row that repeat each other, written once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::report::Entry;
use crate::report::html::known::KnownKeys;

/// What stands before the mark of a word; itself it is written twice.
const CARET: char = '^';

/// The shortest word that is worth a mark.
const WORTH: usize = 8;

/// Phrases of messages that come often, with the letter that stands for each. A phrase that no message has any longer
/// costs a few bytes and is no mistake: the page is told what each letter stands for.
pub(super) const PHRASES: [(&str, char); 11] = [
    ("the image carries no signature", 'A'),
    ("no trusted certificate has key ", 'B'),
    ("the signature is for manifest ", 'C'),
    (", not for ", 'D'),
    ("signed for `", 'E'),
    ("`: only the repository `", 'F'),
    ("` with any tag or digest would be accepted (rule `matchRepoDigestOrExact`)", 'G'),
    ("a signature by ", 'H'),
    (" for the repository `", 'I'),
    ("` with any tag or digest", 'J'),
    // The creator of the signatures that skopeo and podman make, before its version.
    ("atomic ", 'K'),
];

/// The words of one image that its texts repeat, each with the mark that stands for it: `^n` for the image's name, `^r`
/// for its repository, `^i` for its place in a list, `^0` to `^9` for who made the first signatures. Digests and other
/// long numbers are written to the base 64 instead of 16, behind `^d` and `^x`.
///
/// Phrases that many messages have are `^A` and on. A certificate is `^f0;` by its fingerprint, `^k0;` by its owner and
/// its fingerprint, with its place among those that are trusted.
pub(super) struct Shorthand<'k> {
    words: Vec<(String, char)>,
    /// The characters that words and phrases begin with: most characters begin none.
    firsts: Vec<char>,
    keys: &'k KnownKeys,
}

impl<'k> Shorthand<'k> {
    pub(super) fn of(entry: &Entry<'_>, keys: &'k KnownKeys) -> Self {
        let verdict = entry.verdict;
        let signers = verdict.evidence().iter().zip('0'..='9').filter_map(|(evidence, mark)| {
            let described = evidence.signer()?.described().to_string();
            Some((described, mark))
        });
        let name = (verdict.name().to_owned(), 'n');
        let repository = (repository(verdict.docker_image_reference()).to_owned(), 'r');
        let place = (format!("items[{}]", entry.item), 'i');
        let words = [name].into_iter().chain(signers).chain([repository, place]);
        Self::new(words.filter(|(word, _)| word.len() >= WORTH).collect(), keys)
    }

    fn new(words: Vec<(String, char)>, keys: &'k KnownKeys) -> Self {
        let all = words.iter().map(|(word, _)| word.as_str()).chain(PHRASES.iter().map(|(phrase, _)| *phrase));
        let mut firsts: Vec<_> = all.filter_map(|word| word.chars().next()).collect();
        firsts.sort_unstable();
        firsts.dedup();
        Self { words, firsts, keys }
    }

    /// The text with marks for the words in it.
    pub(super) fn short(&self, text: &str) -> String {
        self.marked(text, |_| true)
    }

    /// A name or a digest, without marks for words, so that equal ones are written alike.
    pub(super) fn name(&self, text: &str) -> String {
        self.marked(text, |_| false)
    }

    /// The image's reference, which the page takes the repository from.
    pub(super) fn reference(&self, text: &str) -> String {
        self.marked(text, |mark| mark == 'n')
    }

    fn marked(&self, text: &str, use_mark: impl Fn(char) -> bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut inside = false;
        // Where the last mark ends: what stands before is no longer text.
        let mut plain = 0;
        while let Some(first) = rest.chars().next() {
            let word = if self.firsts.contains(&first) { self.word(rest, &use_mark) } else { None };
            if let Some((after, mark)) = word {
                out.extend([CARET, mark]);
                plain = out.len();
                rest = after;
            } else if let Some((octets, mark, after)) = (!inside).then(|| number(rest)).flatten() {
                out.extend([CARET, mark]);
                URL_SAFE_NO_PAD.encode_string(octets, &mut out);
                plain = out.len();
                rest = after;
            } else if let Some((certificate, after)) =
                first.is_ascii_hexdigit().then(|| self.keys.certificate(rest)).flatten()
            {
                rest = after;
                let owner = certificate.owner.as_ref().map(|owner| format!("{} (", owner.replace(CARET, "^^")));
                let before = owner.and_then(|owner| out.strip_suffix(&owner).map(str::len));
                let before = before.filter(|length| *length >= plain);
                let mark = match (before, after.strip_prefix(')')) {
                    (Some(length), Some(after)) => {
                        out.truncate(length);
                        rest = after;
                        'k'
                    }
                    _ => 'f',
                };
                out.push_str(&format!("{CARET}{mark}{};", certificate.place));
                plain = out.len();
            } else {
                out.push(first);
                if first == CARET {
                    out.push(CARET);
                }
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
            inside = is_digit(first);
        }
        out
    }

    /// The mark of the word that a text begins with, and what follows it.
    fn word<'t>(&self, text: &'t str, use_mark: impl Fn(char) -> bool) -> Option<(&'t str, char)> {
        let words = self.words.iter().map(|(word, mark)| (word.as_str(), *mark)).chain(PHRASES);
        let mut words = words.filter(|(_, mark)| use_mark(*mark));
        words.find_map(|(word, mark)| Some((text.strip_prefix(word)?, mark)))
    }
}

/// The digest, or the number of 32 digits, that a text begins with.
fn number(text: &str) -> Option<(Vec<u8>, char, &str)> {
    let (digits, length, mark) = match text.strip_prefix("sha256:") {
        Some(digits) => (digits, 64, 'd'),
        None => (text, 32, 'x'),
    };
    let (digits, after) = digits.split_at_checked(length)?;
    if !digits.chars().all(is_digit) || after.starts_with(is_digit) {
        return None;
    }
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let octets = digits.as_bytes().chunks_exact(2).map(|pair| match pair {
        [high, low] => Some((value(high)? << 4) | value(low)?),
        _ => None,
    });
    Some((octets.collect::<Option<_>>()?, mark, after))
}

fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | 'a'..='f')
}

/// A reference without its tag and digest; the page reads it by the same rule.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or_default();
    let path = name.rfind('/').map_or(0, |slash| slash.saturating_add(1));
    match name.rfind(':') {
        Some(colon) if colon >= path => name.get(..colon).unwrap_or(name),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_neither_tag_nor_digest() {
        for (reference, expected) in [
            ("registry.example.com:5000/shop/app:1.0@sha256:00", "registry.example.com:5000/shop/app"),
            ("registry.example.com:5000/app", "registry.example.com:5000/app"),
            ("app:1", "app"),
            ("@", ""),
            ("", ""),
        ] {
            assert_eq!(repository(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_caret_in_a_text_is_no_mark() {
        let keys = KnownKeys::default();
        let words = vec![("sha256:0123".to_owned(), 'n'), ("n example".to_owned(), 'r')];
        let shorthand = Shorthand::new(words, &keys);
        assert_eq!(shorthand.short("^sha256:0123 ^n example ^^"), "^^^n ^^^r ^^^^");
        assert_eq!(shorthand.short("sha256:012"), "sha256:012");
    }

    #[test]
    fn numbers_are_written_to_a_larger_base_and_nothing_else_is() {
        let keys = KnownKeys::default();
        let shorthand = Shorthand::new(Vec::new(), &keys);
        let (digest, number) = ("0123456789abcdef".repeat(4), "0123456789abcdef".repeat(2));
        let digits = "ASNFZ4mrze8BI0VniavN7w";
        assert_eq!(shorthand.short(&format!("a@sha256:{digest}.")), "a@^dASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8.");
        assert_eq!(shorthand.short(&format!("{number} @{number}")), format!("^x{digits} @^x{digits}"));
        for same in [format!("0{number}"), number.to_uppercase(), format!("sha256:{number}0"), format!("{digest}00")] {
            assert_eq!(shorthand.short(&same), same);
        }
    }

    #[test]
    fn a_certificate_is_named_by_its_place_where_a_sentence_names_it() {
        let file = std::fs::read("testdata/keys/release.asc").unwrap();
        let keyring = crate::signature::Keyring::from_bytes("release.asc", &file).unwrap();
        let trust = crate::signature::Trust::new(keyring, crate::signature::Rules::default());
        let certificates = trust.certificates("2026-06-01T00:00:00Z".parse().unwrap());
        let (fingerprint, owner) = (certificates[0].fingerprint.to_string(), certificates[0].user_ids[0].clone());
        let keys = KnownKeys::of(&certificates);
        let shorthand = Shorthand::new(Vec::new(), &keys);
        assert_eq!(shorthand.short(&format!("by {owner} ({fingerprint}) or")), "by ^k0; or");
        assert_eq!(shorthand.short(&format!("{owner} ({fingerprint}")), format!("{owner} (^f0;"));
        assert_eq!(shorthand.short(&format!("key {fingerprint}")), "key ^f0;");
        // The beginning of the owner's name is a mark of its own here.
        let word = format!("{}{}", "a".repeat(8), owner.chars().next().unwrap());
        let shorthand = Shorthand::new(vec![(word.clone(), owner.chars().next().unwrap())], &keys);
        let (_, rest) = owner.split_at(1);
        assert_eq!(shorthand.short(&format!("{word}{rest} ({fingerprint})")), format!("^{owner} (^f0;)"));
    }
}
