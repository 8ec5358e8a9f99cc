use proptest::prelude::*;

use serde::de::IgnoredAny;

use super::*;

const LIST: &str = r#"{"apiVersion":"v1","items":[{"a":1},{"b":[2]},{"c":{}}],"kind":"List"}"#;

/// Everything that was visited, a line an item.
fn visit(name: &str, bytes: &[u8]) -> (Vec<String>, Summary) {
    let mut seen = Vec::new();
    let summary = read(name, bytes, &mut |item| {
        seen.push(match item.json.map(|json| (json, serde_json::from_str::<IgnoredAny>(json))) {
            Ok((json, Ok(_))) => format!("{}: {json}", item.location),
            // Whoever reads the item finds that out.
            Ok((_, Err(error))) => format!("? {}: {error}", item.location),
            Err(error) => format!("! {error}"),
        });
        ControlFlow::Continue(())
    });
    assert_eq!(summary.items, seen.len());
    assert_eq!(summary.bad, seen.iter().filter(|line| line.starts_with("! ")).count());
    (seen, summary)
}

fn items(text: &str) -> Vec<String> {
    visit("x", text.as_bytes()).0
}

#[test]
fn reads_every_form() {
    let three = ["x: items[0]: {\"a\":1}", "x: items[1]: {\"b\":[2]}", "x: items[2]: {\"c\":{}}"];
    for text in [
        LIST.to_owned(),
        LIST.replace("\"items\"", " \"\\u0069tems\" "),
        format!("\u{feff}\r\n{LIST}\r\n"),
        "{\"kind\":\"ImageList\",\"items\":[{\"a\":1},\r\n{\"b\":[2]},{\"c\":{}}]}".to_owned(),
        "kind: List\nitems:\n- a: 1\n- b: [2]\n- c: {}\n".to_owned(),
        "\u{feff}# a comment\r\n---\r\nitems:\r\n- {a: 1}\r\n- b:\r\n  - 2\r\n- c: {}\r\n...\r\n".to_owned(),
        "{items: [{a: 1}, {b: [2]}, {\"c\": {}}]}".to_owned(),
    ] {
        assert_eq!(items(&text), three, "{text}");
    }
    assert_eq!(items("[{\"a\":1},\n{}]"), ["x: [0]: {\"a\":1}", "x: [1]: {}"]);
    assert_eq!(items("- a: 1\n- {}\n"), ["x: [0]: {\"a\":1}", "x: [1]: {}"]);
    assert_eq!(items(" {\"items\": {}} "), ["x: {\"items\": {}}"]);
    assert_eq!(items("kind: Image\nitems: 1\n"), ["x: {\"kind\":\"Image\",\"items\":1}"]);
    for text in ["{\"a\":1}\n{}\n", "{\"a\":1}\r\n\r\n{}", "{\"a\":1}\n---\n{}", "{\"a\":1}\n---\n---\n{}"] {
        let seen = items(text);
        assert!(seen[0].ends_with("document 1 (line 1): {\"a\":1}"), "{seen:?}");
        assert!(seen[1].starts_with("x: document 2 (line ") && seen[1].ends_with("): {}"), "{seen:?}");
        assert_eq!(seen.len(), 2, "{seen:?}");
    }
    assert_eq!(
        items("%YAML 1.2\n---\na: 1\n...\n\n---\n# nothing\n---\nb: |\n  ---\n  x\n---\n[{c: 1}]\n"),
        [
            "x: document 1 (line 1): {\"a\":1}",
            "x: document 2 (line 8): {\"b\":\"---\\nx\\n\"}",
            "x: document 3 (line 12): [0]: {\"c\":1}"
        ]
    );
}

