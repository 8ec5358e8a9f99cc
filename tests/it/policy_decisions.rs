//! What a decision tells: the effect, the code to read first, the exemption that was used, and the pattern that matched.

use vidimus::signature::{KeyValidity, PayloadProfile};
use vidimus::{Code, Context, Effect, Rules, Verdict, Verifier};

use crate::support::{AT, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";
const OTHER: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

/// The verdict about an image without signatures, with this `name` and `reference`.
fn judge(spec: &str, name: &str, reference: &str) -> Verdict {
    let document =
        format!("apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec: {{{spec}}}\n");
    let verifier = Verifier::with_policy(load(&[&document]).unwrap(), Rules::default());
    let mut image = raw_signature(b"", name, reference);
    image.signatures.clear();
    verifier.verify_in(&image, &Context::default(), AT.parse().unwrap())
}

#[track_caller]
fn assert_decides(demand: &str, name: &str, reference: &str, expected: (Effect, Code)) {
    let keyrings = "keyrings: {release: {keys: [{file: release.asc}]}}";
    let verdict = judge(&format!("{keyrings}, rules: [{{name: r, require: {demand}}}]"), name, reference);
    assert_eq!((verdict.decision().effect(), verdict.decision().code()), expected, "{demand} {name} {reference}");
}

#[test]
fn an_allowance_is_explained_by_what_is_met() {
    let reference = format!("a.example/x@{DIGEST}");
    for (demand, code) in [
        (format!("{{any: [{{digestIn: ['{OTHER}']}}, {{insecureAcceptAnything: {{}}}}]}}"), Code::AcceptAnything),
        (format!("{{any: [{{reject: {{}}}}, {{digestIn: ['{DIGEST}']}}]}}"), Code::DigestListed),
        (format!("{{any: [{{not: {{digestIn: ['{DIGEST}']}}}}, {{digestIn: ['{DIGEST}']}}]}}"), Code::DigestListed),
    ] {
        assert_decides(&demand, DIGEST, &reference, (Effect::Allow, code));
    }
}

#[test]
fn what_the_image_says_of_itself_comes_before_what_is_asked_of_it() {
    let contradicted = format!("a.example/x@{OTHER}");
    let listed = format!("{{digestIn: ['{DIGEST}']}}");
    let denied = format!("{{not: {{digestIn: ['{OTHER}']}}}}");
    for demand in [&listed, &denied] {
        assert_decides(demand, DIGEST, &contradicted, (Effect::Undecided, Code::ReferenceDigestMismatch));
        assert_decides(demand, "image", "a.example/x:1", (Effect::Undecided, Code::NoManifestDigest));
    }
    let signed = "{signedBy: {keyring: release}}";
    assert_decides(signed, DIGEST, &contradicted, (Effect::Deny, Code::ReferenceDigestMismatch));
    assert_decides(signed, "image", "a.example/x:1", (Effect::Deny, Code::NoSignature));
    assert_decides(signed, DIGEST, "a.example/x:1", (Effect::Deny, Code::NoSignature));
}

#[test]
fn an_exemption_that_is_used_is_told() {
    let spec = "rules: [{name: r, require: {reject: {}}}], exemptions: [{scope: {images: [a.example/old]}, \
                reason: incident 7, expires: 2027-01-01T00:00:00Z}]";
    let used = judge(spec, DIGEST, "a.example/old:1");
    let exemption = used.decision().exemption().unwrap();
    assert_eq!((exemption.reason(), exemption.expires()), ("incident 7", "2027-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!((used.decision().effect(), used.decision().code()), (Effect::Allow, Code::Exempted));
    assert!(used.decision().rule().is_none());
    let not_used = judge(spec, DIGEST, "a.example/new:1");
    assert!(not_used.decision().exemption().is_none());
    assert_eq!(not_used.decision().effect(), Effect::Deny);
}

/// The verdict, under options for verifications without a policy, about an image that `signer` signed.
fn judge_signed(document: &str, rules: Rules, signature: &str) -> Verdict {
    let verifier = Verifier::with_policy(load(&[document]).unwrap(), rules);
    let content = std::fs::read(format!("testdata/signatures/{signature}")).unwrap();
    let image = raw_signature(&content, DIGEST, &format!("registry.example.com/shop/frontend@{DIGEST}"));
    verifier.verify_in(&image, &Context::default(), AT.parse().unwrap())
}

#[test]
fn a_key_that_has_expired_counts_only_where_that_is_asked_for() {
    let demand = |expiry: &str| format!("{{signedBy: {{keyring: k, keyExpiry: {expiry}}}}}");
    let (now, then) = (demand("now"), demand("when-signed"));
    for (demand, expected) in [
        (now.clone(), (Effect::Deny, Code::KeyExpired)),
        (then.clone(), (Effect::Allow, Code::Verified)),
        (format!("{{all: [{now}, {then}]}}"), (Effect::Deny, Code::KeyExpired)),
        (format!("{{all: [{then}, {now}]}}"), (Effect::Deny, Code::KeyExpired)),
        (format!("{{any: [{now}, {then}]}}"), (Effect::Allow, Code::Verified)),
    ] {
        let document = format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec: {{keyrings: \
             {{k: {{keys: [{{file: expired.asc}}]}}}}, rules: [{{name: r, require: {demand}}}]}}\n"
        );
        for key_validity in [KeyValidity::Now, KeyValidity::WhenSigned] {
            let rules = Rules { key_validity, ..Rules::default() };
            let verdict = judge_signed(&document, rules, "signer.expired.before.sig");
            assert_eq!((verdict.decision().effect(), verdict.decision().code()), expected, "{demand} {key_validity:?}");
        }
    }
}

#[test]
fn options_change_nothing_of_what_a_policy_json_demands() {
    let signed_by = |file| format!(r#"{{"default":[{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{file}"}}]}}"#);
    let release = Rules { payload_profile: PayloadProfile::Release, ..Rules::default() };
    let when_signed = Rules { key_validity: KeyValidity::WhenSigned, ..Rules::default() };
    let unknown = "claims.optional-unknown-member.sig";
    for (file, rules, signature, effect) in [
        ("ed25519.asc", Rules::default(), unknown, Effect::Allow),
        // The profile of releases would refuse it.
        ("ed25519.asc", release, unknown, Effect::Allow),
        ("expired.asc", when_signed, "signer.expired.before.sig", Effect::Deny),
    ] {
        assert_eq!(judge_signed(&signed_by(file), rules, signature).decision().effect(), effect, "{signature}");
    }
}

#[test]
fn an_age_is_written_in_hours_days_or_weeks() {
    for (age, effect) in [
        ("1000d", Effect::Allow),
        ("500d", Effect::Deny),
        ("200w", Effect::Allow),
        ("50w", Effect::Deny),
        ("24000h", Effect::Allow),
        ("10000h", Effect::Deny),
    ] {
        let document = format!(
            "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec: {{keyrings: \
             {{k: {{keys: [{{file: ed25519.asc}}]}}}}, rules: [{{name: r, require: {{signedBy: {{keyring: k, \
             maxSignatureAge: {age}}}}}}}]}}\n"
        );
        let verdict = judge_signed(&document, Rules::default(), "good.ed25519.sig");
        assert_eq!(verdict.decision().effect(), effect, "{age}");
    }
}

#[test]
fn a_verdict_repeats_what_the_object_says_of_itself() {
    let document = "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {name: p}\nspec: {rules: [{name: \
                    r, require: {reject: {}}}]}\n";
    let verifier = Verifier::with_policy(load(&[document]).unwrap(), Rules::default());
    let object =
        r#"{"metadata": {"name": "an image", "uid": "an identifier"}, "dockerImageReference": "a.example/x:1"}"#;
    let verdict = verifier.verify(&serde_json::from_str(object).unwrap(), AT.parse().unwrap());
    let repeated = (verdict.name(), verdict.uid(), verdict.docker_image_reference());
    assert_eq!(repeated, ("an image", "an identifier", "a.example/x:1"));
    assert_eq!(verdict.at(), AT.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
}
