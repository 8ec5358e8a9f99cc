//! The times that everything here is made at.

/// Seconds since 1970, as OpenPGP counts them.
pub(crate) type Time = u32;

pub(crate) const DAY: Time = 86_400;
/// 2020-01-01T00:00:00Z: the keys.
pub(crate) const KEYS: Time = 1_577_836_800;
/// 2024-03-01T12:00:00Z: the signatures, unless their name says otherwise.
pub(crate) const SIGNATURES: Time = 1_709_294_400;
/// 2024-06-01T00:00:00Z: the key that is younger than the signatures.
pub(crate) const FUTURE_KEY: Time = 1_717_200_000;
/// 2025-01-01T00:00:00Z: when keys expire or are revoked.
pub(crate) const END: Time = 1_735_689_600;
/// 2025-03-01T12:00:00Z: the signatures made after the end of their keys.
pub(crate) const AFTER_END: Time = 1_740_830_400;
/// 2026-01-01T00:00:00Z: self-signatures and subkeys that are newer than the signatures.
pub(crate) const LATER: Time = 1_767_225_600;
/// 2026-06-01T00:00:00Z: what the tests take for now.
pub(crate) const NOW: Time = 1_780_272_000;
/// 2060-01-01T00:00:00Z.
pub(crate) const FAR: Time = 2_840_140_800;

pub(crate) const NOW_TEXT: &str = "2026-06-01T00:00:00Z";
pub(crate) const SIGNATURES_TEXT: &str = "2024-03-01T12:00:00Z";
