//! Values on their way through Tera and Markdown: opaque letters that nothing takes for markup.
//!
//! A value is written as private-use characters, one for each byte of its UTF-8 text between two marks, and read back after
//! Markdown is parsed. Escaping can fail in code spans, tables, links and at line starts; there is nothing here to escape.

use std::io::{self, Write};

const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
/// A rule to write on; written raw, so that no value can be one.
pub const BLANK: char = '\u{e002}';
/// Byte `b` is written as the character `BYTES + b`.
const BYTES: u32 = 0xe100;

/// Writes a value as a sentinel; has the signature of Tera's escape function.
///
/// # Errors
/// Returns the error of the writer.
pub fn write(value: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::with_capacity(value.len() * 3 + 6);
    text.push(OPEN);
    for byte in value.bytes() {
        text.extend(char::from_u32(BYTES + u32::from(byte)));
    }
    text.push(CLOSE);
    out.write_all(text.as_bytes())
}

/// A piece of text after Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text of the clause.
    Text(String),
    /// A value, as it was before.
    Value(String),
    /// A rule to write on.
    Blank,
}

/// Splits text into clause text and values.
///
/// ```
/// use countersign::text::sentinel::{Piece, split, write};
/// let mut bytes = Vec::new();
/// write("**a** | <b>", &mut bytes).unwrap();
/// let text = format!("to {}.", String::from_utf8(bytes).unwrap());
/// assert_eq!(split(&text), [Piece::Text("to ".into()), Piece::Value("**a** | <b>".into()), Piece::Text(".".into())]);
/// ```
pub fn split(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            OPEN => {
                flush(&mut plain, &mut pieces);
                let bytes: Vec<u8> =
                    characters.by_ref().take_while(|c| *c != CLOSE).filter_map(|c| u8::try_from(u32::from(c).wrapping_sub(BYTES)).ok()).collect();
                pieces.push(Piece::Value(String::from_utf8_lossy(&bytes).into_owned()));
            }
            BLANK => {
                flush(&mut plain, &mut pieces);
                pieces.push(Piece::Blank);
            }
            other => plain.push(other),
        }
    }
    flush(&mut plain, &mut pieces);
    pieces
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// Tells whether text holds a character that this module uses; such clause text is refused.
pub fn is_reserved(character: char) -> bool {
    matches!(u32::from(character), 0xe000..=0xe1ff)
}
