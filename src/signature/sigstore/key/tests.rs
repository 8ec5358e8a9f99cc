//! Key files that hold one key, and all the others.

use super::*;

fn test_key(name: &str) -> String {
    std::fs::read_to_string(format!("testdata/keys/{name}")).unwrap()
}

fn read(text: &str) -> Result<SigstoreKey, SigstoreKeyError> {
    SigstoreKey::from_pem(text.as_bytes())
}

fn pem(label: &str, encoded: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(encoded))
}

/// The encoding in the test data's key of P-256.
fn p256() -> Vec<u8> {
    block(test_key("cosign-p256.pub").as_bytes()).unwrap()
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = match length {
        [0, low @ 0..0x80] => vec![low],
        [0, low] => vec![0x81, low],
        [high, low] => vec![0x82, high, low],
    };
    [vec![tag], length, content.to_vec()].concat()
}

/// A `SubjectPublicKeyInfo` of an algorithm, with parameters in DER.
fn info(algorithm: &str, parameters: &[u8], octets: &[u8]) -> Vec<u8> {
    let identifier = [der(0x06, ObjectIdentifier::new_unwrap(algorithm).as_bytes()), parameters.to_vec()].concat();
    der(0x30, &[der(0x30, &identifier), der(0x03, &[&[0][..], octets].concat())].concat())
}

/// An RSA key of a modulus of ones and the exponent 65537, with the given number of bits.
fn rsa_info(bits: usize, parameters: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] = 0xff_u8 >> (bits.next_multiple_of(8).wrapping_sub(bits));
    if modulus[0] & 0x80 != 0 {
        modulus.insert(0, 0);
    }
    let numbers = [der(0x02, &modulus), der(0x02, &[1, 0, 1])].concat();
    info("1.2.840.113549.1.1.1", parameters, &der(0x30, &numbers))
}

#[test]
fn reads_a_key_of_each_algorithm() {
    for (name, algorithm) in [
        ("p256", "ECDSA-P256"),
        ("p384", "ECDSA-P384"),
        ("p521", "ECDSA-P521"),
        ("rsa2048", "RSA-2048"),
        ("ed25519", "Ed25519"),
    ] {
        let text = test_key(&format!("cosign-{name}.pub"));
        let key = read(&text).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let encoded = block(text.as_bytes()).unwrap();
        assert_eq!(key.fingerprint().as_bytes(), Sha256::digest(&encoded).as_slice());
        assert_eq!(read(&text).unwrap(), key);
        assert_ne!(read(&test_key("cosign-other.pub")).unwrap(), key);
    }
}

#[test]
fn one_block_may_have_text_before_it_and_white_space_around_it() {
    let text = test_key("cosign-p256.pub");
    let key = read(&text).unwrap();
    for other in [
        text.replace('\n', "\r\n"),
        text.trim_end().to_owned(),
        format!("the key of example.com\n- kept by: us\n\n{text}\n\r\n \t\n"),
        pem("PUBLIC KEY", &p256()),
    ] {
        assert_eq!(read(&other).unwrap(), key, "{other}");
    }
}

