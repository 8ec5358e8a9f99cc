//! The rules against each other, and names that only look alike.

use proptest::prelude::*;

use super::*;

const D: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const D2: &str = "sha256:f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn expand(text: &str) -> String {
    text.replace("@D2", &format!("@{D2}")).replace("@D", &format!("@{D}"))
}

fn accepts(rule: &IdentityRule, image: &str, signed: &str) -> bool {
    let image = expand(image).parse().unwrap();
    rule.accepts(Some(&image), &expand(signed)).is_ok()
}

#[test]
fn the_worked_table() {
    for (image, signed, exact, default, repository) in [
        ("busybox:latest", "busybox:latest", true, true, true),
        ("busybox:latest", "docker.io/library/busybox:latest", true, true, true),
        ("busybox:latest", "index.docker.io/busybox:latest", true, true, true),
        ("busybox:latest", "registry-1.docker.io/library/busybox:latest", false, false, false),
        ("busybox:latest", "docker.io:443/library/busybox:latest", false, false, false),
        ("busybox:latest", "localhost/busybox:latest", false, false, false),
        ("busybox:latest", "busybox:1", false, false, true),
        ("busybox:latest", "busybox", false, false, true),
        ("busybox:latest", "busybox@D", false, false, true),
        ("busybox:latest", "busybox:latest@D", false, false, true),
        ("busybox", "busybox", false, false, true),
        ("busybox", "busybox:latest", false, false, true),
        ("busybox@D", "busybox:1", false, true, true),
        ("busybox@D", "busybox:1@D", false, true, true),
        ("busybox@D", "busybox@D2", false, true, true),
        ("busybox@D", "busybox@D", true, true, true),
        ("busybox@D", "busybox", false, false, true),
        ("busybox:latest@D", "busybox:latest", false, false, true),
        ("busybox:latest@D", "busybox:1@D", false, false, true),
        ("busybox:latest@D", "busybox:latest@D", true, true, true),
        ("example.com/a:v1", "EXAMPLE.com/a:v1", false, false, false),
        ("example.com/a:v1", "example.com:443/a:v1", false, false, false),
        ("example.com/a:v1", "example.com/a:V1", false, false, true),
        ("example.com/a@D", "example.com/ab:v1", false, false, false),
        ("example.com/a@D", "example.com/a/b:v1", false, false, false),
        ("example.com/a@D", "еxample.com/a:v1", false, false, false),
        ("example.com/a@D", "example.com./a:v1", false, false, false),
        ("example.com/a@D", "example.com/a:v1\u{0}", false, false, false),
        ("example.com/a@D", "example.com//a:v1", false, false, false),
        ("example.com/a@D", "example.com/A:v1", false, false, false),
        ("example.com/a@D", "example.com/a:", false, false, false),
        ("example.com/a@D", "", false, false, false),
    ] {
        for (rule, expected) in [
            (IdentityRule::MatchExact, exact),
            (IdentityRule::MatchRepoDigestOrExact, default),
            (IdentityRule::MatchRepository, repository),
        ] {
            assert_eq!(accepts(&rule, image, signed), expected, "{rule}: {image} {signed}");
        }
        let exact_repository = IdentityRule::exact_repository(&expand(image)).unwrap();
        assert_eq!(accepts(&exact_repository, "other.example/x", signed), repository);
        match IdentityRule::exact_reference(&expand(image)) {
            Ok(rule) => assert_eq!(accepts(&rule, "other.example/x", signed), exact),
            Err(error) => assert!(matches!(error, IdentityRuleError::NameOnly { .. })),
        }
    }
}

#[test]
fn remaps_whole_components_only() {
    for (prefix, signed_prefix, image, signed, expected) in [
        ("mirror.example", "public.com", "mirror.example/a:1", "public.com/a:1", true),
        ("mirror.example", "public.com", "mirror.example/a:1", "mirror.example/a:1", false),
        ("mirror.example", "public.com", "mirror.example:5000/a:1", "public.com/a:1", false),
        ("mirror.example", "public.com", "mirror.example.evil/a:1", "public.com.evil/a:1", false),
        ("mirror.example", "public.com", "other.example/a:1", "other.example/a:1", true),
        ("mirror.example/ns", "public.com/x", "mirror.example/nsx/a:1", "public.com/xx/a:1", false),
        ("mirror.example/ns", "public.com/x", "mirror.example/ns:1", "public.com/x:1", true),
        ("mirror.example", "public.com", "mirror.example/a@D", "public.com/a:any", true),
        ("mirror.example", "public.com", "mirror.example/a@D", "public.com/a", false),
        ("mirror.example", "docker.io", "mirror.example/busybox:1", "busybox:1", false),
        ("mirror.example", "docker.io/library", "mirror.example/busybox:1", "busybox:1", true),
        ("docker.io", "quay.io", "busybox:1", "quay.io/library/busybox:1", true),
        ("mirror.example/a", "public.com", "mirror.example/a:1", "public.com:1", false),
    ] {
        let rule = IdentityRule::RemapIdentity(RemapIdentity::new(prefix, signed_prefix).unwrap());
        assert_eq!(accepts(&rule, image, signed), expected, "{rule} {image} {signed}");
    }
}

