//! The laws of evaluation: what may and what may not change a decision.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers")]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::subsequence;
use vidimus::policy::NonEmpty;
use vidimus::signature::{Fingerprint, Rules, Signers, Terms};
use vidimus::{Demand, Digest, Effect, Image, KeyringBuilder, Requirement, Verdict, Verifier};

use crate::fuzz_targets::laws::Scene;
use crate::support::{AT, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const REFERENCE: &str = "registry.example.com/shop/frontend:1.0.0";

/// The keys that are trusted, each with a signature that it made; and signatures that count for nobody.
const SIGNED: [(&str, &str); 3] =
    [("ed25519.asc", "good.ed25519.sig"), ("rsa2048.asc", "good.rsa2048.sig"), ("subkey.asc", "good.subkey.sig")];
const WORTHLESS: [&str; 3] = ["good.p256.sig", "claims.other-repository.sig", "armored.asc"];

fn keys() -> &'static [Vec<u8>; 3] {
    static KEYS: OnceLock<[Vec<u8>; 3]> = OnceLock::new();
    KEYS.get_or_init(|| SIGNED.map(|(key, _)| fs::read(format!("testdata/keys/{key}")).unwrap()))
}

fn certificates() -> &'static [Fingerprint; 3] {
    static CERTIFICATES: OnceLock<[Fingerprint; 3]> = OnceLock::new();
    CERTIFICATES.get_or_init(|| {
        let certificate = |bytes: &Vec<u8>| KeyringBuilder::default().add("keys", bytes).unwrap().pop_first().unwrap();
        keys().each_ref().map(certificate)
    })
}

/// An image with these files of the test data for signatures. Named as a digest it has one; otherwise nothing that asks
/// for a digest can be answered.
fn image(signatures: &[&str], digest: &str) -> Image<'static> {
    let one = |file: &&str| {
        let content = fs::read(format!("testdata/signatures/{file}")).unwrap();
        raw_signature(&content, digest, REFERENCE).signatures.remove(0)
    };
    let mut image = raw_signature(b"", digest, REFERENCE);
    image.signatures = signatures.iter().map(one).collect();
    image
}

fn scene(requirement: &Requirement, signatures: &[&str]) -> Scene<'static> {
    let keys = keys().iter().map(Vec::as_slice).collect();
    Scene { keys, requirement: requirement.clone(), image: image(signatures, DIGEST), at: AT.parse().unwrap() }
}

fn judge(requirement: &Requirement, signatures: &[&str], digest: &str) -> Verdict {
    Scene { image: image(signatures, digest), ..scene(requirement, signatures) }.verdict()
}

fn effect(requirement: &Requirement, signatures: &[&str]) -> Effect {
    scene(requirement, signatures).effect()
}

fn demand(demand: Demand) -> Requirement {
    Requirement::new("$", demand)
}

fn all(parts: Vec<Requirement>) -> Requirement {
    demand(Demand::All(NonEmpty::new(parts).unwrap()))
}

fn signed_by(signers: BTreeSet<Fingerprint>) -> Requirement {
    demand(Demand::SignedBy(Terms { signers: Signers::these(signers), ..Terms::default() }))
}

fn some_signers() -> impl Strategy<Value = Requirement> {
    subsequence(certificates().to_vec(), 1..=3).prop_map(|signers| signed_by(signers.into_iter().collect()))
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let this = || BTreeSet::from([DIGEST.parse::<Digest>().unwrap()]);
    let other = || BTreeSet::from([Digest::sha256(b"another")]);
    let leaf = prop_oneof![
        1 => Just(demand(Demand::AcceptAnything)),
        1 => Just(demand(Demand::Reject)),
        1 => Just(demand(Demand::DigestIn(this()))),
        1 => Just(demand(Demand::DigestIn(other()))),
        1 => Just(demand(Demand::DigestNotIn(this()))),
        1 => Just(demand(Demand::DigestNotIn(other()))),
        4 => some_signers(),
        3 => (1..=3usize, prop::collection::vec(some_signers(), 1..=3)).prop_map(|(count, of)| {
            demand(Demand::AtLeast { count: NonZeroUsize::new(count).unwrap(), of: NonEmpty::new(of).unwrap() })
        }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner, 1..=3);
        prop_oneof![
            parts.clone().prop_map(all),
            parts.prop_map(|parts| demand(Demand::Any(NonEmpty::new(parts).unwrap()))),
        ]
    })
}

