//! Text from input, made safe for a terminal and for one line.

use std::fmt::{self, Write as _};

/// Displays text with every character escaped that a terminal acts upon or that reorders or hides text: control
/// characters, line and paragraph separators, bidirectional controls, zero-width characters, tags.
///
/// ```
/// use vidimus::report::Escaped;
///
/// assert_eq!(Escaped("app\u{1b}[2K\nALLOW").to_string(), r"app\u{1b}[2K\u{a}ALLOW");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(
    /// The text.
    pub &'a str,
);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_hostile(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_ordinary_text_alone() {
        for text in ["registry.example.com/shop/frontend:1.0", "Müller & Söhne <a@b>", "日本語"] {
            assert_eq!(Escaped(text).to_string(), text);
        }
    }

    #[test]
    fn shows_what_a_terminal_would_act_upon() {
        for hostile in ["\u{1b}[31m", "\u{9b}31m", "\r", "\n", "\0", "\u{202e}", "\u{2066}", "\u{200b}", "\u{2028}", "\u{7f}"] {
            let shown = Escaped(hostile).to_string();
            assert!(shown.starts_with("\\u{") && !shown.chars().any(is_hostile), "{hostile:?} is shown as {shown:?}");
        }
    }
}
