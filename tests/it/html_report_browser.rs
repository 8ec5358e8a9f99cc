//! The HTML report in a real browser, where one is installed and the environment asks for it: what a person does with it,
//! and what an attacker would.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use vidimus::report::{Entry, Escaped, Head, HtmlReport, Report, Summary};
use vidimus::{Image, Keyring, Verifier};

use crate::browser::Browser;
use crate::html_page::{HOSTILE, export, told};
use crate::peers::peers;
use crate::support::AT;

const KEYS: [&str; 2] = ["--keys", "testdata/quickstart/keyring.asc"];
const POLICY: [&str; 2] = ["--policy", "testdata/policies/shop.json"];
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
const RIGHT: char = '\u{e014}';

/// What the report says of how many images, and what the JSON report says.
fn totals<'r>(images: impl IntoIterator<Item = &'r str>) -> BTreeMap<String, u64> {
    let mut found: Vec<String> = images.into_iter().map(str::to_owned).collect();
    found.sort_unstable();
    let groups = found.chunk_by(|one, other| one == other);
    groups.map(|group| (group[0].clone(), u64::try_from(group.len()).unwrap())).collect()
}

/// The figures of a chart, without those that are nothing.
fn chart(browser: &Browser, selector: &str) -> BTreeMap<String, u64> {
    let script = format!(
        "[...document.querySelectorAll('{selector} [data-total]')].map((one) => [one.dataset.label, Number(one.dataset.total)])"
    );
    let pairs: Vec<(String, u64)> = serde_json::from_value(browser.value(&script)).unwrap();
    pairs.into_iter().filter(|(_, total)| *total > 0).collect()
}

/// The numbers of the images in the table.
fn items(browser: &Browser) -> Value {
    browser.value("[...document.querySelectorAll('#table tbody tr')].map((row) => Number(row.dataset.item))")
}

fn of_images(report: &Value, keep: impl Fn(&Value) -> bool) -> Vec<&Value> {
    report["images"].as_array().unwrap().iter().filter(|image| keep(image)).collect()
}

fn numbers(images: &[&Value]) -> Value {
    images.iter().map(|image| image["item"].clone()).collect()
}

#[test]
fn the_report_is_read_searched_and_explained() {
    if !peers() {
        return;
    }
    let (folder, _, report) = told(&export(true), &KEYS);
    let images = of_images(&report, |_| true);
    let browser = Browser::start();
    browser.open(&folder.path().join("r.html"));

    // The charts' figures are the JSON report's.
    let text = |image: &'static str| images.iter().map(move |one| one[image].as_str().unwrap());
    assert_eq!(chart(&browser, "#chart-reasons"), totals(text("code")));
    let decisions = text("decision").map(|one| if one == "Allow" { "Allowed" } else { "Denied" });
    assert_eq!(chart(&browser, "#decisions"), totals(decisions));
    let hosts = text("dockerImageReference").map(|one| one.split('/').next().unwrap());
    assert_eq!(chart(&browser, "#chart-registries"), totals(hosts));
    let verified = |image: &&Value| -> Vec<Value> {
        image["signatures"].as_array().unwrap().iter().filter(|one| one["outcome"] == "verified").cloned().collect()
    };
    let signatures: Vec<Value> = images.iter().flat_map(verified).collect();
    let signers = images.iter().flat_map(|image| {
        let owners: Vec<_> =
            verified(image).iter().map(|one| one["signer"]["userId"].as_str().unwrap().to_owned()).collect();
        std::collections::BTreeSet::from_iter(owners)
    });
    let signers: Vec<_> = signers.collect();
    assert_eq!(chart(&browser, "#chart-signers"), totals(signers.iter().map(String::as_str)));
    let at: chrono::DateTime<chrono::Utc> = AT.parse().unwrap();
    let ages = signatures.iter().map(|one| {
        let signed: chrono::DateTime<chrono::Utc> = one["signer"]["signedAt"].as_str().unwrap().parse().unwrap();
        match (at - signed).num_days() {
            730..1461 => "2–4 years",
            other => panic!("{other} days"),
        }
    });
    assert_eq!(chart(&browser, "#chart-ages"), totals(ages));
    assert_eq!(chart(&browser, "#chart-findings")["Unsigned images"], report["summary"]["unsigned"].as_u64().unwrap());
    assert_eq!(chart(&browser, "#chart-findings")["The same signature stored twice"], 1);
    assert_eq!(items(&browser), numbers(&images));

    // Searching, by several words, in names and reasons.
    browser.press('/');
    browser.until("document.activeElement.id", &"query".into());
    browser.write("#query", "SHOP no-signature");
    let found = of_images(&report, |image| {
        image["code"] == "no-signature" && image["dockerImageReference"].as_str().unwrap().contains("shop")
    });
    browser.until("document.getElementById('count').textContent.startsWith('1 of ')", &true.into());
    assert_eq!(items(&browser), numbers(&found));
    browser.click("#chips button:last-child");
    browser.until("document.querySelectorAll('#table tbody tr').length", &images.len().into());

    // A bar of a chart is a filter, and so are the lists; both together.
    browser.click("#chart-registries button[data-label='registry.example.com']");
    assert_eq!(
        browser.value("document.querySelector('#chart-registries [aria-pressed=true]').dataset.label"),
        "registry.example.com"
    );
    browser.click("#filter-state option[value='3']");
    let found = of_images(&report, |image| {
        image["decision"] == "Deny" && image["dockerImageReference"].as_str().unwrap().starts_with("registry.")
    });
    assert_eq!(items(&browser), numbers(&found));
    assert_eq!(found.len(), 3);

    // Sorting, twice for the other way round.
    browser.click("th.image button.sort");
    assert_eq!(browser.value("document.querySelector('th.image').getAttribute('aria-sort')"), "ascending");
    let mut sorted = found.clone();
    sorted.sort_by_key(|image| image["dockerImageReference"].as_str().unwrap());
    assert_eq!(items(&browser), numbers(&sorted));
    browser.click("th.image button.sort");
    sorted.reverse();
    assert_eq!(items(&browser), numbers(&sorted));

    assert_eq!(browser.complaints(), Vec::<Value>::new());
    let requests = browser.requests();
    assert!(
        !requests.is_empty() && requests.iter().all(|url| url.starts_with("file:///") && url.ends_with("/r.html")),
        "{requests:?}"
    );
}

