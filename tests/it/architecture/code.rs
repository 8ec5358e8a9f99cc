//! The rules that the code below `src/` keeps.

use super::impure::{IMPURE_PATHS, IMPURE_WORDS, INTERIOR_MUTABILITY, OPAQUE_PATHS, SYSTEM_TIME};
use super::source::{Source, Token, balanced, starts_with};

/// What a rule found, and on which line.
pub(crate) type Problem = (usize, String);

/// A rule, with texts that it must report and texts that it must let pass: a rule that cannot fail is worthless.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&Source<'_>) -> Vec<Problem>,
    pub(crate) bad: &'static [(&'static str, &'static str)],
    pub(crate) good: &'static [(&'static str, &'static str)],
}

/// The rooms, lowest first; a module uses only its own room and those of the lines before it.
const LAYERS: &[&[&str]] = &[
    &["image"],
    &["signature"],
    &["policy"],
    &["verifier"],
    &["report", "admission"],
    &["source"],
    &["server"],
    &["cli"],
];

/// Where the crate's parts are put together: these may name everything.
const FRONT: &[&str] = &["lib", "main"];

/// The rooms that compute and do nothing else.
const CORE: &[&str] = &["image", "signature", "policy", "verifier", "report", "admission", "lib"];

/// What only the OpenPGP rooms know.
const OPENPGP: &[&str] = &["aws_lc_rs", "buffered_reader", "sequoia_openpgp"];

/// Each of the two is a file or a folder of that name.
const OPENPGP_ROOMS: &[&str] =
    &["src/signature/keyring.rs", "src/signature/keyring/", "src/signature/openpgp.rs", "src/signature/openpgp/"];

/// The library of the public-key operation, and the one file outside those rooms that knows it too.
const PRIMITIVE: (&str, &str) = ("aws_lc_rs", "src/signature/sigstore/primitive.rs");

/// The one file that speaks to servers, which takes the cryptography of TLS from the same library.
const WEB: &str = "src/source/http.rs";

/// What opens sockets, or lets others do so.
const SOCKETS: &[&str] = &["net", "rustls", "rustls_native_certs", "ureq"];

/// What rustls calls its provider by the same library, and the file that chooses it.
const PROVIDER: (&str, &str) = ("aws_lc_rs", "src/server/tls.rs");

