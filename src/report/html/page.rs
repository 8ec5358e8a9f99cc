//! The page around the data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::report::Head;
use crate::signature::rfc3339;

/// The frame of the document: what is there before the script fills it.
const SHELL: &str = include_str!("page/shell.html");

const STYLE: &str =
    concat!(include_str!("page/frame.css"), include_str!("page/images.css"), include_str!("page/explanation.css"));

/// Each file is a part of one function, which puts nothing beside the names that a browser has; the last one starts.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("page/data.js"),
    include_str!("page/elements.js"),
    include_str!("page/charts.js"),
    include_str!("page/keys.js"),
    include_str!("page/images.js"),
    include_str!("page/explanation.js"),
    include_str!("page/start.js"),
    "})();\n",
);

/// All up to the data of the first image.
pub(super) fn begin(head: &Head) -> String {
    // A policy for content in the document itself: nothing is fetched, and of styles and scripts only these two count,
    // whatever else might stand here. Blocks of data are neither.
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Vidimus report as of {}</title>\n<style>{STYLE}</style>\n</head>\n\
         {SHELL}<script type=\"application/json\" id=\"rows\">[",
        rfc3339(head.at)
    )
}

/// All behind the data of the last image.
pub(super) fn end(run: &Value) -> String {
    format!(
        "\n]</script>\n<script type=\"application/json\" id=\"run\">{}</script>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        data(run)
    )
}

/// JSON that cannot end the element it stands in, nor begin another: in JSON these characters stand in strings only, and
/// there they can be written by their numbers.
pub(super) fn data(value: &Value) -> String {
    let json = value.to_string();
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(character),
        }
    }
    out
}

/// The source of a policy for content that allows this text and no other.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_data_is_markup() {
        let hostile = "</script><!-- ]]> <script>&amp;\u{2028}\u{2029}\u{202e}\0";
        let written = data(&Value::from(hostile));
        assert!(!written.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\0']), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), Value::from(hostile));
    }

    #[test]
    fn the_parts_are_what_a_browser_reads_them_as() {
        for part in [SHELL, STYLE, SCRIPT] {
            // A browser changes the ends of lines before it computes a hash.
            assert!(!part.contains('\r'));
        }
        for word in ["</script", "<!--", "<script"] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        assert!(!STYLE.contains("</") && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn text_never_becomes_markup_in_the_script() {
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc"] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        for word in ["fetch(", "XMLHttpRequest", "WebSocket", "import(", "sendBeacon", "http:", "https:"] {
            let found = SCRIPT.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(word), "{word}");
        }
    }
}