#[test]
fn each_image_is_explained_as_in_the_json_report_and_no_name_is_more_than_text() {
    if !peers() {
        return;
    }
    let browser = Browser::start();
    for trust in [KEYS, POLICY] {
        let (folder, _, report) = told(&export(true), &trust);
        browser.open(&folder.path().join("r.html"));
        let images = of_images(&report, |_| true);
        let shown = |text: &Value| Escaped(text.as_str().unwrap()).to_string();
        let texts = |selector: &str| {
            browser.value(&format!(
                "[...document.querySelectorAll('#explanation {selector}')].map((one) => one.textContent)"
            ))
        };

        // By the keyboard alone: onto the first image, into its explanation, and on from image to image.
        browser.value("document.querySelector('button.open').focus()");
        browser.press(ENTER);
        for (place, image) in images.iter().enumerate() {
            if place > 0 {
                browser.press(RIGHT);
            }
            browser.until("document.getElementById('explanation').open", &true.into());
            assert_eq!(texts(".answer .reason"), json!([shown(&image["reason"])]));
            let facts: Vec<String> = serde_json::from_value(texts(".body > dl dd")).unwrap();
            for fact in [&image["place"], &image["name"], &image["dockerImageReference"]] {
                assert!(facts.contains(&shown(fact)), "{fact}: {facts:?}");
            }
            let signatures = image["signatures"].as_array().unwrap();
            let messages: Vec<_> = signatures.iter().map(|one| shown(&one["message"])).collect();
            assert_eq!(texts(".signature .message"), json!(messages));
            let records: Vec<_> = signatures.iter().map(|one| shown(&one["name"])).collect();
            assert_eq!(texts(".signature dl dd:last-child"), json!(records));
            if !image["requirement"].is_null() {
                let outcome = image["requirement"]["outcome"].as_str().unwrap();
                assert!(texts(".demand").as_array().unwrap()[0].as_str().unwrap().contains(&format!(" {outcome} ")));
                for remedy in image["requirement"]["wouldSatisfy"].as_array().unwrap() {
                    let remedy = format!("Would be accepted: {}", shown(remedy));
                    assert!(texts(".remedy").as_array().unwrap().contains(&Value::from(remedy)));
                }
            }
        }
        browser.press(ESCAPE);
        browser.until("document.getElementById('explanation').open", &false.into());
        let last = images.last().unwrap();
        assert_eq!(
            browser.value("Number(document.activeElement.closest('tr').dataset.item)"),
            last["item"],
            "the focus is where one was"
        );

        // The hostile names are there, as text.
        let table = browser.value("document.getElementById('table').textContent");
        for name in &HOSTILE[..2] {
            let path = name.trim_start_matches("evil.example/").trim_end_matches(":1");
            assert!(table.as_str().unwrap().contains(path), "{path}");
        }
        let strangers = "document.querySelectorAll('img, iframe, object, embed, link, body script:not(:last-of-type), [onerror]').length";
        assert_eq!(browser.value(strangers), 0);
        assert_eq!(browser.value("typeof window.hit"), "undefined");
        let raw = "/[\\u0000-\\u0008\\u000e-\\u001f\\u007f\\u2028\\u2029\\u202e\\u2066]/.test(document.body.innerText)";
        assert_eq!(browser.value(raw), false, "nothing hides or reorders text");
        assert_eq!(browser.complaints(), Vec::<Value>::new());
    }
}

