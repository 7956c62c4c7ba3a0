//! One-time links: tokens, their digests, and why a link does not open.
//!
//! A token is never kept. It is made from a secret of the organisation and from chance that is kept beside its digest, so that a mail
//! whose delivery is unknown can be sent again with the same bytes, and so that who reads the register cannot open a link.

use subtle::ConstantTimeEq;

use crate::base::digest::Digest;
use crate::base::encode::{base64_url, unbase64_url};
use crate::base::instant::Instant;

/// The secret of the organisation from which tokens are made: 32 bytes of chance in a file of its own.
#[derive(Clone)]
pub struct LinkSecret([u8; 32]);

impl LinkSecret {
    /// Makes a secret from 32 bytes of chance.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// The secret part of a one-time link: 256 bits, written as 43 characters of base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// Makes the token of one link: HMAC-SHA-256 over the request and 16 or more bytes of chance.
    ///
    /// ```
    /// use countersign::signature::link::{LinkSecret, Token};
    /// let token = Token::derive(&LinkSecret::new([7; 32]), "r-1", &[1; 16]);
    /// assert_eq!(Token::parse(&token.text()), Some(token));
    /// assert_eq!(Token::parse("too short"), None);
    /// ```
    pub fn derive(secret: &LinkSecret, request: &str, salt: &[u8]) -> Self {
        // Every part has its length before it, so that no two inputs read the same.
        let mut message = b"countersign link v1\n".to_vec();
        for part in [request.as_bytes(), salt] {
            message.extend((part.len() as u64).to_be_bytes());
            message.extend(part);
        }
        Self(Digest::keyed(&secret.0, &message).bytes())
    }

    /// Reads a token from a link; anything but the one spelling of 32 bytes is none.
    pub fn parse(text: &str) -> Option<Self> {
        unbase64_url(text)?.try_into().ok().map(Self)
    }

    /// The token as it stands in a link.
    pub fn text(&self) -> String {
        base64_url(&self.0)
    }

    /// The digest under which the link is kept.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Compares with a kept digest without telling by the time taken how much of it agrees.
    pub fn opens(&self, kept: &Digest) -> bool {
        self.digest().bytes().ct_eq(&kept.bytes()).into()
    }
}

/// A number that is shown once and used once.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce([u8; 16]);

impl std::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonce(..)")
    }
}

impl Nonce {
    /// Makes a nonce from 16 bytes of chance.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads a nonce; anything but the one spelling of 16 bytes is none.
    pub fn parse(text: &str) -> Option<Self> {
        unbase64_url(text)?.try_into().ok().map(Self)
    }

    /// The nonce as it stands in a page.
    pub fn text(&self) -> String {
        base64_url(&self.0)
    }

    /// The digest under which it is kept, together with that of the words it is shown with: it is good for no others.
    pub fn digest_for(&self, words: &Digest) -> Digest {
        Digest::of_parts(&[&self.0, &words.bytes()])
    }
}

/// Why a link does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// There is no such link, or the token is forged.
    #[error("there is no such link")]
    Unknown,
    /// It was valid until then.
    #[error("the link expired on {0}")]
    Expired(Instant),
    /// A newer mail carries a newer link.
    #[error("a newer mail carries a newer link")]
    Rotated,
    /// What it was for is done.
    #[error("the link was used, or its request is closed")]
    Used,
    /// The page was shown too long ago, or its form was sent already.
    #[error("the page was used already, or is too old")]
    Nonce,
    /// A newer version of the policy is asked for.
    #[error("a newer version of the policy is asked for")]
    Superseded,
}
