//! Reads Rust source text as far as the rules need it: words and marks without comments and literals, and paths.

/// A word (`use`, `Digest`) or a mark (`::`, `{`), and the line it stands on. A literal is one opaque mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) line: usize,
    pub(crate) text: &'a str,
}

/// A path as the code names it; one that starts with `crate`, `self` or `super` is resolved from the crate's root.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) path: String,
}

/// One source file, read.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// Relative to the repository, with `/` between its parts.
    pub(crate) file: &'a str,
    /// The code with its `#[cfg(test)]` modules.
    pub(crate) all: Vec<Token<'a>>,
    /// The code without them.
    pub(crate) code: Vec<Token<'a>>,
    /// The files and folders of the modules declared as `#[cfg(test)] mod name;`.
    pub(crate) test_files: Vec<String>,
}

impl<'a> Source<'a> {
    pub(crate) fn read(file: &'a str, text: &'a str) -> Self {
        let all = tokens(text);
        let (code, test_modules) = without_tests(&all);
        let folder: String = module(file).iter().map(|name| format!("{name}/")).collect();
        let test_files = test_modules.iter().flat_map(|name| {
            let path = format!("src/{folder}{name}");
            [format!("{path}.rs"), format!("{path}/")]
        });
        Self { file, code, test_files: test_files.collect(), all }
    }

    /// The room the file belongs to: `image` for `src/image/digest.rs`, `lib` for `src/lib.rs`.
    pub(crate) fn room(&self) -> &'a str {
        let inside = self.file.strip_prefix("src/").unwrap_or(self.file);
        let room = inside.split('/').next().unwrap_or(inside);
        room.strip_suffix(".rs").unwrap_or(room)
    }

    /// Every path that the code names, imports spelled out: `use a::{b, c::d};` names `a::b` and `a::c::d`.
    pub(crate) fn paths(&self) -> Vec<Named> {
        paths(&self.code, module(self.file))
    }
}

/// The module that a file below `src/` holds.
fn module(file: &str) -> Vec<&str> {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    let mut names: Vec<_> = inside.strip_suffix(".rs").unwrap_or(inside).split('/').collect();
    if matches!(names.last(), Some(&("mod" | "lib" | "main"))) {
        names.pop();
    }
    names
}

fn tokens(mut rest: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, text) = if first.is_whitespace() {
            (first.len_utf8(), None)
        } else if let Some(length) = comment(rest) {
            (length, None)
        } else if let Some(length) = literal(rest) {
            (length, Some("\""))
        } else {
            let length = if rest.starts_with("::") { 2 } else { word(rest).max(first.len_utf8()) };
            (length, rest.get(..length))
        };
        if let Some(text) = text {
            found.push(Token { line, text });
        }
        let (piece, after) = rest.split_at(length);
        line += piece.matches('\n').count();
        rest = after;
    }
    found
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of the comment that `rest` starts with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.strip_prefix("/*")?;
    let mut depth = 0;
    let mut place = 0;
    while let Some(ahead) = rest.get(place..).filter(|ahead| !ahead.is_empty()) {
        let step = match ahead.get(..2) {
            Some("/*") => {
                depth += 1;
                2
            }
            Some("*/") => {
                depth -= 1;
                2
            }
            _ => ahead.chars().next().map_or(1, char::len_utf8),
        };
        place += step;
        if depth == 0 {
            break;
        }
    }
    Some(place)
}

/// The length of the string, the character or the lifetime that `rest` starts with.
fn literal(rest: &str) -> Option<usize> {
    let start = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    if let Some(raw) = start.strip_prefix('r') {
        let text = raw.trim_start_matches('#');
        let hashes = raw.len() - text.len();
        if let Some(text) = text.strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let length = text.find(&end).map_or(text.len(), |place| place + end.len());
            return Some(rest.len() - text.len() + length);
        }
    }
    if let Some(text) = start.strip_prefix('"') {
        return Some(rest.len() - text.len() + until_unescaped(text, '"'));
    }
    let text = start.strip_prefix('\'')?;
    let mut chars = text.chars();
    let is_character = chars.next() == Some('\\') || chars.next() == Some('\'');
    Some(rest.len() - text.len() + if is_character { until_unescaped(text, '\'') } else { word(text) })
}

fn until_unescaped(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == end => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// Drops each `#[cfg(test)] mod name { … }` and gives the names of those that are files of their own.
///
/// Only modules, and only this exact attribute: what is not recognised is looked at like any other code.
fn without_tests<'a>(all: &[Token<'a>]) -> (Vec<Token<'a>>, Vec<&'a str>) {
    let mut code = Vec::new();
    let mut names = Vec::new();
    let mut rest = all;
    while let Some((first, after)) = rest.split_first() {
        let Some((name, end)) = test_module(rest) else {
            code.push(*first);
            rest = after;
            continue;
        };
        match end.split_first() {
            Some((Token { text: ";", .. }, after)) => {
                names.push(name);
                rest = after;
            }
            _ => rest = end.get(balanced(end, "{", "}")..).unwrap_or_default(),
        }
    }
    (code, names)
}

