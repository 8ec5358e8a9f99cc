//! What governs where, against a plain scan over all rules.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::conflict::Conflict;
use super::super::namespaces::Place;
use super::*;

const IMAGES: &[&str] = &[
    "-",
    "**",
    "a.b/**",
    "a.b/*",
    "a.b/x",
    "a.b/x/**",
    "a.b/*/y",
    "a.b/x*/**",
    "*.b/**",
    "**.b/**",
    "a.b:*/**",
    "a.b:1/x/**",
    "**/x/**",
    "a.b/**/y",
    "a.b/x/y",
    "c.b/x",
    "**:*/**",
];

const PLACES: &[&str] =
    &["", "", "", " in m", " in m*", " in *", " in n m", " in m* n with e=f", " with e=f", " with e=g", " with h=i"];

fn policies() -> impl Strategy<Value = Vec<String>> {
    let images = prop::sample::subsequence(IMAGES, 1..=2)
        .prop_map(|images| if images.contains(&"-") { "-".to_owned() } else { images.join(" ") });
    let rule = (images, prop::sample::select(PLACES)).prop_map(|(images, place)| format!("{images}{place}"));
    prop::collection::vec(rule, 1..=5)
}

fn sound_policies() -> impl Strategy<Value = Vec<String>> {
    policies().prop_filter("without conflicts", |texts| {
        let (_, conflicts) = Scopes::build(texts.iter().map(|text| scope(text)).collect());
        conflicts.iter().all(|conflict| conflict.kind == ConflictKind::Unreachable)
    })
}

/// One way to be in a scope, as the plain scan sees it.
#[derive(Clone, Debug)]
struct Way {
    rule: usize,
    image: Option<ImagePattern>,
    place: Place,
}

fn ways(texts: &[String]) -> Vec<Way> {
    let mut ways = Vec::new();
    for (rule, text) in texts.iter().enumerate() {
        let scope = scope(text);
        let images = scope.images.map_or(vec![None], |images| images.into_vec().into_iter().map(Some).collect());
        let places = scope.namespaces.map_or(vec![Place::all()], |namespaces| namespaces.places());
        for image in images {
            ways.extend(places.iter().map(|place| Way { rule, image: image.clone(), place: place.clone() }));
        }
    }
    ways
}

impl Way {
    fn pattern(&self) -> ImagePattern {
        self.image.clone().unwrap_or_else(|| "**".parse().unwrap())
    }

    fn before(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.pattern(), other.pattern());
        match (theirs.covers(&ours), ours.covers(&theirs)) {
            (true, false) => true,
            (false, _) => false,
            (true, true) => match self.place.rank().cmp(&other.place.rank()) {
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal => other.place.covers(&self.place) && !self.place.covers(&other.place),
            },
        }
    }

    fn ambiguous(&self, other: &Self) -> bool {
        self.rule != other.rule
            && self.pattern().overlaps(&other.pattern())
            && self.place.overlaps(&other.place)
            && !self.before(other)
            && !other.before(self)
    }

    fn hides(&self, other: &Self) -> bool {
        let holds_all = match (&self.image, &other.image) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => ours.covers(theirs),
        };
        self.rule != other.rule && self.before(other) && holds_all && self.place.covers(&other.place)
    }
}

/// The ways that apply or may, and that none comes before which does or may.
fn first_ways(ways: &[Way], reference: Option<&Reference>, namespace: Option<&Namespace>) -> Vec<(Way, Within)> {
    let applies = |way: &Way| {
        let image = way.image.as_ref().is_none_or(|image| reference.is_some_and(|reference| image.matches(reference)));
        if image { way.place.matches(namespace) } else { Within::No }
    };
    let apply: Vec<_> =
        ways.iter().map(|way| (way, applies(way))).filter(|(_, within)| *within != Within::No).collect();
    let first = apply.iter().filter(|(way, _)| !apply.iter().any(|(other, _)| other.before(way)));
    first.map(|(way, within)| ((*way).clone(), *within)).collect()
}