#[test]
fn lists_in_lists_are_read_to_a_small_depth() {
    assert_eq!(
        items(r#"[{"kind":"List","items":[{"items":[{"a":1}]},{}]},{"b":"\"items\""}]"#),
        ["x: [0].items[0].items[0]: {\"a\":1}", "x: [0].items[1]: {}", "x: [1]: {\"b\":\"\\\"items\\\"\"}"]
    );
    let nest = |depth| format!("{}{{}}{}", r#"{"items":["#.repeat(depth), "]}".repeat(depth));
    assert_eq!(items(&nest(LIST_DEPTH)), ["x: items[0].items[0].items[0].items[0]: {}"]);
    assert_eq!(
        items(&nest(LIST_DEPTH + 1)),
        ["! x: items[0].items[0].items[0].items[0]: lists are nested more than 4 deep"]
    );
    assert_eq!(items(&nest(50_000)).len(), 1);
    assert_eq!(items("items:\n- items:\n  - a: 1\n"), ["x: items[0].items[0]: {\"a\":1}"]);
}

#[test]
fn a_bad_item_does_not_lose_the_others() {
    assert_eq!(
        items(r#"{"items":[{"a":1},5,null,[{}],"s",{"b":2}]}"#),
        [
            "x: items[0]: {\"a\":1}",
            "! x: items[1]: expected an object, found a number",
            "! x: items[2]: expected an object, found null",
            "! x: items[3]: expected an object, found an array",
            "! x: items[4]: expected an object, found a string",
            "x: items[5]: {\"b\":2}"
        ]
    );
    assert_eq!(items("5"), ["! x: expected an object, found a number"]);
    assert_eq!(items("some words"), ["! x: expected an object, found a string"]);
    assert_eq!(items("{}\n7\n{}").len(), 3);
}

#[test]
fn null_and_empty_lists_are_no_error() {
    for text in [r#"{"kind":"List","items":[]}"#, "[]", "kind: List\nitems: []\n"] {
        assert_eq!(items(text), [""; 0], "{text}");
    }
    assert_eq!(items(r#"{"kind":"List","items":null}"#), [r#"x: {"kind":"List","items":null}"#]);
}

#[test]
fn empty_sources_are_an_error() {
    for text in ["", " \n", "\u{feff}", "# only\n", "---\n---\n...\n"] {
        assert_eq!(items(text), ["! x: no object found: expected JSON or YAML of `Image` objects"], "{text:?}");
    }
}

#[test]
fn a_cut_list_still_gives_its_complete_items() {
    let ends: Vec<_> = [r#"{"a":1}"#, r#"{"b":[2]}"#, r#"{"c":{}}"#]
        .iter()
        .map(|item| LIST.find(item).unwrap() + item.len())
        .collect();
    for cut in 1..LIST.len() {
        let (seen, summary) = visit("x", &LIST.as_bytes()[..cut]);
        let complete = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(seen.len(), complete + 1, "{cut}: {seen:?}");
        let last = &seen[complete];
        assert!(last.starts_with("! x: ") && last.contains(": cut off at line 1, column "), "{cut}: {last}");
        assert!(summary.lost.is_some(), "{cut}");
    }
    let (seen, _) = visit("x", b"{\n  \"items\": [\n    {},\n    {\"a\": tru}]}");
    assert_eq!(seen, ["x: items[0]: {}", "? x: items[1]: expected ident at line 1 column 10"]);
}

#[test]
fn a_bad_document_does_not_lose_the_next() {
    let seen = items("{\"a\":1}\n{\"b\":\n{\"c\n{\"d\":1}\n");
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(seen[1].starts_with("! x: document 2 (line 2): "), "{}", seen[1]);
    assert_eq!(
        seen[2],
        "! x: document 3 (line 3): control character (\\u0000-\\u001F) found while parsing a string at line 3, column 3"
    );
    assert_eq!(seen[3], "x: document 4 (line 4): {\"d\":1}");
    let seen = items(&["{\"a\":1}", "{\"b\":}", "{\"c\":1", "garbage", "{\"items\":[{},5]}", "{\"d\":1}"].join("\n"));
    let good: Vec<_> = seen.iter().filter(|line| line.starts_with("x: ")).collect();
    assert_eq!(
        good,
        [
            "x: document 1 (line 1): {\"a\":1}",
            "x: document 4 (line 5): items[0]: {}",
            "x: document 5 (line 6): {\"d\":1}"
        ],
        "{seen:?}"
    );
    let seen = items("a: 1\n---\na: [1\n---\nb: 2\n---\na: 1\na: 2\n");
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[2], "x: document 3 (line 4): {\"b\":2}");
    assert!(seen[1].starts_with("! x: document 2 (line 2): ") && seen[1].contains(" at line 3, "), "{}", seen[1]);
    assert!(seen[3].starts_with("! x: document 4 (line 6): ") && seen[3].contains(" at line 8, "), "{}", seen[3]);
}

#[test]
fn text_must_be_utf8() {
    let mut bytes = LIST.as_bytes().to_vec();
    bytes[LIST.find("{\"c\"").unwrap() + 1] = 0xff;
    let (seen, summary) = visit("x", &bytes);
    assert_eq!(seen[2], "! x: items[2]: not UTF-8 at byte 47: expected JSON or YAML text");
    assert_eq!((seen.len(), summary.lost.is_some()), (3, true));
    assert_eq!(visit("x", b"\xff").0, ["! x: not UTF-8 at byte 0: expected JSON or YAML text"]);
    assert_eq!(
        visit("x", b"{}\xff").0[1..],
        ["! x: document 2 (line 1): not UTF-8 at byte 2: expected JSON or YAML text"]
    );
    assert_eq!(visit("x", b"a: 1\n---\nb: 2\n\xff").0.len(), 2);
}

#[test]
fn objects_of_other_kinds_with_items_and_items_twice_are_errors() {
    let (seen, _) = visit("x", br#"{"items":[{}],"kind":"Image"}"#);
    assert_eq!(seen[1], "! x: the `Image` has `items`: expected a kind that ends in `List`");
    let (seen, summary) = visit("x", br#"{"items":[{}],"items":[{}]}"#);
    assert_eq!((seen.len(), summary.bad), (2, 1), "{seen:?}");
    assert_eq!(items("kind: Image\nitems: [{}]\n").len(), 2);
    for twice in [
        r#"{"items":[{}],"items":null}"#,
        r#"{"items":null,"items":[{}]}"#,
        r#"{"kind":"List","kind":"Image","items":[{}]}"#,
        r#"{"items":[{}],"kind":"List","\u006bind":"List"}"#,
    ] {
        assert!(items(twice).last().unwrap().contains("occurs twice"), "{twice}: {:?}", items(twice));
    }
    for none in [
        r#"{"kind":"List","items":{"kind":"Image"}}"#,
        "kind: ImageList\nitems: {kind: Image}\n",
        r#"{"items":1,"kind":"List"}"#,
    ] {
        assert!(items(none).last().unwrap().contains("must be an array"), "{none}: {:?}", items(none));
    }
    let other = r#"{"items":{"kind":"Image"},"kind":"Basket"}"#;
    assert_eq!(items(other), [format!("x: {other}")], "what is no list may call anything so");
}

#[test]
fn one_object_is_bounded_and_the_others_are_read() {
    let huge = format!(r#"{{"a":"{}"}}"#, "x".repeat(ITEM_LIMIT));
    for text in [format!("[{huge},{{}}]"), format!("- {huge}\n- {{}}\n")] {
        let seen = items(&text);
        assert_eq!(seen, ["! x: [0]: the object is larger than 16777216 bytes", "x: [1]: {}"]);
    }
}

#[test]
fn what_is_longer_than_is_looked_ahead_is_read_all_the_same() {
    let long = "x".repeat(3 << 20);
    let object = format!(r#"{{"a":"{long}","b":"\"items\""}}"#);
    assert_eq!(items(&object), [format!("x: {object}")]);
    let list = format!(r#"{{"a":"{long}","items":[{object},{{}}],"b":"{long}"}}"#);
    assert_eq!(items(&list), [format!("x: items[0]: {object}"), "x: items[1]: {}".to_owned()]);
    let lines = format!("{object}\n{list}\n{object}");
    assert_eq!(items(&lines).len(), 4);
}

#[test]
fn text_is_not_looked_at_again_for_each_line() {
    // With a megabyte that is looked at for each of them this would take hours.
    let lines = format!("{{\n\"a\":1}}\n{}{}", "{,\n".repeat(100_000), " ".repeat(2 << 20));
    assert!(items(&lines).len() > 50);
    assert_eq!(items(&format!("[{}]", r#"{"a":"\u0041\u0026"},"#.repeat(20_000) + "{}")).len(), 20_001);
}

#[test]
fn aliases_and_depth_of_yaml_are_bounded() {
    assert_eq!(items("a: &a {b: 1}\nc: *a\n"), ["x: {\"a\":{\"b\":1},\"c\":{\"b\":1}}"]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let bytes = format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(1000));
    for text in [bomb, bytes, format!("a: {}", "[".repeat(10_000)), "? ".repeat(10_000), "- ".repeat(10_000)] {
        let seen = items(&text);
        assert!(seen.last().unwrap().starts_with("! x: "), "{}", text.chars().take(40).collect::<String>());
    }
    let deep = format!("a: {}{}", "[".repeat(63), "]".repeat(63));
    assert_eq!(items(&deep), [format!("x: {{\"a\":{}{}}}", "[".repeat(63), "]".repeat(63))]);
}

#[test]
fn many_items_need_no_special_limits() {
    let yaml = format!("items:\n{}", "- {a: [1, 2, 3], b: {c: d}}\n".repeat(26_000));
    assert_eq!(items(&yaml).len(), 26_000);
    let documents = "a: 1\n---\n".repeat(3000);
    assert_eq!(items(&documents).len(), 3000);
}

#[test]
fn the_visitor_may_stop() {
    for text in [LIST, "[{},{}]", "{}\n{}", "- {}\n- {}\n", "{}\n---\n{}", "[{\"items\":[{},{}]},{}]"] {
        let mut count = 0;
        let summary = read("x", text.as_bytes(), &mut |_| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((count, summary.lost.as_deref()), (1, Some("x: not read to the end")), "{text}");
    }
}

#[test]
fn the_shape_is_kept() {
    let list = |before: &str, after: &str| Shape::List { before: before.into(), after: after.into() };
    for (text, shape) in [
        (" {\"x\": 1.50, \"items\" : [ {}, 5 ] , \"y\":[]}\n", list("{\"x\": 1.50, \"items\" : [", "] , \"y\":[]}")),
        ("[\n]", list("[", "]")),
        ("{}", Shape::Object),
        ("{}{}", Shape::Documents),
        ("{}[]", Shape::Documents),
        ("kind: List\nitems:\n- a: 1\nmetadata: {}\n", list("{\"kind\":\"List\",\"items\":[", "],\"metadata\":{}}")),
        ("a: 1\n", Shape::Object),
        ("a: 1\n---\n- {}\n", Shape::Documents),
    ] {
        assert_eq!(visit("x", text.as_bytes()).1.shape, shape, "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"a\\-\n 1ki*&]{0,80}") {
        visit("x", &bytes);
        visit("x", text.as_bytes());
    }

    #[test]
    fn every_cut_of_many_lines_loses_one_line_at_most(cut in 0..60_usize) {
        let lines = ["{\"a\":{\"b\":[1,2]}}", "{\"c\":\"d\"}"].repeat(5).join("\n");
        let rest = "\n{\"last\":1}\n";
        let text = format!("{}{rest}", lines.get(..cut).unwrap());
        prop_assert!(items(&text).last().unwrap().ends_with(": {\"last\":1}"), "{:?}", items(&text));
    }
}