/// Ways to bring in code that the scanner would miss.
const ESCAPES: &[&[&str]] = &[&["extern", "crate"], &["include", "!"], &["#", "[", "path"]];

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "layers: a module uses only what stands before it",
        check: layers,
        bad: &[
            ("src/image/digest.rs", "use crate::policy::Policy;"),
            ("src/image/mod.rs", "fn f() -> super::signature::Evidence { todo() }"),
            ("src/image/digest.rs", "use super::super::report::text;"),
            ("src/signature/openpgp/gate.rs", "use super::super::super::policy::Policy;"),
            ("src/signature/claims.rs", "mod inner { use super::super::super::cli::run; }"),
            ("src/policy/mod.rs", "use crate::{image::Digest, signature::{self, Evidence}, verifier::Verifier};"),
            ("src/report/text.rs", "fn f(r: crate::admission::Review) {}"),
            ("src/verifier.rs", "fn f() { let x = crate::source::read(); }"),
            ("src/admission/gate.rs", "use crate::source::Index;"),
            ("src/admission/gate.rs", "use crate::server::State;"),
            ("src/source/index/mod.rs", "use crate::server::State;"),
            ("src/image/digest.rs", "/* /* nested */ */ const X: &str = \"\\\"\"; use crate::policy::Policy;"),
            ("src/image/digest.rs", "#[cfg(test)] mod tests { fn f() {} } use crate::cli::run;"),
            ("src/image/digest.rs", "const C: char = '\"'; use crate::cli::run; const D: char = '\"';"),
            ("src/image/digest.rs", "fn f<'a>(x: &'a str) -> &'a crate::cli::Args { g('\\'') }"),
            ("src/image/digest.rs", "fn f() { macro_rules! m { () => { $crate::cli::run() } } }"),
            ("src/image/digest.rs", "fn f() { for x in crate::cli::all() { let y = S { a: 1 }; } }"),
            ("src/image/digest.rs", "type T = Vec::<crate::cli::Args>;"),
            ("src/image/digest.rs", "struct S(pub (crate::cli::Args, u8));"),
        ],
        good: &[
            ("src/image/mod.rs", "pub use digest::Digest; pub(crate) use self::digest::X; use super::image::Y;"),
            (
                "src/image/digest.rs",
                "// use crate::policy::Policy;\n/* crate::cli */ const X: &str = \"crate::cli::run\";",
            ),
            ("src/image/digest.rs", "const X: &str = r#\"\" crate::cli::run \"#;"),
            ("src/image/digest.rs", "#[cfg(test)]\nmod tests { use crate::policy::Policy; fn f() { { } } }"),
            ("src/policy/mod.rs", "use crate::image::{Digest, Reference}; use crate::signature::openpgp::*;"),
            ("src/cli/verify.rs", "use crate::source::Source; use crate::verifier::Verifier;"),
            (
                "src/server/admit.rs",
                "use crate::admission::Gate; use crate::source::Index; use crate::server::state::State;",
            ),
            ("src/signature/openpgp/gate.rs", "pub(in crate::signature) fn f() { super::g(super::super::claims::X) }"),
        ],
    },
    Rule {
        name: "the layer stays visible: no paths through what lib.rs re-exports",
        check: visible_layers,
        bad: &[
            ("src/signature/claims.rs", "use crate::Digest;"),
            ("src/signature/claims.rs", "use crate::{image::Reference, Digest};"),
            ("src/signature/mod.rs", "use super::Digest;"),
            ("src/image/digest.rs", "use crate::*;"),
            ("src/image/digest.rs", "use crate as all;"),
            ("src/image/digest.rs", "use crate::{self as all};"),
            ("src/image/digest.rs", "use super::super as all;"),
            ("src/image/digest.rs", "extern crate self as vidimus;"),
            ("src/image/digest.rs", "#[path = \"../policy/scope.rs\"] mod scope;"),
            ("src/image/digest.rs", "include!(\"other.rs\");"),
            ("src/attic/mod.rs", "fn f() {}"),
        ],
        good: &[
            ("src/signature/claims.rs", "use crate::image::Digest; pub(crate) fn f() {}"),
            ("src/cli/verify.rs", "use crate::Digest;"),
            ("src/lib.rs", "pub use crate::image::Digest; pub use image::Reference;"),
        ],
    },
    Rule {
        name: "the core is pure",
        check: purity,
        bad: &[
            ("src/image/digest.rs", "use std::fs;"),
            ("src/image/digest.rs", "use std::{fmt, io::{self, Read}};"),
            ("src/image/digest.rs", "fn f() { ::std::env::var(\"HOME\"); }"),
            ("src/image/digest.rs", "use ::{std::net};"),
            ("src/image/digest.rs", "use std as s;"),
            ("src/image/digest.rs", "use std::{self as s};"),
            ("src/image/digest.rs", "use std::*;"),
            ("src/image/digest.rs", "use std::time;"),
            ("src/policy/mod.rs", "use std::time::SystemTime;"),
            ("src/signature/openpgp.rs", "fn f() { std::time::SystemTime::now(); }"),
            ("src/signature/openpgp.rs", "use std::time::{Instant, SystemTime};"),
            ("src/signature/openpgp.rs", "use std::time::SystemTime; fn f() { SystemTime::now(); }"),
            ("src/policy/mod.rs", "use chrono::Utc; fn f() { Utc::now(); }"),
            ("src/policy/mod.rs", "fn f() { x.iter().map(Utc::now) }"),
            ("src/verifier.rs", "pub async fn f() {}"),
            ("src/verifier.rs", "fn f() { g().await; }"),
            ("src/verifier.rs", "use tokio::spawn;"),
            ("src/admission/gate.rs", "fn f() { tracing::info!(\"x\"); }"),
            ("src/admission/review.rs", "use axum::Json;"),
            ("src/report/text.rs", "fn f() { println!(\"x\"); }"),
            ("src/admission/mod.rs", "fn f() { unsafe { g() } }"),
            ("src/lib.rs", "use std::process;"),
            ("src/policy/mod.rs", "static CACHE: Mutex<Vec<u8>> = Mutex::new(Vec::new());"),
            ("src/policy/mod.rs", "static COUNT: std::sync::atomic::AtomicUsize = AtomicUsize::new(0);"),
            ("src/policy/mod.rs", "static mut COUNT: usize = 0;"),
            ("src/policy/mod.rs", "fn f() { std::thread::spawn(g); }"),
        ],
        good: &[
            ("src/signature/keyring.rs", "use std::time::SystemTime; const E: SystemTime = SystemTime::UNIX_EPOCH;"),
            ("src/signature/openpgp/judge.rs", "use std::time::{Duration, SystemTime};"),
            ("src/image/digest.rs", "use std::{fmt, str::FromStr}; static NAMES: &[&str] = &[\"std::fs\"];"),
            ("src/image/digest.rs", "#[cfg(test)] mod tests { fn f() { std::fs::read(\"x\"); println!(); } }"),
            ("src/source/export.rs", "use std::{fs, io};"),
            ("src/cli/mod.rs", "fn f() { Utc::now(); println!(); }"),
            ("src/policy/mod.rs", "fn f<T: 'static>(now: DateTime<Utc>) { g(now, std::mem::take(&mut h)) }"),
        ],
    },
    Rule {
        name: "only the OpenPGP rooms know the OpenPGP library, and one file more the primitives",
        check: openpgp,
        bad: &[
            ("src/signature/claims.rs", "use sequoia_openpgp as openpgp;"),
            ("src/signature/keyrings.rs", "fn f(c: &sequoia_openpgp::Cert) {}"),
            ("src/cli/keys.rs", "use {sequoia_openpgp::Cert};"),
            ("src/signature/openpgp.rs", "pub(crate) use sequoia_openpgp as pgp;"),
            ("src/signature/openpgp/mod.rs", "pub use sequoia_openpgp::Cert;"),
            ("src/signature/claims.rs", "use aws_lc_rs::signature;"),
            ("src/signature/sigstore/key.rs", "use aws_lc_rs::signature;"),
            ("src/signature/sigstore/primitive.rs", "use sequoia_openpgp::Cert;"),
            ("src/server/run.rs", "use rustls::crypto::aws_lc_rs::default_provider;"),
            ("src/signature/sigstore/primitive.rs", "pub(crate) use aws_lc_rs::signature;"),
            ("src/signature/sigstore/primitive/mod.rs", "use aws_lc_rs::signature;"),
        ],
        good: &[
            ("src/signature/openpgp.rs", "use sequoia_openpgp::Cert;"),
            ("src/signature/openpgp/gate.rs", "use sequoia_openpgp::Cert;"),
            ("src/signature/openpgp/gate.rs", "use aws_lc_rs::signature;"),
            ("src/signature/sigstore/primitive.rs", "use aws_lc_rs::signature::{self, ParsedPublicKey};"),
            ("src/signature/keyring/load.rs", "use sequoia_openpgp::Cert;"),
            (
                "src/signature/claims.rs",
                "//! Nothing of sequoia_openpgp is here.\nconst X: &str = \"sequoia_openpgp\";",
            ),
            ("src/signature/claims.rs", "#[cfg(test)] mod tests { use sequoia_openpgp::Cert; }"),
        ],
    },
    Rule {
        name: "one file and the server open sockets",
        check: sockets,
        bad: &[
            ("src/source/lookaside/web.rs", "use ureq::Agent;"),
            ("src/cli/verify.rs", "fn f() { std::net::TcpStream::connect(x); }"),
            ("src/source/tree.rs", "use std::{fs, net::TcpListener};"),
            ("src/cli/serve.rs", "use rustls::ServerConfig;"),
        ],
        good: &[
            ("src/source/http.rs", "use ureq::Agent; use std::net::IpAddr;"),
            ("src/server/listen.rs", "use std::net::SocketAddr; use rustls::ServerConfig;"),
            ("src/source/lookaside/web.rs", "#[cfg(test)] mod tests { use std::net::TcpListener; }"),
        ],
    },
    Rule {
        name: "features stand only on `mod` and `use` lines of lib.rs and of a room's mod.rs",
        check: features,
        bad: &[
            ("src/lib.rs", "#[cfg(feature = \"cli\")] fn f() {}"),
            ("src/lib.rs", "#![cfg_attr(feature = \"cli\", deny(missing_docs))]"),
            ("src/image/digest.rs", "#[cfg(feature = \"cli\")] mod x;"),
            ("src/signature/openpgp/mod.rs", "#[cfg(feature = \"cli\")] mod x;"),
            ("src/lib.rs", "fn f() { if cfg!(feature = \"cli\") { g() } }"),
            ("src/image/mod.rs", "struct S { #[cfg(all(unix, feature = \"cli\"))] x: u8 }"),
            ("src/main.rs", "#[cfg(feature = \"cli\")] mod x;"),
        ],
        good: &[
            (
                "src/lib.rs",
                "#[cfg(feature = \"cli\")] #[doc(hidden)] pub mod cli; #[cfg(feature = \"cli\")] pub(crate) use x::y;",
            ),
            ("src/image/mod.rs", "#[cfg(feature = \"cli\")] mod x; #[cfg(test)] mod tests {}"),
            ("src/image/digest.rs", "// #[cfg(feature = \"cli\")]\nstruct S { feature: u8 }"),
        ],
    },
];

