//! One-time links: tokens, what goes with them (nonce, code, pass), and why a link does not open.
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

    /// HMAC-SHA-256 over a purpose and parts, each with its length before it, so that no two inputs read the same.
    fn seal(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = format!("countersign {purpose} v1\n").into_bytes();
        for part in parts {
            message.extend((part.len() as u64).to_be_bytes());
            message.extend(*part);
        }
        Digest::keyed(&self.0, &message).bytes()
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
        Self(secret.seal("link", &[request.as_bytes(), salt]))
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

/// Proof that a page was shown: it is sealed with the secret of the organisation, so showing a page keeps nothing, and used once.
///
/// It is good for one link, for the words that it was shown with, and until a moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce {
    chance: [u8; 16],
    expires: Instant,
    seal: [u8; 32],
}

impl std::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonce(..)")
    }
}

impl Nonce {
    /// Bytes of chance, moment and seal.
    const LENGTH: usize = 16 + 8 + 32;

    /// Makes the nonce of one showing of a link with words to agree to.
    ///
    /// ```
    /// use countersign::base::digest::Digest;
    /// use countersign::base::instant::Instant;
    /// use countersign::signature::link::{LinkSecret, Nonce};
    /// let (secret, now, later) = (LinkSecret::new([7; 32]), Instant::from_millis(0), Instant::from_millis(60_000));
    /// let (link, words) = (Digest::of(b"link"), Digest::of(b"words"));
    /// let nonce = Nonce::issue(&secret, &link, &words, later, [1; 16]);
    /// assert!(Nonce::parse(&nonce.text()).unwrap().is_for(&secret, &link, &words, now));
    /// assert!(!nonce.is_for(&secret, &link, &Digest::of(b"other words"), now));
    /// assert!(!nonce.is_for(&secret, &link, &words, later), "its time is over");
    /// ```
    pub fn issue(secret: &LinkSecret, link: &Digest, words: &Digest, expires: Instant, chance: [u8; 16]) -> Self {
        let seal = secret.seal("nonce", &[&chance, &expires.millis().to_be_bytes(), &link.bytes(), &words.bytes()]);
        Self { chance, expires, seal }
    }

    /// Reads a nonce from a form; anything but the one spelling is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = unbase64_url(text)?.try_into().ok()?;
        let (chance, rest) = bytes.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        Some(Self { chance: *chance, expires: moment(*expires)?, seal: rest.try_into().ok()? })
    }

    /// The nonce as it stands in a form.
    pub fn text(&self) -> String {
        base64_url(&[&self.chance[..], &self.expires.millis().to_be_bytes(), &self.seal].concat())
    }

    /// Tells whether we made it for this link and these words, and its time is not over.
    pub fn is_for(&self, secret: &LinkSecret, link: &Digest, words: &Digest, now: Instant) -> bool {
        let made = Self::issue(secret, link, words, self.expires, self.chance);
        bool::from(made.seal.ct_eq(&self.seal)) && now < self.expires
    }

    /// The moment from which it is good for nothing.
    pub fn expires(&self) -> Instant {
        self.expires
    }

    /// The digest under which it is kept once it was used.
    pub fn digest(&self) -> Digest {
        Digest::of_parts(&[&self.chance, &self.expires.millis().to_be_bytes(), &self.seal])
    }
}

/// Reads a moment; one that no calendar has is none.
fn moment(bytes: [u8; 8]) -> Option<Instant> {
    let millis = i64::from_be_bytes(bytes);
    Some(Instant::from_millis(millis)).filter(|moment| moment.millis() == millis)
}

/// A pass to the page that says what became of a request: given to whoever answered it, and good for a while.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    request: String,
    expires: Instant,
    seal: [u8; 32],
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pass(..)")
    }
}

impl Pass {
    /// Makes the pass for a request.
    ///
    /// ```
    /// use countersign::base::instant::Instant;
    /// use countersign::signature::link::{LinkSecret, Pass};
    /// let (secret, now, later) = (LinkSecret::new([7; 32]), Instant::from_millis(0), Instant::from_millis(60_000));
    /// let pass = Pass::parse(&Pass::issue(&secret, "r-1", later).text()).unwrap();
    /// assert_eq!(pass.opens(&secret, now), Some("r-1"));
    /// assert_eq!(pass.opens(&secret, later), None);
    /// ```
    pub fn issue(secret: &LinkSecret, request: &str, expires: Instant) -> Self {
        let seal = secret.seal("pass", &[&expires.millis().to_be_bytes(), request.as_bytes()]);
        Self { request: request.to_owned(), expires, seal }
    }

    /// Reads a pass from an address; anything but the one spelling is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = unbase64_url(text)?;
        let (expires, rest) = bytes.split_first_chunk()?;
        let (seal, request) = rest.split_first_chunk()?;
        let request = std::str::from_utf8(request).ok()?.to_owned();
        Some(Self { request, expires: moment(*expires)?, seal: *seal })
    }

    /// The pass as it stands in an address.
    pub fn text(&self) -> String {
        base64_url(&[&self.expires.millis().to_be_bytes(), &self.seal[..], self.request.as_bytes()].concat())
    }

    /// The request that it is for, if we made it and its time is not over.
    pub fn opens(&self, secret: &LinkSecret, now: Instant) -> Option<&str> {
        let made = Self::issue(secret, &self.request, self.expires);
        (bool::from(made.seal.ct_eq(&self.seal)) && now < self.expires).then_some(self.request.as_str())
    }
}

/// A code of six digits that is mailed when a policy asks for more than a link.
///
/// It is made from the secret of the organisation and from chance that is kept; whoever reads the register does not learn it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(u32);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(..)")
    }
}

impl Code {
    /// Makes the code for one link, one document (the digest of what is shown) and 16 or more bytes of chance.
    ///
    /// ```
    /// use countersign::base::digest::Digest;
    /// use countersign::signature::link::{Code, LinkSecret};
    /// let code = Code::derive(&LinkSecret::new([7; 32]), &Digest::of(b"link"), &Digest::of(b"page"), &[1; 16]);
    /// assert_eq!(code.text().len(), 6);
    /// assert!(code.is(&format!(" {} ", code.text())) && !code.is("12345"));
    /// ```
    pub fn derive(secret: &LinkSecret, link: &Digest, shown: &Digest, salt: &[u8]) -> Self {
        let seal = secret.seal("code", &[&link.bytes(), &shown.bytes(), salt]);
        // 64 bits over a million: no digit is likelier than another by more than one in ten billion.
        let number = seal.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 1_000_000;
        Self(u32::try_from(number).unwrap_or_default())
    }

    /// The six digits.
    pub fn text(&self) -> String {
        format!("{:06}", self.0)
    }

    /// Tells whether this was typed, with blanks where people leave them, in a time that says nothing about how much of it agrees.
    pub fn is(&self, typed: &str) -> bool {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        self.text().as_bytes().ct_eq(typed.as_bytes()).into()
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
    /// Too many wrong codes were typed.
    #[error("the link is locked: too many wrong codes were typed")]
    Locked,
    /// The page was shown too long ago, or its form was sent already.
    #[error("the page was used already, or is too old")]
    Nonce,
    /// A newer version of the policy is asked for.
    #[error("a newer version of the policy is asked for")]
    Superseded,
}
