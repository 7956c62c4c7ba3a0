//! Bytes as text: hexadecimal, base64, and JSON in its one canonical form.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Reads lower-case hexadecimal; any other spelling is refused.
///
/// ```
/// use countersign::base::encode::{hex, unhex};
/// assert_eq!(unhex("00ff"), Some(vec![0, 255]));
/// assert_eq!(unhex("00FF"), None);
/// assert_eq!(hex(&[0, 255]), "00ff");
/// ```
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(*pair.first()?)? << 4) | digit(*pair.get(1)?)?)).collect()
}

/// Standard base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64; padding is mandatory and unused bits must be zero, so there is one spelling.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 for links, without padding (RFC 4648, section 5).
pub fn base64_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64 for links; unused bits must be zero, so there is one spelling.
pub fn unbase64_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// JSON in the canonical form of RFC 8785: members sorted, no white space, no line feed at the end.
///
/// # Panics
/// Never for the types of this crate: none of them has a map whose keys are not text, or a number that is not finite.
///
/// ```
/// use countersign::base::encode::canonical;
/// assert_eq!(canonical(&serde_json::json!({ "b": 1, "a": "ü" })), "{\"a\":\"ü\",\"b\":1}".as_bytes());
/// ```
pub fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("recorded types have text keys and finite numbers")
}
