//! Keys that sign the ledger, and the origin they sign for (C2SP signed-note, Ed25519 only).

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _};
use signed_note::{is_key_name_valid, key_id};

use crate::base::encode::{base64, unbase64};

/// Signature type of plain Ed25519 signatures over the note text.
const ED25519: u8 = 0x01;

/// What a key file starts with (the note format of Go).
const PRIVATE: &str = "PRIVATE+KEY+";

/// The name of a ledger: the first line of its checkpoints and the name of its keys, for example `ledger.example.com`.
///
/// By custom a web address without its scheme; nothing needs to answer there. No white space, no control characters, no plus (C2SP
/// signed-note, key names).
///
/// ```
/// use countersign::ledger::key::Origin;
/// assert_eq!(Origin::parse("example.com/register").unwrap().as_str(), "example.com/register");
/// assert!(Origin::parse("our register").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Accepts a name that a key can have.
    ///
    /// # Errors
    /// [`KeyError::Name`] when it is empty or has white space, a control character or a plus.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if is_key_name_valid(text) && !text.contains(char::is_control) { Ok(Self(text.to_owned())) } else { Err(KeyError::Name) }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text)
    }
}

/// The text is not a key. No message repeats the text: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not of the form of a signing key.
    #[error("expected a signing key as `PRIVATE+KEY+<name>+<8 hexadecimal digits>+<base64>`")]
    SigningForm,
    /// Not of the form of a verifier key.
    #[error("expected a verifier key as `<name>+<8 hexadecimal digits>+<base64>`")]
    VerifierForm,
    /// The name is empty or has white space, a control character or a plus.
    #[error("the name of a ledger has at least one character, no white space and no plus")]
    Name,
    /// Not Ed25519.
    #[error("only keys of signature type 1 (Ed25519) are known")]
    Type,
    /// The eight digits are not those of the name and the public key.
    #[error("the eight digits do not belong to this name and key")]
    Id,
    /// The 32 bytes are no point of the curve, not its one spelling, or a point for which signatures can be made without a secret.
    #[error("the public key is not a sound point of the curve")]
    Point,
}

/// A secret key that signs checkpoints and receipts. Whoever has its text can sign in the name of the ledger.
///
/// Neither `Debug` nor `Display` shows the secret; only [`SigningKey::expose_secret`] does.
///
/// ```
/// use countersign::ledger::key::{Origin, SigningKey};
/// let key = SigningKey::from_seed(Origin::parse("example.com/register").unwrap(), &[7; 32]);
/// let file = key.expose_secret();
/// assert_eq!(SigningKey::parse(&file).unwrap().verifier(), key.verifier());
/// assert!(file.starts_with(&format!("PRIVATE+KEY+{key}+")));
/// assert!(SigningKey::parse(&file.replace("register", "Register")).is_err());
/// ```
#[derive(Clone)]
pub struct SigningKey {
    origin: Origin,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a key from 32 random bytes of the caller. Every seed is a key.
    pub fn from_seed(origin: Origin, seed: &[u8; 32]) -> Self {
        Self { origin, secret: ed25519_dalek::SigningKey::from_bytes(seed) }
    }

    /// Reads the text of a key file, without the line feed that an editor leaves at its end.
    ///
    /// # Errors
    /// Any text that [`SigningKey::expose_secret`] does not print.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix(PRIVATE).ok_or(KeyError::SigningForm)?;
        let parts = Parts::read(rest).ok_or(KeyError::SigningForm)?;
        let key = Self::from_seed(parts.origin()?, &parts.ed25519()?);
        if key.id() == parts.id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// Prints the text of a key file: `PRIVATE+KEY+<name>+<8 hexadecimal digits>+<base64 of 1 and seed>`, without a line feed.
    pub fn expose_secret(&self) -> String {
        format!("{PRIVATE}{self}+{}", base64(&typed(self.secret.as_bytes())))
    }

    /// The ledger it signs for.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The number that stands before its signatures.
    pub fn id(&self) -> u32 {
        key_id(self.origin.as_str(), &typed(self.secret.verifying_key().as_bytes()))
    }

    /// The key that checks what this one signs.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { origin: self.origin.clone(), public: self.secret.verifying_key() }
    }

    /// Signs a text (RFC 8032): the same text gives the same signature.
    pub(crate) fn sign(&self, text: &[u8]) -> [u8; Signature::BYTE_SIZE] {
        self.secret.sign(text).to_bytes()
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}", self.origin, self.id())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({self}+…)")
    }
}

/// A public key that checks signatures of the ledger: what an outsider needs beside a receipt. C2SP calls its text a vkey.
///
/// ```
/// use countersign::ledger::key::VerifierKey;
/// let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// let key = VerifierKey::parse(text).unwrap();
/// assert_eq!(key.to_string(), text);
/// assert!(VerifierKey::parse(&text.replace("foo", "bar")).is_err(), "the digits bind name and key");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    origin: Origin,
    public: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Reads a verifier key: `<name>+<8 hexadecimal digits>+<base64 of 1 and public key>`.
    ///
    /// # Errors
    /// Any text that its `Display` does not print; [`KeyError::Point`] also for the points of small order, which check signatures that nobody made.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let parts = Parts::read(text).ok_or(KeyError::VerifierForm)?;
        let bytes = parts.ed25519()?;
        let public = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Point)?;
        if public.is_weak() || public.to_edwards().compress().to_bytes() != bytes {
            return Err(KeyError::Point);
        }
        let key = Self { origin: parts.origin()?, public };
        if key.id() == parts.id { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The ledger it belongs to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The number that stands before its signatures.
    pub fn id(&self) -> u32 {
        key_id(self.origin.as_str(), &typed(self.public.as_bytes()))
    }

    /// Tells whether the signature is one of this key over the text.
    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.public.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.origin, self.id(), base64(&typed(self.public.as_bytes())))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text)
    }
}

/// The three parts that both texts end with.
struct Parts<'t> {
    name: &'t str,
    id: u32,
    bytes: Vec<u8>,
}

impl<'t> Parts<'t> {
    /// Splits a text; the base64 may contain pluses, the name and the digits may not.
    fn read(text: &'t str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (digits, key) = rest.split_once('+')?;
        let strict = digits.len() == 8 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = u32::from_str_radix(digits, 16).ok().filter(|_| strict)?;
        Some(Self { name, id, bytes: unbase64(key)? })
    }

    fn origin(&self) -> Result<Origin, KeyError> {
        Origin::parse(self.name)
    }

    /// The 32 bytes after the signature type.
    fn ed25519(&self) -> Result<[u8; 32], KeyError> {
        match self.bytes.split_first() {
            Some((&ED25519, key)) => key.try_into().map_err(|_| KeyError::Type),
            _ => Err(KeyError::Type),
        }
    }
}

fn typed(key: &[u8; 32]) -> Vec<u8> {
    [[ED25519].as_slice(), key].concat()
}