fn layers(source: &Source<'_>) -> Vec<Problem> {
    let Some(own) = layer(source.room()) else { return Vec::new() };
    let paths = source.paths().into_iter();
    let beyond = paths.filter(|named| {
        let room = named.path.strip_prefix("crate::").and_then(|path| path.split("::").next()).unwrap_or_default();
        room != source.room() && layer(room).is_some_and(|layer| layer >= own)
    });
    beyond.map(|named| (named.line, format!("`{}` does not stand before `{}`", named.path, source.room()))).collect()
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

fn visible_layers(source: &Source<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let room = source.room();
    for escape in ESCAPES {
        problems.extend(occurrences(&source.code, escape).map(|line| (line, format!("`{}`", escape.join(" ")))));
    }
    if FRONT.contains(&room) {
        return problems;
    }
    if layer(room).is_none() {
        problems.push((1, format!("`{room}` is not in the table of layers")));
    }
    for named in source.paths() {
        let Some(path) = named.path.strip_prefix("crate").filter(|path| path.is_empty() || path.starts_with("::"))
        else {
            continue;
        };
        let first = path.split("::").nth(1).unwrap_or_default();
        if layer(first).is_none() && (room != "cli" || first.is_empty()) {
            problems.push((named.line, format!("`{}` does not say which room it means", named.path)));
        }
    }
    problems
}

fn purity(source: &Source<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !CORE.contains(&source.room()) {
        return problems;
    }
    let takes_system_time = in_openpgp_rooms(source);
    for named in source.paths() {
        let path = named.path.as_str();
        if OPAQUE_PATHS.contains(&path) {
            problems.push((named.line, format!("`{path}` hides what is used of it")));
        }
        if path.ends_with("::now") {
            problems.push((named.line, format!("`{path}` reads the clock")));
        }
        for (impure, what) in IMPURE_PATHS {
            let below = path.strip_prefix(impure).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
            if below && !(*impure == SYSTEM_TIME && takes_system_time) {
                problems.push((named.line, format!("`{path}` touches {what}")));
            }
        }
    }
    for (words, what) in IMPURE_WORDS {
        let lines = occurrences(&source.code, words);
        problems.extend(lines.map(|line| (line, format!("`{}` is {what}", words.concat()))));
    }
    problems.extend(changing_statics(&source.code));
    problems
}

fn changing_statics(code: &[Token<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, token) in code.iter().enumerate().filter(|(_, token)| token.text == "static") {
        let declaration = code.iter().skip(place).take_while(|token| token.text != "=" && token.text != ";");
        let mut changing = declaration.filter(|token| INTERIOR_MUTABILITY.iter().any(|name| token.text.contains(name)));
        problems.extend(changing.next().map(|found| (token.line, format!("a static `{}` changes", found.text))));
    }
    problems
}

fn openpgp(source: &Source<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, token) in source.code.iter().enumerate().filter(|(_, token)| OPENPGP.contains(&token.text)) {
        let allowed = [PRIMITIVE, (PRIMITIVE.0, WEB), PROVIDER].contains(&(token.text, source.file));
        if !in_openpgp_rooms(source) && !allowed {
            let (_, primitive) = PRIMITIVE;
            let rooms = format!("the keyring and openpgp rooms, and of the primitives to `{primitive}`");
            problems.push((token.line, format!("`{}` is known only to {rooms}", token.text)));
            continue;
        }
        let statement = source.code.iter().take(place).rev().take_while(|token| !matches!(token.text, ";" | "}"));
        let mut words = statement.map(|token| token.text);
        if words.next() == Some("use") && matches!(words.next(), Some("pub" | ")")) {
            problems.push((token.line, format!("`{}` is handed on", token.text)));
        }
    }
    problems
}