/// The name of the test module that `rest` starts with, and what stands behind the name.
fn test_module<'t, 'a>(rest: &'t [Token<'a>]) -> Option<(&'a str, &'t [Token<'a>])> {
    let mut rest = starts_with(rest, &["#", "[", "cfg", "(", "test", ")", "]"])?;
    while let Some(attribute) = starts_with(rest, &["#"]) {
        rest = attribute.get(balanced(attribute, "[", "]")..)?;
    }
    if let Some(visible) = starts_with(rest, &["pub"]) {
        rest = visible.get(balanced(visible, "(", ")")..)?;
    }
    let (name, end) = starts_with(rest, &["mod"])?.split_first()?;
    Some((name.text, end))
}

/// What follows the `expected` tokens, if `rest` starts with them.
pub(crate) fn starts_with<'t, 'a>(rest: &'t [Token<'a>], expected: &[&str]) -> Option<&'t [Token<'a>]> {
    let (start, after) = rest.split_at_checked(expected.len())?;
    start.iter().map(|token| token.text).eq(expected.iter().copied()).then_some(after)
}

/// How many tokens the bracketed group is long that `rest` starts with; none if there is no group.
pub(crate) fn balanced(rest: &[Token<'_>], open: &str, close: &str) -> usize {
    let mut depth = 0;
    for (place, token) in rest.iter().enumerate() {
        if token.text == open {
            depth += 1;
        } else if token.text == close {
            depth -= 1;
        }
        if depth == 0 {
            return if place == 0 { 0 } else { place + 1 };
        }
    }
    rest.len()
}

/// Words that end a path or stand before one.
const KEYWORDS: &str = " as async await break const continue dyn else enum extern fn for if impl in let loop match mod \
    move mut pub ref return static struct trait type union unsafe use where while ";

fn paths(code: &[Token<'_>], outer: Vec<&str>) -> Vec<Named> {
    let mut found = Vec::new();
    let mut modules: Vec<String> = outer.into_iter().map(str::to_owned).collect();
    let mut blocks = Vec::new();
    let mut rest = code;
    while let Some((first, after)) = rest.split_first() {
        let mut next = after;
        match first.text {
            "pub" => {
                if let [Token { text: "(", .. }, Token { text: "crate" | "in" | "self" | "super", .. }, end, ..] = after
                    && end.text != "::"
                {
                    next = after.get(balanced(after, "(", ")")..).unwrap_or_default();
                }
            }
            "mod" => {
                if let [name, Token { text: "{", .. }, inside @ ..] = after {
                    modules.push(name.text.to_owned());
                    blocks.push(true);
                    next = inside;
                }
            }
            "{" => blocks.push(false),
            "}" => {
                let was_module = blocks.pop().unwrap_or_default();
                if was_module {
                    modules.pop();
                }
            }
            // Behind the type of a qualified path (`<T as Trait>::name`, `Vec::<T>::name`) stand names of that type.
            ">" => next = starts_with(after, &["::"]).and_then(<[_]>::split_first).map_or(after, |(_, next)| next),
            text if is_word(text) && !KEYWORDS.contains(&format!(" {text} ")) => {
                next = tree(rest, &[], &modules, &mut found);
            }
            _ => {}
        }
        rest = next;
    }
    found
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '*')
}

/// Reads one path, with all that its braces hold, behind `prefix`; gives what follows it.
fn tree<'t, 'a>(
    mut rest: &'t [Token<'a>],
    prefix: &[&'a str],
    modules: &[String],
    found: &mut Vec<Named>,
) -> &'t [Token<'a>] {
    let line = rest.first().map_or(0, |token| token.line);
    let mut path = prefix.to_vec();
    let mut open = false;
    while let Some((first, after)) = rest.split_first().filter(|(first, _)| is_word(first.text)) {
        path.push(first.text);
        rest = after;
        let deeper = starts_with(after, &["::"]);
        open = deeper.is_some();
        let Some(deeper) = deeper else { break };
        rest = deeper;
    }
    let Some(mut inside) = starts_with(rest, &["{"]).filter(|_| open) else {
        found.push(Named { line, path: resolve(&path, modules) });
        return rest;
    };
    let length = balanced(rest, "{", "}");
    while let Some((first, after)) = inside.split_first().filter(|(first, _)| first.text != "}") {
        inside = match first.text {
            "as" => after.get(1..).unwrap_or_default(),
            _ if is_word(first.text) => tree(inside, &path, modules, found),
            _ => after,
        };
    }
    rest.get(length..).unwrap_or_default()
}

fn resolve(path: &[&str], modules: &[String]) -> String {
    let mut absolute: Vec<&str> = match path.first() {
        Some(&("self" | "super")) => ["crate"].into_iter().chain(modules.iter().map(String::as_str)).collect(),
        _ => Vec::new(),
    };
    for name in path {
        match *name {
            "self" => {}
            "super" => absolute.truncate(absolute.len().saturating_sub(1).max(1)),
            name => absolute.push(name),
        }
    }
    absolute.join("::")
}
