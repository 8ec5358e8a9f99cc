//! Signatures as GnuPG makes them, by the fastest operation at hand: thousands of them are wanted.

use std::io::Write as _;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::{BigUint, RsaPrivateKey};
use sequoia_openpgp::Packet;
use sequoia_openpgp::crypto::mpi::{PublicKey, SecretKeyMaterial};
use sequoia_openpgp::packet::key::SecretKeyMaterial as Secret;
use sequoia_openpgp::parse::Parse as _;
use sha2::{Digest as _, Sha256};

/// The test data's release key, RSA-4096, and the certificate that vouches for it.
const KEY: &[u8] = include_bytes!("../../testdata/keys/secret/release.pgp");
pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../../testdata/keys/release.gpg");

/// When everything is signed: 2024-03-01T12:00:00Z.
const SIGNED: u32 = 1_709_294_400;

pub(crate) struct Signer {
    pair: KeyPair,
    fingerprint: Vec<u8>,
    key_id: Vec<u8>,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let Packet::SecretKey(key) = Packet::from_bytes(KEY).unwrap() else { panic!("a secret key") };
        let number = |value: &[u8]| BigUint::from_bytes_be(value);
        let PublicKey::RSA { e, n } = key.mpis() else { panic!("an RSA key") };
        let Some(Secret::Unencrypted(secret)) = key.optional_secret() else { panic!("a key without a password") };
        let private = secret.map(|secret| {
            let SecretKeyMaterial::RSA { d, p, q, .. } = secret else { panic!("an RSA key") };
            let primes = vec![number(p.value()), number(q.value())];
            RsaPrivateKey::from_components(number(n.value()), number(e.value()), number(d.value()), primes).unwrap()
        });
        Self {
            pair: KeyPair::from_der(private.to_pkcs1_der().unwrap().as_bytes()).unwrap(),
            fingerprint: key.fingerprint().as_bytes().to_vec(),
            key_id: key.keyid().as_bytes().to_vec(),
        }
    }

    /// The signed message, compressed: one-pass signature, literal, signature.
    pub(crate) fn message(&self, payload: &str) -> Vec<u8> {
        let one_pass = [&[3, 0, 8, 1], self.key_id.as_slice(), &[1]].concat();
        let literal = [&[b'b', 0, 0, 0, 0, 0], payload.as_bytes()].concat();
        // An old-format compressed packet of indeterminate length, raw deflate.
        let mut deflate = DeflateEncoder::new(vec![0xA3, 1], Compression::default());
        for (tag, body) in [(4, one_pass), (11, literal), (2, self.signature(payload.as_bytes()))] {
            deflate.write_all(&[0x81 | (tag << 2)]).unwrap();
            deflate.write_all(&u16::try_from(body.len()).unwrap().to_be_bytes()).unwrap();
            deflate.write_all(&body).unwrap();
        }
        deflate.finish().unwrap()
    }

    /// The body of a version 4 signature packet: RSA, SHA-256, over binary data.
    fn signature(&self, data: &[u8]) -> Vec<u8> {
        let issuer = [&[22, 33, 4], self.fingerprint.as_slice()].concat();
        let hashed = [issuer, vec![5, 2], SIGNED.to_be_bytes().to_vec()].concat();
        let size = u16::try_from(hashed.len()).unwrap().to_be_bytes();
        let signed = [&[4, 0, 1, 8], size.as_slice(), &hashed].concat();
        let trailer = [&[4, 0xFF], u32::try_from(signed.len()).unwrap().to_be_bytes().as_slice()].concat();
        let all = [data, &signed, &trailer].concat();
        let mut number = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &all, &mut number).unwrap();
        let unhashed = [&[0, 10, 9, 16], self.key_id.as_slice()].concat();
        let prefix = Sha256::digest(&all).get(..2).unwrap().to_vec();
        [signed, unhashed, prefix, integer(&number)].concat()
    }
}

/// A multi-precision integer: its length in bits, and no leading zeros.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    let unused = number.first().map_or(0, |first| usize::try_from(first.leading_zeros()).unwrap());
    [&u16::try_from(number.len() * 8 - unused).unwrap().to_be_bytes(), number].concat()
}
