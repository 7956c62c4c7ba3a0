//! SHA-256 digests. The one home of crate `sha2`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest (FIPS 180-4), printed as 64 lower-case hexadecimal digits.
///
/// ```
/// use countersign::base::digest::Digest;
/// assert!(Digest::of(b"abc").to_string().starts_with("ba7816bf"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Digest(#[schemars(regex(pattern = crate::base::decode::SHA256))] String);

impl Digest {
    /// Computes the digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Self(text)
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