fn signatures() -> impl Strategy<Value = Vec<&'static str>> {
    let files: Vec<_> = SIGNED.iter().map(|(_, file)| *file).chain(WORTHLESS).collect();
    prop::collection::vec(prop::sample::select(files), 0..=5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_signature_more_never_denies(
        requirement in requirement(),
        signatures in signatures(),
        more in prop::sample::select(SIGNED.iter().map(|(_, file)| *file).chain(WORTHLESS).collect::<Vec<_>>()),
        at in any::<prop::sample::Index>(),
    ) {
        let more = image(&[more], DIGEST).signatures.remove(0);
        scene(&requirement, &signatures).a_signature_more_never_denies(at.index(signatures.len() + 1), more);
    }

    #[test]
    fn a_demand_more_never_allows(
        requirement in requirement(),
        more in requirement(),
        signatures in signatures(),
    ) {
        scene(&requirement, &signatures).a_demand_more_never_allows(more);
    }

    #[test]
    fn order_never_matters(requirement in requirement(), signatures in signatures()) {
        scene(&requirement, &signatures).order_never_matters();
    }

    #[test]
    fn a_key_less_never_allows(requirement in requirement(), signatures in signatures(), key in 0..SIGNED.len()) {
        scene(&requirement, &signatures).a_key_less_never_allows(key);
    }

    #[test]
    fn the_parts_decide(requirement in requirement(), signatures in signatures()) {
        scene(&requirement, &signatures).the_parts_decide();
    }

    #[test]
    fn what_would_satisfy_is_told_of_what_is_denied_for_want_of_signatures(
        signers in some_signers(),
        count in 1..=2usize,
        signatures in signatures(),
    ) {
        let of = NonEmpty::from(signers);
        let requirement = demand(Demand::AtLeast { count: NonZeroUsize::new(count).unwrap(), of });
        let verdict = judge(&requirement, &signatures, DIGEST);
        let explanation = verdict.explanation().unwrap();
        prop_assert_eq!(explanation.remedies().is_empty(), verdict.is_allowed());
    }
}

/// Unmet, unknown and met, on an image without a digest.
fn leaf(truth: usize) -> Requirement {
    demand(match truth {
        0 => Demand::Reject,
        1 => Demand::DigestIn(BTreeSet::from([Digest::sha256(b"")])),
        _ => Demand::AcceptAnything,
    })
}

#[test]
fn quantifiers_follow_their_truth_tables() {
    let effects = [Effect::Deny, Effect::Undecided, Effect::Allow];
    let rows: Vec<Vec<usize>> = (1..=3u32)
        .flat_map(|length| {
            (0..3usize.pow(length)).map(move |row| (0..length).map(|at| row / 3usize.pow(at) % 3).collect())
        })
        .collect();
    assert_eq!(rows.len(), 3 + 9 + 27);
    for row in rows {
        let parts = || NonEmpty::new(row.iter().map(|truth| leaf(*truth)).collect()).unwrap();
        let of = |requirement: Demand| judge(&demand(requirement), &[], "not a digest").decision().effect();
        assert_eq!(of(Demand::All(parts())), effects[*row.iter().min().unwrap()], "all of {row:?}");
        assert_eq!(of(Demand::Any(parts())), effects[*row.iter().max().unwrap()], "any of {row:?}");
    }
}

#[test]
fn a_digest_that_is_not_known_is_in_no_list_and_out_of_none() {
    let listed = BTreeSet::from([Digest::sha256(b"")]);
    for requirement in [Demand::DigestIn(listed.clone()), Demand::DigestNotIn(listed)] {
        let verdict = judge(&demand(requirement), &[], "not a digest");
        assert_eq!(verdict.decision().effect(), Effect::Undecided);
    }
}

#[test]
fn numbers_of_signers_follow_their_truth_table() {
    let everybody = || signed_by(certificates().iter().cloned().collect());
    for signers in 0..=3 {
        let signatures: Vec<_> = SIGNED[..signers].iter().flat_map(|(_, file)| [*file, *file]).collect();
        for count in 1..=4 {
            let count = NonZeroUsize::new(count).unwrap();
            let requirement = demand(Demand::AtLeast { count, of: everybody().into() });
            let expected = if signers >= count.get() { Effect::Allow } else { Effect::Deny };
            assert_eq!(effect(&requirement, &signatures), expected, "{signers} signers, {count} demanded");
        }
    }
}

#[test]
fn the_order_in_a_document_never_matters() {
    let signed = |key: &str| format!(r#"{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{key}"}}"#);
    let scopes = [
        format!(r#""registry.example.com":[{}]"#, signed("ed25519.asc")),
        format!(r#""registry.example.com/shop":[{},{}]"#, signed("ed25519.asc"), signed("rsa2048.asc")),
        r#""registry.example.com/shop/backend":[{"type":"reject"}]"#.to_owned(),
    ];
    let document = |scopes: &[String]| {
        format!(r#"{{"default":[{{"type":"reject"}}],"transports":{{"docker":{{{}}}}}}}"#, scopes.join(","))
    };
    let mut backwards = scopes.clone();
    backwards.reverse();
    for signatures in [&[][..], &["good.ed25519.sig"], &["good.rsa2048.sig", "good.ed25519.sig"]] {
        let effect = |scopes: &[String]| {
            let verifier = Verifier::with_policy(load(&[&document(scopes)]).unwrap(), Rules::default());
            verifier.verify(&image(signatures, DIGEST), AT.parse().unwrap()).decision().effect()
        };
        let expected = if signatures.len() == 2 { Effect::Allow } else { Effect::Deny };
        assert_eq!((effect(&scopes), effect(&backwards)), (expected, expected), "{signatures:?}");
    }
}
