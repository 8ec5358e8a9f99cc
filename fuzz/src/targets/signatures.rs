//! Signatures and keys.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use vidimus::signature::{INFLATED_LIMIT, Rules, SigstoreKey, Unverified};
use vidimus::{KeyringBuilder, Requirement, Verifier};

use super::testdata::{self, OPENPGP, SIGSTORE_SIGNED, at};

/// Whatever is accepted carries a payload that its key has signed.
pub(crate) fn openpgp(input: &[u8]) {
    OPENPGP.try_content(input);
}

pub(crate) fn openpgp_seeds() -> Vec<Vec<u8>> {
    testdata::contents("signatures", "").into_iter().filter(|content| content.first() != Some(&0)).collect()
}

/// The same of sigstore signatures; and a key that is read is that of the file, or none.
pub(crate) fn sigstore(input: &[u8]) {
    SIGSTORE_SIGNED.try_content(input);
    SIGSTORE_SIGNED.try_content(&[b"\0sigstore-json\n", input].concat());
    if let Ok(key) = SigstoreKey::from_pem(input) {
        assert!(!key.algorithm().is_empty());
        let again = SigstoreKey::from_pem(input).expect("what was read can be read");
        assert_eq!(again.fingerprint(), key.fingerprint());
    }
}

pub(crate) fn sigstore_seeds() -> Vec<Vec<u8>> {
    let signatures = testdata::contents("signatures", "").into_iter().filter(|content| content.first() == Some(&0));
    signatures.chain(testdata::contents("keys", ".pub")).collect()
}

/// Of a damaged key file nothing is trusted that would let another's signature count. What loads, loads twice.
pub(crate) fn keyring(input: &[u8]) {
    /// One content by each kind of key.
    static SIGNED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let files = ["good.ed25519.sig", "good.p256.sig", "good.rsa2048.sig", "good.subkey.sig", "good.v6.sig"];
        files.map(|file| testdata::read(&format!("signatures/{file}"))).into()
    });
    let mut builder = KeyringBuilder::default();
    let Ok(certificates) = builder.add("keys", input) else { return };
    assert!(!certificates.is_empty(), "nothing is no keyring");
    let again = builder.add("keys", input).expect("a file that was loaded can be loaded");
    assert_eq!(certificates, again);
    let keyring = builder.build().expect("a certificate makes a keyring");
    assert_eq!(keyring.certificate_count(), certificates.len());

    let verifier = Verifier::with_rules(keyring, Rules::default(), Requirement::default());
    let told: BTreeSet<_> = verifier.trust().certificates(at()).into_iter().map(|told| told.fingerprint).collect();
    assert_eq!(told, certificates);
    for evidence in verifier.verify(&testdata::image(&SIGNED), at()).evidence() {
        let signer = evidence.signer().filter(|_| evidence.is_verified());
        assert!(signer.is_none_or(|signer| certificates.contains(signer.certificate())));
    }
}

pub(crate) fn keyring_seeds() -> Vec<Vec<u8>> {
    let files = testdata::files("keys", "").into_iter();
    files.filter(|(name, _)| !name.ends_with(".pub")).map(|(_, bytes)| bytes).collect()
}

/// A compressed message is the message that another inflater makes of it. The first octet says how it is compressed.
pub(crate) fn inflate(input: &[u8]) {
    let Some((wrapping, stream)) = input.split_first() else { return };
    let algorithm = wrapping & 1;
    let length = u32::try_from(stream.len()).expect("a short input").saturating_add(1).to_be_bytes();
    let container = [&[0xc8, 0xff][..], &length, &[algorithm.saturating_add(1)], stream].concat();
    let ours = Unverified::read(&container);

    let by_another = match algorithm {
        0 => miniz_oxide::inflate::decompress_to_vec_with_limit(stream, INFLATED_LIMIT),
        _ => miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(stream, INFLATED_LIMIT),
    };
    let is_compressed = |message: &[u8]| {
        message.first().is_some_and(|first| match first & 0xc0 {
            0xc0 => first & 0x3f == 8,
            0x80 => first & 0x3c == 8 << 2,
            _ => false,
        })
    };
    match (ours, by_another) {
        (Ok(ours), Ok(message)) => {
            let plain = Unverified::read(&message).expect("what is in the container is a message");
            assert_eq!(ours.payload(), plain.payload());
        }
        (Ok(_), Err(error)) => panic!("the other inflater says: {error}"),
        // It may end before the container does, which the other does not tell; and a container in one is refused. While it
        // is fuzzed, the other does not look at the checksum of ZLIB.
        (Err(ours), Ok(message))
            if !is_compressed(&message) && message.first() != Some(&0) && (algorithm == 0 || !cfg!(fuzzing)) =>
        {
            if let Err(plain) = Unverified::read(&message) {
                let code = ours.code();
                assert!(code == plain.code() || code == vidimus::Code::TrailingData, "{code:?}, and plain {plain:?}");
            } else {
                assert_eq!(ours.code(), vidimus::Code::TrailingData, "{ours:?}");
            }
        }
        (Err(_), Ok(_) | Err(_)) => {}
    }
}

pub(crate) fn inflate_seeds() -> Vec<Vec<u8>> {
    let files = testdata::files("signatures", "").into_iter();
    let messages = files.filter(|(name, _)| name.starts_with("good.") || name.starts_with("framing."));
    messages
        .flat_map(|(_, message)| {
            let raw = miniz_oxide::deflate::compress_to_vec(&message, 6);
            let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&message, 1);
            [[vec![0], raw].concat(), [vec![1], zlib].concat()]
        })
        .collect()
}