/// A report of as many images as `count`, put together from the pieces of a few.
fn large(count: usize) -> String {
    let keyring = Keyring::from_bytes("k", &fs::read("testdata/quickstart/keyring.asc").unwrap()).unwrap();
    let verifier = Verifier::new(keyring);
    let at = AT.parse().unwrap();
    let export: Value = serde_json::from_str(&export(false)).unwrap();
    let images: Vec<String> = export["items"].as_array().unwrap().iter().map(Value::to_string).collect();
    let report = HtmlReport::new(verifier.trust().certificates(at));
    let mut summary = Summary::default();
    let mut pieces = Vec::new();
    for (item, image) in (0..).zip(&images) {
        let image: Image<'_> = serde_json::from_str(image).unwrap();
        let verdict = verifier.verify(&image, at);
        summary.count(&verdict);
        pieces.push(report.image(&Entry { item, place: "export.json: items[0]", carrier: None, verdict: &verdict }));
    }
    summary.images = u64::try_from(count).unwrap();
    let head = Head::new(at);
    let rows: Vec<&str> = pieces.iter().cycle().take(count).map(String::as_str).collect();
    format!("{}{}{}", report.begin(&head), rows.join(report.between()), report.end(&head, &summary))
}

#[test]
fn of_a_hundred_thousand_images_a_page_at_a_time_is_in_the_document() {
    if !peers() {
        return;
    }
    const ELEMENTS: u64 = 4000;
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("large.html");
    let html = large(100_000);
    assert!(html.len() < 30_000_000, "{}", html.len());
    fs::write(&page, html).unwrap();
    let browser = Browser::start();
    browser.open(&page);
    let few = |what: &str| {
        let elements = browser.value("document.querySelectorAll('*').length").as_u64().unwrap();
        assert!(elements < ELEMENTS, "{what}: {elements}");
    };
    let count = |text: &str| browser.until("document.getElementById('count').textContent", &text.into());
    count("100,000 images, 1 to 50 shown");
    few("at first");
    browser.value("void dispatchEvent(new Event('beforeprint'))");
    count("100,000 images, 1 to 2,000 shown");
    browser.value("void dispatchEvent(new Event('afterprint'))");
    count("100,000 images, 1 to 50 shown");
    browser.click("#last");
    count("100,000 images, 99,951 to 100,000 shown");
    browser.click("th.image button.sort");
    browser.write("#query", "payments");
    count("20,000 of 100,000 images, 1 to 50 shown");
    browser.click("#filter-state option[value='3']");
    few("searched, sorted and filtered");
    browser.click("#table tbody tr");
    browser.until("document.getElementById('explanation').open", &true.into());
    few("with an explanation");
}

#[test]
fn it_fits_a_telephone_and_both_themes() {
    if !peers() {
        return;
    }
    let (folder, _, _) = told(&export(true), &KEYS);
    let browser = Browser::start();
    let mut grounds = Vec::new();
    for (width, theme) in [(390, "light"), (1280, "dark")] {
        let screen = json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": false });
        browser.command("Emulation.setDeviceMetricsOverride", &screen);
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        browser.command("Emulation.setEmulatedMedia", &json!({ "features": features }));
        browser.open(&folder.path().join("r.html"));
        assert_eq!(
            browser.value("document.documentElement.scrollWidth <= innerWidth && innerWidth"),
            width,
            "nothing stands out at the side"
        );
        // The table has a header to sort by, or else there is a list to choose from.
        let shown = |selector: &str| browser.value(&format!("document.querySelector('{selector}').checkVisibility()"));
        assert_eq!((shown("thead"), shown("#order")), (json!(width > 860), json!(width <= 860)));
        let ground = "getComputedStyle(document.documentElement).backgroundColor";
        let system = browser.value(ground);
        // The first choice of the button is light, the second dark.
        browser.click("#theme");
        let light = browser.value(ground);
        browser.click("#theme");
        let dark = browser.value(ground);
        assert_ne!(light, dark);
        assert_eq!(system, if theme == "light" { light } else { dark });
        grounds.push(system);
    }
    assert_ne!(grounds[0], grounds[1]);
}