#[test]
fn refuses_what_is_not_one_block_of_a_public_key() {
    use SigstoreKeyError::{Block, Encoding, NotPem, Several, TooLarge, Trailing, Unfinished};
    let text = test_key("cosign-p256.pub");
    let label = |found: &str| Block { found: found.to_owned() };
    for (other, error) in [
        (String::new(), NotPem),
        ("no key\n".to_owned(), NotPem),
        (text.replace("-----BEGIN", "----BEGIN"), Unfinished),
        (text.replace("-----END PUBLIC KEY-----", ""), Unfinished),
        (text.replace("END PUBLIC", "END PRIVATE"), Unfinished),
        (text.replace("-----END", "-----BEGIN"), Unfinished),
        (format!("{text}{text}"), Several { count: 2 }),
        (format!("{}{text}", pem("CERTIFICATE", b"x")), Several { count: 2 }),
        (format!("{text}x"), Trailing),
        (format!("{text}\0"), Trailing),
        (pem("EC PRIVATE KEY", b"x"), label("EC PRIVATE KEY")),
        (pem("ENCRYPTED SIGSTORE PRIVATE KEY", b"x"), label("ENCRYPTED SIGSTORE PRIVATE KEY")),
        (pem("CERTIFICATE", b"x"), label("CERTIFICATE")),
        (pem("PGP PUBLIC KEY BLOCK", b"x"), label("PGP PUBLIC KEY BLOCK")),
        (pem("RSA PUBLIC KEY", b"x"), label("RSA PUBLIC KEY")),
        (pem("public key", &p256()), label("public key")),
        (pem("PUBLIC KEY", b""), Encoding),
        (pem("PUBLIC KEY", b"x"), Encoding),
        (" ".repeat(SIGSTORE_KEY_LIMIT), NotPem),
        (" ".repeat(SIGSTORE_KEY_LIMIT + 1), TooLarge),
    ] {
        let found = read(&other).unwrap_err();
        assert_eq!(found, error, "{other:.200}");
        assert!(!found.to_string().ends_with('.'), "{found}");
    }
    assert!(matches!(read(&text.replace("MFkw", "MF*w")), Err(SigstoreKeyError::Base64 { .. })));
    assert_eq!(SigstoreKey::from_pem(&p256()).unwrap_err(), NotPem);
    for (other, word) in [
        (pem("EC PRIVATE KEY", b"x"), "private key"),
        (pem("CERTIFICATE", b"x"), "certificate"),
        (pem("PGP PUBLIC KEY BLOCK", b"x"), "OpenPGP"),
        (pem("RSA PUBLIC KEY", b"x"), "openssl rsa"),
    ] {
        assert!(read(&other).unwrap_err().to_string().contains(word));
    }
}

#[test]
fn keys_have_one_order() {
    let keys = ["cosign-p256.pub", "cosign-other.pub"].map(|name| read(&test_key(name)).unwrap());
    for (one, other) in [(0, 1), (1, 0), (0, 0)] {
        assert_eq!(keys[one].partial_cmp(&keys[other]), Some(keys[one].cmp(&keys[other])));
    }
    assert!(format!("{:?}", keys[0]).contains(&keys[0].fingerprint().to_string()));
}

#[test]
fn refuses_other_algorithms_and_sizes_by_name() {
    let curve = |identifier: &str| der(0x06, ObjectIdentifier::new_unwrap(identifier).as_bytes());
    const NULL: &[u8] = &[5, 0];
    for (encoded, found) in [
        (block(test_key("cosign-rsa1024.pub").as_bytes()).unwrap(), "RSA-1024"),
        (rsa_info(2047, NULL), "RSA-2047"),
        (rsa_info(8193, NULL), "RSA-8193"),
        (rsa_info(16384, NULL), "RSA-16384"),
        (info("1.2.840.10045.2.1", &curve("1.3.132.0.10"), &[4; 65]), "ECDSA over secp256k1"),
        (info("1.2.840.10045.2.1", &curve("1.3.132.0.33"), &[4; 57]), "ECDSA over P-224"),
        (info("1.2.840.10045.2.1", &curve("1.3.36.3.3.2.8.1.1.7"), &[4; 65]), "1.3.36.3.3.2.8.1.1.7"),
        (info("1.3.101.113", &[], &[4; 57]), "Ed448"),
        (info("1.3.101.110", &[], &[4; 32]), "X25519"),
        (info("1.2.840.10040.4.1", &[], &[2, 1, 4]), "DSA"),
        (info("1.2.840.113549.1.1.10", NULL, &[4]), "RSASSA-PSS"),
        (info("2.16.840.1.101.3.4.3.17", &[], &[4]), "2.16.840.1.101.3.4.3.17"),
    ] {
        let error = SigstoreKeyError::Algorithm { found: found.to_owned() };
        assert_eq!(SigstoreKey::from_der(encoded).unwrap_err(), error);
    }
    assert_eq!(SigstoreKey::from_der(rsa_info(2048, NULL)).unwrap().algorithm(), "RSA-2048");
    assert_eq!(SigstoreKey::from_der(rsa_info(8192, NULL)).unwrap().algorithm(), "RSA-8192");
}

