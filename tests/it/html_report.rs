//! The HTML report as it is written: nothing in it is more than data, and it says what the JSON report says.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::html_page::{between, export, rows, told, told_of, whole_run};
use crate::support::run;

const KEYS: [&str; 2] = ["--keys", "testdata/quickstart/keyring.asc"];
const SIGSTORE: &str = "testdata/policies/sigstore.json";
const POLICY: [&str; 2] = ["--policy", "testdata/policies/shop.json"];

#[test]
fn whatever_comes_from_input_is_data_and_nothing_else() {
    let (_folder, hostile, report) = told(&export(true), &KEYS);
    let (_folder, harmless, _) = told(&export(false), &KEYS);
    let frame = |html: &str| html.replacen(rows(html), "", 1).replacen(whole_run(html), "", 1);
    assert_eq!(frame(&hostile), frame(&harmless), "the page around the data depends on it");
    for data in [rows(&hostile), whole_run(&hostile)] {
        assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{data}");
        serde_json::from_str::<Value>(data).unwrap();
    }
    assert!(rows(&hostile).contains("\\u003c/script\\u003e"), "the hostile names are in there");
    assert_eq!(report["summary"]["errors"], 2, "a lone surrogate and a number for a name are no names");
}

#[test]
fn the_policy_for_content_allows_its_own_style_and_script_alone() {
    let (_folder, html, _) = told(&export(true), &KEYS);
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let style = between(&html, "<style>", "</style>");
    let script = between(&html, "<script>", "</script>");
    let policy = between(&html, "<meta http-equiv=\"Content-Security-Policy\" content=\"", "\">");
    let expected = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style)
    );
    assert_eq!(policy, expected);
    assert!(html.find("Content-Security-Policy") < html.find("<style>"), "it holds from the start");
    // Nothing in the markup asks for anything, nor has a style or a listener of its own.
    let markup = html.replacen(script, "", 1).replacen(style, "", 1).replacen(rows(&html), "", 1);
    let markup = markup.replacen(whole_run(&html), "", 1);
    for word in [" src=", "<link", "<img", "<iframe", "<object", " style=", " on", "http:", "https:"] {
        let found = markup.find(word).filter(|_| word != " on" || markup.contains(" onclick"));
        assert_eq!(found, None, "{word}");
    }
}

