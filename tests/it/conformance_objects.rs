//! Real signatures in objects as the API serves them, and in a directory layout: the outcomes of the conformance
//! folder's index.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use vidimus::image::Basis;
use vidimus::signature::{Code, Legacy, Note, Rules};
use vidimus::source::export;
use vidimus::{Carrier, Digest, Keyring, Requirement, Verdict, Verifier};

use crate::support::{conformance, raw_signature};

const AT: &str = "2026-11-24T12:00:00Z";
const KEY: &str = "redhat-release-2.asc";
const KEY_WITH_SHA1: &str = "redhat-release-2.sha1-self-signature.asc";

/// For registry.access.redhat.com, twice, then for registry.redhat.io, twice.
const OWN_REGISTRY: [Code; 4] = [Code::IdentityMismatch, Code::IdentityMismatch, Code::Verified, Code::Verified];

/// Each object: what it is called, how its digest is known, the codes of its signatures, and whether it is allowed.
const OBJECTS: &[(&str, &str, Basis, [Code; 4], bool)] = &[
    (
        "image-albo-bundle.mirror-reference.json",
        "Image sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4",
        Basis::Name,
        [Code::IdentityMismatch; 4],
        false,
    ),
    (
        "image-albo-bundle.no-manifest.json",
        "Image sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4",
        Basis::Name,
        OWN_REGISTRY,
        true,
    ),
    (
        "image-albo-bundle.with-manifest.json",
        "Image sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4",
        Basis::Manifest,
        OWN_REGISTRY,
        true,
    ),
    (
        "image-albo-bundle.wrong-digest.json",
        "Image sha256:0000000000000000000000000000000000000000000000000000000000000000",
        Basis::Name,
        [Code::DigestMismatch; 4],
        false,
    ),
    (
        "imagestreamimage-albo-bundle.json",
        "ImageStreamImage openshift/aws-load-balancer-operator-bundle@sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4",
        Basis::Name,
        OWN_REGISTRY,
        true,
    ),
];

/// Exports without signatures, and how many images each holds.
const UNSIGNED: &[(&str, usize)] = &[("images.yaml", 5), ("imagestreamtag-manifest-list.yaml", 1)];

fn verifier(folder: &Path, key: &str, rules: Rules) -> Verifier {
    let bytes = fs::read(folder.join("keys").join(key)).unwrap();
    Verifier::with_rules(Keyring::from_bytes(key, &bytes).unwrap(), rules, Requirement::default())
}

/// Every image of a file, with the name of what carries it.
fn verdicts(verifier: &Verifier, path: &Path) -> Vec<(String, Verdict)> {
    let mut found = Vec::new();
    export::read("export", fs::File::open(path).unwrap(), &mut |item| {
        let Carrier::Image(carried) = Carrier::read(item.json.as_ref().unwrap()).unwrap() else {
            panic!("{} carries no image", item.location);
        };
        found.push((carried.to_string(), verifier.verify(&carried.image, AT.parse().unwrap())));
        ControlFlow::Continue(())
    });
    found
}

fn codes(verdict: &Verdict) -> Vec<Code> {
    verdict.evidence().iter().map(vidimus::Evidence::code).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[test]
fn objects_have_the_outcomes_of_the_index() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let listed: BTreeSet<_> = OBJECTS.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(names(&folder.join("objects")), listed, "an object without an outcome, or the reverse");

    for key in [KEY, KEY_WITH_SHA1] {
        let verifier = verifier(&folder, key, Rules::default());
        for (file, carrier, basis, expected, allowed) in OBJECTS {
            let found = verdicts(&verifier, &folder.join("objects").join(file));
            let [(name, verdict)] = found.as_slice() else { panic!("{file} holds {} images", found.len()) };
            assert_eq!(name, carrier, "{file}");
            assert_eq!(codes(verdict), expected, "{file} with {key}");
            assert_eq!(verdict.is_allowed(), *allowed, "{file} with {key}");
            assert_eq!(verdict.subject().anchor().unwrap().basis(), *basis, "{file}");
            for evidence in verdict.evidence() {
                // Authentic, whatever they are for, and reported as legacy.
                let signer = evidence.signer().unwrap();
                assert_eq!(signer.certificate().to_string(), "567E347AD0044ADE55BA8A5F199E2F91FD431D51");
                assert!(evidence.notes().contains(&Note::V3Signature), "{file}");
                assert_eq!(evidence.notes().contains(&Note::Sha1SelfSignature), key == KEY_WITH_SHA1, "{file}");
            }
        }
    }
}

