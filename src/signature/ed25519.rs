//! Which points of Ed25519 are keys that can vouch for something. The libraries for the operation do not look.

/// Whether the point of an Ed25519 key is none of small order, for which everybody can make signatures, and is in its
/// one encoding. The library looks at neither.
pub(super) fn is_sound(point: &[u8]) -> bool {
    let Some((last, others)) = point.split_last() else { return false };
    // The highest bit is the sign of the other coordinate.
    let reversed = || std::iter::once(last & 0x7f).chain(others.iter().rev().copied());
    reversed().lt(MODULUS) && !SMALL_ORDER.iter().any(|small| reversed().eq(small.iter().rev().copied()))
}

/// What the coordinates of points of Ed25519 are reduced by: 2²⁵⁵ - 19, the highest octet first.
const MODULUS: [u8; 32] = {
    let mut octets = [0xff; 32];
    [octets[0], octets[31]] = [0x7f, 0xed];
    octets
};

/// The coordinates of the points of small order, the lowest octet first: of order 4, 1, 2, 8 and 8.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut octets = [0; 32];
        octets[0] = 1;
        octets
    },
    {
        let mut octets = [0xff; 32];
        [octets[0], octets[31]] = [0xec, 0x7f];
        octets
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];
