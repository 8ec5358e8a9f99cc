//! Decisions: a policy, keys, an image and signatures that are made up of the input, and the laws that hold of them.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vidimus::image::{ImageSignature, SignatureSubject, Text};
use vidimus::policy::NonEmpty;
use vidimus::signature::{
    Fingerprint, IdentityRule, KeyValidity, Signers, SigstoreKey, SigstoreKeys, SigstoreTerms, Terms,
};
use vidimus::{Demand, Digest, Image, KeyringBuilder, Requirement, Rules, Verifier};

use super::laws::{Mutation, Scene, Signed, vouched};
use super::testdata::{self, at};

/// Key files, each with a certificate of its own.
const KEYS: [&str; 10] = [
    "attacker.asc",
    "ed25519-rfc9580.asc",
    "ed25519.asc",
    "expired.asc",
    "hard-revoked.revocation-removed.asc",
    "p256.asc",
    "rsa2048.asc",
    "soft-revoked.asc",
    "subkey.asc",
    "v6.asc",
];

const SIGSTORE_KEYS: [&str; 4] = ["cosign-ed25519.pub", "cosign-other.pub", "cosign-p256.pub", "cosign-rsa2048.pub"];

/// What is made up of.
struct Material {
    keys: Vec<(Vec<u8>, Fingerprint)>,
    /// Of the one certificate that there is with and without.
    revoked: Vec<u8>,
    sigstore: Vec<SigstoreKey>,
    /// Contents of signatures, those that count for some demand first.
    contents: Vec<Vec<u8>>,
    counting: usize,
    /// What the keys have signed of it.
    signed: Signed,
}

static MATERIAL: LazyLock<Material> = LazyLock::new(|| {
    let keys = KEYS.map(|file| testdata::read(&format!("keys/{file}")));
    let keys = keys.map(|bytes| {
        let certificates = KeyringBuilder::default().add("keys", &bytes).expect("a key file");
        let [fingerprint] = Vec::from_iter(certificates).try_into().expect("one certificate in a file");
        (bytes, fingerprint)
    });
    let sigstore = SIGSTORE_KEYS
        .map(|file| SigstoreKey::from_pem(&testdata::read(&format!("keys/{file}"))).expect("a key of the test data"));
    let mut material = Material {
        keys: keys.into(),
        revoked: testdata::read("keys/hard-revoked.asc"),
        sigstore: sigstore.into(),
        contents: Vec::new(),
        counting: 0,
        signed: Signed::new(),
    };
    let demands = [
        Demand::SignedBy(Terms { key_validity: Some(KeyValidity::WhenSigned), ..Terms::default() }),
        Demand::SigstoreSigned(SigstoreTerms { keys: keys_of(&material.sigstore, u16::MAX), identity: None }),
    ];
    let mut others = Vec::new();
    let verifiers = demands.map(|demand| {
        let keyring = testdata::keyring(&KEYS);
        Verifier::with_rules(keyring, Rules::default(), Requirement::new("$", demand))
    });
    for content in testdata::contents("signatures", "").into_iter().filter(|content| content.len() < 2048) {
        let image = testdata::image(&[&content]);
        let verdicts = verifiers.each_ref().map(|verifier| verifier.verify(&image, at()));
        let counts = verdicts.iter().filter(|verdict| verdict.is_allowed());
        let found: Vec<_> = counts.map(|verdict| vouched(&verdict.evidence()[0], &image.signatures[0])).collect();
        if found.is_empty() {
            others.push(content)
        } else {
            material.contents.push(content)
        }
        material.signed.extend(found);
    }
    material.counting = material.contents.len();
    material.contents.extend(others);
    assert!(material.counting > 30 && material.contents.len() > 2 * material.counting);
    material
});

/// Makes up a scene, and holds it against each law.
pub(crate) fn decision(input: &[u8]) {
    let mut choices = Unstructured::new(input);
    // What the input does not say is nothing, or the first of what there is to choose from.
    let Ok(scene) = scene(&mut choices) else { return };
    let _ = laws(&scene, &mut choices);
}

