//! Somebody else's text, fit for one line of a message.

use std::fmt::{self, Write as _};

/// The most characters of a text that a message repeats.
const SHOWN: usize = 128;

/// Shows a text in backticks: control, format and other invisible characters escaped, long texts cut.
///
/// Whatever a signer or a requester wrote stays on one line and cannot colour a terminal or turn the reading direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        Escaped(self.0).fmt(f)?;
        f.write_char('`')
    }
}

/// The same, without the backticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.0.chars().enumerate() {
            if position == SHOWN {
                return f.write_char('…');
            }
            match character {
                '"' | '\'' => f.write_char(character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_hostile_text_on_one_line() {
        for (text, shown) in [
            ("busybox:latest", "`busybox:latest`"),
            ("it's \"so\"", "`it's \"so\"`"),
            ("a\n\u{1b}[31mred", r"`a\n\u{1b}[31mred`"),
            ("\0\u{202e}x\u{200b}", r"`\0\u{202e}x\u{200b}`"),
        ] {
            assert_eq!(Quoted(text).to_string(), shown);
        }
        let long = Quoted(&"a".repeat(70_000)).to_string();
        assert_eq!(long.chars().count(), SHOWN + 3);
        assert!(long.ends_with("…`"));
    }
}
