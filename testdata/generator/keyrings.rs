//! The files of `testdata/keys/`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use sequoia_openpgp::armor::{Kind, Writer};
use sequoia_openpgp::types::HashAlgorithm;

use crate::certificates::{Certificate, flag, reason, self_signed_with};
use crate::keys::Keys;
use crate::signing::{Signing, kind};
use crate::time;
use crate::wire::{packet, sub, tag};

/// The user ID of the key that signs the releases.
const RELEASE: &str = "Example Release Key <release@example.com>";

pub(crate) fn write(dir: &Path, keys: &Keys) {
    let asc = |name: &str, packets: &[u8]| fs::write(dir.join(format!("{name}.asc")), armored(packets)).unwrap();

    let release = Certificate::new(keys.get("release"), RELEASE).packets();
    asc("release", &release);
    fs::write(dir.join("release.gpg"), &release).unwrap();
    for name in
        ["rsa2048", "rsa1024", "dsa2048", "ed25519", "ed25519-rfc9580", "p256", "p384", "p521", "v6", "attacker"]
    {
        asc(name, &plain(keys, name).packets());
    }
    subkeys(keys, &asc);
    ends(keys, &asc);
    oddities(keys, &asc);
    collections(dir, keys, &asc);
}

fn plain<'a>(keys: &'a Keys, name: &str) -> Certificate<'a> {
    Certificate::new(keys.get(name), &user_id(name))
}

fn user_id(name: &str) -> String {
    format!("Test Key {name} <{name}@example.com>")
}

/// Certificates that differ in their subkeys.
fn subkeys(keys: &Keys, asc: &dyn Fn(&str, &[u8])) {
    asc("subkey", &subkey(keys).packets());
    let signing = keys.get("no-back-signature.signing");
    asc(
        "no-back-signature",
        &certify_only(keys, "no-back-signature")
            .subkey_without_back_signature(signing, flag::SIGN, time::KEYS)
            .packets(),
    );
    let subkey = keys.get("encrypt-only.subkey");
    asc(
        "encrypt-only",
        &certify_only(keys, "encrypt-only").subkey_without_back_signature(subkey, flag::ENCRYPT, time::KEYS).packets(),
    );
    asc("unbound-subkey", &plain(keys, "unbound-subkey").unbound_subkey(keys.get("unbound-subkey.signing")).packets());
    let stolen = keys.get("subkey.signing");
    asc(
        "stolen-subkey",
        &certify_only(keys, "stolen-subkey").subkey_without_back_signature(stolen, flag::SIGN, time::KEYS).packets(),
    );
    let late = keys.get("late-subkey.signing");
    asc("late-subkey", &subkey_primary(keys).subkey(late, flag::SIGN, time::LATER).packets());
    let expired = keys.get("expired-subkey.signing");
    asc(
        "expired-subkey",
        &plain(keys, "expired-subkey").expiring_subkey(expired, time::KEYS, time::END - time::KEYS).packets(),
    );
    for (name, why) in [("soft-revoked-subkey", reason::SUPERSEDED), ("hard-revoked-subkey", reason::COMPROMISED)] {
        let signing = keys.get(&format!("{name}.signing"));
        let certificate = plain(keys, name).subkey(signing, flag::SIGN, time::KEYS);
        asc(name, &certificate.subkey_revoked(signing, why, time::END).packets());
    }
}

/// A primary key that only certifies, and a subkey that signs.
fn subkey(keys: &Keys) -> Certificate<'_> {
    subkey_primary(keys).subkey(keys.get("subkey.signing"), flag::SIGN, time::KEYS)
}

fn subkey_primary(keys: &Keys) -> Certificate<'_> {
    certify_only(keys, "subkey")
}

fn certify_only<'a>(keys: &'a Keys, name: &str) -> Certificate<'a> {
    let certificate = Certificate::bare(keys.get(name));
    let binding = certificate.binding(time::KEYS, flag::CERTIFY);
    certificate.user_id(&user_id(name), &binding)
}

/// Certificates that have come to an end, one way or another.
fn ends(keys: &Keys, asc: &dyn Fn(&str, &[u8])) {
    let both = flag::CERTIFY | flag::SIGN;
    let expired = Certificate::bare(keys.get("expired"));
    let binding = expired.binding(time::KEYS, both).add(sub::KEY_EXPIRES, &(time::END - time::KEYS).to_be_bytes());
    asc("expired", &expired.user_id(&user_id("expired"), &binding).packets());

    for (name, why) in [("soft-revoked", reason::SUPERSEDED), ("hard-revoked", reason::COMPROMISED)] {
        asc(name, &revoked(keys, name, |bare| bare.revoked(why, time::END)));
    }
    asc("hard-revoked.revocation-removed", &plain(keys, "hard-revoked").packets());
    asc(
        "unexplained-revoked",
        &revoked(keys, "unexplained-revoked", |bare| {
            let revocation = bare.plain(kind::KEY_REVOCATION, time::END);
            bare.direct(&revocation)
        }),
    );
    asc(
        "revoked-with-sha1",
        &revoked(keys, "revoked-with-sha1", |bare| {
            let revocation =
                bare.plain(kind::KEY_REVOCATION, time::END).add(sub::REVOCATION_REASON, &[reason::COMPROMISED]);
            bare.direct(&revocation.hash(HashAlgorithm::SHA1))
        }),
    );

    let name = "soft-revoked-renewed";
    let certificate = Certificate::bare(keys.get(name)).revoked(reason::SUPERSEDED, time::END);
    let (first, second) = (certificate.binding(time::KEYS, both), certificate.binding(time::LATER, both));
    asc(name, &certificate.user_id(&user_id(name), &first).again(&user_id(name), &second).packets());

    let (name, revoker) = ("designated-revoked", keys.get("revoker"));
    asc("revoker", &plain(keys, "revoker").packets());
    asc(
        name,
        &revoked(keys, name, |bare| {
            let names_revoker = [&[0x80, revoker.algorithm], revoker.fingerprint.as_slice()].concat();
            let appointment = bare.plain(kind::DIRECT_KEY, time::KEYS).add(sub::REVOCATION_KEY, &names_revoker);
            let revocation = Signing::new(revoker, kind::KEY_REVOCATION, time::END)
                .add(sub::REVOCATION_REASON, &[reason::COMPROMISED]);
            bare.direct(&revocation).direct(&appointment)
        }),
    );
}