fn laws(scene: &Scene<'_>, choices: &mut Unstructured<'_>) -> Result<()> {
    scene.only_who_signed_vouches(&MATERIAL.signed);
    // It takes a judgement for each part.
    if choices.arbitrary()? {
        scene.the_parts_decide();
    }
    match choices.int_in_range(0..=4)? {
        0 => scene.a_signature_more_never_denies(choices.arbitrary()?, record(choices)?),
        1 => scene.a_demand_more_never_allows(requirement(choices, 2)?),
        2 => scene.a_key_less_never_allows(choices.int_in_range(0..=KEYS.len())?),
        3 => scene.a_revocation_more_never_allows(&MATERIAL.revoked),
        _ => scene.order_never_matters(),
    }
    Ok(())
}

fn scene(choices: &mut Unstructured<'_>) -> Result<Scene<'static>> {
    // Few of them: to load a certificate is most of the work.
    let trusted = choices.arbitrary::<u16>()? & choices.arbitrary::<u16>()?;
    let keys = MATERIAL.keys.iter().zip(bits(trusted)).filter(|(_, is_in)| *is_in).map(|((bytes, _), _)| &bytes[..]);
    Ok(Scene { keys: keys.collect(), requirement: requirement(choices, 2)?, image: image(choices)?, at: at() })
}

/// The bits of a number, the lowest first.
fn bits(number: u16) -> impl Iterator<Item = bool> {
    (0..u16::BITS).map(move |bit| number >> bit & 1 == 1)
}

fn keys_of(keys: &[SigstoreKey], chosen: u16) -> SigstoreKeys {
    let some = keys.iter().zip(bits(chosen)).filter(|(_, is_in)| *is_in).map(|(key, _)| key.clone());
    SigstoreKeys::new(some).or_else(|| SigstoreKeys::new(keys.first().cloned())).expect("one key at least")
}

fn requirement(choices: &mut Unstructured<'_>, depth: usize) -> Result<Requirement> {
    let some = |choices: &mut Unstructured<'_>| -> Result<NonEmpty<Requirement>> {
        let count = choices.int_in_range(1..=3)?;
        let parts = (0..count).map(|_| requirement(choices, depth.saturating_sub(1)));
        Ok(NonEmpty::new(parts.collect::<Result<_>>()?).expect("one part at least"))
    };
    let demand = match choices.int_in_range(0..=if depth == 0 { 9 } else { 13 })? {
        0..=3 => signed_by(choices)?,
        4 | 5 => sigstore_signed(choices)?,
        6 => Demand::AcceptAnything,
        7 => Demand::Reject,
        8 => Demand::DigestIn(digests(choices)?),
        9 => Demand::DigestNotIn(digests(choices)?),
        10 => Demand::All(some(choices)?),
        11 => Demand::Any(some(choices)?),
        _ => {
            let count = NonZeroUsize::MIN.saturating_add(choices.int_in_range(0..=2)?);
            Demand::AtLeast { count, of: some(choices)? }
        }
    };
    Ok(Requirement::new("$", demand))
}

fn signed_by(choices: &mut Unstructured<'_>) -> Result<Demand> {
    let chosen: u16 = choices.arbitrary()?;
    let some = MATERIAL.keys.iter().zip(bits(chosen)).filter(|(_, is_in)| *is_in);
    let signers: BTreeSet<_> = some.map(|((_, fingerprint), _)| fingerprint.clone()).collect();
    Ok(Demand::SignedBy(Terms {
        signers: if signers.is_empty() { Signers::Any } else { Signers::these(signers) },
        identity: identity(choices)?,
        key_validity: choices.ratio(1, 4)?.then_some(KeyValidity::WhenSigned),
        ..Terms::default()
    }))
}

