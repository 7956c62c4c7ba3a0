//! What is hashed into the tree for one entry.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::digest::Digest;
use crate::base::encode::canonical;
use crate::base::instant::Instant;

/// The version that is written.
pub const LEAF_VERSION: u32 = 1;

/// Longest kind in bytes. A kind is a word of the code, not a text; the bound keeps a leaf far below the 65,535 bytes of a bundle.
const MAX_KIND: usize = 64;

/// One leaf: what the ledger says of an entry for ever.
///
/// It names no person. What the entry says is behind the commitment; who destroys salt and payload leaves a leaf that still counts in
/// every proof and tells no more than that something of this kind was recorded then.
///
/// ```
/// use countersign::base::instant::Instant;
/// use countersign::ledger::leaf::{Leaf, Salt, commit};
///
/// let recorded: Instant = "2026-11-25T22:07:43.123Z".parse().unwrap();
/// let leaf = Leaf::new(commit(&Salt::new([7; 32]), b"{}"), "ack.signed", recorded).unwrap();
/// let bytes = leaf.encode();
/// assert!(bytes.ends_with(br#","kind":"ack.signed","recorded":"2026-11-25T22:07:43.123Z","version":1}"#));
/// assert_eq!(Leaf::parse(&bytes), Ok(leaf));
///
/// let spaced = String::from_utf8(bytes).unwrap().replace(",", ", ");
/// assert!(Leaf::parse(spaced.as_bytes()).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// SHA-256 of salt and payload, see [`commit`].
    pub commitment: Digest,
    /// What was recorded, for example `ack.signed`: dotted lower-case words, see [`is_kind`].
    pub kind: String,
    /// When it was recorded, in UTC to the millisecond.
    pub recorded: Instant,
    /// [`LEAF_VERSION`].
    pub version: u32,
}

/// The bytes are not a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not JSON with exactly the four members of a leaf.
    #[error("expected a leaf with `commitment`, `kind`, `recorded` and `version`")]
    Form,
    /// A version that this program does not read.
    #[error("leaf version {0} is not known, allowed: {LEAF_VERSION}")]
    Version(u32),
    /// The kind is not made of dotted lower-case words.
    #[error("`{0}` is not a kind of entry, expected lower-case words with dots, at most {MAX_KIND} bytes")]
    Kind(String),
    /// The right members in another spelling: white space, order, escapes.
    #[error("the leaf is not in canonical form (RFC 8785)")]
    Spelling,
}

impl Leaf {
    /// Makes a leaf of the current version.
    ///
    /// # Errors
    /// [`LeafError::Kind`] when [`is_kind`] denies the kind.
    pub fn new(commitment: Digest, kind: &str, recorded: Instant) -> Result<Self, LeafError> {
        if !is_kind(kind) {
            return Err(LeafError::Kind(kind.to_owned()));
        }
        Ok(Self { commitment, kind: kind.to_owned(), recorded, version: LEAF_VERSION })
    }

    /// The bytes that are hashed into the tree: canonical JSON (RFC 8785), about 180 bytes.
    pub fn encode(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Reads a leaf; accepts only the bytes that [`Leaf::encode`] writes.
    ///
    /// # Errors
    /// [`LeafError::Form`] for anything that has not the members of a leaf, [`LeafError::Version`] and [`LeafError::Kind`] for values
    /// out of range, [`LeafError::Spelling`] for a valid leaf in other bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Self = serde_json::from_slice(bytes).map_err(|_| LeafError::Form)?;
        if leaf.version != LEAF_VERSION {
            return Err(LeafError::Version(leaf.version));
        }
        if !is_kind(&leaf.kind) {
            return Err(LeafError::Kind(leaf.kind));
        }
        if leaf.encode() == bytes { Ok(leaf) } else { Err(LeafError::Spelling) }
    }
}

/// Tells whether a text can be the kind of a leaf: words of `a` to `z`, `0` to `9` and `_`, each starting with a letter, joined by
/// single dots; 1 to 64 bytes.
///
/// ```
/// use countersign::ledger::leaf::is_kind;
/// assert!(is_kind("ack.signed"));
/// assert!(!is_kind("ack..signed") && !is_kind("Ack") && !is_kind(""));
/// ```
pub fn is_kind(text: &str) -> bool {
    let word = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase()) && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    text.len() <= MAX_KIND && text.split('.').all(word)
}

/// The 32 random bytes that hide a payload behind its commitment.
///
/// Payloads are short and guessable (a name, a policy, a day), so without a salt anybody could try them. A salt is used once, is kept
/// beside the payload and is destroyed with it. Debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Makes a salt from random bytes of the caller.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, to be stored beside the payload.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// The commitment of a leaf: SHA-256 of the salt followed by the payload.
///
/// The salt has a fixed length, so the two cannot be cut otherwise.
///
/// ```
/// use countersign::base::digest::Digest;
/// use countersign::ledger::leaf::{Salt, commit};
/// assert_eq!(commit(&Salt::new([b'a'; 32]), b"bc"), Digest::of(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc"));
/// assert_ne!(commit(&Salt::new([b'b'; 32]), b"bc"), commit(&Salt::new([b'a'; 32]), b"bc"));
/// ```
pub fn commit(salt: &Salt, payload: &[u8]) -> Digest {
    Digest::of_parts(&[salt.bytes(), payload])
}
