//! Changes from one report to another.

use super::*;

fn image(name: &str, decision: Effect) -> WrittenFacts {
    let code = if decision == Effect::Allow { Code::Verified } else { Code::UnknownKey };
    WrittenFacts {
        name: name.to_owned(),
        docker_image_reference: String::new(),
        carrier: None,
        place: String::new(),
        decision,
        code,
        reason: String::new(),
        tolerated: false,
        mode: None,
        unsigned: false,
        signers: Vec::new(),
    }
}

fn compared(before: &[WrittenFacts], after: &WrittenFacts) -> Vec<Change> {
    let mut old = Old::of(1);
    before.iter().for_each(|image| old.hold(image).unwrap());
    old.compared().compare(after).unwrap().map_or(Vec::new(), |difference| difference.changes)
}

#[test]
fn every_way_in_which_an_image_changes() {
    use Effect::{Allow, Deny, Undecided};
    let [allowed, denied, undecided] = [Allow, Deny, Undecided].map(|decision| image("a", decision));
    let tolerated = WrittenFacts { tolerated: true, code: Code::UnknownKey, ..allowed.clone() };
    let unsigned = WrittenFacts { unsigned: true, code: Code::NoSignature, ..denied.clone() };
    let other_reason = WrittenFacts { code: Code::BadSignature, ..denied.clone() };
    for (before, after, expected) in [
        (Some(&allowed), &allowed, &[][..]),
        (Some(&denied), &denied, &[]),
        (Some(&denied), &other_reason, &[Change::Reason]),
        (Some(&allowed), &denied, &[Change::NewlyDenied]),
        (Some(&undecided), &denied, &[Change::NewlyDenied]),
        (Some(&tolerated), &denied, &[Change::NewlyDenied]),
        (Some(&denied), &undecided, &[Change::NewlyUndecided]),
        (Some(&denied), &allowed, &[Change::NewlyAllowed]),
        (Some(&undecided), &tolerated, &[Change::NewlyAllowed]),
        (Some(&allowed), &tolerated, &[Change::NewlyTolerated]),
        (Some(&tolerated), &allowed, &[Change::Reason]),
        (Some(&denied), &unsigned, &[Change::NewlyUnsigned, Change::Reason]),
        (Some(&allowed), &unsigned, &[Change::NewlyDenied, Change::NewlyUnsigned]),
        (None, &allowed, &[Change::New]),
        (None, &unsigned, &[Change::New, Change::NewlyDenied, Change::NewlyUnsigned]),
        (None, &tolerated, &[Change::New, Change::NewlyTolerated]),
    ] {
        assert_eq!(compared(before.map(std::slice::from_ref).unwrap_or_default(), after), expected, "{after:?}");
    }
}

#[test]
fn of_an_image_that_is_told_of_twice_the_best_counts() {
    let all = [image("a", Effect::Deny), image("a", Effect::Allow), image("a", Effect::Undecided)];
    assert_eq!(compared(&all, &image("a", Effect::Deny)), [Change::NewlyDenied]);
    assert_eq!(compared(&all, &image("a", Effect::Allow)), []);
    assert_eq!(compared(&all, &image("b", Effect::Allow)), [Change::New]);
}

#[test]
fn what_is_gone_is_told_once() {
    let mut old = Old::of(3);
    for name in ["a", "b", "b"] {
        old.hold(&image(name, Effect::Allow)).unwrap();
    }
    let mut comparison = old.compared();
    assert_eq!(comparison.compare(&image("a", Effect::Allow)), Ok(None));
    assert_eq!(comparison.gone(&image("a", Effect::Allow)), None);
    assert_eq!(comparison.gone(&image("b", Effect::Allow)).unwrap().changes, [Change::Gone]);
    assert_eq!(comparison.gone(&image("b", Effect::Allow)), None);
    assert_eq!((comparison.images(), comparison.worse(), comparison.count(Change::Gone)), (1, 0, 1));
}

#[test]
fn an_image_takes_little_memory() {
    assert!(size_of::<Held>() <= 24, "{}", size_of::<Held>());
}

#[test]
fn signers_are_bounded() {
    let mut signed = image("a", Effect::Allow);
    let signer = |number: usize| WrittenSigner { fingerprint: format!("{number:040X}"), user_id: None };
    signed.signers = (0..SIGNERS_COMPARED).map(signer).collect();
    let mut old = Old::of(1);
    old.hold(&signed).unwrap();
    let mut comparison = old.compared();
    comparison.compare(&signed).unwrap();
    assert_eq!(comparison.new_signers().count(), 0);
    let one = WrittenFacts { signers: vec![signer(SIGNERS_COMPARED)], ..signed.clone() };
    comparison.compare(&one).unwrap();
    assert_eq!(comparison.new_signers().count(), 1);
    let mut old = Old::of(1);
    old.hold(&signed).unwrap();
    assert_eq!(old.hold(&one), Err(ComparisonError::Signers));
}
