//! What governs where, by examples.

use std::collections::BTreeMap;

use super::*;
use crate::image::Reference;
use crate::policy::{Namespace, NonEmpty};

/// A scope from `IMAGES in NAMES with KEY=VALUE`; the images may be `-` for all, the rest may be missing.
fn scope(text: &str) -> Scope {
    let (text, selector) = text.split_once(" with ").map_or((text, None), |(text, label)| (text, Some(label)));
    let (images, names) = text.split_once(" in ").map_or((text, None), |(images, names)| (images, Some(names)));
    let images = images.split(' ').filter(|image| *image != "-").map(|image| image.parse().unwrap()).collect();
    let names = names.and_then(|names| NonEmpty::new(names.split(' ').map(|name| name.parse().unwrap()).collect()));
    let selector = selector.map(|label| LabelSelector::new(labels(label), Vec::new()).unwrap());
    let limited = names.is_some() || selector.is_some();
    Scope { images: NonEmpty::new(images), namespaces: limited.then_some(NamespaceScope { names, selector }) }
}

fn labels(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn build(texts: &[&str]) -> Scopes {
    let (scopes, conflicts) = Scopes::build(texts.iter().map(|text| scope(text)).collect());
    assert_eq!(conflicts, [], "{texts:?}");
    scopes
}

fn conflicts(texts: &[&str]) -> Vec<(ConflictKind, usize, String, usize, String)> {
    let (_, conflicts) = Scopes::build(texts.iter().map(|text| scope(text)).collect());
    let shown = |pattern: Option<ImagePattern>| pattern.map_or("-".to_owned(), |pattern| pattern.to_string());
    let told = conflicts.into_iter();
    told.map(|told| (told.kind, told.rule, shown(told.pattern), told.other, shown(told.other_pattern))).collect()
}

/// `NAME`, or `NAME KEY=VALUE …` where labels are known, or `NAME -` where there are none; nothing for no namespace.
fn namespace(text: &str) -> Option<Namespace> {
    let (name, labels_known) = text.split_once(' ').map_or((text, None), |(name, text)| (name, Some(labels(text))));
    (!name.is_empty()).then(|| Namespace { name: name.to_owned(), labels: labels_known })
}

fn governing<'s>(scopes: &'s Scopes, reference: &str, place: &str) -> Governs<'s> {
    let reference: Option<Reference> = (reference != "-").then(|| reference.parse().unwrap());
    scopes.governing(reference.as_ref(), namespace(place).as_ref())
}

#[track_caller]
fn assert_rule(scopes: &Scopes, reference: &str, place: &str, expected: (usize, &str)) {
    let Governs::Rule(rule, pattern) = governing(scopes, reference, place) else {
        panic!("{reference} {place}: {:?}", governing(scopes, reference, place));
    };
    assert_eq!((rule, pattern.map_or("-", ImagePattern::as_str)), expected, "{reference} {place}");
}

#[test]
fn the_image_decides_first() {
    let scopes = build(&[
        "**",
        "quay.io/**",
        "quay.io/prod/** quay.io/stage/**",
        "quay.io/prod/app",
        "*.io/** in team-a",
        "quay.io/prod/*/api",
    ]);
    assert_rule(&scopes, "localhost/a", "", (0, "**"));
    assert_rule(&scopes, "busybox", "team-a", (4, "*.io/**"));
    assert_rule(&scopes, "quay.io/a", "", (1, "quay.io/**"));
    assert_rule(&scopes, "quay.io/a", "team-a", (1, "quay.io/**"));
    assert_rule(&scopes, "ghcr.io/a", "team-a", (4, "*.io/**"));
    assert_rule(&scopes, "ghcr.io/a", "team-b", (0, "**"));
    assert_rule(&scopes, "quay.io/stage", "", (2, "quay.io/stage/**"));
    assert_rule(&scopes, "quay.io/prod/app:v1", "", (3, "quay.io/prod/app"));
    assert_rule(&scopes, "quay.io/prod/x/api", "", (5, "quay.io/prod/*/api"));
    assert_rule(&scopes, "quay.io/prod/x/y/api", "", (2, "quay.io/prod/**"));
    assert_eq!(governing(&scopes, "ghcr.io/a", ""), Governs::Unknown("the namespace"));
    assert_eq!(governing(&scopes, "-", ""), Governs::Nothing);
}

