//! Every file of `testdata/images` and of the quick start, through the real command, against its outcome.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use vidimus::Code::{self, *};
use vidimus::Effect::{self, Allow, Deny};

use crate::support::{AT, run};

/// A file, the exit status, the number of errors in the report, and its images.
struct Row(&'static str, i32, usize, &'static [Image]);

/// The decision, the headline, and how many signatures in a row have which code.
#[derive(Clone, Copy)]
struct Image(Effect, Code, &'static [(usize, Code)]);

/// A signature for the image's own registry, and one for a mirror.
const OWN_AND_MIRROR: Image = Image(Allow, Verified, &[(1, Verified), (1, IdentityMismatch)]);
const ONE_GOOD: Image = Image(Allow, Verified, &[(1, Verified)]);
const UNSIGNED: Image = Image(Deny, NoSignature, &[]);

const IMAGES: &[Row] = &[
    Row("absent-lists.json", 1, 0, &[UNSIGNED]),
    Row("broken.alias-bomb.yaml", 2, 1, &[]),
    Row("broken.deep.json", 1, 0, &[UNSIGNED]),
    Row("broken.duplicate-member.json", 2, 1, &[]),
    Row("broken.empty.json", 2, 1, &[]),
    Row("broken.invalid-utf-8.json", 2, 1, &[]),
    Row("broken.not-an-object.json", 2, 3, &[]),
    Row("broken.other-kind.json", 2, 0, &[]),
    Row("broken.truncated.json", 2, 1, &[]),
    Row("conditions.failed.json", 0, 0, &[ONE_GOOD]),
    Row("conditions.forged.json", 1, 0, &[Image(Deny, UnknownKey, &[(1, UnknownKey)])]),
    Row("conditions.null-times.json", 0, 0, &[ONE_GOOD]),
    Row("conditions.other-types.json", 0, 0, &[ONE_GOOD]),
    Row("conditions.twice.json", 0, 0, &[ONE_GOOD]),
    Row("conditions.verified.json", 0, 0, &[ONE_GOOD]),
    Row("config.not-its-digest.json", 1, 0, &[Image(Deny, ConfigMismatch, &[(2, ConfigMismatch)])]),
    Row("conflict.json", 1, 0, &[OWN_AND_MIRROR, UNSIGNED]),
    Row("empty-lists.json", 1, 0, &[UNSIGNED]),
    Row("hostile-image-name.json", 1, 0, &[Image(Deny, NoManifestDigest, &[(2, NoManifestDigest)])]),
    Row("hostile-names.json", 1, 0, &[Image(Deny, IdentityMismatch, &[(1, IdentityMismatch), (1, UnsupportedType)])]),
    Row("image.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("image.no-manifest.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("image.yaml", 0, 0, &[OWN_AND_MIRROR]),
    Row("imagelist.json", 0, 0, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("images.crlf.yaml", 0, 0, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("images.ndjson", 0, 0, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("images.yaml", 0, 0, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("imagestreamimage.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("imagestreammapping.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("imagestreamtag.yaml", 0, 0, &[OWN_AND_MIRROR]),
    Row("informative.agree.json", 0, 0, &[ONE_GOOD]),
    Row("informative.claims-differ.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("informative.created-differs.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("informative.created-not-a-time.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("informative.created-with-offset.json", 0, 0, &[ONE_GOOD]),
    Row("informative.identity-differs.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("informative.key-id.24-digits.json", 0, 0, &[ONE_GOOD]),
    Row("informative.key-id.empty.json", 0, 0, &[ONE_GOOD]),
    Row("informative.key-id.fingerprint.json", 0, 0, &[ONE_GOOD]),
    Row("informative.key-id.front-of-fingerprint.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("informative.key-id.json", 0, 0, &[ONE_GOOD]),
    Row("informative.key-id.lower-case-0x.json", 0, 0, &[ONE_GOOD]),
    Row("informative.key-id.not-hexadecimal.json", 1, 0, &[Image(Deny, MalformedRecord, &[(1, MalformedRecord)])]),
    Row("informative.key-id.other-trusted.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("informative.key-id.short.json", 1, 0, &[Image(Deny, MalformedRecord, &[(1, MalformedRecord)])]),
    Row("informative.key-id.unknown.json", 1, 0, &[Image(Deny, RecordMismatch, &[(1, RecordMismatch)])]),
    Row("layers.descending.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("layers.one-missing.json", 1, 0, &[Image(Deny, LayersMismatch, &[(2, LayersMismatch)])]),
    Row("layers.order-differs.json", 1, 0, &[Image(Deny, LayersMismatch, &[(2, LayersMismatch)])]),
    Row("layers.size-differs.json", 1, 0, &[Image(Deny, LayersMismatch, &[(2, LayersMismatch)])]),
    Row("legacy-v1.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("list.broken-item.json", 2, 1, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("list.empty.json", 2, 0, &[]),
    Row("list.items-null.json", 2, 0, &[]),
    Row("list.json", 0, 0, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("list.mixed.json", 0, 0, &[OWN_AND_MIRROR, OWN_AND_MIRROR]),
    Row("list.truncated.json", 2, 1, &[OWN_AND_MIRROR]),
    Row("manifest.list-child-differs.json", 1, 0, &[Image(Deny, ManifestListMismatch, &[(2, ManifestListMismatch)])]),
    Row("manifest.list.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("manifest.media-type-differs.json", 1, 0, &[Image(Deny, AmbiguousManifest, &[(2, AmbiguousManifest)])]),
    Row("manifest.not-its-name.json", 1, 0, &[Image(Deny, ManifestMismatch, &[(2, ManifestMismatch)])]),
    Row("manifest.oci.json", 0, 0, &[OWN_AND_MIRROR]),
    Row("manifest.of-another-image.json", 1, 0, &[Image(Deny, ManifestMismatch, &[(2, ManifestMismatch)])]),
    Row("manifest.schema-1.json", 1, 0, &[Image(Deny, Schema1Refused, &[(2, Schema1Refused)])]),
    Row("name.absent.json", 1, 0, &[Image(Deny, NoManifestDigest, &[(2, NoManifestDigest)])]),
    Row("name.not-a-digest.json", 1, 0, &[Image(Deny, NoManifestDigest, &[(2, NoManifestDigest)])]),
    Row("name.other-digest.json", 1, 0, &[Image(Deny, ManifestMismatch, &[(2, ManifestMismatch)])]),
    Row("null-lists.json", 1, 0, &[UNSIGNED]),
    Row("other-version.json", 2, 1, &[]),
    Row("record.content-base64url.json", 1, 0, &[Image(Deny, MalformedRecord, &[(1, MalformedRecord)])]),
    Row("record.content-empty.json", 1, 0, &[Image(Deny, MalformedSignature, &[(1, MalformedSignature)])]),
    Row("record.content-not-base64.json", 1, 0, &[Image(Deny, MalformedRecord, &[(1, MalformedRecord)])]),
    Row("record.content-null.json", 1, 0, &[Image(Deny, MalformedSignature, &[(1, MalformedSignature)])]),
    Row("record.content-too-large.json", 1, 0, &[Image(Deny, ContentTooLarge, &[(1, ContentTooLarge)])]),
    Row("record.emptied.json", 1, 0, &[Image(Deny, UnsupportedType, &[(1, UnsupportedType)])]),
    Row("record.for-another-image.json", 1, 0, &[Image(Deny, DigestMismatch, &[(1, DigestMismatch)])]),
    Row("record.name-of-another-image.json", 0, 0, &[ONE_GOOD]),
    Row("record.name-without-at.json", 0, 0, &[ONE_GOOD]),
    Row("record.type-AtomicImageV1.json", 0, 0, &[ONE_GOOD]),
    Row("record.type-empty.json", 1, 0, &[Image(Deny, UnsupportedType, &[(1, UnsupportedType)])]),
    Row("record.type-unsupported.json", 1, 0, &[Image(Deny, UnsupportedType, &[(1, UnsupportedType)])]),
    Row(
        "reference.digest-differs.json",
        1,
        0,
        &[Image(Deny, ReferenceDigestMismatch, &[(2, ReferenceDigestMismatch)])],
    ),
    Row("reference.empty.json", 1, 0, &[Image(Deny, IdentityMismatch, &[(2, IdentityMismatch)])]),
    Row("reference.invalid.json", 1, 0, &[Image(Deny, IdentityMismatch, &[(2, IdentityMismatch)])]),
    Row("reference.other-tag.json", 1, 0, &[Image(Deny, IdentityMismatch, &[(2, IdentityMismatch)])]),
    Row("reference.with-tag.json", 0, 0, &[OWN_AND_MIRROR]),
    Row(
        "signatures.70-good-is-64th.json",
        0,
        0,
        &[Image(Allow, Verified, &[(63, MalformedSignature), (1, Verified), (6, TooManySignatures)])],
    ),
    Row(
        "signatures.70-good-is-last.json",
        1,
        0,
        &[Image(Deny, TooManySignatures, &[(64, MalformedSignature), (6, TooManySignatures)])],
    ),
    Row("signatures.bad-then-good.json", 0, 0, &[Image(Allow, Verified, &[(1, UnknownKey), (1, Verified)])]),
    Row("signatures.none.json", 1, 0, &[UNSIGNED]),
    Row("signatures.same-twice.json", 0, 0, &[Image(Allow, Verified, &[(2, Verified)])]),
    Row("unknown-members.json", 0, 0, &[OWN_AND_MIRROR]),
];

const QUICK_START: &[Row] = &[
    Row(
        "export.json",
        1,
        0,
        &[
            OWN_AND_MIRROR,
            ONE_GOOD,
            Image(Deny, DigestMismatch, &[(1, DigestMismatch)]),
            Image(Deny, UnknownKey, &[(1, UnknownKey)]),
            UNSIGNED,
        ],
    ),
    Row("keyring.asc", 2, 1, &[]),
];

#[test]
fn every_object_has_its_outcome() {
    check("testdata/images", "testdata/keys/release.asc", IMAGES);
}

#[test]
fn the_quick_start_has_its_outcome() {
    check("testdata/quickstart", "testdata/quickstart/keyring.asc", QUICK_START);
}

/// Runs the command on every file of a folder, and compares what it says with the table.
fn check(folder: &str, keys: &str, table: &[Row]) {
    let present: BTreeSet<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let listed: BTreeSet<_> = table.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(present, listed, "a file without a row, or the reverse");
    assert_eq!(table.len(), listed.len(), "a file has two rows");

    let mut wrong = Vec::new();
    for Row(file, status, errors, images) in table {
        let ran = run(&["verify", "--keys", keys, "--at", AT, "--output", "json", &format!("{folder}/{file}")]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let expected = (*status, *errors, images.iter().map(Image::expected).collect::<Vec<_>>());
        let found: Vec<_> = report["images"].as_array().unwrap().iter().map(found).collect();
        let found = (ran.status, report["errors"].as_array().unwrap().len(), found);
        if found != expected {
            wrong.push(format!("{file}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

/// Decision, headline and the code of each signature, as the report writes them.
type Told = (String, String, Vec<String>);

impl Image {
    fn expected(&self) -> Told {
        let Self(decision, headline, signatures) = self;
        let codes = signatures.iter().flat_map(|(count, code)| std::iter::repeat_n(code.to_string(), *count));
        (decision.to_string(), headline.to_string(), codes.collect())
    }
}

fn found(image: &Value) -> Told {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let code = |signature: &Value| {
        if !signature["code"].is_null() {
            return text(&signature["code"]);
        }
        assert_eq!(signature["outcome"], "verified");
        "verified".to_owned()
    };
    let signatures = image["signatures"].as_array().unwrap();
    (text(&image["decision"]), text(&image["code"]), signatures.iter().map(code).collect())
}