#[test]
fn without_an_image_only_fixed_identities_match() {
    let rules = ["matchExact", "matchRepoDigestOrExact", "matchRepository", "remapIdentity=a.b=c.d"];
    for rule in rules.map(|rule| rule.parse::<IdentityRule>().unwrap()) {
        assert_eq!(*rule.accepts(None, "a.b/c:1").unwrap_err().reason(), MismatchReason::NoImage);
    }
    for rule in ["exactReference=a.b/c:1", "exactRepository=a.b/c"].map(|rule| rule.parse::<IdentityRule>().unwrap()) {
        assert!(rule.accepts(None, "a.b/c:1").is_ok());
        assert!(rule.accepts(None, "a.b/d:1").is_err());
    }
}

#[test]
fn says_what_would_be_accepted() {
    let image = expand("quay.io/ns/app@D").parse().unwrap();
    let rule = IdentityRule::default();
    let mismatch = rule.accepts(Some(&image), "quay.io/ns/other:v1").unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "signed for `quay.io/ns/other:v1`: only the repository `quay.io/ns/app` with any tag or digest would be \
         accepted (rule `matchRepoDigestOrExact`)"
    );
    assert_eq!(mismatch.image(), Some(expand("quay.io/ns/app@D").as_str()));
    let mismatch = rule.accepts(Some(&image), "NO REF\u{1b}[31m").unwrap_err();
    assert!(mismatch.to_string().starts_with(r"signed for `NO REF\u{1b}[31m`: that is no valid reference: "));
    assert_eq!((mismatch.rule(), mismatch.signed()), (&rule, "NO REF\u{1b}[31m"));
    let mismatch = IdentityRule::MatchExact.accepts(Some(&image), "quay.io/ns/other:v1").unwrap_err();
    assert_eq!(mismatch.rule(), &IdentityRule::MatchExact);
}

#[test]
fn refuses_rules_that_mean_nothing() {
    for text in [
        "",
        "matchexact",
        "matchExact=",
        "exactReference",
        "exactReference=",
        "exactReference=a.b/c",
        "exactRepository=A",
        "remapIdentity=a.b",
        "remapIdentity=a.b=",
        "remapIdentity=a.b/=c.d",
        "remapIdentity=*.b=c.d",
        "remapIdentity=a.b/c:1=c.d",
        "remapIdentity=a.b=c.d=e.f",
        "remapIdentity=a.b/C=c.d",
        "signedBy",
    ] {
        assert!(text.parse::<IdentityRule>().is_err(), "{text}");
    }
    for text in ["remapIdentity=short=ns/short", "remapIdentity=A.b:5000=c.d/e/f"] {
        assert!(text.parse::<IdentityRule>().is_ok(), "{text}");
    }
}

proptest! {
    #[test]
    fn rules_survive_the_command_line(
        text in "match(Exact|RepoDigestOrExact|Repository)|exactReference=[a-z]{1,5}:[a-z]{1,4}|exactRepository=[a-z]{1,5}|remapIdentity=[a-z]{1,3}\\.b=[a-z]{1,3}/c",
    ) {
        let rule: IdentityRule = text.parse().unwrap();
        prop_assert_eq!(rule.to_string().parse(), Ok(rule));
    }

    #[test]
    fn never_panics(rule in ".*", image in "[a-z.:/@]{0,20}", signed in ".*") {
        let _ = rule.parse::<IdentityRule>();
        let image = Reference::parse_normalized(&image).ok();
        let _ = IdentityRule::default().accepts(image.as_ref(), &signed);
        let _ = RemapIdentity::new("a.b", "c.d").map(|remap| IdentityRule::RemapIdentity(remap).accepts(image.as_ref(), &signed));
    }

    #[test]
    fn exact_implies_the_looser_rules(image in "[ab](:[xy])?", signed in "[ab](:[xy])?") {
        let exact = accepts(&IdentityRule::MatchExact, &image, &signed);
        let default = accepts(&IdentityRule::MatchRepoDigestOrExact, &image, &signed);
        let repository = accepts(&IdentityRule::MatchRepository, &image, &signed);
        prop_assert!((!exact || default) && (!default || repository));
    }
}
