//! SHA-256 digests. The one home of crate `sha2`.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use sha2::{Digest as _, Sha256};

use crate::base::encode::{hex, unhex};

/// A SHA-256 digest (FIPS 180-4), printed as 64 lower-case hexadecimal digits.
///
/// ```
/// use countersign::base::digest::Digest;
/// assert!(Digest::of(b"abc").to_string().starts_with("ba7816bf"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Digest(#[schemars(regex(pattern = crate::base::decode::SHA256))] String);

/// The 32 bytes of the digest of several pieces as if they were one.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

impl Digest {
    /// Computes the digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// Computes the digest of several pieces as if they were one; the caller sees to it that they cannot be cut otherwise.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        Self(hex(&sha256(parts)))
    }

    /// Computes HMAC-SHA-256 (RFC 2104) of a message under a secret.
    pub fn keyed(secret: &[u8; 32], message: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(message);
        Self(hex(&mac.finalize().into_bytes()))
    }

    /// Makes a digest from its 32 bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(hex(bytes))
    }

    /// Returns the 32 bytes.
    pub fn bytes(&self) -> [u8; 32] {
        unhex(&self.0).and_then(|bytes| bytes.try_into().ok()).expect("a digest is 64 hexadecimal digits")
    }

    /// Returns the 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first `digits` digits, for ids that people read.
    pub fn short(&self, digits: usize) -> &str {
        &self.0[..digits.min(self.0.len())]
    }

    /// Accepts exactly 64 lower-case hexadecimal digits.
    ///
    /// ```
    /// use countersign::base::digest::Digest;
    /// assert!(Digest::parse("ABC").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("expected 64 lower-case hexadecimal digits"))
    }
}