fn sigstore_signed(choices: &mut Unstructured<'_>) -> Result<Demand> {
    let keys = keys_of(&MATERIAL.sigstore, choices.arbitrary()?);
    Ok(Demand::SigstoreSigned(SigstoreTerms { keys, identity: identity(choices)? }))
}

fn identity(choices: &mut Unstructured<'_>) -> Result<Option<IdentityRule>> {
    Ok(match choices.int_in_range(0..=5)? {
        0 => Some(IdentityRule::MatchRepository),
        1 => Some(IdentityRule::MatchExact),
        _ => None,
    })
}

fn digests(choices: &mut Unstructured<'_>) -> Result<BTreeSet<Digest>> {
    let this = testdata::image_of_the_cases().0.parse().expect("a digest");
    let other = Digest::sha256(b"another");
    Ok(if choices.arbitrary()? { BTreeSet::from([this, other]) } else { BTreeSet::from([other]) })
}

fn image(choices: &mut Unstructured<'_>) -> Result<Image<'static>> {
    let mut image = testdata::image::<&[u8]>(&[]);
    let references = [
        image.docker_image_reference.as_str(),
        "registry.example.com/shop/frontend:1.0.0",
        "registry.example.com/shop/backend:1.0.0",
        "registry.example.com/shop/frontend@sha256:00",
        "",
    ];
    let reference = (*choices.choose(&references)?).to_owned();
    image.docker_image_reference = Text::from(reference);
    if choices.ratio(1, 8)? {
        image.metadata.name = Text::from(Digest::sha256(b"another").to_string());
    }
    for _ in 0..choices.int_in_range(0..=4)? {
        image.signatures.push(record(choices)?);
    }
    Ok(image)
}

/// A record with a content, and perhaps something else than the truth beside it.
fn record(choices: &mut Unstructured<'_>) -> Result<ImageSignature<'static>> {
    let of_all = choices.ratio(1, 4)?;
    let count = if of_all { MATERIAL.contents.len() } else { MATERIAL.counting };
    let mut content = choices.choose(&MATERIAL.contents[..count])?.clone();
    for _ in 0..choices.int_in_range(0..=3_u8)?.saturating_sub(1) {
        content = mutation(choices)?.apply(&content);
    }
    let types = ["atomic", "AtomicImageV1", "other"];
    let mut record = ImageSignature {
        signature_type: Text::from(*choices.choose(&types)?),
        content: Text::from(STANDARD.encode(content)),
        ..ImageSignature::default()
    };
    if choices.ratio(1, 4)? {
        let named = choices.choose(&MATERIAL.keys)?.1.to_string();
        record.issued_to = Some(SignatureSubject { public_key_id: Text::from(named), ..SignatureSubject::default() });
    }
    if choices.ratio(1, 8)? {
        record.image_identity = Text::from("registry.example.com/shop/frontend:1.0.0");
    }
    Ok(record)
}

fn mutation(choices: &mut Unstructured<'_>) -> Result<Mutation> {
    let place = |choices: &mut Unstructured<'_>| choices.int_in_range(0..=2047_usize);
    Ok(match choices.int_in_range(0..=4)? {
        0 => Mutation::Delete(place(choices)?),
        1 => Mutation::Flip(place(choices)?, choices.arbitrary()?),
        2 => Mutation::Insert(place(choices)?, choices.arbitrary()?),
        3 => {
            let other = choices.choose(&MATERIAL.contents)?.clone();
            Mutation::Splice(place(choices)?, place(choices)?, other)
        }
        _ => Mutation::Truncate(place(choices)?),
    })
}

/// Numbers without a pattern, always the same (SplitMix64).
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    (0..64).map(|seed| numbers(seed, 192)).collect()
}

/// Octets that look random, always the same for a seed.
pub(crate) fn numbers(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    std::iter::repeat_with(next).flat_map(u64::to_le_bytes).take(length).collect()
}