fn questions() -> Vec<(Option<Reference>, Option<Namespace>)> {
    let references = [
        "-",
        "a.b/x",
        "a.b/y",
        "a.b/x/y",
        "a.b/xx/y",
        "a.b/z/y",
        "a.b:1/x/y",
        "a.b:2/x",
        "c.b/x",
        "d.c.b/x",
        "c.d/x/z",
        "busybox",
        "A.b/x",
        "a.b/z/z/y",
    ];
    let namespaces = ["", "m", "m -", "m e=f", "mm e=f", "mm", "n e=f h=i", "n", "o", "o h=i e=g", "o -"];
    let questions = references.iter().flat_map(|reference| {
        let reference: Option<Reference> = (*reference != "-").then(|| reference.parse().unwrap());
        namespaces.map(|text| (reference.clone(), namespace(text)))
    });
    questions.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn governs_as_a_plain_scan_says(texts in sound_policies()) {
        let scopes = Scopes::build(texts.iter().map(|text| scope(text)).collect()).0;
        let ways = ways(&texts);
        for (reference, namespace) in questions() {
            let first = first_ways(&ways, reference.as_ref(), namespace.as_ref());
            let rules: BTreeSet<_> = first.iter().map(|(way, _)| way.rule).collect();
            let known = first.iter().all(|(_, within)| *within == Within::Yes);
            let found = scopes.governing(reference.as_ref(), namespace.as_ref());
            // Where all is known, one rule at most comes first.
            prop_assert!(!known || rules.len() <= 1, "{:?}: {:?} {:?}: {:?}", texts, reference, namespace, first);
            let expected = match first.iter().find(|(_, within)| *within != Within::Yes) {
                Some((_, Within::Unknown(what))) => Governs::Unknown(what),
                Some(_) | None => match first.first() {
                    Some((way, _)) => Governs::Rule(way.rule, way.image.as_ref()),
                    None => Governs::Nothing,
                },
            };
            let scopes = texts.iter().map(|text| scope(text));
            let applies = scopes.map(|scope| scope.matches(reference.as_ref(), namespace.as_ref()));
            let nowhere = applies.into_iter().all(|within| within == Within::No);
            prop_assert_eq!(nowhere, found == Governs::Nothing);
            prop_assert_eq!(found, expected, "{:?}: {:?} {:?}", &texts, reference, namespace);
        }
    }

    #[test]
    fn the_order_of_rules_does_not_matter(texts in policies(), by: prop::sample::Index, reverse: bool) {
        let mut numbers: Vec<_> = (0..texts.len()).collect();
        numbers.rotate_left(by.index(texts.len()));
        if reverse {
            numbers.reverse();
        }
        let (scopes, conflicts) = Scopes::build(texts.iter().map(|text| scope(text)).collect());
        let (moved, moved_conflicts) = Scopes::build(numbers.iter().map(|number| scope(&texts[*number])).collect());
        let pairs = |conflicts: &[Conflict], number: &dyn Fn(usize) -> usize| -> BTreeSet<_> {
            let ambiguous = conflicts.iter().filter(|conflict| conflict.kind == ConflictKind::Ambiguous);
            ambiguous.map(|conflict| BTreeSet::from([number(conflict.rule), number(conflict.other)])).collect()
        };
        prop_assert_eq!(pairs(&conflicts, &|rule| rule), pairs(&moved_conflicts, &|rule| numbers[rule]));
        for (reference, namespace) in questions() {
            let found = scopes.governing(reference.as_ref(), namespace.as_ref());
            let again = match moved.governing(reference.as_ref(), namespace.as_ref()) {
                Governs::Rule(rule, pattern) => Governs::Rule(numbers[rule], pattern),
                nothing @ (Governs::Nothing | Governs::Unknown(_)) => nothing,
            };
            let sound = conflicts.iter().all(|conflict| conflict.kind == ConflictKind::Unreachable);
            prop_assert!(!sound || found == again, "{:?}: {:?} {:?}", found, again, texts);
        }
    }

    #[test]
    fn finds_the_conflicts_that_comparing_all_finds(texts in policies()) {
        let (scopes, conflicts) = Scopes::build(texts.iter().map(|text| scope(text)).collect());
        let ways = ways(&texts);
        let of_kind = |kind| conflicts.iter().filter(move |conflict| conflict.kind == kind);
        let ambiguous: BTreeSet<_> = of_kind(ConflictKind::Ambiguous).map(|told| (told.rule, told.other)).collect();
        let pairs = ways.iter().flat_map(|way| ways.iter().map(move |other| (way, other)));
        let all = pairs.filter(|(way, other)| way.rule < other.rule && way.ambiguous(other));
        prop_assert_eq!(ambiguous, all.map(|(way, other)| (way.rule, other.rule)).collect());
        let unreachable: BTreeSet<_> = of_kind(ConflictKind::Unreachable).map(|told| told.rule).collect();
        let hidden = |rule: &usize| {
            ways.iter().filter(|way| way.rule == *rule).all(|way| ways.iter().any(|other| other.hides(way)))
        };
        prop_assert_eq!(&unreachable, &(0..texts.len()).filter(hidden).collect());
        for (reference, namespace) in questions() {
            // Whatever the conflicts, a rule that governs is the only one that comes first.
            if let Governs::Rule(rule, _) = scopes.governing(reference.as_ref(), namespace.as_ref()) {
                let first = first_ways(&ways, reference.as_ref(), namespace.as_ref());
                prop_assert!(first.iter().all(|(way, within)| way.rule == rule && *within == Within::Yes));
                prop_assert!(!unreachable.contains(&rule), "{:?}", texts);
            }
        }
    }
}