#[test]
fn the_namespace_decides_between_the_same_images() {
    let scopes = build(&[
        "quay.io/** in team-a",
        "quay.io/** in team-*",
        "quay.io/** in team-a-*",
        "quay.io/** with env=prod",
        "quay.io/*/**",
        "- in kube-system",
        "quay.io/** in team-a with env=prod",
    ]);
    assert_rule(&scopes, "quay.io/a", "team-a -", (0, "quay.io/**"));
    assert_rule(&scopes, "quay.io/a", "team-a env=prod", (6, "quay.io/**"));
    assert_rule(&scopes, "quay.io/a", "team-b env=prod", (1, "quay.io/**"));
    assert_rule(&scopes, "quay.io/a", "team-a-x", (2, "quay.io/**"));
    assert_rule(&scopes, "quay.io/a", "other env=prod", (3, "quay.io/**"));
    assert_rule(&scopes, "quay.io/a", "other env=test", (4, "quay.io/*/**"));
    assert_rule(&scopes, "busybox", "kube-system", (5, "-"));
    assert_rule(&scopes, "-", "kube-system", (5, "-"));
    assert_eq!(governing(&scopes, "busybox", "other"), Governs::Nothing);
    // What comes first cannot be judged: nothing else takes its place.
    assert_eq!(governing(&scopes, "quay.io/a", "team-a"), Governs::Unknown("the labels of the namespace"));
    assert_eq!(governing(&scopes, "quay.io/a", "other"), Governs::Unknown("the labels of the namespace"));
    assert_eq!(governing(&scopes, "quay.io/a", ""), Governs::Unknown("the namespace"));
    assert_eq!(governing(&scopes, "-", ""), Governs::Unknown("the namespace"));
    // A name is enough where it comes before the selector.
    assert_rule(&scopes, "quay.io/a", "team-b", (1, "quay.io/**"));
}

#[test]
fn only_a_rule_of_every_image_governs_without_a_reference() {
    let scopes = build(&["** in team-a", "-"]);
    assert_rule(&scopes, "-", "team-a", (1, "-"));
    assert_rule(&scopes, "busybox", "team-a", (0, "**"));
    assert_rule(&scopes, "busybox", "team-b", (1, "-"));
}

#[test]
fn another_way_to_write_a_registry_does_not_lead_around_its_rule() {
    let scopes = build(&["**", "quay.io:*/prod/**", "docker.io/library/**"]);
    for reference in ["QUAY.io/prod/x", "quay.io:443/prod", "quay.io:0443/prod/a/b"] {
        assert_rule(&scopes, reference, "", (1, "quay.io:*/prod/**"));
    }
    for reference in ["busybox", "docker.io/busybox", "index.docker.io/busybox", "library/busybox"] {
        assert_rule(&scopes, reference, "", (2, "docker.io/library/**"));
    }
    for reference in ["evil.com/quay.io/prod/x", "quay.io.evil.com/prod/x", "a_b.example/quay.io/prod/x"] {
        assert_rule(&scopes, reference, "", (0, "**"));
    }
}

#[test]
fn conflicts_are_told_with_both_rules_and_patterns() {
    use ConflictKind::{Ambiguous, Unreachable};
    for (texts, expected) in [
        (&["quay.io/*/app", "quay.io/prod/*"][..], vec![(Ambiguous, 0, "quay.io/*/app", 1, "quay.io/prod/*")]),
        (&["quay.io/a", "quay.io/**", "quay.io/a"], vec![(Ambiguous, 0, "quay.io/a", 2, "quay.io/a")]),
        (&["quay.io/**", "quay.io/*/**"], vec![(Ambiguous, 0, "quay.io/**", 1, "quay.io/*/**")]),
        (&["-", "**"], vec![(Ambiguous, 0, "-", 1, "**")]),
        (&["**", "**:*/**"], vec![(Ambiguous, 0, "**", 1, "**:*/**")]),
        (&["** in a-*", "** in *-b"], vec![(Ambiguous, 0, "**", 1, "**")]),
        (&["** with a=b", "** with c=d"], vec![(Ambiguous, 0, "**", 1, "**")]),
        (&["** with a=b", "** with a=c"], vec![]),
        (&["** in a", "** in b"], vec![]),
        (&["a.b/*/x in a", "a.b/x/* in b"], vec![]),
        (&["a.b/*/x in a*", "a.b/x/* with e=f"], vec![(Ambiguous, 0, "a.b/*/x", 1, "a.b/x/*")]),
        (&["a.b:1/*/x", "a.b:2/x/*"], vec![]),
        (&["a.b/*/x", "a.b:2/x/*"], vec![]),
        (&["a.b:*/*/x", "a.b:2/x/*"], vec![(Ambiguous, 0, "a.b:*/*/x", 1, "a.b:2/x/*")]),
        (&["a.b:2/*/x", "a.b:*/x/*"], vec![(Ambiguous, 0, "a.b:2/*/x", 1, "a.b:*/x/*")]),
        // A third rule for what two share does not help; two patterns of one rule need not go together.
        (&["a.b/*/x", "a.b/x/*", "a.b/x/x"], vec![(Ambiguous, 0, "a.b/*/x", 1, "a.b/x/*")]),
        (&["a.b/*/x a.b/x/*", "a.b/**"], vec![]),
        (&["** in *", "**"], vec![(Unreachable, 1, "**", 0, "**")]),
        (&["** with a=b", "** in *"], vec![(Unreachable, 0, "**", 1, "**")]),
        (&["**", "** in * with a=b"], vec![]),
        (&["** in a*", "**"], vec![]),
        (&["a.b/** c.d/**", "a.b/** in *", "c.d/*/** in *"], vec![(Unreachable, 0, "a.b/**", 1, "a.b/**")]),
        (&["a.b/** c.d/**", "a.b/** in *"], vec![]),
        // Of images without a reference only the first is.
        (&["-", "** in *"], vec![]),
        (&["-", "- in *"], vec![(Unreachable, 0, "-", 1, "-")]),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(kind, rule, pattern, other, other_pattern)| {
                (kind, rule, pattern.to_owned(), other, other_pattern.to_owned())
            })
            .collect();
        assert_eq!(conflicts(texts), expected, "{texts:?}");
    }
}

