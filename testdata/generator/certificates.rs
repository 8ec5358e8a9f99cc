//! Certificates: a primary key, what it says about itself, its subkeys and its end.

use sequoia_openpgp::types::HashAlgorithm;

use crate::keys::SigningKey;
use crate::signing::{Signing, kind};
use crate::time::{self, Time};
use crate::wire::{be16, be32, packet, sub, tag};

/// Key flags (RFC 9580, section 5.2.3.29).
pub(crate) mod flag {
    pub(crate) const CERTIFY: u8 = 0x01;
    pub(crate) const SIGN: u8 = 0x02;
    pub(crate) const ENCRYPT: u8 = 0x0C;
}

/// Reasons for revocation (RFC 9580, section 5.2.3.31).
pub(crate) mod reason {
    pub(crate) const SUPERSEDED: u8 = 1;
    pub(crate) const COMPROMISED: u8 = 2;
}

/// A certificate in the making.
pub(crate) struct Certificate<'a> {
    primary: &'a SigningKey,
    packets: Vec<u8>,
}

impl<'a> Certificate<'a> {
    /// The primary key's packet and nothing else.
    pub(crate) fn bare(primary: &'a SigningKey) -> Self {
        Self { primary, packets: packet(tag::PUBLIC_KEY, &primary.public) }
    }

    /// A primary key that certifies and signs, and one user ID.
    pub(crate) fn new(primary: &'a SigningKey, user_id: &str) -> Self {
        let certificate = Self::bare(primary);
        let binding = certificate.binding(time::KEYS, flag::CERTIFY | flag::SIGN);
        // A certificate of version 6 says what its key is for in a direct key signature.
        let certificate = match primary.version {
            6 => certificate.direct(&binding.clone().kind(kind::DIRECT_KEY)),
            _ => certificate,
        };
        certificate.user_id(user_id, &binding)
    }

    /// What a self-signature of GnuPG says.
    pub(crate) fn binding(&self, made: Time, flags: u8) -> Signing<'a> {
        self.plain(kind::CERTIFICATION, made)
            .add(sub::KEY_FLAGS, &[flags])
            .add(sub::PRIMARY_USER_ID, &[1])
            .add(sub::FEATURES, &[1])
    }

    /// A signature of the primary key that says no more than who made it and when.
    pub(crate) fn plain(&self, kind: u8, made: Time) -> Signing<'a> {
        Signing::new(self.primary, kind, made)
    }

    /// Adds a signature over the primary key alone.
    pub(crate) fn direct(mut self, signing: &Signing<'_>) -> Self {
        self.packets.extend(signing.packet(&hashed_key(self.primary)));
        self
    }

    /// Adds a user ID and its self-signature.
    pub(crate) fn user_id(mut self, user_id: &str, signing: &Signing<'_>) -> Self {
        self.packets.extend(packet(tag::USER_ID, user_id.as_bytes()));
        self.again(user_id, signing)
    }

    /// Adds one more self-signature to the user ID that stands last.
    pub(crate) fn again(mut self, user_id: &str, signing: &Signing<'_>) -> Self {
        let signed = [hashed_key(self.primary).as_slice(), &[0xB4], &be32(user_id.len()), user_id.as_bytes()].concat();
        self.packets.extend(signing.packet(&signed));
        self
    }

    /// Revokes the primary key; stands directly after it.
    pub(crate) fn revoked(self, why: u8, when: Time) -> Self {
        let signing = self.plain(kind::KEY_REVOCATION, when).add(sub::REVOCATION_REASON, &[why]);
        self.direct(&signing)
    }

    /// Adds a subkey that its own signature binds back, as a signing subkey must be.
    pub(crate) fn subkey(self, subkey: &SigningKey, flags: u8, made: Time) -> Self {
        let signed = [hashed_key(self.primary), hashed_key(subkey)].concat();
        let back = Signing::new(subkey, kind::BACK_SIGNATURE, made).body(&signed);
        let binding = self.subkey_binding(flags, made).add(sub::EMBEDDED_SIGNATURE, &back);
        self.subkey_bound_by(subkey, &binding)
    }

    /// Adds a subkey that did not agree to it.
    pub(crate) fn subkey_without_back_signature(self, subkey: &SigningKey, flags: u8, made: Time) -> Self {
        let binding = self.subkey_binding(flags, made);
        self.subkey_bound_by(subkey, &binding)
    }

    /// Adds a subkey that expires, `lifetime` seconds after it was made.
    pub(crate) fn expiring_subkey(self, subkey: &SigningKey, made: Time, lifetime: Time) -> Self {
        let signed = [hashed_key(self.primary), hashed_key(subkey)].concat();
        let back = Signing::new(subkey, kind::BACK_SIGNATURE, made).body(&signed);
        let binding = self
            .subkey_binding(flag::SIGN, made)
            .add(sub::KEY_EXPIRES, &lifetime.to_be_bytes())
            .add(sub::EMBEDDED_SIGNATURE, &back);
        self.subkey_bound_by(subkey, &binding)
    }

    /// Adds a subkey's packet without any signature.
    pub(crate) fn unbound_subkey(mut self, subkey: &SigningKey) -> Self {
        self.packets.extend(packet(tag::PUBLIC_SUBKEY, &subkey.public));
        self
    }

    /// Revokes the subkey that stands last.
    pub(crate) fn subkey_revoked(mut self, subkey: &SigningKey, why: u8, when: Time) -> Self {
        let signing = self.plain(kind::SUBKEY_REVOCATION, when).add(sub::REVOCATION_REASON, &[why]);
        self.packets.extend(signing.packet(&[hashed_key(self.primary), hashed_key(subkey)].concat()));
        self
    }

    pub(crate) fn packets(self) -> Vec<u8> {
        self.packets
    }

    fn subkey_binding(&self, flags: u8, made: Time) -> Signing<'a> {
        self.plain(kind::SUBKEY_BINDING, made).add(sub::KEY_FLAGS, &[flags])
    }

    fn subkey_bound_by(mut self, subkey: &SigningKey, binding: &Signing<'_>) -> Self {
        let signed = [hashed_key(self.primary), hashed_key(subkey)].concat();
        self = self.unbound_subkey(subkey);
        self.packets.extend(binding.packet(&signed));
        self
    }
}

/// A certificate whose self-signature uses `hash`.
pub(crate) fn self_signed_with<'a>(primary: &'a SigningKey, user_id: &str, hash: HashAlgorithm) -> Certificate<'a> {
    let certificate = Certificate::bare(primary);
    let binding = certificate.binding(time::KEYS, flag::CERTIFY | flag::SIGN).hash(hash);
    certificate.user_id(user_id, &binding)
}

/// A key as a signature over it hashes it.
fn hashed_key(key: &SigningKey) -> Vec<u8> {
    match key.version {
        6 => [&[0x9B], be32(key.public.len()).as_slice(), &key.public].concat(),
        _ => [&[0x99], be16(key.public.len()).as_slice(), &key.public].concat(),
    }
}
