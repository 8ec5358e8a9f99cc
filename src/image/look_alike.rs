//! Names that are others to a strict reader and the same to one that does not look at the case.

/// Whether `member` is another name than each of `names`, which are of ASCII alone, and the same as one of them to who
/// folds letters.
pub(crate) fn looks_like_one(member: &str, names: &[&str]) -> bool {
    if member.is_ascii() {
        // Most names are of other lengths.
        let mut alike = names.iter().filter(|name| name.len() == member.len());
        alike.any(|name| *name != member && name.eq_ignore_ascii_case(member))
    } else {
        names.iter().any(|name| member.chars().map(fold).eq(name.chars().map(fold)))
    }
}

/// Folds a letter as Go's `encoding/json` does, which knows two letters beyond ASCII that fold into it.
fn fold(character: char) -> char {
    match character {
        'ſ' => 's',
        '\u{212a}' => 'k',
        _ => character.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Letter by letter, whatever the letters are.
    fn plainly(member: &str, name: &str) -> bool {
        member != name && member.chars().map(fold).eq(name.chars().map(fold))
    }

    proptest! {
        #[test]
        fn looks_at_every_letter(member in "[aAkKsSzZſ\u{212a}éÉ1]{0,4}", name in "[aAkKsSzZ1]{0,4}") {
            prop_assert_eq!(looks_like_one(&member, &["none", &name]), plainly(&member, &name));
        }

        #[test]
        fn finds_every_spelling(name in "[a-zA-Z]{1,12}", others in proptest::collection::vec(0..3, 12)) {
            let spelled = |(letter, other): (char, &i32)| match (letter.to_ascii_lowercase(), other) {
                ('s', 2) => 'ſ',
                ('k', 2) => '\u{212a}',
                (lower, 1) if lower == letter => letter.to_ascii_uppercase(),
                (lower, 1) => lower,
                _ => letter,
            };
            let member: String = name.chars().zip(&others).map(spelled).collect();
            prop_assert_eq!(looks_like_one(&member, &["none", &name]), member != name);
            prop_assert_eq!(looks_like_one(&member, &["none", &name]), plainly(&member, &name));
        }
    }
}