#[test]
fn of_patterns_beside_each_other_the_first_that_is_written_is_shown() {
    for (text, expected) in [
        ("a.b/*/x a.b/x/*", "a.b/*/x"),
        ("a.b/x/* a.b/*/x", "a.b/x/*"),
        ("** a.b/x/* a.b/*/x", "a.b/x/*"),
        ("** a.b/*/x a.b/x/*", "a.b/*/x"),
        // The third is inside the first, and beside the second.
        ("a.b/*/x a.b/x/* a.b/x*/x", "a.b/x/*"),
        ("a.b/x/* a.b/*/x a.b/x*/x", "a.b/x/*"),
    ] {
        assert_rule(&build(&[text]), "a.b/x/x", "", (0, expected));
    }
}

#[test]
fn with_a_conflict_nothing_is_chosen_by_chance() {
    let (scopes, conflicts) = Scopes::build(["a.b/*/x", "a.b/x/*", "a.b/x/x"].map(scope).to_vec());
    assert_eq!(conflicts.len(), 1);
    assert_rule(&scopes, "a.b/y/x", "", (0, "a.b/*/x"));
    assert_rule(&scopes, "a.b/x/x", "", (2, "a.b/x/x"));
    let (scopes, _) = Scopes::build(["a.b/*/x", "a.b/x/*"].map(scope).to_vec());
    assert_eq!(governing(&scopes, "a.b/x/x", ""), Governs::Unknown("an order between two rules"));
}

#[test]
fn conflicts_are_bounded() {
    let scopes = vec![scope("quay.io/**"); 200];
    assert_eq!(Scopes::build(scopes).1.len(), conflict::CONFLICTS_LIMIT);
}

#[test]
fn ten_thousand_rules_are_not_compared_with_each_other() {
    let mut texts = vec!["**".to_owned(), "quay.io/**".to_owned(), "- in team-*".to_owned(), "- in kube-*".to_owned()];
    for number in 0..3300 {
        texts.push(format!("quay.io/team-{number}/**"));
        texts.push(format!("registry-{number}.example.com/app"));
        texts.push(format!("- in ns-{number}"));
    }
    // Names that end in what no team's ends in.
    texts.extend((0..100).map(|number| format!("quay.io/*-{number}x/*")));
    let scopes = build(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let position = |text: &str| texts.iter().position(|other| other == text).unwrap();
    let team = (position("quay.io/team-1234/**"), "quay.io/team-1234/**");
    assert_rule(&scopes, "quay.io/team-1234/app", "", team);
    let host = (position("registry-77.example.com/app"), "registry-77.example.com/app");
    assert_rule(&scopes, "registry-77.example.com/app", "", host);
    assert_rule(&scopes, "busybox", "ns-2499", (position("- in ns-2499"), "-"));
    assert_rule(&scopes, "quay.io/a-7x/app", "", (position("quay.io/*-7x/*"), "quay.io/*-7x/*"));
    assert_rule(&scopes, "busybox", "team-1", (2, "-"));
    assert_rule(&scopes, "busybox", "other", (0, "**"));
    let overlapping = |text: &str| scopes.trie.overlapping(&text.parse().unwrap()).len();
    assert_eq!((overlapping("quay.io/team-1234/**"), overlapping("registry-7.example.com/app")), (3, 2));
}

mod plain_scan;