fn in_openpgp_rooms(source: &Source<'_>) -> bool {
    OPENPGP_ROOMS
        .iter()
        .any(|room| if room.ends_with('/') { source.file.starts_with(room) } else { source.file == *room })
}

fn sockets(source: &Source<'_>) -> Vec<Problem> {
    let may = source.file == WEB || source.room() == "server";
    let names = source.code.iter().filter(|token| !may && SOCKETS.contains(&token.text));
    names.map(|token| (token.line, format!("`{}` is known only to `{WEB}` and the server", token.text))).collect()
}

fn features(source: &Source<'_>) -> Vec<Problem> {
    let may = source.file == "src/lib.rs" || source.file.split('/').count() == 3 && source.file.ends_with("/mod.rs");
    let mut problems = Vec::new();
    for (place, token) in source.all.iter().enumerate() {
        let rest = source.all.get(place..).unwrap_or_default();
        let inner = starts_with(rest, &["#", "!"]).map(|rest| (rest, "[", "]"));
        let outer = starts_with(rest, &["#"]).map(|rest| (rest, "[", "]"));
        let expression = starts_with(rest, &["cfg", "!"]).map(|rest| (rest, "(", ")"));
        let Some((group, open, close)) = inner.or(outer).or(expression) else { continue };
        let (group, after) = group.split_at(balanced(group, open, close));
        let conditional = expression.is_some() || group.get(1).is_some_and(|word| word.text.starts_with("cfg"));
        if !conditional || !group.iter().any(|word| word.text == "feature") {
            continue;
        }
        let on_module = inner.is_none() && expression.is_none() && matches!(item(after), Some("mod" | "use"));
        if !may || !on_module {
            problems.push((token.line, "a feature decides about more than a module".to_owned()));
        }
    }
    problems
}

/// The keyword of the item that follows, behind its attributes and its visibility.
fn item<'a>(mut rest: &[Token<'a>]) -> Option<&'a str> {
    while let Some(attribute) = starts_with(rest, &["#"]) {
        rest = attribute.get(balanced(attribute, "[", "]")..)?;
    }
    if let Some(visible) = starts_with(rest, &["pub"]) {
        rest = visible.get(balanced(visible, "(", ")")..)?;
    }
    rest.first().map(|token| token.text)
}

/// The lines on which `words` stand in a row.
fn occurrences<'t>(code: &'t [Token<'_>], words: &'t [&str]) -> impl Iterator<Item = usize> + 't {
    let rows = code.windows(words.len()).filter(|row| row.iter().map(|token| token.text).eq(words.iter().copied()));
    rows.filter_map(|row| row.first()).map(|token| token.line)
}
