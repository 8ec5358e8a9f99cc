//! What is said to be missing where several signers are demanded: how many, and which.

use vidimus::{Rules, Verifier};

use crate::support::{AT, load, raw_signature};

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

/// What would satisfy a demand of several signers, of an image with these signatures.
fn missing(signatures: &[&str], demand: &str) -> String {
    let keys = ["release", "ed25519", "p256", "p384", "p521", "attacker"];
    let keyrings = keys.map(|name| format!("{name}: {{keys: [{{file: {name}.asc}}]}}")).join(", ");
    let document = format!(
        "apiVersion: vidimus.dev/v1alpha1\nkind: SignaturePolicy\nmetadata: {{name: p}}\nspec: {{keyrings: \
         {{{keyrings}}}, rules: [{{name: r, require: {demand}}}]}}\n"
    );
    let verifier = Verifier::with_policy(load(&[&document]).unwrap(), Rules::default());
    let reference = "registry.example.com/shop/frontend:1.0.0";
    let one = |file: &&str| {
        let content = std::fs::read(format!("testdata/signatures/{file}")).unwrap();
        raw_signature(&content, DIGEST, reference).signatures.remove(0)
    };
    let mut image = raw_signature(b"", DIGEST, reference);
    image.signatures = signatures.iter().map(one).collect();
    let verdict = verifier.verify(&image, AT.parse().unwrap());
    assert!(!verdict.is_allowed(), "{demand}");
    verdict.explanation().unwrap().would_satisfy[0].clone()
}

fn signed_by(names: &[&str]) -> String {
    names.iter().map(|name| format!("{{signedBy: {{keyring: {name}}}}}")).collect::<Vec<_>>().join(", ")
}

/// The parts of a sentence: how many, and the names.
fn told(sentence: &str) -> (&str, Vec<&str>) {
    let (count, names) = sentence.split_once(" signer of ").unwrap_or_else(|| panic!("{sentence}"));
    (count, names.split(" or ").map(|name| name.split(" (").next().unwrap()).collect())
}

#[test]
fn the_signers_that_are_missing_are_named_and_no_others() {
    let both = format!("{{atLeast: 2, of: [{}]}}", signed_by(&["release", "ed25519"]));
    let name = |demand: &str| {
        let sentence = missing(&[], &format!("{{atLeast: 1, of: [{}]}}", signed_by(&[demand])));
        let (count, names) = told(&sentence);
        assert_eq!((count, names.len()), ("one more signature, by another", 1));
        names[0].to_owned()
    };
    let (release, ed25519) = (name("release"), name("ed25519"));
    assert_ne!(release, ed25519);
    let none = missing(&[], &both);
    let (count, mut names) = told(&none);
    names.sort_unstable();
    let mut wanted = [release.as_str(), ed25519.as_str()];
    wanted.sort_unstable();
    assert_eq!((count, names), ("2 more signatures, each by another", wanted.to_vec()));
    for (signature, other) in [("good.rsa4096.sig", &ed25519), ("good.ed25519.sig", &release)] {
        let one = missing(&[signature], &both);
        assert_eq!(told(&one), ("one more signature, by another", vec![other.as_str()]), "{signature}");
    }
    assert_eq!(told(&missing(&["attacker.sig"], &both)).1.len(), 2, "who is not trusted does not count");
}

#[test]
fn many_signers_are_counted_beyond_the_first_four() {
    let of = |names: &[&str]| format!("{{atLeast: {}, of: [{}]}}", names.len(), signed_by(names));
    let all = ["release", "ed25519", "p256", "p384", "p521", "attacker"];
    assert_eq!(told(&missing(&[], &of(&all))).1.last(), Some(&"2 more"));
    assert_eq!(told(&missing(&[], &of(&all[..5]))).1.last(), Some(&"1 more"));
    let four = missing(&[], &of(&all[..4]));
    let (_, names) = told(&four);
    assert!(names.len() == 4 && !names.iter().any(|name| name.ends_with(" more")), "{four}");
}
