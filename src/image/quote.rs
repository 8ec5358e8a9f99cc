//! Somebody else's text, fit for one line of a message or a report.

use std::fmt::{self, Write as _};

/// The most characters of a text that a message repeats.
const SHOWN: usize = 128;

/// Displays text with every character escaped that a terminal acts upon or that hides or reorders text: control
/// characters, line separators, bidirectional controls, zero-width and other invisible characters.
///
/// ```
/// use vidimus::report::Escaped;
///
/// assert_eq!(Escaped("app\u{1b}[2K\nALLOW").to_string(), r"app\u{1b}[2K\nALLOW");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(
    /// The text.
    pub &'a str,
);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_visible(f, self.0)
    }
}

/// Shows a text in backticks, escaped, and cut if it is long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        let end = self.0.char_indices().nth(SHOWN).map_or(self.0.len(), |(end, _)| end);
        write_visible(f, self.0.get(..end).unwrap_or_default())?;
        if end < self.0.len() {
            f.write_char('…')?;
        }
        f.write_char('`')
    }
}

/// Writes a text, most of which needs no escaping and is written as a whole.
fn write_visible(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        // Quotes and backslashes are ordinary to a reader; escaping them would escape again what is escaped already.
        let ordinary = rest.bytes().take_while(|byte| matches!(byte, b' '..=b'~')).count();
        let end = if ordinary > 0 { ordinary } else { character.len_utf8() };
        let (written, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if ordinary > 0 {
            f.write_str(written)?;
        } else {
            write!(f, "{}", character.escape_debug())?;
        }
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_ordinary_text_alone() {
        for text in ["registry.example.com/shop/frontend:1.0", "Müller & Söhne <a@b>", "日本語", r"it's \u{41}"] {
            assert_eq!(Escaped(text).to_string(), text);
        }
    }

    #[test]
    fn shows_what_a_terminal_would_act_upon() {
        let hostile = "\u{1b}\u{9b}\r\n\0\t\u{7f}\u{ad}\u{200b}\u{200f}\u{2028}\u{202e}\u{2066}\u{feff}\u{e0041}";
        for character in hostile.chars() {
            let shown = Escaped(&character.to_string()).to_string();
            assert!(shown.starts_with('\\') && shown.is_ascii(), "{character:?} is shown as {shown:?}");
        }
    }

    #[test]
    fn quotes_on_one_line_and_cuts_what_is_long() {
        assert_eq!(Quoted("a\n\u{1b}[31mred").to_string(), r"`a\n\u{1b}[31mred`");
        let long = Quoted(&"a".repeat(70_000)).to_string();
        assert_eq!(long.chars().count(), SHOWN + 3);
        assert!(long.ends_with("…`"));
    }
}