#[test]
fn objects_are_denied_by_other_keys_and_by_stricter_rules() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let no_v3 = Rules { v3_signatures: Legacy::Reject, ..Rules::default() };
    let no_sha1 = Rules { sha1_self_signatures: Legacy::Reject, ..Rules::default() };
    for (key, rules, expected) in [
        ("redhat-beta-2.asc", Rules::default(), Code::UnknownKey),
        ("openshift-ci-4.asc", Rules::default(), Code::UnknownKey),
        (KEY, no_v3, Code::UnsupportedSignatureVersion),
        (KEY_WITH_SHA1, no_sha1, Code::WeakSelfSignature),
    ] {
        let verifier = verifier(&folder, key, rules);
        for (file, ..) in OBJECTS {
            let found = verdicts(&verifier, &folder.join("objects").join(file));
            assert_eq!(codes(&found[0].1), [expected; 4], "{file} with {key}");
            assert!(!found[0].1.is_allowed());
        }
    }
}

#[test]
fn a_mirrored_image_is_allowed_where_its_names_are_remapped() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let object = folder.join("objects/image-albo-bundle.mirror-reference.json");
    for (rule, expected) in [
        ("remapIdentity=mirror.example.com:5000/albo=registry.redhat.io/albo", OWN_REGISTRY),
        ("remapIdentity=mirror.example.com:5000=registry.redhat.io", OWN_REGISTRY),
        (
            "remapIdentity=mirror.example.com:5000/albo=registry.access.redhat.com/albo",
            [Code::Verified, Code::Verified, Code::IdentityMismatch, Code::IdentityMismatch],
        ),
        ("remapIdentity=mirror.example.com:5000/al=registry.redhat.io/al", [Code::IdentityMismatch; 4]),
        ("remapIdentity=mirror.example.com:5000/other=registry.redhat.io/albo", [Code::IdentityMismatch; 4]),
        ("exactRepository=registry.redhat.io/albo/aws-load-balancer-operator-bundle", OWN_REGISTRY),
    ] {
        let rules = Rules { identity: rule.parse().unwrap(), ..Rules::default() };
        for key in [KEY, KEY_WITH_SHA1] {
            let found = verdicts(&verifier(&folder, key, rules.clone()), &object);
            assert_eq!(codes(&found[0].1), expected, "{rule}");
            assert_eq!(found[0].1.is_allowed(), expected.contains(&Code::Verified), "{rule}");
        }
    }
}

#[test]
fn real_exports_without_signatures_are_denied() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let listed: BTreeSet<_> = UNSIGNED.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(names(&folder.join("objects/unsigned")), listed);
    let verifier = verifier(&folder, KEY, Rules::default());
    for (file, count) in UNSIGNED {
        let found = verdicts(&verifier, &folder.join("objects/unsigned").join(file));
        assert_eq!(found.len(), *count, "{file}");
        for (name, verdict) in &found {
            assert_eq!((verdict.decision().code(), verdict.is_allowed()), (Code::NoSignature, false), "{name}");
        }
    }
}

#[test]
fn the_signatures_of_a_directory_are_for_its_manifest() {
    let Some(folder) = conformance() else { return };
    let folder = folder.join("redhat");
    let layout = folder.join("layouts/dir/aws-load-balancer-operator-bundle");
    let digest = Digest::sha256(&fs::read(layout.join("manifest.json")).unwrap()).to_string();
    assert_eq!(digest, "sha256:50b9402635dd4b312a86bed05dcdbda8c00120d3789ec2e9b527045100b3bdb4");
    let mut signed = BTreeSet::new();
    for key in [KEY, KEY_WITH_SHA1] {
        let verifier = verifier(&folder, key, Rules::default());
        for number in 1..=4 {
            let content = fs::read(layout.join(format!("signature-{number}"))).unwrap();
            let verify = |digest: &str, reference: &str| {
                verifier.verify(&raw_signature(&content, digest, reference), AT.parse().unwrap())
            };
            // What each is for is known once it is authentic.
            let claimed =
                verify(&digest, "example.com/another").evidence()[0].claims().unwrap().docker_reference().to_owned();
            assert_eq!(codes(&verify(&digest, &claimed)), [Code::Verified], "signature-{number}");
            assert_eq!(codes(&verify(&digest, "example.com/another")), [Code::IdentityMismatch]);
            assert_eq!(codes(&verify(&Digest::sha256(b"").to_string(), &claimed)), [Code::DigestMismatch]);
            signed.insert(claimed);
        }
    }
    let names = ["registry.access.redhat.com", "registry.redhat.io"].iter().flat_map(|host| {
        ["0.0.1", "0.0.1-20"].map(|tag| format!("{host}/albo/aws-load-balancer-operator-bundle:{tag}"))
    });
    assert_eq!(signed, names.collect());
}