/// A certificate with whatever `revoke` puts behind the primary key.
fn revoked<'a>(keys: &'a Keys, name: &str, revoke: impl FnOnce(Certificate<'a>) -> Certificate<'a>) -> Vec<u8> {
    let certificate = revoke(Certificate::bare(keys.get(name)));
    let binding = certificate.binding(time::KEYS, flag::CERTIFY | flag::SIGN);
    certificate.user_id(&user_id(name), &binding).packets()
}

/// Certificates whose self-signatures are out of the ordinary.
fn oddities(keys: &Keys, asc: &dyn Fn(&str, &[u8])) {
    let both = flag::CERTIFY | flag::SIGN;
    for (name, hash) in [("sha1-self-signature", HashAlgorithm::SHA1), ("md5-self-signature", HashAlgorithm::MD5)] {
        asc(name, &self_signed_with(keys.get(name), &user_id(name), hash).packets());
    }
    let certificate = Certificate::bare(keys.get("no-key-flags"));
    let binding = certificate.plain(kind::CERTIFICATION, time::KEYS);
    asc("no-key-flags", &certificate.user_id(&user_id("no-key-flags"), &binding).packets());

    asc("no-self-signature", &Certificate::bare(keys.get("no-self-signature")).packets());

    let mut broken = plain(keys, "bad-self-signature").packets();
    *broken.last_mut().unwrap() ^= 1;
    asc("bad-self-signature", &broken);

    for (name, made) in [("future", time::FUTURE_KEY), ("extended", time::LATER)] {
        let certificate = Certificate::bare(keys.get(name));
        let binding = certificate.binding(made, both);
        asc(name, &certificate.user_id(&user_id(name), &binding).packets());
    }
    let hostile = "\u{1b}[31mRed\u{1b}[0m\u{202e}drowssap\n[GNUPG:] GOODSIG <script>alert(1)</script>";
    asc("hostile-user-id", &Certificate::new(keys.get("hostile-user-id"), hostile).packets());
}

/// Files that hold several certificates, or none.
fn collections(dir: &Path, keys: &Keys, asc: &dyn Fn(&str, &[u8])) {
    let file = |name: &str, content: &[u8]| fs::write(dir.join(name), content).unwrap();
    let (first, second) = (plain(keys, "rsa2048").packets(), plain(keys, "ed25519").packets());
    asc("two-certs", &[first.as_slice(), &second].concat());
    let blocks = ["The build key:\n\n", &armored(&first), "\nThe release key:\n\n", &armored(&second)].concat();
    file("two-armor-blocks.asc", blocks.as_bytes());
    let release = armored(&Certificate::new(keys.get("release"), RELEASE).packets());
    file("text-before.asc", ["pub   rsa4096 2020-01-01\nuid   ", RELEASE, "\n\n", &release].concat().as_bytes());
    let lines: Vec<&str> = release.lines().collect();
    file("corrupt.asc", [&lines[..10], &lines[11..]].concat().join("\n").as_bytes());
    file("truncated.asc", lines[..lines.len() / 2].join("\n").as_bytes());
    file("empty.asc", b"");
    file("not-a-key.asc", b"This file holds no OpenPGP data at all.\n");
    file("message.asc", armor(Kind::Message, &packet(tag::LITERAL, b"b\0\0\0\0\0no key")).as_bytes());
    let key = keys.get("ed25519");
    let binding = second.get(packet(tag::PUBLIC_KEY, &key.public).len()..).unwrap();
    file("secret.asc", armor(Kind::SecretKey, &[key.secret.as_slice(), binding].concat()).as_bytes());
    file("keybox.kbx", &keybox());
}

/// The first blob of a GnuPG keybox: length, type 1, version, flags, and the magic at offset 8.
fn keybox() -> Vec<u8> {
    let made = time::KEYS.to_be_bytes();
    [&[0, 0, 0, 32, 1, 1, 0, 2], b"KBXf".as_slice(), &[0; 4], &made, &made, &[0; 8]].concat()
}

fn armored(packets: &[u8]) -> String {
    armor(Kind::PublicKey, packets)
}

pub(crate) fn armor(kind: Kind, packets: &[u8]) -> String {
    let mut writer = Writer::new(Vec::new(), kind).unwrap();
    writer.write_all(packets).unwrap();
    String::from_utf8(writer.finalize().unwrap()).unwrap()
}