/// Two encodings of one key would be two signers.
#[test]
fn one_key_has_one_encoding() {
    let good = p256();
    let (head, point) = good.split_at(good.len() - 65);
    let curve = der(0x06, ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7").as_bytes());
    let curve_info = |octets: &[u8]| info("1.2.840.10045.2.1", &curve, octets);
    assert_eq!(curve_info(point), good);
    let sign = point[64] & 1;
    let compressed = [&[2 + sign][..], &point[1..33]].concat();
    let hybrid = [&[6 + sign][..], &point[1..]].concat();
    let mut off_curve = point.to_vec();
    off_curve[64] ^= 1;
    let explicit = info("1.2.840.10045.2.1", &der(0x30, &[2, 1, 1]), point);
    let ed25519 = block(test_key("cosign-ed25519.pub").as_bytes()).unwrap();
    let raw = &ed25519[ed25519.len() - 32..];
    for (what, encoded) in [
        ("compressed", curve_info(&compressed)),
        ("hybrid", curve_info(&hybrid)),
        ("infinity", curve_info(&[0])),
        ("short", curve_info(&point[..64])),
        ("off the curve", curve_info(&off_curve)),
        ("explicit parameters", explicit),
        ("no curve", info("1.2.840.10045.2.1", &[], point)),
        ("the point alone", point.to_vec()),
        ("trailing", [&good[..], &[0]].concat()),
        ("truncated", good[..good.len() - 1].to_vec()),
        ("long length", [&[0x30, 0x81, 0x59][..], &head[2..], point].concat()),
        ("unused bits", {
            let mut bits = good.clone();
            bits[head.len() - 1] = 1;
            bits
        }),
        ("RSA without parameters", rsa_info(2048, &[])),
        ("RSA alone", rsa_info(2048, &[5, 0])[24..].to_vec()),
        ("RSA without exponent", info("1.2.840.113549.1.1.1", &[5, 0], &der(0x30, &der(0x02, &[1; 256])))),
        ("Ed25519 with parameters", info("1.3.101.112", &[5, 0], raw)),
        ("Ed25519, short", info("1.3.101.112", &[], &raw[..31])),
        ("Ed25519 alone", raw.to_vec()),
    ] {
        assert_eq!(SigstoreKey::from_der(encoded).unwrap_err(), SigstoreKeyError::Encoding, "{what}");
    }
}

/// Of such a point everybody can make signatures: this one is right over any payload.
#[test]
fn refuses_points_of_ed25519_that_vouch_for_anything() {
    let text = |point: &[u8]| pem("PUBLIC KEY", &info("1.3.101.112", &[], point));
    let ones = |first: u8, last: u8| [vec![first], vec![0xff; 30], vec![last]].concat();
    let low = |first: u8, last: u8| [vec![first], vec![0; 30], vec![last]].concat();
    let points: Vec<Vec<u8>> = ed25519::SMALL_ORDER.iter().map(|point| point.to_vec()).collect();
    assert_eq!(points[..3], [low(0, 0), low(1, 0), ones(0xec, 0x7f)]);
    let mut points = points;
    // The same points, and one that is of the right order, in numbers that are not reduced.
    points.extend([0xed, 0xee, 0xf1, 0xff].map(|first| ones(first, 0x7f)));
    for mut point in points {
        for sign in [0, 0x80] {
            point[31] |= sign;
            let Ok(key) = read(&text(&point)) else { continue };
            let signature = [&low(1, 0)[..], &[0; 32]].concat();
            panic!("{point:02x?} is a key; it makes signatures: {}", key.made(b"anything", &signature));
        }
    }
}
