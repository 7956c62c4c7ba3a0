//! One node of the tree.

use std::fmt;

use crate::base::encode::{base64, unbase64};

/// The SHA-256 hash of a leaf or of an inner node, printed in standard base64 as checkpoints and proofs write it.
///
/// It is a type of its own because a [`Digest`](crate::base::digest::Digest) of the same bytes is a different hash: leaves are hashed
/// after a zero byte and nodes after a one byte (RFC 6962, section 2.1).
///
/// ```
/// use countersign::ledger::hash::Hash;
/// assert_eq!(Hash::EMPTY.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
/// assert_eq!(Hash::parse(&Hash::EMPTY.to_string()), Some(Hash::EMPTY));
/// assert_eq!(Hash::parse("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"), None, "without padding");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::BYTES]);

impl Hash {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// The root of the tree without leaves: the hash of nothing (RFC 6962, section 2.1).
    pub const EMPTY: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4,
        0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// Makes a hash from its bytes.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Accepts exactly the base64 of 32 bytes, with padding.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(unbase64(text)?.try_into().ok()?))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