/// Writes the texts of a row out, as the page does.
fn unmarked(text: &Value, row: &[Value], run: &Value) -> String {
    let mut out = String::new();
    let mut rest = text.as_str().unwrap_or_default();
    let hex = |digits: &str| -> String {
        URL_SAFE_NO_PAD.decode(digits).unwrap().iter().map(|octet| format!("{octet:02x}")).collect()
    };
    while let Some((before, after)) = rest.split_once('^') {
        out.push_str(before);
        let (mark, mut after) = after.split_at(1);
        match mark {
            "^" => out.push('^'),
            letter if run["phrases"][letter].is_string() => out.push_str(run["phrases"][letter].as_str().unwrap()),
            "n" => out.push_str(&unmarked(&row[4], row, run)),
            "i" => out.push_str(&format!("items[{}]", row[2])),
            "r" => {
                let reference = unmarked(&row[5], row, run);
                let name = reference.split('@').next().unwrap();
                let path = name.rfind('/').unwrap_or(0);
                out.push_str(
                    name.rfind(':').filter(|colon| *colon > path).map_or(name, |colon| name.split_at(colon).0),
                );
            }
            "d" | "x" => {
                let (digits, behind) = after.split_at(if mark == "d" { 43 } else { 22 });
                out.push_str(if mark == "d" { "sha256:" } else { "" });
                out.push_str(&hex(digits));
                after = behind;
            }
            "f" | "k" => {
                let (place, behind) = after.split_once(';').unwrap();
                let certificate = &run["certificates"][place.parse::<usize>().unwrap()];
                let fingerprint = certificate["fingerprint"].as_str().unwrap();
                let owner = certificate["userIds"][0].as_str().unwrap_or_default();
                out.push_str(&if mark == "f" { fingerprint.to_owned() } else { format!("{owner} ({fingerprint})") });
                after = behind;
            }
            place => {
                let signature = &row[8][place.parse::<usize>().unwrap()];
                out.push_str(&described(&signer(&signature[4], run)));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The certificate, the owner if there is one, the key and the algorithm that stand for a signer.
fn signer(written: &Value, run: &Value) -> [Value; 4] {
    if let Some(inline) = written.as_array() {
        let owner = inline.get(4).cloned().unwrap_or(Value::Null);
        return [inline[1].clone(), owner, inline[2].clone(), inline[3].clone()];
    }
    let certificates = run["certificates"].as_array().unwrap();
    let mut keys =
        certificates.iter().flat_map(|one| one["keys"].as_array().unwrap().iter().map(move |key| (one, key)));
    let place = usize::try_from(written.as_u64().unwrap()).unwrap();
    let (certificate, key) = keys.nth(place.checked_sub(1).unwrap()).unwrap();
    [&certificate["fingerprint"], &certificate["userIds"][0], &key["fingerprint"], &key["algorithm"]].map(Value::clone)
}

/// A signer in a sentence, as the page says it.
fn described([_, owner, key, algorithm]: &[Value; 4]) -> String {
    let key = key.as_str().unwrap();
    match owner.as_str() {
        Some(owner) => format!("{owner}, key {key}"),
        None => format!("the sigstore key {key}, {}", algorithm.as_str().unwrap()),
    }
}

/// One signature in both reports.
fn assert_same_signature(written: &Value, signature: &Value, row: &[Value], run: &Value) {
    let text = |value: &Value| Value::from(unmarked(value, row, run));
    let cell = |place: usize| written.get(place).filter(|cell| **cell != 0).cloned().unwrap_or(Value::Null);
    assert_eq!(text(&cell(0)), signature["name"]);
    let outcomes = ["verified", "rejected", "undecided"];
    assert_eq!(outcomes[usize::try_from(cell(2).as_u64().unwrap_or(0)).unwrap()], signature["outcome"]);
    let code = &run["codes"][usize::try_from(written[1].as_u64().unwrap()).unwrap()];
    let told = if signature["outcome"] == "verified" { &Value::from("verified") } else { &signature["code"] };
    assert_eq!(code, told);
    let signed_by = (!cell(4).is_null()).then(|| signer(&cell(4), run));
    assert_eq!(signed_by.is_some(), !signature["signer"].is_null());
    if let Some(found) = &signed_by {
        let told = &signature["signer"];
        assert_eq!(*found, [&told["fingerprint"], &told["userId"], &told["key"], &told["algorithm"]].map(Value::clone));
    }
    if cell(3).is_null() {
        assert_eq!(signature["message"], format!("signed by {}", described(&signed_by.unwrap())));
    } else {
        assert_eq!(text(&cell(3)), signature["message"]);
    }
    let time =
        signature["signer"]["signedAt"].as_str().map(|time| time.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(cell(5).as_i64(), time.map(|time| time.timestamp()));
    let claims = &signature["claims"];
    if !claims.is_null() {
        assert_eq!(text(&cell(6)), claims["dockerReference"]);
        let digest = if cell(9).is_null() { text(&row[4]) } else { text(&cell(9)) };
        assert_eq!(digest, claims["dockerManifestDigest"]);
        let same_time = cell(8) == 1;
        assert_eq!(if same_time { cell(5) } else { cell(8) }, claims["timestamp"]);
        assert_eq!(cell(7).is_null(), claims["creator"].is_null());
    }
    let notes = cell(10).as_array().cloned().unwrap_or_default().into_iter().map(|note| match note.as_u64() {
        Some(place) => run["notes"][usize::try_from(place.checked_sub(1).unwrap()).unwrap()].clone(),
        None => note,
    });
    let told = signature["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| Value::from_iter([&note["code"], &note["message"]].map(Value::clone)));
    assert_eq!(notes.collect::<Vec<_>>(), told.collect::<Vec<_>>());
}

fn assert_tells_the_same(html: &str, report: &Value) {
    let all: Vec<Vec<Value>> = serde_json::from_str(rows(html)).unwrap();
    let run: Value = serde_json::from_str(whole_run(html)).unwrap();
    assert_eq!((&run["summary"], &run["at"], &run["errors"]), (&report["summary"], &report["at"], &report["errors"]));
    let images = report["images"].as_array().unwrap();
    assert_eq!(all.len(), images.len());
    for (row, image) in all.iter().zip(images) {
        let text = |value: &Value| Value::from(unmarked(value, row, &run));
        let code = |value: &Value| run["codes"][usize::try_from(value.as_u64().unwrap()).unwrap()].clone();
        let state = row[0].as_u64().unwrap();
        let decision = ["Allow", "Allow", "Allow", "Deny", "Undecided"][usize::try_from(state).unwrap()];
        assert_eq!((decision, state == 1), (image["decision"].as_str().unwrap(), image["tolerated"] == true));
        assert_eq!((code(&row[1]), &row[2]), (image["code"].clone(), &image["item"]));
        assert_eq!(text(&row[3]), image["place"]);
        assert_eq!(text(&row[4]), image["name"]);
        assert_eq!(text(&row[5]), image["dockerImageReference"]);
        match row.get(6).and_then(Value::as_str) {
            Some(_) => assert_eq!(text(&row[6]), image["reason"]),
            // The place of the signature whose message says it, of which the first is left out.
            None => {
                let place = row.get(6).and_then(Value::as_u64).unwrap_or(0);
                let signature = &image["signatures"][usize::try_from(place).unwrap()];
                assert_eq!(signature["message"], image["reason"]);
            }
        }
        let none = Vec::new();
        let written = row.get(8).and_then(Value::as_array).unwrap_or(&none);
        let signatures = image["signatures"].as_array().unwrap();
        assert_eq!(written.len(), signatures.len());
        for (written, signature) in written.iter().zip(signatures) {
            assert_same_signature(written, signature, row, &run);
        }
        assert_eq!(row.get(9).is_some_and(Value::is_array), !image["carrier"].is_null());
        if let Some(key) = row.get(10).and_then(Value::as_str) {
            for member in ["document", "pointer", "scope", "mode"] {
                assert_eq!(run["rules"][key][member], image["rule"][member]);
            }
        } else {
            assert!(image["rule"].is_null());
        }
        if let Some(remedies) = row.get(12).and_then(|demand| demand.get(2)).and_then(Value::as_array) {
            let parts = &image["requirement"];
            assert_eq!(Value::from(remedies.iter().map(text).collect::<Vec<_>>()), parts["wouldSatisfy"]);
        }
    }
}

#[test]
fn rows_tell_what_the_json_report_tells() {
    for trust in [KEYS, POLICY] {
        let (_folder, html, report) = told(&export(true), &trust);
        assert!(report["images"].as_array().unwrap().len() > 10);
        assert_tells_the_same(&html, &report);
    }
}

#[test]
fn every_signature_of_the_test_data_is_told_of() {
    let entries = std::fs::read_dir("testdata/signatures").unwrap();
    let files: Vec<_> = entries.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned()).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).filter(|file| file.ends_with(".sig")).collect();
    assert!(files.len() > 50);
    let digest = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
    let raw = ["--digest", digest, "--reference", "registry.example.com/shop/frontend:1.0.0"];
    for (trust, code) in [(["--keys", "testdata/keys/release.asc"], "verified"), (["--policy", SIGSTORE], "verified")] {
        let (_folder, html, report) = told_of(&[&trust[..], &raw, &files].concat());
        assert!(report["images"].as_array().unwrap().iter().any(|image| image["code"] == code), "{trust:?}");
        assert_tells_the_same(&html, &report);
    }
}

#[test]
fn the_inventory_counts_what_the_json_report_tells() {
    let (_folder, html, report) = told(&export(true), &KEYS);
    let run: Value = serde_json::from_str(whole_run(&html)).unwrap();
    let mut images: BTreeMap<String, u64> = BTreeMap::new();
    let mut verified: BTreeMap<String, u64> = BTreeMap::new();
    for image in report["images"].as_array().unwrap() {
        let signatures = image["signatures"].as_array().unwrap().iter().filter(|one| one["outcome"] == "verified");
        let signers: Vec<_> = signatures.map(|one| one["signer"]["fingerprint"].as_str().unwrap().to_owned()).collect();
        signers.iter().for_each(|signer| *verified.entry(signer.clone()).or_default() += 1);
        let distinct: std::collections::BTreeSet<_> = signers.into_iter().collect();
        distinct.into_iter().for_each(|signer| *images.entry(signer).or_default() += 1);
    }
    assert_eq!(images.len(), 2, "{images:?}");
    for certificate in run["certificates"].as_array().unwrap() {
        let fingerprint = certificate["fingerprint"].as_str().unwrap();
        let tally = &certificate["tally"];
        assert_eq!(tally["images"], images.get(fingerprint).copied().unwrap_or(0), "{fingerprint}");
        assert_eq!(tally["verified"], verified.get(fingerprint).copied().unwrap_or(0), "{fingerprint}");
    }
    assert_eq!((&run["duplicates"], &run["misplaced"]), (&Value::from(1), &Value::from(1)));
}

#[test]
fn keys_are_told_of_by_how_they_stand() {
    let standing = |key: &str, at: &str| {
        let file = format!("testdata/keys/{key}");
        let arguments = ["verify", "--keys", &file, "--at", at, "--output", "html", "testdata/images/image.json"];
        let run: Value = serde_json::from_str(whole_run(&run(&arguments).stdout)).unwrap();
        let certificate = &run["certificates"][0];
        (certificate["standing"].as_str().unwrap().to_owned(), certificate["end"].clone())
    };
    let now = "2026-06-01";
    assert_eq!(standing("release.asc", now), ("good".to_owned(), Value::Null));
    assert_eq!(standing("rsa1024.asc", now).0, "unusable");
    assert_eq!(standing("sha1-self-signature.asc", now).0, "legacy");
    let (gone, end) = standing("expired.asc", now);
    assert_eq!(gone, "unusable");
    // The key as it was before its end: far from it, and near it.
    let end: chrono::DateTime<chrono::Utc> = end.as_str().unwrap().parse().unwrap();
    let before = |days| (end - chrono::TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!(standing("expired.asc", &before(89)).0, "expiring");
    assert_eq!(standing("expired.asc", &before(91)).0, "good");
}

#[test]
fn a_hundred_thousand_images_stay_under_thirty_megabytes() {
    for trust in [KEYS, POLICY] {
        let (_folder, html, _) = told(&export(false), &trust);
        let rows = rows(&html);
        let lines: Vec<_> = rows.lines().filter(|line| line.len() > 2).collect();
        assert_eq!(lines.len(), 5);
        let frame = html.len() - rows.len();
        let average = rows.len() / lines.len();
        assert!(frame + average * 100_000 < 30_000_000, "{frame} bytes and {average} a row: {rows}");
    }
}

#[test]
fn a_page_is_not_merged() {
    let ran = run(&["report", "merge", "--output", "html=x.html", "r.json"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("other formats cannot be merged"), "{}", ran.stderr);
}

/// A colour's channels, from 0 to 1.
fn channels(color: &str) -> Vec<f64> {
    let number = u32::from_str_radix(color.trim_start_matches('#'), 16).unwrap();
    let [_, channels @ ..] = number.to_be_bytes();
    channels.iter().map(|channel| f64::from(*channel) / 255.0).collect()
}

/// The contrast of two colours by WCAG 2, from 1 to 21.
fn contrast(one: &[f64], other: &[f64]) -> f64 {
    let linear = |value: f64| if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
    let luminance = |color: &[f64]| -> f64 {
        color.iter().zip([0.2126, 0.7152, 0.0722]).map(|(channel, weight)| weight * linear(*channel)).sum()
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_can_be_read_in_both_themes() {
    let style = std::fs::read_to_string("src/report/html/page/frame.css").unwrap();
    let color = |name: &str, theme: usize| -> Vec<f64> {
        let pair = between(&style, &format!("  --{name}: light-dark("), ");");
        channels(pair.split(", ").nth(theme).unwrap())
    };
    let decisions = ["allow", "tolerate", "exempt", "deny", "undecided"];
    for theme in [0, 1] {
        for ground in ["paper", "sheet", "raised"] {
            for ink in ["ink", "dim", "accent"].into_iter().chain(decisions) {
                let found = contrast(&color(ink, theme), &color(ground, theme));
                assert!(found >= 4.5, "{ink} on {ground}, theme {theme}: {found:.2}");
            }
        }
        // Decisions stand on a ground that has a ninth of their own colour.
        for ink in decisions {
            let (ink_color, sheet) = (color(ink, theme), color("sheet", theme));
            let ground: Vec<_> = ink_color.iter().zip(&sheet).map(|(ink, sheet)| ink * 0.11 + sheet * 0.89).collect();
            let found = contrast(&ink_color, &ground);
            assert!(found >= 4.5, "{ink} on its own ground, theme {theme}: {found:.2}");
        }
    }
}
