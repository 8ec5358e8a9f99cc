//! What a registry says about how to tell who asks: the `WWW-Authenticate` header.

/// A way to tell who asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Challenge {
    /// Name and password.
    Basic,
    /// A token, which is given out at the realm.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// Reads one header with one challenge; nothing if it is none that is understood.
    ///
    /// Source: RFC 9110, section 11.6.1; distribution's `docs/spec/auth/token.md`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut scope) = (None, None, None);
        let mut rest = rest.trim_start();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after)?;
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "realm" => Some(&mut realm),
                "service" => Some(&mut service),
                "scope" => Some(&mut scope),
                _ => None,
            };
            // Said twice, it could mean the one or the other.
            if place.is_some_and(|place| place.replace(value).is_some()) {
                return None;
            }
            rest = after.trim_start();
            rest = if rest.is_empty() { rest } else { rest.strip_prefix(',')?.trim_start() };
        }
        Some(Self::Bearer { realm: realm?, service, scope })
    }
}

/// A token or a quoted text, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(place.saturating_add(1)..)?)),
            '\\' => value.push(characters.next()?.1),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_registries_say() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Some(Challenge::Bearer { realm: realm.to_owned(), service: owned(service), scope: owned(scope) })
        };
        for (text, expected) in [
            (r#"Basic realm="x""#, Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                r#"Bearer realm="https://a/t",service="s",scope="a:b:pull""#,
                bearer("https://a/t", Some("s"), Some("a:b:pull")),
            ),
            (r#"bearer realm=https://a/t, x="a\"b,c" , Scope="a,b""#, bearer("https://a/t", None, Some("a,b"))),
            (r#"Bearer service="s""#, None),
            (r#"Bearer realm="a",realm="b""#, None),
            (r#"Bearer realm="a"#, None),
            (r#"Bearer realm="a" service="b""#, None),
            ("Negotiate", None),
            ("", None),
        ] {
            assert_eq!(Challenge::read(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(Bearer |Basic )?[a-z\"\\\\=, ]*") {
            let _ = Challenge::read(&text);
        }
    }
}
